"""Values as seed files write them: what `fields` reads is what this writes."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from dbtool.seeding.documents import plain_value
from dbtool.seeding.yaml_reader import NULLS

_PLAIN = re.compile(r"[\w$/.(][\w ./+@$()%=;*&^~<>|'!?,:#-]*", re.UNICODE)
_SIMPLE = re.compile(r"[^\W_][\w.+@/-]*( [\w.+@/-]+)*")
_BLOCK = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]*")


def plain(value: Any) -> Any:
    """Return a value as JSON has it, the way that its column reads it again."""
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if float(value).is_integer() or Decimal(repr(float(value))) == value else f"{value:f}"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (bytes, memoryview)):
        return {"$base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, (dict, list, tuple)):
        return to_jsonable_python(value)
    if isinstance(value, timedelta):
        return to_jsonable_python(value)
    return str(value)


def moment(value: datetime) -> str:
    """Return a time in ISO 8601, with Z where it is known to be UTC."""
    if value.tzinfo is None:
        return value.isoformat(sep=" ")
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def scalar(value: Any, *, is_text: bool, indent: str = "") -> str:
    """Return a value as YAML on one line, or as a block below its key, `indent` deep.

    `is_text` says that the column takes texts as they are, so that `no` needs no quotes.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (bytes, memoryview)):
        return f"!!binary {base64.b64encode(bytes(value)).decode()}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, float)) and not isinstance(value, Enum):
        return repr(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(to_jsonable_python(value), ensure_ascii=False)
    said = plain(value)
    if not isinstance(said, str):
        return repr(said)
    return text(said, is_text=is_text or not isinstance(value, str), indent=indent)


def text(value: str, *, is_text: bool, indent: str = "") -> str:
    """Return a text plain where that is safe, as a block where it has lines, else in double quotes."""
    if _is_plain(value) and (is_text or plain_value(value) == value):
        return value
    if "\n" in value and _fits_block(value):
        mark = "|-" if not value.endswith("\n") else "|"
        lines = value.removesuffix("\n").split("\n")
        return "\n".join([mark, *(f"{indent}{line}" if line else "" for line in lines)])
    return quoted(value)


def in_flow(value: Any, *, is_text: bool) -> str:
    """Return a value as it may stand within braces."""
    if not isinstance(value, str) or (_SIMPLE.fullmatch(value) and value not in NULLS):
        return scalar(value, is_text=is_text)
    return quoted(value)


def quoted(value: str) -> str:
    """Return a text in double quotes, in which YAML knows all that JSON knows."""
    found = json.dumps(value, ensure_ascii=False)
    return found if _BLOCK.fullmatch(value) else json.dumps(value)


def _is_plain(value: str) -> bool:
    return (
        bool(_PLAIN.fullmatch(value))
        and value not in NULLS
        and not value.endswith((" ", ":"))
        and ": " not in value
        and " #" not in value
        and _BLOCK.fullmatch(value) is not None
    )


def _fits_block(value: str) -> bool:
    lines = value.removesuffix("\n").split("\n")
    return (
        _BLOCK.fullmatch(value) is not None
        and bool(lines[0])
        and bool(lines[-1])
        and not any(line.startswith(" ") or line.endswith(" ") for line in lines)
    )
