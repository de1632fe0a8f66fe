"""Everything that is printed: the answer on stdout, the talk on stderr, one JSON object with `--json`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from dbtool import values
from dbtool.conversation import Event, Note, Running, Tell, Warn, Working
from dbtool.errors import DbtoolError, SeedError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

Report = TypeVar("Report")
View = Callable[[Report], "Iterable[RenderableType]"]


def show(command: str, report: Any, view: View[Any], *, as_json: bool) -> None:
    """Print a report: as one JSON object, or as its view."""
    if as_json:
        print_json({"command": command, "ok": report.ok, "report": plain(report)})
        return
    for part in view(report):
        answer(part)


def fail(command: str, error: DbtoolError, *, as_json: bool) -> None:
    """Print a failure: what is wrong, where, and what to type next."""
    if as_json:
        details = {"code": error.code, "message": error.message, "hint": error.hint, "problems": list(error.problems)}
        print_json({"command": command, "ok": False, "error": details})
        return
    talk(line(("error", "bold red"), (f" [{error.code}] ", "red"), (error.message, "")))
    quotes = error.quotes if isinstance(error, SeedError) else ()
    for problem, quote in zip_longest(error.problems, quotes, fillvalue=""):
        talk(line(("  ", ""), (problem, "")))
        if quote:
            talk(line(("      ", ""), (quote, "dim")))
    if error.hint:
        first, *rest = error.hint.splitlines()
        talk(line(("hint", "bold cyan"), (f": {first}", "")))
        for each in rest:
            talk(each)


def teller(progress: Progress, *, quiet: bool, verbose: bool, as_json: bool) -> Tell:
    """Return what prints progress on stderr: notes and warnings, with `-v` each statement instead of a moving line."""
    moving = sys.stderr.isatty() and not (quiet or verbose or as_json)

    def tell(event: Event) -> None:
        match event:
            case Warn(text):
                progress.clear()
                talk(line(("warning", "bold yellow"), (f": {text}", "")))
            case Note(text) if not (quiet or as_json):
                progress.clear()
                talk(line((text, "dim")))
            case Running(revision, name, direction, number, total) if moving:
                progress.show(f"{'applying' if direction == 'up' else 'taking back'} {revision} {name}", number, total)
            case Working(what, done, total) if moving:
                progress.show(what, done, total)
            case _:
                pass

    return tell


def show_statements() -> None:
    """Print every statement that reaches the database, with its time, on stderr."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            talk(line((record.getMessage(), "dim")))

    logger = logging.getLogger("dbtool.sql")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(Handler())
    logger.propagate = False


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of (text, style), in which nothing is markup and control characters are visible."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "".join(clean(text) for text, _ in self.parts)

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text.assemble(*((clean(text), style) for text, style in self.parts))


class Verbatim(Line):
    """Text that another program will read: control characters stay what they are, but on a terminal."""

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


def verbatim(text: str) -> Verbatim:
    """Make a line that is written as it is, tabs included."""
    return Verbatim(((text, ""),))


def answer(part: RenderableType) -> None:
    """Print a part of the answer on stdout."""
    _print(part, sys.stdout)


def talk(part: RenderableType) -> None:
    """Print a part of the talk on stderr."""
    _print(part, sys.stderr)


def line(*parts: tuple[str, str]) -> Line:
    """Make one line of (text, style)."""
    return Line(parts)


def _print(part: RenderableType, stream: TextIO) -> None:
    """Print lines as they are where nothing can be styled, without Rich (70 ms of CPU); the rest through Rich."""
    if isinstance(part, str):
        part = line((part, ""))
    if isinstance(part, Line) and not stream.isatty():
        stream.write(f"{part}\n")
    else:
        # a line is not wrapped, so that paths can be copied
        _console(stream).print(part, soft_wrap=isinstance(part, Line))


class Progress:
    """One line on a terminal that shows how far long work is; it must be cleared before anything else is printed."""

    def __init__(self) -> None:
        self._status: Any = None

    def show(self, what: str, done: int, total: int) -> None:
        """Show a unit of work, where a terminal can move its cursor."""
        words = line((f"{clean(what)} ({done}/{total})" if total else clean(what), ""))
        if self._status is not None:
            self._status.update(words)
            return
        console = _console(sys.stderr)
        if console.color_system:
            self._status = console.status(words)
            self._status.start()

    def clear(self) -> None:
        """Erase the line."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def stdout() -> Console:
    """Return the console of the answer; NO_COLOR and the terminal's width are honoured."""
    return _console(sys.stdout)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if console.no_color:  # Rich would leave bold and dim
        return Console(file=stream, highlight=False, markup=False, emoji=False, color_system=None)
    return console


def table(*headers: str) -> Table:
    """Make an empty table in dbtool's style."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        made.add_column(Text(clean(header)))
    return made


def clean(text: str) -> str:
    """Make control characters visible, so that no text from a file or database can steer the terminal."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    number = ord(character)
    if character.isprintable() or character in "\n":
        return character
    if number < 32:
        return chr(0x2400 + number)
    return f"\\u{number:04x}"


def plain(value: Any) -> Any:
    """Return a report as JSON can hold it: records by their fields' names, values as `values.plain` has them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return values.plain(value)


def print_json(value: Any, *, in_a_line: bool = False) -> None:
    """Print one JSON object on stdout, at once where others will follow it line by line."""
    sys.stdout.write(json.dumps(value, indent=None if in_a_line else 2, ensure_ascii=False) + "\n")
    if in_a_line:
        sys.stdout.flush()


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Say a number with its noun: `1 row`, `1,234 rows`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def file_name(path: str) -> str:
    """Return the last part of a path, whichever way it is written."""
    return path.replace("\\", "/").rpartition("/")[2]


def bullets(texts: Iterable[str], *, most: int = 20) -> Iterator[Line]:
    """Yield an indented line each, and how many were left out."""
    every = list(texts)
    for text in every[:most]:
        yield line((f"  {text}", ""))
    if len(every) > most:
        yield line((f"  ... and {len(every) - most:,} more", "dim"))
