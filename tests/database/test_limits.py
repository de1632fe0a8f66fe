"""A statement ends in time, or when another thread says so, and the connection goes on; kept connections are shared."""

from __future__ import annotations

from pathlib import Path
from threading import Thread, Timer
from time import monotonic

import pytest
from projects import at
from sqlalchemy import exc

from dbtool.database import Database
from dbtool.errors import DatabaseMissingError, StoppedError, TimeLimitError

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgres": "SELECT count(*) FROM generate_series(1, 10000000000)",
    "mysql": "SELECT sleep(20) FROM information_schema.tables",
}


def slow(database: Database) -> str:
    return SLOW[database.kind]


def test_a_statement_that_takes_too_long_is_stopped_and_the_connection_goes_on(database: Database) -> None:
    engine = database.pool("read")
    try:
        with engine.connect() as connection:
            started = monotonic()
            with pytest.raises(TimeLimitError), database.limited(connection, 0.3):
                connection.exec_driver_sql(slow(database)).fetchall()
            assert monotonic() - started < 5

            connection.rollback()
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        with engine.connect() as connection, database.limited(connection, 20):
            assert connection.exec_driver_sql("SELECT 2").scalar() == 2
    finally:
        database.release(engine)


def test_a_limit_ends_with_its_block(database: Database) -> None:
    with database.connect("read") as connection:
        with database.limited(connection, 0.2):
            connection.exec_driver_sql("SELECT 1").scalar()
        connection.exec_driver_sql("SELECT 1").scalar()
        pause = {"sqlite": None, "postgres": "SELECT pg_sleep(0.5)", "mysql": "SELECT sleep(0.5)"}[database.kind]
        if pause:
            assert connection.exec_driver_sql(pause).scalar() in ("", 0)


def test_no_limit_is_none(database: Database) -> None:
    with database.connect("read") as connection, database.limited(connection, None):
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_another_thread_stops_a_statement(database: Database) -> None:
    with database.connect("read") as connection:
        timer = Timer(0.3, database.canceller(connection))
        started = monotonic()
        timer.start()
        with pytest.raises(StoppedError), database.limited(connection, 60):
            connection.exec_driver_sql(slow(database)).fetchall()
        timer.join()

        assert monotonic() - started < 10
        connection.rollback()
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_stopping_what_does_not_run_does_nothing(database: Database) -> None:
    with database.connect("read") as connection:
        cancel = database.canceller(connection)
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        connection.rollback()
    cancel()


def test_kept_connections_are_shared_by_threads_and_read_only(database: Database) -> None:
    with database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE book (id INTEGER PRIMARY KEY)")
        connection.commit()
    reading, writing = database.pool("read", 2), database.pool("write", 2)
    counted: list[int] = []

    def read() -> None:
        for _ in range(20):
            with reading.connect() as connection:
                counted.append(connection.exec_driver_sql("SELECT count(*) FROM book").scalar_one())

    try:
        with writing.begin() as connection:
            connection.exec_driver_sql("INSERT INTO book VALUES (1)")
        threads = [Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counted == [1] * 80
        with pytest.raises(exc.DBAPIError), reading.begin() as connection:
            connection.exec_driver_sql("INSERT INTO book VALUES (2)")
    finally:
        database.release(reading)
        database.release(writing)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_kept_connections_follow_the_file_that_replaces_theirs(database: Database, tmp_path: Path) -> None:
    reading = database.pool("read", 2)
    with reading.connect() as connection:
        connection.exec_driver_sql("SELECT 1")

    with database.rebuilding(None) as fresh, fresh.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE book (id INTEGER PRIMARY KEY)")
        connection.commit()

    with reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM book").scalar() == 0
    database.release(reading)


def test_a_pool_of_a_missing_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissingError):
        at(url, tmp_path).pool("read")


def test_a_limit_translates_what_else_happens(database: Database) -> None:
    with database.connect("read") as connection, pytest.raises(exc.SQLAlchemyError), database.limited(connection, 5):
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
