"""The rows that a foreign key could point at, found by a part of what names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, ForeignKeyConstraint, and_, case, or_, select

from dbtool import values
from dbtool.rows.codec import parse
from dbtool.rows.comparisons import contains
from dbtool.rows.conditions import check_text
from dbtool.rows.fetch import fetch
from dbtool.rows.labels import join_parts, label
from dbtool.rows.sheet import Sheet, key_of
from dbtool.tables import target_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row to point at: `values` is what the local columns of the foreign key get, as texts."""

    key: str | None
    label: str
    values: Mapping[str, str | None]


def lookup(
    connection: Connection,
    target: Sheet,
    reference: ForeignKeyConstraint,
    text: str,
    *,
    zone: tzinfo,
    limit: int = 20,
) -> tuple[Candidate, ...]:
    """Return the first rows of a table whose natural key contains a text, in the order of that key.

    `target` is the table that `reference` points at. The row whose key is the text comes first; no text finds all.
    """
    check_text(text)
    named = label(target.table)
    remote = [named.table.c[column.name] for column in target_of(reference)[1]]
    identity = [named.table.c[column.name] for column in target.identity.columns]
    wanted = [*remote, *identity, *named.parts]
    statement = select(named.table).select_from(named.source).order_by(*(named.parts or remote)).limit(limit)
    if text:
        same = [clause for clause in (_same(column, text, zone) for column in remote) if clause is not None]
        exact = and_(*same) if len(same) == len(remote) == 1 else None
        found = [contains(part, text) for part in named.parts]
        statement = statement.where(or_(*found, *([exact] if exact is not None else [])))
        if exact is not None:
            statement = statement.order_by(None).order_by(case((exact, 0), else_=1), *(named.parts or remote))
        if not found and exact is None:
            return ()
    return tuple(_candidate(target, reference, row) for row in fetch(connection, statement, wanted))


def _same(column: ColumnElement[Any], text: str, zone: tzinfo) -> ColumnElement[bool] | None:
    try:
        same: ColumnElement[bool] = column == parse(text, column.type, zone)
    except ValueError:
        return None
    return same


def _candidate(target: Sheet, reference: ForeignKeyConstraint, row: tuple[Any, ...]) -> Candidate:
    texts = [None if value is None else values.text(value) for value in row]
    local = [column.name for column in reference.columns]
    width = len(local) + len(target.identity.columns)
    key = key_of(texts[len(local) : width]) if target.identity.columns else None
    shown = join_parts(row[width:]) or " ".join(text or "" for text in texts[: len(local)])
    return Candidate(key, shown, dict(zip(local, texts, strict=False)))
