"""Which migrations a database has run: Alembic's version table and the ledger beside it, on all three."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbtool.database import Catalogue, Database, rows
from dbtool.engine import ledger
from dbtool.engine.ledger import Entry, Record
from dbtool.reports import AppliedRow

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
ENTRY = Entry("1", "init", "m1", "up", 0.25, 3, "ann@host", "0.1.0")
SECOND = replace(ENTRY, revision="2", name="naïve ☃", checksum="m2", seconds=1.5)
SCHEMA = Catalogue(("table a: CREATE TABLE a (x)", "view ☃: \\n"))


def write(database: Database, *entries: Entry, catalogue: Catalogue | None = SCHEMA, heads: str = "") -> None:
    with database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        connection.exec_driver_sql("DELETE FROM alembic_version")
        for head in heads.split():
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{head}')")
        driver = connection.connection.driver_connection
        ledger.prepare(database, driver)
        if entries:
            ledger.append(database, driver, entries, catalogue)
        connection.commit()


def read(database: Database) -> Record:
    with database.reading() as connection:
        return ledger.read(database, connection)


def read_rows(database: Database) -> tuple[AppliedRow, ...]:
    with database.reading() as connection:
        return ledger.read_rows(database, connection)


def test_a_database_that_no_migration_has_touched_has_run_nothing(database: Database) -> None:
    assert read(database) == Record()
    assert read_rows(database) == ()


def test_a_database_that_plain_alembic_migrated_has_heads_and_no_checksums(database: Database) -> None:
    with database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('b'), ('a')")
        connection.commit()

    assert read(database) == Record(heads=("a", "b"))
    assert read_rows(database) == ()


def test_rows_come_back_as_they_were_written_oldest_first(database: Database) -> None:
    before = datetime.now(UTC) - timedelta(minutes=5)

    write(database, ENTRY, SECOND, heads="2")
    found = read_rows(database)

    assert [replace(row, applied_at=before) for row in found] == [
        AppliedRow("1", "init", "m1", "up", before, 0.25, 3, "ann@host", "0.1.0", None),
        AppliedRow("2", "naïve ☃", "m2", "up", before, 1.5, 3, "ann@host", "0.1.0", SCHEMA.fingerprint),
    ]
    assert all(before < row.applied_at < before + timedelta(minutes=10) for row in found)
    assert {row.applied_at.tzinfo for row in found} == {UTC}


def test_the_last_row_carries_the_catalogue_that_the_run_left(database: Database) -> None:
    write(database, ENTRY, catalogue=Catalogue(("older",)), heads="1")
    write(database, SECOND, heads="2")

    with database.reading() as connection:
        assert ledger.last_catalogue(connection) == SCHEMA


@pytest.mark.parametrize("catalogue", [Catalogue(()), Catalogue(("",)), Catalogue(("x" * 3_000_000,))])
@on_sqlite
def test_any_catalogue_comes_back_as_text(database: Database, catalogue: Catalogue) -> None:
    write(database, ENTRY, catalogue=catalogue, heads="1")

    with database.reading() as connection:
        found = ledger.last_catalogue(connection)

    assert found is not None and found.text == catalogue.text


def test_a_large_catalogue_fits(database: Database) -> None:
    import secrets

    large = Catalogue((secrets.token_hex(500_000),))  # does not compress well

    write(database, ENTRY, catalogue=large, heads="1")

    with database.reading() as connection:
        assert ledger.last_catalogue(connection) == large


def test_texts_that_are_too_long_are_cut(database: Database) -> None:
    write(database, replace(ENTRY, name="n" * 300, applied_by="é" * 300), heads="1")

    (row,) = read_rows(database)

    assert (row.name, row.applied_by) == ("n" * 255, "é" * 255)


def test_making_the_ledger_twice_keeps_it(database: Database) -> None:
    write(database, ENTRY, heads="1")

    write(database, heads="1")

    assert len(read_rows(database)) == 1


def test_the_ledger_is_written_in_the_transaction_of_the_migration(database: Database) -> None:
    write(database, heads="")

    with database.connect("migrate") as connection:
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('1')")
        ledger.append(database, connection.connection.driver_connection, [ENTRY], SCHEMA)
        connection.rollback()

    assert read(database) == Record()


def test_the_clock_of_the_database_does_not_stand_still_within_a_transaction(database: Database) -> None:
    import time

    write(database, heads="")
    with database.connect("migrate") as connection, connection.begin():
        for entry in (ENTRY, SECOND):
            ledger.append(database, connection.connection.driver_connection, [entry], None)
            time.sleep(0.01)

    first, second = read_rows(database)
    assert first.applied_at < second.applied_at


DOWN = replace(SECOND, direction="down")
RUNS: dict[str, tuple[list[Entry], str, dict[str, str], bool]] = {
    "nothing": ([], "", {}, False),
    "up": ([ENTRY], "1", {"1": "m1"}, True),
    "up twice": ([ENTRY, SECOND], "2", {"1": "m1", "2": "m2"}, True),
    "up and down": ([ENTRY, SECOND, DOWN], "1", {"1": "m1"}, True),
    "up, down and up with another meaning": (
        [ENTRY, SECOND, DOWN, replace(SECOND, checksum="new")],
        "2",
        {"1": "m1", "2": "new"},
        True,
    ),
    "up, and further by another tool": ([ENTRY], "2", {"1": "m1"}, False),
    "up, and back by another tool": ([ENTRY, SECOND], "1", {"1": "m1", "2": "m2"}, False),
    "down, and up again by another tool": ([ENTRY, SECOND, DOWN], "2", {"1": "m1"}, False),
}


@pytest.mark.parametrize(("entries", "heads", "checksums", "known"), RUNS.values(), ids=RUNS)
@on_sqlite
def test_the_fingerprint_counts_only_where_the_last_recorded_run_left_the_database(
    database: Database, entries: list[Any], heads: str, checksums: dict[str, str], known: bool
) -> None:
    write(database, *entries, heads=heads)

    assert read(database) == Record(tuple(heads.split()), checksums, SCHEMA.fingerprint if known else None)


def test_no_text_of_the_ledger_is_taken_for_a_placeholder(database: Database) -> None:
    odd = replace(ENTRY, name="100% %s ? :x {y}", applied_by="o'neil\"`")

    write(database, odd, heads="1")

    (row,) = read_rows(database)
    assert (row.name, row.applied_by) == (odd.name, odd.applied_by)
    with database.reading() as connection:
        assert rows(connection, "SELECT count(*) FROM dbtool_migrations") in ([(1,)], ((1,),))
