"""A record's relations: the rows that it points at, and the first of those that point at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKeyConstraint, Table, select

from dbtool.reports import RelatedRows
from dbtool.rows.find import keys_by_name
from dbtool.rows.labels import row_labels
from dbtool.rows.query import Selection, count, order_by, page
from dbtool.tables import Relation, relations, target_of

Row = Mapping[str, Any]
FIRST = 10  # rows that are read of each relation


def related(
    connection: Connection, table: Table, row: Row, *, label: str, existing: Collection[str]
) -> tuple[RelatedRows, ...]:
    """Read the first rows behind each relation of a record, as the model orders its relations.

    `existing` names the tables that the database has; a relation to any other is left out.
    """
    return tuple(
        _behind(connection, table, row, relation, label)
        for relation in relations(table)
        if relation.target in existing and (relation.secondary is None or relation.secondary in existing)
    )


def _behind(connection: Connection, table: Table, row: Row, relation: Relation, label: str) -> RelatedRows:
    target = table.metadata.tables[relation.target]
    back = _way_back(table, target, relation)
    hidden = {column.name for column in back[1].columns} if back else set()
    columns = tuple(column for column in target.columns if column.name not in hidden)
    chosen = Selection(target, columns, _conditions(table, target, row, relation), order_by(target, ()))
    rows = page(connection, chosen, FIRST)
    return RelatedRows(
        name=relation.name,
        table=target.key,
        many=relation.many,
        key=_held_key(table, relation),
        columns=tuple(column.name for column in columns),
        rows=rows,
        labels=row_labels(connection, target, rows),
        total=count(connection, chosen) if len(rows) == FIRST else len(rows),
        condition=f"{back[0]}={label}" if back and label else "",
    )


def _conditions(table: Table, target: Table, row: Row, relation: Relation) -> tuple[ColumnElement[bool], ...]:
    if relation.secondary is None:
        return tuple(target.c[remote] == row[local] for local, remote in relation.columns)
    between = table.metadata.tables[relation.secondary]
    first = next(iter(between.c[relation.columns[0][1]].foreign_keys)).constraint
    ours = {column.name for column in first.columns} if first is not None else set()
    joined = [
        between.c[remote] == (row[local] if remote in ours else target.c[local]) for local, remote in relation.columns
    ]
    return (select(1).select_from(between).where(*joined).correlate(target).exists(),)


def _way_back(table: Table, target: Table, relation: Relation) -> tuple[str, ForeignKeyConstraint] | None:
    """Return the foreign key, with its name, by which the rows behind a relation point at the record."""
    if relation.secondary is not None:
        return None
    pairs = {(remote, local) for local, remote in relation.columns}
    found = [(name, key) for name, key in keys_by_name(target).items() if _leads(key, table, pairs)]
    return found[-1] if found else None


def _held_key(table: Table, relation: Relation) -> tuple[str, ...]:
    if relation.many or relation.secondary is not None:
        return ()
    target = table.metadata.tables[relation.target]
    held = [key for key in table.foreign_key_constraints if _leads(key, target, set(relation.columns))]
    return tuple(column.name for column in held[0].columns) if held else ()


def _leads(key: ForeignKeyConstraint, target: Table, pairs: set[tuple[str, str]]) -> bool:
    """Whether a foreign key leads from the first columns of these pairs to the second ones of that table."""
    found, columns = target_of(key)
    return found is target and {(local.name, remote.name) for local, remote in _pairs(key, columns)} == pairs


def _pairs(key: ForeignKeyConstraint, remote: tuple[Column[Any], ...]) -> list[tuple[Column[Any], Column[Any]]]:
    return list(zip(key.columns, remote, strict=True))
