"""Change a column's type so that values are converted, not destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import _alter_column, _render_server_default, _repr_type, renderers
from alembic.operations import ops
from alembic.util import PriorityDispatchResult

from dbtool.database.conversions import Conversion, family
from dbtool.engine.diff import decisions, probe

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Column


class ConversionOp(ops.AlterColumnOp):
    """Give a column another kind of values, with what this database must be told to keep them."""

    def reverse(self) -> ConversionOp:
        """Convert back."""
        reversed_ = super().reverse()
        reversed_.__class__ = ConversionOp
        assert isinstance(reversed_, ConversionOp)
        return reversed_


def compare_collation(
    context: AutogenContext,
    altered: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    existing: Column[Any],
    wanted: Column[Any],
) -> PriorityDispatchResult:
    """Compare collations of texts, which Alembic does not, where the database tells which one a column has."""
    database, dialect = decisions.of(context).database, context.dialect
    kinds = {family(existing.type), family(wanted.type)}
    if database is None or dialect is None or not database.tells_collations or kinds != {"text"}:
        return PriorityDispatchResult.CONTINUE
    mine: Any = wanted.type.dialect_impl(dialect)
    there = getattr(existing.type, "collation", None)
    if getattr(getattr(mine, "impl_instance", mine), "collation", None) == there:
        return PriorityDispatchResult.CONTINUE
    made = probe.of(context.migration_context, wanted.table).columns.get(name, {}).get("type")
    if made is None or getattr(made, "collation", None) == there:  # the usual one may be said or not
        return PriorityDispatchResult.CONTINUE
    altered.existing_type = existing.type
    altered.modify_type = wanted.type
    return PriorityDispatchResult.STOP


def with_conversions(operations: Iterable[Any]) -> Iterator[Any]:
    """Take each change of the kind of values out of its batch, to stand alone after it."""
    for operation in operations:
        if not isinstance(operation, ops.ModifyTableOps):
            yield operation
            continue
        converted = [each for each in operation.ops if _converts(each)]
        operation.ops = [each for each in operation.ops if each not in converted]
        if operation.ops:
            yield operation
        for each in converted:
            each.__class__ = ConversionOp
            yield each


def _converts(operation: Any) -> bool:
    if type(operation) is not ops.AlterColumnOp or operation.modify_type is None or operation.existing_type is None:
        return False
    before, after = family(operation.existing_type), family(operation.modify_type)
    if before == after == "enum":
        return getattr(operation.existing_type, "name", None) != getattr(operation.modify_type, "name", None)
    return before != after or _changes_zone(operation)


def _changes_zone(operation: ops.AlterColumnOp) -> bool:
    zones = [bool(getattr(each, "timezone", False)) for each in (operation.existing_type, operation.modify_type)]
    return zones[0] != zones[1]


@renderers.dispatch_for(ConversionOp)
def _render_conversion(context: AutogenContext, operation: ConversionOp) -> list[str]:
    how = _conversion(context, operation)
    lines = _without_default(context, operation, how)
    lines += _in_batch(context, operation, how) if _has_batches(context) else [_altered(context, operation, how)]
    lines += _with_default(context, operation, how)
    if how.after:
        schema = f", schema={operation.schema!r}" if operation.schema else ""
        table = f"sa.table({operation.table_name!r}, sa.column({operation.column_name!r}){schema})"
        values = f"{{{operation.column_name!r}: sa.literal_column({how.after!r})}}"
        lines.append(f"op.execute({table}.update().values({values}))")
    return lines


def _has_default(operation: ConversionOp) -> bool:
    return operation.existing_server_default is not None and operation.existing_server_default is not False


def _without_default(context: AutogenContext, operation: ConversionOp, how: Conversion) -> list[str]:
    """Take a default away first where it would have to be converted too, which PostgreSQL refuses."""
    if not how.using or not _has_default(operation):
        return []
    return [f"op.alter_column({operation.table_name!r}, {operation.column_name!r}, server_default=None)"]


def _with_default(context: AutogenContext, operation: ConversionOp, how: Conversion) -> list[str]:
    """Give a default back that only had to step aside."""
    if not how.using or not _has_default(operation) or operation.modify_server_default is not False:
        return []
    existing: Any = operation.existing_server_default
    default = _render_server_default(existing, context)
    return [f"op.alter_column({operation.table_name!r}, {operation.column_name!r}, server_default={default})"]


def _has_batches(context: AutogenContext) -> bool:
    return bool(context.opts and context.opts.get("render_as_batch"))


def _conversion(context: AutogenContext, operation: ConversionOp) -> Conversion:
    database, dialect = decisions.of(context).database, context.dialect
    if database is None or dialect is None:
        return Conversion()
    old: Any = operation.existing_type
    new: Any = operation.modify_type
    name = dialect.identifier_preparer.quote(operation.column_name)
    return database.conversion(name, old, new, new.compile(dialect=dialect))


def _in_batch(context: AutogenContext, operation: ConversionOp, how: Conversion) -> list[str]:
    arguments = f"{operation.table_name!r}, schema={operation.schema!r}"
    before = []
    if how.kept:
        new: Any = operation.modify_type
        before = [
            "# values are copied as they are: a CAST would make numbers of them",
            "def as_they_are(inspector, table, column):",
            f"if column['name'] == {operation.column_name!r}:",
            f"column['type'] = {_repr_type(new, context)}",
            "",
            "",
        ]
        arguments += ", reflect_kwargs={'listeners': [('column_reflect', as_they_are)]}"
    context._has_batch = True
    try:
        text = _altered(context, operation, how)
    finally:
        context._has_batch = False
    return [*before, f"with op.batch_alter_table({arguments}) as batch_op:", text, ""]


def _altered(context: AutogenContext, operation: ConversionOp, how: Conversion) -> str:
    text = _alter_column(context, operation)
    return f"{text.removesuffix(')')},\n           postgresql_using={how.using!r})" if how.using else text
