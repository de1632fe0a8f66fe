"""How a scalar of a seed file becomes a column's value: the model's own type and constraints, read by the column.

Each column gets one annotation for Pydantic. It reads text, since a document holds nothing else; a number that
was quoted is refused, so that the loader and the JSON Schema agree.
"""

from __future__ import annotations

import base64
import binascii
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    WrapValidator,
)
from pydantic_core import CoreSchema, core_schema, to_jsonable_python
from sqlalchemy import JSON, Column, DateTime, LargeBinary, Numeric, String, TypeDecorator
from sqlalchemy import Enum as EnumType

from dbtool import tables
from dbtool.seeding.documents import Moment, QuotedText, plain_value
from dbtool.seeding.problems import did_you_mean, listed, shown

_WRAPPERS: dict[str, Any] = {
    "before": BeforeValidator,
    "after": AfterValidator,
    "wrap": WrapValidator,
    "plain": PlainValidator,
}


Rounding = Callable[[Any], Callable[[Any], Any] | None]  # Database.rounding


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides a value apart from its column: the project's time zone, and what the database rounds."""

    zone: tzinfo
    rounding: Rounding


def annotation(column: Column[Any], rules: Rules) -> Any:
    """Return the annotation that validates this column's values and gives them as the database keeps them.

    The model's field decides type, constraints and validators; without a model the column does. A datetime
    becomes UTC; one without offset is in the project's time zone, where the column keeps time zones.
    """
    base = tables.python_type(column)
    parts = (
        *_constraints(column),
        *_own_validators(column),
        *_stored_form(column, base, rules),
        *_readers(column, base),
    )
    nullable = (_Nullable(),) if column.nullable and not column.primary_key else ()
    plain = _without_zone_rule(column, base)
    return Annotated[(plain, *parts, *nullable)] if parts or nullable else plain


class _Nullable:
    """Lets null pass all that stands before it. A union with None would ask for parts that have a hash."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.nullable_schema(handler(source))


def _without_zone_rule(column: Column[Any], base: Any) -> Any:
    """Return plain datetime for one that must be aware, since the project's time zone makes it so."""
    return datetime if base is AwareDatetime else base


def _constraints(column: Column[Any]) -> Iterator[Any]:
    """Yield the field's constraints, and those of the column that the field does not have itself."""
    field = tables.field_of(column)
    own = tuple(field.metadata) if field is not None else ()
    yield from own
    kind, base = tables.sql_type(column), tables.python_type(column)
    if isinstance(kind, (String, LargeBinary)) and kind.length and not isinstance(kind, EnumType):
        yield from _unless(own, ("max_length",), Field(max_length=kind.length))
    if isinstance(kind, Numeric) and kind.asdecimal and kind.scale is not None:
        places = Field(max_digits=kind.precision, decimal_places=kind.scale)
        yield from _unless(own, ("max_digits", "decimal_places"), places)
    if _is_subclass(base, int) and not _is_subclass(base, (bool, Enum)):
        yield from _unless(own, ("ge", "gt"), Field(ge=-(2**63)))
        yield from _unless(own, ("le", "lt"), Field(lt=2**63))


def _unless(own: Sequence[Any], attributes: Sequence[str], constraint: Any) -> Iterator[Any]:
    """Yield a constraint where no other limits the same: Pydantic would only take the last."""
    if not any(getattr(each, name, None) is not None for each in own for name in attributes):
        yield constraint


def _own_validators(column: Column[Any]) -> Iterator[Any]:
    """Yield the model's `@field_validator` functions for this column, which a table model never runs itself."""
    model = tables.model_of(column.table)
    decorators = getattr(model, "__pydantic_decorators__", None)
    for decorator in decorators.field_validators.values() if decorators else ():
        if column.name in decorator.info.fields or "*" in decorator.info.fields:
            yield _WRAPPERS[decorator.info.mode](decorator.func)


def _stored_form(column: Column[Any], base: Any, rules: Rules) -> Iterator[Any]:
    yield from _bindable(column, base, rules.zone)
    rounded = rules.rounding(tables.sql_type(column))
    if rounded is not None:
        yield AfterValidator(rounded)


def _bindable(column: Column[Any], base: Any, zone: tzinfo) -> Iterator[Any]:
    kind = tables.sql_type(column)
    if isinstance(kind, DateTime):
        yield AfterValidator(_in_utc(zone) if kind.timezone else _naive)
    elif isinstance(kind, EnumType):
        return
    elif _is_subclass(base, Enum):
        yield AfterValidator(lambda member: member.value)
    elif isinstance(kind, String) and not _is_subclass(base, str):
        yield AfterValidator(str)
    elif isinstance(kind, JSON) and not isinstance(column.type, TypeDecorator):
        yield AfterValidator(to_jsonable_python)


def _readers(column: Column[Any], base: Any) -> Iterator[Any]:
    """Yield what reads the text first. Pydantic runs the last of these before all others."""
    kind = tables.sql_type(column)
    if _is_subclass(base, Enum):
        yield BeforeValidator(_member_of({str(member.value): member for member in base}))
    elif isinstance(kind, EnumType) and kind.enum_class is None:
        yield BeforeValidator(_member_of({name: name for name in kind.enums}))
    elif _is_subclass(base, bool):
        yield BeforeValidator(_truth)
    elif _is_subclass(base, int):
        yield BeforeValidator(_unquoted)
    elif _is_subclass(base, float):
        yield Field(allow_inf_nan=False)
        yield BeforeValidator(_unquoted)
    elif _is_subclass(base, Decimal):
        yield Field(allow_inf_nan=False)
    elif isinstance(kind, DateTime) and not kind.timezone:
        yield BeforeValidator(_naively)
    elif isinstance(kind, DateTime) or _is_subclass(base, datetime):
        yield BeforeValidator(_dated)
    elif _is_subclass(base, date):
        yield BeforeValidator(_day)
    elif _is_subclass(base, time):
        yield BeforeValidator(_clock)
    elif isinstance(kind, LargeBinary):
        yield BeforeValidator(_binary)
    elif is_open(base):
        yield BeforeValidator(plain_value)


def _is_subclass(base: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(base, type) and issubclass(base, kind)


def is_open(annotated: Any) -> bool:
    """Whether an annotation leaves the type of some scalar open, so that YAML has to say it."""
    if get_origin(annotated) in (Union, types.UnionType):
        return True
    bare = annotated in (Any, object, dict, list, tuple, set)
    return bare or any(is_open(argument) for argument in get_args(annotated))


_TRUTH = {
    word: value
    for value, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
    for each in words
    for word in (each, each.capitalize(), each.upper())
}


def _truth(value: Any) -> Any:
    if value is True or value is False:
        return value
    if isinstance(value, QuotedText) or not isinstance(value, str) or value not in _TRUTH:
        raise ValueError("should be true or false")
    return _TRUTH[value]


def _unquoted(value: Any) -> Any:
    if value is True or value is False:
        raise ValueError("should be a number, not true or false")
    if type(value) is QuotedText:
        raise ValueError("is quoted, so it is text, where a number is meant")
    return value


def _dated(value: Any) -> Any:
    """Refuse a bare number, which Pydantic would take for seconds since 1970."""
    if isinstance(value, Moment):
        return value.at
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or value[4:5] != "-":
        raise ValueError("should be a date such as 2025-01-31")
    return value


def _naively(value: Any) -> Any:
    return _naive(value.at) if isinstance(value, Moment) else _dated(value)


def _binary(value: Any) -> Any:
    """Take bytes as JSON and CSV can hold them: `{"$base64": "..."}`, or a cell such as `base64:AAE=`."""
    if isinstance(value, dict) and value.keys() == {"$base64"}:
        value = f"base64:{value['$base64']}"
    if not isinstance(value, str) or not value.startswith("base64:"):
        return value
    try:
        return base64.b64decode(value.removeprefix("base64:"), validate=True)
    except binascii.Error as error:
        raise ValueError("is no base64") from error


def _day(value: Any) -> Any:
    return value.at.date() if isinstance(value, Moment) else _dated(value)


def _clock(value: Any) -> Any:
    if isinstance(value, Moment):
        return value.at.time()
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or ":" not in value:
        raise ValueError("should be a time such as 12:30")
    return value


def _member_of(members: dict[str, Any]) -> Callable[[Any], Any]:
    def member(value: Any) -> Any:
        if isinstance(value, str) and value in members:
            return members[value]
        near = did_you_mean(value, members) if isinstance(value, str) else ""
        raise ValueError(f"should be {listed(members, 'or')}, not {shown(value)}{near}")

    return member


def _in_utc(zone: tzinfo) -> Callable[[datetime], datetime]:
    def in_utc(value: datetime) -> datetime:
        aware = value if value.tzinfo else value.replace(tzinfo=zone)
        try:
            return aware.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is outside of the years 1 to 9999 in UTC") from error

    return in_utc


def _naive(value: datetime) -> datetime:
    """Return a datetime for a column that keeps no time zone: as written, or in UTC where an offset was given."""
    return _in_utc(UTC)(value).replace(tzinfo=None) if value.tzinfo else value
