"""What each database must do, stated once and asked of SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from projects import Project, at, drop, new_url, server_url
from sqlalchemy import Column, Integer, MetaData, String, Table, event

from dbtool import database as databases
from dbtool.config import Location, load_config
from dbtool.database import JOURNAL, LEDGER, Database, execute, rows, sqlite
from dbtool.database.base import LEASE
from dbtool.database.url import parse
from dbtool.errors import (
    AccessError,
    ConnectError,
    DatabaseMissingError,
    DbtoolError,
    DriverMissingError,
    LockedError,
    NotADatabaseError,
    ProgramMissingError,
)

ALL = ["sqlite", "postgres", "mysql"]
SERVERS = ["postgres", "mysql"]
on_servers = pytest.mark.parametrize("url", SERVERS, indirect=True)
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

BOOK = "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(50) NOT NULL, pages INTEGER)"


def run(database: Database, *statements: str) -> None:
    with database.connect("migrate") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def query(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        return rows(connection, sql)


def catalogue(database: Database) -> databases.Catalogue:
    with database.reading() as connection:
        return database.catalogue(connection)


def names(database: Database) -> frozenset[str]:
    with database.reading() as connection:
        return database.table_names(connection)


def portable(database: Database) -> dict[str, str]:
    """The words that differ between the three."""
    return {
        "sqlite": {"blob": "BLOB", "quote": '"', "identity": "INTEGER PRIMARY KEY AUTOINCREMENT"},
        "postgres": {"blob": "BYTEA", "quote": '"', "identity": "SERIAL PRIMARY KEY"},
        "mysql": {"blob": "LONGBLOB", "quote": "`", "identity": "INTEGER PRIMARY KEY AUTO_INCREMENT"},
    }[database.kind]


def quoted(database: Database, name: str) -> str:
    quote = portable(database)["quote"]
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


# Life


def test_what_somebody_makes_meanwhile_can_be_read(database: Database) -> None:
    run(database, "CREATE TABLE first (id INTEGER)")
    with database.reading() as connection:
        assert rows(connection, "SELECT count(*) FROM first") == [(0,)]
        if database.kind != "sqlite":  # whose writers wait
            run(database, "CREATE TABLE second (id INTEGER)")
            assert rows(connection, "SELECT count(*) FROM second") == [(0,)]


def test_a_missing_database_does_not_exist_and_cannot_be_read(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)

    with pytest.raises(DatabaseMissingError) as error, database.reading():
        pytest.fail("a missing database was opened")

    assert not database.exists()
    assert error.value.hint == "dbtool migrate"
    assert list(tmp_path.iterdir()) == []


def test_a_created_database_exists_and_is_empty(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)

    database.create()
    run(database)

    assert database.exists()
    assert catalogue(database).lines == ()
    assert names(database) == frozenset()


def test_creating_a_database_that_somebody_else_has_just_created_is_no_error(database: Database) -> None:
    run(database, BOOK)

    database.create()

    assert names(database) == {"book"}


@on_servers
def test_a_dropped_database_is_gone_and_dropping_it_again_is_no_error(database: Database) -> None:
    assert database.exists()

    database.drop()  # type: ignore[attr-defined]
    database.drop()  # type: ignore[attr-defined]

    assert not database.exists()


@on_sqlite
def test_a_file_in_a_folder_that_is_missing_is_refused(tmp_path: Path, url: str) -> None:
    database = at(f"sqlite:///{tmp_path}/none/dev.db", tmp_path)

    with pytest.raises(AccessError) as error:
        database.create()

    assert error.value.message == f"the folder {tmp_path}/none does not exist"
    assert error.value.hint == f"mkdir -p {tmp_path}/none"


# Reading


@pytest.mark.parametrize("statement", ["CREATE TABLE t (id INTEGER)", "INSERT INTO book VALUES (1, 'a', 1)"])
def test_reading_is_read_only(database: Database, statement: str) -> None:
    run(database, BOOK)

    with pytest.raises(AccessError), database.reading() as connection:
        execute(connection, statement)

    assert names(database) == {"book"}
    assert query(database, "SELECT * FROM book") == []


OBJECTS = {
    "sqlite": {
        "table": ("CREATE TABLE t (id INTEGER)", "DROP TABLE t", ["table t"]),
        "column": ("ALTER TABLE book ADD COLUMN x INTEGER", "ALTER TABLE book DROP COLUMN x", ["table book"]),
        "index": ("CREATE INDEX i ON book (title)", "DROP INDEX i", ["index i"]),
        "check": ("CREATE TABLE t (id INTEGER CHECK (id > 0))", "DROP TABLE t", ["table t"]),
        "foreign key": ("CREATE TABLE t (b INTEGER REFERENCES book (id))", "DROP TABLE t", ["table t"]),
        "view": ("CREATE VIEW v AS SELECT title FROM book", "DROP VIEW v", ["view v"]),
        "trigger": (
            "CREATE TRIGGER tr AFTER INSERT ON book BEGIN SELECT 1; END",
            "DROP TRIGGER tr",
            ["trigger tr"],
        ),
    },
    "postgres": {
        "table": ("CREATE TABLE t (id INTEGER)", "DROP TABLE t", ["column t.id", "table t"]),
        "column": (
            "ALTER TABLE book ADD COLUMN x INTEGER",
            "ALTER TABLE book DROP COLUMN x",
            ["column book.x"],
        ),
        "default": (
            "ALTER TABLE book ALTER COLUMN pages SET DEFAULT 1",
            "ALTER TABLE book ALTER COLUMN pages DROP DEFAULT",
            ["column book.pages"],
        ),
        "index": ("CREATE INDEX i ON book (title)", "DROP INDEX i", ["index i"]),
        "check": (
            "ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0)",
            "ALTER TABLE book DROP CONSTRAINT c",
            ["constraint book.c"],
        ),
        "foreign key": (
            "ALTER TABLE book ADD CONSTRAINT f FOREIGN KEY (pages) REFERENCES book (id)",
            "ALTER TABLE book DROP CONSTRAINT f",
            ["constraint book.f"],
        ),
        "view": ("CREATE VIEW v AS SELECT title FROM book", "DROP VIEW v", ["view v"]),
        "materialized view": (
            "CREATE MATERIALIZED VIEW v AS SELECT title FROM book",
            "DROP MATERIALIZED VIEW v",
            ["materialized view v"],
        ),
        "trigger": (
            "CREATE TRIGGER tr BEFORE UPDATE ON book FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "DROP TRIGGER tr ON book",
            ["trigger book.tr"],
        ),
        "comment": ("COMMENT ON TABLE book IS 'b'", "COMMENT ON TABLE book IS NULL", ["table book"]),
        "column comment": (
            "COMMENT ON COLUMN book.title IS 'b'",
            "COMMENT ON COLUMN book.title IS NULL",
            ["column book.title"],
        ),
        "enum": ("CREATE TYPE mood AS ENUM ('a', 'b')", "DROP TYPE mood", ["enum mood"]),
        "sequence": ("CREATE SEQUENCE s", "DROP SEQUENCE s", ["sequence s"]),
        "function": (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DROP FUNCTION f",
            ["function f()"],
        ),
    },
    "mysql": {
        "table": ("CREATE TABLE t (id INTEGER)", "DROP TABLE t", ["column t.id", "table t"]),
        "column": (
            "ALTER TABLE book ADD COLUMN x INTEGER",
            "ALTER TABLE book DROP COLUMN x",
            ["column book.x"],
        ),
        "default": (
            "ALTER TABLE book ALTER COLUMN pages SET DEFAULT 1",
            "ALTER TABLE book ALTER COLUMN pages SET DEFAULT NULL",
            ["column book.pages"],
        ),
        "index": ("CREATE INDEX i ON book (title)", "DROP INDEX i ON book", ["index book.i"]),
        "check": (
            "ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0)",
            "ALTER TABLE book DROP CONSTRAINT c",
            ["check book.c"],
        ),
        "foreign key": (
            "CREATE TABLE t (b INTEGER, CONSTRAINT f FOREIGN KEY (b) REFERENCES book (id))",
            "DROP TABLE t",
            ["column t.b", "foreign key t.f", "index t.f", "table t"],
        ),
        "view": ("CREATE VIEW v AS SELECT title FROM book", "DROP VIEW v", ["column v.title", "table v", "view v"]),
        "trigger": (
            "CREATE TRIGGER tr BEFORE UPDATE ON book FOR EACH ROW SET NEW.pages = 1",
            "DROP TRIGGER tr",
            ["trigger book.tr"],
        ),
        "comment": ("ALTER TABLE book COMMENT 'b'", "ALTER TABLE book COMMENT ''", ["table book"]),
        "column comment": (
            "ALTER TABLE book MODIFY title VARCHAR(50) NOT NULL COMMENT 'b'",
            "ALTER TABLE book MODIFY title VARCHAR(50) NOT NULL",
            ["column book.title"],
        ),
        "function": (
            "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
            "DROP FUNCTION f",
            ["routine f"],
        ),
    },
}
CASES = [(kind, *case) for kind, cases in OBJECTS.items() for case in cases.values()]


@pytest.mark.parametrize(
    ("url", "create", "undo", "objects"),
    CASES,
    ids=[f"{kind}-{name}" for kind, cases in OBJECTS.items() for name in cases],
    indirect=["url"],
)
def test_the_fingerprint_tells_every_kind_of_object(
    database: Database, create: str, undo: str, objects: list[str]
) -> None:
    run(database, BOOK)
    before = catalogue(database)

    run(database, create)
    after = catalogue(database)
    run(database, undo)

    assert sorted(line.partition(": ")[0] for line in set(after.lines) - set(before.lines)) == objects
    assert after.fingerprint != before.fingerprint
    assert catalogue(database) == before


def test_the_catalogue_leaves_out_what_migrating_itself_needs(database: Database) -> None:
    run(database, BOOK)
    before = catalogue(database)

    run(
        database,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        database.create_ledger,
    )

    assert catalogue(database) == before
    assert names(database) == {"alembic_version", "book", LEDGER}


def test_the_catalogue_is_the_same_in_another_database(database: Database) -> None:
    statements = [BOOK, "CREATE VIEW v AS SELECT title FROM book", "CREATE INDEX i ON book (title)"]
    run(database, *statements)

    with database.scratch() as other:
        run(other, *statements)
        with other.reading() as connection:
            found = other.catalogue(connection)

    assert found == catalogue(database)


def test_sizes_counts_tables_and_not_views(database: Database) -> None:
    run(database, BOOK, "CREATE VIEW v AS SELECT title FROM book", "CREATE INDEX i ON book (title)")

    with database.reading() as connection:
        sizes = dict(database.sizes(connection))

    assert list(sizes) == ["book"]
    assert sizes["book"] is not None and sizes["book"] >= 8192


def test_the_version_names_the_server_or_library(database: Database) -> None:
    with database.reading() as connection:
        name, _, number = database.version(connection).partition(" ")

    assert name == {"sqlite": "SQLite", "postgres": "PostgreSQL", "mysql": "MariaDB"}[database.kind]
    assert number[0].isdigit()


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_only_the_configured_schemas_count(database: Database) -> None:
    run(database, "CREATE SCHEMA other", "CREATE TABLE other.book (id INTEGER)")
    both = type(database)(database.url, schemas=("public", "other"))  # type: ignore[call-arg]

    assert catalogue(database).lines == ()
    assert catalogue(both).lines == ("column other.book.id: integer", "table other.book: ")


@pytest.fixture
def schema(database: Database) -> Database:
    """One schema of a PostgreSQL database, beside another that holds rows."""
    run(database, BOOK, "INSERT INTO book VALUES (1, 'of somebody else', 1)")
    return type(database)(replace(database.url, query={"schema": 'My "own" schema'}))  # type: ignore[call-arg]


on_postgres = pytest.mark.parametrize("url", ["postgres"], indirect=True)


@on_postgres
def test_a_schema_in_the_url_is_made_and_dropped_without_touching_the_rest(
    database: Database, schema: Database
) -> None:
    before = schema.exists()
    schema.create()
    run(schema, BOOK)
    made = (schema.exists(), names(schema))
    schema.drop()  # type: ignore[attr-defined]

    assert (before, made, schema.exists()) == (False, (True, {"book"}), False)
    assert query(database, "SELECT title FROM book") == [("of somebody else",)]


@on_postgres
def test_a_schema_in_the_url_is_copied_cleared_and_restored_without_touching_the_rest(
    database: Database, schema: Database, tmp_path: Path
) -> None:
    schema.create()
    rows_before, schema_before = fill(schema), catalogue(schema)
    copy = schema.backup(tmp_path / "copy.backup")
    run(database, "INSERT INTO book VALUES (2, 'later', 1)")

    with pytest.raises(ValueError), schema.rebuilding(copy) as fresh:
        run(fresh, BOOK)
        raise ValueError

    assert contents(schema) == rows_before
    assert catalogue(schema) == schema_before
    assert query(database, "SELECT title FROM book ORDER BY id") == [("of somebody else",), ("later",)]


@on_postgres
def test_a_scratch_database_of_a_schema_has_none_of_its_own(schema: Database) -> None:
    schema.create()

    with schema.scratch() as scratch:
        run(scratch, BOOK)
        assert names(scratch) == {"book"}

    assert names(schema) == set()


# Connecting


def test_a_connection_for_reading_refuses_to_write(database: Database) -> None:
    run(database, BOOK)

    with pytest.raises(AccessError), database.connect("read") as connection:
        connection.exec_driver_sql("INSERT INTO book VALUES (1, 'a', 1)")

    assert query(database, "SELECT * FROM book") == []


def test_what_is_not_committed_is_rolled_back(database: Database) -> None:
    run(database, BOOK)

    with database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO book VALUES (1, 'kept', 1)")
        connection.commit()
        connection.exec_driver_sql("INSERT INTO book VALUES (2, 'lost', 1)")

    assert query(database, "SELECT id, title FROM book") == [(1, "kept")]


def test_a_connection_for_writing_keeps_foreign_keys(database: Database) -> None:
    from sqlalchemy.exc import IntegrityError

    run(
        database,
        BOOK,
        "CREATE TABLE page (id INTEGER PRIMARY KEY, book_id INTEGER, FOREIGN KEY (book_id) REFERENCES book (id))",
    )

    with pytest.raises(IntegrityError), database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO page VALUES (1, 99)")

    assert query(database, "SELECT * FROM page") == []


def test_a_table_that_is_rolled_back_is_gone_where_definitions_are_transactional(database: Database) -> None:
    with database.connect("migrate") as connection:
        connection.exec_driver_sql(BOOK)
        connection.exec_driver_sql("INSERT INTO book VALUES (1, 'a', 1)")
        connection.rollback()

    assert names(database) == (set() if database.transactional_ddl else {"book"})
    assert database.transactional_ddl == (database.kind != "mysql")


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_database_that_is_read_only_by_its_own_setting_stays_so(database: Database) -> None:
    run(database, f"ALTER DATABASE {quoted(database, database.url.database)} SET default_transaction_read_only = on")

    with pytest.raises(AccessError) as error:
        run(database, BOOK)

    assert error.value.message == (
        f"{database.name} is read-only: cannot execute CREATE TABLE in a read-only transaction"
    )


# Copies

VALUES: dict[str, Any] = {
    "unicode": "naïve ☃ 𝄞 日本",
    "line breaks and tabs": "a\r\nb\tc\n",
    "quotes": "'\"`\\ % %s ; --",
    "empty": "",
    "blank": "  padded  ",
}


def fill(database: Database) -> list[tuple[Any, ...]]:
    """Make tables with every awkward value, and return the rows as they come back."""
    words = portable(database)
    text = "VARCHAR(50)" + (" CHARACTER SET utf8mb4" if database.kind == "mysql" else "")
    run(
        database,
        f"CREATE TABLE thing (id {words['identity']}, label {text}, content {words['blob']}, big BIGINT,"
        " ratio DOUBLE PRECISION)",
        "CREATE TABLE part (id INTEGER PRIMARY KEY, thing_id INTEGER,"
        " FOREIGN KEY (thing_id) REFERENCES thing (id) ON DELETE CASCADE)",
        "CREATE VIEW labels AS SELECT label FROM thing",
        "CREATE INDEX thing_label ON thing (label)",
    )
    marks = ", ".join([database.placeholder] * 5)
    with database.connect("write") as connection:
        for number, label in enumerate([*VALUES.values(), None], 1):
            values = (number, label, bytes(range(256)) if label else None, 2**63 - number, 0.1 * number)
            connection.exec_driver_sql(f"INSERT INTO thing VALUES ({marks})", values)
        connection.exec_driver_sql("INSERT INTO part VALUES (1, 1)")
        connection.commit()
    return contents(database)


def contents(database: Database) -> list[tuple[Any, ...]]:
    found = query(database, "SELECT 'thing', id, label, content, big, ratio FROM thing ORDER BY id")
    found += query(database, "SELECT 'part', id, thing_id FROM part ORDER BY id")
    return [tuple(bytes(each) if isinstance(each, memoryview) else each for each in row) for row in found]


def test_a_backup_restores_every_row_and_object(database: Database, tmp_path: Path) -> None:
    rows_before, schema_before = fill(database), catalogue(database)

    copy = database.backup(tmp_path / "copy.backup")
    run(database, "DELETE FROM part", "UPDATE thing SET label = 'changed'", "DROP VIEW labels")
    database.restore(copy)

    assert contents(database) == rows_before
    assert catalogue(database) == schema_before
    assert [path.name for path in tmp_path.glob("copy*")] == [copy.name]


def test_restoring_removes_what_the_backup_does_not_hold(database: Database, tmp_path: Path) -> None:
    rows_before, schema_before = fill(database), catalogue(database)

    copy = database.backup(tmp_path / "copy.backup")
    run(database, "CREATE TABLE later (id INTEGER PRIMARY KEY, thing_id INTEGER)", "CREATE VIEW w AS SELECT 1 AS x")
    database.restore(copy)

    assert contents(database) == rows_before
    assert catalogue(database) == schema_before


def test_restoring_brings_back_a_database_that_is_gone(database: Database, tmp_path: Path) -> None:
    rows_before = fill(database)
    copy = database.backup(tmp_path / "copy.backup")

    database.clear()
    database.restore(copy)

    assert contents(database) == rows_before


def test_restoring_makes_a_database_that_does_not_exist(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)
    database.create()
    rows_before = fill(database)
    copy = database.backup(tmp_path / "copy.backup")
    (database.clear if database.kind == "sqlite" else database.drop)()  # type: ignore[attr-defined]

    database.restore(copy)

    assert contents(database) == rows_before


def test_a_cleared_database_holds_nothing(database: Database) -> None:
    fill(database)

    database.clear()

    if database.kind == "sqlite":
        assert not database.exists()
    else:
        assert catalogue(database).lines == ()


@pytest.mark.parametrize("kind", SERVERS)
def test_dropping_the_objects_leaves_an_empty_database(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database:
        fill(database)
        run(database, *FURTHER_OBJECTS[kind])

        database.drop_objects()  # type: ignore[attr-defined]

        assert catalogue(database).lines == ()


FURTHER_OBJECTS = {
    "postgres": [
        "CREATE TYPE mood AS ENUM ('a', 'b')",
        "CREATE DOMAIN short AS VARCHAR(5)",
        "CREATE TABLE typed (mood mood, short short)",
        "CREATE SEQUENCE loose",
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM thing",
        "CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql AS 'SELECT x + x'",
        "CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW uses AS SELECT twice(thing.id) FROM thing",
    ],
    "mysql": [
        "CREATE TRIGGER tr BEFORE UPDATE ON thing FOR EACH ROW SET NEW.big = 1",
        "CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x + x",
        "CREATE PROCEDURE nothing() SELECT 1",
        "CREATE SEQUENCE loose",
        "CREATE VIEW uses AS SELECT twice(thing.id) FROM thing",
    ],
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_role_with_rights_on_its_database_alone_backs_up_clears_and_restores(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database:
        rows_before, schema_before = fill(database), catalogue(database)

        copy = database.backup(tmp_path / "copy.backup")
        database.clear()
        cleared = catalogue(database).lines
        database.restore(copy)

        assert cleared == ()
        assert contents(database) == rows_before
        assert catalogue(database) == schema_before


@contextmanager
def restricted(kind: str, folder: Path) -> Iterator[Database]:
    """Lend a database and a role that owns nothing but what it makes there, and may not create databases."""
    url = new_url(kind, folder)
    owner = at(url, folder)
    owner.create()
    role = f"dbtool_test_{secrets.token_hex(4)}"
    name = quoted(owner, owner.url.database)
    with server(kind, folder) as execute_on_server, server(kind, folder, owner.url.database) as execute_here:
        if kind == "postgres":
            execute_on_server(f"CREATE ROLE {role} LOGIN NOCREATEDB PASSWORD 'right'")
            execute_here(f"GRANT CREATE, USAGE ON SCHEMA public TO {role}")
        else:
            execute_on_server(f"CREATE USER {role} IDENTIFIED BY 'right'")
            execute_on_server(
                "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE VIEW, SHOW VIEW,"
                f" TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, LOCK TABLES ON {name}.* TO {role}"
            )
        try:
            yield with_user(owner, role, "right")
        finally:
            if kind == "postgres":
                execute_here(f"DROP OWNED BY {role}")
                execute_on_server(f"DROP ROLE {role}")
            else:
                execute_on_server(f"DROP USER {role}")
    drop(url, folder)


@contextmanager
def server(kind: str, folder: Path, name: str | None = None) -> Iterator[Any]:
    """Lend a function that runs a statement as the server's administrator."""
    base = at(server_url(kind), folder)
    lent = base.sibling(name) if name else base  # type: ignore[attr-defined]

    def on_server(statement: str) -> None:
        with lent.connect("migrate") as connection:
            connection.exec_driver_sql(statement)
            connection.commit()

    yield on_server


def with_user(database: Database, user: str, password: str) -> Database:
    return type(database)(replace(database.url, user=user, password=password))  # type: ignore[call-arg]


# Rebuilding


def test_what_was_built_stands_in_the_place_of_the_old_database(database: Database, tmp_path: Path) -> None:
    fill(database)

    with database.rebuilding(None) as fresh:
        run(fresh, BOOK, "INSERT INTO book VALUES (1, 'new', 1)")

    assert names(database) == {"book"}
    assert query(database, "SELECT * FROM book") == [(1, "new", 1)]
    assert [path.name for path in tmp_path.iterdir()] == (["test.db"] if database.kind == "sqlite" else [])


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("error", [ValueError, Interrupted])
def test_a_failed_rebuild_leaves_the_old_database(
    database: Database, tmp_path: Path, error: type[BaseException]
) -> None:
    rows_before, schema_before = fill(database), catalogue(database)
    copy = database.backup(tmp_path / "copy.backup")

    with pytest.raises(error), database.rebuilding(copy) as fresh:
        run(fresh, BOOK)
        raise error

    assert contents(database) == rows_before
    assert catalogue(database) == schema_before


def test_a_failed_rebuild_of_a_database_that_was_not_there_leaves_none(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)

    with pytest.raises(ValueError), database.rebuilding(None) as fresh:
        run(fresh, BOOK)
        raise ValueError

    assert not database.exists()


def test_a_database_that_was_not_there_is_built(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)

    with database.rebuilding(None) as fresh:
        run(fresh, BOOK)

    assert names(database) == {"book"}


@on_sqlite
def test_a_failed_rebuild_leaves_a_file_byte_for_byte_even_without_a_backup(database: Database, tmp_path: Path) -> None:
    fill(database)
    before = (tmp_path / "test.db").read_bytes()

    with pytest.raises(ValueError), database.rebuilding(None) as fresh:
        run(fresh, BOOK)
        raise ValueError

    assert (tmp_path / "test.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["test.db"]


@on_sqlite
def test_a_journal_of_the_old_file_never_reaches_the_new_one(database: Database, tmp_path: Path) -> None:
    import sqlite3

    fill(database)
    writer = sqlite3.connect(tmp_path / "test.db")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO part VALUES (7, 1)")
    writer.commit()
    for suffix in ("", "-wal", "-shm"):  # as a crash leaves them
        (tmp_path / f"crashed.db{suffix}").write_bytes((tmp_path / f"test.db{suffix}").read_bytes())
    writer.close()
    crashed = at(f"sqlite:///{tmp_path / 'crashed.db'}", tmp_path)

    with crashed.rebuilding(None) as fresh:
        run(fresh, BOOK)

    assert names(crashed) == {"book"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crashed.db", "test.db"]


@on_sqlite
def test_a_journal_that_outlived_its_file_does_not_reach_a_restored_one(database: Database, tmp_path: Path) -> None:
    rows_before = fill(database)
    copy = database.backup(tmp_path / "copy.backup")
    (tmp_path / "test.db").unlink()
    (tmp_path / "test.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    (tmp_path / "test.db-wal").write_bytes(b"stale")

    database.restore(copy)

    assert contents(database) == rows_before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "test.db"]


@on_sqlite
@pytest.mark.parametrize("content", [b"\x00" * 4096, b"not a database, but words " * 100], ids=["nulls", "words"])
def test_a_file_that_is_no_database_can_be_copied_and_rebuilt(url: str, tmp_path: Path, content: bytes) -> None:
    database = at(url, tmp_path)
    (tmp_path / "test.db").write_bytes(content)

    copy = database.backup(tmp_path / "copy.backup")
    copied = copy.read_bytes()
    with database.rebuilding(copy) as fresh:
        run(fresh, BOOK)

    assert copied == content
    assert names(database) == {"book"}


@on_sqlite
@pytest.mark.parametrize("purpose", ["bare driver", "read"])
def test_a_log_that_a_crash_left_is_read(url: str, tmp_path: Path, purpose: str) -> None:
    import sqlite3

    database = at(url, tmp_path)
    writer = sqlite3.connect(tmp_path / "writer.db")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute(BOOK)
    writer.execute("INSERT INTO book VALUES (1, 'only in the log', 1)")
    writer.commit()
    for suffix in ("", "-wal"):  # as a crash of the machine leaves them
        (tmp_path / f"test.db{suffix}").write_bytes((tmp_path / f"writer.db{suffix}").read_bytes())
    writer.close()

    if purpose == "read":
        with database.connect("read") as connection:
            found = connection.exec_driver_sql("SELECT title FROM book").scalars().all()
    else:
        found = [title for (title,) in query(database, "SELECT title FROM book")]

    assert found == ["only in the log"]


# Use by others


@contextmanager
def another_process(database: Database) -> Iterator[int]:
    """Hold a connection to a database in a process of its own; lend its id."""
    program = (
        "import sys, pathlib\n"
        "from dbtool import database as databases\n"
        "from dbtool.config import Location, load_config\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "url = sys.argv[2]\n"
        "database = databases.at(load_config(project=folder, url=url), Location(url, 'test', folder))\n"
        "with database.reading() as connection:\n"
        "    connection.cursor().execute('SELECT * FROM book')\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    url = database.url.safe if database.kind == "sqlite" else _with_password(database)
    process = subprocess.Popen(
        [sys.executable, "-c", program, "/", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process.pid
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def _with_password(database: Database) -> str:
    secret = f":{database.url.password}@" if database.url.password else "@"
    return database.url.safe.replace(":***@", secret)


def test_a_database_that_another_process_uses_is_told_with_who_uses_it(database: Database) -> None:
    run(database, BOOK)
    database.check_unused()

    with another_process(database) as process, pytest.raises(LockedError) as error:
        database.check_unused()

    word = Path(f"/proc/{os.getpid()}/comm").read_text().strip()
    assert (
        error.value.message
        == {
            "sqlite": f"test.db is open in process {process} ({word})",
            "postgres": f"{database.name} is in use by dbtool from 127.0.0.1",
            "mysql": f"{database.name} is in use by {database.url.user} from 127.0.0.1",
        }[database.kind]
    )
    database.check_unused()


@on_servers
def test_a_session_that_is_just_ending_is_no_other_user(database: Database) -> None:
    run(database, BOOK)

    with another_process(database) as process:
        ending = Timer(0.3, os.kill, (process, signal.SIGTERM))
        ending.start()
        database.check_unused()
        ending.join()


def test_a_database_that_another_process_uses_is_not_rebuilt(database: Database) -> None:
    run(database, BOOK, "INSERT INTO book VALUES (1, 'kept', 1)")

    with another_process(database), pytest.raises(LockedError), database.rebuilding(None):
        pass

    assert query(database, "SELECT title FROM book") == [("kept",)]


@on_sqlite
def test_a_file_whose_lock_is_held_here_is_in_use_too(database: Database, tmp_path: Path) -> None:
    with database.connect("migrate") as holding, pytest.raises(LockedError) as error:
        holding.exec_driver_sql(BOOK)
        database.check_unused()

    assert error.value.message == "test.db is locked by another process"


# Scratch


def databases_on(database: Database) -> set[str]:
    sql = {
        "sqlite": "SELECT 'none'",
        "postgres": "SELECT datname FROM pg_database",
        "mysql": "SELECT schema_name FROM information_schema.schemata",
    }
    return {name for (name,) in query(database, sql[database.kind])}


@pytest.mark.parametrize("fails", [False, True], ids=["ends", "raises"])
def test_a_scratch_database_is_empty_usable_and_gone_afterwards(
    database: Database, tmp_path: Path, fails: bool
) -> None:
    run(database, BOOK)
    seen: list[str] = []

    def use() -> None:
        with database.scratch() as scratch:
            seen.append(scratch.url.database)
            assert names(scratch) == set()
            run(scratch, BOOK, "INSERT INTO book VALUES (1, 'a', 1)")
            assert query(scratch, "SELECT title FROM book") == [("a",)]
            if fails:
                raise ValueError

    if fails:
        with pytest.raises(ValueError):
            use()
    else:
        use()

    assert not databases_on(database) & set(seen)
    assert query(database, "SELECT * FROM book") == []
    assert [path.name for path in tmp_path.iterdir()] == (["test.db"] if database.kind == "sqlite" else [])


@pytest.mark.parametrize("kind", SERVERS)
def test_a_role_that_may_not_create_databases_gets_no_scratch_database(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database, pytest.raises(AccessError), database.scratch():
        pytest.fail("a database was created")


# Applications


def test_an_applications_engine_leads_to_the_database_and_is_told_from_its_address(database: Database) -> None:
    run(database, BOOK)
    engine = database.application_engine()

    with engine.connect() as connection:
        leads_there = database.is_behind(connection)
    told = databases.behind(engine.url)
    engine.dispose()

    assert leads_there
    assert (told.kind, told.name) == (database.kind, database.name)


def test_what_breaks_a_unique_key_is_left_out_and_counted_so(database: Database) -> None:
    run(database, BOOK, "INSERT INTO book VALUES (1, 'old', NULL)")
    book = Table("book", MetaData(), Column("id", Integer, primary_key=True), Column("title", String(50)))
    engine = database.application_engine()

    with engine.begin() as connection:
        count = database.insert_new(connection, book, [{"id": n, "title": "new"} for n in (1, 2, 3)])
    engine.dispose()

    assert (count, query(database, "SELECT id, title FROM book ORDER BY id")) == (
        2,
        [(1, "old"), (2, "new"), (3, "new")],
    )


@pytest.mark.parametrize(
    ("kind", "statement"), [("read", "BEGIN"), ("write", "BEGIN IMMEDIATE")], ids=["read", "write"]
)
@on_sqlite
def test_an_engine_under_the_rules_of_a_purpose_begins_so_and_lends_nothing_to_the_one_it_is_of(
    database: Database, kind: Any, statement: str
) -> None:
    run(database, BOOK)
    engine = database.application_engine()
    said: list[str] = []
    event.listen(engine, "connect", lambda driver, _: driver.set_trace_callback(said.append))

    for each in (engine, database.under_rules(engine, kind)):
        with each.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    engine.dispose()

    assert [each for each in said if each.startswith(("BEGIN", "SELECT"))] == ["SELECT 1", statement, "SELECT 1"]


# What is missing


@pytest.mark.parametrize(
    ("url", "module", "message", "hint"),
    [
        (
            "postgresql://nobody@127.0.0.1:1/none",
            "psycopg",
            "PostgreSQL needs the driver psycopg, which is not installed",
            "pip install 'sqlmodel-dbtool[postgres]'",
        ),
        (
            "mariadb://nobody@127.0.0.1:1/none",
            "pymysql",
            "MariaDB needs the driver PyMySQL, which is not installed",
            "pip install 'sqlmodel-dbtool[mysql]'",
        ),
    ],
    ids=SERVERS,
)
@pytest.mark.parametrize(
    "use",
    [
        "database.exists()",
        "database.connect('write').__enter__()",
        "database.engine('read')",
        "database.application_engine()",
    ],
)
def test_a_missing_driver_is_named_with_the_extra_that_installs_it(
    tmp_path: Path, url: str, module: str, message: str, hint: str, use: str
) -> None:
    program = (
        f"import sys, json; sys.modules[{module!r}] = None\n"
        "import pathlib\n"
        "from dbtool import database as databases\n"
        "from dbtool.config import load_config\n"
        "from dbtool.errors import DbtoolError\n"
        f"database = databases.of(load_config(project='.', url={url!r}))\n"
        f"try:\n    {use}\n"
        "except DbtoolError as error:\n    print(json.dumps([error.code, error.message, error.hint]))\n"
    )

    done = Project(tmp_path).python("-c", program)

    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == [DriverMissingError.code, message, hint]


@pytest.mark.parametrize(
    ("url", "program", "package"),
    [("postgres", "pg_dump", "postgresql-client"), ("mysql", "mariadb-dump", "mariadb-client")],
    indirect=["url"],
    ids=SERVERS,
)
def test_a_missing_program_is_named_with_the_package_that_has_it(
    database: Database, tmp_path: Path, program: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProgramMissingError) as error:
        database.backup(tmp_path / "copy.backup")

    assert error.value.message == f"`{program}` is not installed; without it there is no backup"
    assert error.value.hint == f"apt-get install {package}"
    assert list(tmp_path.iterdir()) == []


# What is refused


@on_servers
def test_a_server_that_does_not_listen_is_told_as_such(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)
    closed = type(database)(replace(database.url, host="127.0.0.1", port=1))  # type: ignore[call-arg]

    with pytest.raises(ConnectError) as error:
        closed.exists()

    assert type(error.value) is ConnectError
    assert error.value.message.startswith(f"{database.url.database} on 127.0.0.1:1 does not answer: ")
    assert error.value.hint == "start the server, or correct the URL"


@on_servers
def test_a_host_that_nobody_knows_is_told_as_such(url: str, tmp_path: Path) -> None:
    database = at(url, tmp_path)
    unknown = type(database)(replace(database.url, host="host.invalid", port=None))  # type: ignore[call-arg]

    with pytest.raises(ConnectError) as error:
        unknown.exists()

    assert type(error.value) is ConnectError
    assert error.value.message.startswith(f"{database.url.database} on host.invalid does not answer: ")


@on_servers
def test_an_unknown_user_is_refused_without_the_password(database: Database) -> None:
    stranger = with_user(database, "dbtool_nobody", "s3cr3t")

    with pytest.raises(AccessError) as error:
        stranger.exists()

    assert error.value.message == f"{database.name} refuses this user or password"
    assert error.value.hint == "correct the user and password in the URL"


@pytest.mark.parametrize("kind", ["mysql"])
def test_a_wrong_password_is_refused(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database, pytest.raises(AccessError) as error:
        with_user(database, database.url.user or "", "wrong").exists()

    assert error.value.message == f"{database.name} refuses this user or password"


@pytest.mark.parametrize("kind", SERVERS)
def test_a_role_without_the_right_to_connect_is_told_so(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database, server(kind, tmp_path) as administrate:
        name, role = quoted(database, database.url.database), database.url.user
        if kind == "postgres":
            administrate(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        else:
            administrate(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {role}")

        with pytest.raises(AccessError) as error:
            database.exists()

        if kind == "postgres":
            administrate(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")

    assert (
        error.value.hint
        == {
            "postgres": "GRANT the right named above to this role",
            "mysql": "GRANT the right named above to this user",
        }[kind]
    )


@pytest.mark.parametrize("kind", SERVERS)
def test_a_role_without_rights_on_a_table_is_told_which(kind: str, tmp_path: Path) -> None:
    with restricted(kind, tmp_path) as database, server(kind, tmp_path, database.url.database) as administrate:
        administrate(BOOK)
        if kind == "mysql":
            administrate(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {database.url.user}")
            administrate(f"GRANT CREATE ON {quoted(database, database.url.database)}.* TO {database.url.user}")

        with pytest.raises(AccessError) as error:
            query(database, "SELECT * FROM book")

    said = {"postgres": "permission denied for table book", "mysql": "SELECT command denied to user"}[kind]
    assert error.value.message.startswith(f"{database.name}: {said}")


@on_servers
def test_a_parameter_that_the_driver_does_not_know_is_told(database: Database) -> None:
    wrong = type(database)(replace(database.url, query={"colour": "blue"}))  # type: ignore[call-arg]

    with pytest.raises(ConnectError) as error:
        wrong.exists()

    assert "colour" in error.value.message
    assert error.value.hint == "correct the URL's parameters"


@on_servers
def test_a_time_limit_that_is_no_number_is_told(database: Database) -> None:
    wrong = type(database)(replace(database.url, query={"connect_timeout": "soon"}))  # type: ignore[call-arg]

    with pytest.raises(ConnectError) as error:
        wrong.exists()

    assert "soon" in error.value.message


@on_sqlite
@pytest.mark.parametrize("open_it", ["reading", "connect"])
def test_a_file_that_is_no_database_is_told_as_such(url: str, tmp_path: Path, open_it: str) -> None:
    database = at(url, tmp_path)
    (tmp_path / "test.db").write_bytes(b"not a database, but words " * 100)

    with pytest.raises(NotADatabaseError) as error:
        if open_it == "reading":
            catalogue(database)
        else:
            run(database, BOOK)

    assert error.value.message == (
        f"{tmp_path / 'test.db'} is not a SQLite database, or is damaged: file is not a database"
    )
    assert (tmp_path / "test.db").read_bytes() == b"not a database, but words " * 100


@on_sqlite
@pytest.mark.parametrize("purpose", ["read", "write", "migrate"])
def test_a_folder_is_no_database(url: str, tmp_path: Path, purpose: Any) -> None:
    (tmp_path / "folder.db").mkdir()
    database = at(f"sqlite:///{tmp_path}/folder.db", tmp_path)

    with pytest.raises(DbtoolError) as error, database.connect(purpose):
        pytest.fail("a folder was opened")

    assert (type(error.value), error.value.message) == (NotADatabaseError, f"{tmp_path}/folder.db is a folder")


@on_sqlite
def test_a_failed_first_migration_leaves_no_empty_file(url: str, tmp_path: Path) -> None:
    from sqlalchemy.exc import OperationalError

    with pytest.raises(OperationalError):
        run(at(url, tmp_path), BOOK, "INSERT INTO nowhere VALUES (1)")

    assert list(tmp_path.iterdir()) == []


@on_sqlite
def test_a_lock_that_another_holds_is_waited_for_and_then_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    with database.connect("migrate") as holding:
        holding.exec_driver_sql(BOOK)
        database.patience = 0.5
        with pytest.raises(LockedError) as error:
            run(database, "CREATE TABLE other (id INTEGER)")

    assert error.value.message == "test.db is locked by another process, for longer than 0.5 s"


# Hostile names

HOSTILE = ["plain", "two words", "it's", 'a"b', "a`b", "100% %s", "ünïcode", "a.b", "a;b--", "a=b", "A\\'b"]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_database_of_any_name_lives_and_is_copied(kind: str, name: str, tmp_path: Path) -> None:
    base = at(new_url(kind, tmp_path), tmp_path)
    hostile = f"{base.url.database} {name}"
    database = type(base)(replace(base.url, database=hostile))  # type: ignore[call-arg]

    database.create()
    run(database, BOOK, "INSERT INTO book VALUES (1, 'kept', 1)", "CREATE VIEW v AS SELECT title FROM book")
    before = catalogue(database)
    copy = database.backup(tmp_path / "copy.backup")
    database.clear()
    database.restore(copy)

    assert query(database, "SELECT title FROM v") == [("kept",)]
    assert catalogue(database) == before
    assert parse(Location(database.url.safe, "test", tmp_path)).database == hostile
    if kind != "sqlite":
        database.drop()  # type: ignore[attr-defined]
        assert not database.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_of_any_name_is_seen_and_dropped(database: Database, name: str) -> None:
    from sqlalchemy import Column, Integer, MetaData, Table, func, select

    table = Table(name, MetaData(), Column("id", Integer, primary_key=True))
    with database.connect("migrate") as connection:
        table.create(connection)
        connection.commit()

    with database.reading() as connection:
        found = (database.table_names(connection), set(database.sizes(connection)))
    with database.connect("read") as connection:
        counted = connection.execute(select(func.count()).select_from(table)).scalar_one()
    (database.clear if database.kind == "sqlite" else database.drop_objects)()  # type: ignore[attr-defined]

    assert found == ({name}, {name})
    assert counted == 0
    assert database.kind == "sqlite" or names(database) == set()


def test_the_project_decides_the_version_table(database: Database) -> None:
    config = replace(load_config(project="/", url=database.url.safe), version_table="my_versions")
    mine = databases.at(config, Location(_with_password(database), "test", Path("/")))

    run(database, "CREATE TABLE my_versions (version_num VARCHAR(32))", "CREATE TABLE alembic_version (x INTEGER)")

    assert mine.own_tables == ("my_versions", LEDGER, JOURNAL, LEASE)
    assert {line.partition(":")[0].partition(".")[0].split()[1] for line in catalogue(mine).lines} == {
        "alembic_version"
    }
