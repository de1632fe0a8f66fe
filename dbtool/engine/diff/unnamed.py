"""Unique constraints without a name, as SQLite permits them: Alembic finds none of them gone, and can drop none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import UniqueConstraint

from dbtool.engine.diff.names import default_name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Table

_CONVENTION = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}  # what `default_name` makes of names that are not long


class UnnamedUniqueOp(ops.MigrateOperation):
    """Drop a unique constraint that has no name, or on the way back make it, with one."""

    def __init__(self, table: str, columns: tuple[str, ...], *, is_gone: bool = True) -> None:
        self.table_name, self.columns, self.is_gone = table, columns, is_gone

    @property
    def name(self) -> str:
        """The name by which it can be dropped, once Alembic gives names to what has none."""
        return default_name(self.table_name, self.columns, "key")

    def reverse(self) -> UnnamedUniqueOp:
        """Make it, or drop it."""
        return UnnamedUniqueOp(self.table_name, self.columns, is_gone=not self.is_gone)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("remove_constraint" if self.is_gone else "add_constraint", self.table_name, self.columns)


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Add what drops each unnamed constraint whose columns the model no longer holds to be unique."""
    if modified.schema is not None:
        return
    unique = {frozenset(each.columns.keys()) for each in wanted.constraints if isinstance(each, UniqueConstraint)}
    unique |= {frozenset(each.columns.keys()) for each in wanted.indexes if each.unique}
    kept = set(wanted.columns.keys())
    mine = (each for each in existing.constraints if isinstance(each, UniqueConstraint) and each.name is None)
    for columns in dict.fromkeys(
        tuple(column.name for column in each.columns) for each in mine
    ):  # Alembic adds its own
        usual = "_".join((str(wanted.name), *columns, "key"))
        gone = frozenset(columns) not in unique and kept.issuperset(columns)
        if gone and default_name(str(wanted.name), columns, "key") == usual:
            modified.ops.append(UnnamedUniqueOp(str(wanted.name), columns))


@renderers.dispatch_for(UnnamedUniqueOp)
def _render(context: AutogenContext, operation: UnnamedUniqueOp) -> list[str]:
    if operation.is_gone:
        head = f"with op.batch_alter_table({operation.table_name!r}, naming_convention={_CONVENTION!r}) as batch_op:"
        return [head, f"batch_op.drop_constraint({operation.name!r}, type_='unique')", ""]
    head = f"with op.batch_alter_table({operation.table_name!r}) as batch_op:"
    return [head, f"batch_op.create_unique_constraint({operation.name!r}, {list(operation.columns)!r})", ""]
