"""One process migrates at a time, the others wait, and in the end each migration has run exactly once."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from projects import Project

import dbtool
from dbtool.conversation import Event, Note
from dbtool.database import Database, lease
from dbtool.database.base import LEASE
from dbtool.engine import history, ledger, runner
from dbtool.errors import LockedError

DEPLOYERS, ROUNDS = (20, 10) if os.environ.get("DBTOOL_TORTURE") else (8, 1)
on_servers = pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
on_postgres = pytest.mark.parametrize("url", ["postgres"], indirect=True)
on_mysql = pytest.mark.parametrize("url", ["mysql"], indirect=True)

ACCOUNT = (
    "op.create_table('account', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('balance', sa.Integer()))"
)
DEPOSIT = "op.execute('INSERT INTO account (id, balance) VALUES (1, 100)')"
INTEREST = "op.execute('UPDATE account SET balance = balance + 1')"  # twice is not the same as once
NAP = """from pathlib import Path
first = not Path({asleep!r}).exists()
Path({asleep!r}).touch()
while first and not Path({awake!r}).exists():
    pass"""
CONCURRENTLY = (
    "with op.get_context().autocommit_block():\n"
    "    op.create_index('ix_balance', 'account', ['balance'], postgresql_concurrently=True)"
)


@pytest.fixture
def turn() -> str:
    """How deployers take turns."""
    return "lock"


@pytest.fixture
def bank(database: Database, tmp_path: Path, url: str, turn: str) -> Project:
    """A project whose migrations can be run once only, and an empty database of each kind."""
    project = Project(tmp_path / "app", url)
    project.write("pyproject.toml", f'[tool.dbtool]\nmodels = "app.models"\nturn = "{turn}"\n')
    project.scaffold()
    project.migration("account", ACCOUNT)
    project.migration("deposit", DEPOSIT)
    return project


def finish(project: Project) -> None:
    """Write the rest of the migrations."""
    for number in range(4):
        project.migration(f"interest{number}", INTEREST)
    if project.database.kind == "postgres":
        project.migration("index", CONCURRENTLY)
    project.migration("last", INTEREST)


def at_once(project: Project, count: int) -> list[int | None]:
    """Deploy from so many processes that begin together; return their exit codes."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)

    def deploy() -> None:
        barrier.wait(60)
        dbtool.deploy(project.config)
        os._exit(0)

    children = [context.Process(target=deploy) for _ in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]


def balance(database: Database) -> int:
    with database.connect("read") as connection:
        return int(connection.exec_driver_sql("SELECT balance FROM account").scalar_one())


def require_each_once(project: Project, database: Database) -> None:
    """Let many deploy at once: all succeed, and each migration has run exactly once."""
    assert at_once(project, DEPLOYERS) == [0] * DEPLOYERS

    assert balance(database) == 105
    with database.reading() as connection:
        ran = [row.revision for row in ledger.read_rows(database, connection)]
    assert ran == [each.id for each in history.read(project.config).revisions]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("begin", ["empty", "half"])
def test_deployers_at_the_same_time_apply_each_migration_once_and_all_succeed(
    bank: Project, database: Database, begin: str
) -> None:
    if begin == "half":
        dbtool.deploy(bank.config)
    finish(bank)
    known = history.read(bank.config)
    for _ in range(ROUNDS):
        require_each_once(bank, database)
        if ROUNDS > 1:
            database.clear()
            target = known.revisions[1].id if begin == "half" else None
            runner.upgrade(bank.config, database, known, to=target) if target else None


@on_servers
def test_who_waits_is_told_for_whom_and_gives_up_in_the_end(bank: Project, database: Database) -> None:
    heard: list[Event] = []
    database.patience = 1.0
    with turn_of_another(database), pytest.raises(LockedError) as error:
        runner.upgrade(bank.config, database, history.read(bank.config), tell=heard.append)

    user = database.url.user
    assert f" is being migrated by {user} from " in error.value.message
    assert error.value.message.endswith(", for longer than 1 s")
    (note,) = heard
    assert isinstance(note, Note) and note.text.startswith(f"waiting for {user} from ")
    assert len(runner.upgrade(bank.config, database, history.read(bank.config))) == 2


@on_postgres
def test_who_waits_is_waited_for_by_nobody(bank: Project, database: Database) -> None:
    """An index is made concurrently by the one whose turn it is, which waits for every snapshot that is held."""
    with closing(database.open_plain()) as connection, ThreadPoolExecutor() as pool:  # type: ignore[attr-defined]
        connection.execute("CREATE TABLE book (title TEXT)")
        with turn_of_another(database):
            waiting = pool.submit(dbtool.deploy, bank.config, lock_timeout=8)
            time.sleep(3)  # it has asked often by now
            assert longest_wait_in_a_transaction(connection) < 1.5  # seconds
            connection.execute("SET statement_timeout = '3s'")
            connection.execute("CREATE INDEX CONCURRENTLY ix_book ON book (title)")
            assert not waiting.done()
        assert len(waiting.result().applied) == 2


def longest_wait_in_a_transaction(connection: Any) -> float:
    """Return the age in seconds of the oldest transaction of those that ask for the lock, which somebody else has."""
    found = connection.execute(
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND pid NOT IN"
        " (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
    )
    return float(found.fetchone()[0])


@on_servers
def test_plain_alembic_waits_for_its_turn_too(bank: Project, database: Database) -> None:
    bank.write("app/__init__.py", "")
    bank.write("app/models.py", "from sqlmodel import SQLModel\n")
    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        with database.turn(lambda holder: None):
            running = pool.submit(bank.python, "-m", "alembic", "upgrade", "head")
            time.sleep(6)
            with database.reading() as connection:
                assert "account" not in database.table_names(connection)
        done = running.result()

    assert done.code == 0, done.stderr
    assert time.monotonic() - begun > 6
    assert balance(database) == 100


@on_servers
def test_a_turn_ends_with_its_process(bank: Project, database: Database) -> None:
    process = multiprocessing.get_context("fork").Process(target=_sleep_in_turn, args=(database,))
    process.start()
    with pytest.raises(LockedError):
        _wait_until_locked(database)
    process.kill()
    process.join()

    assert len(dbtool.deploy(bank.config).applied) == 2


@on_servers
def test_a_scratch_database_waits_for_nobody(database: Database) -> None:
    database.patience = 0.2
    with database.turn(lambda holder: None), database.scratch() as scratch:
        scratch.patience = 0.2
        with scratch.turn(lambda holder: None), scratch.turn(lambda holder: None):
            pass


@on_postgres
def test_a_table_that_somebody_reads_is_waited_for_in_short_steps(bank: Project, database: Database) -> None:
    dbtool.deploy(bank.config)
    bank.migration("add", "op.add_column('account', sa.Column('name', sa.String(20)))")
    heard: list[Event] = []
    with database.connect("read") as reader:
        reader.exec_driver_sql("SELECT * FROM account")

        def tell(event: Event) -> None:
            heard.append(event)
            if isinstance(event, Note):
                reader.rollback()

        applied = dbtool.deploy(bank.config, tell=tell).applied

    assert [each.name for each in applied] == ["add"]
    assert [event.text for event in heard if isinstance(event, Note)] == [
        f"{database.name} is in use: canceling statement due to lock timeout; trying again"
    ]


@on_mysql
def test_a_table_that_somebody_reads_is_not_waited_for_for_ever(bank: Project, database: Database) -> None:
    dbtool.deploy(bank.config)
    bank.migration("add", "op.add_column('account', sa.Column('name', sa.String(20)))")
    with database.connect("read") as reader:
        reader.exec_driver_sql("SELECT * FROM account")
        started = time.monotonic()
        database.patience = 1.0
        with pytest.raises(LockedError) as error:
            runner.upgrade(bank.config, database, history.read(bank.config))

    assert time.monotonic() - started < 30
    assert "Lock wait timeout exceeded" in error.value.message
    assert len(dbtool.deploy(bank.config).applied) == 1


@on_servers
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("turn", ["lease"])
def test_a_row_is_as_good_a_turn_as_a_lock(bank: Project, database: Database) -> None:
    finish(bank)
    for _ in range(ROUNDS):
        require_each_once(bank, database)
        with database.reading() as connection:
            assert LEASE in database.table_names(connection)
        assert dbtool.status(bank.config).ok  # the row belongs to nobody's schema
        database.clear()


@on_servers
@pytest.mark.parametrize("turn", ["lease"])
def test_the_row_of_a_process_that_is_gone_is_taken(bank: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "SECONDS", 2.0)
    database = bank.database
    holder = multiprocessing.get_context("fork").Process(target=_sleep_in_turn, args=(database,))
    holder.start()
    with pytest.raises(LockedError) as error:
        _wait_until_locked(database)
    assert re.search(r" is being migrated by .+@.+ \(process \d+\), for longer than 0.2 s$", error.value.message)
    holder.kill()
    holder.join()

    assert len(dbtool.deploy(bank.config).applied) == 2


@on_postgres
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("turn", ["lease"])
def test_who_slept_through_his_turn_commits_nothing(bank: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process stands still longer than its turn lasts; another one migrates, then it wakes up."""
    monkeypatch.setattr(lease, "SECONDS", 2.0)
    dbtool.deploy(bank.config)
    asleep, awake = bank.root / "asleep", bank.root / "awake"
    bank.migration("nap", NAP.format(asleep=str(asleep), awake=str(awake)))
    bank.migration("interest", INTEREST)
    sleeper = multiprocessing.get_context("fork").Process(target=dbtool.deploy, args=(bank.config,))
    sleeper.start()
    while not asleep.exists():
        time.sleep(0.05)
    os.kill(sleeper.pid or 0, signal.SIGSTOP)
    try:
        assert len(dbtool.deploy(bank.config).applied) == 2
    finally:
        awake.touch()
        os.kill(sleeper.pid or 0, signal.SIGCONT)
        sleeper.join()

    assert sleeper.exitcode == 0  # it looked again, and all was done
    assert balance(bank.database) == 101
    assert dbtool.status(bank.config).ok


@contextmanager
def turn_of_another(database: Database) -> Iterator[None]:
    """Let another connection have the turn."""
    with database.turn(lambda holder: None):
        yield


def _sleep_in_turn(database: Database) -> None:
    with database.turn(lambda holder: None):
        time.sleep(60)


def _wait_until_locked(database: Database) -> None:
    database.patience = 0.2
    for _ in range(100):
        with database.turn(lambda holder: None):
            pass
        time.sleep(0.05)  # who waits must meet a moment in which nobody has it
