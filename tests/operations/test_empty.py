"""`migrate --empty` and `--no-proof`: files that a person finishes, and files that nobody has proven."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from projects import Project, drop, new_url

from dbtool.database import Database, rows

MODELS = """
from sqlmodel import Field, SQLModel


class Author(SQLModel, table=True):
    code: str = Field(max_length=8, primary_key=True)
    name: str = Field(max_length=50)


class Book(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=50)
    pages: int | None = None
"""


@pytest.fixture
def shop(database: Database, tmp_path: Path, url: str) -> Project:
    """A project with two tables, and 2,500 books."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.write("app/__init__.py", "")
    project.write("app/models.py", MODELS)
    done = project.run("migrate", "--name", "init", "--no-generate")
    assert done.code == 0, done.stderr
    with database.connect("write") as connection:
        for number in range(1, 2501):
            connection.exec_driver_sql(f"INSERT INTO book (id, title, pages) VALUES ({number}, 'Title {number}', NULL)")
        connection.commit()
    return project


def query(database: Database, sql: str) -> list[Any]:
    with database.reading() as connection:
        return list(rows(connection, sql))


def migrate(project: Project, *arguments: str) -> Any:
    done = project.run("migrate", "--no-generate", *arguments)
    assert done.code == 0, done.stderr
    return done


def test_a_skeleton_changes_nothing_as_it_is_and_rows_in_batches_once_filled_in(
    shop: Project, database: Database
) -> None:
    before = query(database, "SELECT id, title, pages FROM book ORDER BY id")
    done = migrate(shop, "--empty", "--name", "count book pages")
    (path,) = (each for each in shop.versions if each.name.endswith("_count_book_pages.py"))
    assert done.stdout.splitlines() == [
        f"wrote {path.name}",
        "say in it which rows get what; as it is it changes nothing",
        "not applied yet: dbtool migrate",
    ]
    assert 'sa.table("book", sa.column("id"), sa.column("pages"))' in path.read_text()

    migrate(shop)
    assert query(database, "SELECT id, title, pages FROM book ORDER BY id") == before
    shop.run("rollback", "--yes", "--no-backup")
    text = path.read_text().replace("wanted = sa.false()", "wanted = column.is_(None)")
    path.write_text(text.replace('.values({"pages": column})', '.values({"pages": 7})'))
    shown = migrate(shop)

    assert query(database, "SELECT count(*) FROM book WHERE pages = 7") == [(2500,)]
    assert [line.strip() for line in shown.stderr.splitlines() if "rows" in line][-3:] == [
        "1,000 of 2,500 rows",
        "2,000 of 2,500 rows",
        "2,500 of 2,500 rows",
    ]
    assert shop.run("status").code == 0


def test_a_skeleton_needs_neither_models_nor_a_database(tmp_path: Path) -> None:
    project = Project(tmp_path, f"sqlite:///{tmp_path / 'none.db'}")
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()

    migrate(project, "--empty", "--name", "rows")

    assert "op.get_bind()" in project.versions[0].read_text()
    assert not (tmp_path / "none.db").exists()
    assert project.run("deploy").code == 0
    assert project.run("migrate", "--empty", "--amend").code == 2


def test_a_file_that_nobody_has_proven_says_so(shop: Project) -> None:
    shop.write("app/models.py", MODELS + "    isbn: str | None = Field(default=None, max_length=13)\n")

    done = migrate(shop, "--name", "isbn", "--no-proof")

    assert "not proven: nobody knows whether it works, and can be taken back" in done.stdout
    assert "Not proven: written with --no-proof." in shop.versions[-1].read_text()
    check = shop.run("check", "--json").json["report"]
    (finding,) = (each for each in check["findings"] if each["code"] == "unproven")
    assert finding["severity"] == "note"
    assert finding["message"].endswith(" isbn was written with --no-proof")
    assert [each["ok"] for each in check["checked"] if each["name"] in ("history", "replay", "back")] == [True] * 3


def test_a_text_that_the_proof_refuses_is_kept_without_one(shop: Project, database: Database) -> None:
    migrate(shop, "--empty", "--name", "by hand")
    path = shop.versions[-1]
    head, _, rest = path.read_text().partition("    connection = op.get_bind()")
    create = "op.create_table('made', sa.Column('id', sa.Integer(), primary_key=True))"
    path.write_text(f"{head}    {create}\n\n\ndef {rest.partition('def ')[2]}")
    shop.write(
        "app/models.py", f"{MODELS}\n\nclass Made(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    )

    refused = shop.run("migrate", "--no-generate", "--name", "more")
    assert "[DB311]" in refused.stderr
    assert "dbtool migrate --create-only --no-proof" in refused.stderr
    done = shop.run("migrate", "--no-generate", "--name", "more", "--no-proof")

    assert done.code == 0, done.stderr
    assert query(database, "SELECT count(*) FROM made") == [(0,)]


@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
def test_a_file_can_be_written_while_the_server_does_not_answer(
    shop: Project, database: Database, tmp_path: Path
) -> None:
    scratch = new_url(database.kind, tmp_path)
    shop.write("app/models.py", MODELS + "    isbn: str | None = Field(default=None, max_length=13)\n")
    away = shop.environment()["DATABASE_URL"].replace("127.0.0.1:", "127.0.0.1:1")
    alone = shop.run("migrate", "--no-generate", "--create-only", "--name", "isbn", "--url", away)
    assert (alone.code, len(shop.versions)) == (1, 1)
    shop.write("pyproject.toml", f'[tool.dbtool]\nmodels = "app.models"\nscratch_url = "{scratch}"\n')
    try:
        done = shop.run("migrate", "--no-generate", "--create-only", "--name", "isbn", "--url", away)
    finally:
        drop(scratch, tmp_path)

    assert done.code == 0, done.stderr
    assert "; the file is written without it" in done.stderr
    assert "not counted: the database did not answer, so nobody knows of its rows" in done.stdout
    assert "proven: replayed 1 file from nothing, up, no difference, down, up again, " in done.stdout
    assert len(shop.versions) == 2
