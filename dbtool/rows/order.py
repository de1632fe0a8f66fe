"""The columns that rows are ordered by, and cursors: the values of a row in them, to go on from."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, literal_column

from dbtool.errors import ColumnNotFoundError, ConditionError
from dbtool.rows.codec import kind_of
from dbtool.rows.find import find_column
from dbtool.rows.sheet import Sheet, sortable

FARTHEST = 2**62  # the largest number of a row that is asked for


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of an order."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A column of the order: `sql` is compared and sorted by, `read` selects its value, exactly."""

    name: str
    column: Column[Any] | None
    sql: str
    read: str
    descending: bool
    nullable: bool
    ordered: bool  # by an index on the column alone

    @property
    def order(self) -> str:
        """What stands in ORDER BY."""
        return f"{self.sql} DESC" if self.descending else self.sql

    @property
    def sign(self) -> str:
        """What is true of a value that comes later."""
        return "<" if self.descending else ">"


def order_of(sheet: Sheet, sort: Sequence[Sort]) -> tuple[Term, ...]:
    """Return the columns of the sort, then those that identify a row, in the direction of the last one.

    An index on the last sorted column ends with the primary key, in SQLite and InnoDB, and so is read backwards.
    """
    found: dict[str, Term] = {}
    for each in sort:
        column = _column(sheet, each.column)
        found.setdefault(column.name, _term(sheet, column, descending=each.descending))
    last = bool(sort) and sort[-1].descending
    identity = sheet.identity
    if identity.kind == "address":
        address = identity.address
        return (*found.values(), Term("", None, address, address, last, False, sheet.database.address_is_ordered))
    rest = identity.columns if identity.kind == "key" else tuple(filter(sortable, sheet.table.columns))
    for column in rest:
        found.setdefault(column.name, _term(sheet, column, descending=last))
    if identity.kind == "none":
        for column in rest:
            if kind_of(column.type) == "text":
                found[f"{column.name} "] = _told_apart(sheet, found[column.name])
    return tuple(found.values())


def turned(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the same order backwards."""
    return tuple(replace(term, descending=not term.descending) for term in terms)


def is_indexed(sheet: Sheet, terms: Sequence[Term]) -> bool:
    """Whether some index begins with the first column of the order."""
    first = terms[0] if terms else None
    if first is None or not first.ordered:
        return False
    return not first.name or any(columns[0] == first.name for columns in sheet.indexes)


def expression(term: Term) -> ColumnElement[Any]:
    """Return a column of the order as an ORDER BY has it."""
    plain: ColumnElement[Any] = literal_column(term.sql.replace("%%", "%"))
    return plain.desc() if term.descending else plain


def encoded(terms: Sequence[Term], values: Sequence[Any]) -> str:
    """Return a cursor: the order, and the values of a row in it, exactly as the driver returned them."""
    document = [_named(terms), [_tagged(value) for value in values]]
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decoded(cursor: str, terms: Sequence[Term]) -> list[Any]:
    """Read a cursor. Raises ConditionError where it is none of this order."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        order, tagged = json.loads(text)
        values = [_untagged(value) for value in tagged]
        if order != _named(terms) or len(values) != max(1, len(terms)):
            raise ValueError(text)
        if not terms and not 0 <= int(values[0]) < FARTHEST:
            raise ValueError(text)
    except (
        ValueError,
        TypeError,
        ArithmeticError,
        LookupError,
        AttributeError,
        binascii.Error,
        RecursionError,
    ) as error:
        raise ConditionError("this place belongs to another order", hint="start from the beginning") from error
    return values


# The columns


def _column(sheet: Sheet, name: str) -> Column[Any]:
    if name not in sheet.names:
        raise ColumnNotFoundError(f"`{sheet.table.key}` has no column `{name[:100]}`", hint="sort by another column")
    column = sheet.table.columns[name] if name in sheet.table.columns else find_column(sheet.table, name)
    if not sortable(column):
        raise ConditionError(f"`{name}` has no order", hint="sort by another column")
    return column


def _term(sheet: Sheet, column: Column[Any], *, descending: bool) -> Term:
    name = sheet.names[column.name]
    by = sheet.database.sorted_by(column, name)
    exact = sheet.database.exact(column, name) if by == name else by
    nullable = bool(column.nullable) or column not in sheet.identity.columns
    return Term(column.name, column, by, exact, descending, nullable, by == name)


def _told_apart(sheet: Sheet, term: Term) -> Term:
    return replace(term, sql=sheet.database.told_apart(sheet.names[term.name]))


# Cursors


def _named(terms: Sequence[Term]) -> list[str]:
    return [f"-{term.name}" if term.descending else f"+{term.name}" for term in terms]


def _tagged(value: Any) -> Any:
    if value is None or isinstance(value, str | int):  # booleans are integers
        return value
    tag, write = _TAGS.get(type(value), ("", str))
    return {tag: write(value)} if tag else str(value)


def _untagged(value: Any) -> Any:
    if isinstance(value, dict):
        ((tag, written),) = value.items()
        return _UNTAGGED[tag](written)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError(value)
    if value is not None and not isinstance(value, str | int):
        raise ValueError(value)
    return value


_TAGS: Mapping[type, tuple[str, Callable[[Any], Any]]] = {
    float: ("f", repr),
    Decimal: ("n", str),
    datetime: ("t", datetime.isoformat),
    date: ("d", date.isoformat),
    time: ("c", time.isoformat),
    timedelta: ("i", lambda value: [value.days, value.seconds, value.microseconds]),
    bytes: ("b", bytes.hex),
    UUID: ("u", str),
}
_UNTAGGED: Mapping[str, Callable[[Any], Any]] = {
    "f": float,
    "n": Decimal,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "c": time.fromisoformat,
    "i": lambda parts: timedelta(days=parts[0], seconds=parts[1], microseconds=parts[2]),
    "b": bytes.fromhex,
    "u": UUID,
}
