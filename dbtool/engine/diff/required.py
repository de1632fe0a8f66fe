"""Write a new required column as three steps: add it, give its rows a value, require it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from alembic.operations import ops

from dbtool.engine.diff.operations import BackfillOp, TightenOps


def with_required_columns(operations: Iterable[Any]) -> Iterator[Any]:
    """Write a new required column as three steps, so that rows which exist get the model's default first."""
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from _split_required(operation)
        else:
            yield operation


def _split_required(operation: ops.ModifyTableOps) -> Iterator[Any]:
    tightened: list[Any] = []
    backfills: list[Any] = []
    for each in operation.ops:
        if isinstance(each, ops.AddColumnOp) and _needs_value(each.column):
            column = each.column = each.column._copy()  # the model's own stays as it is
            column.nullable = True
            default = _plain_default(column)
            if default is not None:
                backfills.append(BackfillOp(each.table_name, column.name, default, each.schema))
            tightened.append(
                ops.AlterColumnOp(
                    each.table_name,
                    column.name,
                    schema=each.schema,
                    existing_type=column.type,
                    existing_nullable=True,
                    existing_comment=column.comment,  # MariaDB says the whole column anew
                    modify_nullable=False,
                )
            )
    yield operation
    yield from backfills
    if tightened:
        yield TightenOps(operation.table_name, tightened, schema=operation.schema)


def _needs_value(column: Any) -> bool:
    return not (column.nullable or column.server_default is not None or column.computed or column.identity)


def _plain_default(column: Any) -> Any:
    """Return the model's default as what the database stores, when a file can say it."""
    default = getattr(column.default, "arg", None) if column.default is not None else None
    if isinstance(default, Enum):
        return default.name
    return default if isinstance(default, bool | int | float | str) else None
