"""Which rows: conditions as people type them and as a grid sends them, as expressions with bound values."""

from __future__ import annotations

import re
import shlex
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    String,
    Table,
    and_,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    types,
)

from dbtool.errors import ConditionError
from dbtool.rows.codec import enum_words, expected, kind_of, parse
from dbtool.rows.find import find_column_or_reference
from dbtool.rows.labels import NULL, label, locate
from dbtool.tables import sql_type, target_of

_CONDITION = re.compile(r"(?P<name>[^=!<>~]+?)\s*(?P<operator>!=|<=|>=|=|<|>|~)(?P<value>.*)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIGNS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "~": "contains"}
ANY_NUMBER = -1


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was typed, in its parts."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition in parts: a column or relation, the id of an operator, and as many values as it takes."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """How a column can be compared: `values` is how many it takes, -1 for any number."""

    id: str
    label: str
    values: int


_OPERATORS = {
    operator.id: operator
    for operator in (
        Operator("eq", "=", 1),
        Operator("ne", "≠", 1),
        Operator("lt", "<", 1),
        Operator("le", "≤", 1),
        Operator("gt", ">", 1),
        Operator("ge", "≥", 1),
        Operator("contains", "contains", 1),
        Operator("not_contains", "does not contain", 1),
        Operator("starts", "starts with", 1),
        Operator("ends", "ends with", 1),
        Operator("in", "one of", ANY_NUMBER),
        Operator("not_in", "none of", ANY_NUMBER),
        Operator("between", "between", 2),
        Operator("null", "is NULL", 0),
        Operator("not_null", "is not NULL", 0),
        Operator("empty", "is empty", 0),
        Operator("not_empty", "is not empty", 0),
    )
}
_SAME, _SEVERAL = ("eq", "ne"), ("in", "not_in")
_ORDERED = (*_SAME, "lt", "le", "gt", "ge", "between", *_SEVERAL)
_FOUND, _EMPTY = ("contains", "not_contains"), ("empty", "not_empty")
_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "text": (*_FOUND, *_SAME, "starts", "ends", *_SEVERAL, "lt", "le", "gt", "ge", "between", *_EMPTY),
    "enum": (*_SAME, *_SEVERAL),
    "boolean": _SAME,
    "uuid": (*_SAME, *_SEVERAL, *_FOUND),
    "bytes": (*_SAME, *_EMPTY),
    "json": _FOUND,
    "other": _FOUND,
}
_OF_REFERENCES = (*_SAME, *_SEVERAL, *_FOUND)


class _UnfitError(Exception):
    """A value does not fit; `example` is what would, with `operator` where the wanted one is no good."""

    def __init__(self, message: str, column: str, operator: str, example: str, also: str = "") -> None:
        super().__init__(message)
        self.column = column
        self.operator = operator
        self.example = example
        self.also = also


def read_condition(text: str) -> Condition:
    """Split a condition at its operator. Raises ConditionError when there is none."""
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ConditionError(
            f"`{text}` is no condition", hint="--where column=value; also != < <= > >= and ~ for a part of a text"
        )
    name, operator, value = found.group("name", "operator", "value")
    return Condition(name.strip(), operator, value.removeprefix(" "))


def typed_clause(connection: Connection, table: Table, condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    """Return a typed condition as an expression; `null` means NULL, a value of a relation its natural key.

    Raises ColumnNotFoundError, ConditionError and RecordNotFoundError.
    """
    check_text(condition.value)
    try:
        return _clause(connection, table, _as_filter(condition), zone)
    except _UnfitError as error:
        sign = next(sign for sign, operator in _SIGNS.items() if operator == error.operator)
        hint = f"--where {shlex.quote(f'{error.column}{sign}{error.example}')}{error.also}"
        raise ConditionError(str(error), hint=hint) from error


def filter_clause(connection: Connection, table: Table, wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    """Return a filter as an expression; a value of a relation is its natural key.

    As in SQL, a comparison with a value is true of no NULL, `not_in` and `not_contains` included. Raises
    ColumnNotFoundError, ConditionError and RecordNotFoundError.
    """
    check_text(*wanted.values)
    operator = _OPERATORS.get(wanted.operator)
    if operator is None:
        raise ConditionError(f"there is no operator `{wanted.operator}`", hint=f"one of {', '.join(_OPERATORS)}")
    if operator.values not in (ANY_NUMBER, len(wanted.values)):
        raise ConditionError(
            f"`{operator.label}` takes {operator.values} values, not {len(wanted.values)}",
            hint=f"give {operator.values}",
        )
    try:
        return _clause(connection, table, wanted, zone)
    except _UnfitError as error:
        hint = f"{error.column} {_OPERATORS[error.operator].label} {error.example}"
        raise ConditionError(str(error), hint=hint) from error


def search_clause(table: Table, text: str) -> ColumnElement[bool] | None:
    """Look for a text in every column that holds text, and for a primary key that it is; None where it is empty."""
    check_text(text)
    if not text:
        return None
    searched = [contains(column, text) for column in table.columns if kind_of(column.type) in ("text", "enum", "uuid")]
    (*primary,) = table.primary_key.columns
    if len(primary) == 1 and kind_of(primary[0].type) == "integer" and re.fullmatch(r"\d{1,18}", text):
        searched.append(primary[0] == int(text))
    return or_(false(), *searched)


def check_text(*texts: str) -> None:
    """Raise ConditionError for a text that no database takes: half of a surrogate pair."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        raise ConditionError("this text is no Unicode", hint="type it anew") from error


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Search in a value as it is shown, whichever its type; upper and lower case are the same."""
    members = enum_words(column.type)
    if members:
        folded = text.casefold()
        return column.in_([_member(column, word) for word in members if folded in word.casefold()])
    return _text_of(column).icontains(text, autoescape=True)


def operators(column: Column[Any]) -> tuple[Operator, ...]:
    """Return how a column can be compared, the usual ways first."""
    names = _BY_KIND.get(kind_of(column.type), _ORDERED)
    return tuple(_OPERATORS[name] for name in (*names, *(("null", "not_null") if column.nullable else ())))


def reference_operators() -> tuple[Operator, ...]:
    """Return how a relation can be compared, by the natural key of the row that it leads to."""
    return tuple(_OPERATORS[name] for name in (*_OF_REFERENCES, "null", "not_null"))


def _as_filter(condition: Condition) -> Filter:
    if condition.value == NULL and condition.operator in ("=", "!="):
        return Filter(condition.name, "null" if condition.operator == "=" else "not_null")
    return Filter(condition.name, _SIGNS[condition.operator], (condition.value,))


def _clause(connection: Connection, table: Table, wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    found = find_column_or_reference(table, wanted.column)
    if isinstance(found, ForeignKeyConstraint):
        return _on_reference(connection, found, wanted, zone)
    return _on_column(connection, found, wanted, zone)


# A column


def _on_column(connection: Connection, column: Column[Any], wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column; what does not fit a foreign key of its own is taken for a natural key."""
    key = next((key for key in column.table.foreign_key_constraints if list(key.columns) == [column]), None)
    try:
        return _compared(column, wanted, zone)
    except ValueError as error:
        if key is not None and wanted.operator in (*_SAME, *_SEVERAL):
            return _on_reference(connection, key, wanted, zone)
        raise _unfit(column, wanted, zone) from error


def _compared(column: Column[Any], wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column with texts. Raises ValueError when one of them does not fit."""
    if wanted.operator in _TESTS:
        return _TESTS[wanted.operator](column)
    if wanted.operator in _SEARCHES:
        return _SEARCHES[wanted.operator](column, wanted.values[0])
    match wanted.operator:
        case "between":
            low, high = wanted.values
            return and_(_measured(column, "ge", low, zone), _measured(column, "le", high, zone))
        case "in" | "not_in":
            found = _one_of(column, wanted.values, zone)
            return found if wanted.operator == "in" else not_(found)
    return _measured(column, wanted.operator, wanted.values[0], zone)


def _one_of(column: Column[Any], texts: Sequence[str], zone: tzinfo) -> ColumnElement[bool]:
    if kind_of(column.type) in ("float", "datetime", "json"):
        return or_(false(), *(_measured(column, "eq", text, zone) for text in texts))
    return column.in_([parse(text, column.type, zone) for text in texts])


def _measured(column: Column[Any], operator: str, text: str, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column with one value. Raises ValueError when it does not fit."""
    kind = kind_of(column.type)
    if kind == "datetime" and _DAY.fullmatch(text):
        return _on_day(column, operator, parse(text, column.type, zone))
    value = parse(text, column.type, zone)
    if kind == "json":
        raise ValueError(text)
    if kind == "float" and not isinstance(sql_type(column), types.Double):
        return _near(column, operator, value)
    return _MEASURES[operator](column, value)


_Measure = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]
_MEASURES: Mapping[str, _Measure] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}


def _on_day(column: Column[Any], operator: str, start: datetime) -> ColumnElement[bool]:
    """Compare times with a whole day: `eq` is any time of it, `le` is until its end."""
    last = start.date() == date.max
    end = start.replace(hour=23, minute=59, second=59, microsecond=999_999) if last else start + timedelta(days=1)
    match operator:
        case "eq":
            return and_(column >= start, column < end)
        case "ne":
            return or_(column < start, column >= end)
        case "lt" | "ge":
            return _MEASURES[operator](column, start)
    return column < end if operator == "le" else column >= end


def _near(column: Column[Any], operator: str, value: float) -> ColumnElement[bool]:
    """Compare a column that may hold floats of four bytes, as MariaDB's FLOAT does, where 87.3 is 87.30000305."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        single = value
    if operator in _SAME:
        found = column.in_(sorted({value, single}))
        return found if operator == "eq" else not_(found)
    return _MEASURES[operator](column, (min if operator in ("lt", "ge") else max)(value, single))


def _member(column: ColumnElement[Any], word: str) -> Any:
    kind = column.type if isinstance(column.type, types.Enum) else getattr(column.type, "impl_instance", None)
    known = getattr(kind, "enum_class", None)
    return word if known is None else next(member for member in known if str(member.value) == word)


def _text_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column if kind_of(column.type) == "text" else cast(column, String)


def _is_empty(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.length(column) == 0 if kind_of(column.type) == "bytes" else _text_of(column) == ""


_TESTS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[bool]]] = {
    "null": lambda column: column.is_(None),
    "not_null": lambda column: column.is_not(None),
    "empty": _is_empty,
    "not_empty": lambda column: not_(_is_empty(column)),
}
_SEARCHES: Mapping[str, _Measure] = {
    "contains": contains,
    "not_contains": lambda column, text: not_(contains(column, text)),
    "starts": lambda column, text: _text_of(column).istartswith(text, autoescape=True),
    "ends": lambda column, text: _text_of(column).iendswith(text, autoescape=True),
}


def _unfit(column: Column[Any], wanted: Filter, zone: tzinfo) -> _UnfitError:
    if kind_of(column.type) == "json":
        return _UnfitError(
            f"`{column.name}` holds JSON, which is only searched", column.name, "contains", wanted.values[0]
        )
    words, example = expected(column.type)
    wrong = next((text for text in wanted.values if not _fits(column, text, zone)), "")
    message = f"`{wrong}` does not fit `{column.table.name}.{column.name}`, which holds {words}"
    return _UnfitError(message, column.name, wanted.operator, example)


def _fits(column: Column[Any], text: str, zone: tzinfo) -> bool:
    try:
        parse(text, column.type, zone)
    except ValueError:
        return False
    return True


# A relation


def _on_reference(
    connection: Connection, key: ForeignKeyConstraint, wanted: Filter, zone: tzinfo
) -> ColumnElement[bool]:
    """Compare the natural key of the row that a foreign key points at."""
    local = list(key.columns)
    match wanted.operator:
        case "null":
            return or_(*(column.is_(None) for column in local))
        case "not_null":
            return and_(*(column.is_not(None) for column in local))
        case "eq" | "in":
            return or_(false(), *(_points_at(connection, key, text, zone) for text in wanted.values))
        case "ne" | "not_in":
            return not_(or_(false(), *(_points_at(connection, key, text, zone) for text in wanted.values)))
        case "contains":
            return _label_contains(key, wanted.values[0])
        case "not_contains":
            return and_(*(column.is_not(None) for column in local), not_(_label_contains(key, wanted.values[0])))
    raise _UnfitError(
        f"`{wanted.column}` is a relation, which is neither less nor greater",
        local[0].name,
        wanted.operator,
        wanted.values[0] if wanted.values else "",
        ", or = != ~",
    )


def _points_at(connection: Connection, key: ForeignKeyConstraint, text: str, zone: tzinfo) -> ColumnElement[bool]:
    target, remote = target_of(key)
    found = locate(connection, target, text, remote, zone)
    return and_(*(column == value for column, value in zip(key.columns, found, strict=True)))


def _label_contains(key: ForeignKeyConstraint, text: str) -> ColumnElement[bool]:
    target, remote = target_of(key)
    named = label(target)
    joined = [column == named.table.c[there.name] for column, there in zip(key.columns, remote, strict=True)]
    found = or_(false(), *(contains(part, text) for part in named.parts))
    return select(1).select_from(named.source).where(*joined, found).correlate(key.table).exists()
