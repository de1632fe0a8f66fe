"""One statement that somebody typed: truly alone, and where only reading is meant, truly that.

Nothing here trusts the text. What may begin a statement is a short list; the database itself is told to write nothing
(SQLite's authorizer and a read-only file, a read-only transaction elsewhere); and each statement travels in a way that
carries only one: SQLite's driver refuses a second, PostgreSQL's extended protocol and MariaDB's plain one know none.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from dbtool.errors import DbtoolError, RequestError

if TYPE_CHECKING:
    from dbtool.database.base import Database

_READING = ("select", "with", "values", "table", "show", "explain", "describe", "desc", "pragma")
_NEVER = (
    "attach", "detach", "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "copy", "load",
    "prepare", "execute", "deallocate", "xa", "vacuum",
)  # fmt: skip
_BATCH = 1000  # rows
_MOST_LETTERS = 100_000  # of one value
_MOST_BYTES = 64 * 1024 * 1024  # of one value that SQLite computes
# Words that MariaDB and PostgreSQL obey even in a transaction that only reads: files, other sessions, SQL in a text.
# They are looked for in the whole text, quotes and comments included: what is a comment differs too much to tell.
_ESCAPES = {
    "sqlite": re.compile(r"(?!)"),
    "mysql": re.compile(r"\b(outfile|dumpfile)\b|/\*M?!", re.IGNORECASE),
    "postgres": re.compile(
        r"\b(lo_(export|import|put|from_bytea|create|unlink)|dblink\w*|pg_file_\w+|pg_(terminate|cancel)_backend|"
        r"pg_(reload_conf|promote|rotate_logfile|switch_wal|create_\w+|drop_\w+|start_backup|stop_backup|backup_\w+|"
        r"wal_replay_\w+|replication_\w+|logical_\w+|notify)|set_config|query_to_xml\w*)\b|u&\"",
        re.IGNORECASE,
    ),
}
_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement returned: names, rows as the driver gives them, whether there are more, rows changed."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    changed: int | None


End = Callable[[], None]
Watch = Callable[[End], AbstractContextManager[None]]
Rows = Sequence[tuple[Any, ...]]
Take = Callable[[tuple[str, ...], Rows], object]


def run(
    database: Database,
    statement: str,
    *,
    write: bool,
    limit: int | None,
    seconds: float,
    watched: Watch,
    to_write: str,
    take: Take | None = None,
) -> Answer:
    """Run one statement on a connection of its own, and commit it when it may write.

    `watched` is a context that is told how to end the statement from another thread, `to_write` says what permits a
    statement that changes something. `limit` None reads all rows. `take` is given the names of the columns with rows
    as they arrive, at least once, and the answer then has none of them. Raises RequestError with the database's words,
    TimeLimitError, and what `Database.connect` raises.
    """
    check(database.kind, statement, write=write, to_write=to_write)
    reading = _Reading(limit, take)
    way = _WAYS[database.kind]
    try:
        with database.connect("write" if write else "read") as connection:
            end = database.canceller(connection)
            try:
                with watched(end), database.limited(connection, seconds):
                    driver = connection.connection.driver_connection
                    return way(driver, statement, write, reading, end)
            except KeyboardInterrupt:
                connection.invalidate()  # nobody reads the rest of the answer
                raise
    except DbtoolError:
        raise
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        if not type(cause).__module__.startswith(("sqlite3", "psycopg", "pymysql")):
            raise
        raise _refused(cause) from error


def check(kind: str, statement: str, *, write: bool, to_write: str) -> None:
    """Raise RequestError where the text alone says that it is not permitted."""
    found = _COMMENTS.match(statement)
    rest = statement[found.end() if found else 0 :]
    word = re.match(r"[A-Za-z]*", rest)
    first = word[0].lower() if word else ""
    if not first:
        raise RequestError("there is no statement", hint="select 1")
    if first in _NEVER:
        raise RequestError(f"{first.upper()} is not for here", hint="each statement has a transaction of its own")
    if not write and first not in _READING:
        raise RequestError(f"{first.upper()[:30]} may change something", hint=to_write)
    escape = _ESCAPES[kind].search(statement)
    if escape and not (write and kind == "postgres"):
        raise RequestError(f"`{escape[0][:40]}` is not for here", hint="it may reach beyond the rows")


@dataclass(frozen=True, slots=True)
class _Reading:
    """How many rows of an answer are read, and who takes them."""

    limit: int | None
    take: Take | None

    def answer(self, cursor: Any) -> Answer:
        """Read what a statement returned."""
        if cursor.description is None:
            return Answer((), (), False, max(cursor.rowcount, 0))
        return self.of(iter(cursor.fetchone, None), lambda: _names(cursor))

    def of(self, rows: Iterator[Any], names: Callable[[], tuple[str, ...]]) -> Answer:
        """Read rows as they arrive; only then the names of their columns are certain to be known."""
        if self.take is not None:
            return self._pass_on(islice(rows, self.limit), names, self.take)
        found = list(rows if self.limit is None else islice(rows, self.limit + 1))
        more = self.limit is not None and len(found) > self.limit
        return Answer(names(), tuple(tuple(row) for row in found[: self.limit]), more, None)

    @staticmethod
    def _pass_on(rows: Iterator[Any], names: Callable[[], tuple[str, ...]], take: Take) -> Answer:
        batch = list(islice(rows, _BATCH))
        columns = names()
        take(columns, batch)
        while batch := list(islice(rows, _BATCH)):
            take(columns, batch)
        return Answer(columns, (), False, None)


def _names(cursor: Any) -> tuple[str, ...]:
    return tuple(str(described[0]) for described in cursor.description or ())


# SQLite

_PRAGMAS = frozenset(
    ("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
     "foreign_key_check", "database_list", "collation_list", "function_list", "module_list", "pragma_list",
     "compile_options", "integrity_check", "quick_check")
)  # fmt: skip
_PLAIN_PRAGMAS = frozenset(
    ("user_version", "schema_version", "application_id", "encoding", "page_count", "page_size", "freelist_count",
     "journal_mode", "foreign_keys", "data_version", "auto_vacuum", "cache_size", "synchronous")
)  # fmt: skip
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
_FORBIDDEN = frozenset(
    (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT)
)
_FUNCTIONS = frozenset(("load_extension", "fts3_tokenizer", "writefile", "readfile", "edit"))


def _on_sqlite(driver: sqlite3.Connection, statement: str, write: bool, reading: _Reading, end: End) -> Answer:
    def allows(action: int, one: str | None, two: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_PRAGMA:
            known = one in _PRAGMAS or (one in _PLAIN_PRAGMAS and two is None)
            return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_DENY if (two or "").lower() in _FUNCTIONS else sqlite3.SQLITE_OK
        allowed = action not in _FORBIDDEN if write else action in _READS
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    if write:
        driver.execute("PRAGMA foreign_keys = ON")
        driver.execute("BEGIN IMMEDIATE")
    else:
        driver.execute("PRAGMA query_only = ON")
    _meet_virtual_tables(driver)
    driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    driver.set_authorizer(allows)
    try:
        cursor = driver.execute(statement)
        answer = reading.answer(cursor)
    except BaseException as error:
        driver.set_authorizer(None)
        driver.rollback()
        if isinstance(error, sqlite3.DatabaseError) and str(error) == "not authorized":
            raise RequestError(
                "this is not permitted here", hint="it may change something, or reach beyond the rows"
            ) from error
        raise
    driver.set_authorizer(None)
    if write:
        cursor.close()  # a statement that is not read to its end forbids the commit
        driver.execute("COMMIT")
    return answer


def _meet_virtual_tables(driver: sqlite3.Connection) -> None:
    """Let virtual tables, such as those of FTS5, say what they are, which the authorizer would take for a change."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
    for (name,) in driver.execute(sql).fetchall():
        with suppress(sqlite3.Error):  # of a module that is not loaded
            driver.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall()


# PostgreSQL


def _on_postgres(driver: Any, statement: str, write: bool, reading: _Reading, end: End) -> Answer:
    if write:
        driver.prepare_threshold = 5  # else nothing is prepared, and a text of several statements would run
        with driver.cursor() as cursor:
            cursor.execute(statement, prepare=True)
            answer = reading.answer(cursor)
            cursor.execute("DEALLOCATE ALL", prepare=False)  # a pooler lends the session to others
        driver.commit()
        return answer
    with driver.cursor() as cursor:
        # From the first snapshot on, no statement makes the transaction writable.
        if cursor.execute("SELECT current_setting('transaction_read_only')").fetchone() != ("on",):
            raise RequestError("this connection is not read-only")
        streamed = cursor.stream(statement)  # the extended protocol, which carries one statement, row by row
        try:
            return reading.of(streamed, lambda: _names(cursor) or _described(driver, statement))
        finally:
            streamed.close()
            driver.rollback()


def _described(driver: Any, statement: str) -> tuple[str, ...]:
    """Ask for the names of columns, without running the statement: a stream without rows has none."""
    driver.pgconn.prepare(b"", statement.encode())
    told = driver.pgconn.describe_prepared(b"")
    return tuple((told.fname(index) or b"").decode() for index in range(told.nfields))


# MariaDB


def _on_mysql(driver: Any, statement: str, write: bool, reading: _Reading, end: End) -> Answer:
    from pymysql.cursors import SSCursor

    driver.rollback()
    with driver.cursor() as cursor:
        cursor.execute("START TRANSACTION" if write else "START TRANSACTION READ ONLY")
    cursor = driver.cursor(SSCursor)
    cursor.execute(statement)
    try:
        answer = reading.answer(cursor)
    except BaseException:
        with suppress(Exception):
            end()  # else whatever uses the connection next would read the rest
            cursor.close()
        raise
    with suppress(Exception) if not write else nullcontext():
        if answer.more and not write:
            end()  # else closing the cursor would read the rest
        cursor.close()
    if write:
        driver.commit()
    return answer


_Way = Callable[[Any, str, bool, _Reading, End], Answer]
_WAYS: dict[str, _Way] = {"sqlite": _on_sqlite, "postgres": _on_postgres, "mysql": _on_mysql}


def _refused(error: BaseException) -> RequestError:
    """Say what the database says of a statement, and where."""
    diagnosis = getattr(error, "diag", None)
    words = getattr(diagnosis, "message_primary", None) or str(error.args[-1] if error.args else error)
    position = getattr(diagnosis, "statement_position", None)
    details = {"position": int(position) - 1} if position else {}
    hint = getattr(diagnosis, "message_hint", None) or ""
    return RequestError(words.strip()[:2000] or type(error).__name__, hint=hint, details=details)
