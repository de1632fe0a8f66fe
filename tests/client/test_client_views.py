"""What a view reads: the columns and relations that it names, and nothing else."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from clients import statements
from pydantic import BaseModel, Field
from sqlmodel import SQLModel

from dbtool.errors import RecordNotFoundError, ViewError
from dbtool.models import AssetKind, Unit


class LevelName(BaseModel):
    name: str


class StoryCard(SQLModel):
    title: str
    level: LevelName


class AssetCard(BaseModel):
    kind: AssetKind
    object_key: str = Field(alias="key")


class UnitCard(BaseModel):
    slug: str
    story: StoryCard
    assets: list[AssetCard]


class Node(BaseModel):
    name: str
    parent: Optional[ParentNode]  # noqa: UP045
    children: list[ParentNode]


class ParentNode(BaseModel):
    name: str


@pytest.fixture
def units(db: Any) -> Any:
    """A level, a story, two units, one of them with assets."""
    assets = [{"kind": "video", "object_key": f"k{n}", "media_type": "x/y"} for n in range(2)]
    made = [{"slug": "a", "title": "A", "assets": {"create": assets}}, {"slug": "b", "title": "B"}]
    stories = [{"slug": "s", "title": "S", "units": {"create": made}}]
    db.level.create({"slug": "l", "name": "L", "stories": {"create": stories}})
    return db


def test_a_view_reads_only_what_it_names(units: Any) -> None:
    with statements(units) as said:
        found = units.unit.select(UnitCard).find_many(order_by={"slug": "asc"})

    assert [type(each) for each in found] == [UnitCard, UnitCard]
    assert found[0].model_dump() == {
        "slug": "a",
        "story": {"title": "S", "level": {"name": "L"}},
        "assets": [{"kind": AssetKind.video, "object_key": "k0"}, {"kind": AssetKind.video, "object_key": "k1"}],
    }
    assert found[1].assets == []
    columns = [each.partition(" FROM ")[0].replace("`", "") for each in said]
    assert [sorted(each.removeprefix("SELECT ").split(", ")) for each in columns] == [
        ["unit.id", "unit.slug", "unit.story_id"],
        ["story.id", "story.level_id", "story.title"],
        ["level.id", "level.name"],
        ["unit_asset.kind", "unit_asset.object_key", "unit_asset.unit_id"],
    ]


def test_a_view_is_found_like_rows_are(units: Any) -> None:
    cards = units.unit.select(UnitCard)

    assert cards.find_unique({"slug": "b"}).slug == "b"
    assert cards.find_unique({"slug": "c"}) is None
    assert cards.find_first({"assets": {"some": {}}}).slug == "a"
    assert cards.find_first_or_raise(order_by={"slug": "desc"}).slug == "b"
    assert [each.slug for each in cards.find_many(take=-1, order_by={"slug": "asc"})] == ["b"]
    assert [each.slug for each in cards.find_many(distinct=["story_id"])] == ["a"]
    with pytest.raises(RecordNotFoundError):
        cards.find_unique_or_raise({"slug": "c"})


def test_a_view_of_a_tree_goes_as_deep_as_it_says(db: Any) -> None:
    db.category.create({"name": "root", "children": {"create": [{"name": "leaf"}]}})

    found = db.category.select(Node).find_many(order_by={"name": "desc"})

    assert [each.model_dump() for each in found] == [
        {"name": "root", "parent": None, "children": [{"name": "leaf"}]},
        {"name": "leaf", "parent": {"name": "root"}, "children": []},
    ]


class OneColumn(BaseModel):
    object_key: str


class Pairs(BaseModel):
    assets: list[OneColumn]


class Misspelt(BaseModel):
    titel: str


class NotAList(BaseModel):
    assets: AssetCard


class NoClass(BaseModel):
    story: str


class TooMuch(BaseModel):
    description: str


WRONG: dict[str, tuple[type[Any], str]] = {
    "an unknown field": (
        Misspelt,
        "`Misspelt.titel` is no column and no relation of `Unit`; valid: id, story_id, slug",
    ),
    "one object of many": (NotAList, "`NotAList.assets` must be a list"),
    "a relation as text": (NoClass, "`NoClass.story` is a relation"),
    "a table": (Unit, "`Unit` is a table, not a view"),
    "no class": (int, "no Pydantic class"),
    "a null where none may be": (TooMuch, "a row of `Unit` does not fit `TooMuch.description`"),
}


@pytest.mark.parametrize(("view", "message"), WRONG.values(), ids=WRONG)
def test_a_view_that_does_not_fit_says_where(units: Any, view: type[Any], message: str) -> None:
    with pytest.raises(ViewError) as error:
        units.unit.select(view).find_many()

    assert message in error.value.message


def test_raw_sql_is_read_as_a_view(units: Any) -> None:
    assert units.query_raw_as(LevelName, "SELECT name FROM level WHERE slug = :slug", slug="l") == [LevelName(name="L")]
    with pytest.raises(ViewError):
        units.query_raw_as(LevelName, "SELECT slug FROM level")


def test_a_view_may_have_a_single_column_of_a_relation(units: Any) -> None:
    found = units.unit.select(Pairs).find_many(order_by={"slug": "asc"})

    assert [[each.object_key for each in pair.assets] for pair in found] == [["k0", "k1"], []]
