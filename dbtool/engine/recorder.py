"""Write the ledger of one run, in the run's own transaction: what ran, how long, and what the schema became."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import dbtool
from dbtool.database import LEDGER, Database
from dbtool.engine import journal, ledger
from dbtool.engine.journal import Journal
from dbtool.engine.ledger import Entry
from dbtool.person import who
from dbtool.reports import Applied, Direction, Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Recorder:
    """Writes the ledger of one run, in the run's own transaction, and finishes what each migration began."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection
        self.at_once = False
        self.is_last = True
        self.keeps_ledger = True
        self.journal: Journal | None = None
        self._entries: list[Entry] = []
        self._statements = 0
        self._started = perf_counter()

    @property
    def driver(self) -> Any:
        """The bare driver's connection, inside the migration's transaction."""
        return self.connection.connection.driver_connection

    def begin(self, *, keep_ledger: bool = True) -> None:
        """Make the ledger if there is none.

        In a foreign project no ledger is made, since plain `alembic check` would want to drop it; one that is
        there already is kept.
        """
        self.keeps_ledger = keep_ledger or LEDGER in self.database.table_names(self.driver)
        if self.keeps_ledger:
            ledger.prepare(self.database, self.driver)

    @contextmanager
    def journalled(self) -> Iterator[None]:
        """Write down each statement, where the database commits what a transaction should hold together."""
        if self.database.transactional_ddl or not (self.keeps_ledger and self.database.traced):
            yield
            return
        journal.prepare(self.database, self.driver)
        self.journal = Journal(self.database, self.driver)
        with journal.kept(self.journal, self.connection.engine):
            yield

    def listen(self) -> None:
        """Count the statements of the migrations from now on; none begins when the turn is lost."""
        from sqlalchemy import event

        event.listen(self.connection, "before_cursor_execute", self._before_statement)
        event.listen(self.connection, "after_cursor_execute", self._after_statement)

    def start(self, revision: Revision | None = None, direction: Direction = "up") -> None:
        """Begin a migration inside its transaction, and to time it. Raises StoppedHalfwayError."""
        self.database.before_step(self.driver)
        if self.journal is not None and revision is not None:
            self.journal.begin(revision, direction)
        self._started = perf_counter()
        self._statements = 0

    def record(self, revision: Revision, direction: Direction) -> Applied:
        """Finish a migration inside its transaction, and note it for the ledger."""
        self.database.after_step(self.connection)
        if self.journal is not None:
            self.journal.end()
        seconds = perf_counter() - self._started
        entry = Entry(
            revision.id,
            revision.name,
            revision.meaning_hash,
            direction,
            seconds,
            self._statements,
            who(),
            dbtool.__version__,
        )
        self._entries.append(entry)
        if self.at_once:
            self._write(with_catalogue=self.is_last)
        return Applied(revision.id, revision.name, direction, seconds, self._statements)

    def finish(self) -> None:
        """Write what is still to be written, and check what must hold before the commit."""
        self._write(with_catalogue=True)
        self.database.before_commit(self.driver)

    def _write(self, *, with_catalogue: bool) -> None:
        if self._entries and self.keeps_ledger:
            catalogue = self.database.catalogue(self.driver) if with_catalogue else None
            ledger.append(self.database, self.driver, self._entries, catalogue)
        self._entries.clear()
        self.database.confirm_turn(self.driver)

    def _before_statement(self, *ignored: Any) -> None:
        self.database.require_turn()

    def _after_statement(self, connection: Connection, cursor: Any, statement: str, *ignored: Any) -> None:
        if self.database.version_table not in statement:
            self._statements += 1
