"""One row of a sheet, by its key or its values; one of its cells, whole; and what its foreign keys mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection

from dbtool.errors import RecordNotFoundError
from dbtool.rows.codec import parse
from dbtool.rows.conditions import misfit
from dbtool.rows.find import find_column
from dbtool.rows.labels import labels_behind
from dbtool.rows.sheet import Found, Row, Sheet, read, row_clause, rows, where


@dataclass(frozen=True, slots=True)
class WholeCell:
    """A value as text, None where it is too long; `length` is in letters, or in bytes."""

    text: str | None
    length: int


def one(connection: Connection, sheet: Sheet, key: str, zone: tzinfo) -> Row:
    """Read the row with a key. Raises RecordNotFoundError."""
    return _first(connection, sheet, [row_clause(sheet, key, zone)], key)


def matching(connection: Connection, sheet: Sheet, match: Mapping[str, str], zone: tzinfo) -> Row:
    """Read the first row whose columns have these values. Raises RecordNotFoundError and ConditionError."""
    clauses = [_equals(find_column(sheet.table, name), text, zone) for name, text in match.items()]
    return _first(connection, sheet, clauses, ", ".join(match.values()))


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
        raise gone(sheet, key)
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


def gone(sheet: Sheet, key: str) -> RecordNotFoundError:
    """Return what to raise where a row is not there any more."""
    return RecordNotFoundError(f"`{sheet.table.key}` has no row `{key[:100]}`", hint="reload: it may be gone")


def _first(connection: Connection, sheet: Sheet, clauses: Sequence[ColumnElement[bool]], words: str) -> Row:
    rest = where(sheet, clauses)
    found = read(connection, sheet, replace(rest, sql=f"{rest.sql} LIMIT 1"))
    if not found.rows:
        raise gone(sheet, words)
    return rows(sheet, found)[0]


def _equals(column: Column[Any], text: str, zone: tzinfo) -> ColumnElement[bool]:
    try:
        same: ColumnElement[bool] = column == parse(text, column.type, zone)
    except ValueError as error:
        raise misfit(column, text) from error
    return same
