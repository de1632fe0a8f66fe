"""Where seeds come from, and how a message finds the line and column of a value again.

Reading keeps one number for each mapping: where it begins. Keys and values are looked up in the file once more when
a message needs them, which costs nothing where seeds are right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dbtool.seeding.problems import Place

_COLUMN_BITS = 32


def mark_of(line: int, column: int) -> int:
    """Return line and column, from 0, as one number."""
    return line << _COLUMN_BITS | column


@dataclass(eq=False)
class Source(ABC):
    """A file of seeds; `file` is its name in messages, relative to the project."""

    path: Path
    file: str

    @abstractmethod
    def place(self, mark: int, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Return where what begins at `mark` has its value at a path, or the nearest one around it."""

    def at(self, mark: int) -> Place:
        """Return the place of a mark."""
        return Place(self.file, (mark >> _COLUMN_BITS) + 1, (mark & (1 << _COLUMN_BITS) - 1) + 1)


@dataclass
class Marks:
    """Where the parts of one mapping or sequence begin: each key and its value, or each item."""

    keys: dict[str, int] = field(default_factory=dict)
    values: dict[str | int, int] = field(default_factory=dict)


@dataclass(eq=False)
class YamlSource(Source):
    """A file of YAML, or of JSON, which is YAML too."""

    def place(self, mark: int, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Walk down from the mapping at `mark`."""
        for number, step in enumerate(path, 1):
            marks = self._marks.get(mark)
            if marks is None or step not in marks.values:
                break
            mark = marks.keys[str(step)] if key and number == len(path) and step in marks.keys else marks.values[step]
        return self.at(mark)

    @cached_property
    def _marks(self) -> dict[int, Marks]:
        from dbtool.seeding.yaml_reader import marks_of

        return marks_of(self.path.read_bytes().decode("utf-8-sig", errors="replace"))
