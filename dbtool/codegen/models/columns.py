"""Columns as fields: an annotation, and what `Field` says beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.models.conventions import Conventions
from dbtool.codegen.models.defaults import Default, default_of
from dbtool.codegen.models.naming import Naming
from dbtool.codegen.models.types import Types, python_kind

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, Table

_ON_DELETE = ("CASCADE", "SET NULL", "RESTRICT")


@dataclass(slots=True)
class Fields:
    """The fields of one module's classes. `said` are the constraints and indexes that a field says already."""

    names: Names
    types: Types
    naming: Naming
    conventions: Conventions

    def field(self, column: Column[Any], said: set[Any]) -> str:
        """Return the statement of a column's field, and note in `said` what need not be said again."""
        table = column.table
        spelled = self.types.spell(column, self.naming.classes[table.key])
        choice = next((each for each in self.types.choices.values() if each.name == spelled.annotation), None)
        kind = bool if spelled.annotation == "bool" else python_kind(column.type)
        default = default_of(column, kind, choice, self.names)
        counted = column is table.autoincrement_column and not _counts_itself_wrongly(column)
        filled = counted or column.computed is not None or column.identity is not None
        unknown = filled or (default.server is not None and default.python is None)
        optional = (bool(column.nullable) and not column.primary_key) or unknown
        arguments = [
            *_default_argument(default, optional),
            *([("primary_key", "True")] if column.primary_key else []),
            *self._foreign_key(column, said),
            *(each for each in spelled.arguments if each[0] != "sa_type"),
            *self._unique(column, said),
            *_nullable_argument(column, optional),
            *(each for each in spelled.arguments if each[0] == "sa_type"),
            *self._inside(column, default, said),
            *([("description", literal(column.comment))] if column.comment else []),
        ]
        name = self.naming.fields[table.key, column.name]
        start = f"{name}: {spelled.annotation}{' | None' if optional else ''}"
        if not arguments:
            return start
        if [key for key, _ in arguments] == ["default"]:
            return f"{start} = {arguments[0][1]}"
        listed = ", ".join(f"{key}={value}" for key, value in arguments)
        return f"{start} = {self.names.use('sqlmodel', 'Field')}({listed})"

    def _foreign_key(self, column: Column[Any], said: set[Any]) -> Iterator[tuple[str, str]]:
        key = _own_key(column)
        if key is None or not self._is_plain(key):
            return
        said.add(key)
        yield "foreign_key", literal(key.elements[0].target_fullname)
        if key.ondelete:
            yield "ondelete", literal(key.ondelete)

    def _is_plain(self, key: ForeignKeyConstraint) -> bool:
        """Whether SQLModel can say all of it."""
        rest = (self.conventions.said("fk", key), key.onupdate, key.deferrable, key.initially, key.match)
        deleted = key.ondelete is None or key.ondelete in _ON_DELETE
        if key.ondelete == "SET NULL" and not next(iter(key.columns)).nullable:
            return False
        return deleted and not any(rest)

    def _unique(self, column: Column[Any], said: set[Any]) -> Iterator[tuple[str, str]]:
        from sqlalchemy import UniqueConstraint

        alone = [
            each for each in column.table.constraints if isinstance(each, UniqueConstraint) and _is_of(each, column)
        ]
        unique = next(
            (each for each in alone if self.conventions.said("uq", each) is None and not _options(each)), None
        )
        own = [each for each in column.table.indexes if _is_of(each, column) and not _options(each)]
        index = next((each for each in own if self.conventions.gives(each)), None)
        if unique is not None:
            said.add(unique)
            yield "unique", "True"
        elif index is not None:
            said.add(index)
            if index.unique:
                yield "unique", "True"
            yield "index", "True"

    def _inside(self, column: Column[Any], default: Default, said: set[Any]) -> Iterator[tuple[str, str]]:
        """Yield what goes to SQLAlchemy's column as it is."""
        placed = [*self._named_key(column, said), *self._made(column)]
        if placed:
            yield "sa_column_args", f"({', '.join(placed)},)"
        options = {}
        if self.naming.fields[column.table.key, column.name] != column.name:
            options["name"] = literal(column.name)
        if default.server is not None:
            options["server_default"] = default.server
        wrongly = _is_counting(column) != (column is column.table.autoincrement_column)
        if column.primary_key and column.identity is None and wrongly:
            options["autoincrement"] = str(column is column.table.autoincrement_column)
        if options:
            yield (
                "sa_column_kwargs",
                "{" + ", ".join(f"{literal(key)}: {value}" for key, value in options.items()) + "}",
            )

    def _named_key(self, column: Column[Any], said: set[Any]) -> Iterator[str]:
        key = _own_key(column)
        if key is None or key in said:
            return
        said.add(key)
        arguments = [literal(key.elements[0].target_fullname), *key_options(key, self.conventions)]
        yield f"{self.names.use('sqlalchemy', 'ForeignKey')}({', '.join(arguments)})"

    def _made(self, column: Column[Any]) -> Iterator[str]:
        for check in column.constraints:
            yield f"{self.names.use('sqlalchemy', 'CheckConstraint')}({literal(str(getattr(check, 'sqltext', '')))})"
        if column.computed is not None:
            persisted = column.computed.persisted
            stored = f", persisted={persisted}" if persisted is not None else ""
            text = str(column.computed.sqltext)
            yield f"{self.names.use('sqlalchemy', 'Computed')}({literal(text)}{stored})"
        if column.identity is not None:
            yield f"{self.names.use('sqlalchemy', 'Identity')}({', '.join(_identity(column.identity))})"


def key_options(key: ForeignKeyConstraint, conventions: Conventions) -> Iterator[str]:
    """Yield the arguments of a foreign key beyond its columns, as code."""
    said = conventions.said("fk", key)
    for name, value in (
        ("name", said),
        ("ondelete", key.ondelete),
        ("onupdate", key.onupdate),
        ("deferrable", key.deferrable),
        ("initially", key.initially),
        ("match", key.match),
    ):
        if value:
            yield f"{name}={literal(value)}"


def _default_argument(default: Default, optional: bool) -> Iterator[tuple[str, str]]:
    if default.python is not None:
        yield "default", default.python
    elif optional:
        yield "default", "None"


def _nullable_argument(column: Column[Any], optional: bool) -> Iterator[tuple[str, str]]:
    """Say what the annotation does not; SQLite's primary keys may hold nulls."""
    if bool(column.nullable) != (optional and not column.primary_key):
        yield "nullable", str(bool(column.nullable))


def _own_key(column: Column[Any]) -> ForeignKeyConstraint | None:
    """Return the foreign key of this column alone; the first of several."""
    found = (each for each in column.table.foreign_key_constraints if list(each.column_keys) == [column.key])
    return min(found, key=lambda each: each.elements[0].target_fullname, default=None)


def _is_of(constraint: Any, column: Column[Any]) -> bool:
    expressions = getattr(constraint, "expressions", constraint.columns)
    return [each is column for each in expressions] == [True]


def _options(constraint: Any) -> bool:
    """Whether more is said of a constraint or an index than its columns and name."""
    given = any(value for value in dict(constraint.dialect_kwargs).values())
    return given or bool(getattr(constraint, "deferrable", None) or getattr(constraint, "initially", None))


def _is_counting(column: Column[Any]) -> bool:
    """Whether SQLAlchemy would let a column count by itself, where nothing is said."""
    from sqlalchemy import Integer, Numeric

    alone = len(column.table.primary_key.columns) == 1
    whole = isinstance(column.type, Integer) or (isinstance(column.type, Numeric) and column.type.scale == 0)
    return alone and whole and not column.foreign_keys and column.server_default is None and column.identity is None


def _counts_itself_wrongly(column: Column[Any]) -> bool:
    return bool(column.foreign_keys) and column.autoincrement == "auto"


def _identity(identity: Any) -> Iterator[str]:
    if identity.always:
        yield "always=True"
    usual = {"start": 1, "increment": 1, "minvalue": 1, "cache": 1, "cycle": False}
    for name, value in usual.items():
        found = getattr(identity, name, None)
        if found is not None and found != value:
            yield f"{name}={found!r}"


def is_mapped(table: Table) -> bool:
    """Whether a table can be a class: it has a primary key."""
    return len(table.primary_key.columns) > 0
