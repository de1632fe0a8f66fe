"""What rows that exist get in a column that must have a value: the model's default, or what a person said."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any

from dbtool.database.conversions import family
from dbtool.errors import FillError

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.engine import Dialect

EXPRESSION = "sql:"


@dataclass(frozen=True, slots=True)
class Fill:
    """A value as a migration writes it: `source` is Python, either a plain value or SQL that is quoted already."""

    source: str


def of_model(column: Column[Any], dialect: Dialect) -> Fill | None:
    """Return the model's default as what the database stores; None where a file cannot say it."""
    default = getattr(column.default, "arg", None) if column.default is not None else None
    made = getattr(default, "__wrapped__", None)
    if made in (list, dict):  # other factories make another value for each row
        default = made()
    if isinstance(default, Enum):
        default = default.name
    if default is None or callable(default):
        return None
    return _written(column, default, dialect)


def neutral(column: Column[Any], dialect: Dialect) -> Fill | None:
    """Return a value that says nothing, for a column that comes back when its values are gone; None without one."""
    kind = family(column.type)
    if kind == "enum":
        members = list(getattr(column.type, "enums", []))
        return _written(column, members[0], dialect) if members else None
    values: dict[str, Any] = {
        "text": "",
        "integer": 0,
        "number": 0,
        "truth": False,
        "date": date(1970, 1, 1),
        "moment": datetime(1970, 1, 1),
        "time": time(0, 0),
        "uuid": uuid.UUID(int=0),
        "json": {},
    }
    return _written(column, values[kind], dialect) if kind in values else None


def of_text(subject: str, column: Column[Any], text: str, dialect: Dialect) -> Fill:
    """Return what somebody said for a column. Raises FillError where it is no value of the column's type.

    `sql:` in front makes an SQL expression of it, which each row gets anew.
    """
    if text.startswith(EXPRESSION):
        return Fill(f"sa.literal_column({text.removeprefix(EXPRESSION)!r})")
    try:
        value = _READ.get(family(column.type), str)(text)
        if family(column.type) == "enum" and value not in getattr(column.type, "enums", [value]):
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise FillError(
            f"`{text}` is no value of `{subject}` ({column.type})", hint=f"--fill {subject}={_example(column)}"
        ) from error
    return _written(column, value, dialect)


def _truth(text: str) -> bool:
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return found


_READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": Decimal,
    "truth": _truth,
    "date": date.fromisoformat,
    "moment": datetime.fromisoformat,
    "time": time.fromisoformat,
    "uuid": uuid.UUID,
    "json": json.loads,
}
_EXAMPLES = {
    "integer": "0",
    "number": "0.00",
    "truth": "false",
    "date": "2024-01-31",
    "moment": "2024-01-31T10:20:30",
    "time": "10:20",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "json": "'{}'",
}


def _example(column: Column[Any]) -> str:
    if family(column.type) == "enum":
        return str(next(iter(getattr(column.type, "enums", [])), "VALUE"))
    return _EXAMPLES.get(family(column.type), "VALUE")


def _written(column: Column[Any], value: Any, dialect: Dialect) -> Fill:
    """Write plain values as they are, the rest as a literal of this database."""
    if isinstance(value, bool | int | float | str) and family(column.type) != "json":
        return Fill(repr(value))
    kind: Any = getattr(column.type, "impl_instance", column.type)
    if family(kind) == "json":
        return Fill(f"sa.literal_column({_quoted(json.dumps(value))!r})")
    process = kind.dialect_impl(dialect).literal_processor(dialect)
    literal = process(value) if process else _quoted(str(value))
    return Fill(f"sa.literal_column({literal!r})")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
