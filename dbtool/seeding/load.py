"""The whole seed: read, check everything, then write it in one transaction, which a second run leaves unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.exc import StatementError

from dbtool.config import Config
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.reports import SeedReport
from dbtool.seeding.documents import read
from dbtool.seeding.fields import Rules
from dbtool.seeding.plan import plan
from dbtool.seeding.problems import Problems
from dbtool.seeding.shapes import shapes
from dbtool.seeding.stored import Store
from dbtool.seeding.write import refused, write


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
    problems = Problems()
    documents = tuple(read(path, config.relative(path), problems) for path in files)
    if not documents:
        return SeedReport(database.url.safe, (), (), dry_run)
    known = shapes(metadata, Rules(zone, database.rounding))
    with database.connect("write") as connection:
        store = Store(database, connection)
        planned = plan(documents, known, store, problems)
        problems.refuse(config.relative(config.seed_data))
        tables = write(planned, store, tell)
        _finish(store, keep=not dry_run and any(each.inserted or each.updated for each in tables))
    return SeedReport(database.url.safe, tuple(document.file for document in documents), tables, dry_run)


def _finish(store: Store, *, keep: bool) -> None:
    """Commit, or roll back what is not to be kept; a constraint that is checked late can refuse here."""
    if not keep:
        store.connection.rollback()
        return
    try:
        store.connection.commit()
    except StatementError as error:
        raise store.connection_error(error) or refused(error) from error
