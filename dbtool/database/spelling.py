"""Statements as they reach a database, with their values written in, so that they can be run again from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.database.base import Database

Take = Callable[[str], None]

_READS = re.compile(r"\s*(select|with\b(?!.*\b(insert|update|delete)\b)|show|describe|explain|values)\b", re.I | re.S)
_TRANSACTION = re.compile(r"\s*(begin|commit|rollback|savepoint|release|start\s+transaction|end)\b", re.I)
_PRAGMA = re.compile(r"(-- )?\s*pragma\s+(?!.*\blegacy_alter_table\b)", re.I)


@contextmanager
def listen(database: Database, connection: Connection, take: Take) -> Iterator[None]:
    """Give each statement of a connection to `take`, whoever runs it, in the database's own words.

    One that was run with many rows comes once for each. Transactions are left out, since where they begin and end is
    for the reader to say.
    """
    way = _WAYS[database.kind]
    with way(connection, lambda sql: None if _TRANSACTION.match(sql) or _PRAGMA.match(sql) else take(sql)):
        yield


def reads(sql: str) -> bool:
    """Whether a statement, as far as its first word tells, changes nothing."""
    return _READS.match(sql) is not None


def dialect(kind: str) -> str:
    """Return SQLAlchemy's name of a kind's dialect."""
    return {"sqlite": "sqlite", "postgres": "postgresql", "mysql": "mariadb"}[kind]


def before_all(kind: str) -> tuple[str, ...]:
    """Return the statements that stand before those of migrations, outside any transaction."""
    return ("PRAGMA foreign_keys = OFF",) if kind == "sqlite" else ()


def anywhere(kind: str) -> str | None:
    """Return the URL of a database of this kind that needs no server; None where there is none."""
    return "sqlite:///:memory:" if kind == "sqlite" else None


def in_folder(kind: str, folder: Path) -> str | None:
    """Return the URL of a new database of this kind in a folder; None where a server keeps them."""
    return f"sqlite:///{folder / 'copy.db'}" if kind == "sqlite" else None


def in_transactions(kind: str) -> bool:
    """Whether DDL stands in transactions."""
    return kind != "mysql"


# SQLite

# SQLite says what it runs, with values; a statement that fires a trigger comes once more for each time it does.


@contextmanager
def _sqlite(connection: Connection, take: Take) -> Iterator[None]:
    from sqlalchemy import event

    driver: Any = connection.connection.driver_connection
    heard: list[str] = []
    may_repeat = False

    def hear(sql: str) -> None:
        if sql not in heard[-1:] or may_repeat:
            heard.append(sql)
            take(sql)

    def before(connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        nonlocal may_repeat
        heard.clear()
        may_repeat = bool(rest[-1]) and any(one == next_ for one, next_ in pairwise(parameters))

    event.listen(connection, "before_cursor_execute", before)
    driver.set_trace_callback(hear)
    try:
        yield
    finally:
        driver.set_trace_callback(None)
        event.remove(connection, "before_cursor_execute", before)


# PostgreSQL and MariaDB: the drivers write values into texts as they would send them


@contextmanager
def _server(connection: Connection, take: Take, spell: Callable[[Any, str, Any], str]) -> Iterator[None]:
    from sqlalchemy import event

    def before(connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        for values in parameters if rest[-1] else [parameters]:
            take(spell(cursor, statement, values))

    event.listen(connection, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", before)


def _postgres(connection: Connection, take: Take) -> Any:
    from psycopg import ClientCursor

    return _server(connection, take, lambda cursor, sql, values: ClientCursor(cursor.connection).mogrify(sql, values))


def _mysql(connection: Connection, take: Take) -> Any:
    return _server(connection, take, lambda cursor, sql, values: str(cursor.mogrify(sql, values)))


_WAYS: dict[str, Callable[[Connection, Take], Any]] = {"sqlite": _sqlite, "postgres": _postgres, "mysql": _mysql}
