"""Columns that get another type, and keep their values."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from corpus.case import ID, Case, Models, column, key, one, plain, table, values

DAY, MOMENT = date(2024, 1, 31), datetime(2024, 1, 31, 10, 20, 30)
MIDNIGHT = datetime(2024, 1, 31)
NUMBER = uuid.UUID("12345678-1234-5678-1234-567812345678")
Text = sa.String(60)


def changed(name: str, old: Any, new: Any, given: list[Any], got: list[Any] | None = None, **more: Any) -> Case:
    """A column `x` of another type; `got` is what the values are then, if they are not the same."""
    expect = {"t.x": got} if got is not None else {}
    return Case("types", name, one(old), one(new), values(*given), **{"expect": expect, **more})


def pair(kind: Any) -> list[Models]:
    """Two tables, the second of which points at the first by a key of this type."""
    return [table("a", key("id", kind)), table("b", ID, column("a_id", kind, sa.ForeignKey("a.id")))]


CASES = [
    # Text
    changed(
        "text to longer",
        sa.String(20),
        sa.String(80),
        ["a", None, "ü" * 20],
        words=["change column t.x: type VARCHAR(20) to VARCHAR(80)"],
        takes=[("t", {"id": 9, "x": "z" * 80})],
    ),
    changed("text to shorter that fits", sa.String(80), sa.String(20), ["a" * 20, None]),
    changed("text to shorter that is cut", sa.String(20), sa.String(3), ["abc", None], accept=True),
    changed("text without a limit", sa.String(20), sa.Text(), ["a", "it's 100%", None]),
    changed("text with a limit again", sa.Text(), sa.String(60), ["a", None]),
    changed("fixed text", sa.String(3), sa.CHAR(3), ["abc", None]),
    changed("text to integer", Text, sa.Integer(), ["12", "-7", None], [12, -7, None]),
    changed("text to large integer", Text, sa.BigInteger(), ["3000000000", None], [3000000000, None]),
    changed(
        "text to number",
        Text,
        sa.Numeric(8, 2),
        ["1.50", "-2", None],
        [Decimal("1.50"), Decimal("-2"), None],
        back={"t.x": None},
        again={"t.x": [Decimal("1.50"), Decimal("-2"), None]},
    ),
    changed("text to fraction", Text, sa.Double(), ["1.5", None], [1.5, None]),
    changed("text to truth", Text, sa.Boolean(), ["true", "false", None], [True, False, None], back={"t.x": None}),
    changed("text to date", Text, sa.Date(), ["2024-01-31", None], [DAY, None]),
    changed("text to moment", Text, sa.DateTime(), ["2024-01-31 10:20:30", None], [MOMENT, None], back={"t.x": None}),
    changed("text to time", Text, sa.Time(), ["10:20:30", None], [time(10, 20, 30), None], back={"t.x": None}),
    changed("text to uuid", Text, sa.Uuid(), [str(NUMBER), None], [NUMBER, None]),
    changed("text to JSON", Text, sa.JSON(), ['{"a": [1, 2]}', None], [{"a": [1, 2]}, None], back={"t.x": None}),
    # Numbers
    changed("integer to larger", sa.Integer(), sa.BigInteger(), [1, -5, None]),
    changed("small integer to integer", sa.SmallInteger(), sa.Integer(), [1, -5, None]),
    changed("large integer to integer that fits", sa.BigInteger(), sa.Integer(), [2147483647, None]),
    changed("integer to small that fits", sa.Integer(), sa.SmallInteger(), [32767, None]),
    changed("integer to text", sa.Integer(), Text, [12, -7, None], ["12", "-7", None]),
    changed("integer to number", sa.Integer(), sa.Numeric(8, 2), [12, None], [Decimal(12), None]),
    changed("integer to fraction", sa.Integer(), sa.Double(), [12, None], [12.0, None]),
    changed(
        "integer to truth", sa.Integer(), sa.Boolean(), [0, 1, None], [False, True, None], back={"t.x": [0, 1, None]}
    ),
    changed("number to integer that fits", sa.Numeric(8, 2), sa.Integer(), [Decimal("12.00"), None], [12, None]),
    changed(
        "number to integer that is cut",
        sa.Numeric(8, 2),
        sa.Integer(),
        [Decimal("12.75"), None],
        None,
        expect={"t.x": None},
        accept=True,
        back={"t.x": None},
    ),
    changed("number to more digits", sa.Numeric(8, 2), sa.Numeric(12, 4), [Decimal("1.25"), None]),
    changed("number to fewer digits that fit", sa.Numeric(12, 4), sa.Numeric(8, 2), [Decimal("1.25"), None]),
    changed("number to text", sa.Numeric(8, 2), Text, [Decimal("1.25"), None], None, expect={"t.x": ["1.25", None]}),
    changed("number to fraction", sa.Numeric(8, 2), sa.Double(), [Decimal("1.50"), None], [1.5, None]),
    changed("fraction to number", sa.Double(), sa.Numeric(8, 2), [1.5, None], [Decimal("1.50"), None]),
    changed("fraction to integer that fits", sa.Double(), sa.Integer(), [2.0, None], [2, None]),
    changed("float to double", sa.Float(), sa.Double(), [1.5, None]),
    changed("fraction to text", sa.Double(), Text, [1.5, None], ["1.5", None]),
    # Truth
    changed("truth to integer", sa.Boolean(), sa.Integer(), [True, False, None], [1, 0, None]),
    changed(
        "truth to text",
        sa.Boolean(),
        Text,
        [True, False, None],
        None,
        expect={"t.x": None},
        back={"t.x": [True, False, None]},
    ),
    # Time
    changed("date to moment", sa.Date(), sa.DateTime(), [DAY, None], [MIDNIGHT, None]),
    changed("moment to date that fits", sa.DateTime(), sa.Date(), [MIDNIGHT, None], [DAY, None]),
    changed(
        "moment to date that is cut",
        sa.DateTime(),
        sa.Date(),
        [MOMENT, None],
        [DAY, None],
        accept=True,
        back={"t.x": None},
    ),
    changed("date to text", sa.Date(), Text, [DAY, None], ["2024-01-31", None]),
    changed("moment to text", sa.DateTime(), Text, [MOMENT, None], None, expect={"t.x": None}),
    changed("moment gets a zone", sa.DateTime(), sa.DateTime(timezone=True), [MOMENT, None]),
    changed("moment loses its zone", sa.DateTime(timezone=True), sa.DateTime(), [MOMENT, None]),
    changed("time to text", sa.Time(), Text, [time(10, 20, 30), None], None, expect={"t.x": None}),
    changed(
        "moment to time",
        sa.DateTime(),
        sa.Time(),
        [MOMENT, None],
        [time(10, 20, 30), None],
        accept=True,
        back={"t.x": None},
    ),
    # Others
    changed(
        "uuid to text",
        *(sa.Uuid(), sa.String(36), [NUMBER, None], [str(NUMBER), None]),
        back={"t.x": [NUMBER, None]},
        only=("postgres", "mysql"),
    ),
    changed(  # SQLite holds it as a text of 32 letters, which may as well have been one
        "uuid to text where it is one", sa.Uuid(), sa.String(36), [NUMBER, None], [NUMBER.hex, None], only=("sqlite",)
    ),
    changed("JSON to text", sa.JSON(), sa.Text(), [{"a": [1, 2]}, "s"], None, expect={"t.x": None}),
    changed("bytes to more", sa.LargeBinary(20), sa.LargeBinary(2000), [b"\x00\xff", None]),
    # Beside other things
    Case(
        "types",
        "a type and a server default at once",
        one(sa.Integer, server_default="3"),
        one(sa.String(20), server_default="three"),
        values(1, 2),
        expect={"t.x": ["1", "2"]},
        gives=[("t", {"id": 9}, {"x": "three"})],
    ),
    Case(
        "types",
        "a type beside a server default that stays",
        one(sa.Integer, server_default="3"),
        one(sa.BigInteger, server_default="3"),
        values(1, 2),
        gives=[("t", {"id": 9}, {"x": 3})],
    ),
    Case(
        "types",
        "an integer with a default to text",
        one(sa.Integer, server_default="3"),
        one(sa.String(20), server_default="3"),
        values(1, 2),
        expect={"t.x": ["1", "2"]},
        gives=[("t", {"id": 9}, {"x": "3"})],
    ),
    Case(
        "types",
        "a type with an index",
        one(sa.Integer, index=True),
        one(sa.String(20), index=True),
        values(1, 2),
        expect={"t.x": ["1", "2"]},
    ),
    Case(
        "types",
        "a type that is unique",
        one(sa.String(20), unique=True),
        one(sa.Integer, unique=True),
        values("1", "2"),
        expect={"t.x": [1, 2]},
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "types",
        "a type that is required at once",
        one(sa.String(20)),
        one(sa.Integer, nullable=False),
        values("1", None),
        fills={"t.x": "0"},
        expect={"t.x": [1, 0]},
        back={"t.x": ["1", "0"]},
    ),
    Case(
        "types",
        "a type and a default that is required at once",
        one(sa.Numeric(8, 2)),
        one(sa.Integer, nullable=False, server_default="7"),
        values(1, None),
        fills={"t.x": "0"},
        expect={"t.x": [1, 0]},
        back={"t.x": [1, 0]},
        gives=[("t", {"id": 9}, {"x": 7})],
    ),
    Case(
        "types",
        "a type that may be empty at once",
        one(sa.String(20), nullable=False),
        one(sa.Integer),
        values("1", "2"),
        expect={"t.x": [1, 2]},
        takes=[("t", {"id": 9, "x": None})],
    ),
    Case(
        "types",
        "two types in one table",
        plain(column("x", sa.String(9)), column("y", sa.Date)),
        plain(column("x", sa.Integer), column("y", sa.DateTime)),
        {"t": [{"id": 1, "x": "5", "y": DAY}]},
        expect={"t.x": [5], "t.y": [MIDNIGHT]},
    ),
    Case(
        "types",
        "a key that others point at",
        pair(sa.Integer),
        pair(sa.BigInteger),
        {"a": [{"id": 1}], "b": [{"id": 1, "a_id": 1}]},
        refuses=[("b", {"id": 9, "a_id": 99})],
    ),
]
