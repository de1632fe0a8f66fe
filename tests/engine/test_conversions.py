"""A column that changes its type keeps its values, in both directions, or says how many it would lose."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from test_diff import ID, Loop, fill, loop, table

__all__ = ["loop"]

# before, after, what a row holds as SQL, what it holds afterwards as text
KEPT: dict[str, tuple[Any, Any, str, str]] = {
    "text to integer": (sa.String(20), sa.Integer(), "'12'", "12"),
    "text to number": (sa.String(20), sa.Numeric(8, 2), "'1.50'", "1.50"),
    "text to date": (sa.String(20), sa.Date(), "'2024-01-31'", "2024-01-31"),
    "text to moment": (sa.String(40), sa.DateTime(), "'2024-01-31 10:20:30'", "2024-01-31 10:20:30"),
    "text to uuid": (
        sa.String(36),
        sa.Uuid(),
        "'12345678-1234-5678-1234-567812345678'",
        "12345678-1234-5678-1234-567812345678",
    ),
    "text to json": (sa.String(40), sa.JSON(), "'[1, 2]'", "[1, 2]"),
    "date to moment": (sa.Date(), sa.DateTime(), "'2024-01-31'", "2024-01-31 00:00:00"),
    "moment to date": (sa.DateTime(), sa.Date(), "'2024-01-31 00:00:00'", "2024-01-31"),
    "integer to text": (sa.Integer(), sa.String(20), "12", "12"),
    "integer to larger": (sa.Integer(), sa.BigInteger(), "12", "12"),
    "integer to number": (sa.Integer(), sa.Numeric(8, 2), "12", "12.00"),
    "integer to truth": (sa.Integer(), sa.Boolean(), "1", "True"),
    "truth to integer": (sa.Boolean(), sa.Integer(), "TRUE", "1"),
    "number to integer": (sa.Numeric(8, 2), sa.Integer(), "12", "12"),
    "short to long text": (sa.String(20), sa.Text(), "'long'", "long"),
    "zone": (sa.DateTime(), sa.DateTime(timezone=True), "'2024-01-31 10:20:30'", "2024-01-31 10:20:30"),
}


@pytest.mark.parametrize(("before", "after", "given", "expected"), KEPT.values(), ids=KEPT)
def test_values_survive_a_change_of_type(loop: Loop, before: Any, after: Any, given: str, expected: str) -> None:
    loop.migrate(table("t", ID, sa.Column("x", before)))
    fill(loop, f"INSERT INTO t (id, x) VALUES (1, {given}), (2, NULL)")

    loop.migrate(table("t", ID, sa.Column("x", after)))

    assert values(loop, after) == [expected, "None"]
    assert not loop.write(table("t", ID, sa.Column("x", after)))


def values(loop: Loop, kind: Any) -> list[str]:
    """What the application would read."""
    with loop.database.connect("read") as connection:
        found = connection.execute(sa.select(sa.Column("x", kind)).select_from(sa.table("t")).order_by(sa.text("id")))
        return [str(value).removesuffix("+00:00") for (value,) in found]


# before, after, values as SQL, how many of them would be lost on SQLite, PostgreSQL, MariaDB
LOST: dict[str, tuple[Any, Any, list[str], tuple[int, int, int]]] = {
    "text to integer": (sa.String(20), sa.Integer(), ["'12'", "'twelve'", "'1.5'", "' 7 '", "NULL"], (2, 2, 2)),
    "text too large": (sa.String(20), sa.Integer(), ["'3000000000'", "'3'"], (1, 1, 1)),
    "text to date": (sa.String(20), sa.Date(), ["'2024-01-31'", "'soon'", "'2024-02-31'"], (2, 2, 2)),
    "text to shorter": (sa.String(20), sa.String(3), ["'abc'", "'abcd'"], (1, 1, 1)),
    "text to uuid": (sa.String(40), sa.Uuid(), ["'12345678-1234-5678-1234-567812345678'", "'no'"], (1, 1, 1)),
    "text to json": (sa.String(40), sa.JSON(), ["'{}'", "'{'"], (1, 1, 1)),
    "number to integer": (sa.Numeric(8, 2), sa.Integer(), ["1", "1.5"], (1, 1, 1)),
    "number to fewer digits": (sa.Numeric(8, 4), sa.Numeric(8, 2), ["1.25", "1.255"], (1, 1, 1)),
    "large to small integer": (sa.BigInteger(), sa.Integer(), ["1", "3000000000"], (1, 1, 1)),
    "integer to truth": (sa.Integer(), sa.Boolean(), ["0", "1", "2"], (1, 1, 1)),
    "moment to date": (sa.DateTime(), sa.Date(), ["'2024-01-31 00:00:00'", "'2024-01-31 10:00:00'"], (1, 1, 1)),
    "all safe": (sa.Integer(), sa.BigInteger(), ["1", "2"], (0, 0, 0)),
}


@pytest.mark.parametrize(("before", "after", "given", "lost"), LOST.values(), ids=LOST)
def test_what_would_not_survive_is_counted(
    loop: Loop, before: Any, after: Any, given: list[str], lost: tuple[int, int, int]
) -> None:
    loop.migrate(table("t", ID, sa.Column("x", before)))
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(given, 1))
    fill(loop, f"INSERT INTO t (id, x) VALUES {rows}")
    column = sa.Table("t", sa.MetaData(), sa.Column("x", before)).c.x

    with loop.database.connect("write") as connection:
        found = loop.database.count_misfits(connection, column, after)

    assert found == lost[("sqlite", "postgres", "mysql").index(loop.database.kind)]
