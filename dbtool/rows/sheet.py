"""A table as it is browsed: what identifies a row, what its columns are in SQL, and how its cells are read.

The SQL of a page is made here once, so that reading one costs little more than the database itself.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property, partial
from itertools import repeat
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    PrimaryKeyConstraint,
    Select,
    Table,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from dbtool.database import Database
from dbtool.errors import ConditionError, RecordNotFoundError
from dbtool.reports import TableKind
from dbtool.rows.cells import LETTERS, Cell, Text, Texts, cell, printed, texts
from dbtool.rows.codec import kind_of, parse
from dbtool.tables import key_candidates

_ADDRESS = re.compile(r"-?\d{1,19}|\(\d{1,10},\d{1,5}\)")  # a number, or PostgreSQL's (block,item)


class Row(NamedTuple):
    """A row as texts, in the order of the columns; `cut` maps the index of a cut cell to its whole length.

    `key` identifies the row; None where nothing does. (A tuple: making a dataclass takes three times as long.)
    """

    key: str | None
    cells: tuple[Text, ...]
    cut: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells the rows of a table apart: columns, or the database's own address, or nothing."""

    kind: Literal["key", "address", "none"]
    columns: tuple[Column[Any], ...] = ()
    address: str = ""  # as SQL


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of SQL with the values of its placeholders, as the driver takes them."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as a driver returned them, and what turns each of their cells into texts."""

    rows: list[tuple[Any, ...]]
    readers: tuple[Texts, ...]


@dataclass(frozen=True)
class Sheet:
    """One table or view; made by `sheet`, good as long as the schema stays.

    `names` are the columns as SQL, `source` is the table, `indexes` the columns of each index.
    """

    database: Database
    table: Table
    kind: TableKind
    dialect: Dialect
    identity: Identity
    names: Mapping[str, str]
    source: str
    cells: tuple[Cell, ...]
    indexes: tuple[tuple[str, ...], ...]
    readers: dict[tuple[Any, ...], tuple[Texts, ...]] = field(default_factory=dict)  # by the driver's codes

    @cached_property
    def selected(self) -> str:
        """The cells as SQL, the lengths of those that may be cut, and the address."""
        lengths = [each.length for each in self.cells if each.length is not None]
        address = [self.identity.address] if self.identity.address else []
        return ", ".join([*(each.sql for each in self.cells), *lengths, *address])

    @cached_property
    def width(self) -> int:
        """How many values `selected` has."""
        lengths = sum(each.length is not None for each in self.cells)
        return len(self.cells) + lengths + bool(self.identity.address)


def sheet(database: Database, table: Table, kind: TableKind, dialect: Dialect) -> Sheet:
    """Prepare a table or view for browsing; nothing is opened."""
    preparer = dialect.identifier_preparer
    source = preparer.format_table(table)
    names = {column.name: f"{source}.{preparer.quote(column.name)}" for column in table.columns}
    identity = _identity(database, table, kind)
    cells = tuple(
        cell(database, column, names[column.name], dialect, cut=column not in identity.columns)
        for column in table.columns
    )
    return Sheet(database, table, kind, dialect, identity, names, source, cells, tuple(_indexes(table)))


def sortable(column: Column[Any]) -> bool:
    """Whether rows can be ordered by a column."""
    return kind_of(column.type) not in ("json", "other")


def row_clause(sheet: Sheet, key: str, zone: tzinfo) -> ColumnElement[bool]:
    """Return the condition that a row has a key. Raises RecordNotFoundError where no row can have it."""
    identity = sheet.identity
    try:
        found = json.loads(key)
        wanted = identity.columns if identity.kind == "key" else (None,)
        if not isinstance(found, list) or len(found) != len(wanted) or not set(map(type, found)) <= {str, NoneType}:
            raise ValueError(key)
        if identity.kind == "none":
            raise ValueError(key)
        if identity.kind == "address":
            return _at_address(sheet, str(found[0]))
        return and_(*(_is(column, text, zone) for column, text in zip(identity.columns, found, strict=True)))
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordNotFoundError(
            f"`{sheet.table.key}` has no row `{key[:100]}`", hint=f"dbtool show {sheet.table.key}"
        ) from error


def key_of(texts: Sequence[Text]) -> str:
    """Return the key of a row from the texts of its identity's columns."""
    return f"[{','.join(_quoted(texts))}]"


def rows_clause(sheet: Sheet, keys: Sequence[str], zone: tzinfo) -> ColumnElement[bool]:
    """Return the condition that a row has one of some keys. Raises RecordNotFoundError."""
    clauses = [row_clause(sheet, key, zone) for key in keys]
    return or_(false(), *clauses)


def read(connection: Connection, sheet: Sheet, rest: Written, more: Sequence[str] = ()) -> Found:
    """Run the SELECT of a sheet with what follows FROM; `more` is SQL of what is selected after the cells."""
    selected = ", ".join((sheet.selected, *more)) if more else sheet.selected
    result = run(connection, f"SELECT {selected} FROM {sheet.source}{rest.sql}", rest.values)
    cursor: Any = result.cursor
    codes = tuple([described[1] for described in cursor.description[: len(sheet.cells)]])
    if codes not in sheet.readers:
        pairs = zip(sheet.cells, codes, strict=True)
        sheet.readers[codes] = tuple(texts(each, sheet.dialect, code) for each, code in pairs)
    found = Found(list(cursor.fetchall()), sheet.readers[codes])
    result.close()
    return found


def run(connection: Connection, sql: str, values: tuple[Any, ...]) -> CursorResult[Any]:
    """Run SQL of our own. Raises ConditionError for a value that the driver cannot pass on."""
    try:
        return connection.exec_driver_sql(sql, values)
    except (OverflowError, UnicodeEncodeError) as error:
        raise ConditionError("a value cannot be passed to this database", hint="give another one") from error


def rows(sheet: Sheet, found: Found) -> tuple[Row, ...]:
    """Turn what `read` returned into rows of texts."""
    if not found.rows:
        return ()
    columns = list(zip(*found.rows, strict=True))
    cuts: dict[int, dict[int, int]] = {}
    printed = []
    at = len(sheet.cells)
    for index, (each, translate) in enumerate(zip(sheet.cells, found.readers, strict=True)):
        if each.length is None:
            printed.append(_shortened(each, translate(columns[index]), index, cuts))
        else:
            printed.append(_cut(each, translate, columns[index], columns[at], index, cuts))
            at += 1
    keys = _keys(sheet, printed, columns[at] if sheet.identity.address else ())
    whole: dict[int, int] = {}
    lengths = [cuts.get(row, whole) for row in range(len(found.rows))] if cuts else repeat(whole)
    return tuple(map(partial(tuple.__new__, Row), zip(keys, zip(*printed, strict=True), lengths, strict=False)))


def where(sheet: Sheet, clauses: Sequence[ColumnElement[bool]]) -> Written:
    """Write conditions as SQL that begins with WHERE, as the driver takes it; no conditions, no SQL."""
    if not clauses:
        return Written("")
    dialect = _positional(sheet.dialect)
    plain: Select[Any] = select(literal_column("1")).select_from(sheet.table)
    compiled = plain.where(*clauses).compile(dialect=dialect)
    state = compiled.construct_expanded_state()
    before = str(plain.compile(dialect=dialect))
    assert state.statement.startswith(before)
    origin = {name: key for key, names in state.parameter_expansion.items() for name in names}
    binds: Any = compiled.binds
    values = []
    for name in state.positiontup or ():
        value = state.parameters[name]
        values.append(as_bound(binds[origin.get(name, name)].type, sheet.dialect, value))
    condition = state.statement[len(before) :].strip().removeprefix("WHERE ")
    return Written(f" WHERE ({condition})", tuple(values))


def as_bound(column_type: TypeEngine[Any], dialect: Dialect, value: Any) -> Any:
    """Return a value as the driver takes it."""
    process = column_type.dialect_impl(dialect).bind_processor(dialect)
    return process(value) if process else value


def _positional(dialect: Dialect) -> Dialect:
    """Return a dialect that marks the places of values, and does not name them."""
    if dialect.positional:
        return dialect
    twin: Any = copy.copy(dialect)
    twin.positional, twin.paramstyle = True, "format"
    return twin  # type: ignore[no-any-return]


# What identifies a row


def _identity(database: Database, table: Table, kind: TableKind) -> Identity:
    if kind == "view":
        return Identity("none")
    primary = tuple(table.primary_key.columns)
    unique = [tuple(table.columns[name] for name in key) for key in key_candidates(table)]
    known = [columns for columns in unique if not any(column.nullable for column in columns)]
    if primary or known:
        return Identity("key", primary or min(known, key=len))
    address = database.address(table)
    return Identity("address", address=address) if address else Identity("none")


def _indexes(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield the columns of what gives rows an order: the primary key, unique constraints, whole indexes."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint) and constraint.columns:
            yield tuple(column.name for column in constraint.columns)
    for index in table.indexes:
        special = any(name.endswith(("_where", "_using", "_prefix", "_length")) for name in index.dialect_kwargs)
        columns = tuple(column.name for column in index.columns)
        if columns and len(columns) == len(index.expressions) and not special:
            yield columns


def _is(column: Column[Any], text: Text, zone: tzinfo) -> ColumnElement[bool]:
    return column.is_(None) if text is None else column == parse(text, column.type, zone)


def _at_address(sheet: Sheet, text: str) -> ColumnElement[bool]:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(text)
    return literal_column(sheet.identity.address) == literal_column(text if text.isdigit() else f"'{text}'")


# Texts


def _keys(sheet: Sheet, printed: Sequence[Sequence[Text]], addresses: Sequence[Any]) -> Iterable[str | None]:
    if sheet.identity.kind == "none":
        return repeat(None)
    if sheet.identity.kind == "address":
        return [f'["{address}"]' for address in addresses]
    names = [cell.column.name for cell in sheet.cells]
    parts = [_quoted(printed[names.index(column.name)]) for column in sheet.identity.columns]
    if len(parts) == 1:
        return list(map("[%s]".__mod__, parts[0]))
    return [f"[{','.join(part)}]" for part in zip(*parts, strict=True)]


def _quoted(found: Sequence[Text]) -> list[str]:
    if None in found:
        return ["null" if text is None else encode_basestring(text) for text in found]
    return list(map(encode_basestring, found))  # type: ignore[arg-type]


def _shortened(cell: Cell, found: Sequence[Text], index: int, cuts: dict[int, dict[int, int]]) -> Sequence[Text]:
    """Cut what only turned out to be long as a text."""
    if cell.fixed:
        return found
    shown = list(found)
    for row, text in enumerate(shown):
        if text is not None and len(text) > LETTERS:
            shown[row] = text[:LETTERS]
            cuts.setdefault(row, {})[index] = len(text)
    return shown


def _cut(
    cell: Cell,
    translate: Texts,
    found: Sequence[Any],
    lengths: Sequence[int | None],
    index: int,
    cuts: dict[int, dict[int, int]],
) -> Sequence[Text]:
    long = [row for row, length in enumerate(lengths) if length is not None and length > cell.limit]
    if not long:
        return translate(found)
    kept = list(found)
    for row in long:
        kept[row] = None
        cuts.setdefault(row, {})[index] = int(lengths[row] or 0)
    shown = list(translate(kept))
    for row in long:
        (shown[row],) = printed([found[row][: cell.limit]])
    return shown
