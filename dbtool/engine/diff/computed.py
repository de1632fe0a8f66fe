"""Follow columns that the database computes: their values are derived, so the column is made anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import ops
from sqlalchemy import Column, Table

from dbtool.engine.diff import decisions, probe
from dbtool.engine.diff.operations import BackfillOp, RenameColumnOp

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class RecomputeOps(ops.ModifyTableOps):
    """Drop a column and add it as it is computed now."""

    def reverse(self) -> RecomputeOps:
        """Compute it as before."""
        return RecomputeOps(self.table_name, [each.reverse() for each in reversed(self.ops)], schema=self.schema)


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Make columns anew that are computed in another way, or are computed no longer."""
    for column in wanted.columns:
        old = existing.columns.get(column.name)
        if old is None or (old.computed is None and column.computed is None):
            continue
        modified.ops = [each for each in modified.ops if getattr(each, "column_name", None) != column.name]
        if _differ(context, old, column):
            drop = ops.DropColumnOp.from_column_and_tablename(modified.schema, modified.table_name, old)
            add = ops.AddColumnOp.from_column_and_tablename(modified.schema, modified.table_name, column)
            modified.ops.append(RecomputeOps(modified.table_name, [drop, add], schema=modified.schema))


def _differ(context: AutogenContext, old: Column[Any], wanted: Column[Any]) -> bool:
    if old.computed is None or wanted.computed is None:
        return True
    probed = probe.of(context.migration_context, wanted.table)
    if probed.error:
        note = f"what {wanted.table.name}.{wanted.name} is computed from cannot be compared: {probed.error}"
        decisions.of(context).notes.append(note)
        return False
    made = probed.columns[wanted.name].get("computed") or {}
    there = (_plain(old.computed.sqltext), bool(old.computed.persisted))
    return there != (_plain(made.get("sqltext")), bool(made.get("persisted")))


def _plain(text: Any) -> str:
    return "".join(str(getattr(text, "text", text)).split())


@renderers.dispatch_for(RecomputeOps)
def _render(context: AutogenContext, operation: RecomputeOps) -> list[str]:
    drop, add = cast("tuple[Any, Any]", operation.ops)
    if add.column.computed is None:
        return [line for each in _kept_values(operation, drop, add) for line in render_op(context, each)]
    if add.column.computed.persisted:  # SQLite adds none to a table that is there
        return render_op(context, ops.ModifyTableOps(operation.table_name, [drop, add], schema=operation.schema))
    return [line for each in operation.ops for line in render_op(context, each)]  # a rebuild cannot copy such columns


def _kept_values(operation: RecomputeOps, drop: Any, add: Any) -> Iterator[Any]:
    """Yield what makes a column of its own of a computed one, which has its last values."""
    table, name, schema = operation.table_name, add.column.name, operation.schema
    aside = add.column._copy()
    aside.name, aside.nullable = f"{name}_kept", True
    yield ops.AddColumnOp(table, aside, schema=schema)
    yield BackfillOp(table, aside.name, f"sa.column({name!r})", schema)
    yield drop
    yield RenameColumnOp(table, aside.name, schema=schema, modify_name=name, existing_type=aside.type)
    if not add.column.nullable:
        tightened = ops.AlterColumnOp(
            table, name, schema=schema, existing_type=aside.type, existing_nullable=True, modify_nullable=False
        )
        yield ops.ModifyTableOps(table, [tightened], schema=schema)
