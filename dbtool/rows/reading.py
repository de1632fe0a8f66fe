"""Rows out of a file: CSV, TSV, JSON and NDJSON become texts by column, with what is wrong by line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Column, Table

from dbtool import values
from dbtool.errors import ColumnNotFoundError
from dbtool.rows.codec import expected, kind_of, parse
from dbtool.rows.export import json_text
from dbtool.rows.find import find_column
from dbtool.tables import is_given

Format = Literal["auto", "csv", "tsv", "json", "ndjson"]
Text = str | None
_SEPARATORS = (",", ";", "\t")
_DIGITS = 1_000
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line, from 1; `column` is a column of the table, None where it is the line."""

    line: int
    column: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says: `columns` in its order, `rows` with those that each gives, `ignored` names of no column."""

    columns: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Text], ...] = ()
    problems: tuple[Problem, ...] = ()
    ignored: tuple[str, ...] = ()


def read(text: str, table: Table, zone: tzinfo, form: Format = "auto") -> Reading:
    """Read rows for a table; nothing is raised for what is wrong with them.

    An empty cell of CSV is NULL, `""` an empty text; where the column holds text but no NULL, both are an empty text.
    A separator of CSV is a comma, a semicolon or a tab, whichever the first line has most of. A line that cannot be
    read is left out; a value that does not fit its column stays in its row.
    """
    text = text.removeprefix("\ufeff")
    reader = _Reader(table, zone)
    form = _form(text) if form == "auto" else form
    if form in ("csv", "tsv"):
        reader.read_cells(_records(text, "\t" if form == "tsv" else _separator(text)))
    else:
        reader.read_objects(_lines(text) if form == "ndjson" else _items(text))
    return Reading(tuple(reader.columns), tuple(reader.rows), tuple(reader.problems), tuple(reader.ignored))


@dataclass(frozen=True, slots=True)
class _Broken:
    """What is no row."""

    message: str


@dataclass(slots=True)
class _Reader:
    table: Table
    zone: tzinfo
    columns: dict[str, Column[Any]] = field(default_factory=dict)
    rows: list[Mapping[str, Text]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: dict[str, None] = field(default_factory=dict)
    named: dict[str, Column[Any] | None] = field(default_factory=dict)

    def read_cells(self, records: Iterator[tuple[int, list[Text] | _Broken]]) -> None:
        line, header = next(records, (1, []))
        if isinstance(header, _Broken):
            self.problems.append(Problem(line, None, header.message))
            return
        places = self._header(line, header)
        for line, record in records:
            if isinstance(record, _Broken):
                self.problems.append(Problem(line, None, record.message))
            elif len(record) != len(header):
                self.problems.append(Problem(line, None, f"has {len(record)} cells, the header has {len(header)}"))
            else:
                found = {column.name: _cell(column, record[place]) for place, column in places}
                self._add(line, found)

    def _header(self, line: int, names: Sequence[Text]) -> list[tuple[int, Column[Any]]]:
        places: list[tuple[int, Column[Any]]] = []
        for place, name in enumerate(names):
            column = self._column(name or "")
            if column is not None and any(column is taken for _, taken in places):
                self.problems.append(Problem(line, column.name, f"`{name}` is the same column again"))
            elif column is not None:
                places.append((place, column))
        return places

    def read_objects(self, found: Iterator[tuple[int, Any]]) -> None:
        for line, item in found:
            if isinstance(item, _Broken):
                self.problems.append(Problem(line, None, item.message))
            elif not isinstance(item, Mapping):
                self.problems.append(Problem(line, None, "is no object"))
            else:
                columns = {name: self._column(name) for name in item}
                self._add(
                    line,
                    {column.name: _text(column, item[name]) for name, column in columns.items() if column is not None},
                )

    def _column(self, name: str) -> Column[Any] | None:
        """Return the column of a name, remember its order; None where there is none, or none to be given."""
        if name not in self.named:
            self.named[name] = self._found(name)
        column = self.named[name]
        if column is None:
            self.ignored.setdefault(name)
        else:
            self.columns.setdefault(column.name, column)
        return column

    def _found(self, name: str) -> Column[Any] | None:
        try:
            column = find_column(self.table, name.strip()) if name.strip() else None
        except ColumnNotFoundError:
            return None
        return column if column is not None and is_given(column) else None

    def _add(self, line: int, row: dict[str, Text]) -> None:
        self.rows.append(row)
        for name, text in row.items():
            wrong = None if text is None else _wrong(self.columns[name], text, self.zone)
            if wrong:
                self.problems.append(Problem(line, name, wrong))


def _wrong(column: Column[Any], text: str, zone: tzinfo) -> str | None:
    try:
        parse(text, column.type, zone)
    except (ValueError, OverflowError, RecursionError):
        words, example = expected(column.type)
        return f"holds {words}, as {example}"
    return None


def _cell(column: Column[Any], text: Text) -> Text:
    return "" if text is None and not column.nullable and kind_of(column.type) == "text" else text


def _text(column: Column[Any], value: Any) -> Text:
    """Return the text of a value of JSON: of a JSON column the JSON itself, of any other what it means."""
    if value is None:
        return None
    if kind_of(column.type) == "json" or isinstance(value, list | dict):
        return json_text(value)
    if isinstance(value, Decimal) and abs(value.adjusted()) > _DIGITS:
        return str(value)  # 1E+999999999 would be as many zeros
    return values.text(value)


# Which format


def _form(text: str) -> Format:
    start = text.lstrip()[:1]
    if start == "[":
        return "json"
    return "ndjson" if start == "{" else "csv"


def _separator(text: str) -> str:
    first = text.partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


# CSV


def _records(text: str, separator: str) -> Iterator[tuple[int, list[Text] | _Broken]]:
    """Yield the number of the first line and the cells of each record; an unquoted empty cell is None."""
    cell = re.compile(rf'(?:"((?:[^"]|"")*)"|(?!")([^{separator}\r\n]*))({separator}|\r\n|\r|\n|\Z)')
    record: list[Text] = []
    at, line, first = 0, 1, 1
    while at < len(text) or record:
        found = cell.match(text, at)
        if found is None:  # a quote that does not end where a cell does
            yield first, _Broken("has a quotation mark that is not closed, or text behind it")
            at = _next_line(text, at)
            line, record = line + 1, []
            first = line
            continue
        quoted, bare, end = found.groups()
        record.append(bare or None if quoted is None else quoted.replace('""', '"'))
        line += (quoted or "").count("\n") + (end not in (separator, ""))
        at = found.end()
        if end != separator:
            if record != [None] or quoted is not None:  # an empty line
                yield first, record
            record, first = [], line


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


# JSON


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, _decoder().decode(line.strip())
            except (ValueError, RecursionError) as error:
                yield number, _Broken(_said(error))


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """Yield each item of an array, or the one object, with its line."""
    decoder = _decoder()
    at = _skip(text, 0)
    alone = text[at : at + 1] != "["
    at = at if alone else _skip(text, at + 1)
    line, seen = 1, 0
    while alone or text[at : at + 1] != "]":
        line, seen = line + text.count("\n", seen, at), at
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield line + text.count("\n", seen, getattr(error, "pos", seen)), _Broken(_said(error))
            return
        yield line, item
        at = _skip(text, at)
        if alone or text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    if (alone and at < len(text)) or (not alone and _skip(text, at + 1) < len(text)) or (not alone and at >= len(text)):
        yield line + text.count("\n", seen, at), _Broken("the array does not end here, as it should")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _said(error: BaseException) -> str:
    words = getattr(error, "msg", None) or str(error) or "is nested too deeply"
    return f"is no JSON: {words[:1].lower()}{words[1:]}"
