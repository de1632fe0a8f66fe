"""Change a column's type so that values are converted, not destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import _alter_column, _render_server_default, _repr_type, renderers
from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import JSON, Enum, column, literal, text

from dbtool.database import Database, definitions
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


def compare_stored(
    context: AutogenContext,
    altered: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    existing: Column[Any],
    wanted: Column[Any],
) -> PriorityDispatchResult:
    """Read a column as the JSON that it is, and take bytes for the same that this database stores as the same."""
    database, dialect = decisions.of(context).database, context.dialect
    if database is None or dialect is None or context.connection is None:
        return PriorityDispatchResult.CONTINUE
    if family(existing.type) == "text" and (table, name) in _json_columns(context, database):
        existing.type = JSON()
    if family(existing.type) == family(wanted.type) == "bytes":
        made = probe.of(context.migration_context, wanted.table).columns.get(name, {}).get("type")
        if made is not None and repr(made) == repr(existing.type):
            return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


def _json_columns(context: AutogenContext, database: Database) -> frozenset[tuple[str, str]]:
    assert context.connection is not None
    known = decisions.of(context)
    if known.json is None:
        known.json = definitions.json_columns(database, context.connection.connection.driver_connection)
    return known.json


def with_conversions(operations: Iterable[Any]) -> Iterator[Any]:
    """Take each change of the kind of values out of its batch, to stand alone after it, and before new checks of it."""
    for operation in operations:
        if not isinstance(operation, ops.ModifyTableOps):
            yield operation
            continue
        converted = [each for each in operation.ops if converts(each)]
        checks = [each for each in operation.ops if converted and isinstance(each, ops.CreateCheckConstraintOp)]
        operation.ops = [each for each in operation.ops if each not in converted and each not in checks]
        if operation.ops:
            yield operation
        for each in converted:
            each.__class__ = ConversionOp
            yield each
        if checks:
            yield ops.ModifyTableOps(operation.table_name, checks, schema=operation.schema)


def with_checks_said(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Say the check of an enum that becomes text by itself, where Alembic would leave it behind on the way back."""
    database = decisions.of(context).database
    for operation in operations:
        yield operation
        new: Any = operation.modify_type if isinstance(operation, ConversionOp) else None
        if database is None or not database.leaves_type_checks or not _is_checked(new):
            continue
        operation.modify_type = new.copy()
        operation.modify_type.create_constraint = False
        condition = column(operation.column_name).in_([literal(each) for each in new.enums])
        said = condition.compile(dialect=context.dialect, compile_kwargs={"literal_binds": True})
        check = ops.CreateCheckConstraintOp(new.name, operation.table_name, text(str(said)), schema=operation.schema)
        yield ops.ModifyTableOps(operation.table_name, [check], schema=operation.schema)


def _is_checked(type_: Any) -> bool:
    return isinstance(type_, Enum) and not type_.native_enum and type_.create_constraint and bool(type_.name)


def converts(operation: Any) -> bool:
    """Whether an operation gives a column another kind of values."""
    if type(operation) is not ops.AlterColumnOp or operation.modify_type is None or operation.existing_type is None:
        return False
    before, after = family(operation.existing_type), family(operation.modify_type)
    if before == after == "enum":
        names, native = (
            [getattr(each, name, None) for each in (operation.existing_type, operation.modify_type)]
            for name in ("name", "native_enum")
        )
        return names[0] != names[1] or native[0] != native[1]
    return before != after or _changes_zone(operation)


def _changes_zone(operation: ops.AlterColumnOp) -> bool:
    zones = [bool(getattr(each, "timezone", False)) for each in (operation.existing_type, operation.modify_type)]
    return zones[0] != zones[1]


@renderers.dispatch_for(ConversionOp)
def _render_conversion(context: AutogenContext, operation: ConversionOp) -> list[str]:
    how = _conversion(context, operation)
    lines = [*_set(operation, how.before), *_without_default(context, operation, how)]
    lines += _in_batch(context, operation, how) if _has_batches(context) else [_altered(context, operation, how)]
    lines += _with_default(context, operation, how)
    return [*lines, *_set(operation, how.after)]


def _set(operation: ConversionOp, expression: str) -> list[str]:
    """Return the line that sets all rows to an expression."""
    if not expression:
        return []
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    table = f"sa.table({operation.table_name!r}, sa.column({operation.column_name!r}){schema})"
    values = f"{{{operation.column_name!r}: sa.literal_column({expression!r})}}"
    return [f"op.execute({table}.update().values({values}))"]


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
