"""Which rows of a sheet, in which order, as a grid asks for them: to read pages of, to count and to export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import ColumnElement, Connection

from dbtool.rows.conditions import Filter, filter_clause, search_clause
from dbtool.rows.contents import Counted
from dbtool.rows.find import find_column
from dbtool.rows.order import Sort, expression, order_of
from dbtool.rows.query import Selection
from dbtool.rows.sheet import Sheet, Written, rows_clause, run, where


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which rows, in which order."""

    filters: tuple[Filter, ...] = ()
    search: str = ""
    sort: tuple[Sort, ...] = ()


def matched(connection: Connection, sheet: Sheet, criteria: Criteria, zone: tzinfo) -> Written:
    """Write what is true of the rows, as SQL that begins with WHERE."""
    return where(sheet, _clauses(connection, sheet, criteria, zone))


def count(connection: Connection, sheet: Sheet, criteria: Criteria, *, zone: tzinfo, cap: int | None = None) -> Counted:
    """Count the rows that match, with `cap` no more than so many."""
    found = matched(connection, sheet, criteria, zone)
    return counted(connection, sheet, found, cap)


def counted(connection: Connection, sheet: Sheet, found: Written, cap: int | None) -> Counted:
    """Count the rows behind a condition that is written already."""
    if cap is None:
        sql = f"SELECT count(*) FROM {sheet.source}{found.sql}"
    else:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {sheet.source}{found.sql} LIMIT {cap + 1}) AS counted"
    number = int(run(connection, sql, found.values).scalar_one())
    return Counted(number, True) if cap is None or number <= cap else Counted(cap, False)


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
    order = tuple(expression(term) for term in order_of(sheet, criteria.sort))
    return Selection(sheet.table, wanted, tuple(clauses), order)


def _clauses(connection: Connection, sheet: Sheet, criteria: Criteria, zone: tzinfo) -> list[ColumnElement[bool]]:
    clauses = [filter_clause(connection, sheet.table, each, zone) for each in criteria.filters]
    searched = search_clause(sheet.table, criteria.search)
    return clauses if searched is None else [*clauses, searched]
