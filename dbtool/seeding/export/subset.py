"""Which rows are exported: those of the chosen tables, and with them those that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from dbtool.database import Database
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import conditions, read_rows
from dbtool.tables import Relation

Values = dict[str, Any]
Key = tuple[Any, ...]


class Subset:
    """Rows by table, each once, by primary key; of a table without one by all of its columns."""

    def __init__(self, database: Database, connection: Connection, known: Mapping[str, Shape]) -> None:
        self.database = database
        self.connection = connection
        self.known = known
        self.rows: dict[str, dict[Key, Values]] = {}

    def take(self, shape: Shape, where: Sequence[ColumnElement[bool]] = ()) -> None:
        """Take the rows of a table that meet all conditions."""
        query = select(*shape.table.columns).where(*where).order_by(*shape.table.primary_key.columns)
        self._add(shape, self._read(shape, query))

    def take_tied(self, shape: Shape, relation: Relation) -> None:
        """Take the rows that tie those of a table which were taken to others."""
        between = self.known[relation.secondary or ""]
        if between.table.key in self.rows:
            return
        self.rows[between.table.key] = {}
        self._match(between, relation.near, self.rows[shape.table.key].values())

    def close(self) -> None:
        """Take the rows that those taken so far point at, and those that these point at, until none is missing."""
        new = {table: list(rows.values()) for table, rows in self.rows.items()}
        while new:
            found: dict[str, list[Values]] = {}
            for table, rows in new.items():
                for relation in self.known[table].references.values():
                    added = self._match(self.known[relation.target], relation.columns, rows)
                    if added:
                        found.setdefault(relation.target, []).extend(added)
            new = found

    def _match(self, target: Shape, pairs: Sequence[tuple[str, str]], rows: Iterable[Values]) -> list[Values]:
        """Take rows whose columns, the second of each pair, are what the first of each are in some rows.

        Returns those that are new.
        """
        remote = [name for _, name in pairs]
        have = {tuple([row[name] for name in remote]) for row in self.rows.get(target.table.key, {}).values()}
        wanted = {tuple([row[name] for name, _ in pairs]) for row in rows} - have
        keys = sorted((key for key in wanted if None not in key), key=repr)
        added: list[Values] = []
        for condition in conditions([target.table.columns[name] for name in remote], keys):
            added += self._add(target, self._read(target, select(*target.table.columns).where(condition)))
        return added

    def _read(self, shape: Shape, query: Any) -> Iterator[Values]:
        names = [column.name for column in shape.table.columns]
        return read_rows(self.database, self.connection, shape, query, names)

    def _add(self, shape: Shape, rows: Iterable[Values]) -> list[Values]:
        held = self.rows.setdefault(shape.table.key, {})
        names = shape.primary_key or tuple(column.name for column in shape.table.columns)
        added = []
        for row in rows:
            key = tuple([row[name] for name in names]) if shape.primary_key else (len(held),)
            if key not in held:
                held[key] = row
                added.append(row)
        return added
