"""Rules about who has to wait while a migration runs, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import types

from dbtool.database.conversions import family, length_of
from dbtool.engine.lint.loss import types_of
from dbtool.engine.lint.rules import Deed, Facts, File, Judge, JudgeFile, Rule
from dbtool.engine.lint.text import is_data, is_harmless

_VOLATILE = re.compile(r"\b(random|gen_random_uuid|uuid\w*|clock_timestamp|timeofday|nextval|rand|setval)\s*\(", re.I)
_CONSTANT = re.compile(r"\(?\s*('(?:[^']|'')*'(::[\w \[\]]+)?|-?[\d.]+|null|true|false)\s*\)?", re.I)
_LETTERS_OF_A_SHORT_LENGTH = 63  # times 4 bytes of utf8mb4 is at most 255, which one byte counts


def _change_type(deed: Deed, facts: Facts) -> str | None:
    types_ = types_of(deed)
    if types_ is None or is_free(*types_, kind=facts.kind):
        return None
    return f"writes every row of {deed.table} anew, and nobody can use it meanwhile"


def is_free(old: Any, new: Any, *, kind: str) -> bool:
    """Whether a change of type touches no row: only PostgreSQL and MariaDB know such."""
    before, after = family(old), family(new)
    if repr(old) == repr(new):
        return True
    if before == after == "text":
        return _is_free_text(length_of(old), length_of(new), old, new, kind)
    if kind == "postgres" and before == after == "number" and not isinstance(old, types.Float):
        same_scale = getattr(old, "scale", None) == getattr(new, "scale", None)
        return same_scale and (new.precision is None or (old.precision or 0) <= new.precision)
    if kind == "postgres" and before == after == "moment" and old.timezone == new.timezone:
        return (getattr(new, "precision", None) or 6) >= (getattr(old, "precision", None) or 6)
    return False


def _is_free_text(had: int | None, has: int | None, old: Any, new: Any, kind: str) -> bool:
    if isinstance(old, types.CHAR) or isinstance(new, types.CHAR):
        return False
    if kind == "postgres":
        return has is None or (had is not None and had <= has)
    if kind == "mysql" and had is not None and has is not None and had <= has:
        return (had <= _LETTERS_OF_A_SHORT_LENGTH) == (has <= _LETTERS_OF_A_SHORT_LENGTH)
    return False


def _default_of(deed: Deed) -> str | None:
    if not isinstance(deed.operation, ops.AddColumnOp) or deed.operation.column.server_default is None:
        return None
    argument = getattr(deed.operation.column.server_default, "arg", None)
    return None if argument is None or isinstance(argument, str) else str(argument)


def _volatile_default(deed: Deed, facts: Facts) -> str | None:
    default = _default_of(deed)
    if default is None or _CONSTANT.fullmatch(default.strip()) or (facts.kind == "sqlite" and deed.batch):
        return None  # a batch on SQLite rebuilds the table, which takes any default
    if facts.kind != "sqlite" and not _VOLATILE.search(default):
        return None
    return f"{default} has a value of its own for each row, so the whole of {deed.table} is written anew"


def _stored_generated(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.AddColumnOp) or (facts.kind == "sqlite" and deed.batch):
        return None
    computed = deed.operation.column.computed
    return f"computes a value for every row of {deed.table}" if computed is not None and computed.persisted else None


def _add_serial(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.AddColumnOp):
        return None
    column = deed.operation.column
    counts = column.identity is not None or column.autoincrement is True or "SERIAL" in str(column.type).upper()
    counts = counts or (column.primary_key and family(column.type) == "integer")
    return f"gives every row of {deed.table} a number" if counts else None


def _is_concurrent(deed: Deed) -> bool:
    return bool(getattr(deed.operation, "kw", {}).get("postgresql_concurrently"))


def _index(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.CreateIndexOp) or _is_concurrent(deed):
        return None
    if facts.kind == "postgres":
        return f"nobody can write to {deed.table} while the index is built"
    return f"reads every row of {deed.table} to build the index"


def _special_index(deed: Deed, facts: Facts) -> str | None:
    prefix = str(getattr(deed.operation, "kw", {}).get("mysql_prefix", "")).upper()
    is_text = re.match(r"create (fulltext|spatial) index\b|alter table .* add (fulltext|spatial)\b", deed.text, re.I)
    return "copies the table, and nobody can write to it" if is_text or prefix in ("FULLTEXT", "SPATIAL") else None


def _drop_index(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.DropIndexOp) or _is_concurrent(deed):
        return None
    if facts.kind == "postgres":
        return "waits for whoever uses the table, and everybody waits behind it"
    return "queries may rely on the index"


def _concurrent_in_transaction(deed: Deed, facts: Facts) -> str | None:
    concurrent = _is_concurrent(deed) or re.match(r"(create|drop|reindex)\b.* concurrently\b", deed.text, re.I)
    return "CONCURRENTLY fails inside a transaction" if concurrent and not deed.alone else None


def _concurrent_beside_others(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    concurrent = [deed for deed in file.up if _is_concurrent(deed)]
    others = [deed for deed in file.up if not _is_concurrent(deed) and not is_data(deed.text)]
    if concurrent and others:
        yield concurrent[0].line, "what stands before CONCURRENTLY in the same file stays when it fails"


def _says(pattern: str, message: str) -> Judge:
    """Make the judge of what only SQL can say."""
    compiled = re.compile(pattern, re.I)

    def judge(deed: Deed, facts: Facts) -> str | None:
        return message if deed.text and compiled.search(deed.text) else None

    return judge


def changes_schema(deed: Deed) -> bool:
    """Whether an operation is DDL."""
    if isinstance(deed.operation, ops.BulkInsertOp):
        return False
    if isinstance(deed.operation, ops.ExecuteSQLOp):
        return bool(deed.text) and not is_data(deed.text) and not is_harmless(deed.text)
    return True


def changes_rows(deed: Deed) -> bool:
    """Whether an operation writes rows."""
    if isinstance(deed.operation, ops.ExecuteSQLOp):
        return is_data(deed.text)
    return isinstance(deed.operation, ops.BulkInsertOp)


def _many_in_one(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    found = [deed for deed in file.up if changes_schema(deed)]
    if len(found) > 1:
        yield (
            found[1].line,
            f"{len(found)} changes of the schema, each committed by itself: a failure stops between them",
        )


def _mixed(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    rows = [deed for deed in file.up if changes_rows(deed) and not deed.new]
    if rows and any(changes_schema(deed) for deed in file.up):
        yield rows[0].line, "changes the schema and rows in one file: locks are held while the rows are written"


def _missing_timeout(setting: str, message: str) -> JudgeFile:
    def judge(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
        locking = [deed for deed in file.up if changes_schema(deed) and not deed.new and not deed.alone]
        is_set = any(re.match(rf"set (local |session )?{setting}\b", deed.text, re.I) for deed in file.up)
        if locking and not is_set:
            yield locking[0].line, message

    return judge


_AUTOCOMMIT = "with op.get_context().autocommit_block():  # in a revision of its own\n    "

RULES = (
    Rule(
        "change-type",
        "EEW",
        "a change of type that writes the table anew",
        'op.add_column("<table>", sa.Column("<column>_new", ...))  # fill it in batches, and swap in a later release',
        _change_type,
    ),
    Rule(
        "volatile-default",
        "EEE",
        "a new column with a default of its own for each row",
        'op.add_column("<table>", sa.Column("<column>", ...)), then'
        ' op.alter_column("<table>", "<column>", server_default=...), then a backfill in batches',
        _volatile_default,
    ),
    Rule(
        "stored-generated",
        "EEE",
        "a new column that is computed and stored",
        'sa.Column("<column>", ..., sa.Computed("...", persisted=False)), or a trigger',
        _stored_generated,
    ),
    Rule(
        "add-serial-column",
        "EEE",
        "a new column that counts, on a table with rows",
        "make a new table with that column, and copy the rows",
        _add_serial,
    ),
    Rule(
        "index-not-concurrent",
        "ENN",
        "an index is built while nobody can write",
        f'{_AUTOCOMMIT}op.create_index("<name>", "<table>", [<columns>],'
        " postgresql_concurrently=True, if_not_exists=True)",
        _index,
        elsewhere="build it while few write to <table>; silence this with the reason why that is no matter",
    ),
    Rule(
        "index-fulltext",
        "-E-",
        "a FULLTEXT or SPATIAL index copies the table",
        "build it when nobody writes, or with pt-online-schema-change",
        _special_index,
    ),
    Rule(
        "drop-index-not-concurrent",
        "WNN",
        "an index is dropped under an exclusive lock",
        f'{_AUTOCOMMIT}op.drop_index("<name>", postgresql_concurrently=True, if_exists=True)',
        _drop_index,
        elsewhere="silence this with the reason why no query needs it",
    ),
    Rule(
        "concurrent-in-tx",
        "E--",
        "CONCURRENTLY inside a transaction, or beside other changes",
        f"{_AUTOCOMMIT}op.create_index(..., postgresql_concurrently=True, if_not_exists=True)",
        _concurrent_in_transaction,
        _concurrent_beside_others,
        on_new=True,
    ),
    Rule(
        "invalid-index",
        "E--",
        "an index that a failed CONCURRENTLY left behind",
        'DROP INDEX CONCURRENTLY "<name>";  -- and build it again',
    ),
    Rule(
        "reindex-not-concurrent",
        "W--",
        "REINDEX without CONCURRENTLY",
        f'{_AUTOCOMMIT}op.execute("REINDEX INDEX CONCURRENTLY ...")',
        _says(r"^reindex\b(?!.*concurrently)", "nobody can write while the index is built"),
    ),
    Rule(
        "cluster",
        "W--",
        "CLUSTER",
        "pg_repack, beside the migration",
        _says(r"^cluster\b", "writes the table anew, and nobody can use it meanwhile"),
    ),
    Rule(
        "vacuum-full",
        "W--",
        "VACUUM FULL",
        "pg_repack, beside the migration",
        _says(r"^vacuum\b.*\bfull\b", "writes the table anew, and nobody can use it meanwhile"),
    ),
    Rule(
        "logged-unlogged",
        "W--",
        "SET LOGGED or UNLOGGED",
        "make a new table and copy the rows",
        _says(r"^alter table .* set (un)?logged\b", "writes the table anew, and nobody can use it meanwhile"),
    ),
    Rule(
        "access-method",
        "W--",
        "SET ACCESS METHOD",
        "make a new table and copy the rows",
        _says(r"^alter table .* set access method\b", "writes the table anew, and nobody can use it meanwhile"),
    ),
    Rule(
        "add-trigger",
        "WNN",
        "a trigger is added under a lock",
        "op.execute(\"SET LOCAL lock_timeout = '2s'\")  # before it",
        _says(r"^create (or replace )?(constraint )?trigger\b", "waits for whoever writes, and runs at every write"),
    ),
    Rule(
        "partition-attach",
        "W--",
        "a partition is attached without a check, or detached without CONCURRENTLY",
        "add a CHECK that says the same as the partition, NOT VALID, then VALIDATE it;"
        " DETACH PARTITION ... CONCURRENTLY",
        _says(r"^alter table .* (attach partition|detach partition(?!.*concurrently))\b", "locks the whole table"),
    ),
    Rule(
        "algorithm-copy",
        "-E-",
        "ALGORITHM=COPY",
        "leave it out, or say ALGORITHM=INPLACE or INSTANT",
        _says(r"\balgorithm ?=? ?copy\b", "copies the table, and nobody can write to it"),
    ),
    Rule(
        "lock-shared",
        "-E-",
        "LOCK=SHARED or EXCLUSIVE",
        "leave it out, or say LOCK=NONE",
        _says(r"\block ?=? ?(shared|exclusive)\b", "nobody can write to the table meanwhile"),
    ),
    Rule(
        "charset-change",
        "-E-",
        "CONVERT TO CHARACTER SET",
        "do this when nobody writes, or with pt-online-schema-change",
        _says(r"\bconvert to (character set|charset)\b", "writes the table anew"),
    ),
    Rule(
        "no-transactional-ddl",
        "-W-",
        "more than one change of the schema in a file",
        "one change for each revision, so that a failure leaves no half of one",
        judge_file=_many_in_one,
    ),
    Rule(
        "data-and-ddl-mixed",
        "WEN",
        "a file that changes the schema and rows",
        "a revision for each: first the schema, then the rows in batches",
        judge_file=_mixed,
    ),
    Rule(
        "missing-lock-timeout",
        "WN-",
        "a lock is waited for without end",
        "op.execute(\"SET LOCAL lock_timeout = '2s'\")  # first in upgrade()",
        judge_file=_missing_timeout(
            "lock_(wait_)?timeout", "waits for its lock without end, and everybody waits behind it"
        ),
        elsewhere='op.execute("SET SESSION lock_wait_timeout = 2")  # first in upgrade()',
    ),
    Rule(
        "missing-statement-timeout",
        "N--",
        "a statement may run without end",
        "op.execute(\"SET LOCAL statement_timeout = '60s'\")  # first in upgrade()",
        judge_file=_missing_timeout("statement_timeout", "may run without end, while everybody waits"),
    ),
    Rule(
        "tx-in-migration",
        "EEE",
        "BEGIN, COMMIT or ROLLBACK in a file",
        "leave it out: deploy opens and ends transactions; `with op.get_context().autocommit_block():` leaves one",
        _says(r"^(begin|commit|rollback|start transaction|end)\b", "ends the transaction that deploy relies on"),
        on_new=True,
    ),
    Rule(
        "sqlite-rebuild",
        "--E",
        "a rebuild that would lose what Alembic cannot read",
        "op.execute('CREATE TABLE ...')  # write the rebuild as SQL: create, copy the rows, drop, rename",
    ),
    Rule(
        "sqlite-fk-on",
        "--E",
        "foreign keys are switched on, and a rebuild deletes what cascades",
        "leave it out: deploy switches them off, and checks them before the commit",
        _says(r"^pragma foreign_keys ?= ?(on|1|true|yes)\b", "a rebuild with foreign keys on deletes what cascades"),
        on_new=True,
    ),
)
