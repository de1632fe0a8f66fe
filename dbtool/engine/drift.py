"""What somebody changed in a database beside its migrations: in words, as SQL, and both ways out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import diff, direct, files, ledger, plan, proof, runner, schema
from dbtool.engine.diff import Draft
from dbtool.engine.history import History
from dbtool.engine.state import State
from dbtool.errors import DriftError
from dbtool.reports import Revision
from dbtool.tables import forget_counters

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


@dataclass(frozen=True, slots=True)
class Drift:
    """The live schema against that of the migrations it ran: `done` is what somebody did, `undo` takes it back.

    `unsaid` are lines of the catalogue, of views, triggers and functions, that neither can say.
    """

    done: Draft
    undo: Draft
    unsaid: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What somebody did, as sentences."""
        return (*(change.text for change in self.done.changes), *self.unsaid)


_UNSAID = re.compile(r"[-+] (view|trigger|function|procedure|routine|event|rule|policy)\b")


@contextmanager
def replayed(config: Config, database: Database, state: State) -> Iterator[Database]:
    """Lend a scratch database with the migrations that the live one has run."""
    ran = plan.ancestors(state.history, state.record.heads)
    own = History(tuple(each for each in state.history.revisions if each.id in ran), "dbtool")
    with proof.scratch(config, database) as scratch:
        runner.upgrade(config, scratch, own)
        yield scratch


def describe(config: Config, database: Database, scratch: Database, lines: Sequence[str]) -> Drift:
    """Compare the live database with a scratch one in both directions; `lines` are those of the catalogue."""
    with database.connect("read") as live, scratch.connect("migrate") as made:
        done = diff.draft(config, scratch, made, reflected(config, database, live))
        undo = diff.draft(config, database, live, reflected(config, scratch, made))
    return Drift(done, undo, tuple(line for line in lines if _UNSAID.match(line)))


def reflected(config: Config, database: Database, connection: Connection) -> MetaData:
    """Return the schema of a connection, as models would say it."""
    return forget_counters(schema.reflect(connection, config, database.own_tables))


def revert(config: Config, database: Database, drift: Drift, now: datetime) -> tuple[str, ...]:
    """Take back on the live database what somebody did; return the SQL that ran.

    On a database that keeps DDL in a transaction all of it lands or nothing does. Raises MigrationError.
    """
    from dbtool.engine.recording import Replay

    with _drafted(config, drift.undo, now) as revision, database.connect("migrate") as connection:
        recorded = Replay(config, database, connection).record(revision, "up")
    return tuple(statement.sql for statement in recorded.statements)


def settle(database: Database) -> None:
    """Let the ledger know the schema as it is, once it has been shown to be that of the migrations."""
    with database.connect("migrate") as connection, connection.begin():
        driver = connection.connection.driver_connection
        ledger.refresh(database, driver, database.catalogue(driver))


def record(config: Config, database: Database, revision: Revision) -> None:
    """Note a migration as applied whose changes the database has already."""
    direct.finish_alone(database, lambda connection: direct.note(config, database, connection, down=(), up=[revision]))


@contextmanager
def _drafted(config: Config, draft: Draft, now: datetime) -> Iterator[Revision]:
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        yield files.write_draft(config, draft, name="drift", folder=Path(folder), after=History(), now=now)[0]


def require_sayable(drift: Drift) -> None:
    """Raise DriftError where a view, trigger or function is part of the drift: only a person can say that as SQL."""
    if drift.unsaid:
        raise DriftError(
            "views, triggers and functions that somebody changed cannot be adopted or reverted as tables can",
            hint="write them into a migration: dbtool migrate --create-only, or change them back by hand",
            problems=drift.unsaid,
        )
