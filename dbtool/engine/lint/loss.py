"""Rules about data that would be lost."""

from __future__ import annotations

import re
from typing import Any

from alembic.operations import ops
from sqlalchemy.sql import Delete, Update

from dbtool.database.conversions import family, is_safe
from dbtool.engine.lint import text
from dbtool.engine.lint.rules import Deed, Facts, Rule


def types_of(deed: Deed) -> tuple[Any, Any] | None:
    """Return the type before and after; None where the operation changes none, or the one before is not known."""
    operation = deed.operation
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_type is None:
        return None
    known = deed.before.columns.get(operation.column_name) if deed.before is not None else None
    old = operation.existing_type if known is None else known.type
    return None if old is None else (old, operation.modify_type)


def _drop_table(deed: Deed, facts: Facts) -> str | None:
    return f"drops table {deed.table} with its rows" if isinstance(deed.operation, ops.DropTableOp) else None


def _drop_column(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.DropColumnOp):
        return None
    return f"drops column {deed.table}.{deed.operation.column_name} with its values"


def _drop_schema(deed: Deed, facts: Facts) -> str | None:
    return "drops all of it" if re.match(r"drop (schema|database)\b", deed.text, re.I) else None


def _truncate(deed: Deed, facts: Facts) -> str | None:
    return "empties a table" if re.match(r"truncate\b", deed.text, re.I) else None


def _delete_all(deed: Deed, facts: Facts) -> str | None:
    statement = getattr(deed.operation, "sqltext", None)
    if isinstance(statement, Update | Delete):
        return None if statement.whereclause is not None or _only_new(statement, facts) else _EVERY
    if not text.changes_all(deed.text):
        return None
    written = re.match(r"update (?:only )?(\S+) set (\S+?) ?=[^,]*$", deed.text, re.I)
    if written and (text.name(written[1]), text.name(written[2])) in facts.added:
        return None
    return _EVERY


_EVERY = "changes every row of a table at once"


def _only_new(statement: Update | Delete, facts: Facts) -> bool:
    """Whether only columns are filled that the same run adds: no value is lost."""
    if not isinstance(statement, Update):
        return False
    table = getattr(statement.table, "name", "")
    columns = [getattr(column, "name", str(column)) for column in (statement._values or {})]
    return bool(columns) and all((table, column) in facts.added for column in columns)


def _lossy_type(deed: Deed, facts: Facts) -> str | None:
    types = types_of(deed)
    if types is None or is_safe(*types) or "enum" in (family(types[0]), family(types[1])):
        return None
    return f"not every {types[0]} of {deed.table}.{deed.operation.column_name} fits {types[1]}"


_ASSIGNED = {("integer", "number"), ("number", "integer"), ("date", "moment"), ("moment", "date"), ("moment", "time")}


def _needs_using(deed: Deed, facts: Facts) -> str | None:
    types = types_of(deed)
    if types is None or deed.operation.kw.get("postgresql_using"):
        return None
    before, after = family(types[0]), family(types[1])
    if before == after or after == "text" or (before, after) in _ASSIGNED or "other" in (before, after):
        return None
    return f"there is no cast from {types[0]} to {types[1]} that happens by itself"


RULES = (
    Rule(
        "drop-table",
        "EEE",
        "a table is dropped with its rows",
        'op.rename_table("<table>", "<table>_trash")  # drop it one release later, once nobody misses it',
        _drop_table,
    ),
    Rule(
        "drop-column",
        "EEE",
        "a column is dropped with its values",
        'op.alter_column("<table>", "<column>", nullable=True)'
        "  # take it out of the model, deploy, and drop it one release later",
        _drop_column,
    ),
    Rule("drop-schema", "EE-", "a schema or database is dropped", "do this by hand, after a backup", _drop_schema),
    Rule("truncate", "EEE", "a table is emptied", "delete by hand or by a script, in batches", _truncate),
    Rule(
        "delete-all",
        "EEE",
        "UPDATE or DELETE without WHERE",
        "say which rows by WHERE, or change them in batches by a script beside the migration",
        _delete_all,
    ),
    Rule(
        "lossy-type",
        "EEE",
        "a change of type that cuts, rounds or zeroes values",
        'op.add_column("<table>", sa.Column("<column>_new", ...))'
        "  # fill it, count what does not fit, and swap in a later release",
        _lossy_type,
    ),
    Rule(
        "needs-using",
        "E--",
        "a change of type without the USING that it needs",
        'op.alter_column("<table>", "<column>", type_=..., postgresql_using="<column>::...")',
        _needs_using,
    ),
)
