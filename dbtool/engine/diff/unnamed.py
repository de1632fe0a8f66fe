"""Constraints without a name, as SQLite permits them: Alembic can drop none, and of unique ones finds none gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import UniqueConstraint

from dbtool.engine.diff.names import default_name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Connection, Table

# What `default_name` makes of names that are not long; Alembic gives it to what has no name when it rebuilds a table.
_CONVENTIONS = {
    "unique": {"uq": "%(table_name)s_%(column_0_N_name)s_key"},
    "foreignkey": {"fk": "%(table_name)s_%(column_0_N_name)s_fkey"},
}


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


class UnnamedKeyOp(ops.MigrateOperation):
    """Drop a foreign key that has no name; the way back makes it, with one."""

    def __init__(self, made: ops.CreateForeignKeyOp) -> None:
        self.made = made
        self.table_name, self.columns = made.source_table, tuple(made.local_cols)
        made.constraint_name = made.constraint_name or default_name(self.table_name, self.columns, "fkey")

    @property
    def name(self) -> str:
        """The name by which it can be dropped, once Alembic gives names to what has none."""
        return default_name(self.table_name, self.columns, "fkey")

    def reverse(self) -> ops.ModifyTableOps:
        """Make it."""
        return ops.ModifyTableOps(self.table_name, [self.made])

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("remove_fk", self.table_name, self.columns)


def keys_by_name(operations: Iterable[Any]) -> Iterator[Any]:
    """Drop foreign keys that have no name by the one they will have, before the columns go that they stand on."""
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps) and operation.schema is None:
            gone = [each for each in operation.ops if _is_unnamed_key(each)]
            operation.ops = [each for each in operation.ops if each not in gone]
            made: Iterator[Any] = (each.reverse() for each in gone)
            yield from map(UnnamedKeyOp, made)
        if not isinstance(operation, ops.ModifyTableOps) or operation.ops:
            yield operation


def _is_unnamed_key(operation: Any) -> bool:
    return (
        isinstance(operation, ops.DropConstraintOp)
        and operation.constraint_name is None
        and operation.constraint_type == "foreignkey"
        and operation._reverse is not None
    )


def are_in(connection: Connection, hidden: Collection[str]) -> bool:
    """Whether a database has unique constraints or foreign keys without a name, but for its `hidden` tables."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    found = (
        each["name"]
        for table in inspector.get_table_names()
        if table not in hidden
        for each in (*inspector.get_unique_constraints(table), *inspector.get_foreign_keys(table))
    )
    return any(name is None for name in found)


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Add what drops each unnamed constraint whose columns the model no longer holds to be unique."""
    if modified.schema is not None:
        return
    unique = {frozenset(each.columns.keys()) for each in wanted.constraints if isinstance(each, UniqueConstraint)}
    unique |= {frozenset(each.columns.keys()) for each in wanted.indexes if each.unique}
    kept = set(wanted.columns.keys())
    mine = (each for each in existing.constraints if isinstance(each, UniqueConstraint) and each.name is None)
    found = dict.fromkeys(tuple(column.name for column in each.columns) for each in mine)  # Alembic adds its own again
    for columns in found:
        usual = "_".join((str(wanted.name), *columns, "key"))
        gone = frozenset(columns) not in unique and kept.issuperset(columns)
        if gone and default_name(str(wanted.name), columns, "key") == usual:
            modified.ops.append(UnnamedUniqueOp(str(wanted.name), columns))


@renderers.dispatch_for(UnnamedUniqueOp)
def _render(context: AutogenContext, operation: UnnamedUniqueOp) -> list[str]:
    if operation.is_gone:
        return _dropped(operation, "unique")
    head = f"with op.batch_alter_table({operation.table_name!r}) as batch_op:"
    return [head, f"batch_op.create_unique_constraint({operation.name!r}, {list(operation.columns)!r})", ""]


@renderers.dispatch_for(UnnamedKeyOp)
def _render_key(context: AutogenContext, operation: UnnamedKeyOp) -> list[str]:
    return _dropped(operation, "foreignkey")


def _dropped(operation: UnnamedUniqueOp | UnnamedKeyOp, kind: str) -> list[str]:
    named = f"naming_convention={_CONVENTIONS[kind]!r}"
    head = f"with op.batch_alter_table({operation.table_name!r}, {named}) as batch_op:"
    return [head, f"batch_op.drop_constraint({operation.name!r}, type_={kind!r})", ""]
