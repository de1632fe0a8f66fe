"""The texts of rows become values of their columns, or problems at the place where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from dbtool.seeding.documents import Secret
from dbtool.seeding.gather import Row
from dbtool.seeding.problems import Problems, shown
from dbtool.seeding.shapes import Shape


def validate(shape: Shape, rows: Sequence[Row], problems: Problems) -> None:
    """Validate the values of one table's rows, all in one call; a value that is wrong is left out of its row."""
    try:
        valid = shape.rows_adapter.validate_python([row.values for row in rows])
    except ValidationError:
        for row in rows:
            _validate_one(row, problems)
        return
    for row, values in zip(rows, valid, strict=True):
        row.values = values


def value_of(shape: Shape, column: str, text: Any) -> Any:
    """Return one column's value. Raises ValueError with what is wrong with it."""
    try:
        return shape.row_adapter.validate_python({column: text})[column]
    except ValidationError as error:
        raise ValueError(message_of(column, error.errors(include_url=False)[0])) from error


def _validate_one(row: Row, problems: Problems) -> None:
    """Validate a row, leaving out what is wrong: what is right of it may still be its natural key."""
    try:
        row.values = row.shape.row_adapter.validate_python(row.values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        names = {str(wrong["loc"][0]) for wrong in found}
        for wrong in found:
            problems.add(row.place_of(*wrong["loc"]), message_of(str(wrong["loc"][0]), wrong))
        row.broken |= names
        row.values = {name: value for name, value in row.values.items() if name not in names}
        _validate_one(row, problems)


def message_of(name: str, error: Any) -> str:
    """Return Pydantic's words as a sentence about a column."""
    if error["input"] is None:
        return f"`{name}` must not be null"
    if error["type"] == "value_error":
        words = str(error["ctx"]["error"])
        return f"`{name}` {words}" if words.startswith(("should ", "is ")) else f"`{name}`: {words}"
    before, should, rule = error["msg"].partition("should")
    rule = f" {should}{rule.partition(', unable to parse')[0]}" if should else f": {before[0].lower()}{before[1:]}"
    if error["type"].endswith(("too_long", "too_short")):
        return f"`{name}`{rule}; this has {len(error['input']):,}"
    return f"`{name}`{rule}, not {_shown(error['input'])}"


def _shown(value: Any) -> str:
    return f"what {value.name} holds" if isinstance(value, Secret) else shown(value)
