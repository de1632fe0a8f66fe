"""A table is left out of a comparison only while nothing about it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import dbtool
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import diff, live, proof, verdicts
from dbtool.engine.verdicts import Verdicts

Change = Callable[[dict[str, Any]], None]


def models(change: Change | None = None) -> sa.MetaData:
    """Two tables; `change` may alter what the second one is made of."""
    metadata = sa.MetaData()
    sa.Table("shelf", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("room", metadata, sa.Column("id", sa.Integer, primary_key=True))
    parts: dict[str, Any] = {
        "title": lambda: sa.Column("title", sa.String(40), nullable=False),
        "shelf": lambda: sa.Column("shelf_id", sa.ForeignKey("shelf.id", name="fk_shelf")),
        "state": lambda: sa.Column("state", sa.Enum("new", "old", name="state", native_enum=False)),
    }
    if change is not None:
        change(parts)
    made = {name: make() for name, make in parts.items() if make is not None}
    sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True), *made.values())
    return metadata


def _set(name: str, make: Callable[[], Any] | None) -> Change:
    return lambda parts: parts.update({name: make})


CHANGES: dict[str, Change] = {
    "a length": _set("title", lambda: sa.Column("title", sa.String(41), nullable=False)),
    "a type": _set("title", lambda: sa.Column("title", sa.Integer, nullable=False)),
    "what may be empty": _set("title", lambda: sa.Column("title", sa.String(40))),
    "a default": _set("title", lambda: sa.Column("title", sa.String(40), nullable=False, server_default="x")),
    "a collation": _set("title", lambda: sa.Column("title", sa.String(40, collation="C"), nullable=False)),
    "a comment": _set("title", lambda: sa.Column("title", sa.String(40), nullable=False, comment="what it is")),
    "a unique column": _set("title", lambda: sa.Column("title", sa.String(40), nullable=False, unique=True)),
    "an index": _set("more", lambda: sa.Index("ix_title", "title")),
    "a check": _set("more", lambda: sa.CheckConstraint("title <> ''", name="ck_title")),
    "where a key points": _set("shelf", lambda: sa.Column("shelf_id", sa.ForeignKey("room.id", name="fk_shelf"))),
    "what a key does": _set(
        "shelf", lambda: sa.Column("shelf_id", sa.ForeignKey("shelf.id", name="fk_shelf", ondelete="CASCADE"))
    ),
    "members of the same length": _set(
        "state", lambda: sa.Column("state", sa.Enum("new", "odd", name="state", native_enum=False))
    ),
    "a new column": _set("more", lambda: sa.Column("pages", sa.Integer)),
    "a column less": _set("title", None),
}


@pytest.fixture
def config(tmp_path: Path, url: str) -> Config:
    return dbtool.load_config(project=tmp_path, url=url)


def opened(config: Config, database: Database, metadata: sa.MetaData) -> tuple[Verdicts, frozenset[str]]:
    """What must be compared, by what was kept."""
    found = verdicts.of(config, database, metadata)
    assert found is not None
    with database.connect("migrate") as connection:
        return found, found.open_tables(connection)


def learnt(config: Config, database: Database) -> None:
    """Make the tables, compare them once, and keep what was learnt."""
    found, names = opened(config, database, models())
    assert names == {"book", "room", "shelf"}
    assert not proof.compare(config, database, models(), verdicts=found)
    found.save()


def test_what_was_found_equal_is_not_compared_again(config: Config, database: Database) -> None:
    with database.connect("migrate") as connection:
        models().create_all(connection)
        connection.commit()

    learnt(config, database)

    for name, change in {"nothing": None, **CHANGES}.items():
        assert opened(config, database, models(change))[1] == ({"book"} if change else frozenset()), name


STATEMENTS = {
    "a column": ("book", "ALTER TABLE book ADD COLUMN pages INTEGER"),
    "an index": ("book", "CREATE INDEX ix_by_hand ON book (title)"),
    "a new table": ("desk", "CREATE TABLE desk (id INTEGER NOT NULL PRIMARY KEY)"),
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_table_that_somebody_changed_is_compared_again(config: Config, database: Database, what: str) -> None:
    with database.connect("migrate") as connection:
        models().create_all(connection)
        connection.commit()
    learnt(config, database)

    name, statement = STATEMENTS[what]
    with database.connect("migrate") as connection:
        connection.execute(sa.text(statement))
        connection.commit()

    assert opened(config, database, models())[1] == {name}


def test_a_difference_is_no_verdict_until_it_is_gone(config: Config, database: Database) -> None:
    with database.connect("migrate") as connection:
        models().create_all(connection)
        connection.commit()
    wanted = models(CHANGES["a new column"])

    found, _ = opened(config, database, wanted)
    assert [change.text for change in proof.compare(config, database, wanted, verdicts=found).changes] == [
        "add column book.pages (INTEGER)"
    ]
    found.save()

    assert opened(config, database, wanted)[1] == {"book"}


def test_another_version_of_dbtool_compares_everything_again(
    config: Config, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.connect("migrate") as connection:
        models().create_all(connection)
        connection.commit()
    learnt(config, database)

    monkeypatch.setattr(dbtool, "__version__", "99")

    assert opened(config, database, models())[1] == {"book", "room", "shelf"}


def test_a_name_that_could_be_taken_for_another_is_always_compared(config: Config, database: Database) -> None:
    metadata = models()
    sa.Table("book.title", metadata, sa.Column("id", sa.Integer, primary_key=True))
    with database.connect("migrate") as connection:
        metadata.create_all(connection)
        connection.commit()

    found, _ = opened(config, database, metadata)
    proof.compare(config, database, metadata, verdicts=found)
    found.save()

    assert "book.title" in opened(config, database, metadata)[1]


def test_tables_of_several_schemas_are_always_compared(config: Config, database: Database) -> None:
    metadata = models()
    sa.Table("far", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="elsewhere")

    assert verdicts.of(config, database, metadata) is None


def test_what_a_draft_touches_is_told_from_its_operations(config: Config, database: Database) -> None:
    with database.connect("migrate") as connection:
        models().create_all(connection)
        connection.commit()
        draft = diff.draft(config, database, connection, models(CHANGES["where a key points"]))

    assert verdicts.touched(live.flat(draft.operations)) == {"book", "room"}
