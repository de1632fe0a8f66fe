"""Rows as CSV (RFC 4180), written while they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection

from dbtool import values
from dbtool.rows.fetch import stream
from dbtool.rows.query import Selection

_QUOTED = re.compile(r'[",\r\n]|\A\s|\s\Z')


def write_csv(connection: Connection, chosen: Selection, limit: int | None, write: Callable[[str], object]) -> int:
    """Write a header and all rows, a batch at a time, and return how many rows there were.

    Cells are data: nothing is escaped but what CSV itself needs. NULL is an empty cell, an empty text is `""`.
    """
    write(csv_line(column.name for column in chosen.columns))
    written = 0
    for batch in stream(connection, chosen.statement.limit(limit), chosen.columns):
        write("".join(csv_line(row) for row in batch))
        written += len(batch)
    return written


def csv_line(cells: Iterable[Any]) -> str:
    """Return one line of CSV, with its end."""
    line = ",".join([_cell(cell) for cell in cells])
    return f"{line}\n" if line else '""\n'  # readers skip an empty line, and with it a row of one NULL


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = values.text(value)
    return text if text and not _QUOTED.search(text) else '"' + text.replace('"', '""') + '"'
