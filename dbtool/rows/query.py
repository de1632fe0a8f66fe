"""Which rows, in which order: conditions and sort keys as typed, as expressions with bound values."""

from __future__ import annotations

import re
import shlex
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Select,
    String,
    Table,
    and_,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    types,
)

from dbtool.errors import ConditionError
from dbtool.rows.codec import expected, kind_of, parse
from dbtool.rows.fetch import fetch
from dbtool.rows.find import find_column_or_reference, find_columns, split_names
from dbtool.rows.labels import NULL, label, locate
from dbtool.tables import target_of

_CONDITION = re.compile(r"(?P<name>[^=!<>~]+?)\s*(?P<operator>!=|<=|>=|=|<|>|~)(?P<value>.*)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was typed, in its parts."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a table: which columns, under which conditions, in which order."""

    table: Table
    columns: tuple[Column[Any], ...]
    where: tuple[ColumnElement[bool], ...] = ()
    order: tuple[ColumnElement[Any], ...] = ()

    @property
    def statement(self) -> Select[Any]:
        """The SELECT."""
        return select(*self.columns).select_from(self.table).where(*self.where).order_by(*self.order)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as typed."""

    where: Sequence[str] = ()
    sort: Sequence[str] = ()
    columns: Sequence[str] = ()


def selection(connection: Connection, table: Table, wanted: Wanted, zone: tzinfo) -> Selection:
    """Turn what was typed into a selection. Raises ColumnNotFoundError, ConditionError and RecordNotFoundError."""
    columns = find_columns(table, wanted.columns)
    where = tuple(_clause(connection, table, read_condition(text), zone) for text in wanted.where)
    return Selection(table, columns, where, order_by(table, wanted.sort))


def read_condition(text: str) -> Condition:
    """Split a condition at its operator. Raises ConditionError when there is none."""
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ConditionError(
            f"`{text}` is no condition", hint="--where column=value; also != < <= > >= and ~ for a part of a text"
        )
    name, operator, value = found.group("name", "operator", "value")
    return Condition(name.strip(), operator, value.removeprefix(" "))


def order_by(table: Table, sort: Sequence[str]) -> tuple[ColumnElement[Any], ...]:
    """Return the order of rows: the sort keys, then the primary key. NULLs come last, whichever the direction.

    A minus before a name means descending; the name of a relation means the natural key behind it. A table without
    a primary key is ordered by all that can be compared, but only when an order was asked for.
    """
    keys: list[ColumnElement[Any]] = []
    for name in split_names(table, sort):
        keys += _sort_key(table, name)
    primary = list(table.primary_key.columns)
    return (*keys, *(primary or (_comparable(table) if keys else [])))


def count(connection: Connection, chosen: Selection) -> int:
    """Count all rows that match."""
    statement = select(func.count()).select_from(chosen.table).where(*chosen.where)
    return int(connection.execute(statement).scalar_one())


def page(connection: Connection, chosen: Selection, limit: int | None) -> tuple[Mapping[str, Any], ...]:
    """Read the first rows, each by column name; no limit reads all."""
    names = [column.name for column in chosen.columns]
    rows = fetch(connection, chosen.statement.limit(limit), chosen.columns)
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


# Conditions


def _clause(connection: Connection, table: Table, condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    found = find_column_or_reference(table, condition.name)
    if isinstance(found, ForeignKeyConstraint):
        return _on_reference(connection, found, condition, zone)
    return _on_column(connection, found, condition, zone)


def _on_column(connection: Connection, column: Column[Any], condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column; what does not fit a foreign key of its own is taken for a natural key."""
    if condition.value == NULL and condition.operator in ("=", "!="):
        return column.is_(None) if condition.operator == "=" else column.is_not(None)
    key = next((key for key in column.table.foreign_key_constraints if list(key.columns) == [column]), None)
    try:
        return _compared(column, condition, zone)
    except ValueError as error:
        if key is not None and condition.operator in ("=", "!="):
            return _on_reference(connection, key, condition, zone)
        raise _unfit(column, condition) from error


def _on_reference(
    connection: Connection, key: ForeignKeyConstraint, condition: Condition, zone: tzinfo
) -> ColumnElement[bool]:
    """Compare the natural key of the row that a foreign key points at."""
    local = list(key.columns)
    target, remote = target_of(key)
    match condition.operator:
        case "=" | "!=" if condition.value == NULL:
            missing = or_(*(column.is_(None) for column in local))
            return missing if condition.operator == "=" else not_(missing)
        case "=" | "!=":
            found = locate(connection, target, condition.value, remote, zone)
            same = and_(*(column == value for column, value in zip(local, found, strict=True)))
            return same if condition.operator == "=" else not_(same)
        case "~":
            return _label_contains(key, condition.value)
    raise ConditionError(
        f"`{condition.name}` is a relation, which is neither less nor greater",
        hint=f"{_where(local[0], condition.operator, condition.value)}, or = != ~",
    )


def _label_contains(key: ForeignKeyConstraint, text: str) -> ColumnElement[bool]:
    target, remote = target_of(key)
    named = label(target)
    joined = [column == named.table.c[there.name] for column, there in zip(key.columns, remote, strict=True)]
    contains = or_(false(), *(_contains(part, text) for part in named.parts))
    return select(1).select_from(named.source).where(*joined, contains).correlate(key.table).exists()


def _compared(column: Column[Any], condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column with a typed value. Raises ValueError when the value does not fit."""
    operator, text = condition.operator, condition.value
    if operator == "~":
        return _contains(column, text)
    kind = kind_of(column.type)
    if kind == "datetime" and _DAY.fullmatch(text):
        return _on_day(column, operator, parse(text, column.type, zone))
    value = parse(text, column.type, zone)
    if kind == "json":
        raise ValueError(text)
    if kind == "float" and not isinstance(column.type, types.Double):
        return _near(column, operator, value)
    return _OPERATORS[operator](column, value)


_OPERATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


def _on_day(column: Column[Any], operator: str, start: datetime) -> ColumnElement[bool]:
    """Compare times with a whole day: `=` is any time of it, `<=` is until its end."""
    end = start + timedelta(days=1)
    match operator:
        case "=":
            return and_(column >= start, column < end)
        case "!=":
            return or_(column < start, column >= end)
        case "<" | ">=":
            return _OPERATORS[operator](column, start)
    return column < end if operator == "<=" else column >= end


def _near(column: Column[Any], operator: str, value: float) -> ColumnElement[bool]:
    """Compare a column that may hold floats of four bytes, as MariaDB's FLOAT does, where 87.3 is 87.30000305."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        single = value
    if operator in ("=", "!="):
        found = column.in_(sorted({value, single}))
        return found if operator == "=" else not_(found)
    return _OPERATORS[operator](column, (min if operator in ("<", ">=") else max)(value, single))


def _contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Search in the text of a value, whichever its type; upper and lower case are the same."""
    searched = column if kind_of(column.type) == "text" else cast(column, String)
    return searched.icontains(text, autoescape=True)


def _unfit(column: Column[Any], condition: Condition) -> ConditionError:
    words, example = expected(column.type)
    if kind_of(column.type) == "json":
        return ConditionError(
            f"`{column.name}` holds JSON, which is only searched", hint=_where(column, "~", condition.value)
        )
    message = f"`{condition.value}` does not fit `{column.table.name}.{column.name}`, which holds {words}"
    return ConditionError(message, hint=_where(column, condition.operator, example))


def _where(column: Column[Any], operator: str, value: str) -> str:
    return f"--where {shlex.quote(f'{column.name}{operator}{value}')}"


# Order


def _sort_key(table: Table, name: str) -> list[ColumnElement[Any]]:
    names = {column.name for column in table.columns}
    descending = name.startswith("-") and name not in names
    found = find_column_or_reference(table, name.removeprefix("-") if descending else name)
    keys = _label_keys(found) if isinstance(found, ForeignKeyConstraint) else [found]
    ordered: list[ColumnElement[Any]] = []
    for key in keys:
        if getattr(key, "nullable", True):
            ordered.append(key.is_(None))  # MariaDB knows no NULLS LAST
        ordered.append(key.desc() if descending else key.asc())
    return ordered


def _label_keys(key: ForeignKeyConstraint) -> list[ColumnElement[Any]]:
    """Return the parts of the natural key behind a foreign key, each looked up by itself."""
    target, remote = target_of(key)
    named = label(target)
    joined = [column == named.table.c[there.name] for column, there in zip(key.columns, remote, strict=True)]
    return [
        select(part).select_from(named.source).where(*joined).correlate(key.table).scalar_subquery()
        for part in named.parts
    ]


def _comparable(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if kind_of(column.type) not in ("json", "other", "bytes")]
