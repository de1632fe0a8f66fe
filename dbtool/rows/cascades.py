"""What goes with rows that are deleted: the rows that point at them by foreign keys with ON DELETE CASCADE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import tzinfo

from sqlalchemy import ColumnElement, Connection, Table, and_, func, not_, select, tuple_

from dbtool.rows.changes import Change, Delete
from dbtool.rows.sheet import Sheet, rows_clause
from dbtool.tables import keys_to, target_of

_DEPTH = 6  # tables in a chain; a tree of rows in one table is told so far


def cascades(
    connection: Connection,
    sheets: Callable[[str], Sheet],
    changes: Sequence[Change],
    zone: tzinfo,
    *,
    existing: Collection[str],
) -> Mapping[str, int]:
    """Count, by table, the rows that the database would delete besides those that the changes name.

    `existing` names the tables that the database has. Raises RecordNotFoundError for a key that cannot be one.
    """
    keys: dict[str, list[str]] = {}
    for change in changes:
        if isinstance(change, Delete):
            keys.setdefault(change.table, []).append(change.key)
    named = {table: rows_clause(sheets(table), found, zone) for table, found in keys.items()}
    counts: Counter[str] = Counter()
    for table, clause in named.items():
        for other, number in _behind(connection, sheets(table).table, clause, named, existing, _DEPTH):
            counts[other] += number
    return dict(sorted(counts.items()))


def _behind(
    connection: Connection,
    table: Table,
    clause: ColumnElement[bool],
    named: Mapping[str, ColumnElement[bool]],
    existing: Collection[str],
    depth: int,
) -> Iterator[tuple[str, int]]:
    for key in keys_to(table):
        if (key.ondelete or "").upper() != "CASCADE" or key.table.key not in existing:
            continue
        local = list(key.columns)
        parents = select(*target_of(key)[1]).where(clause).correlate(None)
        points = local[0].in_(parents) if len(local) == 1 else tuple_(*local).in_(parents)
        also = and_(points, not_(named[key.table.key])) if key.table.key in named else points
        number = int(connection.execute(select(func.count()).select_from(key.table).where(also)).scalar_one())
        if number:
            yield key.table.key, number
        if number and depth > 1:
            yield from _behind(connection, key.table, also, named, existing, depth - 1)
