"""`push`: a development database follows the models at once, and the next `migrate` finds it there."""

from __future__ import annotations

from typing import Any

from projects import Project

from dbtool.database import rows

PAGES = "pages: int = Field(default=0)"


def table(project: Project, *columns: str) -> list[Any]:
    with project.database.reading() as connection:
        return rows(connection, f"SELECT {', '.join(columns)} FROM book ORDER BY id")


def execute(project: Project, *statements: str) -> None:
    with project.database.connect("migrate") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def texts(report: Any) -> list[str]:
    return [change["text"] for change in report["changes"]]


def test_a_database_is_pushed_to_before_there_are_migrations_and_migrate_records_what_it_has(
    project: Project, url: str
) -> None:
    project.url = url

    would = project.run("push", "--dry-run", "--json").json["report"]
    assert (texts(would), would["database_created"]) == (
        ["create table author (2 columns)", "create table book (4 columns)", "add index ix_book_author_id on book"],
        False,
    )
    assert any(sql.startswith("CREATE TABLE book") for sql in map(str.strip, would["statements"]))
    assert not project.database.exists() and not (project.root / "migrations").exists()

    done = project.run("push")
    assert (done.code, "created database" in done.stdout) == (0, True), done.stderr
    assert "will create table author (2 columns)" in done.stderr
    assert project.run("seed").code == 0
    assert "nothing to push" in project.run("push").stdout

    status = project.run("status", "--json").json["report"]["findings"]
    assert [(each["code"], each["hint"]) for each in status if each["severity"] == "error"] == [
        ("drift", "dbtool migrate")
    ]
    report = project.run("migrate", "--name", "init", "--json").json["report"]
    assert (report["recorded"], report["applied"], report["drift"]) == ([report["revision"]["id"]], [], [])
    assert project.run("status").code == 0

    project.edit("app/models.py", PAGES, "length: int = Field(default=0)\n    isbn: str = Field(max_length=20)")
    refused = project.run("push", "--fill", "book.isbn=none", "--json").json["error"]
    assert (refused["code"], "--rename book.pages:length" in refused["hint"]) == ("DB501", True)
    pushed = project.run("push", "--fill", "book.isbn=none", "--rename", "book.pages:length", "--no-generate")
    assert pushed.code == 0, pushed.stderr
    assert [tuple(row) for row in table(project, "length", "isbn")] == [(387, "none"), (184, "none")]

    answers = ("--rename", "book.pages:length", "--fill", "book.isbn=none")
    written = project.run("migrate", *answers, "--no-generate", "--json").json["report"]
    assert (written["recorded"], written["statements"]) == ([written["revision"]["id"]], [])
    assert project.run("status").code == 0
    assert project.run("diff", "--from", "files", "--to", "database", "--exit-code").code == 0


def test_values_that_would_be_lost_are_counted_asked_about_and_copied_away(migrated: Project) -> None:
    migrated.edit("app/models.py", f"    {PAGES}\n", "")

    refused = migrated.run("push", "--json").json["error"]
    assert (refused["code"], refused["problems"]) == ("DB501", ["drop column book.pages (2 values lost)"])
    assert [tuple(row) for row in table(migrated, "pages")] == [(387,), (184,)]

    report = migrated.run("push", "--accept-data-loss", "--json").json["report"]

    assert texts(report) == ["drop column book.pages (2 values lost)"]
    assert (migrated.root / report["backup"]).exists()
    # the file says the same, and finds that nothing of it is left to do
    written = migrated.run("migrate", "--json").json["report"]
    assert (written["recorded"], written["backup"]) == ([written["revision"]["id"]], None)


def test_rows_that_are_in_the_way_stop_a_push(migrated: Project) -> None:
    execute(migrated, "UPDATE book SET pages = 1")
    migrated.edit("app/models.py", PAGES, "pages: int = Field(default=0, unique=True)")

    done = migrated.run("push", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB609")
    assert done.json["error"]["problems"] == ["book.pages: 1 (2 times)"]


def test_a_push_that_fails_leaves_the_database_as_it_was(migrated: Project) -> None:
    execute(migrated, "CREATE TRIGGER never BEFORE UPDATE ON book BEGIN SELECT RAISE(ABORT, 'not today'); END")
    migrated.edit("app/models.py", PAGES, f"{PAGES}\n    isbn: str")
    before = (migrated.root / "dev.db").read_bytes()

    done = migrated.run("push", "--fill", "book.isbn=x", "--json")

    assert (done.json["error"]["code"], "not today" in done.json["error"]["message"]) == ("DB310", True)
    assert (migrated.root / "dev.db").read_bytes() == before


def test_models_that_changed_after_a_push_reach_the_database_with_the_migration(migrated: Project) -> None:
    migrated.edit("app/models.py", PAGES, f"{PAGES}\n    isbn: str | None = None")
    assert migrated.run("push").code == 0
    execute(migrated, "UPDATE book SET isbn = '12'")
    migrated.edit("app/models.py", "isbn: str | None = None", "isbn: int | None = None\n    shelf: str | None = None")

    done = migrated.run("migrate", "--name", "isbn")

    assert done.code == 0, done.stderr
    assert "recorded 1 migration as applied: the database has the changes" in done.stdout
    assert [tuple(row) for row in table(migrated, "isbn", "shelf")] == [(12, None), (12, None)]
    assert migrated.run("status").code == 0
    assert len(migrated.versions) == 2


def test_files_that_are_pending_are_recorded_where_a_push_did_all_they_do(migrated: Project) -> None:
    clone = {"DATABASE_URL": "sqlite:///clone.db"}
    assert migrated.run("push", **clone).code == 0

    report = migrated.run("migrate", "--json", **clone).json["report"]

    assert (len(report["recorded"]), report["applied"], report["revision"]) == (1, [], None)
    assert migrated.run("status", **clone).code == 0


def test_a_pending_file_that_changes_rows_is_not_taken_for_done(migrated: Project) -> None:
    insert = "op.execute(\"INSERT INTO author (name) VALUES ('x')\")"
    migrated.migration("rows", insert, 'op.execute("DELETE FROM author")')
    clone = {"DATABASE_URL": "sqlite:///clone.db"}
    assert migrated.run("push", **clone).code == 0

    done = migrated.run("migrate", "--json", **clone)

    assert (done.json["error"]["code"], "table author already exists" in str(done.json["error"])) == ("DB310", True)
