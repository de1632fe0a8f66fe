"""Name every constraint, the way PostgreSQL would, so that it can be dropped again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from alembic.operations import ops
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint

_LONGEST = 63  # characters of a name on PostgreSQL, the fewest of all


def named(operation: Any) -> Any:
    """Return the operation with a name for each constraint that has none."""
    if isinstance(operation, ops.CreateTableOp):
        return _named_table(operation)
    if isinstance(operation, ops.ModifyTableOps):
        operation.ops = [named(each) for each in operation.ops]
    elif isinstance(operation, ops.CreateUniqueConstraintOp) and operation.constraint_name is None:
        operation.constraint_name = default_name(operation.table_name, operation.columns, "key")
    elif isinstance(operation, ops.CreateForeignKeyOp) and operation.constraint_name is None:
        operation.constraint_name = default_name(operation.source_table, operation.local_cols, "fkey")
    return operation


def final_name(constraint: Any, dialect: Any) -> str | None:
    """Return the name that a naming convention makes of a constraint's own; None where it has none."""
    from alembic.util.sqla_compat import _get_constraint_final_name

    return _get_constraint_final_name(constraint, dialect)


def _named_table(operation: ops.CreateTableOp) -> Any:
    table = operation.to_table()
    unnamed = [constraint for constraint in table.constraints if constraint.name is None]
    if not any(_is_nameable(constraint) for constraint in unnamed):
        return operation
    for constraint in unnamed:
        if isinstance(constraint, UniqueConstraint):
            constraint.name = default_name(table.name, [column.name for column in constraint.columns], "key")
        elif isinstance(constraint, ForeignKeyConstraint):
            constraint.name = default_name(table.name, constraint.column_keys, "fkey")
    checks = [each for each in unnamed if isinstance(each, CheckConstraint) and not _belongs_to_type(each)]
    for number, check in enumerate(sorted(checks, key=lambda each: str(each.sqltext)), 1):
        check.name = default_name(table.name, [str(number)] if number > 1 else [], "check")
    return ops.CreateTableOp.from_table(table)


def _is_nameable(constraint: Any) -> bool:
    return isinstance(constraint, UniqueConstraint | ForeignKeyConstraint | CheckConstraint) and not _belongs_to_type(
        constraint
    )


def _belongs_to_type(constraint: Any) -> bool:
    return bool(getattr(constraint, "_type_bound", False))


def default_name(table: str, columns: Iterable[str], suffix: str) -> str:
    """Follow PostgreSQL: table, columns, suffix, at most 63 characters."""
    whole = "_".join([table, *columns])
    clean = re.sub(r"\W", "_", whole)  # SQLite's texts cannot be read back with odd names in them
    room = _LONGEST - len(suffix) - 1
    if clean != whole or len(clean) > room:  # two names must not become one
        mark = hashlib.sha256(whole.encode()).hexdigest()[:6]
        clean = f"{clean[: room - len(mark) - 1]}_{mark}"
    return f"{clean}_{suffix}"
