"""Rows as a table that fits the terminal: cells that are safe to print, and columns that are whole or named as left out.

What a database holds is never markup and never reaches the terminal as a control sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from dbtool import values

NULL = Text("null", style="dim")
_GAP = 2
_WIDEST, _NARROWEST = 48, 12  # of a column of texts, in cells of the terminal
_CUT = 400  # characters of a text that are looked at
_SHOWN_BYTES = 8
_JOINERS = "\u200c\u200d"  # inside Persian words and emoji; they move nothing


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of as many columns as fit, in order, and the names of those that do not."""

    table: Table
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of cells: how wide it would be, how narrow it may be."""

    header: Text
    cells: tuple[Text, ...]
    numeric: bool

    @property
    def natural(self) -> int:
        widest = max((cell_len(cell.plain) for cell in (self.header, *self.cells)), default=0)
        return widest if self.numeric else min(widest, _WIDEST)

    @property
    def narrowest(self) -> int:
        return self.natural if self.numeric else min(self.natural, max(_NARROWEST, cell_len(self.header.plain)))


def grid(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    labels: Sequence[Mapping[str, str]],
    width: int,
) -> Grid:
    """Lay out rows within a width. A number is never cut, a long text ends in an ellipsis."""
    columns = [_column(name, rows, labels) for name in names]
    kept = _kept(columns, width)
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="bold"
    )
    for column, fitted in zip(kept, _fitted(kept, width), strict=True):
        justify = "right" if column.numeric else "left"
        table.add_column(column.header, justify=justify, width=fitted, no_wrap=True, overflow="ellipsis")
    for cells in zip(*(column.cells for column in kept), strict=True):
        table.add_row(*cells)
    return Grid(table, tuple(names[len(kept) :]))


def cell(value: Any, label: str | None = None) -> Text:
    """Return a value as one line of text; `label` stands for what a foreign key points at."""
    match value:
        case _ if label is not None:
            return Text(visible(label), style="cyan")
        case None:
            return NULL.copy()
        case "null":
            return Text('"null"')
        case bytes() | bytearray() | memoryview():
            return _bytes(bytes(value))
        case str():
            return Text(visible(value))
    return Text(visible(values.text(value)))


def visible(text: str) -> str:
    """Return a text on one line, its control characters and direction marks made visible, its far end cut."""
    shown = text if len(text) <= _CUT else f"{text[:_CUT]}…"
    return shown if shown.isprintable() else "".join(map(_visible, shown))


def header(name: str, labels: Sequence[Mapping[str, str]]) -> str:
    """Return what a column is called: a foreign key that shows labels is called like its relation."""
    return name.removesuffix("_id") if any(name in each for each in labels) else name


def size(count: int | None) -> Text:
    """Return a number of bytes as people read it."""
    if count is None:
        return Text("")
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return Text(f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}")


def _column(name: str, rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, str]]) -> _Column:
    found = [row[name] for row in rows if row[name] is not None]
    labelled = any(name in each for each in labels)
    cells = tuple(cell(row[name], each.get(name)) for row, each in zip(rows, labels, strict=True))
    return _Column(
        Text(visible(header(name, labels))), cells, bool(found) and not labelled and all(map(_is_number, found))
    )


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
    spare = width - _GAP * (len(columns) - 1)
    while sum(widths) > spare:
        shrinkable = [place for place, column in enumerate(columns) if widths[place] > column.narrowest]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda place: widths[place])] -= 1
    return widths


def _visible(letter: str) -> str:
    code = ord(letter)
    if letter.isprintable() or letter in _JOINERS or letter == "\u00a0":
        return letter
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of a control character: ␛ for ESC
    return "␡" if code == 0x7F else letter.encode("unicode_escape", "surrogatepass").decode()


def _bytes(value: bytes) -> Text:
    if len(value) <= _SHOWN_BYTES:
        return Text(value.hex(), style="magenta")
    return Text(f"{size(len(value))} {value[:4].hex()}…", style="magenta")
