"""The filters of a grid mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from show_sample import KINDS, throwaway
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    insert,
    select,
)

from dbtool.errors import ColumnNotFoundError, ConditionError, RecordNotFoundError
from dbtool.rows.conditions import Filter, filter_clause, search_clause
from dbtool.rows.operators import operators, reference_operators


class Mood(enum.Enum):
    happy = "Very happy"
    sad = "sad"


metadata = MetaData()
owner = Table("owner", metadata, Column("id", Integer, primary_key=True), Column("name", String(50), unique=True))
thing = Table(
    "thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id")),
    Column("name", String(100)),
    Column("score", Float),
    Column("price", Numeric(10, 2)),
    Column("mood", Enum(Mood)),
    Column("done", Boolean, nullable=False),
    Column("day", Date),
    Column("seen", DateTime),
    Column("extra", JSON(none_as_null=True)),
    Column("data", LargeBinary(10)),
    Column("token", Uuid),
)
TOKEN = UUID("12345678-1234-5678-1234-567812345678")
ROWS = [
    {
        "id": 1,
        "owner_id": 1,
        "name": "Apple pie",
        "score": 87.3,
        "price": Decimal("19.90"),
        "mood": Mood.happy,
        "done": True,
    },
    {
        "id": 2,
        "owner_id": 2,
        "name": "100% pie",
        "score": 12.5,
        "price": Decimal("5.00"),
        "mood": Mood.sad,
        "done": False,
    },
    {"id": 3, "owner_id": 1, "name": "", "score": None, "price": None, "mood": None, "done": True},
    {
        "id": 4,
        "owner_id": None,
        "name": None,
        "score": 12.5,
        "price": Decimal("-1.00"),
        "mood": Mood.happy,
        "done": True,
    },
    {
        "id": 5,
        "owner_id": 3,
        "name": "a_b\\c'",
        "score": 0.0,
        "price": Decimal("0.00"),
        "mood": Mood.sad,
        "done": False,
    },
]
MORE = {
    1: {"day": date(2025, 1, 1), "seen": datetime(2025, 1, 1), "token": TOKEN, "data": b""},
    2: {"day": date(2025, 1, 2), "seen": datetime(2025, 1, 1, 23, 59, 59), "data": b"\x00\xff"},
    3: {"day": None, "seen": datetime(2025, 1, 2)},
    4: {"day": date(2024, 12, 31), "seen": None},
    5: {"day": date(2025, 1, 2), "seen": datetime(2024, 12, 31, 12), "extra": {"a": ["Needle"]}},
}


@pytest.fixture(scope="module", params=KINDS)
def connection(request, tmp_path_factory) -> Iterator[Connection]:
    with throwaway(request.param, tmp_path_factory.mktemp("conditions")) as (_, engine):
        metadata.create_all(engine)
        with engine.begin() as writing:
            writing.execute(insert(owner), [{"name": "johndoe"}, {"name": "anna"}, {"name": "1"}])
            for row in ROWS:
                writing.execute(insert(thing).values(**row, **MORE[row["id"]]))  # type: ignore[index]
        with engine.connect() as reading:
            yield reading


def found(connection: Connection, column: str, operator: str, *values: str) -> list[int]:
    clause = filter_clause(connection, thing, Filter(column, operator, values), UTC)
    return list(connection.execute(select(thing.c.id).where(clause).order_by(thing.c.id)).scalars())


@pytest.mark.parametrize(
    ("column", "operator", "values", "ids"),
    [
        ("id", "eq", ("3",), [3]),
        ("id", "ne", ("3",), [1, 2, 4, 5]),
        ("id", "lt", ("3",), [1, 2]),
        ("id", "le", ("3",), [1, 2, 3]),
        ("id", "gt", ("3",), [4, 5]),
        ("id", "ge", ("3",), [3, 4, 5]),
        ("id", "in", ("1", "4"), [1, 4]),
        ("id", "in", (), []),
        ("id", "not_in", ("1", "4"), [2, 3, 5]),
        ("id", "not_in", (), [1, 2, 3, 4, 5]),
        ("id", "between", ("2", "4"), [2, 3, 4]),
        ("name", "eq", ("null",), []),
        ("name", "contains", ("PIE",), [1, 2]),
        ("name", "not_contains", ("pie",), [3, 5]),
        ("name", "contains", ("%",), [2]),
        ("name", "contains", ("_",), [5]),
        ("name", "contains", ("\\",), [5]),
        ("name", "starts", ("apple",), [1]),
        ("name", "starts", ("_",), []),
        ("name", "ends", ("PIE",), [1, 2]),
        ("name", "ends", ("'",), [5]),
        ("name", "in", ("", "100% pie"), [2, 3]),
        ("name", "null", (), [4]),
        ("name", "not_null", (), [1, 2, 3, 5]),
        ("name", "empty", (), [3]),
        ("name", "not_empty", (), [1, 2, 5]),
        ("score", "eq", ("87.3",), [1]),
        ("score", "ne", ("87.3",), [2, 4, 5]),
        ("score", "in", ("87.3", "0"), [1, 5]),
        ("score", "between", ("0", "87.3"), [1, 2, 4, 5]),
        ("price", "ge", ("5",), [1, 2]),
        ("mood", "eq", ("Very happy",), [1, 4]),
        ("mood", "in", ("sad", "Very happy"), [1, 2, 4, 5]),
        ("mood", "contains", ("VERY",), [1, 4]),
        ("done", "eq", ("false",), [2, 5]),
        ("day", "between", ("2025-01-01", "2025-01-02"), [1, 2, 5]),
        ("seen", "eq", ("2025-01-01",), [1, 2]),
        ("seen", "between", ("2024-12-31", "2025-01-01"), [1, 2, 5]),
        ("seen", "le", ("9999-12-31",), [1, 2, 3, 5]),
        ("seen", "not_in", ("2025-01-01",), [3, 5]),
        ("seen", "gt", ("2025-01-01T23:59:58",), [2, 3]),
        ("extra", "contains", ("needle",), [5]),
        ("extra", "null", (), [1, 2, 3, 4]),
        ("data", "eq", ("00ff",), [2]),
        ("data", "empty", (), [1]),
        ("token", "eq", (str(TOKEN),), [1]),
        ("owner_id", "eq", ("2",), [2]),
        ("owner_id", "in", ("anna",), [2]),
        ("owner", "eq", ("johndoe",), [1, 3]),
        ("owner", "eq", ("1",), [5]),
        ("owner", "ne", ("johndoe",), [2, 5]),
        ("owner", "in", ("johndoe", "anna"), [1, 2, 3]),
        ("owner", "not_in", ("johndoe", "anna"), [5]),
        ("owner", "contains", ("N",), [1, 2, 3]),
        ("owner", "not_contains", ("N",), [5]),
        ("owner", "null", (), [4]),
        ("owner", "not_null", (), [1, 2, 3, 5]),
    ],
)
def test_a_filter_finds_its_rows(connection, column, operator, values, ids):
    assert found(connection, column, operator, *values) == ids


@pytest.mark.parametrize(
    ("column", "operator", "values", "error", "hint"),
    [
        ("id", "eq", ("many",), ConditionError, "id = 42"),
        ("id", "between", ("1", "x"), ConditionError, "id between 42"),
        ("id", "is", ("1",), ConditionError, None),
        ("id", "eq", (), ConditionError, "give 1"),
        ("id", "between", ("1",), ConditionError, "give 2"),
        ("id", "null", ("1",), ConditionError, "give 0"),
        ("extra", "eq", ("{}",), ConditionError, "extra contains {}"),
        ("mood", "eq", ("angry",), ConditionError, "mood = Very happy"),
        ("owner", "lt", ("x",), ConditionError, None),
        ("owner", "starts", ("x",), ConditionError, None),
        ("owner", "eq", ("nobody",), RecordNotFoundError, None),
        ("nothing", "eq", ("x",), ColumnNotFoundError, None),
        ("name", "eq", ("\udcff",), ConditionError, None),
        ("owner", "contains", ("\udcff",), ConditionError, None),
        ("seen", "eq", ("0001-01-01T00:00:00+14:00",), ConditionError, None),
        ("extra", "eq", ("[" * 100_000,), ConditionError, None),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_what_would(connection, column, operator, values, error, hint):
    with pytest.raises(error) as raised:
        found(connection, column, operator, *values)

    assert raised.value.hint
    assert hint is None or raised.value.hint == hint


def test_a_search_finds_a_part_of_any_text_and_a_key(connection):
    def searched(text: str) -> list[int]:
        clause = search_clause(thing, text)
        assert clause is not None
        return list(connection.execute(select(thing.c.id).where(clause).order_by(thing.c.id)).scalars())

    assert [searched(text) for text in ("pie", "very", "%", "3", "nowhere")] == [[1, 2], [1, 4], [2], [1, 3], []]
    assert search_clause(thing, "") is None


def test_every_operator_that_a_column_offers_can_be_used(connection):
    examples = {"integer": "1", "float": "1.5", "decimal": "1.5", "date": "2025-01-01", "datetime": "2025-01-01"}
    for column in thing.columns:
        for operator in operators(column):
            text = {"mood": "sad", "done": "true", "token": str(TOKEN), "data": "00"}.get(
                column.name, examples.get(str(column.type.python_type.__name__).replace("int", "integer"), "1")
            )
            if column.name in ("day", "seen"):
                text = "2025-01-01"
            found(connection, column.name, operator.id, *[text] * max(operator.values, 0))
    for operator in reference_operators():
        found(connection, "owner", operator.id, *["anna"] * max(operator.values, 0))


def test_only_columns_that_hold_null_are_asked_for_it():
    assert "null" not in [operator.id for operator in operators(thing.c.done)]
    assert [operator.id for operator in operators(thing.c.done)] == ["eq", "ne"]
