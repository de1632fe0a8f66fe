"""Compare primary keys, which Alembic does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import _alembic_autogenerate_prefix, renderers
from alembic.operations import ops
from sqlalchemy import Table, UniqueConstraint

from dbtool.engine.diff import decisions
from dbtool.engine.diff.names import default_name
from dbtool.engine.diff.rendering import single_percents

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class PrimaryKeyOp(ops.MigrateOperation):
    """Give a table another primary key. Each key is its name and its columns; None is no key at all."""

    def __init__(self, table: str, schema: str | None, old: Key, new: Key, statements: tuple[str, str] | None) -> None:
        self.table_name = table
        self.schema = schema
        self.old = old
        self.new = new
        self.statements = statements

    def reverse(self) -> PrimaryKeyOp:
        """Give the old key back."""
        statements = self.statements[::-1] if self.statements else None
        return PrimaryKeyOp(self.table_name, self.schema, self.new, self.old, statements)

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return ("modify_primary_key", self.schema, self.table_name, self.old[1], self.new[1])


Key = tuple[str, tuple[str, ...]]


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Add what gives a table the primary key of its model."""
    old = tuple(column.name for column in existing.primary_key.columns)
    new = tuple(column.name for column in wanted.primary_key.columns)
    if old != new:
        usual = default_name(modified.table_name, [], "pkey")
        before = (str(existing.primary_key.name or usual), old)
        after = (str(wanted.primary_key.name or usual), new)
        statements = _statements(context, wanted, before, after)
        modified.ops.append(PrimaryKeyOp(modified.table_name, modified.schema, before, after, statements))


def compare_order(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Make unique constraints anew that have the same columns in another order, which Alembic takes for the same."""
    there = {_columns(each): each for each in existing.constraints if isinstance(each, UniqueConstraint)}
    mine = {_columns(each): each for each in wanted.constraints if isinstance(each, UniqueConstraint)}
    for columns in sorted(mine.keys() - there.keys()):
        others = [each for each in there.keys() - mine.keys() if sorted(each) == sorted(columns)]
        old = next((there[each] for each in others if there[each].name), None)
        if old is None or any(getattr(each, "constraint_name", None) == old.name for each in modified.ops):
            continue
        modified.ops.append(ops.DropConstraintOp.from_constraint(old))
        modified.ops.append(ops.CreateUniqueConstraintOp.from_constraint(mine[columns]))


def _columns(constraint: UniqueConstraint) -> tuple[str, ...]:
    return tuple(column.name for column in constraint.columns)


def _statements(context: AutogenContext, table: Table, old: Key, new: Key) -> tuple[str, str] | None:
    """Return one statement for each direction, where a database wants it in one."""
    database, dialect = decisions.of(context).database, context.dialect
    if database is None or dialect is None:
        return None
    preparer = dialect.identifier_preparer
    with single_percents(context.migration_context):
        before, after = (
            (preparer.quote(name), [preparer.quote(each) for each in columns]) for name, columns in (old, new)
        )
        up = database.primary_key_statement(preparer.format_table(table), before, after)
        down = database.primary_key_statement(preparer.format_table(table), after, before)
    return (up, down) if up and down else None


@renderers.dispatch_for(PrimaryKeyOp)
def _render(context: AutogenContext, operation: PrimaryKeyOp) -> list[str]:
    if operation.statements:
        return [f"op.execute({operation.statements[0]!r})"]
    (old_name, old), (new_name, new) = operation.old, operation.new
    prefix = _alembic_autogenerate_prefix(context)
    table = "" if context._has_batch else f"{operation.table_name!r}, "
    lines = []
    if old and not context._has_batch:
        lines.append(f"{prefix}drop_constraint({old_name!r}, {table}type_='primary')")
    elif old and not new:
        lines.append(f"{prefix}drop_constraint({old_name!r}, type_='primary')")
    if new:
        lines.append(f"{prefix}create_primary_key({new_name!r}, {table}{list(new)!r})")
    return lines
