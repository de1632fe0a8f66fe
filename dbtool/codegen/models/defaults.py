"""Defaults of a database as models say them: for Python what is the same for each row, for the database all of it."""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.models.types import Choice
from dbtool.texts import as_text

if TYPE_CHECKING:
    from sqlalchemy import Column

_TEXT = re.compile(r"'((?:[^']|'')*)'(?:::[\w\s\".\[\](),]+)?", re.DOTALL)
_NUMBER = re.compile(r"'?\(?(-?\d+(?:\.\d+)?)\)?'?(?:::[\w\s\".()]+)?")
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "b'1'": True, "b'0'": False}


@dataclass(frozen=True, slots=True)
class Default:
    """A default, as code: `python` is None where only the database knows it, both are where there is none."""

    python: str | None = None
    server: str | None = None


def default_of(column: Column[Any], kind: Any, choice: Choice | None, names: Names) -> Default:
    """Return the default of a column whose values are of a class; `choice` is its enum, if it has one."""
    from sqlalchemy.sql.functions import FunctionElement

    found = getattr(column.server_default, "arg", None)
    if found is None or column.computed is not None or column.identity is not None:
        return Default()
    if isinstance(found, FunctionElement):
        return Default(None, f"{names.use('sqlalchemy', 'func')}.now()")
    text = str(getattr(found, "text", found)).strip()
    while text.startswith("(") and text.endswith(")") and _is_one_bracket(text):
        text = text[1:-1].strip()
    if text.upper() == "NULL" or text.upper().startswith("NULL::"):
        return Default()
    said = _TEXT.fullmatch(text)
    if said is not None and kind is not int and kind is not float:
        value = said[1].replace("''", "'")
        return Default(_in_python(value, kind, choice, names), literal(value))
    server = f"{names.use('sqlalchemy', 'text')}({literal(as_text(text))})"
    if kind is bool and text.lower() in _TRUTHS:
        return Default(repr(_TRUTHS[text.lower()]), server)
    number = _NUMBER.fullmatch(text)
    if number is not None and kind in (int, float, decimal.Decimal):
        return Default(_number(number[1], kind, names), server)
    return Default(None, server)


def _in_python(value: str, kind: Any, choice: Choice | None, names: Names) -> str | None:
    if choice is not None:
        return next((f"{choice.name}.{name}" for name, member in choice.members if member == value), None)
    if kind is str:
        return literal(value)
    if kind is decimal.Decimal and _NUMBER.fullmatch(value):
        return _number(value, kind, names)
    return None


def _number(text: str, kind: Any, names: Names) -> str | None:
    if kind is int:
        return text if "." not in text else None
    return repr(float(text)) if kind is float else f"{names.of(decimal.Decimal)}({literal(text)})"


def _is_one_bracket(text: str) -> bool:
    depth = 0
    for position, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return position == len(text) - 1
    return False
