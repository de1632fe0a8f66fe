"""Conditions and orders mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum as PythonEnum

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
)

from dbtool.errors import ConditionError, RecordNotFoundError
from dbtool.rows.conditions import Condition, read_condition
from dbtool.rows.query import Wanted, count, page, selection


class Mood(PythonEnum):
    happy = "Happy"
    sad = "Sad"


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
    Column("done", Boolean),
    Column("day", Date),
    Column("seen", DateTime),
    Column("extra", JSON(none_as_null=True)),
    Column("data", LargeBinary),
    Column("token", Uuid),
)
HOSTILE = "x'); DROP TABLE thing; -- %_\\"
ROWS = [
    {"id": 1, "owner_id": 1, "name": "Apple", "score": 87.3, "price": Decimal("19.90"), "mood": Mood.happy},
    {"id": 2, "owner_id": 2, "name": "apple pie", "score": 12.5, "price": Decimal("5.00"), "mood": Mood.sad},
    {"id": 3, "owner_id": 1, "name": "", "score": None, "price": None, "mood": None},
    {"id": 4, "owner_id": None, "name": None, "score": 12.5, "price": Decimal("-1.00"), "mood": Mood.happy},
    {"id": 5, "owner_id": 3, "name": HOSTILE, "score": 0.0, "price": Decimal("0.00"), "mood": Mood.sad},
]
MORE = {
    1: {"done": True, "day": date(2025, 1, 1), "seen": datetime(2025, 1, 1, 0, 0)},
    2: {"done": False, "day": date(2025, 1, 2), "seen": datetime(2025, 1, 1, 23, 59, 59)},
    3: {"done": True, "day": None, "seen": datetime(2025, 1, 2, 0, 0)},
    4: {"done": None, "day": date(2024, 12, 31), "seen": None},
    5: {"done": False, "day": date(2025, 1, 2), "seen": datetime(2024, 12, 31, 12), "extra": {"a": [1]}, "data": b"\0"},
}


@pytest.fixture(scope="module", params=KINDS)
def connection(request, tmp_path_factory) -> Iterator[Connection]:
    with throwaway(request.param, tmp_path_factory.mktemp("query")) as (_, engine):
        metadata.create_all(engine)
        with engine.begin() as writing:
            writing.execute(insert(owner), [{"name": "johndoe"}, {"name": "anna"}, {"name": "1"}])
            for row in ROWS:
                writing.execute(insert(thing).values(**row, **MORE[row["id"]]))
        with engine.connect() as reading:
            yield reading


def found(connection: Connection, *where: str, sort: tuple[str, ...] = ()) -> list[int]:
    chosen = selection(connection, thing, Wanted(where, sort, ["id"]), UTC)
    ids = [row["id"] for row in page(connection, chosen, None)]
    assert count(connection, chosen) == len(ids)
    return ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("id=3", [3]),
        ("id!=3", [1, 2, 4, 5]),
        ("id<3", [1, 2]),
        ("id <= 3", [1, 2, 3]),
        ("id>3", [4, 5]),
        ("id>=3", [3, 4, 5]),
        ("name=apple pie", [2]),
        ("name=", [3]),
        ("name=null", [4]),
        ("name!=null", [1, 2, 3, 5]),
        ("name~APPLE", [1, 2]),
        ("name~%", [5]),
        ("name~_", [5]),
        ("name~\\", [5]),
        (f"name={HOSTILE}", [5]),
        (f"name~{HOSTILE[:8]}", [5]),
        ("score=87.3", [1]),
        ("score!=87.3", [2, 4, 5]),
        ("score>=87.3", [1]),
        ("score>87.3", []),
        ("score<=87.3", [1, 2, 4, 5]),
        ("score<87.3", [2, 4, 5]),
        ("score=null", [3]),
        ("price=19.9", [1]),
        ("price>-1", [1, 2, 5]),
        ("price~9.9", [1]),
        ("mood=Happy", [1, 4]),
        ("mood=sad", [2, 5]),
        ("mood!=Sad", [1, 4]),
        ("done=true", [1, 3]),
        ("done=no", [2, 5]),
        ("done=null", [4]),
        ("day=2025-01-02", [2, 5]),
        ("day<2025-01-01", [4]),
        ("day~2025-01", [1, 2, 5]),
        ("seen=2025-01-01", [1, 2]),
        ("seen!=2025-01-01", [3, 5]),
        ("seen<2025-01-01", [5]),
        ("seen<=2025-01-01", [1, 2, 5]),
        ("seen>2025-01-01", [3]),
        ("seen>=2025-01-01", [1, 2, 3]),
        ("seen=2025-01-01 23:59:59", [2]),
        ("seen>2025-01-01T23:59:59Z", [3]),
        ("extra=null", [1, 2, 3, 4]),
        ("extra~a", [5]),
        ("data=00", [5]),
        ("owner_id=1", [1, 3]),
        ("owner_id=johndoe", [1, 3]),
        ("owner=johndoe", [1, 3]),
        ("owner=1", [5]),
        ("owner!=johndoe", [2, 5]),
        ("owner=null", [4]),
        ("owner!=null", [1, 2, 3, 5]),
        ("owner~OHN", [1, 3]),
    ],
)
def test_a_condition_finds_the_rows_that_meet_it(connection, where, ids):
    assert found(connection, where) == ids


def test_all_conditions_must_be_met(connection):
    assert found(connection, "owner=johndoe", "score!=null") == [1]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("-id",), [5, 4, 3, 2, 1]),
        (("score",), [5, 2, 4, 1, 3]),
        (("-score",), [1, 2, 4, 5, 3]),
        (("-score,-id",), [1, 4, 2, 5, 3]),
        (("-score", "-id"), [1, 4, 2, 5, 3]),
        (("price",), [4, 5, 2, 1, 3]),
        (("-day",), [2, 5, 1, 4, 3]),
        (("owner_id",), [1, 3, 2, 5, 4]),
        (("owner",), [5, 2, 1, 3, 4]),
        (("-owner",), [1, 3, 2, 5, 4]),
    ],
)
def test_an_order_is_total_and_ends_with_null(connection, sort, ids):
    assert found(connection, sort=sort) == ids


@pytest.mark.parametrize(
    ("where", "message", "hint"),
    [
        ("score=high", "`high` does not fit `thing.score`, which holds a number", "--where score=87.5"),
        ("id>1.5", "`1.5` does not fit `thing.id`, which holds a whole number", "--where 'id>42'"),
        ("done=maybe", "`maybe` does not fit `thing.done`, which holds true or false", "--where done=true"),
        ("day=tomorrow", "`tomorrow` does not fit `thing.day`, which holds a date", "--where day=2025-01-31"),
        ("mood=angry", "`angry` does not fit `thing.mood`, which holds one of Happy, Sad", "--where mood=Happy"),
        ("extra={}", "`extra` holds JSON, which is only searched", "--where 'extra~{}'"),
        ("owner<5", "`owner` is a relation, which is neither less nor greater", "--where 'owner_id<5', or = != ~"),
    ],
)
def test_a_value_that_does_not_fit_is_answered_with_one_that_does(connection, where, message, hint):
    with pytest.raises(ConditionError) as error:
        found(connection, where)

    assert (error.value.message, error.value.hint) == (message, hint)


@pytest.mark.parametrize("where", ["owner=nobody", "owner_id=nobody", "owner!=nobody"])
def test_a_natural_key_that_names_no_row_is_an_error_and_no_empty_answer(connection, where):
    with pytest.raises(RecordNotFoundError) as error:
        found(connection, where)

    assert error.value.message == "`owner` has no row `nobody`"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a=b", Condition("a", "=", "b")),
        ("a = b", Condition("a", "=", "b")),
        ("a!=b", Condition("a", "!=", "b")),
        ("a>=b=c", Condition("a", ">=", "b=c")),
        ("a=", Condition("a", "=", "")),
        ("a==b", Condition("a", "=", "=b")),
        ("a~<b>\n", Condition("a", "~", "<b>\n")),
        ("two words=1", Condition("two words", "=", "1")),
    ],
)
def test_a_condition_is_split_at_its_first_operator(text, condition):
    assert read_condition(text) == condition


@pytest.mark.parametrize("text", ["", "a", "=1", "a b", "~"])
def test_what_has_no_name_or_no_operator_is_no_condition(text):
    with pytest.raises(ConditionError) as error:
        read_condition(text)

    assert error.value.message == f"`{text}` is no condition"


def test_no_typed_text_becomes_part_of_the_sql(connection):
    wanted = Wanted([f"name={HOSTILE}", f"owner~{HOSTILE}", "score>0.125"], ["-owner"], ["id"])

    sql = str(selection(connection, thing, wanted, UTC).statement.compile(connection))

    assert not re.search(r"DROP|0\.125|x'\)", sql)


def test_a_table_without_primary_key_is_ordered_by_all_that_can_be_compared(connection):
    loose = Table(
        "thing", MetaData(), *(Column(c.name, c.type) for c in thing.columns if c.name in ("score", "extra", "id"))
    )

    chosen = selection(connection, loose, Wanted(sort=["-score"]), UTC)

    assert [row["id"] for row in page(connection, chosen, None)] == [1, 2, 4, 5, 3]
