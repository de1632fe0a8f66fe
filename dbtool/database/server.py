"""What PostgreSQL and MariaDB share: a server that makes databases, and programs that copy them."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, ClassVar

from dbtool.database.base import Database, DriverConnection, rows
from dbtool.database.lease import Lease
from dbtool.errors import ConnectError, DatabaseMissingError, DbtoolError, LockedError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_KEPT = 5  # connections of an application; up to ten more are opened when all are in use
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two tries for the turn to migrate
_ENDING_SECONDS = 2.0  # how long a session that is just ending may still be listed
_LIFE = 1800  # seconds after which a kept connection is replaced; firewalls forget idle ones


def pooling(kept: int) -> dict[str, Any]:
    """Return how an engine keeps connections open: none, or so many, each tried before it is used again."""
    from sqlalchemy.pool import NullPool

    if not kept:
        return {"poolclass": NullPool}
    return {"pool_size": kept, "pool_pre_ping": True, "pool_recycle": _LIFE}


class ServerDatabase(Database):
    """A database on a server, reached over a socket."""

    port: ClassVar[int]
    current_name: ClassVar[str]
    insert_unless_there: ClassVar[str]  # an INSERT that leaves a row that is there as it is
    _lease: Lease | None = None

    @property
    def name(self) -> str:
        """The database and the host it is on."""
        port = f":{self.url.port}" if self.url.port else ""
        return f"{self.url.database} on {self.url.host or 'localhost'}{port}"

    @abstractmethod
    def _open(self, *, autocommit: bool = False) -> Any:
        """Connect with the bare driver. Raises DatabaseMissingError where there is no database."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, str]:
        """The parameters of the URL as the driver takes them, with dbtool's defaults."""

    def application_url(self, driver: str) -> URL:
        """Return the parts under another driver."""
        from sqlalchemy import URL

        here = self.url
        return URL.create(driver, here.user, here.password, here.host, here.port, here.database, self.parameters)

    def application_options(self) -> dict[str, Any]:
        """Keep a few connections."""
        return pooling(_KEPT)

    def exists(self) -> bool:
        """Whether a connection finds the database."""
        try:
            self._open().close()
        except DatabaseMissingError:
            return False
        return True

    @abstractmethod
    def may_create(self) -> bool:
        """Whether the role may create databases."""

    def sibling(self, name: str) -> ServerDatabase:
        """Return another database of the same server and role."""
        return type(self)(replace(self.url, database=name), schemas=self.schemas, version_table=self.version_table)

    @contextmanager
    def scratch(self) -> Iterator[Database]:
        """Lend a temporary database of the same server. Raises AccessError when the role may not create one."""
        lent = self.sibling(f"dbtool_scratch_{secrets.token_hex(6)}")
        lent.traced = False
        lent.create()
        try:
            yield lent
        finally:
            lent.drop()

    @contextmanager
    def turn(self, waits: Callable[[str], None]) -> Iterator[None]:
        """Ask for a lock on a connection of its own, again and again: waiting for it inside the server can deadlock.

        The server lets go of it when the connection is gone, however that came about. Where it has no such locks, or
        none that all of its nodes know, the turn is a row.
        """
        if not self.traced:
            yield
            return
        with closing(self._open()) as connection:
            leased = self.by_lease or self.lacks_locks(connection)
            if not leased:
                with self.translated():
                    self._wait_for_turn(connection, waits)
                yield
        if leased:
            yield from self._leased(waits)

    def _leased(self, waits: Callable[[str], None]) -> Iterator[None]:
        lease = Lease(self)
        with lease.held(waits):
            self._lease = lease
            try:
                yield
            finally:
                self._lease = None

    def require_turn(self) -> None:
        """Look at the clock: a row that was not moved for long may be taken."""
        if self._lease is not None:
            self._lease.require()

    def confirm_turn(self, connection: DriverConnection) -> None:
        """Move the row in the same transaction."""
        if self._lease is not None:
            self._lease.confirm(connection)

    def open_plain(self) -> DriverConnection:
        """Connect with the bare driver; each statement is committed by itself."""
        return self._open(autocommit=True)

    @abstractmethod
    def lacks_locks(self, connection: DriverConnection) -> bool:
        """Whether the server has no locks by name that every process which migrates would meet."""

    def _wait_for_turn(self, connection: DriverConnection, waits: Callable[[str], None]) -> None:
        deadline, pause, told = monotonic() + self.patience, _FIRST_PAUSE, False
        while not self.try_turn(connection):
            holder = self.turn_holder(connection)
            connection.rollback()  # CREATE INDEX CONCURRENTLY waits for the whole of a transaction once met
            if monotonic() >= deadline:
                raise LockedError(
                    f"{self.name} is being migrated by {holder}, for longer than {self.patience:g} s",
                    hint="wait until it has finished, or stop it",
                )
            if not told:
                waits(holder)
                told = True
            sleep(min(pause, max(deadline - monotonic(), 0)))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    @property
    def turn_key(self) -> bytes:
        """What stands for the schema that is migrated: the same for every process that migrates it."""
        schemas = self.url.query.get("schema") or ",".join(self.schemas)
        return hashlib.sha256(f"dbtool {self.url.database} {schemas} {self.version_table}".encode()).digest()

    @abstractmethod
    def try_turn(self, connection: DriverConnection) -> bool:
        """Take the lock if nobody has it, and keep it as long as the connection; return whether that worked."""

    @abstractmethod
    def turn_holder(self, connection: DriverConnection) -> str:
        """Return in words who has the lock."""

    def is_behind(self, connection: Connection) -> bool:
        """Compare the names of the databases, and host and port as far as both URLs say them."""
        url = connection.engine.url
        (name,) = rows(connection.connection.driver_connection, f"SELECT {self.current_name}")[0]
        pairs = ((url.host, self.url.host), (url.port or self.port, self.url.port or self.port))
        return bool(name == self.url.database) and all(theirs == ours for theirs, ours in pairs if theirs and ours)

    @contextmanager
    def rebuilding(self, backup: Path | None) -> Iterator[Database]:
        """Clear or create the database, lend it, and bring the backup back on failure."""
        existed = self.exists()
        if existed:
            self.check_unused()
        try:
            self.clear() if existed else self.create()
            yield self
        except BaseException:
            if backup is not None:
                self.restore(backup)
            elif not existed:
                self.drop()
            raise

    def check_unused(self) -> None:
        """Raise LockedError naming the other sessions of this database; those that are just ending have a moment."""
        deadline = monotonic() + _ENDING_SECONDS
        with self.reading() as connection:
            while others := self.other_sessions(connection):
                if monotonic() >= deadline:
                    listed = ", ".join(sorted({f"{who} from {where}" for who, where in others}))
                    raise LockedError(f"{self.name} is in use by {listed}", hint="disconnect them, then run this again")
                connection.rollback()  # a transaction keeps seeing the sessions that it saw first
                sleep(_FIRST_PAUSE)

    @abstractmethod
    def other_sessions(self, connection: DriverConnection) -> Sequence[tuple[Any, ...]]:
        """Read who else is connected to this database, and from where."""

    def clear(self) -> None:
        """Drop and create the database, or drop its objects where the role may not."""
        if self.may_create():
            with suppress(DbtoolError):
                self.drop()
                self.create()
                return
        self.drop_objects()

    def empty(self) -> None:
        """Clear the database, or create it."""
        self.clear() if self.exists() else self.create()

    def run_program(self, command: Sequence[str], environment: Mapping[str, str], *, read: Path | None = None) -> None:
        """Run a program of the database; secrets travel in the environment, never on the command line.

        `read` is given to it as standard input. Raises ConnectError with the program's last words.
        """
        with Path(os.devnull).open("rb") if read is None else read.open("rb") as standard_input:
            done = subprocess.run(
                list(command),
                env={**os.environ, **environment},
                stdin=standard_input,
                capture_output=True,
                check=False,
            )
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            program = Path(command[0]).name
            raise ConnectError(
                f"{program} failed: {words[-1] if words else f'exit code {done.returncode}'}",
                hint=f"compare `{program} --version` with the server's",
                problems=words[:10],
            )
