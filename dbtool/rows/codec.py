"""Between text and value, by the type of the column: what people type, and what a driver returns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Dialect, types
from sqlalchemy.types import TypeEngine

Kind = Literal[
    "enum", "boolean", "integer", "float", "decimal", "datetime", "date", "time", "duration", "uuid", "bytes", "json",
    "text", "other",
]  # fmt: skip

# The first class that fits decides: an Enum is a String too, a Float a Numeric.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (types.Enum, "enum"),
    (types.Boolean, "boolean"),
    (types.Integer, "integer"),
    (types.Float, "float"),
    (types.Numeric, "decimal"),
    (types.DateTime, "datetime"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.Interval, "duration"),
    (types.Uuid, "uuid"),
    (types._Binary, "bytes"),  # the one base of BLOB, BYTEA and LONGBLOB
    (types.JSON, "json"),
    (types.ARRAY, "json"),
    (types.String, "text"),
)
_WORDS: dict[Kind, tuple[str, str]] = {
    "enum": ("one of its members", ""),
    "boolean": ("true or false", "true"),
    "integer": ("a whole number", "42"),
    "float": ("a number", "87.5"),
    "decimal": ("a number", "19.90"),
    "datetime": ("a time", "2025-01-31T18:30:00Z"),
    "date": ("a date", "2025-01-31"),
    "time": ("a time of day", "18:30"),
    "duration": ("a duration", "1 day, 2:30:00"),
    "uuid": ("a UUID", "12345678-1234-5678-1234-567812345678"),
    "bytes": ("bytes in hexadecimal", "00ff"),
    "json": ("JSON", "[1,2]"),
    "text": ("text", "text"),
    "other": ("a value", "text"),
}
_NUMBER = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
_DATE, _TIME = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?"
_ZONE = r"([zZ]|[+-]\d{2}(:?\d{2})?)?"
# What a typed text must look like, in what Python and JavaScript both read as a regular expression.
_PATTERNS: dict[Kind, str] = {
    "boolean": r"\s*([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF][fF]|[01])\s*",
    "integer": r"\s*[+-]?\d{1,19}\s*",
    "float": rf"{_NUMBER}|[+-]?(inf|nan|Infinity|NaN)",
    "decimal": _NUMBER,
    "datetime": rf"\s*{_DATE}([T ]{_TIME}{_ZONE})?\s*",
    "date": rf"\s*{_DATE}\s*",
    "time": rf"\s*{_TIME}{_ZONE}\s*",
    "duration": r"\s*(-?\d+ days?,?)?\s*(\d+:\d{2}(:\d{2}(\.\d+)?)?)?\s*",
    "uuid": r"\s*\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?\s*",
    "bytes": r"\s*(\\x|0x)?([0-9a-fA-F]{2}\s*)*",
}
_TRUE, _FALSE = ("true", "t", "yes", "on", "1"), ("false", "f", "no", "off", "0")
_BIGGEST = 2**63


def kind_of(column_type: TypeEngine[Any]) -> Kind:
    """Return what a column holds, as far as typing it goes; decorators such as SQLModel's are looked through."""
    base = _undecorated(column_type)
    if getattr(base, "display_width", None) == 1:  # TINYINT(1), what MariaDB makes of a BOOLEAN
        return "boolean"
    kind: Kind = next((kind for known, kind in _KINDS if isinstance(base, known)), "other")
    return "duration" if kind == "other" and _is_interval(base) else kind


def expected(column_type: TypeEngine[Any]) -> tuple[str, str]:
    """Return what a column holds in words, and an example that `parse` reads."""
    words, example = _WORDS[kind_of(column_type)]
    members = enum_words(column_type)
    return (f"one of {', '.join(members)}", members[0]) if members else (words, example)


def pattern(column_type: TypeEngine[Any]) -> str | None:
    """Return a regular expression that whatever `parse` reads matches as a whole, or None where any text may do."""
    return _PATTERNS.get(kind_of(column_type))


def enum_words(column_type: TypeEngine[Any]) -> tuple[str, ...]:
    """Return the members of an enum as they are shown and typed; empty for any other type."""
    base = _undecorated(column_type)
    if not isinstance(base, types.Enum):
        return ()
    if base.enum_class is None:
        return tuple(base.enums)
    return tuple(str(member.value) for member in base.enum_class)


def parse(text: str, column_type: TypeEngine[Any], zone: tzinfo) -> Any:
    """Read a typed text as a value of the column. Raises ValueError when it is none.

    A time without an offset is in `zone` where the column knows offsets; where it does not, an offset is
    translated to `zone` and dropped.
    """
    text.encode()  # bytes that are no UTF-8 arrive as what cannot be encoded: a ValueError
    try:
        return _parsed(text, column_type, zone)
    except (OverflowError, RecursionError) as error:  # the year 10,000 in another zone; a thousand brackets
        raise ValueError(text) from error


def _parsed(text: str, column_type: TypeEngine[Any], zone: tzinfo) -> Any:
    base = _undecorated(column_type)
    match kind_of(base):
        case "enum":
            return _enum(text, base)
        case "boolean":
            return _boolean(text)
        case "integer":
            return _integer(text)
        case "float":
            return float(text)
        case "decimal":
            return _decimal(text)
        case "datetime":
            return _datetime(text.strip(), zone, aware=bool(getattr(base, "timezone", False)))
        case "date":
            return date.fromisoformat(text.strip())
        case "time":
            return time.fromisoformat(text.strip())
        case "duration":
            return _duration(text)
        case "uuid":
            return UUID(text.strip()) if getattr(base, "as_uuid", True) else str(UUID(text.strip()))
        case "bytes":
            return bytes.fromhex(text.strip().removeprefix("\\x").removeprefix("0x"))
        case "json":
            return json.loads(text)
    return text


def reader(column_type: TypeEngine[Any], dialect: Dialect, code: Any) -> Callable[[Any], Any] | None:
    """Return what turns a driver's value into the column's, or None where it is that already.

    A value that does not fit its type stays as it is: SQLite keeps any value in any column, and one bad date must
    not hide the other rows. `code` is the driver's own code of the type, from the cursor's description.
    """
    process = column_type.dialect_impl(dialect).result_processor(dialect, code)
    if process is None:
        return None
    unscaled = kind_of(column_type) == "decimal" and getattr(_undecorated(column_type), "scale", None) is None

    def read(value: Any) -> Any:
        if unscaled and isinstance(value, int | float):
            return Decimal(repr(value))  # SQLAlchemy would print ten decimals
        if isinstance(value, timedelta) and not timedelta() <= value < timedelta(days=1):
            return value  # MariaDB's TIME reaches from -838 to 838 hours
        try:
            return process(value)
        except Exception:  # whatever a type's own code makes of a value that is not its
            return value

    return read


def _is_interval(column_type: TypeEngine[Any]) -> bool:
    try:
        return column_type.python_type is timedelta
    except NotImplementedError:
        return False


def _undecorated(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    while isinstance(column_type, types.TypeDecorator) and not isinstance(column_type, types.Interval):
        column_type = column_type.impl_instance
    return column_type


def _enum(text: str, column_type: TypeEngine[Any]) -> Any:
    assert isinstance(column_type, types.Enum)
    if column_type.enum_class is None:
        if text not in column_type.enums:
            raise ValueError(text)
        return text
    members: list[Enum] = list(column_type.enum_class)
    for spelling in (lambda member: str(member.value), lambda member: member.name):
        for member in members:
            if spelling(member) == text:
                return member
    raise ValueError(text)


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(text)
    return word in _TRUE


def _integer(text: str) -> int:
    """Read what fits into 64 bits; drivers fail in their own ways on more."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text.strip()) or not -_BIGGEST <= int(text) < _BIGGEST:
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not value.is_finite():
        raise ValueError(text)
    return value


def _datetime(text: str, zone: tzinfo, *, aware: bool) -> datetime:
    value = datetime.fromisoformat(text)
    if aware:
        return value if value.tzinfo else value.replace(tzinfo=zone)
    return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value


def _duration(text: str) -> timedelta:
    """Read what `str(timedelta)` writes: `1 day, 2:30:00`."""
    found = re.fullmatch(r"(?:(-?\d+) days?,?(?: +|$))?(?:(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?", text.strip())
    if not found or not text.strip():
        raise ValueError(text)
    days, hours, minutes, seconds = found.groups(default="0")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
