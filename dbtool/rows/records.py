"""A row and the rows that point at it: which relations lead here, and how many rows come by each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import Connection, ForeignKeyConstraint, Table

from dbtool.rows.codec import parse
from dbtool.rows.conditions import Filter
from dbtool.rows.contents import Counted, capped_count
from dbtool.rows.labels import row_label
from dbtool.rows.sheet import Row, Sheet
from dbtool.tables import key_candidates, keys_to, model_of, relations, target_of


@dataclass(frozen=True, slots=True)
class BackReference:
    """A foreign key of another table that points at this one.

    `pairs` are its columns with ours. A many-to-many relation is a key of the table between the two. Not `many` means
    that no more than one row can point at the same.
    """

    name: str
    table: str
    pairs: tuple[tuple[str, str], ...]
    many: bool


@dataclass(frozen=True, slots=True)
class Back:
    """The rows that point at one row by one relation: what to filter their table by, and how many there are."""

    name: str
    table: str
    filters: tuple[Filter, ...]
    many: bool
    counted: Counted


def back_references(table: Table) -> tuple[BackReference, ...]:
    """Return the ways in which other rows point at those of a table, named as the model names the way back."""
    names = _names(table)
    found = [(key, _pairs(key)) for key in keys_to(table)]
    tables = [key.table.key for key, _ in found]
    return tuple(
        BackReference(
            names.get((key.table.key, frozenset(pairs))) or _name(key, alone=tables.count(key.table.key) == 1),
            key.table.key,
            pairs,
            not _is_unique(key),
        )
        for key, pairs in found
    )


def back(
    connection: Connection,
    table: Table,
    row: Mapping[str, str | None],
    *,
    existing: Collection[str],
    zone: tzinfo,
    cap: int = 1_000,
) -> tuple[Back, ...]:
    """Count the rows that point at a row, up to `cap` by each relation.

    `row` has the texts of its columns. `existing` names the tables that the database has.
    """
    return tuple(
        _back(connection, table, reference, row, zone, cap)
        for reference in back_references(table)
        if reference.table in existing
    )


def record_label(sheet: Sheet, row: Row, labels: Mapping[str, Mapping[str, str]]) -> str:
    """Return the natural key of a row, with the labels that `detail.labels` returned for it."""
    texts = {cell.column.name: text for cell, text in zip(sheet.cells, row.cells, strict=True)}
    own = {name: found[text] for name, found in labels.items() if (text := texts[name]) is not None and text in found}
    return row_label(sheet.table, texts, own)


def _back(
    connection: Connection,
    table: Table,
    reference: BackReference,
    row: Mapping[str, str | None],
    zone: tzinfo,
    cap: int,
) -> Back:
    other = table.metadata.tables[reference.table]
    texts = [(local, row.get(remote)) for local, remote in reference.pairs]
    filters = tuple(Filter(local, "eq", (text,)) for local, text in texts if text is not None)
    counted = Counted(0, True)
    if len(filters) == len(texts):
        found = [other.columns[local] == parse(text or "", other.columns[local].type, zone) for local, text in texts]
        counted = capped_count(connection, other, *found, cap=cap)
    return Back(reference.name, reference.table, filters, reference.many, counted)


def _pairs(key: ForeignKeyConstraint) -> tuple[tuple[str, str], ...]:
    return tuple((local.name, remote.name) for local, remote in zip(key.columns, target_of(key)[1], strict=True))


def _names(table: Table) -> Mapping[tuple[str, frozenset[tuple[str, str]]], str]:
    """Return the names of a model's relations by the table and the columns that point here."""
    found = {}
    for relation in relations(table) if model_of(table) is not None else ():
        pairs = relation.columns
        if relation.secondary is not None:
            between = table.metadata.tables[relation.secondary]
            ours = {local.name for key in keys_to(table) if key.table is between for local in key.columns}
            pairs = tuple((local, remote) for local, remote in pairs if remote in ours and local in table.columns)
        found[relation.secondary or relation.target, frozenset((remote, local) for local, remote in pairs)] = (
            relation.name
        )
    return found


def _name(key: ForeignKeyConstraint, *, alone: bool) -> str:
    columns = ", ".join(column.name for column in key.columns)
    return key.table.name if alone else f"{key.table.name}.{columns}"


def _is_unique(key: ForeignKeyConstraint) -> bool:
    local = {column.name for column in key.columns}
    primary = tuple(column.name for column in key.table.primary_key.columns)
    return any(set(unique) <= local for unique in (*key_candidates(key.table), primary) if unique)
