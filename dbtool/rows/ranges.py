"""Ranges of an order: the rows behind a row, each range as an index holds it.

After a row with the values (v1, v2) come the rows with c1 = v1 and c2 > v2, then those with c1 > v1. NULLs stand where
the database itself puts them, since its indexes do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dbtool.database import Database
from dbtool.errors import ConditionError
from dbtool.rows.codec import parse
from dbtool.rows.conditions import misfit
from dbtool.rows.order import Term
from dbtool.rows.sheet import Sheet, Written, as_bound


@dataclass(frozen=True, slots=True)
class Range:
    """Rows that lie together in the order: what is true of them, and what is left to sort them by."""

    condition: Written
    terms: tuple[Term, ...]


def everything(terms: Sequence[Term]) -> list[Range]:
    """Return all rows as one range."""
    return [Range(Written(""), tuple(terms))]


def after(database: Database, terms: Sequence[Term], values: Sequence[Any]) -> list[Range]:
    """Return the ranges behind a row, nearest first; `values` are those of the row in the order."""
    found = []
    for last in reversed(range(len(terms))):
        equal = [_equal(database, term, value) for term, value in zip(terms[:last], values, strict=False)]
        for beyond, rest in _beyond(database, terms[last:], values[last]):
            found.append(Range(all_of([*equal, beyond]), rest))
    return found


def same(database: Database, terms: Sequence[Term], values: Sequence[Any]) -> Range:
    """Return the row itself."""
    return Range(all_of([_equal(database, term, value) for term, value in zip(terms, values, strict=True)]), ())


def from_value(sheet: Sheet, terms: Sequence[Term], text: str, zone: tzinfo) -> list[Range]:
    """Return the ranges that begin where the first column has a value, or would have it. Raises ConditionError."""
    first, database = terms[0], sheet.database
    value = _typed(sheet, first, text, zone)
    found = [Range(Written(f"{first.sql} {first.sign}= {database.placeholder}", (value,)), tuple(terms))]
    if first.nullable and not _nulls_first(database, first):
        found.append(Range(Written(f"{first.sql} IS NULL"), tuple(terms[1:])))
    return found


def all_of(parts: Sequence[Written]) -> Written:
    """Write that all of some conditions are true; of none, nothing is said."""
    return Written(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def any_of(parts: Sequence[Written]) -> Written:
    """Write that one of some conditions is true, at least."""
    sql = " OR ".join(f"({part.sql})" for part in parts)
    return Written(f"({sql})", tuple(value for part in parts for value in part.values))


def _equal(database: Database, term: Term, value: Any) -> Written:
    if value is None:
        return Written(f"{term.sql} IS NULL")
    return Written(f"{term.sql} = {database.placeholder}", (value,))


def _beyond(database: Database, terms: Sequence[Term], value: Any) -> Iterator[tuple[Written, tuple[Term, ...]]]:
    """Yield the ranges of the first term behind a value, each with the terms that order it."""
    term, rest = terms[0], tuple(terms)
    first = _nulls_first(database, term)
    if value is None:
        if first:
            yield Written(f"{term.sql} IS NOT NULL"), rest
        return
    yield Written(f"{term.sql} {term.sign} {database.placeholder}", (value,)), rest
    if term.nullable and not first:
        yield Written(f"{term.sql} IS NULL"), rest[1:]


def _nulls_first(database: Database, term: Term) -> bool:
    """Whether NULLs come before the values of a term, in its direction."""
    return database.nulls_first != term.descending


def _typed(sheet: Sheet, term: Term, text: str, zone: tzinfo) -> Any:
    if term.column is None:
        raise ConditionError("rows are in the order of their addresses, which have no value", hint="sort by a column")
    try:
        value = as_bound(term.column.type, sheet.dialect, parse(text, term.column.type, zone))
    except ValueError as error:
        raise misfit(term.column, text) from error
    return sheet.database.sorted_value(term.column, value)
