"""Rows that a history itself puts into tables, read from a scratch database and written as calls of Alembic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from dbtool.database import Database, definitions
from dbtool.errors import HistoryError

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, MetaData, Table
    from sqlalchemy.engine import Dialect


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of one table, those first that others of the same table point at."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def as_set(self) -> frozenset[str]:
        """The rows without an order."""
        return frozenset(repr(row) for row in self.rows)


def read(connection: Connection, metadata: MetaData) -> Mapping[str, Stored]:
    """Read all rows of the tables that have any; what the database computes is left out."""
    from sqlalchemy import select

    found = {}
    for table in metadata.tables.values():
        columns = [column for column in table.columns if not column.computed]
        rows = [tuple(_plain(value) for value in row) for row in connection.execute(select(*columns))]
        if rows:
            names = tuple(column.name for column in columns)
            found[table.fullname] = Stored(names, tuple(_parents_first(table, names, sorted(rows, key=repr))))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def _parents_first(table: Table, names: Sequence[str], rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    keys = [
        (names.index(key.parent.name), names.index(key.column.name))
        for key in table.foreign_keys
        if key.column.table is table
    ]
    waiting = rows
    while waiting:
        missing = {(theirs, row[theirs]) for _, theirs in keys for row in waiting}
        ready = [
            row
            for row in waiting
            if all((theirs, row[mine]) not in missing or row[mine] == row[theirs] for mine, theirs in keys)
        ]
        yield from ready or waiting
        waiting = [row for row in waiting if row not in ready] if ready else []


def written(
    database: Database, metadata: MetaData, rows: Mapping[str, Stored]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines that insert these rows, parents first, and the imports that they need.

    Raises HistoryError for a value that no file can say.
    """
    lines, imports, dialect = [], set(), database.engine("read").dialect
    for table in metadata.sorted_tables:
        if table.fullname not in rows:
            continue
        stored = rows[table.fullname]
        types = []
        for name in stored.columns:
            type_, needed = _type(table.columns[name], dialect)
            types.append(f"sa.column({name!r}, {type_})")
            imports |= needed
        values = ", ".join(_row(table, stored.columns, row, imports) for row in stored.rows)
        schema = f", schema={table.schema!r}" if table.schema else ""
        lines.append(f"    op.bulk_insert(sa.table({table.name!r}, {', '.join(types)}{schema}), [{values}])")
        lines += _counting_on(database, table, stored)
    return tuple(lines), tuple(sorted(imports))


def _type(column: Column[Any], dialect: Dialect) -> tuple[str, set[str]]:
    """Return a column's type as SQLAlchemy writes it, of no database where that can be said."""
    from sqlalchemy import Enum

    type_ = definitions.plain_type(column.type, dialect)
    if type_ is None:
        module = type(column.type).__module__.split(".")[2]
        return f"{module}.{column.type!r}", {f"from sqlalchemy.dialects import {module}"}
    if isinstance(type_, Enum):
        name = f", name={type_.name!r}" if type_.name else ""
        return f"sa.Enum({', '.join(map(repr, type_.enums))}{name})", set()
    return f"sa.{type_!r}", set()


def _row(table: Table, names: Sequence[str], row: Sequence[Any], imports: set[str]) -> str:
    pairs = (
        f"{name!r}: {_value(f'{table.name}.{name}', value, imports)}" for name, value in zip(names, row, strict=True)
    )
    return f"{{{', '.join(pairs)}}}"


def _value(where: str, value: Any, imports: set[str]) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(where, each, imports) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_value(where, each, imports)}' for key, each in value.items())}}}"
    if isinstance(value, float) and value - value != 0:  # repr() of infinity and of what is no number is no Python
        return f"float({str(value)!r})"
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    for kinds, module in _MODULES:
        if isinstance(value, kinds):
            imports.add(f"import {module}")
            return repr(value) if module == "datetime" else f"{module}.{value!r}"
    raise HistoryError(
        f"a row of {where} holds a {type(value).__name__}, which no file can say",
        hint="squash the migrations before the one that inserts it: dbtool squash --through REVISION",
    )


_MODULES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((date, time, timedelta), "datetime"),
    ((Decimal,), "decimal"),
    ((UUID,), "uuid"),
)


def _counting_on(database: Database, table: Table, stored: Stored) -> Iterator[str]:
    """Yield what lets the next row get the next number."""
    column = table.autoincrement_column
    if column is None or column.name not in stored.columns:
        return
    place = stored.columns.index(column.name)
    sql = definitions.next_number(database, table, column.name, max(row[place] for row in stored.rows))
    if sql is not None:
        yield f"    op.execute({sql!r})"
