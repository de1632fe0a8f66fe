"""The rows of all seed files, flat, by table: what each gives, names, and holds within itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbtool.seeding.documents import Document, GenerateNode, Label, MappingNode, Moment, SequenceNode, Spot
from dbtool.seeding.problems import Place, Problems, did_you_mean, listed, shown
from dbtool.seeding.shapes import Shape, by_name
from dbtool.tables import Relation

LABEL, REFERENCE = "$label", "$ref"
Path = tuple[str | int, ...]  # the keys and positions that lead from a mapping to a value within it


@dataclass(slots=True, eq=False)
class Row:
    """One row of the seeds, or one of the database that a seed names (then `spot` is None).

    `values` are texts until they are validated; `broken` names those that were wrong. `named` holds the references as
    written, each with the path to it, by relation. `links` are the foreign keys that only writing tells: column to
    row and that row's column; `later` those that are written once all rows are there. `once` are the columns that
    only a new row gets. `stored` is what the database holds, None for a new row; `wanted` says that another row
    waits for what the database gives it. An `implied` row stands between two others that name each other.
    """

    shape: Shape
    spot: Spot | None
    parent: Row | None = None
    values: dict[str, Any] = field(default_factory=dict)
    named: dict[str, tuple[Any, Spot, Path]] = field(default_factory=dict)
    links: dict[str, tuple[Row, str]] = field(default_factory=dict)
    later: dict[str, tuple[Row, str]] = field(default_factory=dict)
    key: tuple[Any, ...] = ()
    stored: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    label: str | None = None
    wanted: bool = False
    implied: bool = False

    @property
    def place(self) -> Place:
        """Where the row stands in the seeds."""
        return self.spot.place() if self.spot is not None else Place("", 0, 0)

    def place_of(self, *path: str | int) -> Place:
        """Where a value of the row stands in the seeds."""
        return self.spot.place(*path) if self.spot is not None else self.place

    def known(self, column: str) -> Any:
        """Return a column's value, or the row itself while only writing it will tell."""
        if self.stored is not None:
            return self.stored[column]
        return self.values.get(column, self)


Rows = dict[str, list[Row]]


def gather(
    documents: Iterable[Document], known: Mapping[str, Shape], problems: Problems
) -> tuple[Rows, list[tuple[Shape, GenerateNode]]]:
    """Return the rows of each table by its key, parents before the rows within them, in the order of the files.

    A table that a file names without rows is there with none. With them come the `!generate` blocks.
    """
    gatherer = _Gatherer(by_name(known), known, problems)
    for document in documents:
        gatherer.take(document)
    return gatherer.rows, gatherer.blocks


class _Gatherer:
    def __init__(self, names: Mapping[str, Shape], known: Mapping[str, Shape], problems: Problems) -> None:
        self.names = names
        self.known = known
        self.problems = problems
        self.rows: Rows = {}
        self.blocks: list[tuple[Shape, GenerateNode]] = []

    def take(self, document: Document) -> None:
        """Take the rows of one file."""
        for name, items in document.tables.items():
            spot, shape = document.tables.spot, self.names.get(name)
            if shape is None:
                near = did_you_mean(name, self.names)
                self.problems.incomplete = True
                self.problems.add(spot.place(name, key=True), f"there is no model or table `{name}`{near}")
            else:
                self._items(shape, items, spot, (name,))

    def _items(
        self, shape: Shape, items: Any, spot: Spot, path: Path, inside: tuple[Row, Relation] | None = None
    ) -> None:
        self.rows.setdefault(shape.table.key, [])
        if items is None:
            return
        if isinstance(items, GenerateNode) and inside is None:
            self.blocks.append((shape, items))
            return
        if not isinstance(items, SequenceNode):
            self.problems.add(spot.place(*path), f"should be a list of rows of `{shape.name}`, not {shown(items)}")
            return
        for index, item in enumerate(items):
            if isinstance(item, GenerateNode):
                if inside is None:
                    self.blocks.append((shape, item))
                else:
                    self.problems.add(
                        items.spot.place(index), "`!generate` stands in the list of a table, not in a row"
                    )
            elif isinstance(item, MappingNode):
                self._row(shape, item, inside)
            else:
                message = f"a row of `{shape.name}` is a mapping of its fields, not {shown(item)}"
                self.problems.add(items.spot.place(index), message)

    def _row(self, shape: Shape, node: MappingNode, inside: tuple[Row, Relation] | None = None) -> Row:
        row = Row(shape, node.spot)
        others: tuple[str, ...] = ()
        if node.keys() <= shape.columns.keys():
            row.values = node
        else:
            row.values = {name: value for name, value in node.items() if name in shape.columns}
            others = tuple(name for name in node if name not in shape.columns)
        moments = [name for name, value in row.values.items() if type(value) is Moment]
        if moments:
            row.once = frozenset(moments)
        self.rows.setdefault(shape.table.key, []).append(row)
        if inside is not None:
            self._place_within(row, *inside)
        for name in others:
            self._other(row, node, name)
        if shape.ambiguity:
            self.problems.add(row.place, shape.ambiguity)
        self._check_complete(row)
        return row

    def _other(self, row: Row, node: MappingNode, name: str) -> None:
        shape = row.shape
        if name in shape.references:
            self._reference(row, node, name)
        elif name in shape.nested:
            self._within(row, node, shape.nested[name])
        elif name in shape.linked:
            self._linked(row, node, shape.linked[name])
        elif name == LABEL:
            self._label(row, node[name])
        elif name in shape.refused:
            self.problems.add(node.spot.place(name, key=True), f"`{name}` {shape.refused[name]}")
        else:
            message = f"`{shape.name}` has no `{name}`{did_you_mean(name, shape.names)}"
            self.problems.add(node.spot.place(name, key=True), message)

    def _label(self, row: Row, label: Any) -> None:
        if not isinstance(label, str) or not label:
            self.problems.add(row.place_of(LABEL), f"a label is a word, not {shown(label)}")
            return
        row.label = str(label)
        counted = row.shape.labelled_key
        if counted and counted not in row.values:
            row.values[counted] = row.shape.label_value(row.label)

    def _reference(self, row: Row, node: MappingNode, name: str) -> None:
        for column, _ in row.shape.references[name].columns:
            if column in row.values:
                self.problems.add(node.spot.place(name, key=True), f"give `{name}` or `{column}`, not both")
                return
            if column in row.links:
                self.problems.add(node.spot.place(name, key=True), f"`{name}` is given by the row around this one")
                return
        row.named[name] = (node[name], node.spot, (name,))

    def _within(self, row: Row, node: MappingNode, relation: Relation) -> None:
        value, target = node[relation.name], self.known[relation.target]
        if relation.many:
            self._items(target, value, node.spot, (relation.name,), (row, relation))
        elif isinstance(value, MappingNode):
            self._row(target, value, (row, relation))
        elif value is not None:
            message = f"should be one row of `{target.name}`, a mapping of its fields, not {shown(value)}"
            self.problems.add(node.spot.place(relation.name), message)

    def _linked(self, row: Row, node: MappingNode, relation: Relation) -> None:
        """Take the rows that a row is tied to through a table between: each is named, or stands there whole."""
        items, target = node[relation.name], self.known[relation.target]
        between = self.known[relation.secondary or ""]
        naming = between.reference_by([(column, own) for own, column in relation.far])
        assert naming is not None  # else the relation is refused
        self.rows.setdefault(between.table.key, [])
        if items is None:
            return
        if not isinstance(items, SequenceNode):
            message = f"should be a list of rows of `{target.name}`, not {shown(items)}"
            self.problems.add(node.spot.place(relation.name), message)
            return
        for index, item in enumerate(items):
            link = Row(between, node.spot, implied=True)
            link.links = {column: (row, own) for own, column in relation.near}
            if isinstance(item, MappingNode) and not self._names(target, item):
                there = self._row(target, item)
                link.links |= {column: (there, own) for own, column in relation.far}
            elif item is None:
                self.problems.add(items.spot.place(index), f"a row of `{target.name}` is missing here")
                continue
            else:
                link.named[naming] = (item, items.spot, (index,))
            self.rows[between.table.key].append(link)

    def _names(self, target: Shape, item: MappingNode) -> bool:
        """Whether a mapping names a row that is given elsewhere."""
        return item.keys() == {REFERENCE} or (
            len(target.key) > 1 and item.keys() == set(target.key_names()) and bool(target.required.difference(item))
        )

    def _place_within(self, row: Row, parent: Row, relation: Relation) -> None:
        row.parent = parent
        for outer, column in relation.columns:
            if column in row.values and row.spot is not None:
                self.problems.add(row.spot.place(column, key=True), f"`{column}` is given by the row around this one")
                del row.values[column]
            row.links[column] = (parent, outer)

    def _check_complete(self, row: Row) -> None:
        """Check that a row gives what it must: what nothing else fills, and its natural key."""
        shape = row.shape
        if shape.demanded <= row.values.keys():
            return
        absent = shape.demanded.difference(row.values, row.links)
        for name in row.named:
            absent = absent.difference(column for column, _ in shape.references[name].columns)
        if absent:
            self.problems.add(row.place, incomplete(shape, absent))


def incomplete(shape: Shape, absent: frozenset[str]) -> str:
    """Return what to say of a row that lacks columns which it must give."""
    missing = listed(dict.fromkeys(_told(shape, name) for name in shape.columns if name in absent))
    if absent & shape.required:
        return f"`{shape.name}` needs {missing}"
    if shape.key == shape.primary_key:
        unique = "make a column of the model unique, or set __seed_key__"
        return f"`{shape.name}` has no natural key: give {missing} or `{LABEL}`, or {unique}"
    return f"rows of `{shape.name}` are told apart by {missing}: give it"


def reference_label(node: Any) -> str | None:
    """Return the label that a reference names, as `!ref label` or `{$ref: label}`; None where it names a key."""
    if isinstance(node, Label):
        return str(node)
    if isinstance(node, Mapping) and node.keys() == {REFERENCE}:
        return str(node[REFERENCE])
    return None


def _told(shape: Shape, column: str) -> str:
    """Return a column's name as a seed would give it: a foreign key by its relation."""
    relation = shape.reference_of(column)
    return relation.name if relation else column
