"""SQLite: one file, one writer, DDL inside transactions once the driver is kept from opening its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from dbtool.database.base import (
    LEDGER,
    Catalogue,
    Database,
    DriverConnection,
    Purpose,
    Refusal,
    execute,
    insert_counted,
    one_line,
    rows,
)
from dbtool.database.conversions import Conversion, family, fits
from dbtool.errors import (
    AccessError,
    ConnectError,
    DatabaseMissingError,
    DbtoolError,
    DiskFullError,
    HistoryError,
    LockedError,
    NotADatabaseError,
    StoppedError,
)

if TYPE_CHECKING:
    from sqlalchemy import URL, Column, Connection, Engine, Table
    from sqlalchemy.types import TypeEngine

_MAPPED = 2**30  # bytes of the file at most
_UUID = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))  # where its parts stand, as SQLAlchemy stores it
BUSY_SECONDS = 5.0
_BETWEEN_TRIES = 0.2  # seconds in which SQLite itself waits for the write lock
SIDE_FILES = ("-wal", "-shm", "-journal")
_ADDRESSES = ("rowid", "_rowid_", "oid")  # https://sqlite.org/rowidtable.html; a column may take any of these names
_BETWEEN_LOOKS = 10_000  # instructions of SQLite's machine, less than a millisecond
_PLAIN_NAME = re.compile(r'"([^"]+)"')
_INDEX_HEAD = re.compile(
    r"\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?:\"(?:[^\"]|\"\")+\"|\S+)\s+ON\s+(?:\"(?:[^\"]|\"\")+\"|[^\s(]+)\s*",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"(NOT NULL|UNIQUE|FOREIGN KEY|CHECK) constraint failed(?:: (.*))?", re.DOTALL)


class Sqlite(Database):
    """A SQLite file, or a database in memory that lives as long as this object."""

    kind = "sqlite"
    unreadable = '"'
    tells_collations = False
    extra = ""
    application_driver = "sqlite"
    async_driver = "sqlite+aiosqlite"
    placeholder = "?"
    transactional_ddl = True
    nulls_first = True
    address_is_ordered = True
    locks_rows = False
    keeps_decimals = False
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    create_ledger = f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        revision VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        direction VARCHAR(8) NOT NULL,
        applied_at DATETIME NOT NULL,
        seconds FLOAT NOT NULL,
        steps INTEGER NOT NULL,
        applied_by VARCHAR(255) NOT NULL,
        version VARCHAR(32) NOT NULL,
        fingerprint VARCHAR(64),
        catalogue BLOB
    )"""

    _memory_engine: Engine | None = None
    _sound = False  # whether all of the file was looked at
    _waits: Callable[[str], None] | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return "a database in memory" if self._in_memory else self.path.name

    @property
    def path(self) -> Path:
        """Where the file is, symbolic links followed."""
        return Path(self.url.database).resolve()

    @property
    def _in_memory(self) -> bool:
        return self.url.database == ":memory:"

    # Life

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._in_memory or self.path.exists()

    def create(self) -> None:
        """Check that the file could be made; the first transaction makes it."""
        folder = self.path.parent
        if not folder.is_dir():
            raise AccessError(f"the folder {folder} does not exist", hint=f"mkdir -p {folder}")

    def drop(self) -> None:
        """Remove the file."""
        self.clear()

    def drop_objects(self) -> None:
        """Put an empty file in its place."""
        self.clear()
        self.create()

    @contextmanager
    def scratch(self) -> Iterator[Database]:
        """Lend a database in memory."""
        from dbtool.database.url import Url

        lent = Sqlite(Url("sqlite", ":memory:"), schemas=self.schemas, version_table=self.version_table)
        lent.traced = False
        try:
            yield lent
        finally:
            if lent._memory_engine is not None:
                lent._memory_engine.dispose()

    # The bare driver

    def driver(self) -> Any:
        """Return Python's own."""
        return sqlite3

    @contextmanager
    def reading(self) -> Iterator[DriverConnection]:
        """Open the file read-only."""
        if self._in_memory:
            yield self.engine("migrate").raw_connection().driver_connection
            return
        self._check_exists()
        self._check_is_file()
        self._recover()
        with self.translated():
            connection = sqlite3.connect(self._uri("ro"), uri=True, timeout=BUSY_SECONDS)
            try:
                yield connection
            finally:
                connection.close()

    def catalogue(self, connection: DriverConnection) -> Catalogue:
        """Read `sqlite_master`, whose texts are the schema."""
        own = ", ".join("?" * len(self.own_tables))
        with self.translated():
            found = rows(
                connection,
                "SELECT type, name, sql FROM sqlite_master"
                f" WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT IN ({own})",
                self.own_tables,
            )
        return Catalogue(tuple(sorted(f"{kind} {name}: {one_line(sql)}" for kind, name, sql in found)))

    def table_texts(self, connection: DriverConnection) -> Mapping[str, str]:
        """Return the texts of each table and its indexes."""
        sql = "SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY type DESC, name"
        found: dict[str, str] = {}
        with self.translated():
            for name, text in rows(connection, sql):
                if name not in self.own_tables and not name.startswith("sqlite_"):
                    found[name] = f"{found.get(name, '')}{text or ''}\n"
        return found

    def table_names(self, connection: DriverConnection) -> frozenset[str]:
        """Return the names of all tables."""
        with self.translated():
            found = rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")
            return frozenset(name for (name,) in found if not name.startswith("sqlite_"))

    def version(self, connection: DriverConnection) -> str:
        """Return SQLite's version."""
        return f"SQLite {sqlite3.sqlite_version}"

    def sizes(self, connection: DriverConnection) -> Mapping[str, int | None]:
        """Ask `dbstat`, where this SQLite was built with it; indexes count for their table."""
        try:
            found = rows(
                connection,
                "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name",
            )
        except sqlite3.OperationalError:
            return {}
        return {name: int(size) for name, size in found}

    # SQLAlchemy

    def engine(self, purpose: Purpose, *, kept: int = 0) -> Engine:
        """Make an engine that opens no transaction of the driver's own.

        `migrate` switches foreign keys off, since a rebuilt table would otherwise delete its children, and `write`
        on; both take the write lock at BEGIN, before anything is read.
        """
        if self._in_memory and self._memory_engine is not None:
            return self._memory_engine
        from sqlalchemy import URL, create_engine, event
        from sqlalchemy.pool import NullPool, QueuePool, StaticPool

        from dbtool.database.sqlite_dialect import NAME

        address = ":memory:" if self._in_memory else self._uri("ro" if purpose == "read" else "rwc")
        engine = create_engine(
            URL.create(NAME, database=address, query={} if self._in_memory else {"uri": "true"}),
            poolclass=StaticPool if self._in_memory else QueuePool if kept else NullPool,
            connect_args={"timeout": BUSY_SECONDS},
            **({"pool_size": kept} if kept and not self._in_memory else {}),
        )
        event.listen(engine, "connect", _keep_driver_from_beginning)
        event.listen(engine, "begin", self._begin_migrating if purpose == "migrate" else _BEGIN[purpose])
        if kept and not self._in_memory:
            event.listen(engine, "connect", _map_file)
            event.listen(engine, "do_connect", lambda *_: self._check_exists())  # SQLite would make an empty one
            event.listen(engine, "checkout", self._check_same_file)
        if purpose == "migrate":
            from dbtool.database.sqlite_rebuild import watch

            watch(engine)
        if self._in_memory:
            self._memory_engine = engine
        return engine

    @contextmanager
    def turn(self, waits: Callable[[str], None]) -> Iterator[None]:
        """Hold nothing: the write lock, taken where a migration's transaction begins, is the turn."""
        self._waits = waits
        try:
            yield
        finally:
            self._waits = None

    def _begin_migrating(self, connection: Connection) -> None:
        """Take the write lock, asking again and again, so that Ctrl-C is heard meanwhile."""
        from sqlalchemy.exc import OperationalError

        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # does nothing inside a transaction
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(_BETWEEN_TRIES * 1000)}")
        deadline = monotonic() + self.patience
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                break
            except OperationalError as error:
                if "locked" not in str(error.orig):
                    raise
                self._wait(deadline, error)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
        self._require_sound(connection)

    def _require_sound(self, connection: Connection) -> None:
        """Raise NotADatabaseError where a page is damaged, before a migration makes it worse; looked at once."""
        if not self._sound and self.traced:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if found != "ok":
                raise NotADatabaseError(
                    f"{self.path} is damaged: {str(found).splitlines()[-1]}",
                    hint="dbtool restore a backup from .dbtool/backups/, or: sqlite3 FILE .recover",
                )
        self._sound = True

    def _wait(self, deadline: float, error: Exception) -> None:
        holder = ", ".join(_holders(self.path)) or "another process"
        if monotonic() >= deadline:
            raise LockedError(
                f"{self.name} is locked by {holder}, for longer than {self.patience:g} s",
                hint="wait until it has finished, or stop it",
            ) from error
        if self._waits is not None:
            self._waits(holder)
            self._waits = None

    def _check_same_file(self, connection: object, record: Any, proxy: object) -> None:
        """Let a pool drop a connection to a file that was deleted or replaced since, as `reset` does."""
        from sqlalchemy.exc import DisconnectionError

        self._check_exists()
        number = self.path.stat().st_ino
        if record.info.setdefault("file", number) != number:
            raise DisconnectionError

    @contextmanager
    def connect(self, purpose: Purpose) -> Iterator[Connection]:
        """Open a connection; an empty file that only a failed migration made is removed again."""
        existed = self.exists()
        if purpose != "migrate":
            self._check_exists()
        self._check_is_file()
        if purpose == "read":
            self._recover()
        try:
            with super().connect(purpose) as connection:
                yield connection
        except BaseException:
            if not existed and self.path.exists() and self.path.stat().st_size == 0:
                self.path.unlink()
            raise

    def release(self, engine: Engine) -> None:
        """Close the file; a database in memory stays until its object goes."""
        if not self._in_memory:
            engine.dispose()

    def is_behind(self, connection: Connection) -> bool:
        """Compare the files, whichever way they are written."""
        opened = rows(connection.connection.driver_connection, "PRAGMA database_list")[0][2]
        return Path(opened).resolve() == self.path if opened else self._in_memory

    def take_over(self, connection: Connection, context: Any) -> None:
        """Begin one transaction for the run, which the driver and Alembic's per-step commits would not."""
        from dbtool.database.sqlite_rebuild import watch

        driver: Any = connection.connection.driver_connection
        driver.isolation_level = None
        if not driver.in_transaction:
            execute(driver, "PRAGMA foreign_keys = OFF")
            execute(driver, "BEGIN IMMEDIATE")
        self._require_sound(connection)
        context.impl.transactional_ddl = True
        watch(connection)
        super().take_over(connection, context)

    def give_back(self, connection: Connection, context: Any) -> None:
        """Commit the run."""
        connection.commit()

    def after_step(self, connection: Connection) -> None:
        """Check that what uses a rebuilt table still works."""
        from dbtool.database.sqlite_rebuild import check

        check(connection)

    def before_commit(self, connection: DriverConnection) -> None:
        """Raise HistoryError when a migration leaves more rows whose parent is gone than there were before.

        They are counted by table and parent, since a rebuild may number rows anew.
        """
        broken = _broken_keys(connection)
        before = self._broken_before() if broken else {}
        count = sum(max(0, len(lines) - len(before.get(key, ()))) for key, lines in broken.items())
        if not count:
            return
        known = {line for lines in before.values() for line in lines}
        raise HistoryError(
            f"the migration would leave {count} {'row' if count == 1 else 'rows'} whose foreign key points at nothing",
            hint="delete or correct these rows in the migration",
            problems=[line for lines in broken.values() for line in lines if line not in known][:10],
        )

    def _broken_before(self) -> Mapping[tuple[str, str], Sequence[str]]:
        if self._in_memory:
            return {}
        with contextlib.suppress(DbtoolError), self.reading() as connection:
            return _broken_keys(connection)
        return {}

    # Applications

    def application_url(self, driver: str) -> URL:
        """Return the path; what else the URL says is for dbtool's own way of opening."""
        from sqlalchemy import URL

        return URL.create(driver, database=self.url.database)

    def application_options(self) -> dict[str, Any]:
        """Keep the one connection of a database in memory, which is the database itself."""
        from sqlalchemy.pool import StaticPool

        pool: dict[str, Any] = {"poolclass": StaticPool} if self._in_memory else {}
        return {"connect_args": {"timeout": BUSY_SECONDS}, **pool}

    def prepare(self, engine: Engine) -> None:
        """Let the file be there before it is opened, and keep its foreign keys."""
        from sqlalchemy import event

        event.listen(engine, "do_connect", lambda *_: self._check_exists())  # SQLite would make an empty one
        event.listen(engine, "connect", _keep_foreign_keys)

    def under_rules(self, engine: Engine, purpose: Literal["write", "read"]) -> Engine:
        """Begin transactions, where the driver itself would only when it writes.

        Reading sees one state throughout; writing waits for its turn before it has read anything.
        """
        from sqlalchemy import event

        statement = "BEGIN" if purpose == "read" else "BEGIN IMMEDIATE"

        def begin(connection: Connection) -> None:
            driver = connection.connection
            if not getattr(driver.driver_connection, "in_transaction", False):
                cursor = driver.cursor()
                cursor.execute(statement)
                cursor.close()

        made = engine.execution_options()
        event.listen(made, "begin", begin)
        return made

    # Limits

    def set_limit(self, connection: Connection, seconds: float) -> Callable[[], None]:
        """Let SQLite look at the clock now and then; the time of all statements counts together."""
        driver: Any = connection.connection.driver_connection
        end = monotonic() + seconds
        driver.set_progress_handler(lambda: monotonic() > end, _BETWEEN_LOOKS)

        def undo() -> None:
            with contextlib.suppress(sqlite3.Error):  # closed already
                driver.set_progress_handler(None, 0)

        return undo

    def canceller(self, connection: Connection) -> Callable[[], None]:
        """Interrupt the connection."""
        driver: Any = connection.connection.driver_connection

        def cancel() -> None:
            with contextlib.suppress(sqlite3.Error):
                driver.interrupt()

        return cancel

    # Rows

    def address(self, table: Table) -> str | None:
        """Return `rowid`, or another of its names where a column has that one."""
        taken = {column.name.lower() for column in table.columns}
        return next((name for name in _ADDRESSES if name not in taken), None)

    def refusal(self, error: BaseException) -> Refusal | None:
        """Read SQLite's words, which name the columns of NOT NULL and UNIQUE, and the constraint of CHECK."""
        if not isinstance(error, sqlite3.Error):
            return None
        found = _REFUSED.search(str(error))
        if not found:
            known = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError)
            raised = (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH"))
            return Refusal("other", str(error)) if raised or isinstance(error, known) else None
        rule, named = found.groups(default="")
        columns = tuple(name.rpartition(".")[2] for name in named.split(", "))
        match rule:
            case "NOT NULL":
                return Refusal("null", str(error), columns)
            case "UNIQUE":
                return Refusal("unique", str(error), columns)
            case "CHECK":
                return Refusal("check", str(error), constraint=named)
        return Refusal("reference", str(error))

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Do nothing on a conflict."""
        from sqlalchemy.dialects.sqlite import insert

        return insert_counted(connection, insert(table), rows)

    # Migrations

    def index_texts(self, connection: Connection) -> dict[tuple[str, str], str]:
        """Return the text from the first bracket on, with UNIQUE in front."""
        sql = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        found = rows(connection.connection.driver_connection, sql)
        return {(table, name): _index_text(table, text) for table, name, text in found}

    def index_statement(self, connection: Connection, table: str, name: str) -> str | None:
        """Return the text that SQLite keeps: SQLAlchemy reads neither expressions nor order."""
        sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?"
        found = rows(connection.connection.driver_connection, sql, (name,))
        return str(found[0][0]) if found else None

    def conversion(self, name: str, old: TypeEngine[Any], new: TypeEngine[Any], spelled: str) -> Conversion:
        """Keep texts from a CAST, which makes 2024 of a date, and bring them to the form that SQLAlchemy stores."""
        before, after = family(old), family(new)
        forms = {
            ("date", "moment"): f"{name} || ' 00:00:00.000000'",
            ("text", "moment"): f"CASE WHEN length({name}) = 10 THEN {name} || ' 00:00:00.000000' ELSE {name} END",
            ("text", "uuid"): f"lower(replace({name}, '-', ''))",
            ("text", "truth"): f"CASE WHEN {name} IS NOT NULL THEN lower(trim({name})) IN ('true', '1') END",
            ("uuid", "text"): "-".join(f"' || substr({name}, {at}, {size}) || '" for at, size in _UUID).join(
                ("'", "'")
            ),
            ("time", "moment"): f"'1970-01-01 ' || {name}",
            ("moment", "time"): f"substr({name}, 12)",
        }
        if after == "date":
            return Conversion(kept=True, after=f"substr({name}, 1, 10)")
        kept = after in ("moment", "time", "uuid", "json", "enum") or (before, after) == ("text", "truth")
        return Conversion(kept=kept, after=forms.get((before, after), ""))

    def count_misfits(self, connection: Connection, column: Column[Any], new: TypeEngine[Any]) -> int:
        """Let Python look at each value: SQLite converts whatever it is given."""
        from sqlalchemy import Integer, func, literal_column, select

        survives = fits(column.type, new)
        driver: Any = connection.connection.driver_connection
        driver.create_function("dbtool_survives", 1, lambda value: int(survives(value)), deterministic=True)
        survived = func.dbtool_survives(literal_column(_quoted(column.name)), type_=Integer)
        return int(connection.execute(select(func.count()).select_from(column.table).where(survived == 0)).scalar_one())

    # Copies

    def backup(self, target: Path) -> Path:
        """Copy the file with SQLite's online backup; a file that is no database is copied as it is."""
        target = target.with_suffix(".db")
        try:
            self._backup_online(target)
        except NotADatabaseError:
            shutil.copyfile(self.path, target)
        return target

    def _backup_online(self, target: Path) -> None:
        unfinished = target.with_name(f"{target.name}.part")
        with self.reading() as source, self.translated():
            copy = sqlite3.connect(unfinished)
            try:
                source.backup(copy)
            except BaseException:
                copy.close()
                unfinished.unlink(missing_ok=True)
                raise
            copy.close()
        unfinished.replace(target)

    def backup_fault(self, source: Path) -> str:
        """Look whether it is a database, and let SQLite check it."""
        try:
            with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as copy:
                found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            return f"is no SQLite database: {error}"
        return "" if found == "ok" else f"is damaged: {found}"

    def restore(self, source: Path) -> None:
        """Put the backup in the file's place."""
        copy = self.path.with_name(f"{self.path.name}.dbtool-restore")
        shutil.copyfile(source, copy)
        self._take_place(copy)

    def keep_state(self, path: Path) -> bool:
        """Copy what is in memory into a file, in one step that a crash cannot cut in half."""
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
        with self.reading() as source, self.translated(), closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        unfinished.replace(path)
        return True

    def take_state(self, path: Path) -> bool:
        """Read such a file into memory; one that is damaged counts as none."""
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as kept:
                if kept.execute("PRAGMA quick_check").fetchone() != ("ok",):
                    return False
                with self.reading() as mine:
                    kept.backup(mine)
        except sqlite3.Error:
            return False
        return True

    def clear(self) -> None:
        """Remove the file and what lies beside it; what is in memory is forgotten."""
        if self._memory_engine is not None:
            self._memory_engine.dispose()
            self._memory_engine = None
            return
        for suffix in ("", *SIDE_FILES):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def rebuilding(self, backup: Path | None) -> Iterator[Database]:
        """Lend a new file beside the old one, which takes its place when everything went well."""
        from dbtool.database.url import Url

        path = self.path.with_name(f"{self.path.name}.dbtool-new")
        fresh = Sqlite(Url("sqlite", str(path)), schemas=self.schemas, version_table=self.version_table)
        fresh.clear()
        self.create()
        try:
            yield fresh
            self.check_unused()
            self._take_place(path)
        finally:
            fresh.clear()

    def _take_place(self, fresh: Path) -> None:
        """Replace the file by another in one step; no file of the old one's journal may outlive it."""
        if self.path.exists():
            with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self.path)) as old:
                execute(old, "PRAGMA journal_mode = DELETE")
            shutil.copymode(self.path, fresh)
        for suffix in SIDE_FILES:
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        fresh.replace(self.path)

    def check_unused(self) -> None:
        """Raise LockedError when another process has the file open, or holds its lock."""
        if not self.path.exists():
            return
        holders = _holders(self.path)
        if holders:
            raise LockedError(f"{self.name} is open in {', '.join(holders)}", hint="stop it, then run this again")
        with contextlib.suppress(NotADatabaseError), self.translated():
            connection = sqlite3.connect(self._uri("rw"), uri=True, timeout=1.0, isolation_level=None)
            with contextlib.closing(connection):
                execute(connection, "BEGIN EXCLUSIVE")
                execute(connection, "ROLLBACK")

    # Errors

    def translate(self, error: BaseException) -> DbtoolError | None:
        """Read SQLite's extended error names (https://sqlite.org/rescode.html)."""
        if not isinstance(error, sqlite3.Error):
            return None
        word = (getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")
        if word.startswith("INTERRUPT"):
            return StoppedError("the statement was stopped", hint="run it again")
        if word.startswith(("BUSY", "LOCKED")):
            who = _holders(self.path) if not self._in_memory else []
            by = f" by {', '.join(who)}" if who else " by another process"
            return LockedError(f"{self.name} is locked{by}", hint="wait until it has finished, or stop it")
        if word.startswith("FULL") or (word.startswith("IOERR") and not _has_room(self.path)):
            return DiskFullError(f"the disk is full: {error}", hint=f"make room on the disk of {self.path.parent}")
        if word.startswith(("NOTADB", "CORRUPT")):
            return NotADatabaseError(
                f"{self.path} is not a SQLite database, or is damaged: {error}",
                hint="check the path in the URL, or take a backup from .dbtool/backups/",
            )
        if word.startswith(("READONLY", "PERM", "AUTH")):
            return AccessError(f"{self.path} may not be written: {error}", hint=f"chmod u+w {self.path}")
        if word.startswith("CANTOPEN"):
            return AccessError(f"{self.path} cannot be opened: {error}", hint=f"ls -l {self.path.parent}")
        if word.startswith("IOERR"):
            return ConnectError(f"the disk of {self.path} failed: {error}", hint="check the disk")
        return None

    def _check_exists(self) -> None:
        if not self.exists():
            raise DatabaseMissingError(f"there is no database at {self.path}", hint="dbtool migrate")

    def _check_is_file(self) -> None:
        if not self._in_memory and self.path.is_dir():
            raise NotADatabaseError(f"{self.path} is a folder", hint="the URL must name a file in it")

    def _recover(self) -> None:
        """Let SQLite undo what a killed process left half done, which it refuses to those who may only read."""
        journal, log, memory = (Path(f"{self.path}{suffix}") for suffix in ("-journal", "-wal", "-shm"))
        if journal.exists() or (log.exists() and not memory.exists()):
            with contextlib.suppress(sqlite3.Error):
                connection = sqlite3.connect(self._uri("rw"), uri=True, timeout=BUSY_SECONDS)
                with contextlib.closing(connection):
                    execute(connection, "PRAGMA schema_version")

    def _uri(self, mode: str) -> str:
        options = "".join(f"&{key}={value}" for key, value in self.url.query.items() if key in ("cache", "immutable"))
        return f"file:{quote(self.path.as_posix())}?mode={mode}{options}"


def _keep_driver_from_beginning(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None


def _keep_foreign_keys(connection: DriverConnection, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _map_file(connection: sqlite3.Connection, record: object) -> None:
    """Read pages where the system keeps them, without a copy: counting five million rows takes 0.4 ms instead of 6."""
    connection.execute(f"PRAGMA mmap_size = {_MAPPED}")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


_BEGIN = {"write": _begin_writing, "read": _begin_reading}


def _broken_keys(connection: DriverConnection) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return what breaks foreign keys, in words, by table and the table that it points at.

    A key that cannot be checked at all, since nothing makes its target unique, counts as one.
    """
    found: dict[tuple[str, str], list[str]] = {}
    tables = rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (table,) in tables:
        try:
            for _, row, parent, _ in rows(connection, f"PRAGMA foreign_key_check({_quoted(table)})"):
                line = f"{table} row {row} points at a row of {parent} that is gone"
                found.setdefault((table, parent), []).append(line)
        except sqlite3.OperationalError as error:
            found[table, ""] = [str(error)]
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _has_room(path: Path) -> bool:
    return shutil.disk_usage(path.parent).free > 64 * 1024


def _holders(path: Path) -> list[str]:
    """Name the other processes that have a file open, where the system shows them (Linux, own processes)."""
    names = {f"{path}{suffix}" for suffix in ("", "-wal", "-journal")}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):
            if any(str(entry.readlink()) in names for entry in (process / "fd").iterdir()):
                command = (process / "comm").read_text().strip()
                found.append(f"process {process.name} ({command})")
    return found


def _index_text(table: str, sql: str) -> str:
    """Leave out the names of an index and its table, which may hold brackets themselves."""
    match = _INDEX_HEAD.match(sql)
    body = sql[match.end() :] if match else sql
    plain = _PLAIN_NAME.sub(r"\1", body.replace(f"{table}.", ""))  # a rename puts quotes around every name
    return f"{'UNIQUE ' if match and match[1] else ''}{' '.join(plain.split())}"
