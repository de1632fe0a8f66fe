"""Files: rows and cells to download, texts to read as rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbtool.rows import choice, detail
from dbtool.rows.codec import kind_of
from dbtool.studio import messages
from dbtool.studio.asked import Told, column_of, criteria_of, sheet_of
from dbtool.studio.calls import Call
from dbtool.studio.tickets import Download

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.rows.sheet import Sheet

EXPORT_SECONDS = 3600.0
BLOB_LIMIT = 1 << 28  # bytes of a cell that is downloaded
_SUFFIXES = {"bytes": "bin", "json": "json"}
_MEDIA_TYPES = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}


def download(call: Call, wanted: messages.Export) -> Told:
    """Give a ticket for a file of rows."""
    sheet = sheet_of(call, wanted)
    for name in wanted.columns:
        column_of(sheet, name)
    with _chosen(call, sheet, wanted):
        pass  # what is wrong with the filters is said now
    name = f"{sheet.table.name}.{wanted.format}"
    made = Download(name, _MEDIA_TYPES[wanted.format], lambda call: _exported(call, sheet, wanted))
    return {"ticket": call.library.tickets.issue(made), "name": name}


def _exported(call: Call, sheet: Sheet, wanted: messages.Export) -> Iterator[bytes]:
    from dbtool.rows import export

    with _chosen(call, sheet, wanted) as (connection, chosen):
        for part in export.stream(connection, chosen, wanted.format, guard=wanted.guard, stop=lambda: call.cancelled):
            yield part.encode("utf-8", "replace")


@contextmanager
def _chosen(call: Call, sheet: Sheet, wanted: messages.Export) -> Iterator[tuple[Connection, Any]]:
    zone = call.library.config.zone
    with call.connect(seconds=EXPORT_SECONDS) as connection:
        criteria, keys = criteria_of(wanted), wanted.keys
        yield connection, choice.selection(connection, sheet, criteria, columns=wanted.columns, keys=keys, zone=zone)


def blob(call: Call, wanted: messages.Cell) -> Told:
    """Give a ticket for the bytes, or the text, of one cell."""
    sheet = sheet_of(call, wanted)
    column = column_of(sheet, wanted.column)
    kind = kind_of(column.type)
    name = f"{sheet.table.name}-{column.name}.{_SUFFIXES.get(kind, 'txt')}"

    def parts(call: Call) -> Iterator[bytes]:
        zone = call.library.config.zone
        with call.connect() as connection:
            found = detail.whole_cell(connection, sheet, wanted.key, column.name, zone=zone, limit=BLOB_LIMIT)
        text = (found.text if found else None) or ""
        yield bytes.fromhex(text) if kind == "bytes" else text.encode("utf-8", "replace")

    return {"ticket": call.library.tickets.issue(Download(name, "application/octet-stream", parts)), "name": name}


def stage(call: Call, wanted: messages.Import) -> Told:
    """Read a text as rows of a table; nothing is written."""
    from dbtool.rows import reading

    sheet = sheet_of(call, wanted)
    found = reading.read(wanted.text, sheet.table, call.library.config.zone, wanted.format)
    return {
        "columns": list(found.columns),
        "rows": [dict(row) for row in found.rows],
        "problems": [{"line": each.line, "column": each.column, "message": each.message} for each in found.problems],
        "ignored": list(found.ignored),
    }
