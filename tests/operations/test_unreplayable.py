"""A project whose files do not run from nothing is proven from a copy of the live schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from projects import Project

import dbtool
from dbtool.database import Database

MODELS = """
from sqlmodel import Field, SQLModel


class Book(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=50)
    pages: int | None = None
"""


@pytest.fixture
def old(database: Database, tmp_path: Path, url: str) -> Project:
    """A database whose tables are older than its migrations: the only file adds a column."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.write("app/__init__.py", "")
    project.write("app/models.py", MODELS)
    project.scaffold()
    project.migration(
        "pages", "op.add_column('book', sa.Column('pages', sa.Integer()))", "op.drop_column('book', 'pages')"
    )
    if not database.exists():
        database.create()
    number = {"postgres": "SERIAL", "mysql": "INTEGER NOT NULL AUTO_INCREMENT", "sqlite": "INTEGER NOT NULL"}
    with database.connect("write") as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE book (id {number[database.kind]} PRIMARY KEY, title VARCHAR(50) NOT NULL)"
        )
        connection.exec_driver_sql("INSERT INTO book (title) VALUES ('old')")
        connection.commit()
    return project


def migrate(project: Project, *arguments: str) -> Any:
    return project.run("migrate", "--no-generate", *arguments)


def test_a_new_file_is_proven_on_the_live_schema(old: Project, database: Database) -> None:
    dbtool.deploy(old.config)
    old.write("app/models.py", MODELS + "    isbn: str | None = Field(default=None, max_length=13)\n")

    done = migrate(old, "--name", "isbn")

    assert done.code == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("proven: "))
    assert line == "proven: from a copy of the live schema, up, no difference, down, up again, 3 rows kept"
    assert "warning: the files do not run from nothing: migration 20250101000000 pages failed at " in done.stderr
    assert old.run("status").code == 0
    assert old.run("show", "book", "--csv").stdout.splitlines() == ["id,title,pages,isbn", "1,old,,"]
    check = old.run("check", "--json").json["report"]
    assert [each["ok"] for each in check["checked"] if each["name"] == "replay"] == [False]


def test_a_database_that_is_not_at_the_head_proves_nothing(old: Project, database: Database) -> None:
    old.write("app/models.py", MODELS + "    isbn: str | None = Field(default=None, max_length=13)\n")

    done = migrate(old, "--name", "isbn")

    assert done.code == 1
    assert done.stderr.startswith("error [DB310] migration 20250101000000 pages failed at ")
    assert len(old.versions) == 1


def test_a_database_that_somebody_changed_proves_nothing(old: Project, database: Database) -> None:
    dbtool.deploy(old.config)
    with database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE beside (id INTEGER)")
        connection.commit()
    old.write("app/models.py", MODELS + "    isbn: str | None = Field(default=None, max_length=13)\n")

    done = migrate(old, "--name", "isbn")

    assert "[DB310]" in done.stderr
    assert len(old.versions) == 1
