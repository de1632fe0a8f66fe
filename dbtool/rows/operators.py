"""How a column, or a relation, can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from dbtool.rows.codec import kind_of

ANY_NUMBER = -1


@dataclass(frozen=True, slots=True)
class Operator:
    """How a column can be compared: `values` is how many it takes, -1 for any number."""

    id: str
    label: str
    values: int


def operators(column: Column[Any]) -> tuple[Operator, ...]:
    """Return how a column can be compared, the usual ways first."""
    names = _BY_KIND.get(kind_of(column.type), _ORDERED)
    return tuple(OPERATORS[name] for name in (*names, *(("null", "not_null") if column.nullable else ())))


def reference_operators() -> tuple[Operator, ...]:
    """Return how a relation can be compared, by the natural key of the row that it leads to."""
    return tuple(OPERATORS[name] for name in (*_OF_REFERENCES, "null", "not_null"))


OPERATORS = {
    operator.id: operator
    for operator in (
        Operator("eq", "=", 1),
        Operator("ne", "≠", 1),
        Operator("lt", "<", 1),
        Operator("le", "≤", 1),
        Operator("gt", ">", 1),
        Operator("ge", "≥", 1),
        Operator("contains", "contains", 1),
        Operator("not_contains", "does not contain", 1),
        Operator("starts", "starts with", 1),
        Operator("ends", "ends with", 1),
        Operator("in", "one of", ANY_NUMBER),
        Operator("not_in", "none of", ANY_NUMBER),
        Operator("between", "between", 2),
        Operator("null", "is NULL", 0),
        Operator("not_null", "is not NULL", 0),
        Operator("empty", "is empty", 0),
        Operator("not_empty", "is not empty", 0),
    )
}
SAME, SEVERAL = ("eq", "ne"), ("in", "not_in")
_ORDERED = (*SAME, "lt", "le", "gt", "ge", "between", *SEVERAL)
_FOUND, _EMPTY = ("contains", "not_contains"), ("empty", "not_empty")
_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "text": (*_FOUND, *SAME, "starts", "ends", *SEVERAL, "lt", "le", "gt", "ge", "between", *_EMPTY),
    "enum": (*SAME, *SEVERAL),
    "boolean": SAME,
    "uuid": (*SAME, *SEVERAL, *_FOUND),
    "bytes": (*SAME, *_EMPTY),
    "json": _FOUND,
    "other": _FOUND,
}
_OF_REFERENCES = (*SAME, *SEVERAL, *_FOUND)
