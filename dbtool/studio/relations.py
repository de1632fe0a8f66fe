"""One row with what it leads to and what leads to it, and the rows that a reference may point at."""

from __future__ import annotations

from dbtool import tables
from dbtool.errors import ColumnNotFoundError
from dbtool.rows import detail, lookup, records
from dbtool.rows.find import keys_by_name
from dbtool.studio import messages
from dbtool.studio.asked import Told, counted_told, one_of, row_told, sheet_of
from dbtool.studio.calls import Call


def record(call: Call, wanted: messages.Record) -> Told:
    """Read one row with what it leads to, and what leads to it."""
    sheet, zone = sheet_of(call, wanted), call.library.config.zone
    existing = call.library.shelf(call).held.keys()
    with call.connect() as connection:
        if wanted.key is not None:
            row = detail.one(connection, sheet, wanted.key, zone)
        else:
            row = detail.matching(connection, sheet, wanted.match or {}, zone)
        labels = detail.labels(connection, sheet, [row], zone)
        texts = {column.name: cell for column, cell in zip(sheet.table.columns, row.cells, strict=True)}
        back = records.back(connection, sheet.table, texts, existing=existing, zone=zone)
    label = records.record_label(sheet, row, labels)
    named = {name: found[text] for name, found in labels.items() if (text := texts[name]) in found and text}
    return {**row_told(row), "labels": named, "label": label, "back": [_back(each) for each in back]}


def find(call: Call, wanted: messages.Lookup) -> Told:
    """Find the rows that a reference may point at."""
    sheet = sheet_of(call, wanted)
    keys = keys_by_name(sheet.table)
    if wanted.reference not in keys:
        raise ColumnNotFoundError(f"`{sheet.table.key}` has no reference `{wanted.reference}`", hint=one_of(keys))
    key = keys[wanted.reference]
    target = call.library.sheet(call, tables.target_of(key)[0].key)
    with call.connect() as connection:
        found = lookup.lookup(connection, target, key, wanted.text, zone=call.library.config.zone, limit=wanted.limit)
    return {"rows": [{"key": each.key, "label": each.label, "values": each.values} for each in found]}


def _back(each: records.Back) -> Told:
    filters = [{"column": one.column, "operator": one.operator, "values": list(one.values)} for one in each.filters]
    told = {"name": each.name, "table": each.table, "filters": filters, "many": each.many}
    return {**told, **(counted_told(each.counted) or {"count": None, "exact": False})}
