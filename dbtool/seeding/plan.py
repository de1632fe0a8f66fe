"""What the seeds will do: every row matched with what the database holds. Reads only; all problems are found here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbtool.seeding.documents import Document
from dbtool.seeding.gather import Row, gather
from dbtool.seeding.problems import Place, Problems
from dbtool.seeding.references import Asked, Directory
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import Store
from dbtool.seeding.validate import validate
from dbtool.tables import Relation

Plan = tuple[tuple[Shape, tuple[tuple[Row, ...], ...]], ...]  # each table's rows in waves, parents before children


def plan(documents: Iterable[Document], known: Mapping[str, Shape], store: Store, problems: Problems) -> Plan:
    """Return the rows to write, table by table; what is wrong with any of them is in `problems`."""
    rows = gather(documents, known, problems)
    in_order = [shape for table, shape in known.items() if table in rows]
    for shape in in_order:
        validate(shape, rows[shape.table.key], problems)
    planner = _Planner(known, store, problems)
    store.check_tables(planner.needed(in_order, rows))
    return tuple((shape, planner.take(shape, rows[shape.table.key])) for shape in in_order)


class _Planner:
    def __init__(self, known: Mapping[str, Shape], store: Store, problems: Problems) -> None:
        self.known = known
        self.store = store
        self.problems = problems
        self.directory = Directory(known, store, problems)

    def needed(self, shapes: Sequence[Shape], rows: Mapping[str, Sequence[Row]]) -> Iterator[Shape]:
        """Yield the tables that are written, and those whose rows are named."""
        yield from shapes
        for shape in shapes:
            for name in {name for row in rows[shape.table.key] for name in row.named}:
                yield self.known[shape.references[name].target]

    def take(self, shape: Shape, rows: Sequence[Row]) -> tuple[tuple[Row, ...], ...]:
        """Match one table's rows; those of the tables before it are matched already."""
        own = [name for name, relation in shape.references.items() if _is_late(shape, relation)]
        for name, relation in shape.references.items():
            if name not in own:
                self._resolve(relation, rows)
        for generation in _generations(rows):
            self._settle(generation)
            self._match(shape, generation)
        for name in own:
            self._resolve(shape.references[name], rows)
        self._settle(rows)
        for row in rows:
            self._compare(row)
        return self._waves(rows)

    def _resolve(self, relation: Relation, rows: Sequence[Row]) -> None:
        """Link each row that names another through a relation to that row."""
        target = self.known[relation.target]
        naming = [row for row in rows if row.named.get(relation.name) is not None]
        if target.position > rows[0].shape.position:
            for row in naming:
                self._refuse_circle(_value_place(row, relation.name), row.shape, target)
            return
        asked = [Asked(row.named[relation.name], row.node, relation.name) for row in naming if row.node is not None]
        for row, found in zip(naming, self.directory.find(target, asked), strict=True):
            if found is not None:
                row.links |= {column: (found, remote) for column, remote in relation.columns}
        for row in rows:
            if relation.name in row.named and row.named[relation.name] is None:
                self._unlink(row, relation)

    def _unlink(self, row: Row, relation: Relation) -> None:
        for column, _ in relation.columns:
            row.values[column] = None
            if not row.shape.columns[column].nullable:
                self.problems.add(_value_place(row, relation.name), f"`{relation.name}` must not be null")

    def _settle(self, rows: Iterable[Row]) -> None:
        """Turn links to rows whose columns are known into values; what remains waits for writing."""
        for row in rows:
            for column, (target, remote) in tuple(row.links.items()):
                if target.shape.position > row.shape.position:
                    self._refuse_circle(row.place, row.shape, target.shape)
                value = target.known(remote)
                if value is target:
                    target.wanted = True
                else:
                    row.values[column] = value
                    del row.links[column]

    def _refuse_circle(self, place: Place, shape: Shape, target: Shape) -> None:
        names = f"`{shape.name}` and `{target.name}`"
        self.problems.add(place, f"{names} refer to each other; seeds cannot write such circles yet")

    def _match(self, shape: Shape, rows: Sequence[Row]) -> None:
        """Give each row its natural key, and what the database holds under it."""
        keyed = []
        for row in rows:
            key = self.directory.key_of(row)
            if key is not None:
                row.key = key
                self.directory.register(row)
                keyed.append(row)
        columns = {name for row in keyed for name in row.values}
        columns |= {column for relation in shape.references.values() for column, _ in relation.columns}
        keys = {row.key for row in keyed if not any(isinstance(part, Row) for part in row.key)}
        found = self.store.rows(shape, keys, columns)
        for row in keyed:
            self._take_stored(row, found.get(row.key, ()))

    def _take_stored(self, row: Row, records: Sequence[dict[str, Any]]) -> None:
        if len(records) > 1:
            message = f"the database holds {len(records):,} rows of `{row.shape.name}` with this key"
            self.problems.add(row.place, message)
        row.stored = records[0] if records else None

    def _compare(self, row: Row) -> None:
        """Note which of a row's columns differ from what the database holds."""
        stored = row.stored
        if stored is None:
            return
        row.changes = {name: value for name, value in row.values.items() if stored[name] != value}
        for name in row.shape.primary_key:
            if name in row.changes and row.node is not None:
                message = f"`{name}` is {stored[name]} in the database, and a primary key stays what it is"
                self.problems.add(row.node.value_place(name), message)

    def _waves(self, rows: Sequence[Row]) -> tuple[tuple[Row, ...], ...]:
        """Order rows so that each comes after those of its own table that it waits for."""
        waves = []
        waiting = dict.fromkeys(rows)
        while waiting:
            ready = tuple(row for row in waiting if not any(target in waiting for target, _ in row.links.values()))
            if not ready:
                for row in waiting:
                    message = f"this row of `{row.shape.name}` comes back to itself through its references"
                    self.problems.add(row.place, message)
                break
            waves.append(ready)
            for row in ready:
                del waiting[row]
        return tuple(waves)


def _generations(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows by how many rows of their own table they stand within, outermost first."""
    depths: dict[Row, int] = {}
    generations: list[list[Row]] = []
    for row in rows:
        depth = depths[row] = depths[row.parent] + 1 if row.parent in depths else 0
        if depth == len(generations):
            generations.append([])
        generations[depth].append(row)
    return generations


def _is_late(shape: Shape, relation: Relation) -> bool:
    """Whether a relation leads to the same table, whose rows are found once all of them have their natural keys."""
    return relation.target == shape.table.key and not any(column in shape.key for column, _ in relation.columns)


def _value_place(row: Row, name: str) -> Place:
    return row.node.value_place(name) if row.node is not None else row.place
