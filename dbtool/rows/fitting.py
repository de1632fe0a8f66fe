"""Values of one kind of database as values of another's columns: nothing guessed, and what is lost is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, types
from sqlalchemy.types import TypeEngine

from dbtool.database import Database
from dbtool.database.bulk import EPOCH
from dbtool.rows.codec import kind_of

Take = Callable[[Any], Any]
_INTERVAL = re.compile(r"(?:(-?\d+) days? ?)?(?:([+-]?)(\d+):(\d{2}):(\d{2}(?:\.\d+)?))?")  # intervalstyle postgres
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_HEX = 32  # letters of a UUID without its dashes


@dataclass(frozen=True, slots=True)
class Fit:
    """What becomes of a column's values on their way.

    `take` reads a value as it was kept, and raises ValueError where it is none of the new column; `keep` is what the
    new column will hold of it, None for all; `same` spells what two values that are the same have in common.
    """

    take: Take
    keep: Take | None = None
    same: Take | None = None


def fit(source: Column[Any], target: Column[Any], database: Database, zone: tzinfo, *, same_kind: bool) -> Fit:
    """Return how values of a column get into another database's column of the same name.

    `database` is the one they go to. A time without an offset is in `zone` where one side knows offsets. Between
    databases of the same kind values stay what they are.
    """
    if same_kind:
        return Fit(_as_it_is)
    before, after, kind = kind_of(source.type), kind_of(target.type), target.type
    takes: dict[str, Take] = {
        "boolean": _truth,
        "integer": _whole,
        "float": float,
        "decimal": _decimal,
        "datetime": _moment_taker(bool(getattr(kind, "timezone", False)), zone),
        "date": _date,
        "time": _time,
        "duration": _duration,
        "uuid": lambda value: value if isinstance(value, UUID) else UUID(_text(value)),
        "bytes": _bytes,
        "json": _list if isinstance(kind, types.ARRAY) else _text,
    }
    take = takes.get(after, _hex if before == "uuid" and getattr(kind, "length", None) == _HEX else _text)
    return Fit(take, _keeper(after, kind, database), {"decimal": _digits, "json": _sorted}.get(after))


def _keeper(after: str, kind: TypeEngine[Any], database: Database) -> Take | None:
    if after == "decimal":
        scale = getattr(kind, "scale", None)
        rounded = (lambda value: value) if scale is None else (lambda value: _to_scale(value, scale))
        return rounded if database.keeps_decimals else lambda value: Decimal(repr(float(rounded(value))))
    return database.rounding(kind)


def _to_scale(value: Decimal, scale: int) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= scale:
        return value
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _hex(value: Any) -> str:
    return UUID(_text(value)).hex


def _truth(value: Any) -> bool:
    if isinstance(value, bytes):
        value = int.from_bytes(value)
    text = str(value).strip().lower()
    if text not in _TRUTHS:
        raise ValueError(text)
    return _TRUTHS[text]


def _whole(value: Any) -> int:
    if type(value) is int:
        return value
    text = _text(value).strip().lower()
    if text in ("true", "false"):
        return int(text == "true")
    with suppress(ValueError):
        return int(text)
    number = Decimal(text)  # an ArithmeticError, of which InvalidOperation is one, is caught where this is called
    if number != int(number):
        raise ValueError(text)
    return int(number)


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(_text(value).strip())


def _moment_taker(aware: bool, zone: tzinfo) -> Take:
    def take(value: Any) -> datetime:
        found = _moment(value)
        if aware:
            return found if found.tzinfo else found.replace(tzinfo=zone)
        return found.astimezone(zone).replace(tzinfo=None) if found.tzinfo else found

    return take


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, timedelta):
        return EPOCH + value
    text = _text(value).strip()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if not _INTERVAL.fullmatch(text):
            raise
        return EPOCH + _duration(text)


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = _moment(value)
    if found.time() != time():
        raise ValueError(value)
    return found.date()


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, timedelta):
        if not timedelta() <= value < timedelta(days=1):
            raise ValueError(value)
        return (EPOCH + value).time()
    return time.fromisoformat(_text(value).strip())


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, datetime):
        return value - EPOCH
    text = _text(value).strip()
    found = _INTERVAL.fullmatch(text)
    if not text or found is None:
        return datetime.fromisoformat(text) - EPOCH
    days, sign, hours, minutes, seconds = found.groups()
    clock = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), microseconds=int(Decimal(seconds or 0) * 10**6))
    return timedelta(days=int(days or 0)) + (-clock if sign == "-" else clock)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _list(value: Any) -> Any:
    return value if isinstance(value, list) else json.loads(_text(value))


def _digits(value: Decimal) -> str:
    """Spell a number without the zeros at its end."""
    return f"{value.normalize():f}" if value.is_finite() else str(value)


def _sorted(value: Any) -> Any:
    """Spell JSON the way JSONB keeps it: keys sorted, each once, numbers exact."""
    if not isinstance(value, str):
        return value
    parsed = json.loads(
        value, parse_float=lambda text: _digits(Decimal(text)), parse_int=lambda text: _digits(Decimal(text))
    )
    return json.dumps(parsed, sort_keys=True)
