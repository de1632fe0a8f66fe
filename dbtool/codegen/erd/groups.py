"""Which tables belong together: by their schema, by the module of their models, or by what they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from dbtool.tables import foreign_keys, model_of

if TYPE_CHECKING:
    from sqlalchemy import Table


def groups(tables: Iterable[Table]) -> Mapping[str, str]:
    """Return the group of each table, by the table's key, in the order in which the groups begin.

    Several schemas are the groups, else several modules of models. Otherwise a table is of the group of the first
    table that its foreign keys need; one that needs none begins a group, which bears its name.
    """
    ordered = list(tables)
    for told in (_schema, _module):
        found = {table.key: told(table) for table in ordered}
        if len(set(found.values())) > 1:
            return found
    return _owners(ordered)


def _schema(table: Table) -> str:
    return table.schema or "default"


def _module(table: Table) -> str:
    model = model_of(table)
    return model.__module__.rpartition(".")[2] if model else "tables"


def _owners(tables: list[Table]) -> Mapping[str, str]:
    known = {table.key: table for table in tables}
    found: dict[str, str] = {}

    def owner(table: Table, seen: frozenset[str]) -> str:
        if table.key not in found:
            first = _needed(table, lambda key: key in known and key not in seen)
            found[table.key] = owner(known[first], seen | {table.key}) if first else table.name
        return found[table.key]

    for table in tables:
        owner(table, frozenset({table.key}))
    return {table.key: found[table.key] for table in tables}


def _needed(table: Table, is_other: Callable[[str], bool]) -> str | None:
    """Return the table that the first foreign key points at which may not be null."""
    for key in foreign_keys(table):
        target = key.elements[0].target_fullname.rpartition(".")[0]
        if is_other(target) and not any(column.nullable for column in key.columns):
            return target
    return None
