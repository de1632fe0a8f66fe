"""Where the tables of a diagram stand and how its lines run: layers by foreign keys, drawn without a browser.

A table stands to the right of those that it points at. A foreign key that spans layers is led through a place of its
own in each of those between, which all that lead to the same table share, so that no line crosses a box. Lengths are
pixels; letters are taken to be 7 wide, as in a monospaced font of 12 pixels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from dbtool.tables import foreign_keys, sql_type, target_of

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

LETTER = 7.0
ROW = 20.0
HEAD = 28.0
PADDING = 10.0
GAP = 24.0  # between tables of a layer
LANE = 12.0  # height of a place that only a line passes
CHANNEL = 80.0  # between layers
MARGIN = 20.0
MOST_COLUMNS = 40
MOST_LETTERS = 34
SWEEPS = 6
_WIDE = frozenset("WF")


@dataclass(slots=True)
class Row:
    """A line of a box."""

    name: str
    kind: str
    key: bool
    foreign: bool


@dataclass(slots=True, eq=False)
class Box:
    """A place in a layer: a table, or where a line passes, which has no rows."""

    key: str = ""
    rows: list[Row] = field(default_factory=list)
    width: float = 0.0
    height: float = LANE
    layer: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        """Return how far down the middle is."""
        return self.y + self.height / 2

    def row_y(self, column: str) -> float:
        """Return where a line to a column ends."""
        names = [row.name for row in self.rows]
        place = names.index(column) if column in names else -1
        return self.y + HEAD + (place + 0.5) * ROW if place >= 0 else self.y + HEAD / 2


@dataclass(slots=True)
class Edge:
    """A foreign key: from the table that holds it to the one it points at, through places between.

    `single` where a row is pointed at once at most, `optional` where the key may be null.
    """

    source: Box
    target: Box
    column: str
    remote: str
    single: bool
    optional: bool
    through: list[Box] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """Tables and foreign keys in their places, in the order of the tables' names."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def lay_out(tables: Iterable[Table]) -> Layout:
    """Give tables and the foreign keys between them their places; a key to any other table is left out."""
    ordered = sorted(tables, key=lambda table: table.key)
    boxes = {table.key: _box(table) for table in ordered}
    edges = [edge for table in ordered for edge in _edges(table, boxes)]
    joined = {id(box) for edge in edges if edge.source is not edge.target for box in (edge.source, edge.target)}
    alone = [box for box in boxes.values() if id(box) not in joined]
    layers = _layers([box for box in boxes.values() if id(box) in joined], edges)
    _arrange(layers, edges)
    bottom = _place(layers, edges)
    _place_alone(alone, bottom, max((box.x + box.width for box in boxes.values()), default=0.0))
    return Layout(tuple(boxes.values()), tuple(edges))


# What is drawn


def _box(table: Table) -> Box:
    rows = [_row(column) for column in table.columns]
    kept = [row for row in rows if row.key or row.foreign]
    others = [row for row in rows if not (row.key or row.foreign)][: max(0, MOST_COLUMNS - len(kept))]
    shown = [row for row in rows if row in kept or row in others][: MOST_COLUMNS * 2]
    if len(shown) < len(rows):
        shown.append(Row(f"... {len(rows) - len(shown)} more", "", key=False, foreign=False))
    widest = max((letters(row.name) + letters(row.kind) + 3 for row in shown), default=0)
    width = max(widest, letters(cut(table.key)) + 1) * LETTER + 2 * PADDING
    return Box(table.key, shown, width, HEAD + len(shown) * ROW + PADDING / 2)


def _row(column: Column[Any]) -> Row:
    kind = str(getattr(sql_type(column), "__visit_name__", "")).replace("_", " ").lower()
    optional = "?" if column.nullable else ""
    return Row(column.name, f"{kind}{optional}", key=column.primary_key, foreign=bool(column.foreign_keys))


def _edges(table: Table, boxes: Mapping[str, Box]) -> Iterator[Edge]:
    for key in foreign_keys(table):
        try:
            target, remote = target_of(key)
        except Exception:  # a table that was not reflected
            continue
        if target.key in boxes:
            column = key.columns[0]
            single = len(key.columns) == 1 and bool(column.unique or [*table.primary_key.columns] == [column])
            optional = any(each.nullable for each in key.columns)
            yield Edge(boxes[table.key], boxes[target.key], column.name, remote[0].name, single, optional)


def letters(text: str) -> int:
    """Return how many letters wide a text is, as it is shown."""
    return sum(2 if east_asian_width(letter) in _WIDE else 1 for letter in cut(text))


def cut(text: str) -> str:
    """Return a text short enough to stand in a box."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


# Layers


def _layers(boxes: Sequence[Box], edges: Sequence[Edge]) -> list[list[Box]]:
    """Put every table behind those that it points at, in layers that are not too high; cycles are cut somewhere."""
    parents: dict[int, list[Box]] = defaultdict(list)
    for edge in edges:
        if edge.source is not edge.target:
            parents[id(edge.source)].append(edge.target)
    most = max(5, math.ceil(math.sqrt(len(boxes)) * 1.3))
    layers: list[list[Box]] = []
    placed: set[int] = set()
    for box in _parents_first(boxes, parents):
        layer = max((parent.layer + 1 for parent in parents[id(box)] if id(parent) in placed), default=0)
        while layer < len(layers) and len(layers[layer]) >= most:
            layer += 1
        while layer >= len(layers):
            layers.append([])
        box.layer = layer
        placed.add(id(box))
        layers[layer].append(box)
    return layers


def _parents_first(boxes: Sequence[Box], parents: Mapping[int, list[Box]]) -> list[Box]:
    done: dict[int, Box] = {}
    entered: set[int] = set()
    for start in boxes:
        waiting = [start]
        while waiting:
            box = waiting[-1]
            fresh = [each for each in parents.get(id(box), ()) if id(each) not in entered and id(each) not in done]
            entered.add(id(box))
            if fresh:
                waiting.append(fresh[0])
            else:
                waiting.pop()
                done.setdefault(id(box), box)
    return list(done.values())


def _arrange(layers: list[list[Box]], edges: Sequence[Edge]) -> None:
    """Give long lines their places, and order each layer by what its neighbours are beside."""
    neighbours: dict[int, list[Box]] = defaultdict(list)
    lanes: dict[tuple[int, int], Box] = {}
    for edge in edges:
        step = 1 if edge.target.layer > edge.source.layer else -1
        for layer in range(edge.source.layer + step, edge.target.layer, step):
            if (id(edge.target), layer) not in lanes:
                lanes[id(edge.target), layer] = Box(layer=layer)
                layers[layer].append(lanes[id(edge.target), layer])
            edge.through.append(lanes[id(edge.target), layer])
        chain = [edge.source, *edge.through, edge.target]
        for one, other in pairwise(chain):
            if one is not other:
                neighbours[id(one)].append(other)
                neighbours[id(other)].append(one)
    place = {id(box): float(index) for layer in layers for index, box in enumerate(layer)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        step = -1 if forward else 1
        for column in layers if forward else reversed(layers):
            _order(column, neighbours, place, step)


def _order(layer: list[Box], neighbours: Mapping[int, list[Box]], place: dict[int, float], step: int) -> None:
    def wanted(box: Box) -> float:
        beside = [place[id(each)] for each in neighbours.get(id(box), ()) if each.layer == box.layer + step]
        return sum(beside) / len(beside) if beside else place[id(box)]

    layer.sort(key=wanted)
    for index, box in enumerate(layer):
        place[id(box)] = float(index)


# Places


def _place(layers: list[list[Box]], edges: Sequence[Edge]) -> float:
    """Give every box its place, near those that it is joined to; return where the lowest ends."""
    x = MARGIN
    for layer in layers:
        width = max((box.width for box in layer), default=0.0)
        for box in layer:
            box.x, box.width = x, width
        x += width + CHANNEL
        _stack(layer, [0.0] * len(layer))
    pulls: dict[int, list[tuple[Box, float]]] = defaultdict(list)
    for edge in edges:
        chain = [edge.source, *edge.through, edge.target]
        for one, other in pairwise(chain):
            pulls[id(one)].append((other, 0.0))
            pulls[id(other)].append((one, 0.0))
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            _stack(layer, [_pulled(box, pulls[id(box)]) for box in layer])
    top = min((box.y for layer in layers for box in layer), default=MARGIN)
    for layer in layers:
        for box in layer:
            box.y += MARGIN - top
    return max((box.y + box.height for layer in layers for box in layer), default=MARGIN)


def _pulled(box: Box, pulls: Sequence[tuple[Box, float]]) -> float:
    if not pulls:
        return box.y
    return sum(other.middle for other, _ in pulls) / len(pulls) - box.height / 2


def _stack(layer: Sequence[Box], wanted: Sequence[float]) -> None:
    """Put boxes where they want to be, in order and without touching: groups that would touch share their wishes."""
    groups: list[tuple[float, float, list[Box]]] = []  # mean of the wished tops, height, boxes
    for box, wish in zip(layer, wanted, strict=True):
        top, height, members = wish, box.height, [box]
        while groups and groups[-1][0] + groups[-1][1] + _gap(groups[-1][2][-1], members[0]) > top:
            before_top, before_height, before = groups.pop()
            count = len(before) + len(members)
            offset = before_height + _gap(before[-1], members[0])
            top = (before_top * len(before) + (top - offset) * len(members)) / count
            height = offset + height
            members = before + members
        groups.append((top, height, members))
    for top, _, members in groups:
        y = top
        for box, following in zip(members, [*members[1:], None], strict=True):
            box.y = y
            y += box.height + (_gap(box, following) if following else 0.0)


def _gap(above: Box, below: Box) -> float:
    return GAP if above.rows or below.rows else 0.0


def _place_alone(boxes: Sequence[Box], bottom: float, right: float) -> None:
    """Put tables that nothing joins below, in lines about as wide as the rest."""
    most = max(right, math.sqrt(sum((box.width + GAP) * (box.height + GAP) for box in boxes)) * 1.5)
    x, y, height = MARGIN, bottom + 2 * GAP if bottom > MARGIN else MARGIN, 0.0
    for box in boxes:
        if x > MARGIN and x + box.width > most:
            x, y, height = MARGIN, y + height + GAP, 0.0
        box.x, box.y = x, y
        x += box.width + GAP
        height = max(height, box.height)
