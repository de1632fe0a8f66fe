from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest

from dbtool import values


class Colour(StrEnum):
    red = "red"


class Size(IntEnum):
    small = 1


class Shape(Enum):
    round = "circle"


CASES = {
    "null": (None, None, "null"),
    "true": (True, True, "true"),
    "a big integer keeps every digit": (2**63 - 1, 2**63 - 1, "9223372036854775807"),
    "a float": (0.1, 0.1, "0.1"),
    "not a number": (float("nan"), "nan", "nan"),
    "a decimal keeps its zeros": (Decimal("19.90"), "19.90", "19.90"),
    "a decimal is never exponential": (Decimal("1E+3"), "1000", "1000"),
    "text": ("a\nb", "a\nb", "a\nb"),
    "utc is Z": (datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), "2025-01-02T03:04:05Z", "2025-01-02T03:04:05Z"),
    "a time without zone": (
        datetime(2025, 1, 2, 3, 4, 5, 6),
        "2025-01-02T03:04:05.000006",
        "2025-01-02T03:04:05.000006",
    ),
    "a date": (date(2025, 1, 2), "2025-01-02", "2025-01-02"),
    "a time of day": (time(18, 30), "18:30:00", "18:30:00"),
    "a duration": (timedelta(days=1, hours=2), "1 day, 2:00:00", "1 day, 2:00:00"),
    "a uuid": (UUID(int=1), str(UUID(int=1)), str(UUID(int=1))),
    "bytes": (b"\x00\xff", "00ff", "00ff"),
    "an enum of texts": (Colour.red, "red", "red"),
    "an enum of integers": (Size.small, 1, "1"),
    "an enum is its value": (Shape.round, "circle", "circle"),
    "json": ({"a": [1, None, "é"]}, {"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'),
    "an array of decimals": ([Decimal("1.0")], ["1.0"], '["1.0"]'),
}


@pytest.mark.parametrize(("value", "plain", "text"), CASES.values(), ids=CASES)
def test_a_value_is_exact_as_json_and_as_text(value, plain, text):
    assert (repr(values.plain(value)), values.text(value)) == (repr(plain), text)
    json.dumps(values.plain(value), allow_nan=False)
