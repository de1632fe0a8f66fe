"""Rows as CSV (RFC 4180), JSON and NDJSON, written while they are read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, Literal

from sqlalchemy import Connection

from dbtool import values
from dbtool.errors import StoppedError
from dbtool.rows import fetch
from dbtool.rows.query import Selection

Format = Literal["csv", "json", "ndjson"]
_QUOTED = re.compile(r'[",\r\n]|\A\s|\s\Z')
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(connection: Connection, chosen: Selection, limit: int | None, write: Callable[[str], object]) -> int:
    """Write a header and all rows, a batch at a time, and return how many rows there were.

    Cells are data: nothing is escaped but what CSV itself needs. NULL is an empty cell, an empty text is `""`.
    """
    write(csv_line(column.name for column in chosen.columns))
    written = 0
    for batch in fetch.stream(connection, chosen.statement.limit(limit), chosen.columns):
        write("".join(csv_line(row) for row in batch))
        written += len(batch)
    return written


def stream(
    connection: Connection,
    chosen: Selection,
    form: Format,
    *,
    guard: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yield all rows as text, a batch at a time: JSON is one array, a row to a line.

    Numbers of JSON have all their digits; what JSON has no word for is a text as `values.plain` writes it. `guard`
    puts an apostrophe before texts of CSV that a spreadsheet would calculate. Raises StoppedError when `stop` says so.
    """
    batches = _until(stop, fetch.stream(connection, chosen.statement, chosen.columns))
    names = [column.name for column in chosen.columns]
    match form:
        case "csv":
            return _csv(batches, names, guard=guard)
        case "json":
            return _array(_objects(batches, names))
        case "ndjson":
            return ("".join(f"{line}\n" for line in lines) for lines in _objects(batches, names))


def csv_line(cells: Iterable[Any]) -> str:
    """Return one line of CSV, with its end."""
    line = ",".join([_cell(cell) for cell in cells])
    return f"{line}\n" if line else '""\n'  # readers skip an empty line, and with it a row of one NULL


def json_text(value: Any) -> str:
    """Return a value as JSON: numbers with all their digits, also within lists and objects."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if type(value) is int:
            return repr(value)
        case float():
            return repr(value) if math.isfinite(value) else f'"{value}"'
        case Decimal():
            return format(value, "f") if value.is_finite() else f'"{value}"'
        case Mapping():
            return f"{{{','.join(f'{json_text(str(key))}:{json_text(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{','.join(map(json_text, value))}]"
    return json.dumps(values.plain(value), ensure_ascii=False, separators=(",", ":"))


def _until(stop: Callable[[], bool] | None, batches: Iterator[list[fetch.Values]]) -> Iterator[list[fetch.Values]]:
    for batch in batches:
        if stop is not None and stop():
            raise StoppedError("the export was stopped", hint="run it again")
        yield batch


def _csv(batches: Iterator[list[fetch.Values]], names: Sequence[str], *, guard: bool) -> Iterator[str]:
    yield csv_line(map(_guarded, names) if guard else names)
    for batch in batches:
        yield "".join([csv_line(map(_guarded, row) if guard else row) for row in batch])


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _objects(batches: Iterator[list[fetch.Values]], names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows of each batch as JSON objects, written column by column."""
    starts = [f"{encode_basestring(name)}:" for name in names]
    for batch in batches:
        columns = [
            [start + text for text in _json_texts(found)]
            for start, found in zip(starts, zip(*batch, strict=True), strict=True)
        ]
        yield [f"{{{','.join(row)}}}" for row in zip(*columns, strict=True)]


def _json_texts(found: Sequence[Any]) -> list[str]:
    classes = set(map(type, found))
    if classes == {int}:
        return list(map(repr, found))
    if classes <= {str, NoneType}:
        return ["null" if value is None else encode_basestring(value) for value in found]
    return ["null" if value is None else json_text(value) for value in found]


def _array(batches: Iterator[list[str]]) -> Iterator[str]:
    before = "[\n"
    for lines in batches:
        if lines:
            yield before + ",\n".join(lines)
            before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = values.text(value)
    return text if text and not _QUOTED.search(text) else '"' + text.replace('"', '""') + '"'
