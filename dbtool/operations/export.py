"""Export: what the database holds as seed files, whole or the rows that some need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dbtool import database
from dbtool.config import Config
from dbtool.errors import UsageError
from dbtool.reports import Exported, ExportReport

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.seeding.export.subset import Key, Subset, Values
    from dbtool.seeding.shapes import Shape

Format = Literal["yaml", "json", "ndjson", "csv"]
FLAT = ("ndjson", "csv")


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
    with _opened(config) as (connection, known):
        subset, chosen = _chosen(config, connection, known, tables, where, related=related, nests=format not in FLAT)
        _mask(config, known, subset, mask)
        rows = tuple(Exported(table, len(found)) for table, found in chosen.items() if found)
        if format in FLAT:
            files = _write_flat(config, known, chosen, format, out, write, force=force)
        else:
            files = _write_nested(config, known, chosen, subset, format, out, write, force=force)
    return ExportReport(database.of(config).url.safe, format, rows, files)


@contextmanager
def _opened(config: Config) -> Iterator[tuple[Connection, Mapping[str, Shape]]]:
    from dbtool.engine import schema
    from dbtool.seeding.fields import Rules
    from dbtool.seeding.shapes import shapes

    opened = database.of(config)
    with opened.connect("read") as connection:
        metadata = schema.load(config) if config.models else schema.reflect(connection, config, opened.own_tables)
        yield connection, shapes(metadata, Rules(config.zone, opened.rounding))


def _chosen(
    config: Config,
    connection: Connection,
    known: Mapping[str, Shape],
    tables: Sequence[str],
    where: Sequence[str],
    *,
    related: bool,
    nests: bool,
) -> tuple[Subset, Mapping[str, Mapping[Key, Values]]]:
    """Return all rows that may be named, and of these the rows that are written, by table in the order of writing."""
    from dbtool.rows.find import find_name
    from dbtool.rows.query import Wanted, selection
    from dbtool.seeding.export.subset import Subset

    spellings = {key: [shape.table.name, shape.name] for key, shape in known.items()}
    names = [find_name(table, spellings) for table in tables] or list(known)
    subset = Subset(connection, known)
    for name in names:
        conditions = selection(connection, known[name].table, Wanted(where), config.zone).where if where else ()
        subset.take(known[name], conditions)
    for name in names if nests else ():
        for relation in known[name].linked.values():
            subset.take_tied(known[name], relation)
    if related:
        subset.close()
    chosen = {table: dict(subset.rows[table]) for table in known if table in subset.rows}
    if nests and not related:
        subset.close()
    return subset, chosen


def _mask(config: Config, known: Mapping[str, Shape], subset: Subset, names: Sequence[str]) -> None:
    from dbtool.seeding.export.mask import Mask, key_of

    if names:
        given = [name.strip() for each in names for name in each.split(",") if name.strip()]
        mask = Mask(given, known, key_of(config.make_private()))
        for table, rows in subset.rows.items():
            mask.apply(table, rows.values())


def _write_nested(
    config: Config,
    known: Mapping[str, Shape],
    chosen: Mapping[str, Mapping[Key, Values]],
    subset: Subset,
    format: Format,
    out: Path | str | None,
    write: Callable[[str], object] | None,
    *,
    force: bool,
) -> tuple[str, ...]:
    from dbtool.seeding.export.nested import Nesting
    from dbtool.seeding.export.writing import write_json, write_yaml

    parts: list[str] = []
    documents = Nesting(known, chosen, subset).documents()
    (write_json if format == "json" else write_yaml)(documents, parts.append)
    if out is None:
        assert write is not None
        write("".join(parts))
        return ()
    path = _path(config, out)
    if path.is_dir():
        path = path / f"{database.of(config).url.database.rpartition('/')[2].partition('.')[0]}.{format}"
    _require_free([path], config, force=force)
    _replace(path, "".join(parts))
    return (config.relative(path),)


def _write_flat(
    config: Config,
    known: Mapping[str, Shape],
    chosen: Mapping[str, Mapping[Key, Values]],
    format: Format,
    out: Path | str | None,
    write: Callable[[str], object] | None,
    *,
    force: bool,
) -> tuple[str, ...]:
    full = {table: list(rows.values()) for table, rows in chosen.items() if rows or len(chosen) == 1}
    if out is None or _path(config, out).suffix == f".{format}":
        if len(full) > 1:
            raise UsageError(f"{format} holds one table, and these are {len(full)}", hint="--out FOLDER")
        parts: list[str] = []
        for table, rows in full.items():
            _flat(known[table], rows, format, parts.append)
        if out is None:
            assert write is not None
            write("".join(parts))
            return ()
        _require_free([_path(config, out)], config, force=force)
        _replace(_path(config, out), "".join(parts))
        return (config.relative(_path(config, out)),)
    folder = _path(config, out)
    paths = {table: folder / f"{table}.{format}" for table in full}
    _require_free(paths.values(), config, force=force)
    for table, rows in full.items():
        parts = []
        _flat(known[table], rows, format, parts.append)
        _replace(paths[table], "".join(parts))
    return tuple(config.relative(path) for path in paths.values())


def _flat(shape: Shape, rows: Sequence[Values], format: Format, write: Callable[[str], object]) -> None:
    from dbtool.seeding.export.writing import write_csv, write_ndjson

    names = list(shape.columns)
    found = ({name: row[name] for name in names} for row in rows)
    if format == "csv":
        write_csv(names, found, write)
    else:
        write_ndjson(found, write)


def _path(config: Config, out: Path | str) -> Path:
    return Path(out).absolute()


def _require_free(paths: Any, config: Config, *, force: bool) -> None:
    there = [config.relative(path) for path in paths if path.exists()]
    if there and not force:
        raise UsageError(f"{', '.join(there)} would be written over", hint="add --force if that is meant")


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8", newline="")
    new.replace(path)
