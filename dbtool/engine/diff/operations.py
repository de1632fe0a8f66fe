"""Operations of our own: only ways to render plain Alembic and SQLAlchemy, and to reverse it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import _alter_column, render_op, renderers
from alembic.operations import ops
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


class RenameTableOp(ops.RenameTableOp):
    """Rename a table, in either direction; Alembic's own operation knows no way back and no text."""

    def reverse(self) -> RenameTableOp:
        """Give the old name back."""
        return RenameTableOp(self.new_table_name, self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("rename_table", self.schema, self.table_name, self.new_table_name)

    def steps(self) -> list[RenameTableOp]:
        """Return what has to be run: SQLite refuses a name that differs only in its case, and takes a detour."""
        if self.table_name.lower() != self.new_table_name.lower():
            return [self]
        between = f"{self.new_table_name}_renamed"
        return [
            RenameTableOp(self.table_name, between, schema=self.schema),
            RenameTableOp(between, self.new_table_name, schema=self.schema),
        ]


class RenameColumnOp(ops.AlterColumnOp):
    """Rename a column: plain `op.alter_column(..., new_column_name=...)`, which Alembic could not reverse."""

    def reverse(self) -> RenameColumnOp:
        """Give the old name back."""
        return RenameColumnOp(
            self.table_name,
            str(self.modify_name),
            schema=self.schema,
            modify_name=self.column_name,
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
            existing_server_default=self.existing_server_default,
            existing_comment=self.existing_comment,
            **self.kw,
        )

    def has_changes(self) -> bool:
        """A new name is one."""
        return True

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return ("rename_column", self.schema, self.table_name, self.column_name, self.modify_name)

    def steps(self) -> list[RenameColumnOp]:
        """Return what has to be run: this."""
        return [self]


class RenameObjectOp(ops.ExecuteSQLOp):
    """Rename what belongs to a table (index, constraint, sequence), in this database's own words."""

    def __init__(self, kind: str, table: str, names: tuple[str, str], statements: tuple[str, str]) -> None:
        super().__init__(statements[0])
        self.kind = kind
        self.table_name = table
        self.names = names
        self.statements = statements

    def reverse(self) -> RenameObjectOp:
        """Give the old name back."""
        (old, new), (up, down) = self.names, self.statements
        return RenameObjectOp(self.kind, self.table_name, (new, old), (down, up))

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("rename_object", str(self.sqltext))

    def steps(self) -> list[RenameObjectOp]:
        """Return what has to be run: this."""
        return [self]


class KeyOp(ops.CreateForeignKeyOp):
    """Add a foreign key for which the database makes an index of its own; dropping it takes both."""

    statement: str

    def reverse(self) -> Any:
        """Drop both."""
        return DropKeyOp(self, self.statement)


class KeyIndexOp(ops.CreateIndexOp):
    """Make the index that a foreign key will stand on; it goes only while the key is away."""

    key: KeyOp

    def reverse(self) -> Any:
        """Drop it, and let the database make one of its own."""
        return SequenceOps([self.key.reverse(), super().reverse(), self.key])


class DropKeyOp(ops.MigrateOperation):
    """Drop a foreign key and the index that was made for it."""

    def __init__(self, key: ops.CreateForeignKeyOp, statement: str) -> None:
        self.key = key
        self.statement = statement
        self.table_name = key.source_table
        self.constraint_name = key.constraint_name
        self.constraint_type = "foreignkey"
        self.schema = key.kw.get("source_schema")

    def reverse(self) -> Any:
        """Add the key again."""
        return self.key

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return ("remove_fk", self.constraint_name)


class BackfillOp(ops.MigrateOperation):
    """Give the rows that exist a value in a column; taking the column back takes it along.

    `source` is the value as Python; `only_empty` leaves the rows alone that have one.
    """

    def __init__(self, table: str, column: str, source: str, schema: str | None, *, only_empty: bool = False) -> None:
        self.table = table
        self.column = column
        self.source = source
        self.schema = schema
        self.only_empty = only_empty

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


class DropIndexByTextOp(ops.DropIndexOp):
    """Drop an index that can only come back by the text that the database keeps of it."""

    def __init__(self, name: str, table: str, text: str) -> None:
        super().__init__(name, table)
        self.text = text
        self.implied = False  # by dropping its table

    def reverse(self) -> Any:
        """Run the text."""
        return ops.ExecuteSQLOp(self.text)

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return ("remove_index", self.index_name)


class ImpliedDropOp(ops.DropIndexOp):
    """Drop an index with its table: said by nobody, but the way back makes it again."""


class TypedDropOp(ops.DropTableOp):
    """Drop a table; on the way back, what types it needs have been made before it."""

    def reverse(self) -> ops.CreateTableOp:
        """Create the table, and no type."""
        created = super().reverse()
        for column in created.columns:
            type_: Any = getattr(column, "type", None)
            if is_native_enum(type_):
                type_.create_type = False
        return created


class TightenOps(ops.ModifyTableOps):
    """Make new columns required, once their rows have a value; dropping the columns takes this back."""

    def reverse(self) -> Any:
        """Nothing has to be taken back."""
        return NothingOp()


class SequenceOps(ops.OpContainer, ops.MigrateOperation):
    """Several operations in the place of one."""

    def reverse(self) -> SequenceOps:
        """Take them back, the last one first."""
        return SequenceOps([each.reverse() for each in reversed(self.ops)])

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return [each.to_diff_tuple() for each in self.ops]


class DropRequiredOps(ops.ModifyTableOps):
    """Drop required columns; on the way back `returning` brings them, with a value that says nothing in their rows."""

    returning: SequenceOps

    def reverse(self) -> Any:
        """Bring the columns back in three steps."""
        return self.returning


class NothingOp(ops.MigrateOperation):
    """What is left of an operation that needs no way back."""

    def reverse(self) -> NothingOp:
        """Nothing again."""
        return self

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("nothing",)


def apart(operations: Iterable[Any], *kinds: type) -> Iterator[Any]:
    """Take operations of these kinds out of their batches, to stand alone after them."""
    for operation in operations:
        if type(operation) is not ops.ModifyTableOps:
            yield operation
            continue
        alone = [each for each in operation.ops if isinstance(each, kinds)]
        operation.ops = [each for each in operation.ops if each not in alone]
        if operation.ops:
            yield operation
        yield from alone


@renderers.dispatch_for(RenameTableOp)
def _render_rename(context: AutogenContext, operation: RenameTableOp) -> list[str]:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    return [f"op.rename_table({each.table_name!r}, {each.new_table_name!r}{schema})" for each in operation.steps()]


@renderers.dispatch_for(RenameColumnOp)
def _render_column_rename(context: AutogenContext, operation: RenameColumnOp) -> list[str]:
    return [_alter_column(context, operation)]  # outside a batch: no database has to rebuild a table for a name


@renderers.dispatch_for(RenameObjectOp)
def _render_object_rename(context: AutogenContext, operation: RenameObjectOp) -> list[str]:
    return [f"op.execute({str(operation.sqltext)!r})"]


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
    where = f".where(sa.column({operation.column!r}).is_(None))" if operation.only_empty else ""
    return [f"op.execute({table}.update(){where}.values({{{operation.column!r}: {operation.source}}}))"]


@renderers.dispatch_for(SequenceOps)
def _render_sequence(context: AutogenContext, operation: SequenceOps) -> list[str]:
    return [line for each in operation.ops for line in render_op(context, each)]


@renderers.dispatch_for(DropIndexByTextOp)
def _render_drop_index(context: AutogenContext, operation: DropIndexByTextOp) -> list[str]:
    line = f"op.drop_index({operation.index_name!r}, table_name={operation.table_name!r})"
    return [] if operation.implied else [line]


@renderers.dispatch_for(DropKeyOp)
def _render_drop_key(context: AutogenContext, operation: DropKeyOp) -> list[str]:
    return [f"op.execute({operation.statement!r})"]


@renderers.dispatch_for(NothingOp)
def _render_nothing(context: AutogenContext, operation: NothingOp) -> list[str]:
    return []


@renderers.dispatch_for(ImpliedDropOp)
def _render_implied(context: AutogenContext, operation: ImpliedDropOp) -> list[str]:
    return []


def is_native_enum(type_: Any) -> bool:
    """Whether a type is an enum that may be an object of its own."""
    return isinstance(type_, EnumType) and type_.native_enum and bool(type_.name)
