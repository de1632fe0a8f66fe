"""A page of rows from any place of an order, however deep, as ranges of the order's columns.

The ranges behind a row are read one after another until the page is full. Backwards is the same with the order turned
round. Where no index gives the order, one statement looks for all ranges at once. A view, which has no index and
identifies no row, is read by OFFSET.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection

from dbtool.errors import RecordNotFoundError
from dbtool.rows.choice import Criteria, counted, matched
from dbtool.rows.detail import gone
from dbtool.rows.order import FARTHEST, Term, decoded, encoded, is_indexed, order_of, turned
from dbtool.rows.ranges import Range, after, all_of, any_of, everything, from_value, same
from dbtool.rows.sheet import Found, Row, Sheet, Written, read, row_clause, rows, run, where


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: `value` is a cursor, a key, the text of a value, or the number of a row from 0."""

    at: Literal["start", "end", "after", "before", "key", "value", "number"] = "start"
    value: str | int = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order; `before` and `after` are cursors to go on from, None where there is nothing more.

    `indexed` says that an index gives the order, so that no page needs to sort.
    """

    rows: tuple[Row, ...]
    before: str | None
    after: str | None
    indexed: bool


def page(
    connection: Connection, sheet: Sheet, criteria: Criteria, place: Place, *, zone: tzinfo, limit: int = 200
) -> Page:
    """Read the rows at a place.

    `key` starts at that row and `value` at the first whose first column of the order is not before it. Raises
    ColumnNotFoundError, ConditionError, also for a cursor of another order, and RecordNotFoundError.
    """
    walk = _Walk(connection, sheet, matched(connection, sheet, criteria, zone), order_of(sheet, criteria.sort))
    if sheet.identity.kind == "none":
        return _numbered(walk, place, limit, zone)
    match place.at:
        case "start":
            return walk.forwards(everything(walk.terms), limit, earlier=False)
        case "end":
            return walk.backwards(everything(turned(walk.terms)), limit, later=False)
        case "after":
            values = decoded(str(place.value), walk.terms)
            return walk.forwards(walk.after(values), limit, earlier=True, start=values)
        case "before":
            values = decoded(str(place.value), walk.terms)
            return walk.backwards(walk.before(values), limit, later=True, start=values)
        case "key":
            row = walk.values_of(row_clause(sheet, str(place.value), zone), str(place.value))
            return walk.forwards([same(sheet.database, walk.terms, row), *walk.after(row)], limit, start=row)
        case "value":
            return walk.forwards(from_value(sheet, walk.terms, str(place.value), zone), limit)
    number = max(0, min(int(place.value or 0), FARTHEST))
    return walk.forwards(everything(walk.terms), limit, earlier=number > 0, skipped=number)


# Walking


@dataclass(frozen=True, slots=True)
class _Walk:
    """An order on rows of a sheet, and the connection that reads it."""

    connection: Connection
    sheet: Sheet
    where: Written
    terms: tuple[Term, ...]

    def after(self, values: Sequence[Any]) -> list[Range]:
        """Return the ranges behind a row."""
        return after(self.sheet.database, self.terms, values)

    def before(self, values: Sequence[Any]) -> list[Range]:
        """Return the ranges in front of a row, nearest first: those behind it, with the order turned round."""
        return after(self.sheet.database, turned(self.terms), values)

    def forwards(
        self,
        ranges: Sequence[Range],
        limit: int,
        *,
        earlier: bool | None = None,
        start: Sequence[Any] = (),
        skipped: int = 0,
    ) -> Page:
        """Read a page from the ranges; `earlier` says whether rows come before it, None that nobody knows.

        `start` are the values of the row that the page follows, for a page that turns out empty.
        """
        found = self._read(ranges, self.terms, limit + 1, skipped)
        more = len(found.rows) > limit
        del found.rows[limit:]
        first, last = self._ends(found, start)
        if earlier is None:
            earlier = first is not None and self._exists(self.before(first))
        return self._page(found, first if earlier else None, last if more else None)

    def backwards(self, ranges: Sequence[Range], limit: int, *, later: bool, start: Sequence[Any] = ()) -> Page:
        """Read a page from ranges of the order turned round."""
        found = self._read(ranges, turned(self.terms), limit + 1)
        more = len(found.rows) > limit
        del found.rows[limit:]
        found.rows.reverse()
        first, last = self._ends(found, start)
        return self._page(found, first if more else None, last if later else None)

    def values_of(self, clause: ColumnElement[bool], key: str) -> tuple[Any, ...]:
        """Return the values of one row in the order. Raises RecordNotFoundError."""
        rest = where(self.sheet, [clause])
        selected = ", ".join(term.read for term in self.terms)
        found = run(self.connection, f"SELECT {selected} FROM {self.sheet.source}{rest.sql}", rest.values)
        row = found.first()
        if row is None:
            raise gone(self.sheet, key)
        return tuple(row)

    def _read(self, ranges: Sequence[Range], terms: Sequence[Term], limit: int, skipped: int = 0) -> Found:
        if len(ranges) > 1 and not is_indexed(self.sheet, terms):
            ranges = [Range(any_of([each.condition for each in ranges]), tuple(terms))]
        extra = self._extra
        found: Found | None = None
        for each in ranges:
            missing = limit - (len(found.rows) if found else 0)
            if missing <= 0:
                break
            more = read(self.connection, self.sheet, self._rest(each, missing, skipped), extra)
            if found is None:
                found = more
            else:
                found.rows.extend(more.rows)
        return found or Found([], ())

    def _rest(self, wanted: Range, limit: int, skipped: int) -> Written:
        """Write what follows FROM."""
        parts = [part for part in (self.where.sql.removeprefix(" WHERE "), wanted.condition.sql) if part]
        sql = f" WHERE {' AND '.join(parts)}" if parts else ""
        if wanted.terms:
            sql += f" ORDER BY {', '.join([term.order for term in wanted.terms])}"
        sql += f" LIMIT {limit} OFFSET {skipped}" if skipped else f" LIMIT {limit}"
        return Written(sql, (*self.where.values, *wanted.condition.values))

    def _exists(self, ranges: Sequence[Range]) -> bool:
        return bool(self._read(ranges, turned(self.terms), 1).rows)

    @property
    def _places(self) -> list[int | None]:
        """Where among the selected values each term stands, None where it is not selected as a cell."""
        selected = [each.sql for each in self.sheet.cells]
        return [selected.index(term.read) if term.read in selected else None for term in self.terms]

    @property
    def _extra(self) -> list[str]:
        pairs = zip(self._places, self.terms, strict=True)
        return [term.read for place, term in pairs if place is None]

    def _ends(self, found: Found, start: Sequence[Any]) -> tuple[Sequence[Any] | None, Sequence[Any] | None]:
        """Return the values of the first and last row, or of the row that an empty page begins at."""
        if not found.rows:
            return (start, start) if start else (None, None)
        extra = iter(range(self.sheet.width, self.sheet.width + len(self.terms)))
        places = [next(extra) if place is None else place for place in self._places]
        first, last = found.rows[0], found.rows[-1]
        return [first[place] for place in places], [last[place] for place in places]

    def _page(self, found: Found, before: Sequence[Any] | None, after: Sequence[Any] | None) -> Page:
        width = self.sheet.width
        if found.rows and len(found.rows[0]) > width:
            found = Found([row[:width] for row in found.rows], found.readers)
        return Page(
            rows(self.sheet, found),
            None if before is None else encoded(self.terms, before),
            None if after is None else encoded(self.terms, after),
            is_indexed(self.sheet, self.terms),
        )


# By number


def _numbered(walk: _Walk, place: Place, limit: int, zone: tzinfo) -> Page:
    """Read a page of what identifies no row; a cursor is the number of a row."""
    start, wanted = _numbers(walk, place, limit, zone)
    found = walk._read(everything(walk.terms), walk.terms, wanted + 1, start)
    more = len(found.rows) > wanted
    del found.rows[wanted:]
    page = walk._page(found, None, None)
    before = encoded((), [start]) if start > 0 else None
    after = encoded((), [start + wanted]) if more else None
    return replace(page, before=before, after=after, indexed=False)


def _numbers(walk: _Walk, place: Place, limit: int, zone: tzinfo) -> tuple[int, int]:
    """Return the number of the first row of a page, and how many there are to be."""
    match place.at:
        case "start":
            return 0, limit
        case "number":
            return max(0, min(int(place.value or 0), FARTHEST)), limit
        case "after":
            return int(decoded(str(place.value), ())[0]), limit
        case "before":
            end = int(decoded(str(place.value), ())[0])
            return max(0, end - limit), min(limit, end)
        case "end":
            return max(0, counted(walk.connection, walk.sheet, walk.where, None).count - limit), limit
        case "key":
            raise RecordNotFoundError("no key identifies a row here", hint="go to a number")
    later = [each.condition for each in from_value(walk.sheet, walk.terms, str(place.value), zone)]
    parts = [Written(walk.where.sql.removeprefix(" WHERE "), walk.where.values)] if walk.where.sql else []
    both = all_of([*parts, any_of(later)])
    rest = counted(walk.connection, walk.sheet, Written(f" WHERE {both.sql}", both.values), None)
    return counted(walk.connection, walk.sheet, walk.where, None).count - rest.count, limit
