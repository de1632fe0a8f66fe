"""Which relations come with rows, by how many statements, and what the others say."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from clients import statements

from dbtool.errors import NotIncludedError
from dbtool.models import AssetKind, Unit


@pytest.fixture
def units(db: Any) -> Any:
    """Two stories of a level; three units, with three, one and no asset."""
    db.level.create(
        {
            "slug": "beginner",
            "name": "Beginner",
            "stories": {
                "create": [
                    {"slug": "first", "title": "First", "units": {"create": [unit("a", 3), unit("b", 1)]}},
                    {"slug": "second", "title": "Second", "units": {"create": [unit("c", 0)]}},
                ]
            },
        }
    )
    return db


def unit(slug: str, assets: int) -> dict[str, Any]:
    kinds = [AssetKind.video, AssetKind.audio, AssetKind.video]
    made = [{"kind": kinds[n], "object_key": f"{slug}{n}", "media_type": "x/y"} for n in range(assets)]
    return {"slug": slug, "title": slug.upper(), "assets": {"create": made}}


def keys(found: list[Any]) -> list[list[str]]:
    return [[asset.object_key for asset in each.assets] for each in found]


INCLUDES: dict[str, tuple[Any, int]] = {
    "nothing": (None, 1),
    "nothing, said": ({"assets": False}, 1),
    "to one": ({"story": True}, 2),
    "to many": ({"assets": True}, 2),
    "to one, deep": ({"story": {"include": {"level": True}}}, 3),
    "two": ({"assets": True, "story": True}, 3),
    "filtered": ({"assets": {"where": {"kind": "video"}}}, 2),
    "cut": ({"assets": {"take": 1, "skip": 1, "order_by": {"id": "desc"}}}, 2),
    "back again": ({"story": {"include": {"units": {"include": {"assets": True}}}}}, 4),
}


@pytest.mark.parametrize(("include", "count"), INCLUDES.values(), ids=INCLUDES)
def test_each_included_relation_and_level_takes_one_statement(units: Any, include: Any, count: int) -> None:
    with statements(units) as said:
        units.unit.find_many(include=include)

    assert len(said) == count


def test_included_relations_hold_what_was_asked_for(units: Any) -> None:
    found = units.unit.find_many(
        include={"assets": {"where": {"kind": "video"}, "order_by": {"object_key": "desc"}}, "story": True},
        order_by={"slug": "asc"},
    )

    assert keys(found) == [["a2", "a0"], ["b0"], []]
    assert [each.story.slug for each in found] == ["first", "first", "second"]


CUTS: dict[str, tuple[Any, list[list[str]]]] = {
    "first": ({"take": 2}, [["a0", "a1"], ["b0"], []]),
    "last": ({"take": -2}, [["a1", "a2"], ["b0"], []]),
    "after some": ({"skip": 1}, [["a1", "a2"], [], []]),
    "between": ({"skip": 1, "take": 1, "order_by": {"object_key": "desc"}}, [["a1"], [], []]),
    "filtered": ({"take": 1, "skip": 1, "where": {"kind": "video"}}, [["a2"], [], []]),
    "none": ({"take": 0}, [[], [], []]),
}


@pytest.mark.parametrize(("arguments", "expected"), CUTS.values(), ids=CUTS)
def test_take_and_skip_count_for_each_row_alone(units: Any, arguments: Any, expected: list[list[str]]) -> None:
    found = units.unit.find_many(include={"assets": arguments}, order_by={"slug": "asc"})

    assert keys(found) == expected


def test_the_same_row_on_two_ways_has_what_each_way_included(units: Any) -> None:
    found = units.unit.find_unique(
        {"slug": "a"}, include={"assets": {"take": 1}, "story": {"include": {"units": {"include": {"assets": True}}}}}
    )

    (again, other) = found.story.units
    assert [asset.object_key for asset in found.assets] == ["a0"]
    assert [asset.object_key for asset in again.assets] == ["a0", "a1", "a2"]
    assert (again.slug, other.slug) == ("a", "b")
    with pytest.raises(NotIncludedError):
        again.story.units  # noqa: B018


def test_a_relation_that_was_not_included_says_so(units: Any) -> None:
    found = units.unit.find_unique({"slug": "a"}, include={"assets": True, "story": True})

    for read, name in (
        (lambda: found.progress, "Unit.progress"),
        (lambda: found.assets[0].unit, "UnitAsset.unit"),
        (lambda: found.story.units, "Story.units"),
        (lambda: found.story.level, "Story.level"),
    ):
        with pytest.raises(NotIncludedError) as error:
            read()
        assert error.value.message == f"`{name}` was not included"
        assert error.value.hint == f'include={{"{name.partition(".")[2]}": True}}'


def written(db: Any) -> Iterator[tuple[str, Any]]:
    story = db.story.find_unique({"slug": "first"})
    yield "create", db.unit.create({"slug": "n", "title": "N", "story_id": story.id})
    yield "create in relations", db.unit.create({"slug": "m", "title": "M", "story": {"connect": {"slug": "first"}}})
    yield "update", db.unit.update({"slug": "n"}, {"title": "New"})
    yield "upsert", db.unit.upsert({"slug": "n"}, create={}, update={"assets": {"set": []}})
    yield "delete", db.unit.delete({"slug": "n"})


def test_what_is_written_is_returned_under_the_same_rule(units: Any) -> None:
    for what, found in written(units):
        assert found.slug in "nm", what
        for name in ("story", "assets"):
            with pytest.raises(NotIncludedError):
                getattr(found, name)

    made = units.unit.create(
        {"slug": "o", "title": "O", "story": {"connect": {"slug": "first"}}}, include={"story": True}
    )
    gone = units.unit.delete({"slug": "a"}, include={"assets": True})

    assert made.story.slug == "first"
    assert [asset.object_key for asset in gone.assets] == ["a0", "a1", "a2"]


def test_within_a_transaction_too(units: Any) -> None:
    with units.tx() as tx:
        found = tx.unit.find_first()
        with pytest.raises(NotIncludedError):
            found.story  # noqa: B018
    with pytest.raises(NotIncludedError):
        found.story  # noqa: B018


def test_what_was_read_can_be_copied_pickled_and_shown(units: Any) -> None:
    found = units.unit.find_unique({"slug": "b"}, include={"assets": True})

    again = pickle.loads(pickle.dumps(found))

    assert (again.slug, again.assets[0].object_key) == ("b", "b0")
    assert found.model_dump() == again.model_dump() == copy.copy(found).model_dump()
    assert "slug='b'" in repr(found)
    with pytest.raises(NotIncludedError):
        again.story  # noqa: B018


def test_what_was_read_goes_on_in_a_session_of_its_own(client: Any) -> None:
    client.level.create({"slug": "l", "name": "L", "stories": {"create": [{"slug": "s", "title": "S"}]}})
    story = client.story.find_unique({"slug": "s"})
    level = client.level.create({"slug": "other", "name": "Other"})

    with client.session() as session:
        session.add(story)
        assert story.level.slug == "l"
        story.level = level
        story.units.append(Unit(slug="u", title="U"))
        session.commit()
        session.refresh(story)
        assert story.level.slug == "other"

    assert client.story.find_unique({"slug": "s"}, include={"level": True}).level.slug == "other"
    assert client.unit.count() == 1


def test_a_changed_relation_of_what_was_read_is_merged(client: Any) -> None:
    client.level.create({"slug": "l", "name": "L", "stories": {"create": [{"slug": "s", "title": "S"}]}})
    story = client.story.find_unique({"slug": "s"}, include={"level": {"include": {"stories": True}}})
    other = client.level.create({"slug": "other", "name": "Other"})

    story.level = other
    with client.session() as session:
        session.merge(story)
        session.commit()

    assert client.story.find_unique({"slug": "s"}, include={"level": True}).level.slug == "other"


def test_ten_thousand_rows_take_few_statements(client: Any) -> None:
    client.level.create({"slug": "l", "name": "L", "stories": {"create": [{"slug": "s", "title": "S"}]}})
    story = client.story.find_first()
    client.unit.create_many({"slug": f"u{n}", "title": "U", "story_id": story.id} for n in range(10_000))

    with statements(client) as said:
        found = client.unit.find_many(include={"assets": True, "story": True})

    assert (len(found), len(said)) == (10_000, 4)
