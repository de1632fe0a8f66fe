"""A row named as people name it: by its natural key, in which foreign keys are natural keys again.

A daily plan is `johndoe/2025-01-01`: the name of the user that `user_id` points at, and the day. One query reads the
labels of a whole page, however deep they reach, since the tables of a natural key are joined.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import combinations, islice, pairwise
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    FromClause,
    Table,
    and_,
    or_,
    select,
)

from dbtool import values
from dbtool.errors import DataError, RecordNotFoundError
from dbtool.rows.codec import parse
from dbtool.rows.fetch import Values, fetch
from dbtool.rows.find import nearest
from dbtool.tables import foreign_keys, key_candidates, label_key, target_of

SEPARATOR = "/"
NULL = values.text(None)
_BATCH = 500  # values in one IN
_SPLITS = 200  # ways to read a text as a key of several parts
_COMPARED = 1000  # rows among which the nearest name is looked for


@dataclass(frozen=True, slots=True)
class Label:
    """How rows are named: `parts`, in order, are columns of `source`, which joins other tables to `table`."""

    table: FromClause
    source: FromClause
    parts: tuple[ColumnElement[Any], ...]


def label(table: Table, key: Sequence[str] | None = None) -> Label:
    """Return how the rows of a table are named, by default by their natural key.

    No parts means that nothing names them. A foreign key that leads back to where it came from ends with its value.
    """
    alias = table.alias()
    source, parts = _expanded(table, alias, alias, label_key(table) if key is None else key, frozenset([table]))
    return Label(alias, source, tuple(parts))


def row_labels(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, str], ...]:
    """Return, for each row, the label behind each foreign key of one column, by the column's name.

    One query per foreign key. There is no label where the key is NULL, where its row is gone, and where the label
    would be the value itself.
    """
    names = set(rows[0]) if rows else set()
    texts = {
        key.columns[0].name: _texts(connection, key, {row[key.columns[0].name] for row in rows})
        for key in _labelled(table)
        if key.columns[0].name in names
    }
    return tuple({name: found[row[name]] for name, found in texts.items() if row[name] in found} for row in rows)


def labels_behind(
    connection: Connection, table: Table, texts: Mapping[str, Collection[str]], zone: tzinfo
) -> Mapping[str, Mapping[str, str]]:
    """Return the same for texts of foreign keys: the labels by the name of the column, and then by the text."""
    found = {}
    for key in _labelled(table):
        (column,) = key.columns
        parsed = {text: _parsed(column, text, zone) for text in texts.get(column.name, ())}
        labels = _texts(connection, key, set(parsed.values()))
        found[column.name] = {text: labels[value] for text, value in parsed.items() if value in labels}
    return {name: labels for name, labels in found.items() if labels}


def locate(
    connection: Connection, table: Table, text: str, columns: Sequence[ColumnElement[Any]], zone: tzinfo
) -> Values:
    """Return columns of the one row that a text names: by natural key, else primary key, else another unique key.

    The parts of a key of several columns are separated by slashes or by spaces. Raises RecordNotFoundError, naming
    the nearest, and DataError when the text names more than one row.
    """
    wanted = [column.name for column in columns]
    for key in _keys(table):
        named = label(table, key)
        for parts in _splits(text, len(named.parts)):
            condition = _equals(named.parts, parts, zone)
            if condition is None:
                continue
            statement = select(named.table).select_from(named.source).where(condition).limit(2)
            found = fetch(connection, statement, [named.table.c[name] for name in wanted])
            if len(found) > 1:
                raise DataError(
                    f"`{text}` names more than one row of `{table.name}`", hint=f"{_show(table)} --where ..."
                )
            if found:
                return found[0]
    raise _not_found(connection, table, text)


def row_label(table: Table, row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Return the natural key of a row that has been read, with what `row_labels` returned for it."""
    start = frozenset([table])
    return SEPARATOR.join(
        labels[name] if name in labels and _step(table, name, start) else values.text(row[name])
        for name in label_key(table)
    )


def join_parts(parts: Sequence[Any]) -> str:
    """Return a label from the values of its parts; empty when all are NULL."""
    return SEPARATOR.join(map(values.text, parts)) if any(part is not None for part in parts) else ""


def _expanded(
    table: Table, alias: FromClause, source: FromClause, key: Sequence[str], seen: frozenset[Table]
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Follow the foreign keys among the columns of a key; `seen` are the tables on the way here."""
    parts: list[ColumnElement[Any]] = []
    for name in key:
        step = _step(table, name, seen)
        if step is None:
            parts.append(alias.c[name])
            continue
        target, remote = step
        other = target.alias()
        source = source.outerjoin(other, alias.c[name] == other.c[remote.name])
        source, deeper = _expanded(target, other, source, label_key(target), seen | {target})
        parts += deeper
    return source, parts


def _step(table: Table, name: str, seen: frozenset[Table]) -> tuple[Table, Column[Any]] | None:
    for key in foreign_keys(table):
        if [column.name for column in key.columns] == [name]:
            target, (remote,) = target_of(key)
            if target not in seen and label_key(target):
                return target, remote
    return None


def _labelled(table: Table) -> Iterator[ForeignKeyConstraint]:
    for key in foreign_keys(table):
        target, remote = target_of(key)
        says_more = label_key(target) != tuple(column.name for column in remote)
        if len(remote) == 1 and label_key(target) and says_more:
            yield key


def _texts(connection: Connection, key: ForeignKeyConstraint, wanted: set[Any]) -> Mapping[Any, str]:
    target, (remote,) = target_of(key)
    named = label(target)
    identity = named.table.c[remote.name]
    ordered = [value for value in wanted if value is not None]
    texts = {}
    for start in range(0, len(ordered), _BATCH):
        statement = select(identity).select_from(named.source).where(identity.in_(ordered[start : start + _BATCH]))
        for value, *parts in fetch(connection, statement, [identity, *named.parts]):
            texts[value] = join_parts(parts)
    return {value: text for value, text in texts.items() if text}


def _parsed(column: Column[Any], text: str, zone: tzinfo) -> Any:
    """Return a value, or None where the text, which a database may hold all the same, is none of the column."""
    try:
        return parse(text, column.type, zone)
    except ValueError:
        return None


def _keys(table: Table) -> list[tuple[str, ...]]:
    primary = tuple(column.name for column in table.primary_key.columns)
    return [key for key in dict.fromkeys([label_key(table), primary, *key_candidates(table)]) if key]


def _splits(text: str, count: int) -> Iterator[list[str]]:
    """Yield the ways to read a text as so many parts; a part may hold a separator itself."""
    if count == 1:
        yield [text]
        return
    for separator in (SEPARATOR, " "):
        words = text.split(separator)
        for cuts in islice(combinations(range(1, len(words)), count - 1), _SPLITS):
            yield [separator.join(words[start:end]) for start, end in pairwise((0, *cuts, len(words)))]


def _equals(columns: Sequence[ColumnElement[Any]], texts: Sequence[str], zone: tzinfo) -> ColumnElement[bool] | None:
    conditions = [_equal(column, text, zone) for column, text in zip(columns, texts, strict=True)]
    found = [condition for condition in conditions if condition is not None]
    return and_(*found) if len(found) == len(columns) else None


def _equal(column: ColumnElement[Any], text: str, zone: tzinfo) -> ColumnElement[bool] | None:
    """Compare a part of a key with what was typed; None where it cannot be a value of it."""
    missing = column.is_(None) if text == NULL else None
    try:
        same = column == parse(text, column.type, zone)
    except ValueError:
        return missing
    return same if missing is None else or_(same, missing)


def _not_found(connection: Connection, table: Table, text: str) -> RecordNotFoundError:
    named = label(table)
    if not named.parts:
        return RecordNotFoundError(
            f"`{table.name}` has no key that a row could be found by", hint=f"{_show(table)} --where ..."
        )
    statement = select(named.table).select_from(named.source).limit(_COMPARED)
    known = [join_parts(parts) for parts in fetch(connection, statement, named.parts)]
    near = nearest(text, known)
    hint = f"did you mean `{near[0]}`?" if near else _show(table)
    return RecordNotFoundError(f"`{table.name}` has no row `{text}`", hint=hint)


def _show(table: Table) -> str:
    return f"dbtool show {shlex.quote(table.key)}"
