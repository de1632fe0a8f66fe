"""Tables for the terminal: rows in as many columns as fit, one row with room, and what a database is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from dbtool import values
from dbtool.cli.cells import cell, paragraphs, size, visible
from dbtool.reports import Column, SchemaReport, TableSize

_GAP = 2
_A_TIME = len("2025-01-31T18:30:00…")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of as many columns as fit, in order, and the names of those that do not."""

    table: Table
    left_out: tuple[str, ...]


def rows_table(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, str]], width: int
) -> Grid:
    """Lay out rows within a width. A number is never cut, a long text ends in an ellipsis."""
    columns = [_column(name, rows, labels) for name in names]
    kept = _kept(columns, width)
    return Grid(_laid_out(kept, width), tuple(names[len(kept) :]))


def record_table(row: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """Lay out one row, a line for each column; a long text runs over several lines."""
    table = Table(box=None, show_header=False, show_edge=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in row.items():
        if name in labels:
            shown = cell(value, labels[name]).append(f"  {name} {visible(values.text(value))}", style="dim")
        else:
            shown = paragraphs(value)
        table.add_row(Text(_header(name, [labels])), shown)
    return table


def sizes_table(tables: Sequence[TableSize], width: int) -> Table:
    """Lay out tables with their rows, their sizes and what they are for."""
    modelled = any(each.model for each in tables)
    rows = [Text("view", style="dim") if each.rows is None else Text(f"{each.rows:,}") for each in tables]
    columns = (
        _Column(Text("table"), tuple(Text(visible(each.name)) for each in tables), rigid=True),
        _Column(Text("rows"), tuple(rows), rigid=True, justify="right"),
        _Column(Text("size"), tuple(size(each.bytes) for each in tables), rigid=True, justify="right"),
        _Column(Text("about"), tuple(_about(each, modelled=modelled) for each in tables), widest=width),
    )
    return _laid_out(columns, width)


def schema_table(report: SchemaReport, width: int) -> Table:
    """Lay out a table's columns: what they hold, whether they may be empty, and what they are for."""
    told = report.columns
    columns = (
        _Column(Text("column"), tuple(Text(visible(each.name)) for each in told), rigid=True),
        _Column(Text("type"), tuple(Text(visible(each.type)) for each in told), shortest=_longest_word(told)),
        _Column(Text(""), tuple(Text("null" if each.nullable else "", style="dim") for each in told), rigid=True),
        _Column(Text("default"), tuple(Text(visible(each.default or "")) for each in told)),
        _Column(Text("key"), tuple(map(_key, told)), rigid=True),
        _Column(Text("about"), tuple(Text(visible(each.comment or "")) for each in told)),
    )
    return _laid_out([each for each in columns if any(cell.plain for cell in each.cells)], width, folded=True)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of cells: how wide it would be, how narrow it may be. A rigid one is shown whole."""

    header: Text
    cells: tuple[Text, ...]
    rigid: bool = False
    justify: Literal["left", "right"] = "left"
    widest: int = 48
    shortest: int = 12

    @property
    def natural(self) -> int:
        wanted = max(cell_len(cell.plain) for cell in (self.header, *self.cells))
        return wanted if self.rigid else min(wanted, self.widest)

    @property
    def narrowest(self) -> int:
        return self.natural if self.rigid else min(self.natural, max(self.shortest, cell_len(self.header.plain)))


def _column(name: str, rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, str]]) -> _Column:
    found = [row[name] for row in rows if row[name] is not None]
    labelled = any(name in each for each in labels)
    cells = tuple(cell(row[name], each.get(name)) for row, each in zip(rows, labels, strict=True))
    head = Text(_header(name, labels))
    if found and not labelled and all(map(_is_number, found)):
        return _Column(head, cells, rigid=True, justify="right")
    return _Column(head, cells, shortest=_A_TIME if any(isinstance(value, datetime) for value in found) else 12)


def _longest_word(columns: Sequence[Column]) -> int:
    return min(max((len(word) for column in columns for word in column.type.split()), default=0), 30)


def _about(table: TableSize, *, modelled: bool) -> Text:
    if modelled and not table.model and not table.comment:
        return Text("not in the models", style="dim")
    return Text(visible(table.comment or ""))


def _header(name: str, labels: Sequence[Mapping[str, str]]) -> str:
    """Return what a column is called: a foreign key that shows labels is called as it can be typed, without `_id`."""
    return visible(name.removesuffix("_id") if any(name in each for each in labels) else name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _kept(columns: Sequence[_Column], width: int) -> Sequence[_Column]:
    """Keep the first columns, as many as fit at their narrowest; at least one."""
    used = -_GAP
    for number, column in enumerate(columns):
        used += _GAP + column.narrowest
        if used > width:
            return columns[: max(number, 1)]
    return columns


def _fitted(columns: Sequence[_Column], width: int) -> list[int]:
    """Give each column its natural width, and take from the widest what is too much."""
    widths = [column.natural for column in columns]
    floors = [column.narrowest for column in columns]
    for _ in range(sum(widths) + _GAP * (len(columns) - 1) - width):
        shrinkable = [place for place, floor in enumerate(floors) if widths[place] > floor]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda place: widths[place])] -= 1
    return widths


def _laid_out(columns: Sequence[_Column], width: int, *, folded: bool = False) -> Table:
    """Make the table; a text that is too long runs over several lines when `folded`, else ends in an ellipsis."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="bold"
    )
    overflow: Literal["fold", "ellipsis"] = "fold" if folded else "ellipsis"
    for column, fitted in zip(columns, _fitted(columns, width), strict=True):
        table.add_column(
            column.header, justify=column.justify, width=fitted, no_wrap=column.rigid or not folded, overflow=overflow
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def _key(column: Column) -> Text:
    if column.references:
        return Text(f"→ {visible(column.references)}", style="cyan")
    words = {"primary key": column.primary_key, "unique": column.unique, "index": column.indexed}
    return Text(next((word for word, holds in words.items() if holds), ""))
