"""What the seeds will do: every row matched with what the database holds. Reads only; all problems are found here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbtool.seeding.gather import Row
from dbtool.seeding.problems import Problems
from dbtool.seeding.references import Asked, Directory
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import Store
from dbtool.tables import Relation


@dataclass(frozen=True, slots=True)
class Step:
    """One table's rows in waves: each wave comes after those of its own table that it waits for."""

    shape: Shape
    waves: tuple[tuple[Row, ...], ...]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(len(wave) for wave in self.waves)

    @property
    def rows(self) -> Iterator[Row]:
        """All of them."""
        for wave in self.waves:
            yield from wave


Plan = tuple[Step, ...]  # parents before children


def plan(
    rows: Mapping[str, Sequence[Row]],
    known: Mapping[str, Shape],
    store: Store,
    directory: Directory,
    problems: Problems,
) -> Plan:
    """Return the rows to write, table by table; their values are valid. What is wrong with any is in `problems`."""
    in_order = [shape for table, shape in known.items() if table in rows]
    planner = _Planner(known, store, directory, problems)
    for each in (row for table in rows.values() for row in table):
        directory.label(each)
    for shape in in_order:
        planner.take(shape, rows[shape.table.key])
    for shape in in_order:
        planner.close(shape)
    return tuple(Step(shape, planner.waves(planner.kept[shape.table.key])) for shape in in_order)


def needed(rows: Mapping[str, Sequence[Row]], known: Mapping[str, Shape]) -> Iterator[Shape]:
    """Yield the tables that are written, and those whose rows are named."""
    for table, found in rows.items():
        shape = known[table]
        yield shape
        for name in {name for row in found for name in row.named}:
            relation = shape.references.get(name)
            if relation is not None:
                yield known[relation.target]


class _Planner:
    def __init__(self, known: Mapping[str, Shape], store: Store, directory: Directory, problems: Problems) -> None:
        self.known = known
        self.store = store
        self.problems = problems
        self.directory = directory
        self.kept: dict[str, list[Row]] = {}

    def take(self, shape: Shape, rows: Sequence[Row]) -> None:
        """Match one table's rows; those of the tables before it are matched already."""
        for relation in shape.references.values():
            if not self._is_late(shape, relation):
                self._resolve(relation, rows)
        kept: list[Row] = []
        for generation in _generations(rows):
            self._settle(generation)
            kept += self._match(shape, generation)
        self.kept[shape.table.key] = kept

    def close(self, shape: Shape) -> None:
        """Find the rows that the keys of this table do not need, now that all rows are known, and compare."""
        rows = self.kept[shape.table.key]
        for relation in shape.references.values():
            if self._is_late(shape, relation):
                self._resolve(relation, rows)
        self._settle(rows)
        for row in rows:
            if row.later:
                self._recall(row)
            self._compare(row)

    def _recall(self, row: Row) -> None:
        """Give a row at once what was put off, where the other row turned out to be there already."""
        for column, (target, remote) in tuple(row.later.items()):
            if target.stored is not None:
                row.values[column] = target.stored[remote]
                del row.later[column]
            else:
                self._require_empty(row, column)

    def _is_late(self, shape: Shape, relation: Relation) -> bool:
        """Whether a relation leads to rows that are not known yet, which the natural key can do without."""
        before = self.known[relation.target].position < shape.position
        return not before and not any(column in shape.key for column, _ in relation.columns)

    def _resolve(self, relation: Relation, rows: Sequence[Row]) -> None:
        """Link each row that names another through a relation to that row."""
        name = relation.name
        naming = [row for row in rows if name in row.named and row.named[name][0] is not None]
        asked = [Asked(*row.named[name]) for row in naming]
        for row, found in zip(naming, self.directory.find(self.known[relation.target], asked), strict=True):
            if found is not None:
                row.links |= {column: (found, remote) for column, remote in relation.columns}
        for row in rows:
            if name in row.named and row.named[name][0] is None:
                self._unlink(row, relation)

    def _unlink(self, row: Row, relation: Relation) -> None:
        for column, _ in relation.columns:
            row.values[column] = None
            if not row.shape.columns[column].nullable:
                self.problems.add(row.place_of(relation.name), f"`{relation.name}` must not be null")

    def _settle(self, rows: Iterable[Row]) -> None:
        """Turn links to rows whose columns are known into values; what remains waits for writing."""
        for row in rows:
            for column, (target, remote) in tuple(row.links.items()) if row.links else ():
                value = target.known(remote)
                ahead = target.shape.position > row.shape.position and target.stored is None
                if value is not target and not ahead:
                    row.values[column] = value
                    del row.links[column]
                    continue
                target.wanted = target.wanted or value is target
                if target.shape.position > row.shape.position:
                    self._put_off(row, column)

    def _put_off(self, row: Row, column: str) -> None:
        """Let a link be written once all rows are there."""
        row.later[column] = row.links.pop(column)
        row.wanted = True

    def _require_empty(self, row: Row, column: str) -> bool:
        """Whether a column can be null until the other row is there; a problem if not."""
        target, _ = row.later[column]
        if row.shape.columns[column].nullable:
            return True
        names = f"`{row.shape.name}` and `{target.shape.name}` refer to each other"
        if row.shape is target.shape:
            names = f"this row of `{row.shape.name}` comes back to itself through its references"
        self.problems.add(row.place, f"{names}, and `{column}` cannot be null while the other is written")
        return False

    def _match(self, shape: Shape, rows: Sequence[Row]) -> list[Row]:
        """Give each row its natural key, and what the database holds under it; return those that count."""
        kept, keyed = [], []
        for row in rows:
            key = self.directory.key_of(row)
            if key is not None:
                row.key = key
                if not self.directory.register(row) and row.implied:
                    continue
                keyed.append(row)
            kept.append(row)
        columns = {name for row in keyed for name in row.values}
        columns |= {column for relation in shape.references.values() for column, _ in relation.columns}
        keys = {row.key for row in keyed if not any(isinstance(part, Row) for part in row.key)}
        found = self.store.rows(shape, keys, columns)
        for row in keyed:
            records = found.get(row.key, ())
            if len(records) > 1:
                message = f"the database holds {len(records):,} rows of `{row.shape.name}` with this key"
                self.problems.add(row.place, message)
            row.stored = records[0] if records else None
        return kept

    def _compare(self, row: Row) -> None:
        """Note which of a row's columns differ from what the database holds."""
        stored = row.stored
        if stored is None:
            return
        row.changes = {
            name: value for name, value in row.values.items() if stored[name] != value and name not in row.once
        }
        for name in row.shape.primary_key:
            if name in row.changes and row.spot is not None:
                self.problems.add(row.place_of(name), other_key(name, stored[name]))

    def waves(self, rows: Sequence[Row]) -> tuple[tuple[Row, ...], ...]:
        """Order rows so that each comes after those of its own table that it waits for."""
        waves = []
        waiting = dict.fromkeys(rows)
        while waiting:
            ready = tuple(row for row in waiting if not row.links or not _waits(row, waiting))
            if not ready:
                if not self._break(waiting):
                    break
                continue
            waves.append(ready)
            for row in ready:
                del waiting[row]
        return tuple(waves)

    def _break(self, waiting: Mapping[Row, None]) -> bool:
        """Put off what closes a ring of rows of one table; where that cannot be, every row of it is a problem."""
        ring = [(row, column) for row in waiting for column, (target, _) in row.links.items() if target in waiting]
        for row, column in ring:
            self._put_off(row, column)
        empty = [self._require_empty(row, column) for row, column in ring]  # each is a problem of its own
        return all(empty)


def other_key(name: str, stored: object) -> str:
    """Return what to say of a row that is there already with another primary key."""
    return f"`{name}` is {stored} in the database, and a primary key stays what it is"


def _waits(row: Row, waiting: Mapping[Row, None]) -> bool:
    return any(target in waiting for target, _ in row.links.values())


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
