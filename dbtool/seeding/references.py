"""Natural keys to rows: those of the seed files across all of them, then those that the database already holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dbtool.seeding.documents import MappingNode, SequenceNode, Spot
from dbtool.seeding.gather import LABEL, Path, Row, reference_label
from dbtool.seeding.problems import Place, Problems, did_you_mean, listed, shown
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import Key, Store
from dbtool.seeding.validate import value_of
from dbtool.tables import Relation


class Asked(NamedTuple):
    """A reference as written, and the way to it from where a mapping or sequence begins."""

    node: Any
    spot: Spot
    path: Path

    @property
    def place(self) -> Place:
        """Where it stands; only a problem needs to know."""
        return self.spot.place(*self.path)


class Directory:
    """Knows every row by its natural key, and finds the row that a reference names."""

    def __init__(self, known: Mapping[str, Shape], store: Store, problems: Problems) -> None:
        self.known = known
        self.store = store
        self.problems = problems
        self._rows: dict[str, dict[Key, Row]] = defaultdict(dict)
        self._missing: dict[str, set[Key]] = defaultdict(set)
        self._keys: dict[str, dict[Any, Key | None]] = defaultdict(dict)
        self.coming: dict[str, set[int]] = {}  # hashes of the keys that feeds will write, by table
        self.awaited: dict[str, list[Row]] = defaultdict(list)  # rows of feeds that others name
        self._labels: dict[str, dict[str, Row]] = defaultdict(dict)

    def register(self, row: Row) -> bool:
        """Make a row known by its key; a second row with that key is a problem, unless it only ties two others.

        Returns whether it is the first.
        """
        rows = self._rows[row.shape.table.key]
        first = rows.setdefault(row.key, row)
        if first is not row and not row.implied:
            message = f"`{row.shape.name}` {_key_text(row.key)} is given twice, first at {first.place}"
            self.problems.add(row.place, message)
        return first is row

    def label(self, row: Row) -> None:
        """Make a row known by its label; a second row of its table with that label is a problem."""
        if row.label is None:
            return
        first = self._labels[row.shape.table.key].setdefault(row.label, row)
        if first is not row:
            self.problems.add(row.place_of(LABEL), f"the label `{row.label}` is given twice, first at {first.place}")

    def key_of(self, row: Row) -> Key | None:
        """Return a row's natural key, None where a part of it is missing.

        A part that only writing the row's parent will tell is that parent.
        """
        shape, parts = row.shape, []
        for name in shape.key:
            if name in row.links:
                parent, column = row.links[name]
                parts.append(parent.known(column))
            elif name in row.values:
                parts.append(row.values[name])
            elif name in shape.fills and name not in row.broken:
                parts.append(shape.fills[name])
            else:
                return None
        return tuple(parts) if parts else None

    def find(self, target: Shape, asked: Sequence[Asked]) -> list[Row | None]:
        """Return the row that each reference names; None, and a problem, where there is none."""
        labels = [reference_label(each.node) for each in asked]
        keyed = [each for each, label in zip(asked, labels, strict=True) if label is None]
        by_key = iter(self._find_by_key(target, keyed) if keyed else ())
        return [
            next(by_key) if label is None else self._find_labelled(target, label, each)
            for each, label in zip(asked, labels, strict=True)
        ]

    def _find_labelled(self, target: Shape, label: str, asked: Asked) -> Row | None:
        known = self._labels[target.table.key]
        if label not in known and not self.problems.incomplete:
            near = did_you_mean(label, known)
            self.problems.add(asked.place, f"no row of `{target.name}` has the label `{label}`{near}")
        return known.get(label)

    def _find_by_key(self, target: Shape, asked: Sequence[Asked]) -> list[Row | None]:
        if target.ambiguity:
            for each in asked:
                self.problems.add(each.place, target.ambiguity)
            return [None] * len(asked)
        keys = self._read_keys(target, asked)
        self._look_up(target, {key for key in keys if key is not None})
        rows = self._rows[target.table.key]
        for key, each in zip(keys, asked, strict=True):
            if key is not None and key not in rows:
                self._report_missing(target, key, each.place)
        return [rows.get(key) if key is not None else None for key in keys]

    def _look_up(self, target: Shape, keys: set[Key]) -> None:
        """Read from the database what the seeds do not give; a key that holds a new row cannot be there."""
        table = target.table.key
        unknown = keys - self._rows[table].keys() - self._missing[table]
        unknown = {key for key in unknown if not any(isinstance(part, Row) for part in key)}
        found = self.store.rows(target, unknown)
        for key in unknown - found.keys():
            if hash(key) in self.coming.get(table, ()):
                self._rows[table][key] = Row(target, None, key=key)
                self.awaited[table].append(self._rows[table][key])
            else:
                self._missing[table].add(key)
        for key, records in found.items():
            self._rows[table][key] = Row(target, None, key=key, stored=records[0])

    def meet(self, shape: Shape) -> None:
        """Read the rows of a table's feeds that others name, now that they are written."""
        awaited = self.awaited.pop(shape.table.key, [])
        found = self.store.rows(shape, {row.key for row in awaited})
        for row in awaited:
            row.stored = found[row.key][0]

    def _report_missing(self, target: Shape, key: Key, place: Place) -> None:
        if self.problems.incomplete:
            return
        near = ""
        if len(key) == 1 and isinstance(key[0], str):
            near = did_you_mean(key[0], (part for (part, *_) in self._rows[target.table.key] if isinstance(part, str)))
        told = f"{listed(target.key_names())} {_key_text(key)}"
        self.problems.add(place, f"there is no `{target.name}` with {told}, in the seeds or in the database{near}")

    def _read_keys(self, target: Shape, asked: Sequence[Asked]) -> list[Key | None]:
        names = target.key_names()
        if len(names) > 1:
            return self._read_composite(target, names, asked)
        relation = target.references.get(names[0])
        if relation is not None:
            rows = self.find(self.known[relation.target], asked)
            return [_parts(target, _known(row, relation)) for row in rows]
        cache = self._keys[target.table.key]
        return [self._read_scalar(target, each, cache) for each in asked]

    def _read_scalar(self, target: Shape, asked: Asked, cache: dict[Any, Key | None]) -> Key | None:
        if asked.node.__hash__ is not None and asked.node in cache:
            return cache[asked.node]
        if isinstance(asked.node, (MappingNode, SequenceNode)):
            message = f"a `{target.name}` is named by its `{target.key[0]}` alone, not by {shown(asked.node)}"
            self.problems.add(asked.place, message)
            return None
        value = self._read_value(target, target.key[0], asked)
        cache[asked.node] = None if value is _UNREADABLE else (value,)
        return cache[asked.node]

    def _read_value(self, target: Shape, column: str, asked: Asked) -> Any:
        try:
            return value_of(target, column, asked.node)
        except ValueError as error:
            self.problems.add(asked.place, f"{error} (the natural key of `{target.name}`)")
            return _UNREADABLE

    def _read_composite(self, target: Shape, names: Sequence[str], asked: Sequence[Asked]) -> list[Key | None]:
        """Read keys of several parts, all keys' first parts at once, then all second parts, and so on."""
        whole = {index: each for index, each in enumerate(asked) if self._is_composite(target, names, each)}
        values: dict[int, dict[str, Any]] = {index: {} for index in whole}
        for name in names:
            parts = [Asked(each.node[name], each.node.spot, (name,)) for each in whole.values()]
            for index, found in zip(whole, self._read_parts(target, name, parts), strict=True):
                values[index].update(found)
        return [_parts(target, values.get(index, {})) for index in range(len(asked))]

    def _is_composite(self, target: Shape, names: Sequence[str], asked: Asked) -> bool:
        node = asked.node
        if isinstance(node, MappingNode) and node.keys() == set(names):
            return True
        given = listed(node) if isinstance(node, MappingNode) else shown(node)
        message = f"a `{target.name}` is named by a mapping of {listed(names)}, not by {given or 'an empty mapping'}"
        self.problems.add(asked.place, message)
        return False

    def _read_parts(self, target: Shape, name: str, parts: Sequence[Asked]) -> list[dict[str, Any]]:
        relation = target.references.get(name)
        if relation is not None:
            rows = self.find(self.known[relation.target], parts)
            return [_known(row, relation) for row in rows]
        values = [self._read_value(target, name, part) for part in parts]
        return [{} if value is _UNREADABLE else {name: value} for value in values]


_UNREADABLE = object()


def _known(row: Row | None, relation: Relation) -> dict[str, Any]:
    return {column: row.known(remote) for column, remote in relation.columns} if row is not None else {}


def _parts(target: Shape, values: Mapping[str, Any]) -> Key | None:
    return tuple(values[name] for name in target.key) if values.keys() >= set(target.key) else None


def _key_text(key: Iterable[Any]) -> str:
    return ", ".join(_key_text(part.key) if isinstance(part, Row) else shown(part) for part in key)
