"""One schema change: models before and after, rows between them, answers, and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

Models = Callable[[sa.MetaData], None]
Row = Mapping[str, Any]
KINDS = ("sqlite", "postgres", "mysql")


@dataclass(frozen=True)
class Case:
    """One change, run on every database of `only`.

    `rows` are put in between, by table. `renames` are given as on the command line (`book.title:heading`), or in two
    halves, `fills` by `table.column`; `accept` says that losing data is meant, and that what is not in `renames` is
    none.

    After the way up, each value stands where it stood, under the new names. `expect` says what else holds: values of
    `table.column` in the order of the primary key, or how many rows a `table` has; None leaves something open. `back`
    says the same for the way down, where values that were given up are not compared unless it says so, and `again` for
    the way up after that.

    `takes` and `refuses` are rows that the new schema accepts or not, `gives` what the database makes of a row.
    `words` are the changes as they are told; `doubts` says that made-up rows may not be able to go along.
    """

    area: str
    name: str
    before: Sequence[Models]
    after: Sequence[Models]
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    renames: Sequence[str | tuple[str, str]] = ()
    fills: Mapping[str, str] = field(default_factory=dict)
    accept: bool = False
    expect: Mapping[str, Any] = field(default_factory=dict)
    back: Mapping[str, Any] = field(default_factory=dict)
    again: Mapping[str, Any] | None = None
    takes: Sequence[tuple[str, Row]] = ()
    refuses: Sequence[tuple[str, Row]] = ()
    gives: Sequence[tuple[str, Row, Row]] = ()
    words: Sequence[str] | None = None
    doubts: bool = False
    only: Sequence[str] = KINDS

    @property
    def title(self) -> str:
        """The area and the name."""
        return f"{self.area}: {self.name}"


def metadata_of(models: Sequence[Models]) -> sa.MetaData:
    """Return a MetaData of its own with these models."""
    metadata = sa.MetaData()
    for model in models:
        model(metadata)
    return metadata


def table(name: str, *parts: Any, **options: Any) -> Models:
    """Models with one table, made anew in each MetaData; a function among the parts is given the table once it is."""

    def make(metadata: sa.MetaData) -> None:
        columns = [part._copy() for part in parts if isinstance(part, sa.Column)]
        made = sa.Table(name, metadata, *columns, **options)
        for part in parts:
            if not isinstance(part, sa.Column):
                part(made)

    return make


def column(name: str, kind: Any, *parts: Any, **options: Any) -> sa.Column[Any]:
    """A column, for `table` to copy."""
    return sa.Column(name, kind, *parts, **options)


def key(name: str = "id", kind: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    """A primary key."""
    return sa.Column(name, kind, primary_key=True, **options)


Part = Callable[[sa.Table], object]


def unique(*columns: str, name: str | None = None) -> Part:
    """A unique constraint."""
    return lambda made: made.append_constraint(sa.UniqueConstraint(*columns, name=name))


def check(condition: str, name: str | None = None) -> Part:
    """A check."""
    return lambda made: made.append_constraint(sa.CheckConstraint(condition, name=name))


def foreign(columns: Sequence[str], targets: Sequence[str], **options: Any) -> Part:
    """A foreign key over one column or more."""
    return lambda made: made.append_constraint(sa.ForeignKeyConstraint(columns, targets, **options))


def index(name: str, *expressions: Any, where: str | None = None, **options: Any) -> Part:
    """An index over names of columns, SQL, or what a function makes of the table; `where` does nothing on MariaDB."""
    if where is not None:
        options |= {"postgresql_where": sa.text(where), "sqlite_where": sa.text(where)}

    def make(made: sa.Table) -> None:
        found = [
            each(made) if callable(each) else made.c[each] if each in made.c else sa.text(each) for each in expressions
        ]
        sa.Index(name, *found, _table=made, **options)

    return make


ID = key()


def one(kind: Any, *more: Any, name: str = "t", **options: Any) -> list[Models]:
    """A table `t` with an `id` and a column `x`."""
    return [table(name, ID, column("x", kind, **options), *more)]


def plain(*parts: Any, name: str = "t") -> list[Models]:
    """A table `t` with an `id` and whatever else."""
    return [table(name, ID, *parts)]


def values(*given: Any, name: str = "t") -> dict[str, list[Row]]:
    """Rows of a table `t` with an `id`, from 1, and these values of `x`."""
    return {name: [{"id": number, "x": value} for number, value in enumerate(given, 1)]}
