"""Staged edits are written whole or not at all, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from projects import at, drop, new_url
from pydantic import field_validator
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Computed,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from dbtool.database import Database
from dbtool.errors import TableNotFoundError
from dbtool.rows.changes import Cut, Delete, Insert, New, Problem, Update
from dbtool.rows.choice import Criteria
from dbtool.rows.detail import one
from dbtool.rows.keyset import Place, page
from dbtool.rows.saving import Conflict, Outcome, review, save
from dbtool.rows.sheet import Sheet, sheet
from dbtool.tables import MODEL


class Size(enum.Enum):
    small = "Small"
    big = "Big"


def moment() -> datetime:
    return datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


metadata = MetaData()


class Base(SQLModel):
    metadata = metadata


class Shelf(Base, table=True):
    __tablename__ = "chg_shelf"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=10, unique=True)
    parent_id: int | None = Field(default=None, foreign_key="chg_shelf.id")


class Toy(Base, table=True):
    __tablename__ = "chg_toy"
    __table_args__ = (
        UniqueConstraint("shelf_id", "name", name="uq_toy"),
        CheckConstraint("price < 1000", name="ck_price"),
    )
    id: int | None = Field(default=None, primary_key=True)
    shelf_id: int = Field(foreign_key="chg_shelf.id")
    name: str = Field(min_length=2, max_length=10)
    price: Decimal = Field(default=Decimal("1.00"), ge=0, max_digits=8, decimal_places=2)
    size: Size | None = Field(default=None)
    made: datetime = Field(
        default_factory=moment, sa_column_kwargs={"onupdate": lambda: datetime(2026, 1, 1, tzinfo=UTC)}
    )
    tags: list[str] | None = Field(default=None, sa_type=JSON)
    note: str | None = Field(default=None, sa_type=Text)
    stock: int = Field(default=0, sa_column_kwargs={"server_default": "7"})

    @field_validator("name")
    @classmethod
    def no_digits(cls, value: str) -> str:
        if any(letter.isdigit() for letter in value):
            raise ValueError("must not have digits")
        return value


plain = Table(
    "chg_plain",
    metadata,
    Column("a", Integer, primary_key=True, autoincrement=False),
    Column("b", String(5), primary_key=True),
    Column("c", Integer, nullable=False),
    Column("twice", Integer, Computed("c * 2", persisted=True)),
)
bare = Table("chg_bare", metadata, Column("x", Integer), Column("y", String(20)))
Shelf.__table__.info[MODEL] = Shelf  # type: ignore[attr-defined]
Toy.__table__.info[MODEL] = Toy  # type: ignore[attr-defined]


@dataclass
class Shop:
    database: Database

    def sheets(self, key: str) -> Sheet:
        if key not in metadata.tables:
            raise TableNotFoundError(key)
        return sheet(self.database, metadata.tables[key], "table", self.database.engine("read").dialect)

    def save(self, *changes: Any) -> Outcome:
        with self.database.connect("write") as connection:
            return save(connection, self.sheets, changes, UTC)

    def review(self, *changes: Any) -> Outcome:
        return review(self.sheets, changes, UTC)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.connect("read") as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def cells(self, table: str, key: str) -> dict[str, str | None]:
        shown = self.sheets(table)
        with self.database.connect("read") as connection:
            cells = one(connection, shown, key, UTC).cells
        return dict(zip([column.name for column in shown.table.columns], cells, strict=True))


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mysql"])
def made(request, tmp_path_factory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("changes")
    url = new_url(request.param, folder)
    database = at(url, folder)
    database.create()
    with database.connect("migrate") as connection:
        metadata.create_all(connection)
        connection.commit()
    yield database
    drop(url, folder)


@pytest.fixture
def shop(made: Database) -> Iterator[Shop]:
    with made.connect("migrate") as connection:
        for table in ("chg_toy", "chg_shelf", "chg_plain", "chg_bare"):
            if table == "chg_shelf":
                connection.exec_driver_sql("UPDATE chg_shelf SET parent_id = NULL")
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("INSERT INTO chg_shelf (id, name) VALUES (1, 'top'), (2, 'low')")
        connection.exec_driver_sql(
            "INSERT INTO chg_toy (id, shelf_id, name, price, made, stock) VALUES"
            " (1, 1, 'ball', 2.50, '2025-01-01 00:00:00', 1), (2, 1, 'doll', 9.00, '2025-01-01 00:00:00', 2)"
        )
        connection.exec_driver_sql("INSERT INTO chg_plain (a, b, c) VALUES (1, 'x', 5)")
        connection.commit()
    with made.connect("write") as connection:
        for table in (Shelf, Toy):
            column = table.__table__.c.id  # type: ignore[attr-defined]
            made.follow_sequences(connection, column.table, column)
        connection.commit()
    yield Shop(made)


def test_inserts_updates_and_deletes_are_written_together(shop):
    outcome = shop.save(
        Update("chg_toy", '["1"]', {"price": "3.00"}, {"price": "2.50"}),
        Delete("chg_toy", '["2"]', {"name": "doll"}),
        Insert("chg_toy", "new-1", {"shelf_id": New("new-2"), "name": "kite", "size": "Big"}),
        Insert("chg_shelf", "new-2", {"name": "attic", "parent_id": New("new-3")}),
        Insert("chg_shelf", "new-3", {"name": "house"}),
    )

    assert (outcome.problems, outcome.conflicts, outcome.saved) == ((), (), 5)
    assert [statement.index for statement in outcome.sql] == [4, 3, 2, 0, 1]
    assert shop.rows("SELECT name FROM chg_toy ORDER BY id") == [("ball",), ("kite",)]
    kite = shop.cells("chg_toy", outcome.keys["new-1"])
    assert {name: kite[name] for name in ("price", "size", "made", "tags", "stock")} == {
        "price": "1.00",
        "size": "Big",
        "made": "2025-01-02T03:04:05Z",
        "tags": None,
        "stock": kite["stock"],
    }
    assert shop.cells("chg_shelf", outcome.keys["new-2"])["parent_id"] == outcome.keys["new-3"].strip('[]"')


def test_an_update_calls_what_the_model_calls_on_update(shop):
    shop.save(Update("chg_toy", '["1"]', {"name": "globe"}, {"name": "ball"}))

    assert shop.cells("chg_toy", '["1"]')["made"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"name": "x" * 11}, [("name", "should have at most 10 characters; this has 11")]),
        ({"name": "x"}, [("name", "string should have at least 2 characters")]),
        ({"name": "ab1"}, [("name", "must not have digits")]),
        ({"name": None}, [("name", "must not be NULL")]),
        ({"price": "-1"}, [("price", "input should be greater than or equal to 0")]),
        ({"price": "much"}, [("price", "holds a number, as 19.90")]),
        ({"size": "Huge"}, [("size", "holds one of Small, Big, as Small")]),
        ({"tags": '{"a": 1}'}, [("tags", "input should be a valid list")]),
        ({"tags": "[1"}, [("tags", "holds JSON, as [1,2]")]),
        ({"nothing": "1"}, [("nothing", "`chg_toy` has no such column")]),
        ({"shelf_id": New("new-9")}, [("shelf_id", "points at a new row that is not among the changes")]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_cell_that_the_model_does_not_allow_is_named(shop, values, problems):
    before = shop.rows("SELECT * FROM chg_toy ORDER BY id")
    changes = [
        Update("chg_toy", '["2"]', {"price": "1.00"}, {"price": "9.00"}),
        Update("chg_toy", '["1"]', values, {}),
    ]

    outcome = shop.save(*changes)

    assert [(each.index, each.column, each.message) for each in outcome.problems] == [(1, *each) for each in problems]
    assert shop.review(*changes).problems == outcome.problems
    assert shop.rows("SELECT * FROM chg_toy ORDER BY id") == before


def test_a_new_row_names_every_column_that_it_lacks(shop):
    outcome = shop.save(Insert("chg_plain", "new-1", {"b": "y"}), Insert("chg_toy", "new-2", {}))

    assert [(each.index, each.column) for each in outcome.problems] == [
        (0, "a"),
        (0, "c"),
        (1, "shelf_id"),
        (1, "name"),
    ]


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (Update("chg_shelf", '["2"]', {"name": "top"}, {}), "name", "another row has this value already"),
        (Update("chg_toy", '["1"]', {"shelf_id": "77"}, {}), "shelf_id", "points at a row that is not there"),
        (Update("chg_toy", '["2"]', {"name": "ball"}, {}), "name", "another row has this value already"),
        (Update("chg_toy", '["2"]', {"price": "2000"}, {}), "price", ""),
        (Delete("chg_shelf", '["1"]', {}), None, "other rows point at this one"),
        (Insert("chg_shelf", "new-1", {"name": "top"}), "name", "another row has this value already"),
        (Insert("chg_plain", "new-1", {"a": "1", "b": "x", "c": "1"}), "a", "another row has this value already"),
    ],
    ids=["unique", "reference", "unique of two", "check", "delete", "insert", "primary key"],
)
def test_what_the_database_refuses_is_a_problem_of_its_change_and_nothing_is_written(shop, change, column, words):
    before = [shop.rows(f"SELECT * FROM {table} ORDER BY 1") for table in ("chg_toy", "chg_shelf", "chg_plain")]

    outcome = shop.save(Update("chg_toy", '["1"]', {"note": "x"}, {}), change)

    assert [(each.index, each.column) for each in outcome.problems] == [(1, column)]
    assert outcome.problems[0].message.startswith(words)
    assert (outcome.saved, outcome.sql, outcome.keys) == (0, (), {})
    assert [shop.rows(f"SELECT * FROM {table} ORDER BY 1") for table in ("chg_toy", "chg_shelf", "chg_plain")] == before


def test_a_row_that_somebody_changed_meanwhile_is_a_conflict(shop):
    outcome = shop.save(
        Update("chg_toy", '["1"]', {"price": "5"}, {"price": "2.00", "name": "ball"}),
        Update("chg_toy", '["2"]', {"price": "5"}, {"price": "9.00"}),
        Delete("chg_toy", '["99"]', {}),
        Delete("chg_toy", '["2"]', {"note": "", "name": "dolly"}),
    )

    assert outcome.conflicts == (
        Conflict(0, False, {"price": "2.50"}),
        Conflict(3, False, {"note": None, "name": "doll"}),
        Conflict(2, True, {}),
    ) or sorted(each.index for each in outcome.conflicts) == [0, 2, 3]
    assert shop.cells("chg_toy", '["2"]')["price"] == "9.00"


def test_the_old_value_of_a_cut_cell_is_its_beginning_and_its_length(shop):
    long = "ä" * 1000
    shop.save(Update("chg_toy", '["1"]', {"note": long}, {"note": None}))

    wrong = shop.save(Update("chg_toy", '["1"]', {"note": "x"}, {"note": Cut(long[:300], 999)}))
    right = shop.save(Update("chg_toy", '["1"]', {"note": ""}, {"note": Cut(long[:300], 1000)}))

    assert wrong.conflicts == (Conflict(0, False, {"note": long[:300]}),)
    assert (right.conflicts, shop.cells("chg_toy", '["1"]')["note"]) == ((), "")


def test_null_and_the_null_of_json_and_an_empty_text_are_three(shop):
    shop.save(Update("chg_toy", '["1"]', {"tags": "[]", "note": ""}, {}))
    empty = shop.cells("chg_toy", '["1"]')
    shop.save(Update("chg_toy", '["1"]', {"tags": None, "note": None}, {}))
    nulls = shop.cells("chg_toy", '["1"]')

    assert (empty["tags"], empty["note"], nulls["tags"], nulls["note"]) == ("[]", "", None, None)
    assert shop.rows("SELECT count(*) FROM chg_toy WHERE tags IS NULL AND id = 1") == [(1,)]


def test_a_row_is_replaced_by_another_with_the_same_unique_value(shop):
    outcome = shop.save(Insert("chg_shelf", "new-1", {"name": "low"}), Delete("chg_shelf", '["2"]', {"name": "low"}))

    assert outcome.problems == ()
    assert shop.rows("SELECT name FROM chg_shelf ORDER BY name") == [("low",), ("top",)]


def test_parents_and_children_are_deleted_in_any_order(shop):
    shop.save(
        Insert("chg_shelf", "new-1", {"id": "10", "name": "a", "parent_id": None}),
        Insert("chg_shelf", "new-2", {"id": "11", "name": "b", "parent_id": "10"}),
    )

    outcome = shop.save(
        Delete("chg_shelf", '["1"]', {}),
        Delete("chg_shelf", '["10"]', {}),
        Delete("chg_shelf", '["11"]', {}),
        Delete("chg_toy", '["1"]', {}),
        Delete("chg_toy", '["2"]', {}),
    )

    assert outcome.problems == ()
    assert shop.rows("SELECT name FROM chg_shelf") == [("low",)]


def test_new_rows_that_point_at_each_other_are_refused(shop):
    outcome = shop.save(
        Insert("chg_shelf", "new-1", {"name": "a", "parent_id": New("new-2")}),
        Insert("chg_shelf", "new-2", {"name": "b", "parent_id": New("new-1")}),
    )

    assert [each.message for each in outcome.problems] == ["points at a row that points back at it"]


def test_a_number_given_by_hand_is_not_given_out_again(shop):
    shop.save(Insert("chg_shelf", "new-1", {"id": "500", "name": "by hand"}))

    outcome = shop.save(Insert("chg_shelf", "new-1", {"name": "counted"}))

    assert outcome.problems == ()


def test_a_generated_column_is_not_written(shop):
    outcome = shop.save(Update("chg_plain", '["1","x"]', {"twice": "3"}, {}))

    assert outcome.problems == (Problem(0, "twice", "is computed by the database"),)


def test_a_row_without_a_key_is_edited_by_its_address_where_it_has_one(shop):
    outcome = shop.save(Insert("chg_bare", "new-1", {"x": "1", "y": "one"}), Insert("chg_bare", "new-2", {"x": "1"}))
    assert outcome.problems == ()
    if shop.database.kind == "mysql":
        refused = shop.save(Update("chg_bare", "[]", {"x": "2"}, {}))
        assert [each.message for each in refused.problems] == ["nothing tells this row from others"]
        return

    changed = shop.save(Update("chg_bare", outcome.keys["new-1"], {"x": "2"}, {"x": "1", "y": "one"}))

    assert (changed.problems, changed.conflicts) == ((), ())
    assert sorted(shop.rows("SELECT x FROM chg_bare")) == [(1,), (2,)]


def test_a_time_is_in_the_zone_of_the_project(shop):
    outcome = shop.save(Update("chg_toy", '["1"]', {"made": "2025-06-01 10:00"}, {"made": "2025-01-01T00:00:00Z"}))

    assert (outcome.problems, outcome.conflicts) == ((), ())
    assert shop.cells("chg_toy", '["1"]')["made"] == "2025-06-01T10:00:00Z"


def test_an_unknown_table_is_an_error(shop):
    with pytest.raises(TableNotFoundError):
        shop.save(Insert("nothing", "new-1", {}))


def test_the_review_shows_statements_with_values_in_the_order_of_execution(shop):
    outcome = shop.review(
        Delete("chg_toy", '["2"]', {}),
        Update("chg_toy", '["1"]', {"name": "O'Neill", "price": "5.50", "note": None}, {}),
        Insert("chg_toy", "new-1", {"shelf_id": New("new-2"), "name": "it"}),
        Insert("chg_shelf", "new-2", {"name": "attic"}),
    )

    assert [statement.sql for statement in outcome.sql] == [
        "INSERT INTO chg_shelf (name) VALUES ('attic')",
        "INSERT INTO chg_toy (shelf_id, name) VALUES (<new-2.id>, 'it')",
        "UPDATE chg_toy SET name = 'O''Neill', price = 5.50, note = NULL WHERE id = 1",
        "DELETE FROM chg_toy WHERE id = 2",
    ]


def test_values_come_back_as_they_were_typed(shop):
    shop.save(Update("chg_toy", '["1"]', {"name": "'; --", "note": '%s "x" \\ 🙂', "tags": '["a","b"]'}, {}))
    refused = shop.save(Update("chg_toy", '["1"]', {"tags": '["a"]', "note": '%s "x" \\ 🙂'}, {"note": '%s "x" \\ 🙂'}))

    cells = shop.cells("chg_toy", '["1"]')
    assert (refused.problems, cells["note"], cells["tags"]) == ((), '%s "x" \\ 🙂', '["a"]')
    with shop.database.connect("read") as connection:
        assert len(page(connection, shop.sheets("chg_toy"), Criteria(), Place(), zone=UTC).rows) == 2
