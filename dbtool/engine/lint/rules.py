"""What a rule is, and what it judges."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dbtool.reports import Revision, Severity

if TYPE_CHECKING:
    from sqlalchemy import Table

KINDS = ("postgres", "mysql", "sqlite")
_LETTERS: Mapping[str, Severity] = {"E": "error", "W": "warning", "N": "note"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation as rules see it: Alembic's, whether the file said it by `op` or as SQL.

    `text` is the SQL of one that was said as text, without comments and with empty strings; `before` its table as it
    was, and `referred` the one that its foreign key points at, None where that is not known. `new` is whether its
    table is made in the run that is judged, so that no row is in it and nobody waits for it.
    """

    operation: Any
    line: int = 0
    alone: bool = False
    batch: bool = False
    before: Table | None = None
    referred: Table | None = None
    text: str = ""
    new: bool = False

    @property
    def table(self) -> str:
        """The table's name, or nothing."""
        name = getattr(self.operation, "table_name", None) or getattr(self.operation, "source_table", None)
        return str(name or "")


@dataclass(frozen=True)
class File:
    """One migration file: what it does up and down, in order, and its text.

    `down` is None where the way back could not be read; `refusal` is the reason of one that says it has none.
    """

    revision: Revision
    up: tuple[Deed, ...]
    down: tuple[Deed, ...] | None
    refusal: str | None = None
    text: str = ""

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    def line_of(self, function: str) -> int:
        """Return the line on which a function of the file begins, else 1."""
        found = (node.lineno for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
        return next(found, 1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside a file. `kind` is of the database; `packages` are the application's own modules.

    `added` holds (table, column) of the columns that the run adds.
    """

    kind: str
    added: frozenset[tuple[str, str]] = frozenset()
    packages: frozenset[str] = frozenset()


Judge = Callable[[Deed, Facts], str | None]
JudgeFile = Callable[[File, Facts], Iterator[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong with a migration, and what to write instead.

    `severities` has a letter for each of PostgreSQL, MariaDB and SQLite: E, W, N, or - where it does not apply.
    `judge` looks at each operation, `judge_file` at a file, yielding lines with messages; history rules have
    neither, since the files as a whole are read before any of them. `on_new` is whether new tables count too.
    `elsewhere` is what to write instead where `rewrite` is PostgreSQL's own.
    """

    name: str
    severities: str
    catches: str
    rewrite: str
    judge: Judge | None = None
    judge_file: JudgeFile | None = None
    on_new: bool = False
    elsewhere: str = ""

    def severity(self, kind: str) -> Severity | None:
        """Return how bad this is for a kind of database; None where it does not apply."""
        return _LETTERS.get(self.severities[KINDS.index(kind)])

    def advice(self, kind: str, deed: Deed | None = None) -> str:
        """Return the rewrite for a kind of database, with the names of an operation put in."""
        text = self.elsewhere if self.elsewhere and kind != KINDS[0] else self.rewrite
        for name, value in names_in(deed.operation).items() if deed else ():
            text = text.replace(f"<{name}>", value)
        return text


def names_in(operation: Any) -> dict[str, str]:
    """Return the names that an operation says, for a rewrite to be pasted."""
    columns = getattr(operation, "columns", None) or getattr(operation, "local_cols", None) or ()
    if hasattr(operation, "to_table"):
        columns = ()  # all there are, which no rule means
    found: dict[str, Any] = {
        "table": getattr(operation, "table_name", None) or getattr(operation, "source_table", None),
        "column": getattr(operation, "column_name", None) or getattr(getattr(operation, "column", None), "name", None),
        "name": getattr(operation, "index_name", None) or getattr(operation, "constraint_name", None),
        "new": getattr(operation, "new_table_name", None) or getattr(operation, "modify_name", None),
        "target": getattr(operation, "referent_table", None),
        "condition": getattr(operation, "condition", None),
        "columns": ", ".join(repr(str(getattr(each, "name", each))) for each in columns) if columns else None,
    }
    found["column"] = found["column"] or (str(getattr(columns[0], "name", columns[0])) if columns else None)
    return {name: str(value) for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Registry:
    """All rules, by name and in the order in which they are listed."""

    rules: Sequence[Rule] = field(default_factory=tuple)

    def __getitem__(self, name: str) -> Rule:
        return next(rule for rule in self.rules if rule.name == name)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)
