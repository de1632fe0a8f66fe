"""What there is, and a page of it: the tables, their rows, their counts, a whole cell, the diagram."""

from __future__ import annotations

from time import perf_counter

import dbtool
from dbtool.errors import TimeLimitError
from dbtool.rows import choice, contents, detail, keyset
from dbtool.studio import describe, messages
from dbtool.studio.asked import Told, column_of, counted_told, criteria_of, place_of, row_told, sheet_of
from dbtool.studio.calls import Call

COUNT_CAP = 10_000
COUNT_SECONDS = 5.0  # that a count may take before it is only said to be more than the cap
SIDEBAR_SECONDS = 10.0


def schema(call: Call, wanted: messages.Nothing) -> Told:
    """Tell what the database holds, looked at anew."""
    library = call.library
    shelf = library.shelf(call, renew=True)
    return {**describe.schema(library, shelf), "version": dbtool.__version__}


def table(call: Call, wanted: messages.OfTable) -> Told:
    """Tell what a table is."""
    return describe.table(call.library, sheet_of(call, wanted))


def rows(call: Call, wanted: messages.Rows) -> Told:
    """Read a page of rows."""
    started = perf_counter()
    sheet = sheet_of(call, wanted)
    zone = call.library.config.zone
    with call.connect() as connection:
        page = keyset.page(connection, sheet, criteria_of(wanted), place_of(wanted.at), zone=zone, limit=wanted.limit)
        labels = detail.labels(connection, sheet, page.rows, zone)
    return {
        "rows": [row_told(row) for row in page.rows],
        "labels": labels,
        "before": page.before,
        "after": page.after,
        "indexed": page.indexed,
        "ms": _since(started),
    }


def counts(call: Call, wanted: messages.Counts) -> Told:
    """Count tables, each up to a limit; a table that is gone, or takes too long, has no count."""
    held = call.library.shelf(call).held
    chosen = [held[key] for key in dict.fromkeys(wanted.tables) if key in held and held[key].kind == "table"]
    try:
        with call.connect(seconds=SIDEBAR_SECONDS) as connection:
            found = contents.capped_counts(connection, chosen, COUNT_CAP)
    except TimeLimitError:
        found = {}
    return {"counts": {key: counted_told(found.get(key)) for key in wanted.tables}}


def count(call: Call, wanted: messages.Count) -> Told:
    """Count the rows that match, exactly where that is quick."""
    sheet, criteria, zone = sheet_of(call, wanted), criteria_of(wanted), call.library.config.zone
    try:
        with call.connect(seconds=COUNT_SECONDS) as connection:
            found = choice.count(connection, sheet, criteria, zone=zone)
    except TimeLimitError:
        with call.connect() as connection:
            found = choice.count(connection, sheet, criteria, zone=zone, cap=COUNT_CAP)
    return {"count": found.count, "exact": found.exact}


def cell(call: Call, wanted: messages.Cell) -> Told:
    """Read a whole cell."""
    sheet = sheet_of(call, wanted)
    column = column_of(sheet, wanted.column)
    with call.connect() as connection:
        found = detail.whole_cell(connection, sheet, wanted.key, column.name, zone=call.library.config.zone)
    return {"text": found.text if found else None, "length": found.length if found else None}


def diagram(call: Call, wanted: messages.Nothing) -> Told:
    """Draw the tables and how they lead to each other."""
    from dbtool.codegen import erd  # not for the first page

    shelf = call.library.shelf(call)
    found = [call.library.sheet(call, key).table for key, held in shelf.held.items() if held.kind == "table"]
    return {"svg": erd.svg(found)}


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)
