"""Databases that were there before their migrations: adopted as they are, by a file or by those that made them."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import MODELS, PYPROJECT, Project

import dbtool
from dbtool.database import Database

# What people have, and what no model says.
OLD = {
    "sqlite": [
        "CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT COLLATE NOCASE UNIQUE, CHECK (id > 0))",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40) NOT NULL DEFAULT 'none',"
        " author_id INTEGER REFERENCES author (id) ON DELETE CASCADE)",
        "CREATE TABLE plain (code CHAR(3) NOT NULL, CONSTRAINT pk_plain PRIMARY KEY (code)) WITHOUT ROWID",
        "CREATE INDEX ix_low ON book (lower(title)) WHERE title <> ''",
        "CREATE VIEW names AS SELECT email FROM author",
        "CREATE TRIGGER loud AFTER INSERT ON author BEGIN UPDATE book SET title = 'x' WHERE id = new.id; END",
    ],
    "postgres": [
        "CREATE TYPE mood AS ENUM ('sad', 'happy')",
        "CREATE TABLE author (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email TEXT UNIQUE, mood mood,"
        " CHECK (id > 0))",
        "CREATE TABLE book (id SERIAL PRIMARY KEY, title VARCHAR(40) NOT NULL DEFAULT 'none',"
        " author_id BIGINT REFERENCES author (id) ON DELETE CASCADE)",
        "COMMENT ON TABLE book IS 'To read'",
        "CREATE INDEX ix_low ON book (lower(title)) WHERE title <> ''",
        "CREATE VIEW names AS SELECT email FROM author",
        "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'",
    ],
    "mysql": [
        "CREATE TABLE author (id INTEGER PRIMARY KEY AUTO_INCREMENT, email VARCHAR(50) UNIQUE,"
        " mood ENUM('sad', 'happy'))",
        "CREATE TABLE book (id INTEGER PRIMARY KEY AUTO_INCREMENT, title VARCHAR(40) NOT NULL DEFAULT 'none',"
        " author_id INTEGER, FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE) COMMENT 'To read'",
        "CREATE INDEX ix_title ON book (title(5))",
        "CREATE VIEW names AS SELECT email FROM author",
        "CREATE TRIGGER loud BEFORE INSERT ON author FOR EACH ROW SET NEW.mood = 'happy'",
    ],
}


@pytest.fixture
def old(database: Database, tmp_path: Path, url: str) -> Project:
    """A database with rows that nobody has migrated, and a project without models."""
    made = Project(tmp_path, url)
    made.write("pyproject.toml", "[tool.dbtool]\n")
    with database.connect("migrate") as connection:
        for statement in [*OLD[database.kind], "INSERT INTO author (email) VALUES ('a@example.com')"]:
            connection.exec_driver_sql(statement)
        connection.commit()
    return made


def catalogue(database: Database) -> str:
    with database.reading() as connection:
        return database.catalogue(connection).text


def test_a_database_becomes_the_first_migration_word_for_word(old: Project, database: Database, tmp_path: Path) -> None:
    before = catalogue(database)

    dry = old.run("baseline", "--dry-run", "--json")
    assert dry.code == 0, dry.stdout
    assert old.versions == [] and not (tmp_path / "migrations").exists()
    assert dbtool.load_config(project=tmp_path, url=old.url).migrations.exists() is False

    done = old.run("baseline", "--json")

    assert done.code == 0, done.stdout
    report = done.json["report"]
    assert report["proof"] == ["the same schema from nothing", "down", "up again"]
    assert [each["id"] for each in report["recorded"]] == [report["revision"]["id"]]
    assert catalogue(database) == before
    assert old.run("status").code == 0
    assert old.run("query", "select count(*) from author", "--csv").stdout.splitlines()[1] == "1"
    (path,) = old.versions
    assert "dbtool" not in path.read_text() and "sqlmodel" not in path.read_text()

    with database.scratch() as fresh:
        from dbtool.engine import history, runner

        config = dbtool.load_config(project=tmp_path, url=old.url)
        runner.upgrade(config, fresh, history.read(config))
        words = [" ".join(line.replace("\\n", " ").split()) for line in catalogue(fresh).splitlines()]
    assert sorted(words) == sorted(" ".join(line.replace("\\n", " ").split()) for line in before.splitlines())
    again = old.run("baseline")
    assert again.code == 1 and "known already" in again.stderr


def test_an_application_that_made_its_tables_itself_goes_on_with_migrations(
    database: Database, tmp_path: Path, url: str
) -> None:
    made = Project(tmp_path, url)
    made.write("pyproject.toml", PYPROJECT)
    made.write("app/__init__.py", "")
    made.write("app/models.py", MODELS)
    create = "import app.models, sys\nfrom sqlmodel import SQLModel, create_engine\n"
    drivers = {"postgresql:": "postgresql+psycopg:", "mariadb:": "mysql+pymysql:"}
    target = url
    for scheme, driver in drivers.items():
        target = target.replace(scheme, driver)
    ran = made.python("-c", f"{create}SQLModel.metadata.create_all(create_engine({target!r}))")
    assert ran.code == 0, ran.stderr

    done = made.run("baseline")

    assert done.code == 0, done.stderr
    (path,) = made.versions
    assert "op.create_table(" in path.read_text() and "CREATE TABLE" not in path.read_text()
    comments = made.run("migrate", "--name", "comments", "--no-generate", "--json").json["report"]["changes"]
    assert [each["text"] for each in comments if "comment" not in each["text"]] == []
    made.edit(
        "app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0)\n    year: int | None = None"
    )
    assert made.run("migrate", "--name", "year", "--no-generate").code == 0
    assert made.run("check").code in (0, 1)
    assert made.run("status").code == 0


def test_files_that_made_a_database_are_recorded_once_they_are_seen_to(migrated: Project) -> None:
    """As when somebody restored a dump without the version table."""
    for table in ("alembic_version", "dbtool_migrations"):
        assert migrated.run("query", "--write", f"drop table {table}").code == 0
    assert migrated.run("deploy").code == 1

    hinted = migrated.run("baseline")
    dry = migrated.run("baseline", "--at", "head", "--dry-run")
    done = migrated.run("baseline", "--at", "head")

    assert hinted.code == 1 and "dbtool baseline --at head" in hinted.stderr
    assert dry.code == done.code == 0, done.stderr
    assert "proven: replayed 1 file from nothing, the same schema" in done.stdout
    assert migrated.run("status").code == 0
    assert "nothing to record" in migrated.run("baseline", "--at", "head").stdout


def test_files_that_make_something_else_are_not_recorded(migrated: Project) -> None:
    for statement in (
        "drop table alembic_version",
        "drop table dbtool_migrations",
        "alter table book add column isbn text",
        "drop index ix_book_author_id",
    ):
        assert migrated.run("query", "--write", statement).code == 0

    done = migrated.run("baseline", "--at", "head")

    assert done.code == 1
    assert "[DB400]" in done.stderr
    assert "only the database has: column book.isbn" in done.stderr
    assert "only the files make: index book.ix_book_author_id" in done.stderr
    assert "alembic_version" not in migrated.run("query", "select name from sqlite_master", "--csv").stdout


def test_a_project_with_its_own_env_py_gets_a_ledger_when_it_asks(project: Project) -> None:
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///dev.db\n")
    project.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        "with create_engine(context.config.get_main_option('sqlalchemy.url')).connect() as connection:\n"
        "    context.configure(connection=connection, target_metadata=None)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n",
    )
    project.migration("one", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))")
    project.migration("two", "op.add_column('t', sa.Column('n', sa.Integer))")
    assert project.python("-m", "alembic", "upgrade", "head").code == 0
    assert "dbtool_migrations" not in project.run("query", "select name from sqlite_master", "--csv").stdout

    done = project.run("baseline")

    assert done.code == 0, done.stderr
    assert "recorded 2 migrations" in done.stdout and "include_name" in done.stdout
    assert [row["name"] for row in project.run("history", "--json").json["report"]["rows"]] == ["one", "two"]
    assert project.run("status").code == 0
    assert project.python("-m", "alembic", "current").code == 0
    project.migration("three", "op.add_column('t', sa.Column('m', sa.Integer))")
    assert project.run("deploy").code == 0
    assert [row["name"] for row in project.run("history", "--json").json["report"]["rows"]] == ["one", "two", "three"]


def test_an_empty_database_has_nothing_to_begin_from(project: Project) -> None:
    missing = project.run("baseline")
    with project.database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE gone (id INTEGER)")
        connection.exec_driver_sql("DROP TABLE gone")
        connection.commit()
    empty = project.run("baseline")

    assert missing.code == 1 and "[DB201]" in missing.stderr
    assert empty.code == 1 and "holds nothing to begin from" in empty.stderr


@pytest.mark.parametrize("command", ["baseline", "migrate --name init --no-generate"])
def test_a_unique_constraint_without_a_name_can_be_dropped_and_comes_back(project: Project, command: str) -> None:
    """SQLite permits those, SQLModel makes them, and Alembic neither finds that they are gone nor can drop them."""
    create = "import app.models\nfrom sqlmodel import SQLModel, create_engine\n"
    assert project.python("-c", f"{create}SQLModel.metadata.create_all(create_engine('sqlite:///dev.db'))").code == 0
    assert project.run(*command.split()).code == 0
    assert project.run("seed").code == 0
    project.edit("app/models.py", "max_length=200, unique=True", "max_length=200")

    done = project.run("migrate", "--name", "titles", "--no-generate")

    assert done.code == 0, done.stderr
    assert "drop unique constraint from book (title)" in done.stdout
    twice = "insert into book (author_id, title, pages) select author_id, title, pages from book"
    assert project.run("query", "--write", twice).code == 0
    assert project.run("query", "--write", "delete from book where id > 2").code == 0
    assert project.run("rollback", "--yes").code == 0
    assert "UNIQUE" in project.run("query", "--write", twice).stderr
    assert project.run("deploy").code == 0
    checked = project.run("check", "--json").json["report"]["checked"]
    assert {each["name"] for each in checked if each["ok"] is False} == {"generated"}
    assert project.python("-m", "alembic", "downgrade", "-1").code == 0
    assert project.python("-m", "alembic", "upgrade", "head").code == 0


@pytest.mark.parametrize("column", ["author_id: int = Field(index=True)", "kind: int = 0"])
def test_a_foreign_key_without_a_name_can_be_dropped_also_with_its_column(project: Project, column: str) -> None:
    create = "import app.models\nfrom sqlmodel import SQLModel, create_engine\n"
    assert project.python("-c", f"{create}SQLModel.metadata.create_all(create_engine('sqlite:///dev.db'))").code == 0
    assert project.run("baseline").code == 0
    assert project.run("seed").code == 0
    project.edit("app/models.py", '    books: list["Book"] = Relationship(back_populates="author")\n', "")
    project.edit("app/models.py", '    author: Author = Relationship(back_populates="books")\n', "")
    project.edit(
        "app/models.py", 'author_id: int = Field(foreign_key="author.id", ondelete="CASCADE", index=True)', column
    )

    done = project.run("migrate", "--name", "apart", "--no-generate", "--accept-data-loss")

    assert done.code == 0, done.stderr
    assert "REFERENCES" not in project.run("query", "select sql from sqlite_master where name = 'book'", "--csv").stdout
    assert project.run("query", "select count(*) from book", "--csv").stdout.splitlines()[1] == "2"
    emptied = project.run("query", "--write", "delete from book")
    assert emptied.code == 0
    assert project.run("rollback", "--yes").code == 0
    assert (
        "ON DELETE CASCADE" in project.run("query", "select sql from sqlite_master where name = 'book'", "--csv").stdout
    )
    assert project.run("deploy").code == 0
