"""The rows that the database holds under given natural keys, read in chunks, the same way on every database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, inspect, select, tuple_
from sqlalchemy.exc import DBAPIError

from dbtool.database import Database
from dbtool.errors import DataError, DbtoolError
from dbtool.seeding.shapes import Shape

CHUNK = 500  # keys in one query: 1,500 parameters for a key of three, where SQLite takes 32,766

Key = tuple[Any, ...]
Stored = dict[str, Any]


def read_rows(
    database: Database, connection: Connection, shape: Shape, query: Any, names: Sequence[str]
) -> Iterator[Stored]:
    """Yield the rows of a query by the names of its columns; times that are known to be UTC say so.

    Raises DataError where the table cannot be read, and what a lost connection means.
    """
    aware = shape.aware.intersection(names)
    try:
        for record in connection.execute(query):
            row = dict(zip(names, record, strict=True))
            for name in aware:
                row[name] = _aware(row[name])
            yield row
    except DBAPIError as error:
        message = f"`{shape.table.key}` cannot be read: {words_of(error)}"
        raise database.translate(error.orig or error) or DataError(message, hint="dbtool migrate") from error


class Store:
    """Reads the database that is being seeded, inside the seed's own transaction."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection

    def check_tables(self, wanted: Iterable[Shape]) -> None:
        """Raise DataError when the database lacks a table that the seeds need."""
        inspector = inspect(self.connection)
        found: dict[str | None, set[str]] = {}
        for shape in wanted:
            schema = shape.table.schema
            if schema not in found:
                found[schema] = set(inspector.get_table_names(schema))
            if shape.table.name not in found[schema]:
                raise DataError(f"the database has no table `{shape.table.key}`", hint="dbtool migrate")

    def rows(self, shape: Shape, keys: Collection[Key], columns: Collection[str] = ()) -> dict[Key, list[Stored]]:
        """Return the rows with these natural keys, each with these columns and those that identify it.

        More than one row under a key means that the natural key is not unique, or holds a null.
        """
        found: dict[Key, list[Stored]] = defaultdict(list)
        if not keys or self.is_empty(shape):
            return found
        wanted = {*columns, *shape.key, *shape.primary_key, *shape.handed_out}
        names = [name for name in shape.columns if name in wanted]
        query = select(*(shape.table.columns[name] for name in names))
        for condition in conditions([shape.table.columns[name] for name in shape.key], keys):
            for row in self._read(shape, query.where(condition), names):
                found[tuple([row[name] for name in shape.key])].append(row)
        return found

    def keys(self, shape: Shape) -> Iterator[tuple[Key, Key]]:
        """Yield the primary and the natural key of every row of a table."""
        names = [name for name in shape.columns if name in {*shape.primary_key, *shape.key}]
        query = select(*(shape.table.columns[name] for name in names))
        for row in self._read(shape, query, names):
            yield tuple([row[name] for name in shape.primary_key]), tuple([row[name] for name in shape.key])

    def connection_error(self, error: Exception) -> DbtoolError | None:
        """Return what an error means when it is about the connection, not about the rows."""
        return self.database.translate(getattr(error, "orig", None) or error)

    def is_empty(self, shape: Shape) -> bool:
        """Whether the table has no row at all, as before a first seed: then no key needs to be looked for."""
        column = next(iter(shape.table.columns))
        return not any(self._read(shape, select(column).limit(1), [column.name]))

    def _read(self, shape: Shape, query: Any, names: Sequence[str]) -> Iterator[Stored]:
        return read_rows(self.database, self.connection, shape, query, names)


def conditions(columns: Sequence[Column[Any]], keys: Collection[Key]) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each chunk of keys of these columns; those with a null in the same column go together."""
    alike: dict[tuple[bool, ...], list[Key]] = defaultdict(list)
    for key in keys:
        alike[tuple([part is None for part in key])].append(key)
    for nulls, group in alike.items():
        for start in range(0, len(group), CHUNK):
            yield _condition(columns, nulls, group[start : start + CHUNK])


def _condition(columns: Sequence[Column[Any]], nulls: Sequence[bool], keys: Sequence[Key]) -> ColumnElement[bool]:
    empty = [column.is_(None) for column, null in zip(columns, nulls, strict=True) if null]
    full = [position for position, null in enumerate(nulls) if not null]
    if len(full) == 1:
        return and_(*empty, columns[full[0]].in_([key[full[0]] for key in keys]))
    if full:
        parts = [tuple(key[position] for position in full) for key in keys]
        return and_(*empty, tuple_(*(columns[position] for position in full)).in_(parts))
    return and_(*empty)


def _aware(value: Any) -> Any:
    """Return a datetime of a database without time zones in UTC, which is what it holds."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words_of(error: Exception) -> str:
    """Return what a driver said, in one line and without its error number."""
    said = getattr(error, "orig", None) or error
    words = said.args[-1] if len(said.args) > 1 and isinstance(said.args[0], int) else said
    return " ".join(str(words).split())
