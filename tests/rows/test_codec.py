from __future__ import annotations

import enum
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlmodel import AutoString

from dbtool import values
from dbtool.rows.codec import expected, kind_of, parse, pattern, reader

BERLIN = timezone(timedelta(hours=1))


class Kind(enum.Enum):
    video = "Video!"
    audio = "audio"


TYPED = [
    ("text", types.String(), "text"),
    ("", AutoString(), ""),
    ("null", types.Text(), "null"),
    ("42", types.Integer(), 42),
    (" -7 ", types.BigInteger(), -7),
    ("9223372036854775807", types.BigInteger(), 2**63 - 1),
    ("87.3", types.Float(), 87.3),
    ("1e3", types.Double(), 1000.0),
    ("19.90", types.Numeric(10, 2), Decimal("19.90")),
    ("true", types.Boolean(), True),
    ("No", types.Boolean(), False),
    ("1", mysql.TINYINT(display_width=1), True),
    ("Video!", types.Enum(Kind), Kind.video),
    ("video", types.Enum(Kind), Kind.video),
    ("a", types.Enum("a", "b", name="e"), "a"),
    ("2025-01-31", types.Date(), date(2025, 1, 31)),
    ("18:30", types.Time(), time(18, 30)),
    ("2025-01-31", types.DateTime(), datetime(2025, 1, 31)),
    ("2025-01-31 18:30", types.DateTime(), datetime(2025, 1, 31, 18, 30)),
    ("2025-01-31T18:30:00Z", types.DateTime(), datetime(2025, 1, 31, 19, 30)),
    ("2025-01-31T18:30", types.DateTime(timezone=True), datetime(2025, 1, 31, 18, 30, tzinfo=BERLIN)),
    ("2025-01-31T18:30Z", types.DateTime(timezone=True), datetime(2025, 1, 31, 18, 30, tzinfo=UTC)),
    ("1 day, 2:30:00", types.Interval(), timedelta(days=1, hours=2, minutes=30)),
    ("1 day 02:30", postgresql.INTERVAL(), timedelta(days=1, hours=2, minutes=30)),
    ("3 days", postgresql.INTERVAL(), timedelta(days=3)),
    (str(UUID(int=5)), types.Uuid(), UUID(int=5)),
    (str(UUID(int=5)), types.Uuid(as_uuid=False), str(UUID(int=5))),
    ("00ff", types.LargeBinary(), b"\x00\xff"),
    ("\\x00ff", postgresql.BYTEA(), b"\x00\xff"),
    ("0x00ff", mysql.LONGBLOB(), b"\x00\xff"),
    ('{"a":1}', types.JSON(), {"a": 1}),
    ("[1,2]", postgresql.ARRAY(types.Integer()), [1, 2]),
    ("10.0.0.1", postgresql.INET(), "10.0.0.1"),
]


@pytest.mark.parametrize(("text", "column_type", "value"), TYPED)
def test_a_typed_text_is_read_by_the_type_of_the_column(text, column_type, value):
    assert parse(text, column_type, BERLIN) == value


@pytest.mark.parametrize(
    ("text", "column_type"),
    [
        ("", types.Integer()),
        ("1.5", types.Integer()),
        ("1_000", types.Integer()),
        ("٣", types.Integer()),
        ("9223372036854775808", types.BigInteger()),
        ("1" * 5000, types.Integer()),
        ("high", types.Float()),
        ("NaN", types.Numeric()),
        ("maybe", types.Boolean()),
        ("vid", types.Enum(Kind)),
        ("c", types.Enum("a", "b", name="e")),
        ("2025-02-30", types.Date()),
        ("yesterday", types.DateTime()),
        ("25:00", types.Time()),
        ("soon", types.Interval()),
        ("1", types.Uuid()),
        ("xyz", types.LargeBinary()),
        ("{", types.JSON()),
        ("\udcff", types.String()),
    ],
)
def test_a_text_that_does_not_fit_the_type_is_refused(text, column_type):
    with pytest.raises(ValueError):
        parse(text, column_type, UTC)


@pytest.mark.parametrize("column_type", [each[1] for each in TYPED])
def test_the_example_of_a_type_can_be_typed(column_type):
    words, example = expected(column_type)

    parse(example, column_type, UTC)

    assert words


@pytest.mark.parametrize(("text", "column_type"), [each[:2] for each in TYPED])
def test_what_is_shown_can_be_typed(text, column_type):
    value = parse(text, column_type, BERLIN)

    assert parse(values.text(value), column_type, BERLIN) == value


@pytest.mark.parametrize(("text", "column_type"), [each[:2] for each in TYPED])
def test_whatever_can_be_read_matches_the_pattern_of_its_type(text, column_type):
    wanted = pattern(column_type)

    shown = values.text(parse(text, column_type, BERLIN))

    assert wanted is None or (re.fullmatch(wanted, text) and re.fullmatch(wanted, shown))


@pytest.mark.parametrize(
    ("text", "column_type"),
    [
        ("many", types.Integer()),
        ("1.5", types.Integer()),
        ("", types.Integer()),
        ("1,5", types.Numeric()),
        ("maybe", types.Boolean()),
        ("31.01.2025", types.Date()),
        ("2025-01-31 half past six", types.DateTime()),
        ("0", types.LargeBinary()),
        ("1234", types.Uuid()),
    ],
)
def test_what_looks_like_nothing_of_the_type_does_not_match_its_pattern(text, column_type):
    assert re.fullmatch(pattern(column_type), text) is None


def test_a_value_that_does_not_fit_its_column_is_left_as_the_driver_returns_it():
    dialect = sqlite.dialect()

    read = {
        kind_of(column_type): reader(column_type, dialect, None)("nonsense")
        for column_type in (
            types.Date(),
            types.DateTime(),
            types.Uuid(),
            types.Enum(Kind),
            types.JSON(),
            types.Numeric(),
        )
    }

    assert read == dict.fromkeys(("date", "datetime", "uuid", "enum", "json", "decimal"), "nonsense")


def test_a_decimal_of_sqlite_shows_no_digits_that_nobody_wrote():
    dialect = sqlite.dialect()

    assert [str(reader(t, dialect, None)(19.9)) for t in (types.Numeric(), types.Numeric(10, 2))] == ["19.9", "19.90"]
    assert str(reader(types.Numeric(3), dialect, None)(5)) == "5"


def test_a_time_of_mariadb_that_is_no_time_of_day_stays_a_duration():
    read = reader(types.Time(), mysql.dialect(), None)

    assert [read(timedelta(hours=hours)) for hours in (18, -100, 30)] == [
        time(18),
        timedelta(hours=-100),
        timedelta(hours=30),
    ]
