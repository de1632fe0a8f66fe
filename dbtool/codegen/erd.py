"""The entity-relationship diagram as an SVG: tables in layers by their foreign keys, drawn without a browser.

A table stands to the right of those that it points at. A foreign key that spans layers is led through a place of its
own in each of those between, which all that lead to the same table share, so that no line crosses a box. The SVG holds
classes and no style: `table`, `box`, `rule`, `name`, `column`, `type`, `key`, `foreign`, `edge`; the letters of its
text are taken to be 7 pixels wide, as in a monospaced font of 12 pixels.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
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
class _Row:
    """A line of a box."""

    name: str
    kind: str
    key: bool
    foreign: bool


@dataclass(slots=True, eq=False)
class _Box:
    """A place in a layer: a table, or where a line passes, which has no rows."""

    key: str = ""
    rows: list[_Row] = field(default_factory=list)
    width: float = 0.0
    height: float = LANE
    layer: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def row_y(self, column: str) -> float:
        """Return where a line to a column ends."""
        names = [row.name for row in self.rows]
        place = names.index(column) if column in names else -1
        return self.y + HEAD + (place + 0.5) * ROW if place >= 0 else self.y + HEAD / 2


@dataclass(slots=True)
class _Edge:
    """A foreign key: from the table that holds it to the one it points at, through places between."""

    source: _Box
    target: _Box
    column: str
    remote: str
    single: bool
    through: list[_Box] = field(default_factory=list)


def svg(tables: Iterable[Table]) -> str:
    """Return a diagram of these tables; a foreign key to any other table is left out."""
    ordered = sorted(tables, key=lambda table: table.key)
    boxes = {table.key: _box(table) for table in ordered}
    edges = [edge for table in ordered for edge in _edges(table, boxes)]
    joined = {id(box) for edge in edges if edge.source is not edge.target for box in (edge.source, edge.target)}
    alone = [box for box in boxes.values() if id(box) not in joined]
    layers = _layers([box for box in boxes.values() if id(box) in joined], edges)
    _arrange(layers, edges)
    bottom = _place(layers, edges)
    _place_alone(alone, bottom, max((box.x + box.width for box in boxes.values()), default=0.0))
    return _drawing(list(boxes.values()), edges)


# What is drawn


def _box(table: Table) -> _Box:
    rows = [_row(column) for column in table.columns]
    kept = [row for row in rows if row.key or row.foreign]
    others = [row for row in rows if not (row.key or row.foreign)][: max(0, MOST_COLUMNS - len(kept))]
    shown = [row for row in rows if row in kept or row in others][: MOST_COLUMNS * 2]
    if len(shown) < len(rows):
        shown.append(_Row(f"... {len(rows) - len(shown)} more", "", key=False, foreign=False))
    widest = max((_letters(row.name) + _letters(row.kind) + 3 for row in shown), default=0)
    width = max(widest, _letters(_cut(table.key)) + 1) * LETTER + 2 * PADDING
    return _Box(table.key, shown, width, HEAD + len(shown) * ROW + PADDING / 2)


def _row(column: Column[Any]) -> _Row:
    kind = str(getattr(sql_type(column), "__visit_name__", "")).replace("_", " ").lower()
    optional = "?" if column.nullable else ""
    return _Row(column.name, f"{kind}{optional}", key=column.primary_key, foreign=bool(column.foreign_keys))


def _edges(table: Table, boxes: Mapping[str, _Box]) -> Iterator[_Edge]:
    for key in foreign_keys(table):
        try:
            target, remote = target_of(key)
        except Exception:  # a table that was not reflected
            continue
        if target.key in boxes:
            column = key.columns[0]
            single = len(key.columns) == 1 and bool(column.unique or [*table.primary_key.columns] == [column])
            yield _Edge(boxes[table.key], boxes[target.key], column.name, remote[0].name, single)


def _letters(text: str) -> int:
    """Return how many letters wide a text is, as it is shown."""
    return sum(2 if east_asian_width(letter) in _WIDE else 1 for letter in _cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


# Layers


def _layers(boxes: Sequence[_Box], edges: Sequence[_Edge]) -> list[list[_Box]]:
    """Put every table behind those that it points at, in layers that are not too high; cycles are cut somewhere."""
    parents: dict[int, list[_Box]] = defaultdict(list)
    for edge in edges:
        if edge.source is not edge.target:
            parents[id(edge.source)].append(edge.target)
    most = max(5, math.ceil(math.sqrt(len(boxes)) * 1.3))
    layers: list[list[_Box]] = []
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


def _parents_first(boxes: Sequence[_Box], parents: Mapping[int, list[_Box]]) -> list[_Box]:
    done: dict[int, _Box] = {}
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


def _arrange(layers: list[list[_Box]], edges: Sequence[_Edge]) -> None:
    """Give long lines their places, and order each layer by what its neighbours are beside."""
    neighbours: dict[int, list[_Box]] = defaultdict(list)
    lanes: dict[tuple[int, int], _Box] = {}
    for edge in edges:
        step = 1 if edge.target.layer > edge.source.layer else -1
        for layer in range(edge.source.layer + step, edge.target.layer, step):
            if (id(edge.target), layer) not in lanes:
                lanes[id(edge.target), layer] = _Box(layer=layer)
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


def _order(layer: list[_Box], neighbours: Mapping[int, list[_Box]], place: dict[int, float], step: int) -> None:
    def wanted(box: _Box) -> float:
        beside = [place[id(each)] for each in neighbours.get(id(box), ()) if each.layer == box.layer + step]
        return sum(beside) / len(beside) if beside else place[id(box)]

    layer.sort(key=wanted)
    for index, box in enumerate(layer):
        place[id(box)] = float(index)


# Places


def _place(layers: list[list[_Box]], edges: Sequence[_Edge]) -> float:
    """Give every box its place, near those that it is joined to; return where the lowest ends."""
    x = MARGIN
    for layer in layers:
        width = max((box.width for box in layer), default=0.0)
        for box in layer:
            box.x, box.width = x, width
        x += width + CHANNEL
        _stack(layer, [0.0] * len(layer))
    pulls: dict[int, list[tuple[_Box, float]]] = defaultdict(list)
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


def _pulled(box: _Box, pulls: Sequence[tuple[_Box, float]]) -> float:
    if not pulls:
        return box.y
    return sum(other.middle for other, _ in pulls) / len(pulls) - box.height / 2


def _stack(layer: Sequence[_Box], wanted: Sequence[float]) -> None:
    """Put boxes where they want to be, in order and without touching: groups that would touch share their wishes."""
    groups: list[tuple[float, float, list[_Box]]] = []  # mean of the wished tops, height, boxes
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


def _gap(above: _Box, below: _Box) -> float:
    return GAP if above.rows or below.rows else 0.0


def _place_alone(boxes: Sequence[_Box], bottom: float, right: float) -> None:
    """Put tables that nothing joins below, in lines about as wide as the rest."""
    most = max(right, math.sqrt(sum((box.width + GAP) * (box.height + GAP) for box in boxes)) * 1.5)
    x, y, height = MARGIN, bottom + 2 * GAP if bottom > MARGIN else MARGIN, 0.0
    for box in boxes:
        if x > MARGIN and x + box.width > most:
            x, y, height = MARGIN, y + height + GAP, 0.0
        box.x, box.y = x, y
        x += box.width + GAP
        height = max(height, box.height)


# The drawing


def _drawing(boxes: Sequence[_Box], edges: Sequence[_Edge]) -> str:
    lanes = [lane for edge in edges for lane in edge.through]
    loops = 40.0 if any(edge.source is edge.target for edge in edges) else 0.0
    width = max((box.x + box.width for box in [*boxes, *lanes]), default=0.0) + MARGIN + loops
    height = max((box.y + box.height for box in [*boxes, *lanes]), default=0.0) + MARGIN
    lines = [_line(edge) for edge in edges]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="erd" role="img" aria-label="{len(boxes)} tables" '
        f'viewBox="0 0 {_number(width)} {_number(height)}" width="{_number(width)}" height="{_number(height)}">'
        f'<g class="edges">{"".join(lines)}</g>{"".join(_drawn(box) for box in boxes)}</svg>'
    )


def _line(edge: _Edge) -> str:
    path = _loop(edge) if edge.source is edge.target else _path(edge)
    names = f'data-from="{escape(edge.source.key)}" data-to="{escape(edge.target.key)}"'
    return f'<path class="edge" {names} d="{path}"><title>{escape(_told(edge))}</title></path>'


def _told(edge: _Edge) -> str:
    return f"{edge.source.key}.{edge.column} → {edge.target.key}.{edge.remote}"


def _path(edge: _Edge) -> str:
    """Return a line that is level where it passes a layer and curved between layers."""
    left = edge.target.x < edge.source.x  # where the line leaves the table that holds the key
    start = (edge.source.x if left else edge.source.x + edge.source.width, edge.source.row_y(edge.column))
    end = (edge.target.x + edge.target.width if left else edge.target.x, edge.target.row_y(edge.remote))
    path = [f"M{_point(start)}"]
    at = start
    for lane in edge.through:
        sides = (lane.x + lane.width, lane.x) if left else (lane.x, lane.x + lane.width)
        path.append(_curve(at, (sides[0], lane.middle)))
        at = (sides[1], lane.middle)
        path.append(f"L{_point(at)}")
    return f"{''.join(path)}{_curve(at, end)}{_foot(start, -8.0 if left else 8.0, single=edge.single)}"


def _loop(edge: _Edge) -> str:
    x = edge.source.x + edge.source.width
    start, end = (x, edge.source.row_y(edge.column)), (x, edge.target.row_y(edge.remote))
    out = x + 32.0
    return (
        f"M{_point(start)}C{_point((out, start[1]))} {_point((out, end[1]))} {_point(end)}"
        f"{_foot(start, 8.0, single=edge.single)}"
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    half = (start[0] + end[0]) / 2
    return f"C{_point((half, start[1]))} {_point((half, end[1]))} {_point(end)}"


def _foot(at: tuple[float, float], out: float, *, single: bool) -> str:
    """Return the sign for many at the end that holds the key: a crow's foot."""
    if single:
        return f"M{_point((at[0] + out, at[1] - 4))}L{_point((at[0] + out, at[1] + 4))}"
    tip = _point((at[0] + out, at[1]))
    return f"M{_point((at[0], at[1] - 5))}L{tip}L{_point((at[0], at[1] + 5))}"


def _drawn(box: _Box) -> str:
    x, y = _number(box.x), _number(box.y)
    size = f'width="{_number(box.width)}" height="{_number(box.height)}"'
    line = box.y + HEAD
    return (
        f'<g class="table" data-table="{escape(box.key)}"><title>{escape(box.key)}</title>'
        f'<rect class="box" x="{x}" y="{y}" {size} rx="6"/>'
        f'<path class="rule" d="M{x} {_number(line)}h{_number(box.width)}"/>'
        f'<text class="name" x="{_number(box.x + PADDING)}" y="{_number(box.y + 19)}">{escape(_cut(box.key))}</text>'
        f"{''.join(_written(box, index, row) for index, row in enumerate(box.rows))}</g>"
    )


def _written(box: _Box, index: int, row: _Row) -> str:
    y = _number(box.y + HEAD + index * ROW + 14)
    marks = f"{' key' if row.key else ''}{' foreign' if row.foreign else ''}"
    name = f'<text class="column{marks}" x="{_number(box.x + PADDING)}" y="{y}">{escape(_cut(row.name))}</text>'
    right = _number(box.x + box.width - PADDING)
    kind = f'<text class="type" x="{right}" y="{y}" text-anchor="end">{escape(_cut(row.kind))}</text>'
    return name + (kind if row.kind else "")


def _point(at: tuple[float, float]) -> str:
    return f"{_number(at[0])} {_number(at[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
