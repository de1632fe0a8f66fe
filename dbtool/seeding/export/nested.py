"""Rows as a person would write them: under the row that they belong to, naming the others by natural keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary

from dbtool import tables
from dbtool.errors import DataError
from dbtool.seeding.export.subset import Key, Subset, Values
from dbtool.seeding.shapes import Shape
from dbtool.tables import Relation


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value; `is_text` says that its column takes any text as it is."""

    value: Any
    is_text: bool


class Named(dict[str, Any]):
    """How a row is named by several parts, each a value or the name of another row."""


Item = dict[str, Any]  # a row: its values, names of others, and lists of rows or names


@dataclass
class _Plan:
    """Where rows stand: under which row of which table, or through which relation."""

    owners: dict[str, tuple[Shape, Relation]] = field(default_factory=dict)
    ties: dict[str, tuple[Shape, Relation]] = field(default_factory=dict)


class Nesting:
    """Arranges rows; `chosen` are those that are written, `all_rows` those that may be named."""

    def __init__(
        self, known: Mapping[str, Shape], chosen: Mapping[str, Mapping[Key, Values]], all_rows: Subset
    ) -> None:
        self.known = known
        self.chosen = chosen
        self.all_rows = all_rows.rows
        self.plan = _Plan()
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[Key, Values]] = {}
        self._below: dict[tuple[str, int], list[Values]] = defaultdict(list)
        self._tied: dict[tuple[str, int], list[Values]] = defaultdict(list)
        self._placed: set[int] = set()
        self._decide()

    def documents(self) -> Iterator[tuple[Shape, list[Item]]]:
        """Yield each table's rows that stand by themselves, parents first, in the order of their natural keys."""
        for table, shape in self.known.items():
            rows = [row for row in self.chosen.get(table, {}).values() if id(row) not in self._placed]
            if rows:
                if shape.ambiguity:
                    words, _, hint = shape.ambiguity.partition("; ")
                    raise DataError(words, hint=hint)
                yield shape, [self._item(shape, row) for row in self._sorted(shape, rows)]

    # Where

    def _decide(self) -> None:
        for shape in self.known.values():
            for relation in shape.linked.values():
                between = self.known[relation.secondary or ""]
                if between.table.key not in self.plan.ties and set(between.columns) == _tied_columns(relation):
                    self.plan.ties[between.table.key] = (shape, relation)
        for table, shape in self.known.items():
            owner = self._owner(shape)
            if owner is not None and table not in self.plan.ties:
                self.plan.owners[table] = owner
        for table, rows in self.chosen.items():
            for row in rows.values():
                self._place(self.known[table], row)

    def _owner(self, shape: Shape) -> tuple[Shape, Relation] | None:
        """Return the one table whose rows must be there for those of this one, and how it calls them."""
        needed = [
            relation
            for relation in shape.references.values()
            if not any(shape.columns[column].nullable for column, _ in relation.columns if column in shape.columns)
        ]
        if len(needed) > 1:  # then the one that is part of the natural key, as a plan's number is of its entries
            needed = [each for each in needed if {column for column, _ in each.columns} <= set(shape.key)]
        if len(needed) != 1 or needed[0].target == shape.table.key:
            return None
        owner, columns = self.known[needed[0].target], {(remote, local) for local, remote in needed[0].columns}
        if self._is_above(shape, owner):
            return None
        for relation in owner.nested.values():
            if relation.target == shape.table.key and set(relation.columns) == columns:
                return owner, relation
        return None

    def _is_above(self, shape: Shape, owner: Shape) -> bool:
        """Whether a table would stand within itself."""
        seen = owner.table.key
        while seen in self.plan.owners:
            seen = self.plan.owners[seen][0].table.key
            if seen == shape.table.key:
                return True
        return False

    def _place(self, shape: Shape, row: Values) -> None:
        table = shape.table.key
        if table in self.plan.owners:
            owner, relation = self.plan.owners[table]
            above = self._find(owner, relation.columns, row)
            if above is not None and self._is_chosen(owner, above):
                self._below[relation.name, id(above)].append(row)
                self._placed.add(id(row))
        elif table in self.plan.ties:
            owner, relation = self.plan.ties[table]
            above = self._find(owner, relation.near, row)
            beyond = self._find(self.known[relation.target], relation.far, row)
            if above is not None and beyond is not None and self._is_chosen(owner, above):
                self._tied[relation.name, id(above)].append(beyond)
                self._placed.add(id(row))

    def _is_chosen(self, shape: Shape, row: Values) -> bool:
        rows = self.chosen.get(shape.table.key, {})
        return rows.get(tuple([row[name] for name in shape.primary_key])) is row

    def _find(self, target: Shape, pairs: Sequence[tuple[str, str]], row: Values) -> Values | None:
        """Return the row whose columns, the first of each pair, are what the second of each are in a row."""
        remote = tuple(name for name, _ in pairs)
        index = self._indexes.get((target.table.key, remote))
        if index is None:
            rows = self.all_rows.get(target.table.key, {}).values()
            index = {tuple([each[name] for name in remote]): each for each in rows}
            self._indexes[target.table.key, remote] = index
        return index.get(tuple([row[name] for _, name in pairs]))

    def _beyond(self, relation: Relation, row: Values) -> Values | None:
        """Return the row at which a row points."""
        pairs = [(remote, local) for local, remote in relation.columns]
        return self._find(self.known[relation.target], pairs, row)

    # Rows

    def _item(self, shape: Shape, row: Values, given: frozenset[str] = frozenset()) -> Item:
        """Return a row; `given` are the columns that the row around it gives."""
        item: Item = {}
        done = set(given)
        for name, column in shape.columns.items():
            if name in done or (name in shape.primary_key and name not in shape.key and _is_surrogate(shape)):
                continue
            relation = shape.reference_of(name)
            if relation is not None and not given.intersection(local for local, _ in relation.columns):
                there = self._beyond(relation, row)
                if there is not None and not self.known[relation.target].ambiguity:
                    item[relation.name] = self._name(self.known[relation.target], there)
                    done.update(local for local, _ in relation.columns)
                    continue
            if row[name] is None and shape.fills.get(name, ...) is None:
                continue
            if name in shape.fills and _same(shape.fills[name], row[name]) and name not in shape.key:
                continue
            item[name] = Leaf(row[name], _takes_text(column))
        for relation in shape.linked.values():
            beyond = self._tied.get((relation.name, id(row)))
            if beyond and self.plan.ties.get(relation.secondary or "", (None,))[0] is shape:
                target = self.known[relation.target]
                item[relation.name] = [self._name(target, each) for each in self._sorted(target, beyond)]
        self._add_nested(shape, row, item)
        return item

    def _add_nested(self, shape: Shape, row: Values, item: Item) -> None:
        for table, (owner, relation) in self.plan.owners.items():
            rows = self._below.get((relation.name, id(row))) if owner is shape else None
            if rows:
                target = self.known[table]
                given = frozenset(column for _, column in relation.columns)
                items = [self._item(target, each, given) for each in self._sorted(target, rows)]
                item[relation.name] = items if relation.many else items[0]

    def _name(self, shape: Shape, row: Values) -> Any:
        """Return how other rows name this one: by its natural key, whose parts may name rows again."""
        parts = Named()
        for name in shape.key:
            relation = shape.reference_of(name)
            there = self._beyond(relation, row) if relation else None
            if relation is not None and there is not None:
                parts[relation.name] = self._name(self.known[relation.target], there)
            else:
                parts[name] = Leaf(row[name], _takes_text(shape.table.columns[name]))
        return next(iter(parts.values())) if len(parts) == 1 else parts

    # Order

    def _sorted(self, shape: Shape, rows: Sequence[Values]) -> list[Values]:
        return sorted(rows, key=lambda row: self._rank(shape, row))

    def _rank(self, shape: Shape, row: Values) -> tuple[Any, ...]:
        """Return what a row is ordered by: its natural key, in which a row that it names counts by its own."""
        rank: list[Any] = []
        for name in shape.key or tuple(column.name for column in shape.table.columns):
            relation = shape.reference_of(name)
            there = self._beyond(relation, row) if relation else None
            if relation is not None and there is not None and there is not row:
                rank.append((1, self._rank(self.known[relation.target], there)))
            else:
                rank.append((0, _comparable(row[name])))
        return tuple(rank)


def _tied_columns(relation: Relation) -> set[str]:
    return {column for _, column in (*relation.near, *relation.far)}


def _is_surrogate(shape: Shape) -> bool:
    """Whether the primary key says nothing: rows have another name, and the database or Python makes this one."""
    return shape.key != shape.primary_key and not shape.required.intersection(shape.primary_key)


def _takes_text(column: Any) -> bool:
    base = tables.python_type(column)
    return isinstance(base, type) and issubclass(base, str) and not isinstance(tables.sql_type(column), LargeBinary)


def _same(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)


def _comparable(value: Any) -> tuple[bool, str, Any]:
    plain = isinstance(value, (int, float, str, bytes)) and not isinstance(value, bool)
    return value is not None, "" if plain else type(value).__name__, value if plain else str(value)
