"""A database copied into one of each kind: every value, every key, and nothing where anything fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from projects import Project, at, drop, new_url

from dbtool.database import Database

PLUS_TWO = dt.timezone(dt.timedelta(hours=2))
SCHEMA = """
op.create_table(
    "thing",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("truth", sa.Boolean),
    sa.Column("whole", sa.BigInteger),
    sa.Column("number", sa.Numeric(12, 3)),
    sa.Column("real", sa.Double),
    sa.Column("moment", sa.DateTime),
    sa.Column("aware", sa.DateTime(timezone=True)),
    sa.Column("day", sa.Date),
    sa.Column("clock", sa.Time),
    sa.Column("span", sa.Interval),
    sa.Column("mark", sa.Uuid),
    sa.Column("blob", sa.LargeBinary),
    sa.Column("doc", sa.JSON),
    sa.Column("kind", sa.Enum("plain", "it's", name="kind")),
    sa.Column("text", sa.Text),
    sa.Column("select", sa.String(20)),
)
op.create_table(
    "team",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50), nullable=False, unique=True),
    sa.Column("captain_id", sa.Integer, nullable=False),
)
op.create_table(
    "player",
    sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id", name="fk_player_team"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Integer, nullable=False, unique=True),
    sa.Column("coach_id", sa.Integer, sa.ForeignKey("player.id", name="fk_player_coach")),
    sa.Column("label", sa.String(60), sa.Computed("'no. ' || 1" if LITE else "concat('no. ', 1)", persisted=True)),
)
with op.batch_alter_table("team") as batch:
    batch.create_foreign_key("fk_team_captain", "player", ["captain_id"], ["id"])
op.execute("INSERT INTO thing (id, whole) VALUES (1, 1)")
"""
HEAD = "LITE = op.get_context().dialect.name != 'mysql'\n"
THING = sa.table(
    "thing",
    sa.column("id", sa.Integer),
    sa.column("truth", sa.Boolean),
    sa.column("whole", sa.BigInteger),
    sa.column("number", sa.Numeric(12, 3)),
    sa.column("real", sa.Double),
    sa.column("moment", sa.DateTime),
    sa.column("aware", sa.DateTime(timezone=True)),
    sa.column("day", sa.Date),
    sa.column("clock", sa.Time),
    sa.column("span", sa.Interval),
    sa.column("mark", sa.Uuid),
    sa.column("blob", sa.LargeBinary),
    sa.column("doc", sa.JSON(none_as_null=True)),
    sa.column("kind", sa.Enum("plain", "it's", name="kind")),
    sa.column("text", sa.Text),
    sa.column("select", sa.String(20)),
)
FULL: dict[str, Any] = {
    "id": 7,
    "truth": True,
    "whole": 2**62,
    "number": Decimal("-123456789.125"),
    "real": 0.1 + 0.2,
    "moment": dt.datetime(2025, 2, 28, 23, 59, 59),
    "aware": dt.datetime(2025, 7, 1, 12, 0, tzinfo=dt.UTC),
    "day": dt.date(1969, 12, 31),
    "clock": dt.time(23, 59, 1),
    "span": dt.timedelta(days=3, seconds=61),
    "mark": UUID("12345678-9abc-4def-8123-456789abcdef"),
    "blob": bytes(range(256)),
    "doc": {"b": [1, 2.5, None, "ü"], "a": {"%s": "\\"}},
    "kind": "it's",
    "text": "tab\tnew\nline \\N \\. 100% 'q' \"d\" 日本 🎈 ",
    "select": "",
}
EMPTY: dict[str, Any] = {**dict.fromkeys(FULL), "id": 1}
LOW: dict[str, Any] = {
    **EMPTY,
    "id": -3,
    "truth": False,
    "whole": -(2**63),
    "number": Decimal("0.001"),
    "real": -1e300,
    "moment": dt.datetime(1000, 1, 1),
    "doc": [],
    "blob": b"",
    "text": "\\x00ff",
}


def migrated(root: Path, url: str) -> Project:
    made = Project(root, url)
    made.write("pyproject.toml", "[tool.dbtool]\n")
    made.migration("init", HEAD + SCHEMA.strip())
    done = made.run("deploy")
    assert done.code == 0, done.stderr
    return made


@pytest.fixture
def source(url: str, tmp_path: Path) -> Project:
    """Rows of every type in a database of each kind, with rings and a counter that is ahead of its rows."""
    made = migrated(tmp_path, url)
    with made.database.connect("write") as connection:
        connection.execute(sa.delete(THING))
        rows = [FULL, EMPTY, LOW]
        if connection.dialect.name != "postgresql":
            rows = [{**row, "aware": row["aware"] and row["aware"].replace(tzinfo=None)} for row in rows]
        connection.execute(sa.insert(THING), rows)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "ALTER TABLE team ALTER CONSTRAINT fk_team_captain DEFERRABLE INITIALLY DEFERRED"
            )
        elif connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        else:
            connection.exec_driver_sql("SET foreign_key_checks = 0")
        connection.exec_driver_sql("INSERT INTO team (id, name, captain_id) VALUES (1, 'red', 11), (2, 'blue', 21)")
        connection.exec_driver_sql(
            "INSERT INTO player (team_id, number, id, coach_id)"
            " VALUES (1, 10, 11, 12), (1, 9, 12, 11), (2, 1, 21, NULL)"
        )
        connection.commit()
    return made


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that is not there yet."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = new_url(request.param, folder)
    yield made
    drop(made, folder)


def things(database: Database) -> list[dict[str, Any]]:
    """Return the rows of `thing` as an application would read them; a time with an offset in UTC."""
    with database.connect("read") as connection:
        rows = [dict(row) for row in connection.execute(sa.select(THING).order_by(THING.c.id)).mappings()]
    for row in rows:
        aware = row["aware"]
        row["aware"] = aware and (aware.astimezone(dt.UTC) if aware.tzinfo else aware.replace(tzinfo=dt.UTC))
    return rows


def number(database: Database, sql: str) -> Any:
    with database.connect("read") as connection:
        return connection.exec_driver_sql(sql).scalar()


def test_every_value_and_every_ring_arrives(source: Project, other: str, tmp_path: Path) -> None:
    done = source.run("copy", "--to", other, "--json")

    assert done.code == 0, done.stdout + done.stderr
    report = done.json["report"]
    there = at(other, tmp_path)
    assert report["created"] and report["notes"] == []
    assert {each["name"]: each["rows"] for each in report["tables"]} == {"thing": 3, "team": 2, "player": 3}
    expected = [LOW, EMPTY, FULL]
    assert things(there) == expected
    assert number(there, "SELECT count(*) FROM player p JOIN team t ON t.captain_id = p.id") == 2
    assert number(there, "SELECT label FROM player WHERE id = 11") == "no. 1"
    assert source.run("status", "--url", other).code == 0
    assert source.run("copy", "--to", other).code == 1


def test_the_same_rows_have_the_same_checksums_and_a_copy_of_a_copy_is_the_same(
    source: Project, other: str, tmp_path: Path
) -> None:
    first = source.run("copy", "--to", other, "--json").json["report"]
    back = source.run("copy", "--url", other, "--to", "sqlite:///back.db", "--json").json["report"]

    assert [each["rows"] for each in back["tables"]] == [each["rows"] for each in first["tables"]]
    assert things(at(f"sqlite:///{tmp_path / 'back.db'}", tmp_path)) == things(source.database)


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_counted_keys_go_on_where_they_were(kind: str, tmp_path: Path) -> None:
    """Also after rows were deleted, whose numbers somebody may have written down."""
    url, other = new_url(kind, tmp_path), new_url(kind, tmp_path)
    try:
        made = migrated(tmp_path, url)
        for statement in ("INSERT INTO thing (whole) VALUES (1), (2), (3)",) * 2, ("DELETE FROM thing",):
            for each in statement:
                made.run("query", "--write", each)
        last = made.run("query", "--write", "INSERT INTO thing (whole) VALUES (9)")
        assert last.code == 0, last.stderr
        highest = number(made.database, "SELECT max(id) FROM thing")
        made.run("query", "--write", "DELETE FROM thing")

        assert made.run("copy", "--to", other).code == 0
        made.run("query", "--url", other, "--write", "INSERT INTO thing (whole) VALUES (10)")

        assert number(at(other, tmp_path), "SELECT id FROM thing") == highest + 1
    finally:
        drop(url, tmp_path)
        drop(other, tmp_path)


def test_a_copy_from_a_file_counts_on_from_the_largest(migrated: Project, other: str, tmp_path: Path) -> None:
    assert migrated.run("copy", "--to", other).code == 0
    highest = number(migrated.database, "SELECT max(id) FROM book")

    done = migrated.run(
        "query", "--url", other, "--write", "INSERT INTO book (author_id, title, pages) VALUES (1, 'x', 1)"
    )

    assert done.code == 0, done.stderr
    assert number(at(other, tmp_path), "SELECT max(id) FROM book") == highest + 1


TRIGGERS = {
    "sqlite": "CREATE TRIGGER loud AFTER INSERT ON author BEGIN UPDATE author SET name = 'LOUD' WHERE id = new.id; END",
    "postgres": "CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN NEW.name = 'LOUD'; RETURN NEW; END $$;"
    " CREATE TRIGGER loud BEFORE INSERT ON author FOR EACH ROW EXECUTE FUNCTION loud()",
    "mysql": "CREATE TRIGGER loud BEFORE INSERT ON author FOR EACH ROW SET NEW.name = 'LOUD'",
}


def test_no_trigger_changes_rows_on_their_way_and_all_are_there_afterwards(
    migrated: Project, other: str, tmp_path: Path
) -> None:
    there = at(other, tmp_path)
    texts = {"sqlite": "sqlite", "postgres": "postgresql", "mysql": "mysql"}
    body = "".join(
        f"if op.get_context().dialect.name == {texts[kind]!r}:\n    op.execute({sql!r})\n"
        for kind, sql in TRIGGERS.items()
    )
    migrated.migration("loud", body)
    assert migrated.run("deploy").code == 0

    assert migrated.run("copy", "--to", other).code == 0

    assert number(there, "SELECT name FROM author") == "Ursula K. Le Guin"
    done = migrated.run("query", "--url", other, "--write", "INSERT INTO author (name) VALUES ('quiet')")
    assert done.code == 0, done.stderr
    assert number(there, "SELECT max(name) FROM author WHERE name <> 'Ursula K. Le Guin'") == "LOUD"


def test_what_a_column_cannot_hold_is_said(tmp_path: Path) -> None:
    made = migrated(tmp_path, f"sqlite:///{tmp_path / 'dev.db'}")
    with made.database.connect("write") as connection:
        moment = dt.datetime(2025, 1, 1, 10, 0, 0, 123456)
        connection.execute(sa.insert(THING), [{**EMPTY, "id": 9, "moment": moment, "clock": moment.time()}])
        connection.exec_driver_sql("UPDATE thing SET number = 1.23456 WHERE id = 9")
        connection.commit()
    other = new_url("mysql", tmp_path)
    try:
        done = made.run("copy", "--to", other)

        assert done.code == 0, done.stderr
        noted = [line for line in done.stdout.splitlines() if line.startswith("note: ")]
        assert noted == [
            "note: thing.number: 1 value rounded to what the column holds",
            "note: thing.moment: 1 value rounded to what the column holds",
            "note: thing.clock: 1 value rounded to what the column holds",
        ]
        assert things(at(other, tmp_path))[-1]["number"] == Decimal("1.235")
    finally:
        drop(other, tmp_path)


def test_an_index_for_texts_is_copied_once(migrated: Project) -> None:
    migrated.migration(
        "words", "op.execute('CREATE VIRTUAL TABLE words USING fts5(title)')", "op.execute('DROP TABLE words')"
    )
    assert migrated.run("deploy").code == 0
    filled = migrated.run("query", "--write", "insert into words select title from book")
    assert filled.code == 0, filled.stderr

    done = migrated.run("copy", "--to", "sqlite:///other.db")

    assert done.code == 0, done.stderr
    found = "select title from words where words match 'lathe'"
    shown = migrated.run("query", "--url", "sqlite:///other.db", found, "--csv")
    assert shown.stdout == "title\nThe Lathe of Heaven\n", shown.stderr


# What is refused, and leaves nothing behind


def refused(made: Project, other: str, *arguments: str) -> str:
    done = made.run("copy", "--to", other, *arguments)
    assert done.code == 1, done.stdout + done.stderr
    return done.stderr


BAD = {
    "a value that is none": (
        "UPDATE thing SET moment = 'yesterday' WHERE id = 1",
        "thing id 1: 'yesterday' in `moment`",
    ),
    "a row that is refused": (
        "INSERT INTO thing (id, \"select\") VALUES (5, 'far longer than twenty letters')",
        "refused thing id 5",
    ),
    "a parent that is not there": (
        "INSERT INTO player (team_id, number, id) VALUES (77, 1, 1)",
        "player.team_id: 1 without a row of team",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("kind", ["postgres", "mysql"])
@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_leaves_nothing_behind(case: str, kind: str, exists: bool, tmp_path: Path) -> None:
    statement, words = BAD[case]
    made = migrated(tmp_path, f"sqlite:///{tmp_path / 'dev.db'}")
    with made.database.connect("migrate") as connection:  # which looks at no foreign key
        connection.exec_driver_sql(statement)
        connection.commit()
    other = new_url(kind, tmp_path)
    there = at(other, tmp_path)
    try:
        if exists:
            there.create()

        said = refused(made, other)

        assert words in said
        assert there.exists() == exists
        if exists:
            with there.reading() as connection:
                assert there.table_names(connection) == frozenset()
    finally:
        drop(other, tmp_path)


def test_a_database_that_was_migrated_before_is_filled_and_stays_migrated_when_that_fails(tmp_path: Path) -> None:
    made = migrated(tmp_path, f"sqlite:///{tmp_path / 'dev.db'}")
    other = f"sqlite:///{tmp_path / 'there.db'}"
    assert made.run("deploy", "--url", other).code == 0
    assert "thing: 1 row" in refused(made, other)
    made.run("query", "--url", other, "--write", "DELETE FROM thing")
    made.run("query", "--write", "UPDATE thing SET whole = 5")

    assert made.run("copy", "--to", other).code == 0

    assert number(at(other, tmp_path), "SELECT whole FROM thing") == 5


def test_a_copy_that_differs_is_not_kept(tmp_path: Path) -> None:
    """MariaDB forgets the spaces at the end of a CHAR."""
    made = migrated(tmp_path, f"sqlite:///{tmp_path / 'dev.db'}")
    made.migration("code", 'op.add_column("team", sa.Column("code", sa.CHAR(5)))')
    assert made.run("deploy").code == 0
    with made.database.connect("migrate") as connection:
        connection.exec_driver_sql("INSERT INTO team (id, name, captain_id, code) VALUES (1, 'red', 1, 'ab ')")
        connection.exec_driver_sql("INSERT INTO player (team_id, number, id) VALUES (1, 1, 1)")
        connection.commit()
    other = new_url("mysql", tmp_path)

    said = refused(made, other)

    assert "[DB619]" in said and "team of" in said
    assert not at(other, tmp_path).exists()


def test_what_no_migration_makes_has_no_place_to_go(migrated: Project) -> None:
    for statement in ("CREATE TABLE extra (id INTEGER PRIMARY KEY)", "ALTER TABLE book ADD COLUMN isbn VARCHAR(13)"):
        assert migrated.run("query", "--write", statement).code == 0

    said = refused(migrated, "sqlite:///other.db")

    assert "column book.isbn" in said and "table extra" in said
    assert not (migrated.root / "other.db").exists()


def test_it_does_not_copy_onto_itself_nor_into_what_is_protected(migrated: Project, tmp_path: Path) -> None:
    same = migrated.run("copy", "--to", "sqlite:///./dev.db")
    protected = migrated.run("copy", "--to", "postgresql://db.example.com/shop")
    wrong = migrated.run("copy", "--to", "postgresql://db.example.com/shop", "--confirm", "dev.db")
    unknown = migrated.run("copy", "--to", "staging")

    assert (same.code, protected.code, wrong.code, unknown.code) == (2, 1, 1, 2)
    assert "is the database itself" in same.stderr
    assert "[DB504]" in protected.stderr and "--confirm shop" in protected.stderr
    assert "[DB504]" in wrong.stderr
    assert "staging" in unknown.stderr


def test_an_environment_names_the_other_database(migrated: Project) -> None:
    migrated.write(".env.staging", "DATABASE_URL=sqlite:///staging.db\n")

    done = migrated.run("copy", "--to", "staging", "--json")

    assert done.code == 0, done.stderr
    assert done.json["report"]["target"].endswith("staging.db")


def test_a_database_without_migrations_says_what_to_do(tmp_path: Path) -> None:
    made = Project(tmp_path, f"sqlite:///{tmp_path / 'dev.db'}")
    made.write("pyproject.toml", "[tool.dbtool]\n")
    with made.database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        connection.commit()

    assert "was made by no migration" in refused(made, "sqlite:///other.db")
