"""Types of columns as models say them: by the annotation where that says it all, else by `sa_type` beside it."""

from __future__ import annotations

import ast
import datetime
import decimal
import keyword
import re
import types
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.models.naming import class_name

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect

_NO_MEMBERS = {"name", "value", "mro"}


@dataclass(frozen=True, slots=True)
class Spelled:
    """A type as a field has it: the annotation without None, and arguments of `Field`, as code."""

    annotation: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An enum: the name of its class, and its members, each a name and a value."""

    name: str
    members: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return its class."""
        lines = "".join(f"    {name} = {literal(value)}\n" for name, value in self.members)
        return f"class {self.name}(StrEnum):\n{lines}"

    @property
    def is_plain(self) -> bool:
        """Whether each member is called what the database stores, which is what SQLAlchemy stores of an enum."""
        return all(name == value for name, value in self.members)


@dataclass(slots=True)
class Types:
    """The types of one generated module; enums are collected on the way."""

    names: Names
    dialect: Dialect
    taken: set[str]
    known: Mapping[tuple[str, str], str] = field(default_factory=dict)
    choices: dict[tuple[str, tuple[str, ...]], Choice] = field(default_factory=dict)

    def spell(self, column: Column[Any], owner: str) -> Spelled:
        """Return the type of a column of a class."""
        from sqlalchemy import Enum

        if isinstance(column.type, Enum) and column.type.enums:
            return self._spell_enum(column.type, column, owner)
        kind = python_kind(column.type)
        annotation = self.names.of(kind) if isinstance(kind, type) else self.names.any()
        if kind is list:
            annotation = self._list(column.type)
        elif type(column.type).__name__ == "SET":
            annotation = "set[str]"
        for arguments, made in _candidates(kind, column.type):
            if self._same(made, column.type):
                spelled = arguments or (("sa_type", self.expression(made)),)
                return Spelled(annotation, () if arguments == _BARE else spelled)
        return Spelled(annotation, (("sa_type", self.expression(column.type)),))

    def expression(self, made: Any) -> str:
        """Return code that makes a type, a class where nothing is said beyond it."""
        text = re.sub(r"(?<![\w.'\"])(\w+)\(\)", r"\1", repr(made)).replace("JSONB(astext_type=Text)", "JSONB")
        classes = {type(each).__name__: type(each) for each in _inner(made)}
        for name in dict.fromkeys(node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)):
            home = _home(classes.get(name), name, self.dialect)
            text = re.sub(rf"(?<![\w.'\"]){name}\b(?=\W|$)", self.names.use(home, name), text)
        return text

    def _same(self, made: Any, read: Any) -> bool:
        try:
            return self._ddl(made) == self._ddl(read)
        except Exception:  # SQLAlchemy has many ways to say that a database has no such type
            return False

    def _ddl(self, made: Any) -> str:
        """Return a type as it would be created; what MariaDB adds to whole numbers for their display says nothing."""
        text = made.compile(dialect=self.dialect)
        if getattr(made, "display_width", None) == 1 and text.startswith("TINYINT"):
            return "BOOL"
        text = re.sub(r"^((?:TINY|SMALL|MEDIUM|BIG)?INT(?:EGER)?)\(\d+\)(?!.*ZEROFILL)", r"\1", text)
        return re.sub(r"^INT\b", "INTEGER", text)

    def _list(self, read: Any) -> str:
        inner = python_kind(getattr(read, "item_type", None))
        said = self.names.of(inner) if isinstance(inner, type) else self.names.any()
        for _ in range(getattr(read, "dimensions", None) or 1):
            said = f"list[{said}]"
        return said

    def _spell_enum(self, read: Any, column: Column[Any], owner: str) -> Spelled:
        choice = self._choice(read, column, owner)
        self.names.use("enum", "StrEnum")
        own = str(getattr(read, "schema", None) or "")
        if choice.is_plain and not own and (not read.native_enum or not read.name or read.name == choice.name.lower()):
            return Spelled(choice.name)
        said = [choice.name]
        if read.name:
            said.append(f"name={literal(read.name)}")
        if own:
            said.append(f"schema={literal(own)}")
        if not choice.is_plain:
            said.append("values_callable=lambda kind: [each.value for each in kind]")
        return Spelled(choice.name, (("sa_type", f"{self.names.use('sqlalchemy', 'Enum')}({', '.join(said)})"),))

    def _choice(self, read: Any, column: Column[Any], owner: str) -> Choice:
        known = self.known.get((column.table.key, column.name))
        place = (known or read.name or f"{owner}.{column.name}", tuple(read.enums))
        if place not in self.choices:
            name = known or (class_name(read.name) if read.name else owner + class_name(column.name))
            while name in self.taken and name != known:
                name += "Kind"
            self.taken.add(name)
            self.choices[place] = Choice(name, tuple(_members(read.enums)))
        return self.choices[place]


_BARE = (("", ""),)


def python_kind(read: Any) -> Any:
    """Return the class of a type's values; None where any may be."""
    from sqlalchemy import JSON, BigInteger, Boolean, Float, LargeBinary, Numeric
    from sqlalchemy.types import ARRAY, NullType, Uuid

    if getattr(read, "display_width", None) == 1 and type(read).__name__ == "TINYINT":
        return bool
    if isinstance(read, (JSON, NullType)):
        return None
    if type(read).__name__ == "YEAR":
        return int
    for family, kind in ((ARRAY, list), (Boolean, bool), (BigInteger, int), (Uuid, uuid.UUID), (LargeBinary, bytes)):
        if isinstance(read, family):
            return kind
    if isinstance(read, Numeric):
        return float if isinstance(read, Float) or not read.asdecimal else decimal.Decimal
    try:
        found = read.python_type
    except (AttributeError, NotImplementedError):
        return None
    return found if found in _KNOWN else None


_KNOWN = {
    bool,
    int,
    float,
    str,
    bytes,
    decimal.Decimal,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
}


def _candidates(kind: Any, read: Any) -> Iterator[tuple[tuple[tuple[str, str], ...], Any]]:
    """Yield what says a type, the shortest first: arguments of `Field`, none for `sa_type`, and the type that is made.

    The first is what SQLModel makes of the annotation alone.
    """
    import sqlalchemy as sa
    from sqlmodel.sql.sqltypes import AutoString

    length, scale = getattr(read, "length", None), getattr(read, "scale", None)
    precision = getattr(read, "precision", None)
    if kind in _annotated():
        yield _BARE, _annotated()[kind]
    if kind is str and length:
        yield (("max_length", str(length)),), AutoString(length=length)
    if kind is decimal.Decimal and precision is not None and scale is not None:
        yield (("max_digits", str(precision)), ("decimal_places", str(scale))), sa.Numeric(precision, scale)
    further: dict[Any, tuple[Any, ...]] = {
        str: (sa.Text(), sa.Unicode(length)),
        int: (sa.BigInteger(), sa.SmallInteger()),
        float: (sa.Float(), sa.Double(), sa.Float(precision), sa.REAL()),
        decimal.Decimal: (sa.Numeric(precision, scale),),
        datetime.datetime: (sa.DateTime(), sa.DateTime(timezone=True)),
        datetime.time: (sa.Time(timezone=True),),
    }
    for made in further.get(kind, (sa.JSON(),) if isinstance(read, sa.JSON) else ()):
        yield (), made


@cache
def _annotated() -> dict[Any, Any]:
    """Return what SQLModel makes of each annotation, which depends on its version."""
    from sqlalchemy.orm import registry
    from sqlmodel import Field, SQLModel

    class Apart(SQLModel, registry=registry()):
        """What belongs to no application."""

    kinds = {f"column_{number}": kind for number, kind in enumerate(sorted(_KNOWN, key=str))}
    fields = {"__annotations__": {"id": int, **kinds}, "__module__": __name__, "id": Field(primary_key=True)}
    made: Any = types.new_class("Annotated", (Apart,), {"table": True}, lambda body: body.update(fields))
    return {kind: made.__table__.columns[name].type for name, kind in kinds.items()}


def _inner(made: Any) -> Iterator[Any]:
    yield made
    for name in ("item_type", "data_type"):
        if (inner := getattr(made, name, None)) is not None:
            yield from _inner(inner)


def _home(kind: Any, name: str, dialect: Dialect) -> str:
    """Return the module that a type is imported from."""
    import sqlalchemy as sa

    if kind is not None and not kind.__module__.startswith("sqlalchemy.dialects.") and hasattr(sa, name):
        return "sqlalchemy"
    if kind is None and hasattr(sa, name):
        return "sqlalchemy"
    return f"sqlalchemy.dialects.{dialect.name}"


def _members(values: list[str]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for value in values:
        name = value
        if not value.isidentifier() or keyword.iskeyword(value) or value in _NO_MEMBERS or value.startswith("_"):
            name = re.sub(r"\W+", "_", value).strip("_") or "empty"
            name = f"member_{name}" if name[0].isdigit() or keyword.iskeyword(name) or name in _NO_MEMBERS else name
        while name in taken:
            name += "_"
        taken.add(name)
        yield name, value
