"""What is wrong with the seed files: one line for each place, all of them shown at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dbtool.errors import SeedError

_MOST_SHOWN = 1_000
_MOST_QUOTED = 200
_LONGEST_LINE = 100
_LONGEST = 60  # characters of a value that a message quotes
_MOST_COMPARED = 5_000  # words that a misspelt one is compared with, 20 us each


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A point in a seed file; `file` as people in the project write it, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Problems:
    """Collects problems, one for each place: the first, since others at that place only follow from it.

    `root` is the folder of the project, which places are relative to. `incomplete` says that a part of the seeds could
    not be read, so what seems missing may only be unread.
    """

    def __init__(self, root: Path = Path()) -> None:
        self.root = root
        self.incomplete = False
        self._found: dict[Place, str] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, message: str) -> None:
        """Note a problem."""
        self._found.setdefault(place, message)

    def lines(self) -> tuple[str, ...]:
        """Return `file:line:column: message`, in the order of the files; of very many only the first."""
        found = sorted(self._found.items())
        more = len(found) - _MOST_SHOWN
        last = (f"and {more:,} more like these",) if more > 0 else ()
        return (*(f"{place}: {message}" for place, message in found[:_MOST_SHOWN]), *last)

    def refuse(self, folder: str) -> None:
        """Raise SeedError with all lines when there is any problem."""
        if self._found:
            count = f"{len(self._found):,} problem{'s' if len(self._found) > 1 else ''}"
            raise SeedError(
                f"{count} in {folder}, nothing was written",
                hint=f"correct {min(self._found)} and what follows, then: dbtool seed",
                problems=self.lines(),
                quotes=tuple(self._quotes()),
            )

    def _quotes(self) -> Iterator[str]:
        """Yield the line of each of the first problems, each file being read once."""
        texts: dict[str, list[str]] = {}
        for place in sorted(self._found)[:_MOST_QUOTED]:
            if place.file not in texts:
                texts[place.file] = _lines(self.root / place.file)
            lines = texts[place.file]
            text = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
            yield text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + " ..."


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.suffix != ".parquet" else []
    except OSError:
        return []


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names the nearest known word, or nothing."""
    words = tuple(known)
    near = get_close_matches(word, words, n=1) if len(words) <= _MOST_COMPARED and len(word) < 200 else ()
    return f"; did you mean `{near[0]}`?" if near else ""


def listed(names: Iterable[str], last: str = "and") -> str:
    """Return names in backticks as a sentence lists them."""
    quoted = [f"`{name}`" for name in names]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def shown(value: object) -> str:
    """Return a value as a message quotes it, short."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return "null" if value is None else f"`{text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}`"
