"""`sql`: what migrations do, as a script that can be run by hand."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from projects import PYPROJECT, Project

import dbtool
from dbtool.cli.scripts import script
from dbtool.engine.offline import version_moves
from dbtool.errors import MigrationError, UsageError

TABLE = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('x', sa.String(20)))"
ROWS = (
    "\nop.bulk_insert(sa.table('t', sa.column('id'), sa.column('x')),"
    " [{'id': 1, 'x': \"o'b:c 50%\"}, {'id': 2, 'x': None}])"
)
REBUILD = (
    "with op.batch_alter_table('t') as batch_op:\n"
    "    batch_op.alter_column('x', existing_type=sa.String(20), type_=sa.Text())\n"
    "op.execute(sa.table('t', sa.column('x')).update().values(x='new'))"
)


@pytest.fixture
def on(url: str, tmp_path: Path) -> Project:
    """A project with three files and no models, on a database of each kind."""
    made = Project(tmp_path, url)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE + ROWS, "op.drop_table('t')")
    made.migration("two", REBUILD, "raise NotImplementedError('the old texts are gone')")
    made.migration(
        "three",
        "with op.get_context().autocommit_block():\n    op.create_index('ix', 't', ['id'])",
        "op.drop_index('ix', 't')",
    )
    return made


def lines(report: object) -> list[str]:
    return [str(each) for each in script(report)]  # type: ignore[arg-type]


def test_the_sql_of_pending_files_does_what_deploy_does(on: Project) -> None:
    report = dbtool.sql(on.config)

    on.database.create()
    with on.database.connect("migrate") as connection:
        for step in report.steps:
            for statement in step.statements:
                connection.exec_driver_sql(statement.replace("%", "%%") if on.database.kind != "sqlite" else statement)
        found = connection.exec_driver_sql("SELECT id, x FROM t ORDER BY id").all()
        connection.commit()

    assert [tuple(row) for row in found] == [(1, "new"), (2, "new")]
    assert dbtool.status(on.config).standing.pending == ()
    assert dbtool.sql(on.config).steps == ()


def test_values_are_written_as_the_database_reads_them(on: Project) -> None:
    (step,) = dbtool.sql(on.config, revisions="one").steps

    inserted = [re.sub("::[A-Z]+", "", each) for each in step.statements if each.startswith("INSERT INTO t")]

    quote = "\\'" if on.database.kind == "mysql" else "''"
    assert inserted[0].endswith(f"VALUES (1, 'o{quote}b:c 50%')")
    assert inserted[1].endswith("VALUES (2, NULL)")


def test_the_way_back_ends_at_a_file_that_cannot_be_taken_back(on: Project) -> None:
    report = dbtool.sql(on.config, ways="both")

    assert [(step.name, step.direction, step.refusal) for step in report.steps] == [
        ("one", "up", None),
        ("two", "up", None),
        ("three", "up", None),
        ("three", "down", None),
        ("two", "down", "the old texts are gone"),
    ]
    assert "-- cannot be taken back: the old texts are gone" in lines(report)


def test_what_leaves_the_transaction_stands_between_two_of_them(on: Project) -> None:
    found = lines(dbtool.sql(on.config, revisions="three"))

    kept = [line.partition(" ")[0] for line in found if line and not line.startswith(("--", "PRAGMA"))]
    assert kept == (["CREATE", "UPDATE"] if on.database.kind == "mysql" else ["CREATE", "BEGIN;", "UPDATE", "COMMIT;"])


def test_a_table_that_sqlite_rebuilds_has_its_script_which_sqlite_runs(tmp_path: Path) -> None:
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE + ROWS + "\nop.execute('CREATE TRIGGER g AFTER UPDATE ON t BEGIN SELECT 1; END')")
    made.migration("two", REBUILD)
    text = "\n".join(lines(dbtool.sql(made.config)))

    connection = sqlite3.connect(":memory:")
    connection.executescript(text)

    assert connection.execute("SELECT * FROM t").fetchall() == [(1, "new"), (2, "new")]
    assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall() == [("g",)]
    assert text.count("UPDATE t SET x='new'") == 1


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("two", ["two"]),
        ("one:three", ["two", "three"]),
        (":two", ["one", "two"]),
        ("base:", ["one", "two", "three"]),
        ("two:two", []),
    ],
)
def test_files_are_named_alone_or_from_one_to_another(tmp_path: Path, words: str, names: list[str]) -> None:
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    for name in ("one", "two", "three"):
        made.migration(name, f"op.create_table('{name}', sa.Column('id', sa.Integer))", f"op.drop_table('{name}')")

    assert [step.name for step in dbtool.sql(made.config, revisions=words).steps] == names
    assert [step.name for step in dbtool.sql(made.config, revisions=words, ways="down").steps] == names[::-1]


@pytest.mark.parametrize(
    ("dialect", "type_"),
    [("sqlite", "INTEGER"), ("postgresql", "SERIAL"), ("mariadb", "INTEGER"), ("mysql", "INTEGER")],
)
def test_another_dialect_needs_no_such_database(tmp_path: Path, dialect: str, type_: str) -> None:
    made = Project(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE + ROWS + "\nsa.Enum('a', name='e').create(op.get_bind())")

    if dialect == "postgresql":
        made.url = None
    report = dbtool.sql(made.config, revisions="one", dialect=dialect)

    assert report.dialect == ("mariadb" if dialect == "mysql" else dialect)
    assert f"id {type_} NOT NULL" in report.steps[0].statements[0]
    assert report.steps[0].statements[-1].startswith("INSERT INTO alembic_version")


def test_what_cannot_be_written_says_which_file_and_why(tmp_path: Path) -> None:
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("reads", "for row in op.get_bind().execute(sa.text('SELECT 1')):\n    print(row)")

    with pytest.raises(MigrationError, match="the SQL of 20250101000000 reads cannot be written"):
        dbtool.sql(made.config, revisions="reads", dialect="mariadb")
    with pytest.raises(UsageError, match="`oracle` is no dialect"):
        dbtool.sql(made.config, dialect="oracle")


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        ("", "a", ["INSERT"]),
        ("a", "b", ["UPDATE"]),
        ("ab", "c", ["UPDATE", "DELETE"]),
        ("a", "", ["DELETE"]),
        ("a", "bc", ["UPDATE", "INSERT"]),
        ("a", "a", []),
    ],
)
def test_the_version_table_follows_heads_also_of_branches(before: str, after: str, verbs: list[str]) -> None:
    found = version_moves("alembic_version", frozenset(before), frozenset(after))

    assert [sql.partition(" ")[0] for sql in found] == verbs
