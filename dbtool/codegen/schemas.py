"""Pydantic classes for requests and responses, three for each model: `UnitCreate`, `UnitUpdate`, `UnitPublic`.

Ordinary SQLModel classes without a table, which stand alone; the models' own enums, factories and validators of
fields are imported. Relations, and validators of whole models, stay out: `Unit.model_validate(create)` runs the latter.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from dbtool import tables
from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.fields import columns_of, field_of, is_private, mapper_of
from dbtool.codegen.header import header
from dbtool.codegen.stubs.syntax import WIDTH, signature
from dbtool.mapped import models

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData

Form = Literal["Create", "Update", "Public"]
FORMS: tuple[Form, ...] = ("Create", "Update", "Public")
ABOUT = '''"""Requests and responses of the models: what makes a row, what changes one, what is shown of one.

`Model.model_validate(create)` makes a row, `row.sqlmodel_update(update.model_dump(exclude_unset=True))` changes one and
leaves alone what was not given, `ModelPublic.model_validate(row)` shows one.
"""
'''
RULES = ("gt", "ge", "lt", "le", "multiple_of", "max_digits", "decimal_places", "min_length", "max_length", "pattern")


def schemas(metadata: MetaData) -> str:
    """Return the text of a module with the three classes of each model, in the order of the tables."""
    found = models(metadata)
    bound: dict[str, object] = {f"{model.__name__}{form}": None for model in found for form in FORMS}
    # A field hides, from the annotations of its class, what has its name: `date: date` needs another name for the type.
    bound |= {name: None for model in found for name in model.model_fields}
    home = found[0].__module__.partition(".")[0] if found else ""
    names = Names(bound=bound, home=home)
    classes = ["\n".join(_Class(model, form, names).lines()) for model in found for form in FORMS]
    return "\n".join([header(metadata) + ABOUT, names.imports(), *(f"\n{each}\n" for each in classes)])


@dataclass
class _Class:
    """One class on its way to text."""

    model: type[Any]
    form: Form
    names: Names
    columns: dict[str, tuple[Column[Any], ...]] = field(init=False)
    has_bytes: bool = field(default=False, init=False)
    has_validator: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.columns = {name: columns_of(self.model, name) for name in self.model.model_fields}

    def lines(self) -> list[str]:
        """Return the lines of the class."""
        shown = [name for name in self.model.model_fields if self._is_shown(name)]
        fields = [line for name in shown for line in self._field(name)]
        validators = list(self._validators(shown))
        head = [f"class {self.model.__name__}{self.form}({self.names.use('sqlmodel', 'SQLModel')}):", *self._about()]
        parts = [part for part in (self._config(), fields, validators) if part]
        return [*head, *(line for part in parts for line in ("", *(f"    {each}" if each else "" for each in part)))]

    def _about(self) -> Iterator[str]:
        name = self.model.__name__
        told = (inspect.cleandoc(vars(self.model).get("__doc__") or "").splitlines() or [""])[0]
        told = told if '"' not in told and "\\" not in told and len(told) < 100 else ""
        texts = {
            "Create": f"{name}, as it is given to be made.",
            "Update": f"{name}, as it is changed; what is not given stays.",
            "Public": told or f"{name}, as it is shown.",
        }
        yield f'    """{texts[self.form]}"""'

    def _config(self) -> list[str]:
        """Return the configuration of a class with bytes, which JSON holds as base64."""
        if not self.has_bytes:
            return []
        config = self.names.use("sqlmodel._compat", "SQLModelConfig")  # all that strict checkers accept
        return [f'model_config = {config}(ser_json_bytes="base64", val_json_bytes="base64")']

    # Which fields

    def _is_shown(self, name: str) -> bool:
        columns = self.columns[name]
        if not columns:
            return False
        if self.form == "Public":
            return not is_private(self.model, name)
        discriminator = mapper_of(self.model).polymorphic_on
        if not all(tables.is_given(column) for column in columns) or any(each is discriminator for each in columns):
            return False
        if self.form == "Update" and any(column.onupdate is not None for column in columns):
            return False
        if columns[-1].primary_key:
            return self.form == "Create" and not self._is_generated(name, columns[-1])
        return True

    def _is_generated(self, name: str, column: Column[Any]) -> bool:
        """Whether a primary key comes from the database or the model; one that is a foreign key never does."""
        field = field_of(self.model, name)
        if column.foreign_keys:
            return False
        has_default = field is not None and not field.is_required()
        return has_default or column is column.table.autoincrement_column or column.server_default is not None

    # One field

    def _field(self, name: str) -> tuple[str, ...]:
        column, field = self.columns[name][-1], field_of(self.model, name)
        annotation = self._annotation(column, field)
        self.has_bytes |= bytes in (annotation, *get_args(annotation))
        start = f"{name}: {self.names.type(annotation)}"
        default = self._default(name, column, field, annotation)
        rules = [*self._rules(column, field)] if self.form != "Public" else []
        description = getattr(field, "description", None)
        told = [f"description={literal(description)}"] if description else []
        given = None if self.form == "Update" else getattr(field, "default", None)
        is_plain = default.startswith("default=") and _fits(given, annotation)
        if not rules and not told and (is_plain or not default):
            return _wrapped(f"{start} = {default.removeprefix('default=')}" if default else start)
        arguments = [each for each in (default, *rules, *told) if each]
        return _call(f"{start} = {self.names.use('sqlmodel', 'Field')}(", arguments)

    def _annotation(self, column: Column[Any], field: Any) -> Any:
        """Return the type of a field: of a response without null where the column holds none."""
        annotation = Any if field is None else field.annotation
        always = not column.nullable and (self.form != "Create" or column.primary_key)
        if always and annotation is not Any:
            annotation = _present(annotation)
        return _told_apart(annotation, column) if self.form != "Public" else annotation

    def _default(self, name: str, column: Column[Any], field: Any, annotation: Any) -> str:
        if self.form == "Public" or field is None or (self.form == "Create" and column.primary_key):
            return ""
        if self.form == "Update":
            return "default=None"
        if field.default_factory is not None:
            return self._factory(name, field)
        if field.is_required():
            return ""
        text = self._constant(field.default)
        return f"default={text}" if text else self._taken(name)

    def _factory(self, name: str, field: Any) -> str:
        """Return the model's own factory, by name where it has one that can be imported."""
        factory = field.default_factory
        module, named = str(getattr(factory, "__module__", "")), str(getattr(factory, "__qualname__", ""))
        if getattr(sys.modules.get(module), named, None) is not factory or not _takes_nothing(factory):
            return self._taken(name)
        if isinstance(factory, type):
            return f"default_factory={self.names.of(factory)}"
        return f"default_factory={self.names.use(module, named)}"

    def _taken(self, name: str) -> str:
        """Return a factory that asks the model for its default, whatever makes it."""
        asked = f'{self.names.of(self.model)}.model_fields["{name}"].get_default(call_default_factory=True)'
        return f"default_factory=lambda: {asked}"

    def _constant(self, value: Any) -> str:
        """Return a default as it is written, or nothing for what cannot be."""
        if isinstance(value, Enum):
            return f"{self.names.of(type(value))}.{value.name}" if value.name else ""
        if value is None or type(value) in (bool, int, str, bytes) or (type(value) is float and value == value):
            return literal(value) if abs(value if isinstance(value, float) else 0) != float("inf") else ""
        if type(value) in (Decimal, UUID):
            return f'{self.names.of(type(value))}("{value}")'
        if isinstance(value, timedelta):
            return f"{self.names.of(timedelta)}({', '.join(_parts(value))})"
        if type(value) is date or (type(value) in (datetime, time) and value.tzinfo is None):
            return self.names.of(type(value)) + repr(value)[repr(value).index("(") :]
        return ""

    def _rules(self, column: Column[Any], field: Any) -> Iterator[str]:
        """Yield what the model demands of a value, and the column's length where the model names none."""
        found: dict[str, Any] = {}
        for each in getattr(field, "metadata", ()):
            found |= {rule: value for rule in RULES if (value := getattr(each, rule, None)) is not None}
        length = getattr(tables.sql_type(column), "length", None)
        if isinstance(length, int) and type(tables.sql_type(column)).__name__ != "Enum":
            found.setdefault("max_length", length)
        pattern = found.pop("pattern", None)
        for rule, value in found.items():
            yield f"{rule}={literal(float(value) if isinstance(value, Decimal) else value)}"
        if pattern is not None:
            yield f'schema_extra={{"pattern": {literal(getattr(pattern, "pattern", pattern))}}}'

    # Validators

    def _validators(self, shown: Iterable[str]) -> Iterator[str]:
        """Yield the model's validators of fields; an update runs only those that look at nothing but their value."""
        if self.form == "Public":
            return
        for name, decorator in self.model.__pydantic_decorators__.field_validators.items():
            checked = [each for each in decorator.info.fields if each in shown or each == "*"]
            alone = _positional(decorator.func) == 1
            usable = decorator.info.mode != "wrap" and hasattr(self.model, name)
            if checked and usable and (alone or self.form == "Create"):
                yield from self._validator(name, checked, decorator.info.mode, alone=alone)

    def _validator(self, name: str, checked: Iterable[str], mode: str, *, alone: bool) -> Iterator[str]:
        """Yield a method that asks the model's own: Pydantic would unbind that, were it given as it is."""
        listed = ", ".join(f'"{each}"' for each in checked)
        told = "" if mode == "after" else f', mode="{mode}"'
        value = f"value: {self.names.any()}"
        if not alone:
            value += f", info: {self.names.use('pydantic', 'ValidationInfo')}"
        yield from ("",) if self.has_validator else ()
        self.has_validator = True
        yield from _call(f"@{self.names.use('pydantic', 'field_validator')}(", [listed + told])
        yield "@classmethod"
        yield f"def _{name.strip('_')}(cls, {value}) -> {self.names.any()}:"
        yield f"    return {self.names.of(self.model)}.{name}(value{'' if alone else ', info'})"


def _positional(function: Any) -> int:
    return len(inspect.signature(function).parameters)


def _fits(value: Any, annotation: Any) -> bool:
    """Whether a checker takes a default for a value of its type, as it stands."""
    if annotation is Any or get_origin(annotation) is Literal:
        return annotation is Any or value in get_args(annotation)
    return type(value) in (get_args(annotation) or (annotation,))


def _present(annotation: Any) -> Any:
    """Return a type without None."""
    members = tuple(each for each in get_args(annotation) if each is not type(None))
    if type(None) not in get_args(annotation) or not members:
        return annotation
    return members[0] if len(members) == 1 else Union[members]  # noqa: UP007


def _told_apart(annotation: Any, column: Column[Any]) -> Any:
    """Return the type for times that this column can store: with an offset, or without one."""
    from pydantic import AwareDatetime, NaiveDatetime

    if datetime not in (annotation, *get_args(annotation)):
        return annotation
    kind: Any = AwareDatetime if getattr(tables.sql_type(column), "timezone", False) else NaiveDatetime
    members = tuple(kind if each is datetime else each for each in get_args(annotation))
    return Union[members] if members else kind  # noqa: UP007


def _takes_nothing(factory: Any) -> bool:
    if isinstance(factory, type):
        return True
    try:
        return not inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False


def _parts(value: timedelta) -> Iterator[str]:
    for name in ("days", "seconds", "microseconds"):
        if getattr(value, name):
            yield f"{name}={getattr(value, name)}"


def _call(start: str, arguments: list[str]) -> tuple[str, ...]:
    """Return a call in lines as ruff has them; a text that no line holds stays whole."""
    lines = signature(start, arguments, ")", WIDTH - 4)
    return tuple(f"{line}  # noqa: E501" if len(line) > WIDTH - 4 else line for line in lines)


def _wrapped(line: str) -> tuple[str, ...]:
    return (line if len(line) <= WIDTH - 4 else f"{line}  # fmt: skip  # noqa: E501",)
