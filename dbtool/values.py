"""A database's value as JSON and as text: exact, and the same wherever it is shown.

Standard library only. `plain` is what `--json` prints, `text` what a table, a CSV file and a label show; what
`text` writes, `rows.codec.parse` reads back by the type of the column.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

_PRINTED = frozenset([str, int, float, UUID])


def plain(value: Any) -> Any:
    """Return a value as JSON has it.

    Dates are ISO 8601, a decimal is a text with all its digits, bytes are hexadecimal, an enum is its value.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
    return str(value)


def text(value: Any) -> str:
    """Return a value as one text; NULL reads `null`, JSON is compact."""
    if type(value) in _PRINTED:  # a million cells are mostly these, and json.dumps takes ten times as long
        return str(value)
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
