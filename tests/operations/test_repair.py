"""What a crash or another tool left behind is named, asked about and mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from projects import Project

import dbtool
from dbtool.database import LEDGER, Database, rows
from dbtool.errors import AnswerError, BehindError, MigrationError, StoppedHalfwayError

on_postgres = pytest.mark.parametrize("url", ["postgres"], indirect=True)
on_mysql = pytest.mark.parametrize("url", ["mysql"], indirect=True)

YES = dbtool.Answers(yes=True)
BOOK = "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(50)))"
PAGES = "op.add_column('book', sa.Column('pages', sa.Integer()))"
SHELF = "op.create_table('shelf', sa.Column('id', sa.Integer(), primary_key=True))"


@pytest.fixture
def shop(database: Database, tmp_path: Path, url: str) -> Project:
    """A project with two migrations that have run."""
    project = Project(tmp_path / "app", url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    project.migration("book", BOOK, "op.drop_table('book')")
    project.migration("pages", PAGES, "op.drop_column('book', 'pages')")
    dbtool.deploy(project.config)
    return project


def query(database: Database, sql: str) -> list[Any]:
    with database.reading() as connection:
        return list(rows(connection, sql))


def execute(database: Database, sql: str) -> None:
    with database.connect("write") as connection:
        connection.execute(sa.text(sql))
        connection.commit()


def told(report: Any) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in report.findings]


def test_a_database_in_order_needs_nothing(shop: Project) -> None:
    report = dbtool.repair(shop.config)

    assert (report.findings, report.applied, report.ok) == ((), (), True)


def test_what_ran_without_the_ledger_is_written_down(shop: Project, database: Database) -> None:
    execute(database, f"DELETE FROM {LEDGER} WHERE revision = '20250101000001'")

    dry = dbtool.repair(shop.config, dry_run=True)
    assert told(dry) == [("unrecorded", "20250101000001 pages ran, and the ledger does not say so")]
    assert not dry.ok
    with pytest.raises(AnswerError) as error:
        dbtool.repair(shop.config)
    assert "--yes" in error.value.hint
    assert query(database, f"SELECT count(*) FROM {LEDGER}") == [(1,)]

    dbtool.repair(shop.config, ask=YES)

    assert query(database, f"SELECT revision, direction FROM {LEDGER} ORDER BY id") == [
        ("20250101000000", "up"),
        ("20250101000001", "up"),
    ]
    status = dbtool.status(shop.config)
    assert status.ok and status.drift == ()
    assert dbtool.repair(shop.config).findings == ()


def test_what_another_tool_took_back_is_written_down(shop: Project, database: Database) -> None:
    execute(database, "ALTER TABLE book DROP COLUMN pages")
    execute(database, "UPDATE alembic_version SET version_num = '20250101000000'")

    report = dbtool.repair(shop.config, ask=YES)

    assert told(report) == [
        ("not applied", "20250101000001 is applied by the ledger, and not by Alembic's version table")
    ]
    status = dbtool.status(shop.config)
    assert [each.code for each in status.findings if each.severity == "error"] == ["pending"]
    assert status.drift == ()
    assert [each.revision for each in dbtool.deploy(shop.config).applied] == ["20250101000001"]


def test_a_schema_that_is_not_that_of_the_migrations_is_not_taken_for_it(shop: Project, database: Database) -> None:
    execute(database, f"DELETE FROM {LEDGER} WHERE revision = '20250101000001'")
    execute(database, "ALTER TABLE book ADD COLUMN by_hand INTEGER")

    dbtool.repair(shop.config, ask=YES)

    assert dbtool.status(shop.config).drift is None
    assert [each.text for each in dbtool.diff(shop.config, source="files", target="database").changes] == [
        "add column book.by_hand (INTEGER)"
    ]


def test_an_edited_file_is_taken_for_what_ran(shop: Project) -> None:
    path = shop.versions[1]
    path.write_text(path.read_text().replace("'pages', sa.Integer()", "'pages', sa.BigInteger()"))
    assert [each.code for each in dbtool.status(shop.config).findings if each.severity == "error"] == ["edited"]

    report = dbtool.repair(shop.config, ask=YES)

    assert told(report) == [("edited", "20250101000001 pages is not the text that ran")]
    assert not [each for each in dbtool.status(shop.config).findings if each.code == "edited"]


@on_postgres
def test_an_invalid_index_is_dropped_and_made_anew(shop: Project, database: Database) -> None:
    execute(database, "INSERT INTO book VALUES (1, 'same', 1), (2, 'same', 2)")
    shop.migration(
        "unique",
        "with op.get_context().autocommit_block():\n"
        "    op.create_index('ux \"title\"', 'book', ['title'], unique=True, postgresql_concurrently=True)",
    )
    with pytest.raises(MigrationError):
        dbtool.deploy(shop.config)
    execute(database, "DELETE FROM book WHERE id = 2")
    with pytest.raises(MigrationError):
        dbtool.deploy(shop.config)

    report = dbtool.repair(shop.config, ask=YES)

    assert told(report) == [
        ("invalid index", '"ux ""title""" is invalid: a concurrent build came to no end'),
    ]
    assert len(dbtool.deploy(shop.config).applied) == 1
    assert dbtool.repair(shop.config).findings == ()


@pytest.fixture
def halfway(shop: Project) -> Project:
    """A migration that fails at its third statement."""
    shop.migration(
        "three",
        "op.add_column('book', sa.Column('a', sa.Integer()))\n"
        f"{SHELF}\n"
        "op.create_index('ix_nothing', 'book', ['nothing'])",
        "op.drop_index('ix_nothing', 'book')\nop.drop_table('shelf')\nop.drop_column('book', 'a')",
    )
    with pytest.raises(MigrationError):
        dbtool.deploy(shop.config)
    return shop


@on_mysql
def test_a_migration_that_stopped_halfway_is_taken_back(halfway: Project, database: Database) -> None:
    with pytest.raises(BehindError) as error:
        dbtool.require_current(halfway.config)
    assert error.value.message.startswith("20250101000002 stopped on its way up after 2 statements")
    dry = dbtool.repair(halfway.config, undo=True, dry_run=True)
    assert [(each.code, each.hint) for each in dry.findings] == [("stopped", "take it back")]

    dbtool.repair(halfway.config, undo=True, ask=YES)

    assert query(database, "SHOW COLUMNS FROM book LIKE 'a'") == []
    assert query(database, "SHOW TABLES LIKE 'shelf'") == []
    assert [each.code for each in dbtool.status(halfway.config).findings if each.severity == "error"] == ["pending"]
    assert dbtool.status(halfway.config).drift == ()


@on_mysql
def test_a_migration_that_stopped_halfway_goes_on(halfway: Project, database: Database) -> None:
    path = halfway.versions[-1]
    path.write_text(path.read_text().replace("['nothing']", "['title']"))

    report = dbtool.repair(halfway.config, ask=YES)

    assert [each.name for each in report.applied] == ["three"]
    assert dbtool.status(halfway.config).ok is False or dbtool.status(halfway.config).standing.pending == ()
    assert query(database, "SHOW COLUMNS FROM book LIKE 'a'") != []


@on_mysql
def test_rows_are_not_changed_back_by_half(shop: Project, database: Database) -> None:
    shop.migration(
        "rows",
        "op.add_column('book', sa.Column('a', sa.Integer()))\n"
        "op.execute('UPDATE book SET pages = pages + 1')\n"
        "op.create_index('ix_nothing', 'book', ['nothing'])",
        "op.execute('UPDATE book SET pages = pages - 1')\nop.drop_column('book', 'a')",
    )
    with pytest.raises(MigrationError):
        dbtool.deploy(shop.config)

    with pytest.raises(StoppedHalfwayError) as error:
        dbtool.repair(shop.config, undo=True, ask=YES)

    assert error.value.message == "20250101000002 rows cannot be taken back by half: its way down changes rows"
    assert error.value.problems == ("UPDATE book SET pages = pages - 1",)
    assert query(database, "SHOW COLUMNS FROM book LIKE 'a'") != []


@on_mysql
def test_a_way_down_that_stopped_is_finished_or_undone(shop: Project, database: Database) -> None:
    shop.migration(
        "shelf",
        f"{SHELF}\nop.create_index('ix_title', 'book', ['title'])",
        "op.drop_table('shelf')\nop.drop_index('ix_title', 'book')",
    )
    dbtool.deploy(shop.config)
    execute(database, "DROP INDEX ix_title ON book")
    with pytest.raises(MigrationError):
        dbtool.rollback(shop.config, backup=False, ask=YES)
    (finding,) = (each for each in dbtool.status(shop.config).findings if each.code == "stopped")
    assert finding.message.startswith(
        "20250101000002 stopped on its way down after 1 statement, the last one `DROP TABLE"
    )
    assert finding.hint == "dbtool repair, or take it back: dbtool repair --undo"

    dbtool.repair(shop.config, undo=True, ask=YES)

    assert query(database, "SHOW TABLES LIKE 'shelf'") != []
    assert query(database, "SHOW INDEX FROM book WHERE Key_name = 'ix_title'") != []
    assert dbtool.status(shop.config).ok


def test_an_application_asks_whether_its_database_is_current(shop: Project, database: Database) -> None:
    dbtool.require_current(shop.config)
    for number in range(4):
        shop.migration(f"more{number}", "pass")

    with pytest.raises(BehindError) as error:
        dbtool.require_current(shop.config)

    assert error.value.message == (
        f"{database.name} is 4 migrations behind: 20250101000002 more0, 20250101000003 more1, 20250101000004 more2, ..."
    )
    assert error.value.hint == "dbtool deploy"
