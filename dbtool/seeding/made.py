"""Made-up rows as a feed: `!generate` blocks of seed files, and `--fake Table=1000`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count as counted
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select

from dbtool.seeding.documents import MappingNode, plain_value
from dbtool.seeding.feeds import BATCH, Batch
from dbtool.seeding.making import Make, Maker
from dbtool.seeding.problems import Place, Problems, did_you_mean
from dbtool.seeding.shapes import Shape
from dbtool.seeding.sources import Source
from dbtool.seeding.stored import Store
from dbtool.seeding.stream import Feed, Values
from dbtool.seeding.validate import message_of
from dbtool.tables import Relation

MOST_PARENTS = 100_000  # rows among which references are spread
_SPREADS = {"even": 1.0, "skewed": 3.0}  # how much the first rows are preferred
_OPTIONS = ("count", "seed", "fields")
Names = str | tuple[str, ...]  # a column, or those of a foreign key, whose values come as one mapping


@dataclass(frozen=True, slots=True)
class Block:
    """What is to be made up of one table.

    `upto` says that the table is filled up to `count` rows beside those that are written out, so that a second run
    makes none; else as many are added.
    """

    shape: Shape
    count: int
    seed: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    node: MappingNode | None = None
    upto: bool = True

    def place(self, *path: str) -> Place:
        """Where the block stands."""
        return self.node.spot.place(*path) if self.node is not None else Place("--fake", 0, 0)


def block_of(shape: Shape, node: MappingNode, scale: int, problems: Problems) -> Block | None:
    """Read a `!generate` block; what is wrong with it becomes a problem."""
    for name in node.keys() - set(_OPTIONS):
        words = f"`!generate` knows no `{name}`{did_you_mean(name, _OPTIONS)}"
        problems.add(node.spot.place(name, key=True), words)
    count = plain_value(node.get("count"))
    if not isinstance(count, int) or count < 0:
        problems.add(node.spot.place("count"), "`!generate` needs a count, a whole number")
        return None
    fields = node.get("fields") or MappingNode()
    if not isinstance(fields, MappingNode):
        problems.add(node.spot.place("fields"), "`fields` is a mapping of columns to what makes their values")
        return None
    for name in fields:
        if name not in shape.columns and name not in shape.references:
            words = f"`{shape.name}` has no `{name}`{did_you_mean(name, shape.names)}"
            problems.add(node.spot.place("fields", name, key=True), words)
    return Block(shape, count * scale, str(node.get("seed") or ""), fields, node)


@dataclass(eq=False)
class MadeSource(Source):
    """Stands for the block where a file would be."""

    block: Block

    def place(self, mark: int, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Return where the block stands."""
        return self.block.place()


@dataclass(eq=False)
class MadeFeed(Feed):
    """The rows of one block. They are made while they are written: only the block itself can be wrong before."""

    block: Block = field(kw_only=True)
    store: Store = field(kw_only=True)
    written_out: int = field(kw_only=True)  # rows of the table that stand in files

    def check(self, problems: Problems) -> None:
        """Look at what the block says of each column."""
        for name, told in self.block.fields.items():
            if name in self.shape.columns:
                try:
                    self._maker.told(told, self.shape.columns[name], unique=False)
                except ValueError as error:
                    problems.add(self.block.place("fields", name), f"`{name}` {error}")

    def checked(self, problems: Problems) -> Iterator[Batch]:
        """Yield as many new rows as are missing, whose natural keys no row has yet."""
        first = self._held() - (self.written_out if self.block.upto else 0)
        missing = self.block.count - (max(0, first) if self.block.upto else 0)
        self.count = max(0, missing)
        makes = self._makes(problems)
        tried = 0
        for start in counted(first, BATCH):
            if missing <= 0 or problems:
                return
            rows = self._new(self._batch(makes, start), problems)[:missing]
            tried = 0 if rows else tried + 1
            if tried == 10:
                words = f"no more than {self.count - missing:,} rows of `{self.shape.name}` could be made that differ"
                problems.add(self.block.place("count"), words)
            missing -= len(rows)
            if rows:
                yield Batch([1] * len(rows), rows)

    def _held(self) -> int:
        return int(self.store.connection.execute(select(func.count()).select_from(self.shape.table)).scalar_one())

    def _batch(self, makes: Mapping[Names, Make], start: int) -> list[Values]:
        """Make the values of a batch, column by column, from nothing but the number of its first row."""
        self._maker.begin(start)
        numbers = range(start, start + BATCH)
        columns = [[make(number) for number in numbers] for make in makes.values()]
        rows: list[Values] = []
        for values in zip(*columns, strict=True):
            row: Values = {}
            for names, value in zip(makes, values, strict=True):
                if isinstance(names, tuple):
                    row.update(value)
                else:
                    row[names] = value
            rows.append(row)
        return rows

    def _new(self, rows: list[Values], problems: Problems) -> list[Values]:
        """Return valid rows whose natural key is neither among them nor in the database."""
        try:
            valid: list[Values] = self.shape.rows_adapter.validate_python(rows)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            name = str(wrong["loc"][1])
            words = f"{message_of(name, wrong)}: say how it is made, under `fields` of a `!generate` block"
            problems.add(self.block.place(), words)
            return []
        if not valid or not all(name in valid[0] or name in self.shape.fills for name in self.shape.key):
            return valid  # the database counts their keys
        keyed = {self.key_of(row): row for row in valid}
        there = self.store.rows(self.shape, keyed)
        return [row for key, row in keyed.items() if key not in there]

    # What makes each column

    @cached_property
    def _maker(self) -> Maker:
        return Maker(f"{self.block.seed}:{self.shape.table.key}")

    def _makes(self, problems: Problems) -> dict[Any, Make]:
        shape, fields = self.shape, self.block.fields
        makes: dict[Names, Make] = {}
        done: set[str] = set()
        self._take_ties(makes, done, problems)
        for name, column in shape.columns.items():
            if name in done:
                continue
            unique = name in self._distinct
            if name in fields:
                makes[name] = self._maker.told(fields[name], column, unique=unique)
                continue
            if column is shape.table.autoincrement_column or name in shape.factories:
                continue
            if column.server_default is not None or (column.default is not None and not column.default.is_scalar):
                continue
            make = self._maker.of(column, unique=unique)
            makes[name] = self._sometimes(make) if column.nullable and not unique else make
        return makes

    def _sometimes(self, make: Make) -> Make:
        return lambda number: make(number) if self._maker.random.random() < 0.8 else None

    @cached_property
    def _distinct(self) -> frozenset[str]:
        """The columns that alone make rows differ: one of each unique key that has a column of its own."""
        found = set()
        for key in (self.shape.primary_key, *self.shape.unique_keys):
            own = [name for name in key if name in self.shape.columns and not self.shape.refers((name,))]
            if own and self.shape.columns[own[0]] is not self.shape.table.autoincrement_column:
                found.add(own[-1])
        return frozenset(found)

    def _take_ties(self, makes: dict[Names, Make], done: set[str], problems: Problems) -> None:
        """Spread references over the rows that are there; those that are a unique key take each pair once."""
        radix = 1
        for relation in self.shape.references.values():
            local = [column for column, _ in relation.columns]
            if done.intersection(local) or any(name in self.block.fields for name in local):
                continue
            done.update(local)
            parents = self._parents(relation)
            nullable = all(self.shape.columns[name].nullable for name in local if name in self.shape.columns)
            if not parents:
                if not nullable:
                    target = self.shapes[relation.target].name
                    words = (
                        f"there is no row of `{target}` yet, which each `{self.shape.name}` needs: --fake {target}=10"
                    )
                    problems.add(self.block.place(), words)
                continue
            if self._only_references(local):
                makes[tuple(local)] = self._each(parents, radix)
                radix *= len(parents)
            else:
                makes[tuple(local)] = self._spread(relation, parents, problems)

    def _only_references(self, local: Sequence[str]) -> bool:
        """Whether these columns belong to a unique key that nothing but references makes up."""
        keys = (self.shape.primary_key, *self.shape.unique_keys)
        return any(set(local) <= set(key) and all(self.shape.refers((each,)) for each in key) for key in keys)

    def _each(self, parents: Sequence[Values], radix: int) -> Make:
        return lambda number: parents[number // radix % len(parents)]

    def _spread(self, relation: Relation, parents: Sequence[Values], problems: Problems) -> Make:
        told = self.block.fields.get(relation.name) or MappingNode()
        spread = told.get("spread", "even") if isinstance(told, MappingNode) else told
        if spread not in _SPREADS:
            words = f"`{relation.name}` takes {{spread: even}} or {{spread: skewed}}"
            problems.add(self.block.place("fields", relation.name), words)
            spread = "even"
        power, size, chance = _SPREADS[spread], len(parents), self._maker.random.random
        return lambda number: parents[int(chance() ** power * size)]

    def _parents(self, relation: Relation) -> list[Values]:
        target = self.shapes[relation.target]
        names = [remote for _, remote in relation.columns]
        columns = [target.table.columns[name] for name in names]
        query = select(*columns).order_by(*columns).limit(MOST_PARENTS)
        local = [column for column, _ in relation.columns]
        return [dict(zip(local, record, strict=True)) for record in self.store.connection.execute(query)]
