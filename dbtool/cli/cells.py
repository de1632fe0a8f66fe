"""A value as a cell: one line that is safe to print.

What a database holds is never markup and never reaches the terminal as a control sequence.
"""

from __future__ import annotations

from typing import Any

from rich.text import Text

from dbtool import values

_CUT, _LONG = 400, 4000  # characters of a text that are looked at: in a table, and where there is room
_SHOWN_BYTES = 8
_UNITS = ("kB", "MB", "GB", "TB")
_JOINERS = "\u200c\u200d"  # inside Persian words and emoji; they move nothing


def cell(value: Any, label: str | None = None) -> Text:
    """Return a value as one line; `label` stands for what a foreign key points at."""
    if label is not None:
        return Text(visible(label), style="cyan")
    match value:
        case None:
            return Text("null", style="dim")
        case "null":
            return Text('"null"')
        case bytes() | bytearray() | memoryview():
            return _bytes(bytes(value))
    return Text(visible(value if isinstance(value, str) else values.text(value)))


def paragraphs(value: Any) -> Text:
    """Return a value for a place with room: a text keeps its lines."""
    if not isinstance(value, str) or value == "null":
        return cell(value)
    end = "…" if len(value) > _LONG else ""
    return Text("\n".join(visible(line, _LONG) for line in value[:_LONG].split("\n")) + end)


def visible(text: str, most: int = _CUT) -> str:
    """Return a text on one line, its control characters and direction marks made visible, its far end cut."""
    shown = text if len(text) <= most else f"{text[:most]}…"
    return shown if shown.isprintable() else "".join(map(_visible, shown))


def size(count: int | None) -> Text:
    """Return a number of bytes as people read it; nothing where it is not known."""
    if count is None:
        return Text("")
    if count < 1000:
        return Text(f"{count} B")
    power = min((len(str(count)) - 1) // 3, len(_UNITS))
    amount = count / 1000**power
    return Text(f"{amount:.1f} {_UNITS[power - 1]}" if amount < 100 else f"{amount:.0f} {_UNITS[power - 1]}")


def _visible(letter: str) -> str:
    code = ord(letter)
    if letter.isprintable() or letter in _JOINERS or letter == "\u00a0":
        return letter
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of a control character: ␛ for ESC
    return "␡" if code == 0x7F else letter.encode("unicode_escape").decode()


def _bytes(value: bytes) -> Text:
    if len(value) <= _SHOWN_BYTES:
        return Text(value.hex(), style="magenta")
    return Text(f"{size(len(value))} {value[:4].hex()}…", style="magenta")
