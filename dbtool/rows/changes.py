"""Staged edits: what a change is, checked, and put into an order that foreign keys allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import JSON, Column, Table, null

from dbtool.rows.cells import Text
from dbtool.rows.checks import check, required
from dbtool.rows.codec import expected, parse
from dbtool.rows.sheet import Sheet
from dbtool.tables import foreign_keys, is_given, sql_type, target_of


@dataclass(frozen=True, slots=True)
class New:
    """A value that a new row gets: the column of the row with this id that a foreign key points at."""

    id: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What was on screen of a long value: its beginning, and how long it is."""

    start: str
    length: int


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row, which other changes call by its id; a column that is not given gets its default."""

    table: str
    id: str
    values: Mapping[str, Text | New]


@dataclass(frozen=True, slots=True)
class Update:
    """New values of a row; `old` are those that were on screen."""

    table: str
    key: str
    values: Mapping[str, Text | New]
    old: Mapping[str, Text | Cut]


@dataclass(frozen=True, slots=True)
class Delete:
    """A row that goes; `old` are the values that were on screen."""

    table: str
    key: str
    old: Mapping[str, Text | Cut]


Change = Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a change: with one of its cells where that is known; no index means with all together."""

    index: int | None
    column: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """A change whose texts have become values; `links` are the columns that new rows give."""

    index: int
    change: Change
    sheet: Sheet
    values: Mapping[str, Any]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Link:
    """A column of the new row with this id, whose value another row gets."""

    id: str
    column: Column[Any]


def plan(sheets: Callable[[str], Sheet], changes: Sequence[Change], zone: tzinfo) -> tuple[list[Step], list[Problem]]:
    """Read and check all changes, and put them in order."""
    problems: list[Problem] = []
    new = {change.id: sheets(change.table) for change in changes if isinstance(change, Insert)}
    steps = []
    for index, change in enumerate(changes):
        sheet = sheets(change.table)
        problems += _forbidden(index, change, sheet)
        found, links = {}, {}
        for name, given in () if isinstance(change, Delete) else change.values.items():
            try:
                column = _writable(sheet.table, name)
                if isinstance(given, New):
                    links[name] = _link(column, given, new)
                else:
                    found[name] = _value(column, given, zone)
            except ValueError as error:
                problems.append(Problem(index, name, str(error)))
        if isinstance(change, Insert):
            missing = [column for column in required(sheet.table) if column.name not in change.values]
            problems += [Problem(index, column.name, "needs a value") for column in missing]
        steps.append(Step(index, change, sheet, found, links))
    return _in_order(steps, problems), problems


# Checking


def _forbidden(index: int, change: Change, sheet: Sheet) -> Iterator[Problem]:
    if sheet.kind == "view":
        yield Problem(index, None, "a view is not edited")
    elif sheet.identity.kind == "none" and not isinstance(change, Insert):
        yield Problem(index, None, "nothing tells this row from others")


def _writable(table: Table, name: str) -> Column[Any]:
    if name not in table.columns:
        raise ValueError(f"`{table.key}` has no such column")
    column: Column[Any] = table.columns[name]
    if not is_given(column):
        raise ValueError("is computed by the database")
    return column


def _value(column: Column[Any], text: Text, zone: tzinfo) -> Any:
    """Return the value of a text. Raises ValueError with what is wrong with it, the model's rules included."""
    if text is None:
        if not column.nullable:
            raise ValueError("must not be NULL")
        return null()
    try:
        value = parse(text, column.type, zone)
    except (ValueError, OverflowError, RecursionError) as error:
        words, example = expected(column.type)
        raise ValueError(f"holds {words}, as {example}" if text else f"holds {words}") from error
    check(column, value)
    if value is None and isinstance(sql_type(column), JSON):
        return JSON.NULL
    return value


def _link(column: Column[Any], given: New, new: Mapping[str, Sheet]) -> Link:
    if given.id not in new:
        raise ValueError("points at a new row that is not among the changes")
    for key in foreign_keys(column.table):
        target, remote = target_of(key)
        for local, there in zip(key.columns, remote, strict=True):
            if local is column and target.key == new[given.id].table.key:
                return Link(given.id, there)
    raise ValueError(f"does not point at `{new[given.id].table.key}`")


# Ordering


def _in_order(steps: Sequence[Step], problems: list[Problem]) -> list[Step]:
    places = _places([step.sheet.table for step in steps])
    inserts = [step for step in steps if isinstance(step.change, Insert)]
    updates = [step for step in steps if isinstance(step.change, Update)]
    deletes = [step for step in steps if isinstance(step.change, Delete)]
    inserts.sort(key=lambda step: places[step.sheet.table.key])
    deletes.sort(key=lambda step: -places[step.sheet.table.key])
    return [*_linked_first(inserts, problems), *updates, *deletes]


def _places(tables: Iterable[Table]) -> Mapping[str, int]:
    """Return a number for each table that is larger than those of the tables it points at, cycles left aside."""
    known = {table.key: table for table in tables}
    places: dict[str, int] = {}

    def visit(table: Table) -> None:
        if table.key in places:
            return
        places[table.key] = -1  # on the way
        for key in foreign_keys(table):
            if key.referred_table.key in known:
                visit(known[key.referred_table.key])
        places[table.key] = len(places)

    for table in known.values():
        visit(table)
    return places


def _linked_first(inserts: Sequence[Step], problems: list[Problem]) -> list[Step]:
    """Put each new row behind those that it points at."""
    by_id = {step.change.id: step for step in inserts if isinstance(step.change, Insert)}
    ordered: dict[int, Step] = {}
    waiting: list[tuple[Step, bool]] = [(step, False) for step in reversed(inserts)]
    entered: set[int] = set()
    while waiting:
        step, done = waiting.pop()
        if done:
            ordered[step.index] = step
            continue
        if step.index in entered:
            continue
        entered.add(step.index)
        waiting.append((step, True))
        for name, link in step.links.items():
            parent = by_id[link.id]
            if parent.index in entered and parent.index not in ordered:
                problems.append(Problem(step.index, name, "points at a row that points back at it"))
            waiting.append((parent, False))
    return list(ordered.values())
