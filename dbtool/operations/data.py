"""Data: what the tables hold, shown and written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbtool import database
from dbtool.config import Config
from dbtool.errors import DataError
from dbtool.reports import CsvReport, RecordReport, RowsReport, SchemaReport, TableSize, TablesReport
from dbtool.tables import model_name

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table

    from dbtool.database import Database
    from dbtool.rows.contents import Held

# `rows` imports SQLAlchemy (160 ms of CPU), which completing the name of a table can do without: it is imported
# where it is used.


def show_tables(config: Config) -> TablesReport:
    """Return all tables and views of the database with their sizes, by name."""
    from dbtool.rows.contents import counts

    with _opened(config) as shown:
        held = shown.held.values()
        rows = counts(shown.connection, [each for each in held if each.kind == "table"])
        sizes = shown.database.sizes(shown.connection.connection.driver_connection)
        tables = tuple(_size(shown, each, rows.get(each.key), sizes) for each in held)
        return TablesReport(shown.database.url.safe, tables, shown.missing)


def show_rows(
    config: Config,
    table: str,
    *,
    where: Sequence[str] = (),
    sort: Sequence[str] = (),
    limit: int | None = 20,
    columns: Sequence[str] = (),
) -> RowsReport:
    """Return the rows of a table that meet all conditions; no limit, or 0, returns all.

    A condition is `column=value`, with `!=`, `<`, `<=`, `>`, `>=` or `~` (contains) for the `=`, `null` for NULL,
    and for a foreign key the natural key of its row. `sort` names columns, with a minus before them for
    descending. Raises TableNotFoundError, ColumnNotFoundError, ConditionError and RecordNotFoundError.
    """
    from dbtool.rows.labels import row_labels
    from dbtool.rows.query import Wanted, count, page, selection

    with _opened(config) as shown:
        found = shown.find(table)
        chosen = selection(shown.connection, found, Wanted(where, sort, columns), config.zone)
        rows = page(shown.connection, chosen, limit or None)
        whole = limit and len(rows) < limit
        return RowsReport(
            table=found.key,
            model=model_name(found),
            columns=tuple(column.name for column in chosen.columns),
            rows=rows,
            labels=row_labels(shown.connection, found, rows),
            total=len(rows) if whole or not limit else count(shown.connection, chosen),
        )


def export_csv(
    config: Config,
    table: str,
    *,
    write: Callable[[str], object],
    where: Sequence[str] = (),
    sort: Sequence[str] = (),
    limit: int | None = None,
    columns: Sequence[str] = (),
) -> CsvReport:
    """Write what `show_rows` would return as CSV while it is read, by default all rows; memory stays flat.

    `write` takes a text of whole lines, as `sys.stdout.write` does. Foreign keys keep their values.
    """
    from dbtool.rows.export import write_csv
    from dbtool.rows.query import Wanted, selection

    with _opened(config) as shown:
        found = shown.find(table)
        chosen = selection(shown.connection, found, Wanted(where, sort, columns), config.zone)
        written = write_csv(shown.connection, chosen, limit or None, write)
        return CsvReport(found.key, tuple(column.name for column in chosen.columns), written)


def show_record(config: Config, table: str, key: str) -> RecordReport:
    """Return one row, found by natural key, primary key or another unique key, with the rows it is related to.

    The parts of a key of several columns are separated by slashes or spaces, as `johndoe/2025-01-01`. Raises
    TableNotFoundError and RecordNotFoundError.
    """
    from dbtool.rows.labels import locate, row_label, row_labels
    from dbtool.rows.related import related

    with _opened(config) as shown:
        found = shown.find(table)
        names = [column.name for column in found.columns]
        values = locate(shown.connection, found, key, list(found.columns), config.zone)
        row = dict(zip(names, values, strict=True))
        (labels,) = row_labels(shown.connection, found, [row])
        label = row_label(found, row, labels)
        relations = related(shown.connection, found, row, label=label, existing=shown.held.keys())
        return RecordReport(found.key, model_name(found), label, row, labels, relations)


def show_schema(config: Config, table: str) -> SchemaReport:
    """Return a table's columns, keys and comments. Raises TableNotFoundError."""
    from dbtool.rows.describe import describe

    with _opened(config) as shown:
        found = shown.find(table)
        return describe(found, shown.held[found.key].kind, shown.connection.dialect)


def table_names(config: Config) -> tuple[str, ...]:
    """Return the names of all tables, sorted, through the bare driver: what a shell completes."""
    opened = database.of(config)
    with opened.reading() as connection:
        return tuple(sorted(opened.table_names(connection) - set(opened.own_tables)))


@dataclass(frozen=True, slots=True)
class _Shown:
    """An open database, what it holds, and what the models say of it."""

    database: Database
    connection: Connection
    metadata: MetaData
    held: Mapping[str, Held]

    @property
    def missing(self) -> tuple[str, ...]:
        """The tables of the models that the database does not have."""
        return tuple(sorted(self.metadata.tables.keys() - self.held.keys()))

    def find(self, typed: str) -> Table:
        """Return a table by what people call it, reflected where no model knows it."""
        from dbtool.rows.contents import reflected
        from dbtool.rows.find import find_name

        key = find_name(typed, {key: self.spellings(key) for key in [*self.metadata.tables, *self.held]})
        if key not in self.held:
            raise DataError(f"`{key}` is in the models, but not in {self.database.name} yet", hint="dbtool migrate")
        return self.metadata.tables[key] if key in self.metadata.tables else reflected(self.connection, self.held[key])

    def spellings(self, key: str) -> list[str]:
        """Return the other names of a table: without its schema, and its model's."""
        table = self.metadata.tables.get(key)
        names = [self.held[key].name if table is None else table.name]
        model = model_name(table) if table is not None else None
        return [*names, model] if model else names


@contextmanager
def _opened(config: Config) -> Iterator[_Shown]:
    """Open the database for reading and see what it holds; what it refuses becomes a DataError."""
    import warnings

    from sqlalchemy.exc import SAWarning, SQLAlchemyError

    from dbtool.engine import schema

    opened = database.of(config)
    with warnings.catch_warnings(), opened.connect("read") as connection:
        warnings.simplefilter("ignore", SAWarning)  # about types that reflection does not know, and the like
        metadata = schema.load(config) if config.models else schema.reflect(connection, config, opened.own_tables)
        try:
            yield _Shown(opened, connection, metadata, _held(config, opened, connection, metadata))
        except SQLAlchemyError as error:
            meaning = opened.translate(getattr(error, "orig", None) or error)
            raise meaning or _refused(config, error) from error


def _held(config: Config, opened: Database, connection: Connection, metadata: MetaData) -> Mapping[str, Held]:
    from dbtool.rows.contents import contents

    own = {table.schema for table in metadata.tables.values()}
    return contents(connection, own | set(config.schemas or (None,)), opened.own_tables)


def _refused(config: Config, error: Exception) -> DataError:
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    hint = (
        "dbtool migrate   (the models may be ahead of the database)" if config.models else "dbtool show TABLE --schema"
    )
    return DataError(f"the database refused to answer: {words[0] if words else type(error).__name__}", hint=hint)


def _size(shown: _Shown, held: Held, rows: int | None, sizes: Mapping[str, int | None]) -> TableSize:
    table = shown.metadata.tables.get(held.key)
    return TableSize(
        name=held.key,
        model=model_name(table) if table is not None else None,
        kind=held.kind,
        rows=rows,
        bytes=sizes.get(held.name) if held.schema in (None, shown.connection.dialect.default_schema_name) else None,
        comment=table.comment if table is not None else None,
    )
