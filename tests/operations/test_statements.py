"""One statement on each kind of database: what it returns, what it may not do, and how it is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from projects import Project

import dbtool
from dbtool.database import Database
from dbtool.errors import ProtectedError, StatementError

# What would write, or reach beyond the rows, however it is put.
TRICKS = {
    "sqlite": [
        "DELETE FROM author",
        "SELECT 1; DELETE FROM author",
        "PRAGMA user_version = 7",
        "ATTACH 'other.db' AS other",
        "COMMIT",
    ],
    "postgres": [
        "DELETE FROM author",
        "WITH gone AS (DELETE FROM author RETURNING 1) SELECT * FROM gone",
        "SELECT 1; DELETE FROM author",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "COPY author TO PROGRAM 'cat'",
        "EXPLAIN ANALYZE DELETE FROM author",
    ],
    "mysql": [
        "DELETE FROM author",
        "SELECT 1; DELETE FROM author",
        "SELECT name FROM author INTO OUTFILE '/tmp/author'",
        "EXPLAIN DELETE FROM author; DELETE FROM author",
        "/*! DELETE FROM author */",
    ],
}


TABLES = [
    "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40), pages INTEGER,"
    " author_id INTEGER, FOREIGN KEY (author_id) REFERENCES author (id))",
    "INSERT INTO author VALUES (1, 'Kafka')",
    "INSERT INTO book VALUES (1, 'The Trial', 255, 1), (2, 'The Castle', 416, 1)",
]


@pytest.fixture
def seeded(database: Database, tmp_path: Path, url: str) -> Project:
    """A database of each kind with an author and two books, and no models."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", "[tool.dbtool]\n")
    with database.connect("write") as connection:
        for statement in TABLES:
            connection.exec_driver_sql(statement)
        connection.commit()
    return project


def test_rows_come_back_with_the_names_of_their_columns(seeded: Project) -> None:
    report = dbtool.query(seeded.config, "SELECT title, pages, title FROM book ORDER BY title -- all")

    assert report.columns == ("title", "pages", "title")
    assert [row[0] for row in report.rows] == [row[2] for row in report.rows] == sorted(row[0] for row in report.rows)
    assert len(report.rows) == 2 and not report.more and report.changed is None

    first = dbtool.query(seeded.config, "SELECT title FROM book ORDER BY title;", limit=1)
    assert (len(first.rows), first.more) == (1, True)
    none = dbtool.query(seeded.config, "SELECT title AS t FROM book WHERE 1 = 0")
    assert (none.columns, none.rows) == (("t",), ())


def test_nothing_is_written_without_being_asked(seeded: Project) -> None:
    for trick in TRICKS[seeded.database.kind]:
        with pytest.raises(StatementError):
            dbtool.query(seeded.config, trick)

    assert dbtool.query(seeded.config, "SELECT count(*) FROM author").rows == ((1,),)


def test_what_is_asked_for_is_written_and_a_failure_is_not(seeded: Project) -> None:
    report = dbtool.query(seeded.config, "UPDATE book SET pages = 7", write=True)
    assert (report.changed, report.columns) == (2, ())

    with pytest.raises(StatementError):
        dbtool.query(seeded.config, "UPDATE book SET pages = 8, nonsense = 1", write=True)
    with pytest.raises(StatementError):
        dbtool.query(seeded.config, "UPDATE book SET author_id = 99", write=True)
    with pytest.raises(StatementError):
        dbtool.query(seeded.config, "UPDATE book SET pages = 8; DELETE FROM author", write=True)
    assert set(dbtool.query(seeded.config, "SELECT pages, author_id FROM book").rows) == {(7, 1)}


def test_a_protected_database_wants_its_name(seeded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBTOOL_PROTECTED", "1")
    with pytest.raises(ProtectedError):
        dbtool.query(seeded.config, "DELETE FROM book", write=True)
    assert dbtool.query(seeded.config, "SELECT count(*) FROM book").rows == ((2,),)


def test_a_refusal_has_the_words_of_the_database(seeded: Project) -> None:
    with pytest.raises(StatementError) as error:
        dbtool.query(seeded.config, "SELECT title\nFROM boook")

    assert "boook" in error.value.message
    if seeded.database.kind == "postgres":
        assert error.value.problems == ("line 2: FROM boook", " " * 13 + "^")


def test_rows_are_written_as_they_arrive(seeded: Project) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
    rows = f"{numbers} SELECT n.i, NULL, '' FROM n, n m"
    parts: list[str] = []
    dbtool.query_csv(seeded.config, rows, write=parts.append, limit=5000)

    assert len(parts) >= 5  # in pieces
    found = list(csv.reader(io.StringIO("".join(parts))))
    assert len(found) == 5001 and found[1][1:] == ["", ""]
    assert ',,""\n' in parts[0]  # NULL is nothing, an empty text is an empty text


def test_the_command_reads_its_input_and_tells_what_goes_together(seeded: Project) -> None:
    done = seeded.run("query", "-", "--json", stdin="SELECT '[b]\x1b[31m' AS a, 1 AS a")
    assert json.loads(done.stdout)["report"]["rows"] == [["[b]\x1b[31m", 1]]
    shown = seeded.run("query", "SELECT '[b]\x1b[31m' AS a, 1 AS a")
    assert "\x1b" not in shown.stdout and "[b]␛[31m" in shown.stdout and "a 2" in shown.stdout

    assert seeded.run("query", "SELECT 1", "--csv", "--json").code == 2
    assert seeded.run("query", "").code == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_nobody_waits_for_rows_that_nobody_reads(seeded: Project, error: type[BaseException]) -> None:
    """A hundred million rows: Ctrl-C, or a reader such as `head` that goes away, ends them at once."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
    parts: list[str] = []

    def write(text: str) -> None:
        parts.append(text)
        raise error

    with pytest.raises(error):
        dbtool.query_csv(seeded.config, f"{numbers} SELECT a.i FROM n a, n b, n c", write=write)
    assert len(parts) == 1
    assert dbtool.query(seeded.config, "SELECT count(*) FROM book").rows == ((2,),)
