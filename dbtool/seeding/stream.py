"""Rows of one table that come by the thousand: validated, matched and written batch by batch, in flat memory.

They go past everything that costs a microsecond for each row: no object for a row, no statement by SQLAlchemy. A
first pass looks at all values and natural keys, so that what is wrong is told before the first write.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from operator import itemgetter
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json
from sqlalchemy import insert
from sqlalchemy.exc import StatementError

from dbtool.conversation import Tell, Working
from dbtool.database import bulk
from dbtool.reports import Seeded
from dbtool.seeding.documents import MappingNode, Native, Spot
from dbtool.seeding.feeds import BATCH, Batch, CsvSource, FlatSource
from dbtool.seeding.gather import Row, incomplete
from dbtool.seeding.plan import other_key
from dbtool.seeding.problems import Problems, did_you_mean
from dbtool.seeding.references import Asked, Directory
from dbtool.seeding.shapes import Shape
from dbtool.seeding.sources import Source
from dbtool.seeding.stored import Store
from dbtool.seeding.validate import message_of
from dbtool.seeding.write import Writer, is_counted, new_values

Values = dict[str, Any]


@dataclass(eq=False)
class Feed(ABC):
    """Rows of one table that come in batches, from `source`; `count` is how many are known of."""

    shapes: Mapping[str, Shape]
    shape: Shape
    source: Source
    count: int = field(default=0, init=False)

    @abstractmethod
    def checked(self, problems: Problems) -> Iterator[Batch]:
        """Yield all rows with their values; a batch with a problem is left out."""

    @cached_property
    def plain_key(self) -> bool:
        """Whether the natural key is made of columns that the rows give themselves."""
        return not self.shape.refers(self.shape.key)

    def key_of(self, row: Values) -> tuple[Any, ...]:
        """Return the natural key of a row, by its values."""
        try:
            return self._getter(row)
        except KeyError:
            fills = self.shape.fills
            return tuple([row[name] if name in row else fills[name] for name in self.shape.key])

    @cached_property
    def _getter(self) -> Callable[[Values], tuple[Any, ...]]:
        names = self.shape.key
        if len(names) == 1:
            (name,) = names
            return lambda row: (row[name],)
        return itemgetter(*names)


@dataclass(eq=False)
class FileFeed(Feed):
    """One file of rows of one table.

    `keys` are hashes of the natural keys of all rows of that table so far, `kept` the first batches with their values,
    for as long as there is room, so that they need not be read twice.
    """

    source: FlatSource
    keys: set[int] = field(kw_only=True)
    kept: list[Batch] = field(default_factory=list, init=False)

    def check(self, problems: Problems, tell: Tell, room: int) -> int:
        """Look at every row: its names, its values, what it lacks, and whether its natural key is new.

        Keeps as many rows as there is room for, and returns how many.
        """
        kept = 0
        for batch in self.batches(problems):
            found = self.validated(batch, problems)
            self.count += len(batch.rows)
            tell(Working(f"check {self.source.file}", self.count, 0))
            if found is not None and self.plain_key:
                self._require_new(batch, found, problems)
            if found is not None and kept == self.count - len(found) and self.count <= room:
                names = bool(self.shape.references.keys() & batch.rows[0].keys())
                self.kept.append(Batch(batch.lines, found, batch.rows if names else ()))
                kept = self.count
        return kept

    def checked(self, problems: Problems) -> Iterator[Batch]:
        """Yield all rows again with their values; a batch with a problem, which it has had before, is left out."""
        yield from self.kept
        if sum(len(batch.lines) for batch in self.kept) == self.count:
            return
        for batch in islice(self.batches(problems), len(self.kept), None):
            found = self.validated(batch, problems)
            if found is not None:
                yield Batch(batch.lines, found, batch.rows)

    def batches(self, problems: Problems) -> Iterator[Batch]:
        """Yield all rows as they are written."""
        columns = self.shape.columns

        def nullable(name: str) -> bool:
            return name not in columns or bool(columns[name].nullable) or name in self.shape.primary_key

        found = self.source.batches(nullable, problems)
        return self._with_json(found, problems) if self.shape.json else found

    def _with_json(self, batches: Iterator[Batch], problems: Problems) -> Iterator[Batch]:
        """Read the cells of JSON columns, which are JSON, and let what is JSON stay as it is."""
        for batch in batches:
            for name in self.shape.json.intersection(*batch.rows[:1]):
                for line, row in zip(batch.lines, batch.rows, strict=True):
                    value = row.get(name)
                    if value is None:
                        continue
                    if isinstance(self.source, CsvSource):
                        try:
                            value = from_json(value)
                        except ValueError:
                            problems.add(self.source.place(line, (name,)), f"`{name}` is no JSON")
                    row[name] = Native(value) if name in self.shape.open else value
            yield batch

    def validated(self, batch: Batch, problems: Problems) -> list[Values] | None:
        """Return the values of a batch, None where anything is wrong with it."""
        shape = self.shape
        names = self._names(batch, problems)
        if names is None:
            return None
        rows = batch.rows
        if not shape.references.keys().isdisjoint(names):
            rows = [{name: value for name, value in row.items() if name in shape.columns} for row in rows]
        try:
            found: list[Values] = shape.rows_adapter.validate_python(rows)
        except ValidationError as error:
            for wrong in error.errors(include_url=False):
                index, name = int(wrong["loc"][0]), str(wrong["loc"][1])
                problems.add(self.source.place(batch.lines[index], (name,)), message_of(name, wrong))
            return None
        return found

    def _names(self, batch: Batch, problems: Problems) -> set[str] | None:
        """Return all names that rows give; None where one is none of the table's, or one that it needs is missing."""
        if not batch.rows:
            return None
        if self.shape.ambiguity:
            problems.add(self.source.place(batch.lines[0]), self.shape.ambiguity)
            return None
        fits, seen = True, set[tuple[str, ...]]()
        for line, row in zip(batch.lines, batch.rows, strict=True):
            names = tuple(row)
            if names in seen:
                continue
            wrong = self._misfit(row)
            if wrong is None:
                seen.add(names)
            else:
                fits = False
                problems.add(self.source.place(line, wrong[:1] if wrong[0] else ()), wrong[1])
        return set().union(*seen) if fits else None

    def _misfit(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return what is wrong with a row's names, and at which of them."""
        shape = self.shape
        given = set(row)
        for name in row:
            if name in shape.references:
                taken = [column for column, _ in shape.references[name].columns if column in row]
                if taken:
                    return name, f"give `{name}` or `{taken[0]}`, not both"
                given.update(column for column, _ in shape.references[name].columns)
            elif name in shape.nested or name in shape.linked:
                return name, f"`{name}` holds rows of another table, which are for YAML or a file of their own"
            elif name in shape.refused:
                return name, f"`{name}` {shape.refused[name]}"
            elif name not in shape.columns:
                return name, f"`{shape.name}` has no `{name}`{did_you_mean(name, shape.names)}"
        absent = shape.demanded.difference(given)
        return ("", incomplete(shape, absent)) if absent else None

    def _require_new(self, batch: Batch, rows: Sequence[Values], problems: Problems) -> None:
        keys = self.keys
        hashes = [hash(self.key_of(row)) for row in rows]
        new = set(hashes)
        if len(new) == len(rows) and keys.isdisjoint(new):
            keys |= new
            return
        for line, row, hashed in zip(batch.lines, rows, hashes, strict=True):
            if hashed in keys:
                shown = ", ".join(f"`{value}`" for value in self.key_of(row))
                problems.add(self.source.place(line), f"`{self.shape.name}` {shown} is given twice")
            keys.add(hashed)


class Streamer:
    """Writes feeds, inside the seed's own transaction."""

    def __init__(self, store: Store, directory: Directory, problems: Problems, tell: Tell) -> None:
        self.store = store
        self.directory = directory
        self.problems = problems
        self.tell = tell
        self.writer = Writer(store, tell, 0)
        self.late: list[tuple[Feed, int, Values, Values]] = []

    def write(self, feed: Feed, *, was_empty: bool) -> Seeded:
        """Write the rows of a feed and say how many; once anything is wrong, only look at the rest.

        `was_empty` says that the table held no row before this seed, so that none needs to be looked for.
        """
        done = Seeded(feed.shape.table.key, 0, 0, 0)
        counted = False
        for batch in feed.checked(self.problems):
            rows = batch.rows
            if not self._refer(feed, batch) or self.problems:
                continue
            counted = counted or any(name in rows[0] for name in self._counted(feed.shape))
            new, changed = list(zip(batch.lines, rows, strict=True)), []
            if not was_empty:
                stored = self.store.rows(feed.shape, {feed.key_of(row) for row in rows}, _all_names(rows))
                new = [(line, row) for line, row in new if feed.key_of(row) not in stored]
                changed = list(self._changed(feed, batch, rows, stored))
            if self.problems:
                continue
            self.writer.update(feed.shape, [(row, row.changes) for row in changed])
            self._insert(feed, self._put_off(feed, new))
            done += Seeded(done.table, len(new), len(changed), len(rows) - len(new) - len(changed))
            self.tell(Working(f"seed {done.table}", done.rows, feed.count))
        for name in self._counted(feed.shape) if counted else ():
            self.store.database.follow_sequences(self.store.connection, feed.shape.table, feed.shape.columns[name])
        return done

    def finish(self) -> None:
        """Write the keys that waited for rows of the same table or of one after it."""
        while self.late:
            feed = self.late[0][0]
            part = [each for each in self.late[:BATCH] if each[0] is feed]
            self.late = self.late[len(part) :]
            stored = self.store.rows(feed.shape, {feed.key_of(row) for _, _, row, _ in part})
            given = [
                (Row(feed.shape, Spot(feed.source, line), stored=stored[feed.key_of(row)][0]), values)
                for _, line, row, values in part
            ]
            self.writer.update(feed.shape, given)

    def _put_off(self, feed: Feed, rows: Sequence[tuple[int, Values]]) -> Sequence[tuple[int, Values]]:
        """Take out of new rows what points at rows that may not be there yet."""
        late = [
            name
            for name, target in feed.shape.late.items()
            if feed.shapes[target].position >= feed.shape.position and any(name in row for _, row in rows[:1])
        ]
        if not late:
            return rows
        for line, row in rows:
            values = {name: row[name] for name in late if row.get(name) is not None}
            if values:
                self.late.append((feed, line, row, values))
                row.update(dict.fromkeys(values))
        return rows

    def _counted(self, shape: Shape) -> list[str]:
        return [name for name, column in shape.columns.items() if is_counted(shape, column)]

    def _refer(self, feed: Feed, batch: Batch) -> bool:
        """Give rows the keys of those that they name; return whether all of these are there."""
        fine, rows = True, batch.rows
        for name, relation in feed.shape.references.items():
            naming = [index for index, row in enumerate(batch.written) if name in row]
            asked = [
                Asked(
                    node_of(batch.written[index][name], feed.source, batch.lines[index]),
                    Spot(feed.source, batch.lines[index]),
                    (name,),
                )
                for index in naming
            ]
            if asked and relation.target == feed.shape.table.key:
                words = f"`{name}` names rows of this table itself; give `{relation.columns[0][0]}`, or use YAML"
                self.problems.add(asked[0].place, words)
                return False
            wanted = [each for each in asked if each.node is not None]
            there = self.directory.find(feed.shapes[relation.target], wanted) if wanted else []
            self._fetch(feed.shapes[relation.target], there)
            found = iter(there)
            for index, each in zip(naming, asked, strict=True):
                row = next(found) if each.node is not None else None
                fine = fine and (row is not None or each.node is None)
                for column, remote in relation.columns:
                    rows[index][column] = row.known(remote) if row is not None else None
        return fine

    def _fetch(self, target: Shape, rows: Sequence[Row | None]) -> None:
        """Read what the database gave to rows that were written a moment ago."""
        new = {row.key: row for row in rows if row is not None and row.stored is None}
        for key, records in (self.store.rows(target, new) if new else {}).items():
            new[key].stored = records[0]

    def _changed(
        self, feed: Feed, batch: Batch, rows: Sequence[Values], stored: Mapping[Any, Sequence[Values]]
    ) -> Iterator[Row]:
        for line, values in zip(batch.lines, rows, strict=True):
            (record, *_) = stored.get(feed.key_of(values), (None,))
            if record is not None and any(record[name] != value for name, value in values.items()):
                row = Row(feed.shape, Spot(feed.source, line), values=values, stored=record)
                row.changes = {name: value for name, value in values.items() if record[name] != value}
                for name in row.changes.keys() & set(feed.shape.primary_key):
                    self.problems.add(row.place_of(name), other_key(name, record[name]))
                yield row

    # Inserting

    def _insert(self, feed: Feed, rows: Sequence[tuple[int, Values]]) -> None:
        groups: dict[tuple[str, ...], list[tuple[int, Values]]] = defaultdict(list)
        for line, row in rows:
            groups[tuple(row)].append((line, row))
        for names, group in groups.items():
            try:
                with self.store.connection.begin_nested():
                    self._load(feed.shape, names, [row for _, row in group])
            except self._driver_error as error:
                rows_of = [
                    (Row(feed.shape, Spot(feed.source, line)), new_values(feed.shape, row)) for line, row in group
                ]
                self.writer.blame(error, insert(feed.shape.table), rows_of)

    @cached_property
    def _driver_error(self) -> Any:
        dialect: Any = self.store.connection.dialect
        return (dialect.loaded_dbapi.Error, StatementError)

    def _load(self, shape: Shape, names: tuple[str, ...], rows: Sequence[Values]) -> None:
        """Write rows that give the same columns by the fastest way, or by SQLAlchemy where only it knows how."""
        made = made_by_python(shape, names)
        if made is None:
            given = [new_values(shape, row) for row in rows]
            self.store.connection.execute(insert(shape.table), given)
            return
        loader = bulk.of(self.store.database, self.store.connection)
        columns, spelled = [], []
        for name in (*names, *made):
            column = shape.table.columns[name]
            values = [row[name] for row in rows] if name in names else [made[name]() for _ in rows]
            processor = loader.spelling(column)
            if processor is not None:
                values = [None if value is None else processor(value) for value in values]
            columns.append(column)
            spelled.append(values)
        loader.insert(shape.table, columns, list(zip(*spelled, strict=True)))


def _all_names(rows: Sequence[Values]) -> set[str]:
    return set().union(*rows)


def made_by_python(shape: Shape, names: Collection[str]) -> dict[str, Callable[[], Any]] | None:
    """Return what gives a new row the columns that it lacks; None where a statement of SQLAlchemy's own must.

    Null in a column that has a default of the database's own is left to that default.
    """
    made: dict[str, Callable[[], Any]] = {}
    for name, column in shape.columns.items():
        if column.type._has_bind_expression:
            return None
        if name in names:
            continue
        if name in shape.fills:
            value = shape.fills[name]
            made[name] = partial(_same, value)
        elif name in shape.factories:
            made[name] = shape.factories[name]
        elif column.default is not None:
            default: Any = column.default
            if not default.is_callable:
                return None
            made[name] = partial(default.arg, None)
    return made


def _same(value: Any) -> Any:
    return value


def node_of(value: Any, source: Source, line: int) -> Any:
    """Return a reference of a flat file as a YAML file would give it: numbers as text, an object as a mapping."""
    if isinstance(value, dict):
        node = MappingNode({key: node_of(each, source, line) for key, each in value.items()})
        node.spot = Spot(source, line)
        return node
    return str(value) if isinstance(value, (int, float)) else value
