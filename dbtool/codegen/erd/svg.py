"""The diagram as an SVG that holds classes and no style: whoever shows it dresses it.

Classes: `table`, `box`, `head`, `rule`, `name`, `column`, `type`, `key`, `foreign`; `relation`, `edge`, `end`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dbtool.codegen.erd.layout import HEAD, MARGIN, PADDING, ROW, Box, Edge, Row, cut, lay_out

if TYPE_CHECKING:
    from sqlalchemy import Table


Point = tuple[float, float]
NO_CLASSES: Mapping[str, str] = MappingProxyType({})


class End(NamedTuple):
    """Where a line ends at a table, and to which side it leaves: 1 to the right, -1 to the left."""

    x: float
    y: float
    out: int


def svg(tables: Iterable[Table], *, inner: str = "", classes: Mapping[str, str] = NO_CLASSES) -> str:
    """Return a diagram of these tables; a foreign key to any other table is left out.

    `inner` stands first within the SVG; `classes` gives further classes to tables, by their keys.
    """
    layout = lay_out(tables)
    loops = 40.0 if any(edge.source is edge.target for edge in layout.edges) else 0.0
    places = [*layout.boxes, *(lane for edge in layout.edges for lane in edge.through)]
    width = _number(max((box.x + box.width for box in places), default=0.0) + MARGIN + loops)
    height = _number(max((box.y + box.height for box in places), default=0.0) + MARGIN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="erd" role="img" aria-label="{len(layout.boxes)} tables" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{inner}'
        f'<g class="edges">{"".join(_line(edge) for edge in layout.edges)}</g>'
        f"{''.join(_drawn(box, classes.get(box.key, '')) for box in layout.boxes)}</svg>"
    )


# Foreign keys


def _line(edge: Edge) -> str:
    path, start, end = _loop(edge) if edge.source is edge.target else _path(edge)
    names = f'data-from="{escape(edge.source.key)}" data-to="{escape(edge.target.key)}"'
    told = f"{edge.source.key}.{edge.column} → {edge.target.key}.{edge.remote}"
    ends = _many(start) if not edge.single else _one(start, optional=True)
    return (
        f'<g class="relation"><title>{escape(told)}</title><path class="edge" {names} d="{path}"/>'
        f'<path class="end" d="{ends}{_one(end, optional=edge.optional)}"/></g>'
    )


def _path(edge: Edge) -> tuple[str, End, End]:
    """Return a line that is level where it passes a layer and curved between layers, and its two ends."""
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
    out = -1 if left else 1
    return f"{''.join(path)}{_curve(at, end)}", End(*start, out), End(*end, -out)


def _loop(edge: Edge) -> tuple[str, End, End]:
    x = edge.source.x + edge.source.width
    start, end = (x, edge.source.row_y(edge.column)), (x, edge.target.row_y(edge.remote))
    path = f"M{_point(start)}C{_point((x + 32.0, start[1]))} {_point((x + 32.0, end[1]))} {_point(end)}"
    return path, End(*start, 1), End(*end, 1)


def _curve(start: Point, end: Point) -> str:
    half = (start[0] + end[0]) / 2
    return f"C{_point((half, start[1]))} {_point((half, end[1]))} {_point(end)}"


def _many(at: End) -> str:
    """Return the sign for none, one or many rows: a crow's foot and a ring."""
    tip = _point((at.x + at.out * 9, at.y))
    return f"M{_point((at.x, at.y - 5))}L{tip}L{_point((at.x, at.y + 5))}{_ring(at, 12)}"


def _one(at: End, *, optional: bool) -> str:
    """Return the sign for one row, a bar; where there may be none, with a ring, else with a second bar."""
    return _bar(at, 6) + (_ring(at, 12) if optional else _bar(at, 10))


def _bar(at: End, distance: float) -> str:
    x = at.x + at.out * distance
    return f"M{_point((x, at.y - 4))}L{_point((x, at.y + 4))}"


def _ring(at: End, distance: float) -> str:
    x = at.x + at.out * distance
    return f"M{_point((x - 3, at.y))}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0"


# Tables


def _drawn(box: Box, marks: str) -> str:
    x, y = _number(box.x), _number(box.y)
    size = f'width="{_number(box.width)}" height="{_number(box.height)}"'
    line = box.y + HEAD
    head = _head(box) if marks else ""
    return (
        f'<g class="{f"table {marks}".strip()}" data-table="{escape(box.key)}"><title>{escape(box.key)}</title>'
        f'<rect class="box" x="{x}" y="{y}" {size} rx="6"/>{head}'
        f'<path class="rule" d="M{x} {_number(line)}h{_number(box.width)}"/>'
        f'<text class="name" x="{_number(box.x + PADDING)}" y="{_number(box.y + 19)}">{escape(cut(box.key))}</text>'
        f"{''.join(_written(box, index, row) for index, row in enumerate(box.rows))}</g>"
    )


def _head(box: Box) -> str:
    """Return the shape behind a table's name, by whose colour its group is known."""
    low, side = _number(HEAD - 6), _number(box.width - 12)
    path = f"M{_point((box.x, box.y + HEAD))}v-{low}a6 6 0 0 1 6 -6h{side}a6 6 0 0 1 6 6v{low}z"
    return f'<path class="head" d="{path}"/>'


def _written(box: Box, index: int, row: Row) -> str:
    y = _number(box.y + HEAD + index * ROW + 14)
    marks = f"{' key' if row.key else ''}{' foreign' if row.foreign else ''}"
    name = f'<text class="column{marks}" x="{_number(box.x + PADDING)}" y="{y}">{escape(cut(row.name))}</text>'
    right = _number(box.x + box.width - PADDING)
    kind = f'<text class="type" x="{right}" y="{y}" text-anchor="end">{escape(cut(row.kind))}</text>'
    return name + (kind if row.kind else "")


def _point(at: tuple[float, float]) -> str:
    return f"{_number(at[0])} {_number(at[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
