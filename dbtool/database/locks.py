"""What a statement really locks and writes anew: PostgreSQL tells, inside the transaction that will be rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbtool.database.base import Database, DriverConnection, execute, rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

Take = Callable[[str, tuple[str, ...], tuple[str, ...]], None]
WAIT = "5s"  # nobody shall wait behind a trace for longer

_FILES = """
SELECT n.nspname || '.' || c.relname, pg_relation_filenode(c.oid) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'i', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t'
"""
_LOCKS = """
SELECT DISTINCT n.nspname || '.' || c.relname, l.mode FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
  AND NOT (c.relkind = 'i' AND l.mode = 'RowExclusiveLock')
  AND c.relkind IN ('r', 'i', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^pg_t'
"""


def can_trace(database: Database) -> bool:
    """Whether this kind of database tells its locks, and takes DDL back."""
    return database.kind == "postgres"


def limit_waiting(connection: Connection) -> None:
    """Let this transaction wait for a lock for 5 seconds at most."""
    execute(connection.connection.driver_connection, f"SET LOCAL lock_timeout = '{WAIT}'")


@contextmanager
def watch(connection: Connection, take: Take) -> Iterator[None]:
    """Give each statement to `take`, with the locks on tables that are new with it and what it wrote anew.

    Tables that the transaction itself has made are left out: nobody can wait for them.
    """
    from sqlalchemy import event

    driver: Any = connection.connection.driver_connection
    known = dict(rows(driver, _FILES))
    files, held = dict(known), set(rows(driver, _LOCKS))

    def after(connection: Connection, cursor: Any, statement: str, *ignored: Any) -> None:
        nonlocal files, held
        now, locks = dict(rows(driver, _FILES)), set(rows(driver, _LOCKS))
        fresh = sorted(f"{mode} on {_short(name)}" for name, mode in locks - held if name in known)
        anew = sorted(_short(name) for name in known if name in now and now[name] != files.get(name))
        files, held = now, locks | held
        take(statement, tuple(fresh), tuple(anew))

    event.listen(connection, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(connection, "after_cursor_execute", after)


def invalid_indexes(database: Database, connection: DriverConnection) -> tuple[str, ...]:
    """Return the indexes that a failed CONCURRENTLY left behind, by name."""
    if database.kind != "postgres":
        return ()
    found = rows(connection, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    return tuple(name for (name,) in found)


def _short(name: str) -> str:
    return name.removeprefix("public.")
