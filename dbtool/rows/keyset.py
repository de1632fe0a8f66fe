"""A page of rows from any place of an order, however deep, as ranges of the order's columns.

After a row with the values (v1, v2) come the rows with c1 = v1 and c2 > v2, then those with c1 > v1. Each is a range of
an index, on every database; they are read one after another until the page is full. Backwards is the same with the
order turned round. NULLs stand where the database itself puts them, since its indexes do. Where no index gives the
order, one statement looks for all ranges at once. A view, which has no index and identifies no row, is read by OFFSET.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, literal_column

from dbtool.errors import ColumnNotFoundError, ConditionError, RecordNotFoundError
from dbtool.rows.codec import expected, kind_of, parse
from dbtool.rows.conditions import Filter, filter_clause, search_clause
from dbtool.rows.contents import Counted
from dbtool.rows.find import find_column
from dbtool.rows.labels import labels_behind
from dbtool.rows.query import Selection
from dbtool.rows.sheet import (
    Found,
    Row,
    Sheet,
    Written,
    as_bound,
    read,
    row_clause,
    rows,
    rows_clause,
    run,
    sortable,
    where,
)

_FARTHEST = 2**62


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of an order."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which rows, in which order."""

    filters: tuple[Filter, ...] = ()
    search: str = ""
    sort: tuple[Sort, ...] = ()


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


@dataclass(frozen=True, slots=True)
class WholeCell:
    """A value as text, None where it is too long; `length` is in letters, or in bytes."""

    text: str | None
    length: int


def page(
    connection: Connection, sheet: Sheet, criteria: Criteria, place: Place, *, zone: tzinfo, limit: int = 200
) -> Page:
    """Read the rows at a place.

    `key` starts at that row and `value` at the first whose first column of the order is not before it. Raises
    ColumnNotFoundError, ConditionError, also for a cursor of another order, and RecordNotFoundError.
    """
    walk = _Walk(connection, sheet, _where(connection, sheet, criteria, zone), _terms(sheet, criteria.sort))
    if sheet.identity.kind == "none":
        return _numbered(walk, place, limit, zone)
    match place.at:
        case "start":
            return walk.forwards(_everything(walk.terms), limit, earlier=False)
        case "end":
            return walk.backwards(_everything(_turned(walk.terms)), limit, later=False)
        case "after":
            values = _decoded(str(place.value), walk.terms)
            return walk.forwards(_after(walk, walk.terms, values), limit, earlier=True, start=values)
        case "before":
            values = _decoded(str(place.value), walk.terms)
            return walk.backwards(_after(walk, _turned(walk.terms), values), limit, later=True, start=values)
        case "key":
            row = walk.values_of(row_clause(sheet, str(place.value), zone), str(place.value))
            return walk.forwards([_same(walk, row), *_after(walk, walk.terms, row)], limit, start=row)
        case "value":
            return walk.forwards(_from_value(walk, str(place.value), zone), limit)
    number = max(0, min(int(place.value or 0), _FARTHEST))
    return walk.forwards(_everything(walk.terms), limit, earlier=number > 0, skipped=number)


def count(connection: Connection, sheet: Sheet, criteria: Criteria, *, zone: tzinfo, cap: int | None = None) -> Counted:
    """Count the rows that match, with `cap` no more than so many."""
    found = _where(connection, sheet, criteria, zone)
    return _counted(connection, sheet, found, cap)


def one(connection: Connection, sheet: Sheet, key: str, zone: tzinfo) -> Row:
    """Read the row with a key. Raises RecordNotFoundError."""
    return _first(connection, sheet, row_clause(sheet, key, zone), key)


def matching(connection: Connection, sheet: Sheet, match: Mapping[str, str], zone: tzinfo) -> Row:
    """Read the first row whose columns have these values. Raises RecordNotFoundError and ConditionError."""
    clauses = [_equals(find_column(sheet.table, name), text, zone) for name, text in match.items()]
    return _first(connection, sheet, *clauses, ", ".join(match.values()))


def whole_cell(
    connection: Connection, sheet: Sheet, key: str, column: str, *, zone: tzinfo, limit: int = 1 << 20
) -> WholeCell | None:
    """Read one value whole, bytes no longer than `limit`; None is NULL. Raises RecordNotFoundError."""
    index = [each.column.name for each in sheet.cells].index(find_column(sheet.table, column).name)
    cell = replace(sheet.cells[index], length=None, fixed=True)
    length = f"length({cell.whole})" if cell.kind == "bytes" else "0"
    whole = f"CASE WHEN {length} <= {int(limit)} THEN {cell.whole} END" if cell.kind == "bytes" else cell.whole
    cell = replace(cell, sql=whole)
    narrow = replace(sheet, cells=(cell,), identity=replace(sheet.identity, kind="none", address=""), readers={})
    found = read(connection, narrow, where(sheet, [row_clause(sheet, key, zone)]), [length])
    if not found.rows:
        raise _gone(sheet, key)
    ((_, measured),) = found.rows
    ((_, (text,), _),) = rows(narrow, Found([found.rows[0][:1]], found.readers))
    if text is None and not measured:
        return None
    return WholeCell(text, int(measured) if cell.kind == "bytes" else len(text or ""))


def labels(connection: Connection, sheet: Sheet, shown: Sequence[Row], zone: tzinfo) -> Mapping[str, Mapping[str, str]]:
    """Return the labels behind foreign keys, by column and then by the text of the key."""
    names = [each.column.name for each in sheet.cells]
    found = {
        name: {text for row in shown if (text := row.cells[index]) is not None} for index, name in enumerate(names)
    }
    return labels_behind(connection, sheet.table, found, zone)


def selection(
    connection: Connection,
    sheet: Sheet,
    criteria: Criteria,
    *,
    columns: Sequence[str] = (),
    keys: Sequence[str] | None = None,
    zone: tzinfo,
) -> Selection:
    """Return the rows of a grid as a selection to export, in the grid's order; `keys` leaves only some of them."""
    clauses = _clauses(connection, sheet, criteria, zone)
    if keys is not None:
        clauses.append(rows_clause(sheet, keys, zone))
    wanted = tuple(find_column(sheet.table, name) for name in columns) or tuple(sheet.table.columns)
    order = tuple(_ordered(term) for term in _terms(sheet, criteria.sort))
    return Selection(sheet.table, wanted, tuple(clauses), order)


# The order


@dataclass(frozen=True, slots=True)
class _Term:
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


def _terms(sheet: Sheet, sort: Sequence[Sort]) -> tuple[_Term, ...]:
    """Return the columns of the sort, then those that identify a row, in the direction of the last one.

    An index on the last sorted column ends with the primary key, in SQLite and InnoDB, and so is read backwards.
    """
    found: dict[str, _Term] = {}
    for each in sort:
        column = _column(sheet, each.column)
        found.setdefault(column.name, _term(sheet, column, descending=each.descending))
    last = bool(sort) and sort[-1].descending
    identity = sheet.identity
    if identity.kind == "address":
        address = identity.address
        return (*found.values(), _Term("", None, address, address, last, False, sheet.database.address_is_ordered))
    rest = identity.columns if identity.kind == "key" else tuple(filter(sortable, sheet.table.columns))
    for column in rest:
        found.setdefault(column.name, _term(sheet, column, descending=last))
    if identity.kind == "none":
        for column in rest:
            if kind_of(column.type) == "text":
                found[f"{column.name} "] = _told_apart(sheet, found[column.name])
    return tuple(found.values())


def _told_apart(sheet: Sheet, term: _Term) -> _Term:
    return replace(term, sql=sheet.database.told_apart(sheet.names[term.name]))


def _column(sheet: Sheet, name: str) -> Column[Any]:
    if name not in sheet.names:
        raise ColumnNotFoundError(f"`{sheet.table.key}` has no column `{name[:100]}`", hint="sort by another column")
    column = sheet.table.columns[name] if name in sheet.table.columns else find_column(sheet.table, name)
    if not sortable(column):
        raise ConditionError(f"`{name}` has no order", hint="sort by another column")
    return column


def _term(sheet: Sheet, column: Column[Any], *, descending: bool) -> _Term:
    name = sheet.names[column.name]
    by = sheet.database.sorted_by(column, name)
    exact = sheet.database.exact(column, name) if by == name else by
    nullable = bool(column.nullable) or column not in sheet.identity.columns
    return _Term(column.name, column, by, exact, descending, nullable, by == name)


def _turned(terms: Sequence[_Term]) -> tuple[_Term, ...]:
    return tuple(replace(term, descending=not term.descending) for term in terms)


def _is_indexed(sheet: Sheet, terms: Sequence[_Term]) -> bool:
    """Whether some index begins with the first column of the order."""
    first = terms[0] if terms else None
    if first is None or not first.ordered:
        return False
    return not first.name or any(columns[0] == first.name for columns in sheet.indexes)


def _ordered(term: _Term) -> ColumnElement[Any]:
    plain: ColumnElement[Any] = literal_column(term.sql.replace("%%", "%"))
    return plain.desc() if term.descending else plain


# Ranges


@dataclass(frozen=True, slots=True)
class _Range:
    """Rows that lie together in the order: what is true of them, and what is left to sort them by."""

    condition: Written
    terms: tuple[_Term, ...]


def _everything(terms: Sequence[_Term]) -> list[_Range]:
    return [_Range(Written(""), tuple(terms))]


def _after(walk: _Walk, terms: Sequence[_Term], values: Sequence[Any]) -> list[_Range]:
    """Return the ranges behind a row, nearest first."""
    found = []
    for last in reversed(range(len(terms))):
        same = [walk.equal(term, value) for term, value in zip(terms[:last], values, strict=False)]
        for beyond, rest in walk.beyond(terms, last, values[last]):
            found.append(_Range(_all_of([*same, beyond]), rest))
    return found


def _same(walk: _Walk, values: Sequence[Any]) -> _Range:
    equal = [walk.equal(term, value) for term, value in zip(walk.terms, values, strict=True)]
    return _Range(_all_of(equal), ())


def _from_value(walk: _Walk, text: str, zone: tzinfo) -> list[_Range]:
    """Return the ranges that begin where the first column has a value, or would have it."""
    first = walk.terms[0]
    value = _typed(walk.sheet, first, text, zone)
    found = [_Range(Written(f"{first.sql} {first.sign}= {walk.mark}", (value,)), walk.terms)]
    if first.nullable and not walk.nulls_first(first):
        found.append(_Range(Written(f"{first.sql} IS NULL"), walk.terms[1:]))
    return found


def _typed(sheet: Sheet, term: _Term, text: str, zone: tzinfo) -> Any:
    if term.column is None:
        raise ConditionError("rows are in the order of their addresses, which have no value", hint="sort by a column")
    try:
        value = as_bound(term.column.type, sheet.dialect, parse(text, term.column.type, zone))
    except ValueError as error:
        words, example = expected(term.column.type)
        message = f"`{text[:100]}` does not fit `{term.name}`, which holds {words}"
        raise ConditionError(message, hint=f"type it like {example}") from error
    return sheet.database.sorted_value(term.column, value)


def _all_of(parts: Sequence[Written]) -> Written:
    return Written(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def _any_of(parts: Sequence[Written]) -> Written:
    sql = " OR ".join(f"({part.sql})" for part in parts)
    return Written(f"({sql})", tuple(value for part in parts for value in part.values))


# Walking


@dataclass(frozen=True, slots=True)
class _Walk:
    """An order on rows of a sheet, and the connection that reads it."""

    connection: Connection
    sheet: Sheet
    where: Written
    terms: tuple[_Term, ...]

    @property
    def mark(self) -> str:
        """The placeholder of a value."""
        return self.sheet.database.placeholder

    def nulls_first(self, term: _Term) -> bool:
        """Whether NULLs come before the values of a term, in its direction."""
        return self.sheet.database.nulls_first != term.descending

    def equal(self, term: _Term, value: Any) -> Written:
        """Say that a term has a value."""
        return Written(f"{term.sql} IS NULL") if value is None else Written(f"{term.sql} = {self.mark}", (value,))

    def beyond(self, terms: Sequence[_Term], index: int, value: Any) -> Iterator[tuple[Written, tuple[_Term, ...]]]:
        """Yield the ranges of one term behind a value, each with the terms that order it."""
        term, rest = terms[index], tuple(terms[index:])
        first = self.nulls_first(term)
        if value is None:
            if first:
                yield Written(f"{term.sql} IS NOT NULL"), rest
            return
        yield Written(f"{term.sql} {term.sign} {self.mark}", (value,)), rest
        if term.nullable and not first:
            yield Written(f"{term.sql} IS NULL"), rest[1:]

    def forwards(
        self,
        ranges: Sequence[_Range],
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
            earlier = first is not None and self._exists(_after(self, _turned(self.terms), first))
        return self._page(found, first if earlier else None, last if more else None)

    def backwards(self, ranges: Sequence[_Range], limit: int, *, later: bool, start: Sequence[Any] = ()) -> Page:
        """Read a page from ranges of the order turned round."""
        found = self._read(ranges, _turned(self.terms), limit + 1)
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
            raise _gone(self.sheet, key)
        return tuple(row)

    def _read(self, ranges: Sequence[_Range], terms: Sequence[_Term], limit: int, skipped: int = 0) -> Found:
        if len(ranges) > 1 and not _is_indexed(self.sheet, terms):
            ranges = [_Range(_any_of([each.condition for each in ranges]), tuple(terms))]
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

    def _rest(self, wanted: _Range, limit: int, skipped: int) -> Written:
        """Write what follows FROM."""
        parts = [part for part in (self.where.sql.removeprefix(" WHERE "), wanted.condition.sql) if part]
        sql = f" WHERE {' AND '.join(parts)}" if parts else ""
        if wanted.terms:
            sql += f" ORDER BY {', '.join([term.order for term in wanted.terms])}"
        sql += f" LIMIT {limit} OFFSET {skipped}" if skipped else f" LIMIT {limit}"
        return Written(sql, (*self.where.values, *wanted.condition.values))

    def _exists(self, ranges: Sequence[_Range]) -> bool:
        return bool(self._read(ranges, _turned(self.terms), 1).rows)

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
            None if before is None else _encoded(self.terms, before),
            None if after is None else _encoded(self.terms, after),
            _is_indexed(self.sheet, self.terms),
        )


# By number


def _numbered(walk: _Walk, place: Place, limit: int, zone: tzinfo) -> Page:
    """Read a page of what identifies no row; a cursor is the number of a row."""
    start, wanted = _numbers(walk, place, limit, zone)
    found = walk._read(_everything(walk.terms), walk.terms, wanted + 1, start)
    more = len(found.rows) > wanted
    del found.rows[wanted:]
    page = walk._page(found, None, None)
    before = _encoded((), [start]) if start > 0 else None
    after = _encoded((), [start + wanted]) if more else None
    return replace(page, before=before, after=after, indexed=False)


def _numbers(walk: _Walk, place: Place, limit: int, zone: tzinfo) -> tuple[int, int]:
    """Return the number of the first row of a page, and how many there are to be."""
    match place.at:
        case "start":
            return 0, limit
        case "number":
            return max(0, min(int(place.value or 0), _FARTHEST)), limit
        case "after":
            return int(_decoded(str(place.value), ())[0]), limit
        case "before":
            end = int(_decoded(str(place.value), ())[0])
            return max(0, end - limit), min(limit, end)
        case "end":
            return max(0, _counted(walk.connection, walk.sheet, walk.where, None).count - limit), limit
        case "key":
            raise RecordNotFoundError("no key identifies a row here", hint="go to a number")
    later = [each.condition for each in _from_value(walk, str(place.value), zone)]
    parts = [Written(walk.where.sql.removeprefix(" WHERE "), walk.where.values)] if walk.where.sql else []
    both = _all_of([*parts, _any_of(later)])
    rest = _counted(walk.connection, walk.sheet, Written(f" WHERE {both.sql}", both.values), None)
    return _counted(walk.connection, walk.sheet, walk.where, None).count - rest.count, limit


# Cursors


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


def _encoded(terms: Sequence[_Term], values: Sequence[Any]) -> str:
    """Return a cursor: the order, and the values of a row in it, exactly as the driver returned them."""
    document = [_order_of(terms), [_tagged(value) for value in values]]
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _decoded(cursor: str, terms: Sequence[_Term]) -> list[Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        order, tagged = json.loads(text)
        values = [_untagged(value) for value in tagged]
        if order != _order_of(terms) or len(values) != max(1, len(terms)):
            raise ValueError(text)
        if not terms and not 0 <= int(values[0]) < _FARTHEST:
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


def _order_of(terms: Sequence[_Term]) -> list[str]:
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


# Conditions


def _clauses(connection: Connection, sheet: Sheet, criteria: Criteria, zone: tzinfo) -> list[ColumnElement[bool]]:
    clauses = [filter_clause(connection, sheet.table, each, zone) for each in criteria.filters]
    searched = search_clause(sheet.table, criteria.search)
    return clauses if searched is None else [*clauses, searched]


def _where(connection: Connection, sheet: Sheet, criteria: Criteria, zone: tzinfo) -> Written:
    return where(sheet, _clauses(connection, sheet, criteria, zone))


def _counted(connection: Connection, sheet: Sheet, found: Written, cap: int | None) -> Counted:
    if cap is None:
        sql = f"SELECT count(*) FROM {sheet.source}{found.sql}"
    else:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {sheet.source}{found.sql} LIMIT {cap + 1}) AS counted"
    number = int(run(connection, sql, found.values).scalar_one())
    return Counted(number, True) if cap is None or number <= cap else Counted(cap, False)


def _first(connection: Connection, sheet: Sheet, *wanted: Any) -> Row:
    *clauses, words = wanted
    rest = where(sheet, clauses)
    found = read(connection, sheet, replace(rest, sql=f"{rest.sql} LIMIT 1"))
    if not found.rows:
        raise _gone(sheet, words)
    return rows(sheet, found)[0]


def _equals(column: Column[Any], text: str, zone: tzinfo) -> ColumnElement[bool]:
    try:
        same: ColumnElement[bool] = column == parse(text, column.type, zone)
    except ValueError as error:
        words, example = expected(column.type)
        message = f"`{text[:100]}` does not fit `{column.name}`, which holds {words}"
        raise ConditionError(message, hint=f"give it like {example}") from error
    return same


def _gone(sheet: Sheet, key: str) -> RecordNotFoundError:
    return RecordNotFoundError(f"`{sheet.table.key}` has no row `{key[:100]}`", hint="reload: it may be gone")
