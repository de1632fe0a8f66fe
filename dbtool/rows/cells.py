"""Cells: what a driver returned as texts, a whole column at a time; long ones are cut by the database.

A text is what `values.text` makes of the value; NULL is None. A page has thousands of cells, so that a function call
for each would cost more than reading them: columns that hold what needs no reading are passed on as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Column, Dialect

from dbtool import values
from dbtool.database import Database
from dbtool.rows.codec import Kind, kind_of, reader
from dbtool.tables import sql_type

LETTERS, BYTES = 300, 32  # of a cell that is not cut
Text = str | None
Texts = Callable[[Sequence[Any]], Sequence[Text]]

_STRINGS = {str, NoneType}
_NUMBERS = {int, float, NoneType}  # their text is their repr, which is faster
_PRINTED = {str, int, float, UUID, NoneType}
_LONG = ("text", "json", "bytes", "other")
_IN_BULK = ("date", "datetime", "uuid")  # kinds that are read by a function of their type alone


@dataclass(frozen=True, slots=True)
class Cell:
    """How the cells of a column are read: `sql` is selected, and `length` beside it where long values are cut.

    `limit` is how much of a value is kept, in letters or bytes. `whole` is SQL of the whole value.
    """

    column: Column[Any]
    kind: Kind
    sql: str
    whole: str
    length: str | None
    limit: int
    fixed: bool  # never cut


def cell(database: Database, column: Column[Any], name: str, dialect: Dialect, *, cut: bool) -> Cell:
    """Return how a column is read; `name` is the column as SQL. Without `cut` it is always read whole."""
    kind = kind_of(column.type)
    limit = BYTES if kind == "bytes" else LETTERS
    json_text = kind == "json" and not isinstance(sql_type(column), ARRAY)
    whole = database.as_text(name) if json_text else name
    if not cut or not _is_cut(column, kind, dialect, json_text=json_text):
        return Cell(column, kind, whole, whole, None, limit, not cut or _is_short(column, kind))
    count = "length" if kind == "bytes" else database.characters
    return Cell(column, kind, f"substr({whole}, 1, {limit + 1})", whole, f"{count}({whole})", limit, fixed=False)


def texts(cell: Cell, dialect: Dialect, code: Any) -> Texts:
    """Return what turns values of a column, as a driver returns them, into texts.

    `code` is the driver's own code of the type, from the cursor's description.
    """
    if cell.kind == "json":
        return _json
    read = reader(cell.column.type, dialect, code)
    if read is None or (cell.kind == "bytes" and cell.length is not None):
        return printed
    match cell.kind:
        case "enum":
            names = getattr(sql_type(cell.column), "enums", ())
            return _looked_up({name: values.text(read(name)) for name in names}, read)
        case "boolean":
            return _looked_up({0: "false", 1: "true"}, read)
        case "decimal":
            return _decimals(cell.column, dialect, read)
    if cell.kind in _IN_BULK:
        return _in_bulk(cell.column.type.dialect_impl(dialect).result_processor(dialect, code), read)
    return lambda found: [None if value is None else values.text(read(value)) for value in found]


def printed(found: Sequence[Any]) -> Sequence[Text]:
    """Return values as texts by their Python type."""
    classes = set(map(type, found))
    if classes <= _STRINGS:
        return found
    if classes == {int} or classes == {float}:
        return list(map(repr, found))
    if classes <= _NUMBERS:
        return [None if value is None else repr(value) for value in found]
    if classes <= _PRINTED:
        return [None if value is None else str(value) for value in found]
    classes.discard(NoneType)
    if len(classes) == 1:
        (only,) = classes
        if only in (datetime, date, time):
            return _times(found)
        if only is Decimal:
            return [None if value is None else format(value, "f") for value in found]
    return [None if value is None else values.text(value) for value in found]


def _times(found: Sequence[Any]) -> Sequence[Text]:
    texts = [None if value is None else value.isoformat() for value in found]
    if "+00:00" not in "".join(filter(None, texts)):
        return texts
    return [None if value is None else values.text(value) for value in found]


def _is_short(column: Column[Any], kind: Kind) -> bool:
    """Whether no value is long; a declared length is believed."""
    return kind not in _LONG or 0 < (getattr(sql_type(column), "length", None) or 0) <= LETTERS


def _is_cut(column: Column[Any], kind: Kind, dialect: Dialect, *, json_text: bool) -> bool:
    """Whether the database can and should cut values; what a type's own code writes, nobody else can cut."""
    if kind == "text":
        plain = column.type.dialect_impl(dialect).result_processor(dialect, None) is None
        return plain and not _is_short(column, kind)
    return json_text or (kind == "bytes" and type(column.type) is type(sql_type(column)))


def _json(found: Sequence[Any]) -> list[Text]:
    return [None if value is None else _compact(value) for value in found]


def _compact(value: Any) -> str:
    if not isinstance(value, str | bytes):
        return values.text(value)
    try:
        return values.text(json.loads(value))
    except ValueError:  # cut off, or no JSON
        return value if isinstance(value, str) else value.hex()


def _looked_up(known: Mapping[Any, Text], read: Callable[[Any], Any]) -> Texts:
    def translate(value: Any) -> Text:
        return None if value is None else values.text(read(value))

    known = {**known, None: None}

    def look_up(found: Sequence[Any]) -> Sequence[Text]:
        try:
            return [known[value] for value in found]
        except (KeyError, TypeError):  # SQLite keeps any value in any column
            return [translate(value) for value in found]

    return look_up


def _decimals(column: Column[Any], dialect: Dialect, read: Callable[[Any], Any]) -> Texts:
    """Print the floats of a database without decimals as SQLAlchemy reads them, which costs five times as long."""
    scale = getattr(sql_type(column), "scale", None)
    form = f"%.{scale}f"

    def translate(found: Sequence[Any]) -> Sequence[Text]:
        if scale is None or dialect.supports_native_decimal or not set(map(type, found)) <= {int, float, NoneType}:
            return printed([None if value is None else read(value) for value in found])
        return [None if value is None else form % value for value in found]

    return translate


def _in_bulk(process: Callable[[Any], Any] | None, read: Callable[[Any], Any]) -> Texts:
    """Read all values by the function of their type, or one by one where it fails at one of them."""

    def translate(found: Sequence[Any]) -> Sequence[Text]:
        try:
            assert process is not None
            return printed([None if value is None else process(value) for value in found])
        except Exception:  # whatever a type's own code makes of a value that is not its
            return printed([None if value is None else read(value) for value in found])

    return translate
