"""A connection the server ends at any statement, or around a commit: nothing runs twice; the next run ends well."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from projects import Project

import dbtool
from dbtool.database import Database
from dbtool.engine import history, ledger
from dbtool.errors import DbtoolError

pytestmark = [pytest.mark.timeout(900), pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)]

STEPS = {
    "account": "op.create_table('account', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('balance', sa.Integer()))",
    "deposit": "op.execute('INSERT INTO account (id, balance) VALUES (1, 100)')",
    "interest": "op.execute('UPDATE account SET balance = balance + 1')",
    "name": "op.add_column('account', sa.Column('name', sa.String(20)))\n"
    "op.execute('UPDATE account SET balance = balance + 1')",
    "index": "op.create_index('ix_balance', 'account', ['balance'])",
}


@pytest.fixture
def bank(database: Database, tmp_path: Path, url: str) -> Project:
    """A project whose migrations can be run once only, and an empty database."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    for name, step in STEPS.items():
        project.migration(name, step)
    return project


def end_session(database: Database, driver: Any) -> None:
    """Let the server end a session."""
    with closing(database.open_plain()) as other, other.cursor() as cursor:  # type: ignore[attr-defined]
        if database.kind == "postgres":
            cursor.execute(f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")
        else:
            cursor.execute(f"KILL CONNECTION {driver.thread_id()}")


@contextmanager
def ended_at_statement(database: Database, number: int) -> Iterator[Callable[[], bool]]:
    """End the session of the migrations before its `number`th statement; what is lent tells whether there was one."""
    from sqlalchemy import Engine, event

    count = itertools.count(1)
    ended: list[bool] = []

    def before(connection: Any, *ignored: Any) -> None:
        if next(count) == number:
            ended.append(True)
            end_session(database, connection.connection.driver_connection)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield lambda: bool(ended)
    finally:
        event.remove(Engine, "before_cursor_execute", before)


@contextmanager
def ended_at_commit(database: Database, number: int, when: str) -> Iterator[Callable[[], bool]]:
    """End the session before or after its `number`th commit reaches the server; after it nobody hears the answer."""
    kind: Any = psycopg.Connection if database.kind == "postgres" else pymysql.connections.Connection
    usual, count = kind.commit, itertools.count(1)
    ended: list[bool] = []

    def commit(connection: Any) -> None:
        if next(count) != number:
            return usual(connection)  # type: ignore[no-any-return]
        ended.append(True)
        if when == "before":
            end_session(database, connection)
            return usual(connection)  # type: ignore[no-any-return]
        usual(connection)
        end_session(database, connection)
        connection.cursor().execute("SELECT 1")  # what the driver says when the answer does not come
        raise AssertionError("the session is still there")

    kind.commit = commit
    try:
        yield lambda: bool(ended)
    finally:
        kind.commit = usual


def require_whole(project: Project, database: Database) -> None:
    """Deploy again, and look whether each migration has run exactly once."""
    dbtool.deploy(project.config)
    assert dbtool.query(project.config, "SELECT id, balance FROM account").rows == ((1, 102),)
    with database.reading() as connection:
        ran = [row.revision for row in ledger.read_rows(database, connection)]
    assert ran == [each.id for each in history.read(project.config).revisions]
    assert dbtool.status(project.config).ok


def test_a_session_may_end_at_any_statement(bank: Project, database: Database) -> None:
    for number in itertools.count(1):
        with ended_at_statement(database, number) as ended, suppress(DbtoolError):
            dbtool.deploy(bank.config)
        require_whole(bank, database)
        database.clear()
        if not ended():
            break
    assert number > 8


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_may_end_around_any_commit(bank: Project, database: Database, when: str) -> None:
    for number in itertools.count(1):
        with ended_at_commit(database, number, when) as ended, suppress(DbtoolError):
            dbtool.deploy(bank.config)
        require_whole(bank, database)
        database.clear()
        if not ended():
            break
    assert number > 1
