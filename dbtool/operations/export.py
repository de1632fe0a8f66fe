"""Export: what the database holds as seed files, whole or the rows that some need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dbtool import database
from dbtool.config import Config
from dbtool.errors import UsageError
from dbtool.reports import Exported, ExportReport

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.database import Database
    from dbtool.seeding.export.mask import Mask
    from dbtool.seeding.export.subset import Key, Subset, Values
    from dbtool.seeding.shapes import Shape

Format = Literal["yaml", "json", "ndjson", "csv"]
FLAT = ("ndjson", "csv")
Conditions = Sequence[Any]  # of SQLAlchemy


def export(
    config: Config,
    tables: Sequence[str] = (),
    *,
    where: Sequence[str] = (),
    related: bool = False,
    format: Format = "yaml",
    mask: Sequence[str] = (),
    out: Path | str | None = None,
    force: bool = False,
    write: Callable[[str], object] | None = None,
) -> ExportReport:
    """Write rows as seeds, which `seed` loads again: the same rows always give the same bytes.

    All tables, or those that are named; `where` are conditions as `show_rows` takes them, for one table. With
    `related` the rows that the chosen ones need come along. YAML and JSON nest rows and name them by their natural
    keys; `ndjson` and `csv` are one table a file, with all columns as they are. `mask` names columns, as `email`,
    `user.email` or with `*`, whose values are replaced by made-up ones, the same for the same value. `out` is a file,
    or for flat formats a folder; a file that is there is only written over with `force`. Without it `write` takes the
    text. Raises UsageError, TableNotFoundError, ColumnNotFoundError, ConditionError, and DataError for a table whose
    natural key cannot be told.
    """
    if where and len(tables) != 1:
        raise UsageError("--where is about one table", hint="dbtool export user --where role=admin --related")
    if out is None and write is None:
        raise UsageError("where should it be written?", hint="--out seed_data/all.yaml")
    path = None if out is None else Path(out).absolute()
    target = database.of(config)
    with _opened(config, target) as (connection, known):
        work = _Export(config, target, connection, known, format, write, force=force)
        names, conditions = work.chosen(tables, where)
        work.mask_by(mask)
        if format in FLAT:
            rows, files = work.flat(names, conditions, path, related=related)
        else:
            rows, files = work.nested(names, conditions, path, related=related)
    return ExportReport(target.url.safe, format, rows, files)


@contextmanager
def _opened(config: Config, opened: Database) -> Iterator[tuple[Connection, Mapping[str, Shape]]]:
    from dbtool.engine import schema
    from dbtool.seeding.fields import Rules
    from dbtool.seeding.shapes import shapes

    with opened.connect("read") as connection:
        metadata = schema.load(config) if config.models else schema.reflect(connection, config, opened.own_tables)
        yield connection, shapes(metadata, Rules(config.zone, opened.rounding))


class _Export:
    """One export while it goes on."""

    def __init__(
        self,
        config: Config,
        target: Database,
        connection: Connection,
        known: Mapping[str, Shape],
        format: Format,
        write: Callable[[str], object] | None,
        *,
        force: bool,
    ) -> None:
        self.config = config
        self.database = target
        self.connection = connection
        self.known = known
        self.format = format
        self.write = write
        self.force = force
        self.mask: Mask | None = None

    def chosen(self, tables: Sequence[str], where: Sequence[str]) -> tuple[list[str], Conditions]:
        """Return the keys of the tables that were named, all without a name, and what their rows must meet."""
        from dbtool.rows.find import find_name
        from dbtool.rows.query import Wanted, selection

        spellings = {key: [shape.table.name, shape.name] for key, shape in self.known.items()}
        found = [find_name(table, spellings) for table in tables]
        names = [table for table in self.known if table in found] if found else list(self.known)
        if not where:
            return names, ()
        return names, selection(self.connection, self.known[names[0]].table, Wanted(where), self.config.zone).where

    def mask_by(self, columns: Sequence[str]) -> None:
        """Let values of these columns be made up."""
        from dbtool.seeding.export.mask import Mask, key_of

        names = [name.strip() for each in columns for name in each.split(",") if name.strip()]
        if names:
            self.mask = Mask(names, self.known, key_of(self.config.make_private()))

    # Nested

    def nested(
        self, names: Sequence[str], conditions: Conditions, out: Path | None, *, related: bool
    ) -> tuple[tuple[Exported, ...], tuple[str, ...]]:
        """Write rows within rows; return how many of each table, and the file."""
        from dbtool.seeding.export.nested import Nesting
        from dbtool.seeding.export.writing import write_json, write_yaml

        subset, chosen = self._held(names, conditions, related=related, nests=True)
        documents = Nesting(self.known, chosen, subset).documents()
        path = self._file(out)
        with self._written(path) as write:
            (write_json if self.format == "json" else write_yaml)(documents, write)
        done = tuple(Exported(table, len(rows)) for table, rows in chosen.items() if rows)
        return done, () if path is None else (self.config.relative(path),)

    def _held(
        self, names: Sequence[str], conditions: Conditions, *, related: bool, nests: bool
    ) -> tuple[Subset, Mapping[str, Mapping[Key, Values]]]:
        """Return all rows that may be named, and of these the rows that are written, by table in order of writing."""
        from dbtool.seeding.export.subset import Subset

        subset = Subset(self.database, self.connection, self.known)
        for name in names:
            subset.take(self.known[name], conditions)
        for name in names if nests else ():
            for relation in self.known[name].linked.values():
                subset.take_tied(self.known[name], relation)
        if related:
            subset.close()
        chosen = {table: dict(subset.rows[table]) for table in self.known if table in subset.rows}
        if nests and not related:
            subset.close()
        for table, rows in subset.rows.items() if self.mask else ():
            self._masked(table, rows.values())
        return subset, chosen

    def _masked(self, table: str, rows: Iterable[Values]) -> None:
        if self.mask is not None:
            self.mask.apply(table, rows)

    # Flat

    def flat(
        self, names: Sequence[str], conditions: Conditions, out: Path | None, *, related: bool
    ) -> tuple[tuple[Exported, ...], tuple[str, ...]]:
        """Write one table a file, row by row as they are read; return how many of each, and the files."""
        rows: Mapping[str, Iterable[Values]] = {name: self._rows(self.known[name], conditions) for name in names}
        if related:
            _, chosen = self._held(names, conditions, related=True, nests=False)
            rows = {table: found.values() for table, found in chosen.items()}
        one = out is None or out.suffix == f".{self.format}"
        if one and len(rows) > 1:
            raise UsageError(f"{self.format} holds one table, and these are {len(rows)}", hint="--out FOLDER")
        paths = {table: out if one or out is None else out / f"{table}.{self.format}" for table in rows}
        self._require_free(paths.values())
        done, files = [], []
        for table, path in paths.items():
            with self._written(path) as write:
                count = self._write_rows(self.known[table], rows[table], write)
            done.append(Exported(table, count))
            if path is not None and (count or one):
                files.append(self.config.relative(path))
            elif path is not None:
                path.unlink()
        return tuple(each for each in done if each.rows), tuple(files)

    def _rows(self, shape: Shape, conditions: Conditions) -> Iterator[Values]:
        from sqlalchemy import select

        from dbtool.seeding.stored import read_rows

        columns = list(shape.columns.values())
        query = select(*columns).where(*conditions).order_by(*shape.table.primary_key.columns)
        query = query.execution_options(yield_per=1_000)
        for row in read_rows(self.database, self.connection, shape, query, list(shape.columns)):
            self._masked(shape.table.key, (row,))
            yield row

    def _write_rows(self, shape: Shape, rows: Iterable[Values], write: Callable[[str], object]) -> int:
        from dbtool.seeding.export.writing import write_csv, write_ndjson

        names = list(shape.columns)
        found = ({name: row[name] for name in names} for row in rows)
        return write_csv(names, found, write) if self.format == "csv" else write_ndjson(found, write)

    # Files

    def _file(self, out: Path | None) -> Path | None:
        """Return the file that holds all; in a folder it is called like the database."""
        if out is not None and out.is_dir():
            name = self.database.url.database.rpartition("/")[2].partition(".")[0]
            out = out / f"{name}.{self.format}"
        self._require_free([out])
        return out

    def _require_free(self, paths: Iterable[Path | None]) -> None:
        there = [self.config.relative(path) for path in paths if path is not None and path.exists()]
        if there and not self.force:
            raise UsageError(f"{', '.join(there)} would be written over", hint="add --force if that is meant")

    @contextmanager
    def _written(self, path: Path | None) -> Iterator[Callable[[str], object]]:
        """Lend what writes a file, which is there whole at the end or not at all; without one, what the caller gave."""
        if path is None:
            assert self.write is not None
            yield self.write
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        try:
            with new.open("w", encoding="utf-8", newline="") as file:
                yield file.write
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
