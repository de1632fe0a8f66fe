"""Say what becomes of the types behind enums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy import Enum as EnumType

from dbtool.engine.diff.operations import EnumTypeOp, TypedDropOp, is_native_enum

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def with_enum_types(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Say what becomes of the types behind enums: made before their first use, gone after their last."""
    known = _existing(context)
    gone: dict[str, EnumType] = {}
    for operation in operations:
        new = _enum_types(_new_columns(operation))
        if isinstance(operation, ops.CreateTableOp):
            _without_creating(context, operation, known)
        elif isinstance(operation, ops.DropTableOp):
            operation.__class__ = TypedDropOp
        yield from (
            EnumTypeOp(each, create=True, silent=isinstance(operation, ops.CreateTableOp))
            for each in new
            if each.name not in known
        )
        known |= {str(each.name) for each in new}
        gone |= {str(each.name): each for each in _enum_types(_old_columns(operation))}
        yield operation
    yield from (EnumTypeOp(each, create=False) for each in gone.values() if _is_unused(context, each))


def _new_columns(operation: Any) -> list[Any]:
    if isinstance(operation, ops.CreateTableOp):
        return list(operation.to_table().columns)
    if isinstance(operation, ops.ModifyTableOps):
        return [each.column for each in operation.ops if isinstance(each, ops.AddColumnOp)]
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None:
        return [Column(operation.column_name, operation.modify_type)]
    return []


def _old_columns(operation: Any) -> list[Any]:
    if isinstance(operation, ops.DropTableOp):
        return list(operation.to_table().columns)
    if isinstance(operation, ops.ModifyTableOps):
        return [each.to_column() for each in operation.ops if isinstance(each, ops.DropColumnOp)]
    if isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None and operation.existing_type:
        return [Column(operation.column_name, operation.existing_type)]
    return []


def _without_creating(context: AutogenContext, operation: ops.CreateTableOp, known: set[str]) -> None:
    """Let a new table use the types that are there: creating it would create them again."""
    dialect: Any = context.dialect
    columns: list[Any] = list(operation.columns)
    for place, column in enumerate(columns):
        type_: Any = getattr(column, "type", None)
        if is_native_enum(type_) and type_.name in known:
            columns[place] = column._copy()  # the model's own stays as it is
            columns[place].type = type_.dialect_impl(dialect).copy()
            columns[place].type.create_type = False
    operation.columns = columns


def _enum_types(columns: Iterable[Any]) -> list[EnumType]:
    found = {column.type.name: column.type for column in columns if is_native_enum(column.type)}
    return list(found.values())


def _existing(context: AutogenContext) -> set[str]:
    """Return the names of the enum types that are there: where they are no objects, those of columns that are."""
    inspector: Any = context.inspector
    if hasattr(inspector, "get_enums"):
        return {each["name"] for each in inspector.get_enums()}
    metadata: Any = context.metadata
    found: set[str] = set()
    for table in metadata.tables.values():
        enums = {column.name: column.type.name for column in table.columns if is_native_enum(column.type)}
        if enums and inspector.has_table(table.name, schema=table.schema):
            there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
            found |= {str(type_) for name, type_ in enums.items() if name in there}
    return found


def _is_unused(context: AutogenContext, type_: EnumType) -> bool:
    metadata: Any = context.metadata
    return all(type_.name != each.name for table in metadata.tables.values() for each in _enum_types(table.columns))
