"""What rows a client finds, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from dbtool.errors import InvalidDataError, RecordNotFoundError, UnknownKeyError


@pytest.fixture
def units(db: Any) -> Any:
    """Two levels, three stories, six units, some without a description."""
    titles = ["Hello", "hello again", "50% off", "a_b", "Farewell", "Émile"]
    for number, (level, count) in enumerate((("Beginner", 4), ("Advanced", 2))):
        db.level.create(
            {
                "slug": level.lower(),
                "name": level,
                "position": number,
                "stories": {
                    "create": [
                        {
                            "slug": f"story-{level.lower()}",
                            "title": f"Story {level}",
                            "units": {
                                "create": [
                                    {
                                        "slug": f"unit-{number}-{each}",
                                        "title": titles[number * 4 + each],
                                        "position": each,
                                        "description": None if each % 2 else f"about {each}",
                                    }
                                    for each in range(count)
                                ]
                            },
                        }
                    ]
                },
            }
        )
    return db


def slugs(found: list[Any]) -> list[str]:
    return [unit.slug for unit in found]


WHERES: dict[str, tuple[Any, list[str]]] = {
    "nothing said": ({}, ["unit-0-0", "unit-0-1", "unit-0-2", "unit-0-3", "unit-1-0", "unit-1-1"]),
    "a value": ({"slug": "unit-0-1"}, ["unit-0-1"]),
    "null": ({"description": None}, ["unit-0-1", "unit-0-3", "unit-1-1"]),
    "not null": ({"description": {"not": None}}, ["unit-0-0", "unit-0-2", "unit-1-0"]),
    "not a value leaves null out": ({"description": {"not": "about 0"}}, ["unit-0-2"]),
    "not a filter": ({"position": {"not": {"gte": 1}}}, ["unit-0-0", "unit-1-0"]),
    "in with null": ({"description": {"in": ["about 2", None]}}, ["unit-0-1", "unit-0-2", "unit-0-3", "unit-1-1"]),
    "not in": ({"position": {"not_in": [0, 1]}}, ["unit-0-2", "unit-0-3"]),
    "in nothing": ({"position": {"in": []}}, []),
    "a range": ({"position": {"gt": 0, "lte": 2}}, ["unit-0-1", "unit-0-2", "unit-1-1"]),
    "a percent sign is a letter": ({"title": {"contains": "0%"}}, ["unit-0-2"]),
    "an underscore is a letter": ({"title": {"starts_with": "a_"}}, ["unit-0-3"]),
    "the end": ({"title": {"ends_with": "well"}}, ["unit-1-0"]),
    "whatever the case": ({"title": {"contains": "HELLO", "mode": "insensitive"}}, ["unit-0-0", "unit-0-1"]),
    "equal whatever the case": ({"title": {"equals": "HELLO", "mode": "insensitive"}}, ["unit-0-0"]),
    "in whatever the case": ({"title": {"in": ["HELLO", "FAREWELL"], "mode": "insensitive"}}, ["unit-0-0", "unit-1-0"]),
    "or": ({"OR": [{"slug": "unit-0-0"}, {"slug": "unit-1-1"}]}, ["unit-0-0", "unit-1-1"]),
    "or of nothing": ({"OR": []}, []),
    "and of nothing": ({"AND": [], "slug": "unit-0-0"}, ["unit-0-0"]),
    "and": ({"AND": [{"position": 0}, {"description": "about 0", "slug": "unit-1-0"}]}, ["unit-1-0"]),
    "not one": ({"NOT": {"position": {"lt": 3}}}, ["unit-0-3"]),
    "not each of several": ({"NOT": [{"position": {"lt": 2}}, {"position": 3}]}, ["unit-0-2"]),
    "through relations": ({"story": {"level": {"name": "Advanced"}}}, ["unit-1-0", "unit-1-1"]),
    "is": ({"story": {"is": {"title": "Story Advanced"}}, "position": 0}, ["unit-1-0"]),
    "is not": ({"story": {"is_not": {"title": "Story Advanced"}}, "position": 0}, ["unit-0-0"]),
    "back and forth": (
        {"story": {"units": {"some": {"story": {"level": {"name": "Advanced"}}, "position": 1}}}, "position": 0},
        ["unit-1-0"],
    ),
}


@pytest.mark.parametrize(("where", "expected"), WHERES.values(), ids=WHERES)
def test_a_condition_finds_these_rows(units: Any, where: Any, expected: list[str]) -> None:
    found = units.unit.find_many(where, order_by={"slug": "asc"})

    assert slugs(found) == expected
    assert units.unit.count(where) == len(expected)


def test_related_rows_decide_by_some_every_and_none(units: Any) -> None:
    def stories(where: Any) -> list[str]:
        return [each.slug for each in units.story.find_many(where, order_by={"slug": "asc"})]

    units.story.create({"slug": "empty", "title": "Empty", "level": {"connect": {"slug": "advanced"}}})

    assert stories({"units": {"some": {"position": 3}}}) == ["story-beginner"]
    assert stories({"units": {"some": {}}}) == ["story-advanced", "story-beginner"]
    assert stories({"units": {"none": {"position": 3}}}) == ["empty", "story-advanced"]
    assert stories({"units": {"none": {}}}) == ["empty"]
    assert stories({"units": {"every": {"position": {"lt": 3}}}}) == ["empty", "story-advanced"]
    assert stories({"units": {"every": {"description": {"starts_with": "about"}}}}) == ["empty"]
    assert stories({"level": {"stories": {"none": {"slug": "empty"}}}}) == ["story-beginner"]


def test_rows_come_in_the_order_asked_for(units: Any) -> None:
    found = units.unit.find_many(order_by={"story": {"level": {"name": "asc"}}, "position": "desc"})

    assert slugs(found) == ["unit-1-1", "unit-1-0", "unit-0-3", "unit-0-2", "unit-0-1", "unit-0-0"]


def test_take_and_skip_cut_the_order(units: Any) -> None:
    order = {"slug": "asc"}

    assert slugs(units.unit.find_many(order_by=order, take=2, skip=1)) == ["unit-0-1", "unit-0-2"]
    assert slugs(units.unit.find_many(order_by=order, skip=4)) == ["unit-1-0", "unit-1-1"]
    assert slugs(units.unit.find_many(order_by=order, take=-2)) == ["unit-1-0", "unit-1-1"]
    assert slugs(units.unit.find_many(order_by=order, take=-2, skip=1)) == ["unit-0-3", "unit-1-0"]
    assert slugs(units.unit.find_many(order_by=order, take=0)) == []
    with pytest.raises(InvalidDataError):
        units.unit.find_many(skip=-1)


ORDERS: dict[str, Any] = {
    "by key": None,
    "with nulls": {"description": "asc"},
    "with nulls, descending": {"description": "desc"},
    "mixed": {"position": "desc", "description": "asc", "title": "desc"},
    "through a relation": {"story": {"title": "desc"}, "description": "desc"},
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_cursor_continues_where_a_page_ended(units: Any, order: Any) -> None:
    whole = units.unit.find_many(order_by=order)

    for position, unit in enumerate(whole):
        after = units.unit.find_many(order_by=order, cursor={"id": unit.id}, take=3)
        before = units.unit.find_many(order_by=order, cursor={"slug": unit.slug}, take=-3)

        assert slugs(after) == slugs(whole[position : position + 3])
        assert slugs(before) == slugs(whole[max(0, position - 2) : position + 1])
    assert units.unit.find_many(order_by=order, cursor={"id": 10**6}) == []


def test_distinct_keeps_the_first_row_of_each(units: Any) -> None:
    found = units.unit.find_many(order_by={"position": "desc"}, distinct=["story_id"])
    by_two = units.unit.find_many(distinct=["story_id", "description"], order_by={"slug": "asc"})
    some = units.unit.find_many({"position": {"lt": 2}}, distinct=["story_id"], order_by={"slug": "desc"}, take=1)

    assert slugs(found) == ["unit-0-3", "unit-1-1"]
    assert slugs(by_two) == ["unit-0-0", "unit-0-1", "unit-0-2", "unit-1-0", "unit-1-1"]
    assert slugs(some) == ["unit-1-1"]


def test_one_row_is_found_by_any_unique_key_or_said_to_be_missing(units: Any) -> None:
    unit = units.unit.find_first(order_by={"slug": "desc"})

    assert unit.slug == "unit-1-1"
    assert units.unit.find_unique({"id": unit.id}).slug == "unit-1-1"
    assert units.unit.find_unique_or_raise({"slug": "unit-1-1"}).id == unit.id
    assert units.unit.find_unique({"slug": "unit-1-1", "position": 7}) is None
    assert units.unit.find_unique({"slug": "nowhere"}) is None
    assert units.unit.find_first({"position": 77}) is None
    with pytest.raises(RecordNotFoundError):
        units.unit.find_unique_or_raise({"slug": "nowhere"})
    with pytest.raises(RecordNotFoundError):
        units.unit.find_first_or_raise({"position": 77})
    with pytest.raises(InvalidDataError, match="holds no whole unique key of `Unit`") as error:
        units.unit.find_unique({"id": None})
    assert error.value.hint == "one of {id}, {slug}"


UNKNOWN: dict[str, tuple[Any, str, str]] = {
    "where": (lambda db: db.unit.find_many({"titel": 1}), "where.titel", "`title`"),
    "deep": (lambda db: db.unit.find_many({"story": {"level": {"nam": 1}}}), "where.story.level.nam", "`name`"),
    "in a joint": (lambda db: db.unit.find_many({"OR": [{"slugg": 1}]}), "where.OR.slugg", "`slug`"),
    "a filter": (lambda db: db.unit.find_many({"title": {"contain": "x"}}), "where.title.contain", "`contains`"),
    "text of a number": (lambda db: db.unit.find_many({"id": {"contains": "x"}}), "where.id.contains", ""),
    "many": (lambda db: db.story.find_many({"units": {"sum": {}}}), "where.units.sum", ""),
    "in many": (lambda db: db.story.find_many({"units": {"some": {"x": 1}}}), "where.units.some.x", ""),
    "order": (lambda db: db.unit.find_many(order_by={"titel": "asc"}), "order_by.titel", "`title`"),
    "order of many": (lambda db: db.story.find_many(order_by={"units": "asc"}), "order_by.units", ""),
    "include": (lambda db: db.unit.find_many(include={"asset": True}), "include.asset", "`assets`"),
    "include, deep": (
        lambda db: db.unit.find_many(include={"story": {"include": {"levels": True}}}),
        "include.story.include.levels",
        "`level`",
    ),
    "include's arguments": (
        lambda db: db.unit.find_many(include={"assets": {"wher": {}}}),
        "include.assets.wher",
        "`where`",
    ),
    "include's where": (
        lambda db: db.unit.find_many(include={"assets": {"where": {"kin": 1}}}),
        "include.assets.where.kin",
        "`kind`",
    ),
    "data": (lambda db: db.unit.create({"titel": "x"}), "data.titel", "`title`"),
    "data, deep": (
        lambda db: db.story.create(
            {"slug": "s", "title": "t", "level": {"connect": {"slug": "beginner"}}, "units": {"create": [{"titel": 1}]}}
        ),
        "data.units.create.titel",
        "`title`",
    ),
    "rows": (lambda db: db.level.create_many([{"slug": "x", "nam": "y"}]), "create_many.0.nam", "`name`"),
    "unique": (lambda db: db.unit.find_unique({"title": "x"}), "where.title", ""),
    "cursor": (lambda db: db.unit.find_many(cursor={"slugg": "x"}), "cursor.slugg", "`slug`"),
    "distinct": (lambda db: db.unit.find_many(distinct=["storyid"]), "distinct.storyid", "`story_id`"),
}


@pytest.mark.parametrize(("call", "path", "hint"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_key_that_nobody_knows_is_named_with_its_path(units: Any, call: Any, path: str, hint: str) -> None:
    with pytest.raises(UnknownKeyError) as error:
        call(units)

    assert f"({path})" in error.value.message
    assert error.value.hint == hint
