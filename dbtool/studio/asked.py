"""Between what a request says and the words of rows/."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dbtool.errors import ColumnNotFoundError
from dbtool.rows.choice import Criteria
from dbtool.rows.conditions import Filter
from dbtool.rows.keyset import Place
from dbtool.rows.order import Sort
from dbtool.studio import messages
from dbtool.studio.calls import Call

if TYPE_CHECKING:
    from sqlalchemy import Column

    from dbtool.rows.sheet import Row, Sheet

Told = dict[str, Any]


def sheet_of(call: Call, wanted: messages.OfTable) -> Sheet:
    """Return the table that a request is about. Raises TableNotFoundError."""
    return call.library.sheet(call, wanted.table)


def column_of(sheet: Sheet, name: str) -> Column[Any]:
    """Return a column by its exact name. Raises ColumnNotFoundError."""
    if name not in sheet.table.columns:
        names = [column.name for column in sheet.table.columns]
        raise ColumnNotFoundError(f"`{sheet.table.key}` has no column `{name[:100]}`", hint=one_of(names))
    return sheet.table.columns[name]


def criteria_of(wanted: messages.Count) -> Criteria:
    """Return which rows are asked for, and in which order."""
    filters = tuple(Filter(each.column, each.operator, tuple(each.values)) for each in wanted.filters)
    sort = tuple(Sort(each.column, each.descending) for each in getattr(wanted, "sort", ()))
    return Criteria(filters, wanted.search, sort)


def place_of(at: messages.At) -> Place:
    """Return where a page is."""
    (name,) = at.model_fields_set
    value = getattr(at, name)
    return Place(name, "" if value is True else value)  # type: ignore[arg-type]


def row_told(row: Row) -> Told:
    """Return a row as the page reads it."""
    return {"key": row.key, "cells": row.cells, "cut": {str(index): length for index, length in row.cut.items()}}


def counted_told(found: Any) -> Told | None:
    """Return a count as the page reads it, or None where there is none."""
    return None if found is None else {"count": found.count, "exact": found.exact}


def one_of(names: Iterable[str]) -> str:
    """Return a hint that names what there is."""
    return f"one of {', '.join(list(names)[:20])}"
