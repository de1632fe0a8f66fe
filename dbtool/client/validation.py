"""How values become a row: checked and converted by the model's own fields, as Pydantic would, but without objects.

A table model validates nothing in its constructor. Its fields are taken into a schema of dictionaries, in which a
column that the database fills has no default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError

from dbtool.client.refusals import unknown_key
from dbtool.errors import InvalidDataError

if TYPE_CHECKING:
    from sqlalchemy import Column

_SHOWN = 10  # problems in one error


class Validation:
    """Checks the values of one model."""

    def __init__(self, model: type[Any], columns: Mapping[str, Column[Any]], is_filled: Callable[[str], bool]) -> None:
        self._model = model
        self._columns = columns
        self._is_filled = is_filled
        self.aware = tuple(name for name, column in columns.items() if type(column.type).__name__ == "UTCDateTime")

    def row(self, values: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Return the values of a new row, with its defaults. Raises InvalidDataError and UnknownKeyError."""
        try:
            row: dict[str, Any] = self._row.validate_python(values)
        except ValidationError as error:
            raise self._error(error, path) from error
        self._check_aware(row, path)
        return self._checked_as_a_whole(row, path)

    def rows(self, values: Sequence[Mapping[str, Any]], first: int) -> list[dict[str, Any]]:
        """Return the values of new rows, of which the first has this number."""
        try:
            rows: list[dict[str, Any]] = self._rows.validate_python(values)
        except ValidationError as error:
            raise self._error(error, "create_many", first) from error
        if self.aware:
            for number, row in enumerate(rows, first):
                self._check_aware(row, f"create_many.{number}")
        if self._has_rules:
            rows = [self._checked_as_a_whole(row, f"create_many.{first + n}") for n, row in enumerate(rows)]
        return rows

    def some(self, values: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Return the values of a row's change; what is not given stays out."""
        try:
            changed: dict[str, Any] = self._some.validate_python(values)
        except ValidationError as error:
            raise self._error(error, path) from error
        self._check_aware(changed, path)
        return changed

    def is_required(self, name: str) -> bool:
        """Whether a new row must give this value."""
        field = self._fields[0].get(name)
        return field is not None and field["schema"]["type"] != "default" and not self._is_filled(name)

    @cached_property
    def _row(self) -> SchemaValidator:
        return self._compiled(self._dictionary(self._with_default))

    @cached_property
    def _rows(self) -> SchemaValidator:
        return self._compiled({"type": "list", "items_schema": self._dictionary(self._with_default)})

    @cached_property
    def _some(self) -> SchemaValidator:
        return self._compiled(self._dictionary(self._optional))

    @cached_property
    def _has_rules(self) -> bool:
        """Whether the model checks itself as a whole."""
        decorators = getattr(self._model, "__pydantic_decorators__", None)
        return bool(decorators and decorators.model_validators)

    @cached_property
    def _fields(self) -> tuple[dict[str, Any], list[Any], Any]:
        """Return the schemas of the model's fields, the definitions that they refer to, and the configuration."""
        schema: Any = self._model.__pydantic_core_schema__
        definitions = []
        while schema["type"] != "model-fields":
            if schema["type"] == "definitions":
                definitions += schema["definitions"]
            if schema["type"] == "definition-ref":
                schema = next(each for each in definitions if each.get("ref") == schema["schema_ref"])
            else:
                schema = schema["schema"]
        return schema["fields"], definitions, getattr(self._model, "model_config", {})

    def _dictionary(self, field: Callable[[str, Any], dict[str, Any]]) -> dict[str, Any]:
        fields = self._fields[0]
        known = {name: field(name, fields[name]["schema"]) for name in self._columns if name in fields}
        mapped = {name: _anything(self._columns[name]) for name in self._columns if name not in fields}
        return {"type": "typed-dict", "fields": {**known, **mapped}, "extra_behavior": "forbid"}

    def _with_default(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        if self._is_filled(name):
            return self._optional(name, schema)
        return {"type": "typed-dict-field", "schema": schema, "required": schema["type"] != "default"}

    def _optional(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        inner = schema["schema"] if schema["type"] == "default" else schema
        return {"type": "typed-dict-field", "schema": inner, "required": False}

    def _compiled(self, schema: dict[str, Any]) -> SchemaValidator:
        _, definitions, config = self._fields
        if definitions:
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        names = ("str_strip_whitespace", "str_to_lower", "str_to_upper", "strict", "coerce_numbers_to_str")
        kept: Any = {name: config[name] for name in names if name in config}
        return SchemaValidator(schema, kept or None)

    def _checked_as_a_whole(self, row: dict[str, Any], path: str) -> dict[str, Any]:
        if not self._has_rules:
            return row
        try:
            made = self._model.model_validate(row)
        except ValidationError as error:
            raise self._error(error, path) from error
        return {name: getattr(made, name) for name in self._columns if name in row}

    def _check_aware(self, row: Mapping[str, Any], path: str) -> None:
        for name in self.aware:
            value = row.get(name)
            if isinstance(value, datetime) and value.tzinfo is None:
                raise InvalidDataError(
                    f"`{self._model.__name__}.{name}` ({path}.{name}): the time has no time zone",
                    hint="datetime.now(UTC), or .replace(tzinfo=UTC)",
                )

    def _error(self, error: ValidationError, path: str, first: int | None = None) -> Exception:
        found = error.errors(include_url=False)
        for each in found:
            if each["type"] == "extra_forbidden":
                where = ".".join([path, *(str(part) for part in each["loc"][:-1])])
                return unknown_key(str(each["loc"][-1]), f"{self._model.__name__}'s data", where, self._columns)
        problems = [self._problem(each, path, first) for each in found]
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        return InvalidDataError(problems[0], problems=[*problems[1:_SHOWN], *more])

    def _problem(self, problem: Any, path: str, first: int | None) -> str:
        location = list(problem["loc"])
        parts = [path]
        if first is not None and location and isinstance(location[0], int):
            parts.append(str(first + location.pop(0)))
        name = ".".join(str(part) for part in location)
        at = ".".join([*parts, name] if name else parts)
        return f"`{self._model.__name__}{'.' + name if name else ''}` ({at}): {problem['msg']}"


def conflicting(model: str, names: Iterable[str], path: str) -> InvalidDataError:
    """Return the error for a foreign key that is given twice."""
    listed = " and ".join(f"`{name}`" for name in names)
    return InvalidDataError(f"`{model}` ({path}): {listed} say the same", hint="give only one of them")


def _anything(column: Column[Any]) -> dict[str, Any]:
    return {"type": "typed-dict-field", "schema": {"type": "any"}, "required": False}
