"""Corrections to Alembic's list of operations, and the operations of our own that they need.

Every file stays plain Alembic and SQLAlchemy: an operation of ours is only a way to render such code, and to
reverse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy import Enum as EnumType

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class EnumTypeOp(ops.MigrateOperation):
    """Create or drop the type behind an enum, on databases where it is an object of its own.

    `silent` ones render nothing: creating a table creates its types.
    """

    def __init__(self, type_: EnumType, *, create: bool, silent: bool = False) -> None:
        self.type = type_
        self.create = create
        self.silent = silent

    def reverse(self) -> EnumTypeOp:
        """Turn creating into dropping, which always has to be said."""
        return EnumTypeOp(self.type, create=not self.create)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("add_enum" if self.create else "drop_enum", self.type.name)


class BackfillOp(ops.MigrateOperation):
    """Give the rows that exist a value in a new column; taking the column back takes it along."""

    def __init__(self, table: str, column: str, value: Any, schema: str | None) -> None:
        self.table = table
        self.column = column
        self.value = value
        self.schema = schema

    def reverse(self) -> ops.MigrateOperation:
        """Nothing has to be taken back."""
        return NothingOp()

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("backfill", self.schema, self.table, self.column)


class OwnIndexOp(ops.CreateIndexOp):
    """Create an index of a new table; dropping the table takes it along, and MariaDB would refuse to drop it alone."""

    def reverse(self) -> Any:
        """Nothing has to be taken back."""
        return NothingOp()


class ImpliedDropOp(ops.DropIndexOp):
    """Drop an index with its table: said by nobody, but the way back makes it again."""


class TypedDropOp(ops.DropTableOp):
    """Drop a table; on the way back, what types it needs have been made before it."""

    def reverse(self) -> ops.CreateTableOp:
        """Create the table, and no type."""
        created = super().reverse()
        for column in created.columns:
            type_: Any = getattr(column, "type", None)
            if _is_native_enum(type_):
                type_.create_type = False
        return created


class TightenOps(ops.ModifyTableOps):
    """Make new columns required, once their rows have a value; dropping the columns takes this back."""

    def reverse(self) -> Any:
        """Nothing has to be taken back."""
        return NothingOp()


class NothingOp(ops.MigrateOperation):
    """What is left of an operation that needs no way back."""

    def reverse(self) -> NothingOp:
        """Nothing again."""
        return self

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("nothing",)


@renderers.dispatch_for(EnumTypeOp)
def _render_enum(context: AutogenContext, operation: EnumTypeOp) -> list[str]:
    if operation.silent:
        return []
    members = ", ".join(repr(member) for member in operation.type.enums) if operation.create else ""
    name = f"name={operation.type.name!r}"
    schema = f", schema={operation.type.schema!r}" if operation.type.schema else ""
    verb = "create" if operation.create else "drop"
    arguments = f"{members}, {name}{schema}" if members else f"{name}{schema}"
    return [f"sa.Enum({arguments}).{verb}(op.get_bind(), checkfirst=False)"]


@renderers.dispatch_for(BackfillOp)
def _render_backfill(context: AutogenContext, operation: BackfillOp) -> list[str]:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    table = f"sa.table({operation.table!r}, sa.column({operation.column!r}){schema})"
    return [f"op.execute({table}.update().values({{{operation.column!r}: {operation.value!r}}}))"]


@renderers.dispatch_for(NothingOp)
def _render_nothing(context: AutogenContext, operation: NothingOp) -> list[str]:
    return []


@renderers.dispatch_for(ImpliedDropOp)
def _render_implied(context: AutogenContext, operation: ImpliedDropOp) -> list[str]:
    return []


def corrected(context: AutogenContext, operations: Sequence[Any]) -> list[Any]:
    """Return Alembic's operations as an expert would have written them."""
    found = [_without_notes(_named(operation)) for operation in operations]
    found = list(_with_required_columns(found))
    found = _indexes_with_tables(_drops_last(list(_outside_batches(found))))
    return list(_with_enum_types(context, found))


def _without_notes(operation: Any) -> Any:
    """Leave what dbtool notes on a table (`tables.py`) out of the file; the user's own `info` stays."""
    if isinstance(operation, ops.CreateTableOp):
        operation.info = {key: value for key, value in operation.info.items() if not str(key).startswith("dbtool.")}
    return operation


# Names


def _named(operation: Any) -> Any:
    """Name every constraint, the way PostgreSQL would, so that it can be dropped again."""
    if isinstance(operation, ops.CreateTableOp):
        return _named_table(operation)
    if isinstance(operation, ops.ModifyTableOps):
        operation.ops = [_named(each) for each in operation.ops]
    elif isinstance(operation, ops.CreateUniqueConstraintOp) and operation.constraint_name is None:
        operation.constraint_name = _default_name(operation.table_name, operation.columns, "key")
    elif isinstance(operation, ops.CreateForeignKeyOp) and operation.constraint_name is None:
        operation.constraint_name = _default_name(operation.source_table, operation.local_cols, "fkey")
    return operation


def _named_table(operation: ops.CreateTableOp) -> Any:
    table = operation.to_table()
    unnamed = [constraint for constraint in table.constraints if constraint.name is None]
    if not any(_is_nameable(constraint) for constraint in unnamed):
        return operation
    for constraint in unnamed:
        if isinstance(constraint, UniqueConstraint):
            constraint.name = _default_name(table.name, [column.name for column in constraint.columns], "key")
        elif isinstance(constraint, ForeignKeyConstraint):
            constraint.name = _default_name(table.name, constraint.column_keys, "fkey")
    checks = [each for each in unnamed if isinstance(each, CheckConstraint) and not _belongs_to_type(each)]
    for number, check in enumerate(sorted(checks, key=lambda each: str(each.sqltext)), 1):
        check.name = _default_name(table.name, [str(number)] if number > 1 else [], "check")
    return ops.CreateTableOp.from_table(table)


def _is_nameable(constraint: Any) -> bool:
    return isinstance(constraint, UniqueConstraint | ForeignKeyConstraint | CheckConstraint) and not _belongs_to_type(
        constraint
    )


def _belongs_to_type(constraint: Any) -> bool:
    return bool(getattr(constraint, "_type_bound", False))


def _default_name(table: str, columns: Iterable[str], suffix: str) -> str:
    """Follow PostgreSQL: table, columns, suffix, at most 63 characters."""
    parts = "_".join([table, *columns])
    return f"{parts[: 63 - len(suffix) - 1]}_{suffix}"


# Order


def _drops_last(operations: list[Any]) -> list[Any]:
    """Drop tables after everything else, those that point at others before those they point at."""
    drops = {_key(each): each for each in operations if isinstance(each, ops.DropTableOp)}
    targets = {key: _targets(drop.to_table()) - {key} for key, drop in drops.items()}
    order: list[str] = []
    while targets:
        pointed_at = {target for each in targets.values() for target in each}
        free = sorted(key for key in targets if key not in pointed_at) or sorted(targets)[:1]
        order.extend(free)
        targets = {key: each for key, each in targets.items() if key not in free}
    of_drops = [each for each in operations if isinstance(each, ops.DropIndexOp) and _key(each) in drops]
    rest = [each for each in operations if each not in of_drops and not isinstance(each, ops.DropTableOp)]
    for key in order:
        own = (each for each in of_drops if _key(each) == key)
        rest += [*sorted(own, key=lambda each: str(each.index_name)), drops[key]]
    return rest


def _key(drop: Any) -> str:
    return f"{drop.schema}.{drop.table_name}" if drop.schema else str(drop.table_name)


def _targets(table: Table) -> set[str]:
    return {key.target_fullname.rpartition(".")[0] for key in table.foreign_keys}


def _outside_batches(operations: Iterable[Any]) -> Iterator[Any]:
    """Create and drop indexes by themselves: no database has to rebuild a table for one."""
    for operation in operations:
        if not isinstance(operation, ops.ModifyTableOps) or isinstance(operation, TightenOps):
            yield operation
            continue
        for is_index, group in groupby(sorted(operation.ops, key=_rank), lambda each: isinstance(each, _INDEX_OPS)):
            if is_index:
                yield from group
            else:
                yield ops.ModifyTableOps(operation.table_name, list(group), schema=operation.schema)


def _rank(operation: Any) -> int:
    """Let foreign keys go first and come last: MariaDB keeps the index that one needs."""
    if isinstance(operation, ops.DropConstraintOp):
        return 0 if operation.constraint_type == "foreignkey" else 1
    return 2 if isinstance(operation, ops.CreateForeignKeyOp) else 1


def _indexes_with_tables(operations: list[Any]) -> list[Any]:
    """Let the indexes of new and dropped tables come and go with them."""
    created = {each.table_name for each in operations if isinstance(each, ops.CreateTableOp)}
    dropped = {each.table_name for each in operations if isinstance(each, ops.DropTableOp)}
    for operation in operations:
        if type(operation) is ops.CreateIndexOp and operation.table_name in created:
            operation.__class__ = OwnIndexOp
        elif type(operation) is ops.DropIndexOp and operation.table_name in dropped:
            operation.__class__ = ImpliedDropOp
    return operations


_INDEX_OPS = (ops.CreateIndexOp, ops.DropIndexOp)


# Required columns


def _with_required_columns(operations: Iterable[Any]) -> Iterator[Any]:
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


# Enum types


def _with_enum_types(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
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
    return []


def _old_columns(operation: Any) -> list[Any]:
    if isinstance(operation, ops.DropTableOp):
        return list(operation.to_table().columns)
    if isinstance(operation, ops.ModifyTableOps):
        return [each.to_column() for each in operation.ops if isinstance(each, ops.DropColumnOp)]
    return []


def _without_creating(context: AutogenContext, operation: ops.CreateTableOp, known: set[str]) -> None:
    """Let a new table use the types that are there: creating it would create them again."""
    dialect: Any = context.dialect
    columns: list[Any] = list(operation.columns)
    for place, column in enumerate(columns):
        type_: Any = getattr(column, "type", None)
        if _is_native_enum(type_) and type_.name in known:
            columns[place] = column._copy()  # the model's own stays as it is
            columns[place].type = type_.dialect_impl(dialect).copy()
            columns[place].type.create_type = False
    operation.columns = columns


def _enum_types(columns: Iterable[Any]) -> list[EnumType]:
    found = {column.type.name: column.type for column in columns if _is_native_enum(column.type)}
    return list(found.values())


def _is_native_enum(type_: Any) -> bool:
    return isinstance(type_, EnumType) and type_.native_enum and bool(type_.name)


def _existing(context: AutogenContext) -> set[str]:
    """Return the names of the enum types that this database has."""
    inspector: Any = context.inspector
    get_enums = getattr(inspector, "get_enums", list)
    return {each["name"] for each in get_enums()}


def _is_unused(context: AutogenContext, type_: EnumType) -> bool:
    metadata: Any = context.metadata
    return all(type_.name != each.name for table in metadata.tables.values() for each in _enum_types(table.columns))
