"""Bring a database to the models without a file: tried on a copy of its structure first, then done as a whole."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.database import Database, structure
from dbtool.engine import diff, ledger, proof
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions
from dbtool.engine.history import History
from dbtool.engine.recorder import Recorder
from dbtool.errors import MigrationError, ProofError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

Last = Callable[["Connection"], None]


@contextmanager
def copied(config: Config, database: Database, *, exists: bool) -> Iterator[Database]:
    """Lend a scratch database that holds what this one holds, without its rows; an empty one where there is none."""
    with proof.scratch(config, database) as scratch:
        if exists:
            structure.copy(database, scratch)
        yield scratch


def carry_out(
    config: Config, database: Database, revision: Revision, metadata: MetaData, last: Last | None = None
) -> tuple[str, ...]:
    """Run a drafted file, compare again, and call `last`, all in one transaction; return the SQL that ran.

    Where DDL commits by itself, what ran before a failure stays. Raises MigrationError, and ProofError where a
    difference is left.
    """
    from dbtool.engine.recording import Replay

    def finish(connection: Connection) -> None:
        _require_models(config, database, connection, metadata)
        database.before_commit(connection.connection.driver_connection)
        if last is not None:
            last(connection)

    with _failing(database), database.turn(lambda holder: None), database.connect("migrate") as connection:
        recorded = Replay(config, database, connection).record(revision, "up", last=lambda: finish(connection))
    return tuple(statement.sql for statement in recorded.statements)


@contextmanager
def _failing(database: Database) -> Iterator[None]:
    """Say of a failure what became of the database: there is no file that could be corrected."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what SQLAlchemy cannot read of a table that is looked at
            yield
    except MigrationError as error:
        words = getattr(error.__cause__, "orig", None) or error.__cause__ or error
        statement = getattr(error.__cause__, "statement", None)
        raise MigrationError(
            f"{database.name} cannot be brought to the models: {' '.join(str(words).split())}",
            hint="dbtool push --dry-run shows the SQL",
            problems=((f"statement: {' '.join(str(statement).split())}",) if statement else ()) + _left(database),
        ) from error


def _left(database: Database) -> tuple[str, ...]:
    if database.transactional_ddl:
        return ("nothing changed: the database is as it was",)
    return ("this database commits every DDL statement: what ran before the failure stays",)


def finish_alone(database: Database, last: Last) -> None:
    """Call `last` in a transaction of its own, where there is no difference to carry out."""
    with database.connect("migrate") as connection, connection.begin():
        last(connection)


def is_what_models_say(config: Config, database: Database, metadata: MetaData) -> bool:
    """Whether a database, as it is now, lacks nothing of the models and has nothing beyond them."""
    from dbtool.errors import AnswerError

    with database.connect("migrate") as connection:
        try:
            return not diff.draft(config, database, connection, metadata, decisions=Decisions(scratch=False))
        except AnswerError:  # a name that differs in upper and lower case, which this database cannot try
            return False


def settle(database: Database, connection: Connection) -> None:
    """Let the last row of the ledger carry the schema as it is now, in the caller's transaction."""
    driver = connection.connection.driver_connection
    ledger.refresh(database, driver, database.catalogue(driver))


def note(
    config: Config,
    database: Database,
    connection: Connection,
    *,
    down: Sequence[Revision],
    up: Sequence[Revision],
    moving: bool = True,
    new_ledger: bool = False,
) -> None:
    """Note migrations as taken back and as applied whose changes the database has already, in the caller's transaction.

    Alembic's version table follows, unless it is there already and `moving` is False. In a foreign project the ledger
    is kept only where there is one, or where it is to be a `new_ledger`.
    """
    recorder = Recorder(database, connection)
    recorder.begin(keep_ledger=new_ledger or histories.host_of(config) == "dbtool")
    recorder.start()
    heads = set(_heads(config, database, connection))
    before = frozenset(heads)
    for revision in down:
        recorder.record(revision, "down")
        heads = (heads - {revision.id}) | set(revision.parents)
    for revision in up:
        recorder.record(revision, "up")
        heads = (heads - set(revision.parents)) | {revision.id}
    if moving:
        ledger.move(database, recorder.driver, sorted(before - heads), sorted(heads - before))
    recorder.finish()


def stamp(config: Config, database: Database, history: History) -> None:
    """Let Alembic's version table of a database say that it has run all files."""
    with database.connect("migrate") as connection, connection.begin():
        before = _heads(config, database, connection)
        driver = connection.connection.driver_connection
        ledger.prepare(database, driver)
        ledger.move(database, driver, before, history.heads)


def _heads(config: Config, database: Database, connection: Connection) -> tuple[str, ...]:
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"version_table": config.version_table})
    context._ensure_version_table()
    return ledger.read(database, connection.connection.driver_connection).heads


def _require_models(config: Config, database: Database, connection: Connection, metadata: MetaData) -> None:
    left = diff.draft(config, database, connection, metadata, decisions=Decisions(scratch=False))
    if not left:
        return
    raise ProofError(
        "the schema would still differ from the models",
        hint="write this step by hand: dbtool migrate --create-only --no-proof",
        problems=(*(change.text for change in left.changes), *_left(database)),
    )
