"""Statement by statement, what a migration has done to a database that commits every DDL statement.

The rows are written on the migration's own connection. That of a DDL statement is written before it, and committed by
it; that of a statement which changes rows lands with these rows. So a process that dies at any point leaves behind what
it has done, and the next run goes on from there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.database import JOURNAL, Database, DriverConnection, execute, rows
from dbtool.errors import StoppedHalfwayError
from dbtool.reports import Direction, Revision, Stopped

if TYPE_CHECKING:
    from sqlalchemy import Engine

_KIND = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*([a-z]+)", re.IGNORECASE | re.DOTALL)
_DEFINING = frozenset(["create", "alter", "drop", "rename", "truncate", "grant", "revoke"])
_CHANGING = frozenset(["insert", "update", "delete", "replace", "load"])
_SHOWN = 2000  # letters of a statement


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of a migration, by its number from 1; one that is not done may or may not have had its effect."""

    number: int
    hash: str
    statement: str
    done: bool


def stopped(database: Database, connection: DriverConnection) -> Stopped | None:
    """Return the migration that stopped halfway; None where every migration has come to its end."""
    if database.transactional_ddl or JOURNAL not in database.table_names(connection):
        return None
    found = rows(connection, f"SELECT revision, direction FROM {JOURNAL} ORDER BY number DESC LIMIT 1")
    if not found:
        return None
    revision, direction = found[0]
    lines = _read(database, connection, revision, direction)
    last = lines[-1]
    return Stopped(revision, direction, sum(line.done for line in lines), last.statement, last.done)


def forget(database: Database, connection: DriverConnection, revision: str) -> None:
    """Let a migration have come to its end."""
    execute(connection, f"DELETE FROM {JOURNAL} WHERE revision = {database.placeholder}", (revision,))


def prepare(database: Database, connection: DriverConnection) -> None:
    """Make the table where there is none."""
    if JOURNAL not in database.table_names(connection):
        execute(
            connection,
            f"CREATE TABLE IF NOT EXISTS {JOURNAL} (revision VARCHAR(255) NOT NULL, direction VARCHAR(8) NOT NULL,"
            " number INTEGER NOT NULL, hash CHAR(32) NOT NULL, statement TEXT NOT NULL, done BOOLEAN NOT NULL,"
            " PRIMARY KEY (revision, direction, number))",
        )


def _read(database: Database, connection: DriverConnection, revision: str, direction: str) -> list[Line]:
    mark = database.placeholder
    sql = f"SELECT number, hash, statement, done FROM {JOURNAL} WHERE revision = {mark} AND direction = {mark}"
    found = rows(connection, f"{sql} ORDER BY number", (revision, direction))
    return [Line(int(number), hash, statement, bool(done)) for number, hash, statement, done in found]


@dataclass(slots=True)
class Journal:
    """The journal of the migrations of one run."""

    database: Database
    driver: DriverConnection
    revision: Revision | None = None
    direction: Direction = "up"
    past: list[Line] = field(default_factory=list)
    number: int = 0

    def begin(self, revision: Revision, direction: Direction) -> None:
        """Begin a migration, or go on with it. Raises StoppedHalfwayError while another one is not at its end."""
        unfinished = stopped(self.database, self.driver)
        if unfinished is not None and (unfinished.revision, unfinished.direction) != (revision.id, direction):
            raise StoppedHalfwayError(
                f"migration {unfinished.revision} stopped halfway {unfinished.direction}, and must reach its end first",
                hint="dbtool repair",
            )
        self.revision, self.direction, self.number = revision, direction, 0
        self.past = _read(self.database, self.driver, revision.id, direction)

    def end(self) -> None:
        """Forget what the migration has done, in the transaction that says that it has run."""
        if self.number or self.past:
            assert self.revision is not None
            forget(self.database, self.driver, self.revision.id)
        self.revision = None

    def run(self, statement: str, parameters: Any, carry_out: Callable[[], Any]) -> bool:
        """Carry a statement out, unless an earlier run has; return False where it is none of the journal's business.

        Raises StoppedHalfwayError where another statement stood here when the migration stopped.
        """
        kind = kind_of(statement)
        if self.revision is None or kind is None or _is_own(self.database, statement):
            return False
        self.number += 1
        line = Line(self.number, _hash(statement, parameters), " ".join(statement.split())[:_SHOWN], kind == "changing")
        before = self.past[self.number - 1] if self.number <= len(self.past) else None
        if before is not None and before.hash != line.hash:
            self._refuse(before, line)
        if before is None or not before.done:
            self._carry_out(line, before, carry_out)
        return True

    def _carry_out(self, line: Line, before: Line | None, carry_out: Callable[[], Any]) -> None:
        if line.done:  # it changes rows, and lands with its line
            carry_out()
            self._write(line)
            return
        if before is None:
            self._write(line)
        try:
            carry_out()
        except Exception as error:
            if before is None or not self.database.is_done_already(error):
                self._take_back(line)
                raise
        self._mark_done(line)

    def _write(self, line: Line) -> None:
        assert self.revision is not None
        marks = ", ".join([self.database.placeholder] * 6)
        values = (self.revision.id, self.direction, line.number, line.hash, line.statement, line.done)
        execute(self.driver, f"INSERT INTO {JOURNAL} VALUES ({marks})", values)

    def _mark_done(self, line: Line) -> None:
        self._at(line, "UPDATE {} SET done = 1")

    def _take_back(self, line: Line) -> None:
        """Forget a statement that failed: it had no effect. What was done before it is committed with that."""
        self._at(line, "DELETE FROM {}")
        self.driver.commit()

    def _at(self, line: Line, sql: str) -> None:
        assert self.revision is not None
        mark = self.database.placeholder
        where = f"WHERE revision = {mark} AND direction = {mark} AND number = {mark}"
        execute(self.driver, f"{sql.format(JOURNAL)} {where}", (self.revision.id, self.direction, line.number))

    def _refuse(self, before: Line, line: Line) -> None:
        assert self.revision is not None
        raise StoppedHalfwayError(
            f"migration {self.revision.label} stopped after statement {len(self.past)}, and statement {line.number} of"
            " its file is another one now",
            hint="put the statements back that have run, or take them back: dbtool repair --undo",
            problems=[f"it ran: {before.statement}", f"the file says: {line.statement}"],
        )


@dataclass(frozen=True, slots=True)
class Undoing:
    """Takes a migration back that stopped halfway: what it has not made is passed over."""

    database: Database

    def run(self, statement: str, parameters: Any, carry_out: Callable[[], Any]) -> bool:
        """Carry a definition out; return False for what is none."""
        if kind_of(statement) != "defining":
            return False
        try:
            carry_out()
        except Exception as error:
            if not self.database.is_done_already(error):
                raise
        return True


@contextmanager
def kept(journal: Journal | Undoing, engine: Engine) -> Iterator[None]:
    """Let a journal see every statement that an engine's connections run."""
    from sqlalchemy import event

    def one(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        return journal.run(
            statement, parameters, lambda: context.dialect.do_execute(cursor, statement, parameters, context)
        )

    def many(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        return journal.run(
            statement, parameters, lambda: context.dialect.do_executemany(cursor, statement, parameters, context)
        )

    def plain(cursor: Any, statement: str, context: Any) -> bool:
        return journal.run(statement, (), lambda: context.dialect.do_execute_no_params(cursor, statement, context))

    listeners: dict[str, Any] = {"do_execute": one, "do_executemany": many, "do_execute_no_params": plain}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


def kind_of(statement: str) -> str | None:
    """Return whether a statement defines or changes; None for one that is run each time, such as SELECT and SET."""
    found = _KIND.match(statement)
    word = found[1].lower() if found else ""
    return "defining" if word in _DEFINING else "changing" if word in _CHANGING else None


def _is_own(database: Database, statement: str) -> bool:
    """Whether a statement writes what migrating itself needs."""
    head = statement[:200]
    return any(re.search(rf"\b{re.escape(name)}\b", head) for name in database.own_tables)


def _hash(statement: str, parameters: Any) -> str:
    return hashlib.sha256(f"{' '.join(statement.split())}\0{parameters!r}".encode()).hexdigest()[:32]
