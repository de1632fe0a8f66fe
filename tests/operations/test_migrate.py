"""`migrate`: from a change of the models to a proven, applied migration, and nothing written without one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from projects import Project

from dbtool.database import rows

ISBN = 'pages: int = Field(default=0)\n    isbn: str | None = Field(default=None, max_length=13, description="Digits")'


def files(project: Project) -> dict[str, str]:
    """Return every file that a project commits, by content."""
    kept = (path for path in project.root.rglob("*") if path.is_file())
    return {
        path.relative_to(project.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in kept
        if "__pycache__" not in path.parts and ".dbtool" not in path.parts
    }


def test_a_column_without_a_type_is_named_before_anything_is_written(project: Project) -> None:
    untyped = "    extra: str = Field(default=None, sa_column=Column('extra'))\n    pages: int"
    project.edit("app/models.py", "    pages: int", untyped)
    project.edit("app/models.py", "from sqlmodel import", "from sqlalchemy import Column\nfrom sqlmodel import")

    error = project.run("migrate", "--json").json["error"]

    assert (error["code"], error["message"]) == ("DB106", "book.extra has no type")
    assert not project.versions


def test_a_project_without_migrations_gets_everything_it_needs(project: Project, url: str) -> None:
    project.url = url

    done = project.run("migrate", "--name", "init", "--json")

    assert done.code == 0, done.stderr + done.stdout
    report = done.json["report"]
    assert report["database_created"] is True
    assert report["created"] == [
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/dbtool.lock",
        "migrations/versions/",
        "pyproject.toml [tool.alembic]",
    ]
    assert [change["text"] for change in report["changes"]] == [
        "create table author (2 columns)",
        "create table book (4 columns)",
        "add index ix_book_author_id on book",
    ]
    assert report["proof"] == ["replayed 0 files from nothing", "up", "no difference", "down", "up again"]
    assert project.run("status").code == 0
    assert project.run("seed").code == 0


def test_without_a_difference_nothing_is_written(migrated: Project) -> None:
    assert migrated.run("migrate").code == 0
    before = files(migrated)

    done = migrated.run("migrate", "--json")

    assert (done.json["report"]["revision"], done.json["report"]["changes"]) == (None, [])
    assert files(migrated) == before


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ((), "add_isbn_to_book"),
        (("--name", "Größe & Form: ändern!"), "groe_form_andern"),
        (("-n", "../../etc/passwd"), "etc_passwd"),
        (("--name", "日本"), "migration"),
        (("--name", "a" * 300), "a" * 60),
    ],
    ids=["derived", "signs", "path", "no letters", "long"],
)
def test_a_migration_is_named(migrated: Project, given: tuple[str, ...], name: str) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)

    done = migrated.run("migrate", "--json", *given)

    assert done.code == 0, done.stderr
    assert done.json["report"]["revision"]["name"] == name
    assert migrated.versions[-1].name == f"{done.json['report']['revision']['id']}_{name}.py"


def test_a_migration_file_is_plain_alembic(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)

    migrated.run("migrate")

    for path in migrated.versions:
        imports = [line for line in path.read_text().splitlines() if line.startswith(("import", "from"))]
        assert imports == ["from alembic import op", "import sqlalchemy as sa"]


def test_create_only_touches_no_database(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)
    before = hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest()

    done = migrated.run("migrate", "--create-only", "--json")

    assert (done.code, len(migrated.versions)) == (0, 2)
    assert hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest() == before
    assert migrated.run("status", "--json").json["report"]["findings"][0]["code"] == "pending"


def test_create_only_makes_no_database(project: Project, url: str) -> None:
    project.url = url

    done = project.run("migrate", "--create-only", "--name", "init")

    assert (done.code, project.database.exists()) == (0, False)


def test_what_somebody_changed_by_hand_is_reported_and_stays_out_of_the_file(migrated: Project) -> None:
    with migrated.database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE by_hand (id INTEGER)")
        connection.commit()
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)

    done = migrated.run("migrate", "--json")

    assert done.json["report"]["drift"] == ["+ table by_hand: CREATE TABLE by_hand (id INTEGER)"]
    assert "by_hand" not in migrated.versions[-1].read_text()
    with migrated.database.reading() as connection:
        assert "by_hand" in migrated.database.table_names(connection)


LOSSES = {
    "a column": ("    pages: int = Field(default=0)\n", "", "drop column book.pages (2 values lost)"),
    "a table": (
        '    books: list["Book"] = Relationship(back_populates="author")\n',
        "",
        "drop table book (2 rows lost)",
    ),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losing_rows_is_counted_and_refused_without_an_answer(migrated: Project, case: str) -> None:
    take_away(migrated, case)
    before = files(migrated)

    refused = migrated.run("migrate", "--no-generate", "--json")

    assert (refused.code, refused.json["error"]["code"]) == (1, "DB501")
    assert refused.json["error"]["problems"] == [LOSSES[case][2]]
    assert refused.json["error"]["hint"] == "add --accept-data-loss if that is meant"
    assert files(migrated) == before


@pytest.mark.parametrize("case", LOSSES)
def test_losing_rows_on_purpose_takes_a_backup_first(migrated: Project, case: str) -> None:
    take_away(migrated, case)

    done = migrated.run("migrate", "--no-generate", "--accept-data-loss", "--json")

    assert done.code == 0, done.stdout
    migrated.database.restore(migrated.root / done.json["report"]["backup"])
    with migrated.database.reading() as connection:
        assert rows(connection, "SELECT sum(pages) FROM book") == [(571,)]


def take_away(project: Project, case: str) -> None:
    """Edit the models so that rows would go."""
    old, new, _ = LOSSES[case]
    project.edit("app/models.py", old, new)
    if case == "a table":
        text = (project.root / "app" / "models.py").read_text()
        project.write("app/models.py", text[: text.index("class Book")])


def test_a_file_that_drops_is_backed_up_even_when_somebody_else_wrote_it(migrated: Project) -> None:
    migrated.migration("drop_it", 'op.drop_column("book", "pages")', 'raise NotImplementedError("the pages are gone")')
    migrated.edit("app/models.py", "    pages: int = Field(default=0)\n", "")

    done = migrated.run("migrate", "--no-generate", "--json")

    assert done.code == 0, done.stdout
    migrated.database.restore(migrated.root / done.json["report"]["backup"])
    with migrated.database.reading() as connection:
        assert rows(connection, "SELECT sum(pages) FROM book") == [(571,)]


def test_a_file_that_was_edited_before_it_ran_is_proven_and_listed_again(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)
    assert migrated.run("migrate", "--create-only").code == 0
    written = migrated.versions[-1]
    written.write_text(written.read_text().replace("length=13", "length=20"))
    migrated.edit("app/models.py", "max_length=13", "max_length=20")

    refused = migrated.run("deploy", "--json")
    done = migrated.run("migrate", "--json")

    assert (refused.json["error"]["code"], refused.json["error"]["hint"]) == ("DB301", "dbtool migrate")
    assert done.code == 0, done.stdout
    assert [each["name"] for each in done.json["report"]["applied"]] == ["add_isbn_to_book"]
    assert migrated.run("status").code == 0


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "code"),
    [
        ('op.execute("INSERT INTO nowhere VALUES (1)")', "pass", "DB310"),
        ('op.add_column("book", sa.Column("isbn", sa.String()))', "pass", "DB311"),
        ('op.add_column("book", sa.Column("isbn", sa.String()))', 'op.drop_column("book", "nothing")', "DB310"),
    ],
    ids=["up fails", "down forgets", "down fails"],
)
def test_a_file_written_by_hand_must_prove_itself_before_it_touches_the_database(
    migrated: Project, upgrade: str, downgrade: str, code: str
) -> None:
    migrated.migration("mine", upgrade, downgrade)
    before = hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest()
    lock = (migrated.root / "migrations" / "dbtool.lock").read_text()

    done = migrated.run("migrate", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, code)
    assert hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest() == before
    assert (migrated.root / "migrations" / "dbtool.lock").read_text() == lock


def test_a_generation_that_fails_undoes_nothing(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)
    schema = migrated.root / "seed_data" / "schema.json"
    schema.unlink(missing_ok=True)
    schema.mkdir()

    done = migrated.run("migrate", "--json")

    assert (done.code, done.json["ok"]) == (1, False)
    assert "schema.json" in done.json["report"]["generate_error"]
    assert migrated.run("status").code == 0


def test_no_half_written_file_is_left_behind(migrated: Project, tmp_path: Path) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", ISBN)

    assert migrated.run("migrate").code == 0

    left = [
        path.name for path in migrated.root.rglob("*") if path.name.endswith(".part") or path.name.startswith("tmp")
    ]
    assert left == []


@pytest.mark.parametrize("given", [("--create-only",), ("--accept-data-loss",)], ids=["written", "applied"])
def test_a_table_that_somebody_has_dropped_by_hand_is_no_crash(migrated: Project, given: tuple[str, ...]) -> None:
    take_away(migrated, "a table")
    with migrated.database.connect("migrate") as connection:
        connection.exec_driver_sql("DROP TABLE book")
        connection.commit()

    done = migrated.run("migrate", "--no-generate", "--json", *given)

    assert (done.code, "Traceback" in done.stderr) == (0, False)
    report = done.json["report"]
    if given == ("--create-only",):
        texts = [change["text"] for change in report["changes"]]
        assert "drop table book (not in this database)" in texts
    else:  # the database is what the models say: nothing is left to run
        assert (report["applied"], report["recorded"]) == ([], [report["revision"]["id"]])


def test_a_type_that_values_may_not_survive_is_counted_and_refused_without_an_answer(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", "pages: bool = Field(default=False)")
    before = files(migrated)

    refused = migrated.run("migrate", "--no-generate", "--json")
    between = files(migrated)
    accepted = migrated.run("migrate", "--no-generate", "--accept-data-loss", "--json")

    assert (refused.code, refused.json["error"]["code"]) == (1, "DB501")
    assert refused.json["error"]["problems"] == [
        "change column book.pages: type INTEGER to BOOLEAN (2 values would not survive)"
    ]
    assert between == before
    migrated.database.restore(migrated.root / accepted.json["report"]["backup"])
    with migrated.database.reading() as connection:
        assert rows(connection, "SELECT sum(pages) FROM book") == [(571,)]


def test_a_required_column_without_a_default_asks_what_rows_get(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0)\n    isbn: str")
    before = hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest()

    refused = migrated.run("migrate", "--no-generate", "--json")
    between = hashlib.sha256((migrated.root / "dev.db").read_bytes()).hexdigest()
    filled = migrated.run("migrate", "--no-generate", "--fill", "book.isbn=it's 100% new", "--json")

    assert (refused.code, refused.json["error"]["code"], refused.json["error"]["hint"]) == (
        1,
        "DB501",
        "add --fill book.isbn=VALUE, or give the model a default",
    )
    assert (before == between, filled.code) == (True, 0)
    with migrated.database.reading() as connection:
        assert rows(connection, "SELECT DISTINCT isbn FROM book") == [("it's 100% new",)]


def test_a_fill_that_is_no_value_of_the_column_is_refused(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0)\n    rating: int")

    done = migrated.run("migrate", "--no-generate", "--fill", "book.rating=many", "--json")

    assert (done.code, done.json["error"]["code"], done.json["error"]["hint"]) == (1, "DB503", "--fill book.rating=0")


@pytest.mark.parametrize("given", ["--rename book.nothing:something", "--fill book.pages=1"])
def test_an_answer_that_nothing_asked_for_is_refused(migrated: Project, given: str) -> None:
    done = migrated.run("migrate", *given.split(), "--json")

    assert (done.code, done.json["error"]["message"]) == (2, f"{given} answers nothing that was asked")


def test_duplicates_under_a_new_unique_are_shown_before_anything_is_written(migrated: Project) -> None:
    with migrated.database.connect("write") as connection:
        connection.exec_driver_sql("UPDATE book SET pages = 7")
        connection.commit()
    migrated.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0, unique=True)")
    before = files(migrated)

    done = migrated.run("migrate", "--no-generate", "--json")

    error = done.json["error"]
    assert (done.code, error["code"], error["problems"]) == (1, "DB609", ["book.pages: 7 (2 times)"])
    assert error["message"] == "rows that exist are in the way: 2 rows share their pages"
    assert files(migrated) == before


def test_a_required_foreign_key_goes_with_its_column_although_no_row_could_have_it_back(migrated: Project) -> None:
    migrated.edit("app/models.py", '    books: list["Book"] = Relationship(back_populates="author")\n', "")
    migrated.edit("app/models.py", '    author: Author = Relationship(back_populates="books")\n', "")
    migrated.edit(
        "app/models.py", '    author_id: int = Field(foreign_key="author.id", ondelete="CASCADE", index=True)\n', ""
    )

    done = migrated.run("migrate", "--name", "apart", "--no-generate", "--accept-data-loss")

    assert done.code == 0, done.stderr
    assert "the way back works only while there are no rows" in done.stdout
    assert migrated.run("query", "select count(*) from book", "--csv").stdout.splitlines()[1] == "2"
