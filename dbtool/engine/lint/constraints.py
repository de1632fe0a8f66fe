"""Rules about keys, checks, and the names of things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from dbtool.database.conversions import family, whole_range
from dbtool.engine.lint.rules import Deed, Facts, File, Rule

_LIMITS = {"postgres": 63, "mysql": 64, "sqlite": 63}


def _add_unique(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    is_index = isinstance(operation, ops.CreateIndexOp) and operation.unique
    if is_index and operation.kw.get("postgresql_concurrently"):
        return None
    if not is_index and not isinstance(operation, ops.CreateUniqueConstraintOp):
        return None
    if re.search(r"\busing index\b", deed.text, re.I):
        return None
    return f"fails on the first duplicate in {deed.table}, and nobody can write while it looks"


def _add_primary(deed: Deed, facts: Facts) -> str | None:
    is_key = isinstance(deed.operation, ops.CreatePrimaryKeyOp) and not re.search(r"\busing index\b", deed.text, re.I)
    return f"looks at every row of {deed.table}, and nobody can use it meanwhile" if is_key else None


def _dropped(deed: Deed) -> str | None:
    """Return what kind of constraint is dropped, as far as the operation or the table tells."""
    operation = deed.operation
    if not isinstance(operation, ops.DropConstraintOp):
        return None
    if operation.constraint_type:
        return {"foreignkey": "foreign key"}.get(operation.constraint_type, operation.constraint_type)
    kinds: dict[str, Any] = {
        "primary": PrimaryKeyConstraint,
        "unique": UniqueConstraint,
        "foreign key": ForeignKeyConstraint,
        "check": CheckConstraint,
    }
    found = deed.before.constraints if deed.before is not None else ()
    named = next((each for each in found if each.name == operation.constraint_name), None)
    return next((kind for kind, each in kinds.items() if isinstance(named, each)), "check")


def _drops(kind: str, message: str) -> Any:
    def judge(deed: Deed, facts: Facts) -> str | None:
        return message if _dropped(deed) == kind else None

    return judge


def _keys(deed: Deed) -> Iterator[tuple[list[str], str, list[str]]]:
    """Yield the foreign keys that an operation adds: columns, table, columns there."""
    operation = deed.operation
    if isinstance(operation, ops.CreateForeignKeyOp):
        yield list(operation.local_cols), operation.referent_table, list(operation.remote_cols)
    elif isinstance(operation, ops.AddColumnOp):
        for key in operation.column.foreign_keys:
            yield [operation.column.name], *_split(key.target_fullname)
    elif isinstance(operation, ops.CreateTableOp):
        for each in operation.columns:
            if isinstance(each, ForeignKeyConstraint):
                targets = [_split(key.target_fullname) for key in each.elements]
                yield list(each.column_keys), targets[0][0], [column for _, columns in targets for column in columns]


def _split(target: str) -> tuple[str, list[str]]:
    table, _, column = target.rpartition(".")
    return table.rpartition(".")[2], [column]


def _add_key(deed: Deed, facts: Facts) -> str | None:
    adds = not isinstance(deed.operation, ops.CreateTableOp) and any(True for _ in _keys(deed))
    if not adds or getattr(deed.operation, "kw", {}).get("postgresql_not_valid"):
        return None
    return f"looks at every row of {deed.table} while nobody can write to it or to the table it points at"


def _key_without_index(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    indexed = [
        (deed.table, [str(getattr(each, "name", each)) for each in deed.operation.columns])
        for deed in file.up
        if isinstance(deed.operation, ops.CreateIndexOp | ops.CreateUniqueConstraintOp)
    ]
    for deed in file.up:
        known = [columns for table, columns in indexed if table == deed.table] + _leading(deed)
        for columns, target, _ in _keys(deed):
            if not any(each[: len(columns)] == columns for each in known):
                yield deed.line, f"no index begins with {', '.join(columns)}: each delete in {target} looks through all"


def _leading(deed: Deed) -> list[list[str]]:
    """Return the columns of each index and unique key of a table, as it was or as it is made."""
    table = deed.before
    if isinstance(deed.operation, ops.CreateTableOp):
        table = deed.operation.to_table()
    if table is None:
        return []
    keys = [each for each in table.constraints if isinstance(each, UniqueConstraint | PrimaryKeyConstraint)]
    found: list[Any] = [*keys, *table.indexes]
    own = [[column.name] for column in table.columns if column.index or column.unique]
    return [[column.name for column in each.columns] for each in found] + own


def _key_types(deed: Deed, facts: Facts) -> str | None:
    table = deed.operation.to_table() if isinstance(deed.operation, ops.CreateTableOp) else deed.before
    for columns, target, there in _keys(deed):
        if deed.referred is None or deed.referred.name != target or table is None:
            continue
        for mine, theirs in zip(columns, there, strict=False):
            left, right = table.columns.get(mine), deed.referred.columns.get(theirs)
            if left is not None and right is not None and not _same(left.type, right.type):
                return f"{deed.table}.{mine} is {left.type}, {target}.{theirs} is {right.type}"
    return None


def _same(left: Any, right: Any) -> bool:
    if family(left) == family(right) == "integer":
        return whole_range(left) == whole_range(right)
    return family(left) == family(right)


def _add_check(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    if not isinstance(operation, ops.CreateCheckConstraintOp) or operation.kw.get("postgresql_not_valid"):
        return None
    return f"looks at every row of {deed.table} while nobody can use it, and fails on the first that breaks it"


def _add_exclusion(deed: Deed, facts: Facts) -> str | None:
    adds = type(deed.operation).__name__ == "CreateExcludeConstraintOp"
    adds = adds or re.search(r"^alter table .* add constraint \S+ exclude\b", deed.text, re.I) is not None
    return "looks at every row while nobody can use the table" if adds else None


def _inline(deed: Deed, facts: Facts) -> str | None:
    found = re.search(r"^alter table .* add (column )?\S+ (?!foreign).*\breferences\b", deed.text, re.I)
    is_key = found and not re.search(r"\bforeign key\b", deed.text, re.I)
    return "MySQL reads REFERENCES beside a column and makes no foreign key" if is_key else None


def _domain(deed: Deed, facts: Facts) -> str | None:
    found = re.match(r"(create|alter) domain\b.*\b(check|constraint|not null)\b", deed.text, re.I)
    return "a rule of a domain is checked for every column that uses it at once" if found else None


def _unnamed(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    kinds = (ops.CreateUniqueConstraintOp, ops.CreateForeignKeyOp, ops.CreateCheckConstraintOp, ops.DropConstraintOp)
    if isinstance(operation, kinds) and not operation.constraint_name:
        return f"a constraint of {deed.table} has no name, and cannot be dropped by one"
    if isinstance(operation, ops.CreateTableOp):
        keys = (UniqueConstraint, ForeignKeyConstraint, CheckConstraint)
        if any(isinstance(each, keys) and not getattr(each, "name", None) for each in operation.columns):
            return f"a constraint of {deed.table} has no name, and cannot be dropped by one"
    return None


def names(deed: Deed) -> Iterator[str]:
    """Yield the new names that an operation gives."""
    operation = deed.operation
    if isinstance(operation, ops.CreateTableOp):
        yield operation.table_name
        yield from (str(name) for each in operation.columns if (name := getattr(each, "name", None)))
    elif isinstance(operation, ops.AddColumnOp):
        yield operation.column.name
    for attribute in ("new_table_name", "modify_name", "index_name", "constraint_name"):
        made = not isinstance(operation, ops.DropIndexOp | ops.DropConstraintOp)
        if made and isinstance(getattr(operation, attribute, None), str):
            yield getattr(operation, attribute)


def _too_long(deed: Deed, facts: Facts) -> str | None:
    limit = _LIMITS[facts.kind]
    found = [name for name in names(deed) if len(name.encode() if facts.kind == "postgres" else name) > limit]
    return f"`{found[0]}` is longer than the {limit} that names may have" if found else None


def _mixed_case(deed: Deed, facts: Facts) -> str | None:
    found = [name for name in names(deed) if name != name.lower()]
    return f"`{found[0]}` has capital letters, and has to be quoted in every query" if found else None


def _reserved(deed: Deed, facts: Facts) -> str | None:
    found = [name for name in names(deed) if name.lower() in RESERVED_WORDS]
    return f"`{found[0]}` is a word of SQL, and has to be quoted in every query" if found else None


def _wide(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    wide = isinstance(operation, ops.CreateIndexOp) and not operation.unique and len(operation.columns) > 3
    return f"an index of {len(operation.columns)} columns costs every write, and few queries use it" if wide else None


_NAME = 'sa.UniqueConstraint(..., name="uq_<table>_<column>")  # any name that says table and columns'

RULES = (
    Rule(
        "add-unique",
        "EWW",
        "a unique key is added to rows that may break it",
        "with op.get_context().autocommit_block():  # in a revision of its own\n"
        '    op.create_index("<name>_index", "<table>", [<columns>], unique=True, postgresql_concurrently=True)\n'
        'op.execute(\'ALTER TABLE "<table>" ADD CONSTRAINT "<name>" UNIQUE USING INDEX "<name>_index"\')',
        _add_unique,
        elsewhere='look for duplicates first: SELECT "<column>", count(*) FROM "<table>"'
        ' GROUP BY "<column>" HAVING count(*) > 1',
    ),
    Rule(
        "add-pk",
        "EEE",
        "a primary key is added to rows",
        "build a unique index concurrently, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX",
        _add_primary,
        elsewhere="make a new table with that key, and copy the rows",
    ),
    Rule(
        "drop-pk",
        "EEE",
        "a primary key is dropped",
        "make a new table with another key, and copy the rows",
        _drops("primary", "rows are told apart by nothing, and what follows them by their key stops"),
    ),
    Rule(
        "add-fk",
        "EWW",
        "a foreign key is checked for every row under a lock",
        'op.create_foreign_key("<name>", "<table>", "<target>", [<columns>], ["id"], postgresql_not_valid=True)'
        '\n# in the next revision: op.execute(\'ALTER TABLE "<table>" VALIDATE CONSTRAINT "<name>"\')',
        _add_key,
        elsewhere='look for rows that point at nothing first: SELECT * FROM "<table>" WHERE "<column>" NOT IN'
        ' (SELECT "id" FROM "<target>")',
    ),
    Rule(
        "fk-no-index",
        "W-W",
        "a foreign key without an index behind it",
        'op.create_index("ix_<table>_<column>", "<table>", [<columns>])',
        judge_file=_key_without_index,
    ),
    Rule(
        "fk-type-mismatch",
        "EEW",
        "a foreign key between columns of different types",
        "give both columns the same type",
        _key_types,
        on_new=True,
    ),
    Rule(
        "drop-fk",
        "WWW",
        "a foreign key is dropped",
        "silence this with the reason why it is not needed any more",
        _drops("foreign key", "rows may point at nothing from now on"),
    ),
    Rule(
        "drop-check",
        "WWW",
        "a check is dropped",
        "silence this with the reason why it is not needed any more",
        _drops("check", "rows may break the rule from now on"),
    ),
    Rule(
        "drop-unique",
        "WWW",
        "a unique key is dropped",
        "silence this with the reason why it is not needed any more",
        _drops("unique", "there may be duplicates from now on"),
    ),
    Rule(
        "add-check",
        "EEW",
        "a check is applied to every row under a lock",
        'op.create_check_constraint("<name>", "<table>", "...", postgresql_not_valid=True)'
        '\n# in the next revision: op.execute(\'ALTER TABLE "<table>" VALIDATE CONSTRAINT "<name>"\')',
        _add_check,
        elsewhere='count the rows that break it first: SELECT count(*) FROM "<table>" WHERE NOT (...)',
    ),
    Rule(
        "add-exclusion",
        "W--",
        "an exclusion constraint is added",
        "there is no way without a lock: do this when nobody waits",
        _add_exclusion,
    ),
    Rule(
        "inline-references-ignored",
        "-E-",
        "REFERENCES beside a column, which MySQL ignores",
        'op.create_foreign_key("<name>", "<table>", "<target>", [<columns>], ["id"])',
        _inline,
    ),
    Rule("domain-constraint", "W--", "a domain with a rule", "a check on the table", _domain),
    Rule("naming", "WWE", "a constraint without a name", _NAME, _unnamed, on_new=True),
    Rule("identifier-too-long", "EEW", "a name that is too long", "give it a shorter name", _too_long, on_new=True),
    Rule("identifier-case", "NNN", "a name with capital letters", "write it in lower case", _mixed_case, on_new=True),
    Rule("reserved-word", "NNN", "a name that is a word of SQL", "give it another name", _reserved, on_new=True),
    Rule(
        "wide-index",
        "NNN",
        "an index of more than 3 columns",
        "index the columns that sort out most",
        _wide,
        on_new=True,
    ),
)
