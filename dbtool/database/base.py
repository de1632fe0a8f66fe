"""What dbtool needs of a database, whichever kind it is: find, create, read, write, migrate, copy away, bring back.

Reading for `status` goes through the bare driver, since importing SQLAlchemy costs more than all of the work
(160 ms of CPU against 1). SQLAlchemy is imported inside the methods that hand out its connections.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from dbtool.database import trace
from dbtool.database.conversions import Conversion
from dbtool.database.url import Url
from dbtool.errors import DbtoolError, DriverMissingError, ProgramMissingError, StoppedError, TimeLimitError

if TYPE_CHECKING:
    from sqlalchemy import URL, Column, Connection, Engine, Table
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.types import TypeEngine

LEDGER = "dbtool_migrations"
JOURNAL = "dbtool_journal"
LEASE = "dbtool_lease"
LOCK_SECONDS = 60.0
Numbering = Literal["none", "counts", "by default", "always", "other"]  # of a key; `other` is by somebody's own rule
Purpose = Literal["migrate", "write", "read"]
Rule = Literal["null", "unique", "reference", "check", "value", "other"]
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


_MEANINGS: Mapping[Rule, str] = {
    "null": "must not be NULL",
    "unique": "another row has this value already",
    "reference": "a foreign key points at a row that is not there, or another row still points at this one",
    "check": "breaks a rule of the table",
    "value": "does not fit the column",
    "other": "the database refused this",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a database refuses a row.

    `columns` are those named or implied; `constraint` is its name where the database tells only that.
    """

    rule: Rule
    words: str
    columns: tuple[str, ...] = ()
    constraint: str = ""

    @property
    def meaning(self) -> str:
        """What the rule says, in words that are the same for every database; `words` are the database's own."""
        return _MEANINGS[self.rule]


class Database(ABC):
    """One database, addressed by a URL; nothing is opened until a method is called.

    Every method translates the errors of its driver: DatabaseMissingError, AccessError, NotADatabaseError,
    LockedError, DiskFullError, else ConnectError.
    """

    kind: ClassVar[str]
    extra: ClassVar[str]
    application_driver: ClassVar[str]  # SQLAlchemy's name of the dialect and driver
    async_driver: ClassVar[str]
    placeholder: ClassVar[str]
    transactional_ddl: ClassVar[bool]
    create_ledger: ClassVar[str]
    now: ClassVar[str]
    nulls_first: ClassVar[bool]  # where NULLs stand in ascending order
    address_is_ordered: ClassVar[bool] = False  # whether reading rows by their address needs no sort
    characters: ClassVar[str] = "length"  # the function that counts the letters of a text
    tells_collations: ClassVar[bool] = True  # whether reading a column tells its collation
    keys_hold_types: ClassVar[bool] = False  # whether a column cannot change its type while a foreign key uses it
    unreadable: ClassVar[str] = ""  # a letter with which SQLAlchemy reads a name back as another one
    leaves_type_checks: ClassVar[bool] = False  # whether Alembic forgets the check of an enum that was text
    locks_rows: ClassVar[bool] = True  # whether SELECT ... FOR UPDATE exists; a SQLite transaction locks everything
    keeps_decimals: ClassVar[bool] = True  # whether a number keeps all digits that its type names
    traced = True  # a scratch database's statements are nobody's concern
    by_lease = False  # whether the turn to migrate is a row, also where the server has locks
    patience = LOCK_SECONDS  # how long a migration waits for its turn, and for each lock that it needs

    def __init__(self, url: Url, *, schemas: Sequence[str] = (), version_table: str = "alembic_version") -> None:
        self.url = url
        self.schemas = tuple(schemas)
        self.version_table = version_table
        self.version_schema: str | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """How people would call this database in a sentence."""

    @property
    def own_tables(self) -> tuple[str, ...]:
        """The tables that migrating itself needs; no schema counts them."""
        return (self.version_table, LEDGER, JOURNAL, LEASE)

    @property
    def version_source(self) -> str:
        """The version table as SQL names it, with the schema that an env.py gives it."""
        return f"{self.version_schema}.{self.version_table}" if self.version_schema else self.version_table

    def has_versions(self, connection: DriverConnection, tables: Collection[str]) -> bool:
        """Whether Alembic's version table is there, among `tables` or in a schema of its own."""
        if self.version_schema is None:
            return self.version_table in tables
        mark = self.placeholder
        sql = f"SELECT 1 FROM information_schema.tables WHERE table_schema = {mark} AND table_name = {mark}"
        return bool(rows(connection, sql, (self.version_schema, self.version_table)))

    # Life

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is such a database. Raises ConnectError when the server does not answer."""

    @abstractmethod
    def create(self) -> None:
        """Create an empty database; one that somebody else has just created is left as it is."""

    @abstractmethod
    def drop(self) -> None:
        """Drop the database, which nobody may use. Raises AccessError without the right to."""

    @abstractmethod
    def drop_objects(self) -> None:
        """Drop everything in the database that no extension owns."""

    @abstractmethod
    def scratch(self) -> AbstractContextManager[Database]:
        """Lend an empty database of the same kind, gone at the end."""

    # The bare driver

    @abstractmethod
    def driver(self) -> Any:
        """Import the driver. Raises DriverMissingError, which says what to install."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[DriverConnection]:
        """Open the bare driver for reading; raises DatabaseMissingError where there is no database."""

    @abstractmethod
    def catalogue(self, connection: DriverConnection) -> Catalogue:
        """Read what the database holds."""

    @abstractmethod
    def table_names(self, connection: DriverConnection) -> frozenset[str]:
        """Return the names of all tables that the connection finds without a schema."""

    def table_texts(self, connection: DriverConnection) -> Mapping[str, str]:
        """Return each table's own part of the catalogue, and under an empty name what more than one table may use.

        Two equal texts mean that nothing of the table differs.
        """
        found: dict[str, list[str]] = {}
        for line in self.catalogue(connection).lines:
            kind, _, rest = line.partition(" ")
            name = rest.removeprefix("key ").partition(":")[0].partition(".")[0]
            if kind in ("table", "column", "constraint", "index", "check", "foreign"):
                found.setdefault(name, []).append(line)
            elif kind in ("enum", "sequence"):
                found.setdefault("", []).append(line)
        return {name: "\n".join(lines) for name, lines in found.items()}

    @abstractmethod
    def version(self, connection: DriverConnection) -> str:
        """Return the name and version of the server or library."""

    @abstractmethod
    def sizes(self, connection: DriverConnection) -> Mapping[str, int | None]:
        """Return each table's size on disk in bytes, indexes included; None where it cannot be known."""

    # SQLAlchemy

    @contextmanager
    def turn(self, waits: Callable[[str], None]) -> Iterator[None]:
        """Hold the turn to migrate, which one process has at a time; `waits` is told once who has it meanwhile.

        Raises LockedError when `patience` is over. Where opening the transaction is what waits, nothing is held here.
        """
        yield

    def require_turn(self) -> None:
        """Raise LockedError where the turn that was held may be somebody else's by now; asks no database."""

    def confirm_turn(self, connection: DriverConnection) -> None:
        """Raise LockedError where the turn is somebody else's; the last act of a transaction before its commit."""

    @abstractmethod
    def engine(self, purpose: Purpose, *, kept: int = 0) -> Engine:
        """Make an engine under the transaction rules of its purpose, which keeps so many connections open."""

    def pool(self, purpose: Purpose, size: int = 5) -> Engine:
        """Make an engine for a program that runs long: threads share it, `release` closes it.

        Connections that have died meanwhile are replaced. Raises DatabaseMissingError.
        """
        with self.reading():
            return self.engine(purpose, kept=size)

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

    def is_done_already(self, error: Exception) -> bool:
        """Whether a driver's error about a definition says that it has had its effect before."""
        return False

    def before_step(self, connection: DriverConnection) -> None:
        """Prepare a migration inside its transaction: let no statement wait for a lock as long as it likes."""

    def after_step(self, connection: Connection) -> None:
        """Finish what one migration began, inside its transaction."""

    def before_commit(self, connection: DriverConnection) -> None:
        """Check what must hold at the end of a migration. Raises when it does not."""

    # Applications

    def application_engine(self) -> Engine:
        """Make an engine with a URL, which an application keeps open; nothing is connected yet.

        `translated` is left to whoever uses it. Raises DriverMissingError.
        """
        from sqlalchemy import create_engine

        self.driver()
        engine = create_engine(self.application_url(self.application_driver), **self.application_options())
        self.prepare(engine)
        return engine

    def async_application_engine(self) -> AsyncEngine:
        """Make the same over a driver that is awaited. Raises DriverMissingError."""
        for module in ("greenlet", self.async_driver.partition("+")[2]):
            load_driver(module, f"this client needs `{module}`", "async")
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(self.application_url(self.async_driver), **self.application_options())
        self.prepare(engine.sync_engine)
        return engine

    @abstractmethod
    def application_url(self, driver: str) -> URL:
        """Return SQLAlchemy's URL of this database, with all that the driver is to know."""

    @abstractmethod
    def application_options(self) -> dict[str, Any]:
        """Return how an application's engine, awaited or not, keeps its connections."""

    def prepare(self, engine: Engine) -> None:
        """Let an application's engine do to each connection what this database needs."""

    def under_rules(self, engine: Engine, purpose: Literal["write", "read"]) -> Engine:
        """Return an application's engine, whoever made it, under the transaction rules of a purpose.

        Connections are shared with the engine itself, whose transactions stay what they were.
        """
        return engine

    # Limits

    @contextmanager
    def limited(self, connection: Connection, seconds: float | None) -> Iterator[None]:
        """Let each statement inside take so many seconds; None sets no limit. A server counts for each anew.

        Raises TimeLimitError where the limit stopped a statement, StoppedError where a canceller did, and what
        `translated` raises.
        """
        started = monotonic()
        undo = None if seconds is None else self.set_limit(connection, seconds)
        try:
            with self.translated():
                yield
        except StoppedError as error:
            if seconds is not None and monotonic() - started >= seconds:
                raise TimeLimitError(
                    f"this took longer than {seconds:g} seconds", hint="filter more, or sort by an indexed column"
                ) from error
            raise
        finally:
            if undo is not None:
                undo()

    @abstractmethod
    def set_limit(self, connection: Connection, seconds: float) -> Callable[[], None]:
        """Set the time limit of a connection's statements; return what takes it away again and never raises."""

    @abstractmethod
    def canceller(self, connection: Connection) -> Callable[[], None]:
        """Return what stops the statement that a connection runs, for another thread to call.

        What runs raises StoppedError; nothing happens where nothing runs. To be called only while the connection
        has not gone back to its pool, where it would stop somebody else's statement.
        """

    # Rows

    def address(self, table: Table) -> str | None:
        """Return the column, as SQL, by which the database itself tells rows apart; None where there is none."""
        return None

    def exact(self, column: Column[Any], name: str) -> str:
        """Return SQL that reads a value with all that its comparison sees; `name` is the column as SQL."""
        return name

    def sorted_by(self, column: Column[Any], name: str) -> str:
        """Return SQL that compares the way ORDER BY of the column orders; `name` is the column as SQL."""
        return name

    def sorted_value(self, column: Column[Any], value: Any) -> Any:
        """Return what a value of a column, as the driver takes it, is in the terms of `sorted_by`."""
        return value

    def told_apart(self, name: str) -> str:
        """Return SQL that tells texts apart which are the same to ORDER BY; `name` is the column as SQL."""
        return name

    def as_text(self, name: str) -> str:
        """Return SQL of a value of JSON as text; `name` is the column as SQL."""
        return name

    def refusal(self, error: BaseException) -> Refusal | None:
        """Return which rule of a table a driver's exception is about; None where it is about no row."""
        return None

    def rounding(self, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
        """Return what storing a value of this SQL type does to it; None where it comes back as it went in."""
        return None

    @abstractmethod
    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Add the rows that break no unique key; return how many. Everything else that is wrong still raises."""

    def follow_sequences(self, connection: Connection, table: Table, column: Column[Any]) -> None:
        """Let the next number that the database gives this column follow those that were given to it."""

    # Migrations

    def rename_statement(self, kind: str, table: str, old: str, new: str) -> str | None:
        """Return SQL that renames an index, unique key, constraint, sequence or column; None where there is none.

        All names are quoted already.
        """
        return None

    @abstractmethod
    def index_texts(self, connection: Connection) -> dict[tuple[str, str], str]:
        """Return what each index is made of, by table and name, in a form that can be compared."""

    def indexes_of(self, connection: Connection, table: str) -> dict[str, str]:
        """Return the same for one table, by the name of the index."""
        return {name: text for (owner, name), text in self.index_texts(connection).items() if owner == table}

    def index_statement(self, connection: Connection, table: str, name: str) -> str | None:
        """Return the statement that made an index; None where SQLAlchemy reads all of it anyway."""
        return None

    def primary_key_statement(
        self, table: str, old: tuple[str, Sequence[str]], new: tuple[str, Sequence[str]]
    ) -> str | None:
        """Return SQL that replaces a primary key, each a name and columns; None where the table is rebuilt for it."""
        return None

    def drop_key_statement(self, table: str, name: str) -> str | None:
        """Return SQL that drops a foreign key with what was made for it; None where nothing was."""
        return None

    def counter_statement(self, connection: Connection, table: str, column: str, spelled: str) -> str | None:
        """Return SQL that gives the sequence behind a column a type; None where no sequence counts it."""
        return None

    def numbering(self, connection: Connection, table: str, column: str) -> Numbering | None:
        """Return how a key counts; None where this database says nothing of it."""
        return None

    def numbering_statements(
        self,
        connection: Connection,
        names: tuple[str, str, str, str],
        spelled: tuple[str, str | None],
        old: Numbering,
        new: Numbering,
    ) -> Iterator[str]:
        """Yield SQL that lets a key count in another way, on from the numbers that are there.

        `names` are table and column, then both as SQL; `spelled` is the type as SQL, and the comment.
        """
        yield from ()

    def enum_dependents(self, connection: Connection, table: str, column: str) -> list[tuple[str, str]]:
        """Return what keeps a column from getting an enum's other members: SQL that drops it and that makes it."""
        return []

    def enum_statements(self, dialect: Dialect, change: Mapping[str, Any]) -> list[tuple[str, bool]]:
        """Return the SQL that gives an enum other members, each with whether it must stand outside a transaction.

        `change` holds `name`, `before`, `after`, `uses` as (table, column, schema, nullable, default, new default)
        and (collation, comment), `around` as (what drops, what creates again), `moved` from old to new members, and
        whether it `only_adds` or `only_renames`.
        """
        return []

    def conversion(self, name: str, old: TypeEngine[Any], new: TypeEngine[Any], spelled: str) -> Conversion:
        """Return how values of a column get another type; `name` is the column as SQL, `spelled` the new type."""
        return Conversion()

    @abstractmethod
    def count_misfits(self, connection: Connection, column: Column[Any], new: TypeEngine[Any]) -> int:
        """Count the values of a column, which has its table and its type, that another type would change or refuse.

        The connection must be one for writing, and is to be rolled back.
        """

    # Copies

    def invalid_indexes(self, connection: DriverConnection) -> tuple[str, ...]:
        """Return the indexes that a concurrent build left behind unfinished."""
        return ()

    def drop_invalid(self, names: Sequence[str]) -> None:
        """Drop such indexes, without keeping anybody waiting."""

    @abstractmethod
    def backup_fault(self, source: Path) -> str:
        """Return what is wrong with a file as a backup of this kind, as the end of a sentence; empty for nothing."""

    @abstractmethod
    def backup(self, target: Path) -> Path:
        """Write a whole copy to a file, whose suffix may change; return it. Raises ProgramMissingError."""

    @abstractmethod
    def restore(self, source: Path) -> None:
        """Make the database what the backup holds, whatever it is now."""

    def keep_state(self, path: Path) -> bool:
        """Write a scratch database into a file that `take_state` reads; return whether this kind can."""
        return False

    def take_state(self, path: Path) -> bool:
        """Let an empty scratch database be what was kept in a file; return whether that worked."""
        return False

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


def insert_counted(
    connection: Connection, insert: postgresql.Insert | sqlite.Insert, rows: Sequence[dict[str, Any]]
) -> int:
    """Add the rows that are in no conflict; return how many."""
    options: Any = {"preserve_rowcount": True}
    return int(connection.execute(insert.on_conflict_do_nothing(), rows, execution_options=options).rowcount)


def load_driver(module: str, need: str, extra: str) -> Any:
    """Import a driver. Raises DriverMissingError: `need` says who needs what, `extra` brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise DriverMissingError(
            f"{need}, which is not installed", hint=f"pip install 'sqlmodel-dbtool[{extra}]'"
        ) from error


def sequence_name(table: str, column: str) -> str:
    """Follow PostgreSQL, which cuts the longer of both names until there are 63 characters."""
    while len(table) + len(column) > 63 - len("__seq"):
        table, column = (table[:-1], column) if len(table) > len(column) else (table, column[:-1])
    return f"{table}_{column}_seq"


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
