"""The diagram: layers by foreign keys, no box over another, no line over a box, and names that stay text."""

from __future__ import annotations

import random
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from dbtool.codegen import erd
from dbtool.codegen.erd import layout
from dbtool.codegen.erd.groups import groups

SVG = "{http://www.w3.org/2000/svg}"
Rectangle = tuple[float, float, float, float]


def drawn(metadata: MetaData) -> ElementTree.Element:
    """Return the diagram of a schema, read as XML."""
    return ElementTree.fromstring(erd.svg(metadata.tables.values()))


def boxes(svg: ElementTree.Element) -> dict[str, Rectangle]:
    """Return left, top, right and bottom of each table."""
    found = {}
    for group in svg.iter(f"{SVG}g"):
        if (group.get("class") or "").split()[:1] == ["table"]:
            box = group.find(f"{SVG}rect")
            assert box is not None
            x, y, width, height = (float(box.get(name) or "") for name in ("x", "y", "width", "height"))
            found[group.get("data-table") or ""] = (x, y, x + width, y + height)
    return found


def lines(svg: ElementTree.Element) -> list[tuple[str, str, str]]:
    """Return from where to where each line goes, and its path."""
    return [
        (each.get("data-from") or "", each.get("data-to") or "", each.get("d") or "")
        for each in svg.iter(f"{SVG}path")
        if each.get("class") == "edge"
    ]


def points(path: str) -> list[tuple[float, float]]:
    """Return points along the line of a path."""
    at, found = (0.0, 0.0), []
    for letter, text in re.findall(r"([MLC])([^MLC]*)", path):
        numbers = [float(each) for each in text.split()]
        ends = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "C":
            for step in range(1, 21):
                t = step / 20
                weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
                found.append(tuple(sum(w * p[i] for w, p in zip(weights, (at, *ends), strict=True)) for i in (0, 1)))
        else:
            found.append(ends[0])
        at = ends[-1]
    return found  # type: ignore[return-value]


def schema(*edges: str, tables: int = 0) -> MetaData:
    """Make a schema from edges such as `b>a`: b holds a key of a."""
    metadata = MetaData()
    names = sorted({name for edge in edges for name in edge.split(">")} | {f"t{number}" for number in range(tables)})
    for name in names:
        targets = [edge.split(">")[1] for edge in edges if edge.split(">")[0] == name]
        keys = [Column(f"{target}_{at}", ForeignKey(f"{target}.id")) for at, target in enumerate(targets)]
        Table(name, metadata, Column("id", Integer, primary_key=True), Column("name", String(50)), *keys)
    return metadata


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def within(x: float, y: float, box: Rectangle) -> bool:
    return box[0] + 1 < x < box[2] - 1 and box[1] + 1 < y < box[3] - 1


SHAPES = {
    "one": ["b>a"],
    "chain with a long key": ["b>a", "c>b", "d>c", "d>a", "d>b"],
    "cycle": ["a>b", "b>c", "c>a"],
    "two ways": ["a>b", "b>a"],
    "self": ["a>a", "b>a"],
    "twice": ["b>a", "b>a"],
    "star": [f"s{number:02}>hub" for number in range(30)],
    "both": ["b>a", "c>a", "d>b", "d>c", "e>d", "e>a", "f>e", "f>b", "g>c"],
}


@pytest.mark.parametrize("edges", SHAPES.values(), ids=SHAPES.keys())
def test_boxes_do_not_touch_and_lines_cross_none(edges: list[str]) -> None:
    svg = drawn(schema(*edges, tables=3))
    found = boxes(svg)

    assert not [pair for pair in combinations(found, 2) if overlap(found[pair[0]], found[pair[1]])]
    assert len(lines(svg)) == len(edges)
    for start, end, path in lines(svg):
        for x, y in points(path):
            inside = {name for name, box in found.items() if within(x, y, box)}
            assert not inside - {start, end} if start == end else not inside, (start, end)


@pytest.mark.parametrize("seed", range(20))
def test_no_line_crosses_a_box_among_thirty_tables_with_cycles_and_themselves(seed: int) -> None:
    chance = random.Random(seed)
    edges = [
        f"t{one:02}>t{chance.randrange(30) if chance.random() < 0.2 else chance.randrange(max(1, one)):02}"
        for one in range(30)
        for _ in range(chance.choice((0, 1, 1, 2, 3)))
    ]
    svg = drawn(schema(*edges, tables=30))
    found = boxes(svg)

    crossed = [
        (start, end, name)
        for start, end, path in lines(svg)
        for x, y in points(path)
        for name, box in found.items()
        if within(x, y, box) and (start != end or name != start)
    ]

    assert crossed == []


def test_a_table_stands_right_of_those_that_it_points_at() -> None:
    found = boxes(drawn(schema("b>a", "c>b", "d>a")))

    assert found["a"][2] < found["b"][0] < found["b"][2] < found["c"][0]
    assert found["a"][2] < found["d"][0]


def test_a_line_goes_from_the_column_to_the_key() -> None:
    metadata = schema("b>a")
    svg = drawn(metadata)
    ((_, _, path),) = lines(svg)
    found = boxes(svg)
    texts = {each.text: each for each in svg.iter(f"{SVG}text")}

    start, end = points(path)[0], points(path)[-1]

    assert (start[0], end[0]) == (found["b"][0], found["a"][2])
    assert abs(start[1] - float(texts["a_0"].get("y") or "")) < layout.ROW / 2
    assert texts["a_0"].get("class") == "column foreign"
    assert texts["id"].get("class") == "column key"


def test_everything_is_within_the_picture() -> None:
    svg = drawn(schema(*SHAPES["both"], *SHAPES["self"], tables=12))
    left, top, width, height = (float(each) for each in (svg.get("viewBox") or "").split())

    for x0, y0, x1, y1 in boxes(svg).values():
        assert left <= x0 < x1 <= width
        assert top <= y0 < y1 <= height
    for _, _, path in lines(svg):
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points(path))


def test_a_drawing_holds_no_style_and_no_script_whatever_the_names() -> None:
    metadata = MetaData()
    name = "<script>alert(1)</script>\"'&"
    Table(
        name,
        metadata,
        Column("<b onload=x>", Integer, primary_key=True),
        Column("x" * 500, String),
        Column("漢字" * 30),
    )

    text = erd.svg(metadata.tables.values())

    assert boxes(ElementTree.fromstring(text)).keys() == {name}
    assert not re.search(r"<script|<b |style=|<style|javascript:", text)


def test_two_runs_draw_the_same() -> None:
    edges = SHAPES["both"]

    assert erd.svg(schema(*edges).tables.values()) == erd.svg(reversed(list(schema(*edges).tables.values())))


def test_nothing_is_a_drawing_too() -> None:
    assert drawn(MetaData()).get("aria-label") == "0 tables"


def test_a_table_of_hundreds_of_columns_is_cut_and_keeps_its_keys() -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True))
    names = [Column(f"c{number}", String(10)) for number in range(300)]
    Table("b", metadata, Column("id", Integer, primary_key=True), *names, Column("a_id", ForeignKey("a.id")))

    texts = [each.text for each in drawn(metadata).iter(f"{SVG}text")]

    assert "a_id" in texts
    assert "... 262 more" in texts


def test_five_hundred_tables_do_not_touch() -> None:
    chance = random.Random(1)
    edges = [f"t{one}>t{chance.randrange(one)}" for one in range(1, 500) for _ in range(chance.randrange(3))]

    svg = erd.svg(schema(*edges, tables=500).tables.values())

    found = boxes(ElementTree.fromstring(svg))
    assert len(found) == 500
    assert not [pair for pair in combinations(found, 2) if overlap(found[pair[0]], found[pair[1]])]


# The picture


def test_a_picture_has_its_colours_light_and_dark_and_a_title() -> None:
    text = erd.picture(schema("b>a", "c>b", "e>d").tables.values())

    assert ElementTree.fromstring(text).find(f"{SVG}title").text == "5 tables: a, b, c, d, e"  # type: ignore[union-attr]
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"<script|javascript:|@import|url\(|https?://(?!www\.w3\.org/2000/svg)", text)


def test_tables_are_of_the_group_that_they_belong_to() -> None:
    metadata = MetaData()
    key = {"nullable": False}
    Table("a", metadata, Column("id", Integer, primary_key=True))
    Table("d", metadata, Column("id", Integer, primary_key=True))
    Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id"), **key))
    Table("c", metadata, Column("id", Integer, primary_key=True), Column("b_id", ForeignKey("b.id"), **key))
    Table("e", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")))
    Table("f", metadata, Column("id", Integer, primary_key=True), Column("f_id", ForeignKey("f.id"), **key))

    assert groups(metadata.tables.values()) == {"a": "a", "d": "d", "b": "a", "c": "a", "e": "e", "f": "f"}


def test_several_schemas_are_the_groups() -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True))
    Table("b", metadata, Column("id", Integer, primary_key=True), schema="sales")

    assert groups(metadata.tables.values()) == {"a": "default", "sales.b": "sales"}
