"""The texts of rows become values of their columns, or problems at the place where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from dbtool.seeding.documents import MappingNode, SequenceNode
from dbtool.seeding.gather import Row
from dbtool.seeding.problems import Place, Problems, shown
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
        raise ValueError(_message(column, error.errors(include_url=False)[0])) from error


def _validate_one(row: Row, problems: Problems) -> None:
    """Validate a row, leaving out what is wrong: what is right of it may still be its natural key."""
    try:
        row.values = row.shape.row_adapter.validate_python(row.values)
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            name = str(wrong["loc"][0])
            row.values.pop(name, None)
            if row.node is not None:
                problems.add(_place(row.node, wrong["loc"]), _message(name, wrong))
        _validate_one(row, problems)


def _place(node: MappingNode, path: Sequence[int | str]) -> Place:
    """Return where the value at a path stands, or the nearest one around it."""
    value: Any = node
    place = node.place()
    for step in path:
        if isinstance(value, MappingNode) and step in value:
            value, place = value[str(step)], value.value_place(str(step))
        elif isinstance(value, SequenceNode) and isinstance(step, int):
            value, place = value[step], value.item_place(step)
        else:
            break
    return place


def _message(name: str, error: Any) -> str:
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
    return f"`{name}`{rule}, not {shown(error['input'])}"
