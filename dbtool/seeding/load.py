"""The whole seed: read, check everything, then write it in one transaction, which a second run leaves unchanged."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.exc import StatementError

from dbtool.config import Config
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.reports import SeedReport
from dbtool.seeding.fields import Rules
from dbtool.seeding.gather import gather
from dbtool.seeding.plan import needed, plan
from dbtool.seeding.problems import Problems
from dbtool.seeding.references import Directory
from dbtool.seeding.shapes import shapes
from dbtool.seeding.sources import YamlSource
from dbtool.seeding.stored import Store
from dbtool.seeding.tags import Tags
from dbtool.seeding.validate import validate
from dbtool.seeding.write import refused, write
from dbtool.seeding.yaml_reader import read


def load(
    config: Config,
    database: Database,
    metadata: MetaData,
    *,
    files: Sequence[Path],
    zone: tzinfo,
    dry_run: bool = False,
    tell: Tell = silent,
) -> SeedReport:
    """Load seed files into a database, whole or not at all; with `dry_run` roll it back at the end.

    `zone` is where times without an offset are. A row is matched with the database's by its natural key; of a row
    that is there, only the columns that the seed gives are written, and only where they differ. No seed files: an
    empty report, and the database is not touched. Raises SeedError with every problem, RefusedRowError, and
    DataError where tables are missing.
    """
    if not files:
        return SeedReport(database.url.safe, (), (), dry_run)
    problems = Problems()
    tags = Tags.of(config.root, zone, config.variable)
    known = shapes(metadata, Rules(zone, database.rounding))
    with _without_collector(), database.connect("write") as connection:
        sources = [YamlSource(path, config.relative(path)) for path in files]
        rows = gather((read(source, tags, problems) for source in sources), known, problems)
        for table, found in rows.items():
            validate(known[table], found, problems)
        store = Store(database, connection)
        store.check_tables(needed(rows, known))
        planned = plan(rows, known, store, Directory(known, store, problems), problems)
        problems.refuse(config.relative(config.seed_data))
        tables = tuple(each for each in write(planned, store, tell) if each.rows)
        _finish(store, keep=not dry_run and any(each.changed for each in tables))
    return SeedReport(database.url.safe, tuple(source.file for source in sources), tables, dry_run)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let Python's collector rest: it would look through all rows again and again, and none of them is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _finish(store: Store, *, keep: bool) -> None:
    """Commit, or roll back what is not to be kept; a constraint that is checked late can refuse here."""
    if not keep:
        store.connection.rollback()
        return
    try:
        store.connection.commit()
    except StatementError as error:
        raise store.connection_error(error) or refused(error) from error
