"""What dbtool needs of a database, whichever kind it is: find, create, read, write, migrate, copy away, bring back.

Reading for `status` goes through the bare driver, since importing SQLAlchemy costs more than all of the work
(160 ms of CPU against 1). SQLAlchemy is imported inside the methods that hand out its connections.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from dbtool.database import trace
from dbtool.database.url import Url
from dbtool.errors import DbtoolError, ProgramMissingError

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Engine, Table
    from sqlalchemy.types import TypeEngine

LEDGER = "dbtool_migrations"
Purpose = Literal["migrate", "write", "read"]
DriverConnection = Any  # a DB-API connection; the three drivers share no type


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a database holds, one line per object, sorted: `table story: CREATE TABLE ...`.

    Alembic's version table, the ledger, and objects owned by extensions are left out.
    """

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    @property
    def fingerprint(self) -> str:
        """A hash of the text: equal means that no object differs."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Database(ABC):
    """One database, addressed by a URL; nothing is opened until a method is called.

    Every method translates the errors of its driver: DatabaseMissingError, AccessError, NotADatabaseError,
    LockedError, DiskFullError, else ConnectError.
    """

    kind: ClassVar[str]
    extra: ClassVar[str]
    placeholder: ClassVar[str]
    transactional_ddl: ClassVar[bool]
    create_ledger: ClassVar[str]
    now: ClassVar[str]
    traced = True  # a scratch database's statements are nobody's concern

    def __init__(self, url: Url, *, schemas: Sequence[str] = (), version_table: str = "alembic_version") -> None:
        self.url = url
        self.schemas = tuple(schemas)
        self.version_table = version_table

    @property
    @abstractmethod
    def name(self) -> str:
        """How people would call this database in a sentence."""

    @property
    def own_tables(self) -> tuple[str, ...]:
        """The tables that migrating itself needs; no schema counts them."""
        return (self.version_table, LEDGER)

    # Life

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is such a database. Raises ConnectError when the server does not answer."""

    @abstractmethod
    def create(self) -> None:
        """Create an empty database; one that somebody else has just created is left as it is."""

    @abstractmethod
    def scratch(self) -> AbstractContextManager[Database]:
        """Lend an empty database of the same kind, gone at the end."""

    # The bare driver

    @abstractmethod
    def reading(self) -> AbstractContextManager[DriverConnection]:
        """Open the bare driver for reading; raises DatabaseMissingError where there is no database."""

    @abstractmethod
    def catalogue(self, connection: DriverConnection) -> Catalogue:
        """Read what the database holds."""

    @abstractmethod
    def table_names(self, connection: DriverConnection) -> frozenset[str]:
        """Return the names of all tables that the connection finds without a schema."""

    @abstractmethod
    def version(self, connection: DriverConnection) -> str:
        """Return the name and version of the server or library."""

    @abstractmethod
    def sizes(self, connection: DriverConnection) -> Mapping[str, int | None]:
        """Return each table's size on disk in bytes, indexes included; None where it cannot be known."""

    # SQLAlchemy

    @abstractmethod
    def engine(self, purpose: Purpose) -> Engine:
        """Make an engine under the transaction rules of its purpose."""

    @contextmanager
    def connect(self, purpose: Purpose) -> Iterator[Connection]:
        """Open a SQLAlchemy connection; what was not committed is rolled back at the end."""
        engine = self.engine(purpose)
        if self.traced:
            trace.watch(engine)
        try:
            with self.translated(), engine.connect() as connection:
                yield connection
        finally:
            self.release(engine)

    def release(self, engine: Engine) -> None:
        """Close what an engine holds."""
        engine.dispose()

    @abstractmethod
    def is_behind(self, connection: Connection) -> bool:
        """Whether a connection that a foreign env.py opened leads to this database."""

    def take_over(self, connection: Connection, context: Any) -> None:
        """Bring a connection that a foreign env.py opened under dbtool's transaction rules.

        `context` is Alembic's MigrationContext, which has read the heads and begun no step.
        """
        trace.watch(connection)

    def give_back(self, connection: Connection, context: Any) -> None:
        """Commit what `take_over` began; nothing where env.py's own transaction does."""

    def after_step(self, connection: Connection) -> None:
        """Finish what one migration began, inside its transaction."""

    def before_commit(self, connection: DriverConnection) -> None:
        """Check what must hold at the end of a migration. Raises when it does not."""

    # Rows

    def rounding(self, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
        """Return what storing a value of this SQL type does to it; None where it comes back as it went in."""
        return None

    def follow_sequences(self, connection: Connection, table: Table, column: Column[Any]) -> None:
        """Let the next number that the database gives this column follow those that were given to it."""

    # Copies

    @abstractmethod
    def backup(self, target: Path) -> Path:
        """Write a whole copy to a file, whose suffix may change; return it. Raises ProgramMissingError."""

    @abstractmethod
    def restore(self, source: Path) -> None:
        """Make the database what the backup holds, whatever it is now."""

    @abstractmethod
    def clear(self) -> None:
        """Drop and create the database, or drop all it holds where the role may not create databases."""

    @abstractmethod
    def rebuilding(self, backup: Path | None) -> AbstractContextManager[Database]:
        """Lend an empty database to fill, which stands in this one's place at the end.

        On failure this database is what it was: from `backup` where clearing was the only way.
        """

    def check_unused(self) -> None:
        """Raise LockedError, naming who, when somebody else uses the database."""

    # Errors

    @abstractmethod
    def translate(self, error: BaseException) -> DbtoolError | None:
        """Return what a driver's exception means, or None when it is not about the connection."""

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's exceptions, bare or wrapped by SQLAlchemy, into dbtool's."""
        try:
            yield
        except DbtoolError:
            raise
        except Exception as error:
            meaning = self.translate(getattr(error, "orig", None) or error)
            if meaning is None:
                raise
            raise meaning from error


def rows(connection: DriverConnection, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one query on the bare driver and return all its rows."""
    cursor = connection.cursor()
    try:
        with trace.statement(sql):
            cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
            return list(cursor.fetchall())
    finally:
        cursor.close()


def execute(connection: DriverConnection, sql: str, parameters: Sequence[Any] = ()) -> None:
    """Run one statement on the bare driver."""
    cursor = connection.cursor()
    try:
        with trace.statement(sql):
            cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
    finally:
        cursor.close()


def one_line(text: str | None) -> str:
    """Fold a definition into one line of a catalogue without losing where its lines ended."""
    return (text or "").replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n")


def find_program(names: Sequence[str], package: str) -> str:
    """Return the path of the first program found. Raises ProgramMissingError naming Debian's package."""
    from shutil import which

    for name in names:
        path = which(name)
        if path:
            return path
    raise ProgramMissingError(
        f"`{names[0]}` is not installed; without it there is no backup",
        hint=f"apt-get install {package}",
    )
