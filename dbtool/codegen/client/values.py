"""The types of a column's values, of what filters them, and of what they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from sqlalchemy import ARRAY, JSON

from dbtool import tables
from dbtool.codegen.client.layout import WIDTH, bracketed, call, dictionary, quoted
from dbtool.codegen.client.models import Field
from dbtool.codegen.client.names import Imports, Names, camel

# The order matters: a bool is an int, and a datetime a date.
_SCALARS: Mapping[type, tuple[str, str]] = {
    bool: ("builtins", "Bool"),
    int: ("builtins", "Int"),
    float: ("builtins", "Float"),
    str: ("builtins", "Str"),
    bytes: ("builtins", "Bytes"),
    Decimal: ("decimal", "Decimal"),
    datetime: ("datetime", "DateTime"),
    date: ("datetime", "Date"),
    time: ("datetime", "Time"),
    timedelta: ("datetime", "TimeDelta"),
    UUID: ("uuid", "UUID"),
}
_NUMBERS = {"Int", "Float", "Decimal"}


@dataclass(frozen=True, slots=True)
class Value:
    """The type of a column's values. `kind` begins the name of its filter; JSON has none.

    `own` means that the filter stands in the module itself.
    """

    text: str
    kind: str
    nullable: bool
    own: bool = False

    @property
    def given(self) -> str:
        """What can be written into the column."""
        return f"{self.text} | None" if self.nullable and self.text != "Any" else self.text

    @property
    def is_number(self) -> bool:
        """Whether it can be added up."""
        return self.kind in _NUMBERS and not self.own


@dataclass(frozen=True, slots=True)
class Values:
    """The types of values in a module, and the `definitions` that they need there, by name."""

    names: Names
    imports: Imports
    indent: str
    definitions: dict[str, str] = field(default_factory=dict)
    _chosen: dict[Any, Value] = field(default_factory=dict)

    def of(self, owner: str, column: Field) -> Value:
        """Return the type of a column's values; a type of its own is named for its `owner` and the column."""
        annotation = _without_none(column.annotation)
        kind = tables.sql_type(column.column)
        if get_origin(annotation) is Literal:
            return self._choice(annotation, f"{owner}{camel(column.key)}", [], get_args(annotation), column.nullable)
        declared = annotation if isinstance(annotation, type) else None
        for found in (declared, _python_type(kind)):
            if isinstance(found, type) and issubclass(found, Enum):
                return self._enum(found, column.nullable)
        if isinstance(kind, JSON | ARRAY):
            return Value(self._json(annotation), "", column.nullable)
        return self._scalar(declared, column.nullable) or self._fallback(_python_type(kind), column.nullable)

    def filter(self, value: Value) -> str:
        """Return what can stand at a column in a `where`."""
        if not value.kind:
            return self.filters("JsonFilter")
        ending = " | None" if value.nullable else ""
        return f"{value.text} | {self._filter(value)}{ending}"

    def change(self, value: Value) -> str:
        """Return what a column can be set to."""
        if not value.kind:
            return value.given
        if value.is_number:
            operation = self.filters(f"{'Optional' if value.nullable else ''}{value.kind}Change")
        else:
            operation = f"{self.filters('SetTo')}[{value.given}]"
        return f"{value.text} | {operation}{' | None' if value.nullable else ''}"

    def filters(self, name: str) -> str:
        """Return what a type that all clients share is called here."""
        return f"{self.imports.use('dbtool.client', 'filters')}.{name}"

    def _filter(self, value: Value) -> str:
        name = f"{'Optional' if value.nullable else ''}{value.kind}Filter"
        if not value.own:
            return self.filters(name)
        if name not in self.definitions:
            several = f"{self.imports.use('collections.abc', 'Sequence')}[{value.text}]"
            base = f"{name.removesuffix('Filter')}In"
            self.definitions[base] = call(base, {"in": several, "not": value.given}, self.indent)
            listed = f"{self.filters('Listed')}[{value.text}, {value.given}]"
            self.definitions[name] = dictionary(name, {}, self.indent, bases=[base, listed], total=True)
        return name

    def _scalar(self, python: type | None, nullable: bool) -> Value | None:
        for known, (module, kind) in _SCALARS.items():
            if python is not None and issubclass(python, known):
                name = known.__name__
                text = self.imports.builtin(name) if module == "builtins" else self.imports.use(module, name)
                if known is Decimal:
                    text = f"{text} | {self.imports.builtin('int')}"
                return Value(text, kind, nullable)
        return None

    def _fallback(self, python: type | None, nullable: bool) -> Value:
        return self._scalar(python, nullable) or Value(self.imports.use("typing", "Any"), "", nullable)

    def _enum(self, enum: type[Enum], nullable: bool) -> Value:
        outer, _, inner = enum.__qualname__.partition(".")
        imported = self.imports.use(enum.__module__, outer)
        text = f"{imported}.{inner}" if inner else imported
        values = [member.value for member in enum] if issubclass(enum, str) else []
        return self._choice(enum, camel(enum.__name__), [text], values, nullable)

    def _choice(self, kind: Any, name: str, types: list[str], values: Any, nullable: bool) -> Value:
        """Return a type of a few values, with a name of its own where it is more than a class."""
        if kind not in self._chosen:
            while f"{name}Filter" in self.names.taken or f"{name}Value" in self.names.taken:
                name += "_"
            self.names.taken.update({f"{name}Filter", f"Optional{name}Filter", f"{name}Value", f"{name}Text"})
            text = self._alias(name, types, values) if values else types[0]
            self._chosen[kind] = Value(text, name, nullable=False, own=True)
        return replace(self._chosen[kind], nullable=nullable)

    def _alias(self, name: str, types: list[str], values: Any) -> str:
        """Name the type of an enum's members and of their values; these apart where they are too many for a line."""
        texts = [quoted(each) if isinstance(each, str) else repr(each) for each in values]
        literal = f"{self.imports.use('typing', 'Literal')}["
        head = f"{{}}: {self.imports.use('typing', 'TypeAlias')} = "
        alias = head.format(f"{name}Value") + " | ".join([*types, f"{literal}{', '.join(texts)}]"])
        if len(self.indent + alias) > WIDTH:
            apart = head.format(f"{name}Text") + literal
            self.definitions[f"{name}Text"] = bracketed(apart, texts, "]", self.indent)
            alias = head.format(f"{name}Value") + " | ".join([*types, f"{name}Text"])
        self.definitions[f"{name}Value"] = self.indent + alias
        return f"{name}Value"

    def _json(self, annotation: Any) -> str:
        """Return the type of a JSON document, as far as it is made of builtins."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in (dict, list, set, tuple):
            inner = ", ".join("..." if each is Ellipsis else self._json(each) for each in arguments)
            return f"{self.imports.builtin(origin.__name__)}[{inner}]"
        if annotation in (str, int, float, bool):
            return self.imports.builtin(annotation.__name__)
        return self.imports.use("typing", "Any")


def _python_type(kind: Any) -> type | None:
    if getattr(kind, "enum_class", None) is not None:
        found: type = kind.enum_class
        return found
    try:
        python: type = kind.python_type
    except NotImplementedError:
        return None
    return python


def _without_none(annotation: Any) -> Any:
    """Return an annotation without None; a union of several others says nothing."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    members = [each for each in get_args(annotation) if each is not NoneType]
    return members[0] if len(members) == 1 else None
