"""Which rows, in which order: conditions and sort keys as typed, as expressions with bound values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Select,
    Table,
    func,
    select,
)

from dbtool.rows.codec import kind_of
from dbtool.rows.conditions import read_condition, typed_clause
from dbtool.rows.fetch import fetch
from dbtool.rows.find import find_column_or_reference, find_columns, split_names
from dbtool.rows.labels import label
from dbtool.tables import target_of


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
    where = tuple(typed_clause(connection, table, read_condition(text), zone) for text in wanted.where)
    return Selection(table, columns, where, order_by(table, wanted.sort))


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
