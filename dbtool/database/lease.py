"""A turn to migrate that is a row: for servers without locks of their own, and where there are several of them.

No clock is compared with another: who waits watches the row, and takes it when it has not moved for `SECONDS`. Who has
it moves it every few seconds, and once more inside the transaction that a migration commits: where somebody else has
taken it meanwhile, that commit does not happen.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from dbtool.database.base import LEASE, DriverConnection, execute, rows
from dbtool.errors import LockedError
from dbtool.person import who

if TYPE_CHECKING:
    from dbtool.database.server import ServerDatabase

SECONDS = 30.0  # how long a row that does not move is waited for
_BEAT = 5.0  # seconds between two moves of one's own row
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks at somebody else's
_CREATE = f"""CREATE TABLE IF NOT EXISTS {LEASE} (
    turn VARCHAR(64) NOT NULL PRIMARY KEY,
    holder VARCHAR(64) NOT NULL,
    beat BIGINT NOT NULL,
    who VARCHAR(255) NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class _Row:
    """What the table says; nobody has the turn while `holder` is empty."""

    holder: str
    beat: int
    who: str


class Lease:
    """One process's claim to the row of one schema."""

    def __init__(self, database: ServerDatabase) -> None:
        self.database = database
        self.turn = database.turn_key.hex()
        self.holder = secrets.token_hex(16)
        self.who = f"{who()} (process {os.getpid()})"[:255]
        self._moved = monotonic()
        self._taken_away = False

    @contextmanager
    def held(self, waits: Callable[[str], None]) -> Iterator[None]:
        """Wait for the row, keep it moving, and give it back. Raises LockedError when the patience is over."""
        with closing(self.database.open_plain()) as connection:
            with self.database.translated():
                self._prepare(connection)
                self._take(connection, waits)
            done = Event()
            mover = Thread(target=self._keep_moving, args=(connection, done), name="dbtool-lease", daemon=True)
            mover.start()
            try:
                yield
            finally:
                done.set()
                mover.join()
                with suppress(Exception):  # a row that does not move is taken, sooner or later
                    self._change(connection, "holder = ''", "holder = {}", self.holder)

    def require(self) -> None:
        """Raise LockedError where somebody else may have the turn by now; asks no database."""
        if self._taken_away or monotonic() - self._moved > SECONDS:
            raise self._lost()

    def confirm(self, connection: DriverConnection) -> None:
        """Move the row in a migration's own transaction, as its last act. Raises LockedError when it is another's."""
        if not self._change(connection, "beat = beat + 1", "holder = {}", self.holder):
            self._taken_away = True
            raise self._lost()

    def _lost(self) -> LockedError:
        return LockedError(
            f"the turn to migrate {self.database.name} was lost: for {SECONDS:g} s it could not be renewed",
            hint="dbtool status, then run this again",
        )

    def _prepare(self, connection: DriverConnection) -> None:
        database, mark = self.database, self.database.placeholder
        if LEASE not in database.table_names(connection):
            try:
                execute(connection, _CREATE)
            except Exception:  # of two at once one may be refused
                if LEASE not in database.table_names(connection):
                    raise
        if self._read(connection) is None:
            sql = database.insert_unless_there.format(f"{LEASE} (turn, holder, beat, who) VALUES ({mark}, '', 0, '')")
            execute(connection, sql, (self.turn,))

    def _take(self, connection: DriverConnection, waits: Callable[[str], None]) -> None:
        begun = still_since = monotonic()
        seen, pause, told = self._read(connection), _FIRST_PAUSE, False
        while True:
            row = self._read(connection)
            now = monotonic()
            if row != seen:
                seen, still_since = row, now
            free = row is not None and (not row.holder or now - still_since > SECONDS)
            if row is not None and free and self._replace(connection, row):
                self._moved = now
                return
            if now - begun >= self.database.patience:
                raise LockedError(
                    f"{self.database.name} is being migrated by {row.who if row else 'another process'},"
                    f" for longer than {self.database.patience:g} s",
                    hint=f"wait until it has finished; {SECONDS:g} s after its end its turn is taken from it",
                )
            if row is not None and not free and not told:
                waits(row.who)
                told = True
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _read(self, connection: DriverConnection) -> _Row | None:
        sql = f"SELECT holder, beat, who FROM {LEASE} WHERE turn = {self.database.placeholder}"
        return next((_Row(str(holder), int(beat), str(who)) for holder, beat, who in self._rows(connection, sql)), None)

    def _rows(self, connection: DriverConnection, sql: str) -> list[tuple[Any, ...]]:
        return list(rows(connection, sql, (self.turn,)))

    def _replace(self, connection: DriverConnection, row: _Row) -> bool:
        mark = self.database.placeholder
        try:
            with self.database.translated():
                return self._change(
                    connection,
                    f"holder = {mark}, beat = 0, who = {mark}",
                    "holder = {} AND beat = {}",
                    self.holder,
                    self.who,
                    row.holder,
                    row.beat,
                )
        except LockedError:  # two nodes of a cluster, and the other one was first
            return False

    def _keep_moving(self, connection: DriverConnection, done: Event) -> None:
        while not done.wait(_BEAT):
            begun = monotonic()
            with suppress(Exception):  # a migration that is just committing has the row; `require` tells how long
                if not self._change(connection, "beat = beat + 1", "holder = {}", self.holder):
                    self._taken_away = True
                    return
                self._moved = begun

    def _change(self, connection: DriverConnection, values: str, where: str, *parameters: Any) -> bool:
        mark = self.database.placeholder
        sql = f"UPDATE {LEASE} SET {values} WHERE turn = {mark} AND {where.replace('{}', mark)}"
        given = values.count(mark)
        cursor = connection.cursor()
        try:
            cursor.execute(sql, (*parameters[:given], self.turn, *parameters[given:]))
            return bool(cursor.rowcount)
        finally:
            cursor.close()
