"""The rows of all seed files, flat, by table: what each gives, names, and holds within itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbtool.seeding.documents import Document, MappingNode, SequenceNode
from dbtool.seeding.problems import Place, Problems, did_you_mean, listed, shown
from dbtool.seeding.shapes import Shape, by_name
from dbtool.tables import Relation


@dataclass(slots=True, eq=False)
class Row:
    """One row of the seeds, or one of the database that a seed names (then `node` is None).

    `values` are texts until they are validated. `named` holds the references as written, by relation. `links`
    are the foreign keys that only writing tells: column to row and that row's column. `stored` is what the
    database holds, None for a new row; `wanted` says that another row waits for what the database gives it.
    """

    shape: Shape
    node: MappingNode | None
    parent: Row | None = None
    values: dict[str, Any] = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)
    links: dict[str, tuple[Row, str]] = field(default_factory=dict)
    key: tuple[Any, ...] = ()
    stored: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    wanted: bool = False

    @property
    def place(self) -> Place:
        """Where the row stands in the seeds."""
        return self.node.place() if self.node is not None else Place("", 0, 0)

    def known(self, column: str) -> Any:
        """Return a column's value, or the row itself while only writing it will tell."""
        if self.stored is not None:
            return self.stored[column]
        return self.values.get(column, self)


Rows = dict[str, list[Row]]


def gather(documents: Iterable[Document], known: Mapping[str, Shape], problems: Problems) -> Rows:
    """Return the rows of each table by its key, parents before the rows within them, in the order of the files."""
    gatherer = _Gatherer(by_name(known), known, problems)
    for document in documents:
        gatherer.take(document)
    return gatherer.rows


class _Gatherer:
    def __init__(self, names: Mapping[str, Shape], known: Mapping[str, Shape], problems: Problems) -> None:
        self.names = names
        self.known = known
        self.problems = problems
        self.rows: Rows = {}

    def take(self, document: Document) -> None:
        """Take the rows of one file."""
        for name, items in document.tables.items():
            shape = self.names.get(name)
            if shape is None:
                near = did_you_mean(name, self.names)
                self.problems.incomplete = True
                self.problems.add(document.tables.key_place(name), f"there is no model or table `{name}`{near}")
            else:
                self._items(shape, items, document.tables.value_place(name))

    def _items(self, shape: Shape, items: Any, place: Place, inside: tuple[Row, Relation] | None = None) -> None:
        if items is None:
            return
        if not isinstance(items, SequenceNode):
            self.problems.add(place, f"should be a list of rows of `{shape.name}`, not {shown(items)}")
            return
        for index, item in enumerate(items):
            if isinstance(item, MappingNode):
                self._row(shape, item, inside)
            else:
                message = f"a row of `{shape.name}` is a mapping of its fields, not {shown(item)}"
                self.problems.add(items.item_place(index), message)

    def _row(self, shape: Shape, node: MappingNode, inside: tuple[Row, Relation] | None) -> None:
        row = Row(shape, node)
        columns, values = shape.columns, row.values
        others = []
        for name, value in node.items():
            if name in columns:
                values[name] = value
            else:
                others.append(name)
        self.rows.setdefault(shape.table.key, []).append(row)
        if inside is not None:
            self._place_within(row, *inside)
        for name in others:
            self._other(row, node, name)
        if shape.ambiguity:
            self.problems.add(row.place, shape.ambiguity)
        self._check_complete(row)

    def _other(self, row: Row, node: MappingNode, name: str) -> None:
        shape = row.shape
        if name in shape.references:
            self._reference(row, node, name)
        elif name in shape.nested:
            self._within(row, node, shape.nested[name])
        elif name in shape.refused:
            self.problems.add(node.key_place(name), f"`{name}` {shape.refused[name]}")
        else:
            message = f"`{shape.name}` has no `{name}`{did_you_mean(name, shape.names)}"
            self.problems.add(node.key_place(name), message)

    def _reference(self, row: Row, node: MappingNode, name: str) -> None:
        for column, _ in row.shape.references[name].columns:
            if column in row.values:
                self.problems.add(node.key_place(name), f"give `{name}` or `{column}`, not both")
                return
            if column in row.links:
                self.problems.add(node.key_place(name), f"`{name}` is given by the row around this one")
                return
        row.named[name] = node[name]

    def _within(self, row: Row, node: MappingNode, relation: Relation) -> None:
        value, target = node[relation.name], self.known[relation.target]
        if relation.many:
            self._items(target, value, node.value_place(relation.name), (row, relation))
        elif isinstance(value, MappingNode):
            self._row(target, value, (row, relation))
        elif value is not None:
            message = f"should be one row of `{target.name}`, a mapping of its fields, not {shown(value)}"
            self.problems.add(node.value_place(relation.name), message)

    def _place_within(self, row: Row, parent: Row, relation: Relation) -> None:
        row.parent = parent
        for outer, column in relation.columns:
            if column in row.values and row.node is not None:
                self.problems.add(row.node.key_place(column), f"`{column}` is given by the row around this one")
                del row.values[column]
            row.links[column] = (parent, outer)

    def _check_complete(self, row: Row) -> None:
        """Check that a row gives what it must: what nothing else fills, and its natural key."""
        shape = row.shape
        absent = shape.demanded.difference(row.values, row.links)
        for name in row.named:
            absent = absent.difference(column for column, _ in shape.references[name].columns)
        if not absent:
            return
        missing = listed(dict.fromkeys(_told(shape, name) for name in shape.columns if name in absent))
        if absent & shape.required:
            message = f"`{shape.name}` needs {missing}"
        elif shape.key == shape.primary_key:
            unique = "make a column of the model unique, or set __seed_key__"
            message = f"`{shape.name}` has no natural key: give {missing}, or {unique}"
        else:
            message = f"rows of `{shape.name}` are told apart by {missing}: give it"
        self.problems.add(row.place, message)


def _told(shape: Shape, column: str) -> str:
    """Return a column's name as a seed would give it: a foreign key by its relation."""
    relation = shape.reference_of(column)
    return relation.name if relation else column
