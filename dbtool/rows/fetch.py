"""Run a SELECT and read its values by type, one by one, so that a value that does not fit hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Select, type_coerce
from sqlalchemy.types import NullType

from dbtool.rows.codec import reader

Values = tuple[Any, ...]
_Reader = Callable[[Any], Any] | None
BATCH = 1000


def fetch(connection: Connection, statement: Select[Any], columns: Sequence[ColumnElement[Any]]) -> list[Values]:
    """Return the values of these columns in all rows of a statement, whatever it selects itself."""
    result = connection.execute(_raw(statement, columns))
    readers = _readers(connection, result, columns)
    return _read(readers, result)


def stream(
    connection: Connection, statement: Select[Any], columns: Sequence[ColumnElement[Any]]
) -> Iterator[list[Values]]:
    """Yield the same in batches, through a cursor on the server: memory stays flat however many rows there are."""
    result = connection.execute(_raw(statement, columns), execution_options={"yield_per": BATCH})
    readers = _readers(connection, result, columns)
    for batch in result.partitions():
        yield _read(readers, batch)


def _raw(statement: Select[Any], columns: Sequence[ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    """Select what the driver returns; SQLAlchemy's own conversion gives up the whole result at one bad value."""
    return statement.with_only_columns(*(type_coerce(column, NullType()) for column in columns))


def _readers(connection: Connection, result: CursorResult[Any], columns: Sequence[ColumnElement[Any]]) -> list[_Reader]:
    codes = [described[1] for described in result.cursor.description]
    return [reader(column.type, connection.dialect, code) for column, code in zip(columns, codes, strict=True)]


def _read(readers: Sequence[_Reader], rows: Iterable[Any]) -> list[Values]:
    if not any(readers):
        return [tuple(row) for row in rows]
    return [tuple([read(value) if read else value for read, value in zip(readers, row, strict=True)]) for row in rows]
