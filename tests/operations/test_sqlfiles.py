"""Views, triggers and functions kept under `migrations/sql/`: each change is a migration that can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from projects import Project

from dbtool.database import rows
from dbtool.engine import sqlfiles
from dbtool.errors import SqlFileError

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

VIEW = "CREATE VIEW long_book AS\nSELECT id, title, '50% :x' AS note\nFROM book\nWHERE pages > 300;\n"
ABOVE = (
    "-- those of them that begin with The\nCREATE VIEW long_the AS SELECT id FROM long_book WHERE title LIKE 'The%'\n"
)

# What makes every new title upper case: one file, or two where the trigger calls a function.
TRIGGER = {
    "sqlite": {
        "shout.sql": """\
CREATE TRIGGER shout AFTER INSERT ON book
BEGIN
    UPDATE book SET title = upper(NEW.title) WHERE id = NEW.id;
END;
"""
    },
    "postgres": {
        "shout.sql": "CREATE TRIGGER shout BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION a_shout()",
        "zz_shout.sql": """\
CREATE OR REPLACE FUNCTION a_shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.title := upper(NEW.title);
    RETURN NEW;
END $$;
""",
    },
    "mysql": {
        "shout.sql": """\
CREATE TRIGGER shout BEFORE INSERT ON book FOR EACH ROW
BEGIN
    SET NEW.title = upper(NEW.title);
END;
"""
    },
}


@pytest.fixture
def app(project: Project, url: str) -> Project:
    """The application with its first migration, on a database of each kind."""
    project.url = url
    migrate(project, "init")
    return project


def migrate(project: Project, name: str, *options: str) -> Any:
    done = project.run("migrate", "--name", name, "--no-generate", "--json", *options)
    assert done.code == 0, done.stdout
    return done.json["report"]


def refused(project: Project, *command: str) -> Any:
    done = project.run(*command, "--json")
    assert done.code == 1, done.stdout
    return done.json["error"]


def words(report: Any) -> list[str]:
    return [change["text"] for change in report["changes"]]


def declare(project: Project, **texts: str) -> None:
    for name, text in texts.items():
        project.write(f"migrations/sql/{name}.sql", text)


def query(project: Project, sql: str) -> list[tuple[object, ...]]:
    with project.database.reading() as connection:
        return [tuple(row) for row in rows(connection, sql)]


def insert(project: Project, title: str, pages: int) -> None:
    with project.database.connect("write") as connection:
        connection.exec_driver_sql("DELETE FROM book")
        connection.exec_driver_sql("DELETE FROM author")
        connection.exec_driver_sql("INSERT INTO author (id, name) VALUES (1, 'a')")
        connection.exec_driver_sql(f"INSERT INTO book (id, author_id, title, pages) VALUES (1, 1, '{title}', {pages})")
        connection.commit()


def last(project: Project) -> str:
    return project.versions[-1].read_text(encoding="utf-8")


def test_a_view_comes_changes_and_goes_each_with_its_way_back(app: Project) -> None:
    declare(app, long_book=VIEW, above=ABOVE)
    made = migrate(app, "views")
    insert(app, "The Dispossessed", 387)

    assert words(made) == ["create view long_book", "create view long_the"]
    assert query(app, "SELECT note FROM long_book") == [("50% :x",)]
    assert query(app, "SELECT * FROM long_the") == [(1,)]

    declare(app, long_book=VIEW.replace("300", "400"))
    changed = migrate(app, "longer")

    assert words(changed) == [
        "change view long_book",
        "make view long_the anew, since what it stands on changes",
    ]
    assert query(app, "SELECT * FROM long_the") == []
    assert app.run("rollback", "--yes").code == 0
    assert query(app, "SELECT * FROM long_the") == [(1,)]
    assert app.run("deploy").code == 0

    (app.root / "migrations/sql/above.sql").unlink()
    gone = migrate(app, "no_the")
    assert words(gone) == ["drop view long_the"]
    assert migrate(app, "nothing")["revision"] is None
    assert app.run("generate").code == 0
    assert app.run("check", "--json").json["report"]["findings"] == []


def test_a_trigger_and_what_it_calls_come_and_change(app: Project) -> None:
    for name, text in TRIGGER[app.database.kind].items():
        app.write(f"migrations/sql/{name}", text)
    migrate(app, "shout")
    insert(app, "quiet", 1)
    assert query(app, "SELECT title FROM book") == [("QUIET",)]

    for name, text in TRIGGER[app.database.kind].items():
        app.write(
            f"migrations/sql/{name}", text.replace("upper", "reverse" if app.database.kind != "sqlite" else "hex")
        )
    changed = migrate(app, "other")

    insert(app, "ab", 1)
    assert query(app, "SELECT title FROM book") == [("6162" if app.database.kind == "sqlite" else "ba",)]
    changed_one = "function a_shout" if app.database.kind == "postgres" else "trigger shout"
    assert words(changed) == [f"change {changed_one}"]
    assert app.run("rollback", "--yes").code == 0
    insert(app, "quiet", 1)
    assert query(app, "SELECT title FROM book") == [("QUIET",)]


def test_what_stands_on_a_column_is_out_of_the_way_while_the_column_changes(app: Project) -> None:
    declare(app, long_book=VIEW)
    migrate(app, "views")
    insert(app, "Long", 500)

    app.edit("app/models.py", "title: str = Field(max_length=200", "title: str = Field(max_length=300")
    report = migrate(app, "longer_titles")

    assert "make view long_book anew, since what it stands on changes" in words(report)
    assert query(app, "SELECT title FROM long_book") == [("Long",)]
    assert last(app).index("DROP VIEW long_book") < last(app).index("alter_column")


def test_a_table_and_the_view_on_it_come_and_go_together(app: Project) -> None:
    models = (app.root / "app/models.py").read_text()
    app.write(
        "app/models.py",
        f"{models}\n\nclass Shelf(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n",
    )
    declare(app, shelves="CREATE VIEW shelves AS SELECT id FROM shelf")
    migrate(app, "shelf")
    assert query(app, "SELECT * FROM shelves") == []

    app.write("app/models.py", models)
    (app.root / "migrations/sql/shelves.sql").unlink()
    gone = migrate(app, "no_shelf", "--accept-data-loss")

    assert words(gone) == ["drop view shelves", "drop table shelf (empty)"]
    assert app.run("rollback", "--yes").code == 0
    assert query(app, "SELECT * FROM shelves") == []


@on_sqlite
def test_a_view_of_an_earlier_migration_is_taken_over_by_its_text(app: Project) -> None:
    text = VIEW.replace(":x", "\\:x")
    app.migration(
        "by_hand", f"op.execute(sa.text({text!r}))", 'op.execute("DROP VIEW long_book")', stamp=29990101000000
    )
    assert migrate(app, "nothing")["revision"] is None
    declare(app, long_book=VIEW.replace("\n", "  \r\n").rstrip())
    assert migrate(app, "nothing")["revision"] is None
    declare(app, long_book=VIEW.replace("300", "200"))

    changed = migrate(app, "shorter")

    assert words(changed) == ["change view long_book"]
    assert app.run("rollback", "--yes").code == 0
    assert "> 300" in str(query(app, "SELECT sql FROM sqlite_master WHERE name = 'long_book'"))


@on_sqlite
def test_status_diff_and_check_say_what_no_migration_does_yet(app: Project) -> None:
    declare(app, long_book=VIEW)

    found = app.run("status", "--json").json["report"]["findings"]
    assert [each["message"] for each in found if each["code"] == "sql"] == [
        "migrations/sql: create view long_book, as no migration does yet"
    ]
    assert words(app.run("diff", "--json").json["report"]) == ["create view long_book"]
    found = app.run("check", "--json").json["report"]["findings"]
    assert [each["message"] for each in found if each["code"] == "models"] == ["the files lack: create view long_book"]


@on_sqlite
def test_plain_alembic_sees_and_writes_the_same(app: Project) -> None:
    declare(app, long_book=VIEW)
    assert app.python("-m", "alembic", "check").code != 0
    assert app.python("-m", "alembic", "revision", "--autogenerate", "-m", "views").code == 0

    assert "# sql/long_book.sql" in last(app)
    assert app.python("-m", "alembic", "upgrade", "head").code == 0
    assert app.python("-m", "alembic", "check").code == 0
    assert query(app, "SELECT * FROM long_book") == []


@on_sqlite
def test_squash_keeps_the_words_of_the_files(app: Project) -> None:
    declare(app, long_book=VIEW, above=ABOVE)
    migrate(app, "views")

    declare(app, above=ABOVE.replace("The%", "A%"))
    migrate(app, "a")
    assert app.run("squash", "--yes").code == 0

    assert "# sql/long_book.sql" in last(app)
    assert migrate(app, "nothing")["revision"] is None
    assert app.run("generate").code == 0
    assert app.run("check").code == 0


@on_sqlite
def test_amending_asks_for_a_rollback_first_and_then_writes_both(app: Project) -> None:
    declare(app, long_book=VIEW)
    migrate(app, "views")
    declare(app, long_book=VIEW.replace("300", "200"))

    error = refused(app, "migrate", "--amend")
    assert error["message"].endswith("makes view long_book, which only running the file can take back")
    assert app.run("rollback", "--yes").code == 0
    assert app.run("migrate", "--amend", "--yes").code == 0

    assert "> 200" in last(app)
    assert migrate(app, "nothing")["revision"] is None
    assert query(app, "SELECT * FROM long_book") == []


@on_sqlite
def test_what_push_made_gets_its_objects_with_the_next_migration(app: Project) -> None:
    app.edit("app/models.py", "pages: int", "year: int = Field(default=0)\n    pages: int")
    declare(app, years="CREATE VIEW years AS SELECT year FROM book")
    pushed = app.run("push", "--json").json["report"]
    assert pushed["notes"] == ["not pushed: create view years; dbtool migrate does that"]

    landed = migrate(app, "year")
    assert landed["notes"] == ["create view years: that takes another migration, so run dbtool migrate again"]
    assert words(migrate(app, "years")) == ["create view years"]
    assert query(app, "SELECT * FROM years") == []


@on_sqlite
def test_a_statement_that_the_database_refuses_keeps_no_file(app: Project) -> None:
    declare(app, wrong="CREATE VIEW wrong AS SELECT nothing FROM nowhere")

    declare(app, worse="CREATE TRIGGER worse AFTER INSERT ON nowhere BEGIN SELECT 1; END")
    error = refused(app, "migrate", "--name", "wrong")

    assert "no such table: main.nowhere" in str(error)
    assert "on the scratch database" in error["message"]
    assert len(app.versions) == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "SELECT 1"}, "migrations/sql/a.sql does not begin with a CREATE that dbtool knows"),
        ({"a": ""}, "migrations/sql/a.sql does not begin with a CREATE that dbtool knows"),
        ({"a": "CREATE TABLE x (id INT)"}, "migrations/sql/a.sql does not begin with a CREATE that dbtool knows"),
        ({"a": VIEW + "\n" + ABOVE}, "migrations/sql/a.sql:7: a second object"),
        ({"a": VIEW, "b": VIEW}, "migrations/sql/b.sql and a.sql both make view long_book"),
        ({"a": f"-- depends: b.sql\n{VIEW}"}, "migrations/sql/a.sql depends on b.sql, which is not there"),
        ({"a": "DELIMITER //\nCREATE TRIGGER"}, "migrations/sql/a.sql:1: DELIMITER is a command of a client, not SQL"),
    ],
)
def test_a_file_that_is_not_one_object_is_refused(project: Project, texts: dict[str, str], message: str) -> None:
    declare(project, **texts)

    with pytest.raises(SqlFileError) as error:
        sqlfiles.read(project.config)

    assert error.value.message == message


@on_sqlite
def test_a_file_that_is_refused_stops_migrate_and_is_told_by_status(app: Project) -> None:
    declare(app, a="SELECT 1")

    assert refused(app, "migrate")["code"] == "DB315"
    found = app.run("status", "--json").json["report"]["findings"]
    assert [each["code"] for each in found if each["severity"] == "error"] == ["sql"]
