"""What becomes of values when a column changes its type: how each database is told, and which values it would lose."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

Family = Literal[
    "text", "integer", "number", "truth", "date", "moment", "time", "uuid", "json", "enum", "bytes", "other"
]
_NUMBERS = ("integer", "number", "truth")


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a column's values are brought to another type.

    `using` is PostgreSQL's expression. `kept` lets a table that is rebuilt copy values as they are, where a CAST
    would make a number of them. `before` is an expression that all rows are set to while the column still has its old
    type, `after` one for when it has its new type.
    """

    using: str = ""
    kept: bool = False
    before: str = ""
    after: str = ""


def family(kind: TypeEngine[Any]) -> Family:
    """Return what kind of value a type holds, behind every decorator."""
    from sqlalchemy import types

    kind = getattr(kind, "impl_instance", kind)
    families: tuple[tuple[Family, Any], ...] = (
        ("truth", types.Boolean),
        ("enum", types.Enum),
        ("uuid", types.Uuid),
        ("json", types.JSON),
        ("text", types.String),
        ("integer", types.Integer),
        ("number", types.Numeric),
        ("number", types.Float),  # no Numeric since SQLAlchemy 2.1
        ("moment", types.DateTime),
        ("date", types.Date),
        ("time", types.Time),
        ("bytes", types._Binary),
    )
    return next((name for name, each in families if isinstance(kind, each)), "other")


def length_of(kind: TypeEngine[Any]) -> int | None:
    """Return how many characters a text may have; None where there is no limit."""
    found: int | None = getattr(getattr(kind, "impl_instance", kind), "length", None)
    return found


def closed_set(kind: TypeEngine[Any]) -> tuple[str, ...] | None:
    """Return the only texts that a database lets into an enum; None for another type, or one that is plain text."""
    from sqlalchemy import Enum

    kind = getattr(kind, "impl_instance", kind)
    if not isinstance(kind, Enum) or not (kind.native_enum or kind.create_constraint):
        return None
    return tuple(kind.enums)


def whole_range(kind: TypeEngine[Any]) -> tuple[int, int]:
    """Return the smallest and largest whole number of an integer type, by its name's width."""
    from sqlalchemy import types

    kind = getattr(kind, "impl_instance", kind)
    bits = 64 if isinstance(kind, types.BigInteger) else 16 if isinstance(kind, types.SmallInteger) else 32
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def is_safe(old: TypeEngine[Any], new: TypeEngine[Any]) -> bool:
    """Whether every value survives, whatever it is."""
    before, after = family(old), family(new)
    if before == "integer" and after == "integer":
        return whole_range(new)[1] >= whole_range(old)[1]
    if after == "text":
        limit, had = length_of(new), length_of(old)
        return limit is None or (before == "text" and had is not None and had <= limit)
    if before == after:
        return before not in ("number", "enum", "other") or repr(old) == repr(new)
    if (before, after) == ("integer", "number"):
        return getattr(getattr(new, "impl_instance", new), "scale", None) is None
    return (before, after) in {("truth", "integer"), ("truth", "number"), ("date", "moment"), ("enum", "enum")}


def fits(old: TypeEngine[Any], new: TypeEngine[Any]) -> Callable[[Any], bool]:
    """Return whether a value as SQLite's driver gives it survives a change of type, by the rules of Python's types."""
    after, limit, bounds = family(new), length_of(new), whole_range(new)
    scale = getattr(getattr(new, "impl_instance", new), "scale", None)

    def survives(value: Any) -> bool:
        if value is None:
            return True
        with suppress(ValueError, TypeError, ArithmeticError):
            return _survives(value, after, limit, bounds, scale)
        return False

    return survives


def _survives(value: Any, after: Family, limit: int | None, bounds: tuple[int, int], scale: int | None) -> bool:
    match after:
        case "text" | "enum":
            return limit is None or len(str(value)) <= limit
        case "integer":
            number = Decimal(str(value).strip())
            return number == int(number) and bounds[0] <= number <= bounds[1]
        case "number":
            number = Decimal(str(value).strip())
            return scale is None or number == round(number, scale)
        case "truth":
            return str(value).strip().lower() in ("0", "1", "0.0", "1.0", "true", "false")
        case "date":
            return re.fullmatch(r"(T| )?[0:.]*", str(value)[10:]) is not None and bool(
                date.fromisoformat(str(value)[:10])
            )
        case "moment":
            return bool(datetime.fromisoformat(str(value)))
        case "time":
            return time.fromisoformat(str(value)) is not None
        case "uuid":
            return bool(uuid.UUID(str(value)))
        case "json":
            return json.loads(value) is not None or value.strip() == "null"
    return False


def generally_lost(name: str, old: TypeEngine[Any], new: TypeEngine[Any], *, length: str, exact: str) -> list[str]:
    """Return conditions, true for a value that is cut or rounded.

    `name` is the column as SQL, `length` the length of its text, `exact` the column as a number without a fraction
    lost in it.
    """
    before, after = family(old), family(new)
    found = []
    limit = length_of(new)
    if after in ("text", "enum") and limit is not None and closed_set(new) is None:
        found.append(f"{length} > {limit}")
    if before in ("integer", "number") and after == "integer":
        low, high = whole_range(new)
        found.append(f"({name} <> ROUND({name}) OR {name} < {low} OR {name} > {high})")
    if before in _NUMBERS and after == "truth":
        found.append(f"{name} NOT IN (0, 1)")
    if before in ("integer", "number") and after == "number":
        kind = getattr(new, "impl_instance", new)
        precision, scale = getattr(kind, "precision", None), getattr(kind, "scale", None)
        if scale is not None:
            found.append(f"{exact} <> ROUND({exact}, {scale})")
        if scale is not None and precision is not None:
            found.append(f"ABS({name}) >= 1e{precision - scale}")
    return found
