"""Where every DDL statement is committed, a migration that stopped goes on from where it was."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from projects import Project

import dbtool
from dbtool.database import JOURNAL, Database, rows
from dbtool.engine import journal
from dbtool.errors import MigrationError, StoppedHalfwayError

pytestmark = [
    pytest.mark.parametrize("url", ["mysql"], indirect=True),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
STRIDE = 1 if os.environ.get("DBTOOL_TORTURE") else 7

ACCOUNT = (
    "op.create_table('account', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('balance', sa.Integer()))\n"
    "op.execute('INSERT INTO account VALUES (1, 100)')"
)
STEPS = (
    "op.add_column('account', sa.Column('name', sa.String(20)))",
    "op.execute('UPDATE account SET balance = balance + 1')",
    "op.execute('SET @rate = 10')",
    "op.create_index('ix_name', 'account', ['name'])",
    "op.execute('UPDATE account SET balance = balance + @rate')",
    "op.execute('UPDATE account SET balance = balance + 100')",
    "op.alter_column('account', 'name', new_column_name='owner', existing_type=sa.String(20))",
    "op.create_table('note', sa.Column('id', sa.Integer(), primary_key=True))",
    "op.bulk_insert(sa.table('note', sa.column('id', sa.Integer())), [{'id': 1}, {'id': 2}])",
    "op.drop_index('ix_name', 'account')",
    "op.execute('UPDATE account SET balance = balance + 1000')",
)
BACK = (
    "op.execute('UPDATE account SET balance = balance - 1111')\n"
    "op.drop_table('note')\n"
    "op.alter_column('account', 'owner', new_column_name='name', existing_type=sa.String(20))\n"
    "op.drop_column('account', 'name')"
)


@pytest.fixture
def bank(database: Database, tmp_path: Path, url: str) -> Project:
    """A project with one migration applied, and one pending that does many things."""
    project = Project(tmp_path / "app", url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    project.migration("account", ACCOUNT, "op.drop_table('account')")
    dbtool.deploy(project.config)
    project.migration("many", "\n".join(STEPS), BACK)
    return project


def query(database: Database, sql: str) -> list[Any]:
    with database.reading() as connection:
        return list(rows(connection, sql))


def require_applied(database: Database) -> None:
    """Everything has happened once."""
    assert query(database, "SELECT balance, owner FROM account") == [(1211, None)]
    assert query(database, "SELECT id FROM note ORDER BY id") == [(1,), (2,)]
    assert query(database, "SHOW INDEX FROM account WHERE Key_name = 'ix_name'") == []
    assert query(database, f"SELECT count(*) FROM {JOURNAL}") == [(0,)]
    assert query(database, "SELECT version_num FROM alembic_version") == [("20250101000001",)]


def killed(project: Project, number: int, when: str) -> bool:
    """Deploy in a process that is killed at its n-th statement; return whether it came to that."""

    def deploy() -> None:
        from pymysql.cursors import Cursor

        real, seen = Cursor.execute, 0

        def execute(self: Any, *arguments: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == number and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(self, *arguments)
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        Cursor.execute = execute  # type: ignore[method-assign]
        dbtool.deploy(project.config)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=deploy)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_may_be_killed_at_any_statement(bank: Project, database: Database, when: str) -> None:
    stopped = set()
    for number in range(STRIDE, 1000, STRIDE):
        was_killed = killed(bank, number, when)
        with database.reading() as connection:
            found = journal.stopped(database, connection)
        if found is not None:
            stopped.add(found.done)
        dbtool.deploy(bank.config)
        require_applied(database)
        if not was_killed:
            break
        dbtool.rollback(bank.config, backup=False, ask=dbtool.Answers(yes=True))
        assert query(database, "SELECT balance FROM account") == [(100,)]
        with database.connect("migrate") as connection:
            connection.exec_driver_sql("ALTER TABLE account FORCE")  # each column that came and went makes rows wider
    assert not was_killed
    assert len(stopped) > (10 if STRIDE == 1 else 3)


def stop(project: Project) -> tuple[Path, str, MigrationError]:
    """Let a deploy fail at the ninth statement; return the file, its text as it should be, and the error."""
    path = project.versions[-1]
    good = path.read_text()
    path.write_text(good.replace("op.drop_index('ix_name', 'account')", "op.drop_index('ix', 'account')"))
    with pytest.raises(MigrationError) as error:
        dbtool.deploy(project.config)
    return path, good, error.value


def test_a_statement_that_fails_is_corrected_and_the_rest_follows(bank: Project, database: Database) -> None:
    path, good, error = stop(bank)
    assert error.problems[-1] == "the next run goes on from there; `dbtool repair --undo` takes it back"
    status = dbtool.status(bank.config)
    assert [(each.code, each.message, each.hint) for each in status.findings if each.code == "stopped"] == [
        (
            "stopped",
            "20250101000001 stopped on its way up after 8 statements, the last one"
            " `INSERT INTO note (id) VALUES (%(id)s)`",
            "dbtool deploy, or take it back: dbtool repair --undo",
        )
    ]

    path.write_text(good)
    dbtool.deploy(bank.config)
    require_applied(database)


def test_another_statement_in_the_place_of_one_that_ran_is_refused(bank: Project, database: Database) -> None:
    path, good, _ = stop(bank)

    path.write_text(good.replace("balance + 1'", "balance + 2'"))
    with pytest.raises(StoppedHalfwayError) as error:
        dbtool.deploy(bank.config)

    assert error.value.message.endswith("stopped after statement 8, and statement 2 of its file is another one now")
    assert error.value.problems == (
        "it ran: UPDATE account SET balance = balance + 1",
        "the file says: UPDATE account SET balance = balance + 2",
    )
    path.write_text(good)
    dbtool.deploy(bank.config)
    require_applied(database)


def test_nothing_else_runs_while_a_migration_is_halfway(bank: Project, database: Database) -> None:
    stop(bank)

    bank.write("app/__init__.py", "")
    bank.write("app/models.py", "from sqlmodel import SQLModel\n")
    plain = bank.python("-m", "alembic", "upgrade", "head")
    assert plain.code != 0
    assert "20250101000001 stopped halfway up; dbtool deploy, or dbtool repair" in plain.stdout + plain.stderr
    with pytest.raises(StoppedHalfwayError):
        dbtool.rollback(bank.config, backup=False, ask=dbtool.Answers(yes=True))
