"""A column compared with texts, by what it holds: a whole day, floats of four bytes, parts of what is shown."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Column, ColumnElement, String, and_, cast, false, func, not_, or_, types

from dbtool.rows.codec import enum_words, kind_of, parse
from dbtool.rows.operators import SAME
from dbtool.tables import sql_type

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def compared(column: Column[Any], operator: str, texts: Sequence[str], zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column with as many texts as the operator takes. Raises ValueError when one of them does not fit."""
    if operator in _TESTS:
        return _TESTS[operator](column)
    if operator in _SEARCHES:
        return _SEARCHES[operator](column, texts[0])
    match operator:
        case "between":
            low, high = texts
            return and_(_measured(column, "ge", low, zone), _measured(column, "le", high, zone))
        case "in" | "not_in":
            found = _one_of(column, texts, zone)
            return found if operator == "in" else not_(found)
    return _measured(column, operator, texts[0], zone)


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Search in a value as it is shown, whichever its type; upper and lower case are the same."""
    members = enum_words(column.type)
    if members:
        folded = text.casefold()
        return column.in_([_member(column, word) for word in members if folded in word.casefold()])
    return _text_of(column).icontains(text, autoescape=True)


# Values


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
    if operator in SAME:
        found = column.in_(sorted({value, single}))
        return found if operator == "eq" else not_(found)
    return _MEASURES[operator](column, (min if operator in ("lt", "ge") else max)(value, single))


_Measure = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]
_MEASURES: Mapping[str, _Measure] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}


# Texts


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
