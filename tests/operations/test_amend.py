"""`migrate --amend`: the last migration is written anew, and rows stay where they are."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
from projects import Project

from dbtool.database import rows

PAGES = "pages: int = Field(default=0)"
ISBN = "isbn: str | None = Field(default=None, max_length=20)"


def values(project: Project, *columns: str) -> list[Any]:
    with project.database.reading() as connection:
        return [tuple(row) for row in rows(connection, f"SELECT {', '.join(columns)} FROM book ORDER BY id")]


def execute(project: Project, *statements: str) -> None:
    with project.database.connect("migrate") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def git(project: Project, *arguments: str) -> None:
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    subprocess.run(["git", *author, *arguments], cwd=project.root, check=True, capture_output=True)


@pytest.fixture
def started(migrated: Project) -> Project:
    """A second migration, which adds a column that has values since."""
    migrated.edit("app/models.py", PAGES, f"{PAGES}\n    {ISBN}")
    done = migrated.run("migrate", "--name", "isbn", "--no-generate")
    assert done.code == 0, done.stderr
    execute(migrated, "UPDATE book SET isbn = '123'")
    return migrated


def test_the_last_migration_is_written_anew_and_the_values_of_a_renamed_column_stay(project: Project, url: str) -> None:
    project.url = url
    for command in (("migrate", "--name", "init"), ("seed",)):
        assert project.run(*command).code == 0
    project.edit("app/models.py", PAGES, f"{PAGES}\n    {ISBN}")
    assert project.run("migrate", "--name", "isbn", "--no-generate").code == 0
    execute(project, "UPDATE book SET isbn = '123'")
    first, old = project.versions
    id, text = old.name.partition("_")[0], old.read_text()

    project.edit("app/models.py", ISBN, "ean: str | None = Field(default=None, max_length=30)")
    refused = project.run("migrate", "--amend", "--no-generate", "--json").json["error"]
    assert (refused["code"], old.read_text()) == ("DB501", text)
    done = project.run("migrate", "--amend", "--name", "ean", "--rename", "book.isbn:ean", "--no-generate", "--json")

    assert done.code == 0, done.stderr + done.stdout
    report = done.json["report"]
    assert (report["amended"]["id"], report["revision"]["id"], report["recorded"]) == (id, id, [id])
    assert [change["text"] for change in report["changes"]] == ["add column book.ean (VARCHAR(30))"]
    assert [path.name for path in project.versions] == [first.name, f"{id}_ean.py"]
    assert (project.root / ".dbtool" / "applied" / old.name).read_text() == text
    assert values(project, "ean") == [("123",), ("123",)]
    assert project.run("status").code == 0
    ran = [(each["name"], each["direction"]) for each in project.run("history", "--json").json["report"]["rows"]]
    assert ran == [("init", "up"), ("isbn", "up"), ("isbn", "down"), ("ean", "up")]

    # with the models as they were before it, nothing is left of it
    project.edit("app/models.py", f"{PAGES}\n    ean: str | None = Field(default=None, max_length=30)", PAGES)
    lost = project.run("migrate", "--amend", "--no-generate", "--json").json["error"]
    assert lost["problems"] == ["drop column book.ean (2 values lost)"]
    gone = project.run("migrate", "--amend", "--accept-data-loss", "--no-generate", "--json").json["report"]
    assert (gone["revision"], gone["amended"]["id"], bool(gone["backup"])) == (None, id, True)
    assert (project.versions, project.run("status").code) == ([first], 0)
    assert project.run("diff", "--from", "files", "--to", "database", "--exit-code").code == 0


def test_a_migration_that_did_not_run_is_written_anew_and_then_runs(migrated: Project) -> None:
    migrated.edit("app/models.py", PAGES, f"{PAGES}\n    {ISBN}")
    assert migrated.run("migrate", "--name", "isbn", "--create-only").code == 0
    migrated.edit("app/models.py", ISBN, "isbn: int | None = None")

    left = migrated.run("migrate", "--amend", "--create-only", "--json").json["report"]
    assert (left["applied"], [change["text"] for change in left["changes"]]) == ([], ["add column book.isbn (INTEGER)"])
    assert migrated.run("status").code == 1
    done = migrated.run("migrate", "--amend", "--json").json["report"]

    assert [each["name"] for each in done["applied"]] == ["isbn"]
    assert (migrated.run("status").code, len(migrated.versions)) == (0, 2)


def test_a_file_must_not_change_without_the_database_that_ran_it(started: Project) -> None:
    done = started.run("migrate", "--amend", "--create-only", "--json")

    assert (done.code, done.json["error"]["code"]) == (2, "DB108")


def test_what_a_remote_branch_has_is_not_written_anew(started: Project) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "remote.git"], cwd=started.root, check=True)
    git(started, "init", "-q", "-b", "main")
    git(started, "add", "app", "migrations")
    git(started, "commit", "-qm", "all")
    git(started, "remote", "add", "origin", "remote.git")
    git(started, "push", "-q", "origin", "main")

    done = started.run("migrate", "--amend", "--json").json["error"]

    assert (done["code"], "is in origin/main already" in done["message"]) == ("DB308", True)
    assert done["hint"].startswith("dbtool migrate ")


def test_what_was_written_by_hand_is_named_before_it_is_left_out(started: Project) -> None:
    path = started.versions[-1]
    path.write_text(
        path.read_text().replace("def downgrade", "    op.execute(\"UPDATE book SET isbn = 'x'\")\n\n\ndef downgrade")
    )
    execute(started, "UPDATE book SET isbn = '9'")
    started.edit("app/models.py", "None, max_length=20", "None, max_length=30")

    asked = started.run("migrate", "--amend", "--json").json["error"]
    done = started.run("migrate", "--amend", "--yes", "--json")

    assert (asked["code"], "`UPDATE book SET isbn = 'x'`" in asked["message"]) == ("DB501", True)
    assert asked["hint"] == "add --yes to answer yes"
    assert done.code == 0, done.stdout
    assert "UPDATE" not in started.versions[-1].read_text()
    assert values(started, "isbn") == [("9",), ("9",)]


def test_a_failure_leaves_file_and_database_as_they_were(started: Project) -> None:
    execute(started, "CREATE TRIGGER never BEFORE UPDATE ON book BEGIN SELECT RAISE(ABORT, 'not today'); END")
    started.edit("app/models.py", ISBN, f"{ISBN}\n    shelf: str")
    texts = [path.read_bytes() for path in (*started.versions, started.root / "migrations" / "dbtool.lock")]
    before = (started.root / "dev.db").read_bytes()

    done = started.run("migrate", "--amend", "--yes", "--fill", "book.shelf=x", "--json")

    assert (done.json["error"]["code"], "not today" in done.json["error"]["message"]) == ("DB310", True)
    assert [path.read_bytes() for path in (*started.versions, started.root / "migrations" / "dbtool.lock")] == texts
    assert (started.root / "dev.db").read_bytes() == before


def test_a_crash_before_the_commit_is_named_and_amended_again(started: Project) -> None:
    copy = shutil.copy(started.root / "dev.db", started.root / "before.db")
    started.edit("app/models.py", "None, max_length=20", "None, max_length=30")
    assert started.run("migrate", "--amend", "--no-generate").code == 0
    shutil.copy(copy, started.root / "dev.db")  # the file is there, and what was done to the database is not

    findings = started.run("status", "--json").json["report"]["findings"]
    assert [(each["code"], "dbtool migrate --amend" in each["hint"]) for each in findings][:1] == [("edited", True)]

    assert started.run("migrate", "--amend", "--no-generate").code == 0
    assert (started.run("status").code, values(started, "isbn")) == (0, [("123",), ("123",)])


def test_without_a_migration_there_is_nothing_to_amend(project: Project) -> None:
    done = project.run("migrate", "--amend", "--json").json["error"]

    assert (done["code"], done["message"]) == ("DB300", "there is no migration to amend")
