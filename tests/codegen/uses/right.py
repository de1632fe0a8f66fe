"""What is right: accepted by three type checkers, and carried out on every database, in this order."""

from datetime import UTC, date, datetime
from typing import assert_type

from pydantic import BaseModel
from sample_client import Client, UnitCreate, UnitField, UnitOrder, UnitWhere
from sqlmodel import SQLModel

from dbtool.models import (
    AggregateScore,
    AssetKind,
    DailyPlan,
    DailyPlanEntry,
    Level,
    ProgressStatus,
    ScorePeriod,
    Story,
    Unit,
    UnitAsset,
    User,
    UserProgress,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class LevelCard(BaseModel):
    name: str


class LevelName(SQLModel):
    name: str


class StoryCard(BaseModel):
    title: str
    level: LevelCard


class AssetCard(BaseModel):
    kind: AssetKind


class UnitCard(BaseModel):
    title: str
    story: StoryCard
    assets: list[AssetCard]


# Creating


def use_01_create(db: Client) -> None:
    level = db.level.create({"slug": "beginner", "name": "Beginner"})
    assert_type(level, Level)
    assert level.position == 0


def use_02_create_with_a_key_of_its_own(db: Client) -> None:
    level = db.level.create({"id": 50, "slug": "advanced", "name": "Advanced", "position": 3})
    assert level.id == 50


def use_03_create_with_the_foreign_key(db: Client) -> None:
    level = db.level.find_unique_or_raise({"slug": "beginner"})
    assert level.id is not None
    story = db.story.create({"level_id": level.id, "slug": "cafe", "title": "At the café", "description": None})
    assert_type(story, Story)
    assert story.level_id == level.id


def use_04_create_and_connect(db: Client) -> None:
    story = db.story.create({"slug": "bus", "title": "On the bus", "level": {"connect": {"slug": "beginner"}}})
    assert story.title == "On the bus"


def use_05_create_with_a_new_parent(db: Client) -> None:
    story = db.story.create(
        {"slug": "work", "title": "At work", "level": {"create": {"slug": "middle", "name": "Middle", "position": 2}}},
        include={"level": True},
    )
    assert story.level.slug == "middle"


def use_06_create_with_a_parent_that_may_be_there(db: Client) -> None:
    story = db.story.create(
        {
            "slug": "home",
            "title": "At home",
            "level": {
                "connect_or_create": {"where": {"slug": "beginner"}, "create": {"slug": "beginner", "name": "Other"}}
            },
        },
        include={"level": True},
    )
    assert story.level.name == "Beginner"


def use_07_create_three_levels_at_once(db: Client) -> None:
    unit = db.unit.create(
        {
            "slug": "greetings",
            "title": "Greetings",
            "position": 1,
            "story": {"connect": {"slug": "cafe"}},
            "assets": {
                "create": [
                    {"kind": "video", "object_key": "greetings.mp4", "media_type": "video/mp4", "size_bytes": 100},
                    {"kind": AssetKind.audio, "object_key": "greetings.mp3", "media_type": "audio/mpeg"},
                ]
            },
        },
        include={"assets": {"order_by": {"id": "asc"}}, "story": {"include": {"level": True}}},
    )
    assert [asset.kind for asset in unit.assets] == [AssetKind.video, AssetKind.audio]
    assert unit.story.level.slug == "beginner"


def use_08_create_from_the_top(db: Client) -> None:
    level = db.level.create(
        {
            "slug": "expert",
            "name": "Expert",
            "position": 4,
            "stories": {
                "create": [
                    {
                        "slug": "court",
                        "title": "In court",
                        "units": {
                            "create": [{"slug": "oath", "title": "The oath"}, {"slug": "appeal", "title": "Appeal"}]
                        },
                    }
                ]
            },
        },
        include={"stories": {"include": {"units": {"order_by": {"slug": "asc"}}}}},
    )
    assert [unit.slug for unit in level.stories[0].units] == ["appeal", "oath"]


def use_09_create_children_with_other_parents(db: Client) -> None:
    user = db.user.create(
        {
            "email": "ada@example.com",
            "username": "ada",
            "password_hash": "x",
            "progress": {
                "create": [{"unit": {"connect": {"slug": "greetings"}}, "status": "in_progress", "score": 40.5}]
            },
        },
        include={"progress": True},
    )
    assert user.progress[0].score == 40.5


def use_10_create_children_by_key(db: Client) -> None:
    unit = db.unit.find_unique_or_raise({"slug": "oath"})
    assert unit.id is not None
    user = db.user.create(
        {
            "email": "bob@example.com",
            "username": "bob",
            "password_hash": "x",
            "is_active": False,
            "progress": {"create": [{"unit_id": unit.id, "status": ProgressStatus.done, "score": 90, "attempts": 2}]},
        }
    )
    assert user.is_active is False


def use_11_create_by_two_foreign_keys(db: Client) -> None:
    ada = db.user.find_unique_or_raise({"username": "ada"})
    oath = db.unit.find_unique_or_raise({"slug": "oath"})
    assert ada.id is not None and oath.id is not None
    progress = db.user_progress.create({"user_id": ada.id, "unit_id": oath.id, "status": "done", "score": 70})
    assert_type(progress, UserProgress)


def use_12_create_by_two_relations(db: Client) -> None:
    progress = db.user_progress.create(
        {"user": {"connect": {"username": "bob"}}, "unit": {"connect": {"slug": "greetings"}}, "score": None}
    )
    assert progress.status is ProgressStatus.not_started


def use_13_create_by_a_foreign_key_and_a_relation(db: Client) -> None:
    ada = db.user.find_unique_or_raise({"email": "ada@example.com"})
    assert ada.id is not None
    progress = db.user_progress.create(
        {"user_id": ada.id, "unit": {"connect": {"slug": "appeal"}}, "status": "done", "completed_at": NOON}
    )
    assert progress.completed_at is not None


def use_14_create_with_dates(db: Client) -> None:
    plan = db.daily_plan.create(
        {
            "day": date(2026, 3, 1),
            "user": {"connect": {"username": "ada"}},
            "entries": {
                "create": [
                    {"position": 1, "unit": {"connect": {"slug": "greetings"}}},
                    {"position": 2, "unit": {"connect": {"slug": "oath"}}, "is_done": True},
                ]
            },
        },
        include={"entries": True, "user": True},
    )
    assert_type(plan, DailyPlan)
    assert len(plan.entries) == 2 and plan.user.username == "ada"


def use_15_create_many(db: Client) -> None:
    story = db.story.find_unique_or_raise({"slug": "bus"})
    assert story.id is not None
    number = db.unit.create_many(
        [
            {"story_id": story.id, "slug": f"bus-{place}", "title": f"Bus {place}", "position": place}
            for place in range(5)
        ]
    )
    assert_type(number, int)
    assert number == 5


def use_16_create_many_and_skip(db: Client) -> None:
    number = db.level.create_many(
        [{"slug": "beginner", "name": "Again"}, {"slug": "bonus", "name": "Bonus", "position": 9}], skip_duplicates=True
    )
    assert number == 1


def use_17_create_scores(db: Client) -> None:
    ada = db.user.find_unique_or_raise({"username": "ada"})
    bob = db.user.find_unique_or_raise({"username": "bob"})
    assert ada.id is not None and bob.id is not None
    number = db.aggregate_score.create_many(
        [
            {"user_id": ada.id, "period": "daily", "period_start": date(2026, 3, 1), "score": 40.5, "units_done": 1},
            {"user_id": ada.id, "period": ScorePeriod.weekly, "period_start": date(2026, 3, 1), "score": 60},
            {"user_id": bob.id, "period": "daily", "period_start": date(2026, 3, 1), "score": 90, "units_done": 2},
        ]
    )
    assert number == 3


def use_18_create_from_a_typed_dictionary(db: Client) -> None:
    data: UnitCreate = {"slug": "tea", "title": "Tea", "story": {"connect": {"slug": "cafe"}}}
    assert db.unit.create(data).slug == "tea"


# Reading one


def use_19_find_unique(db: Client) -> None:
    unit = db.unit.find_unique({"slug": "greetings"})
    assert_type(unit, Unit | None)
    assert unit is not None and unit.title == "Greetings"


def use_20_find_unique_finds_nothing(db: Client) -> None:
    assert db.unit.find_unique({"id": 999_999}) is None


def use_21_find_unique_or_raise(db: Client) -> None:
    assert_type(db.unit.find_unique_or_raise({"slug": "tea"}), Unit)


def use_22_find_by_a_composite_key(db: Client) -> None:
    ada = db.user.find_unique_or_raise({"username": "ada"})
    assert ada.id is not None
    plan = db.daily_plan.find_unique({"user_id": ada.id, "day": date(2026, 3, 1)}, include={"entries": True})
    assert plan is not None and len(plan.entries) == 2


def use_23_find_by_an_enum_in_a_key(db: Client) -> None:
    ada = db.user.find_unique_or_raise({"username": "ada"})
    assert ada.id is not None
    found = db.aggregate_score.find_unique({"user_id": ada.id, "period": "daily", "period_start": date(2026, 3, 1)})
    assert_type(found, AggregateScore | None)
    assert found is not None and found.score == 40.5


def use_24_find_first(db: Client) -> None:
    unit = db.unit.find_first(where={"title": {"starts_with": "Bus"}}, order_by={"position": "desc"})
    assert_type(unit, Unit | None)
    assert unit is not None and unit.slug == "bus-4"


def use_25_find_first_or_raise(db: Client) -> None:
    assert db.unit.find_first_or_raise({"slug": "oath"}).title == "The oath"


def use_26_find_first_without_anything(db: Client) -> None:
    assert db.level.find_first() is not None


def use_27_find_first_behind_others(db: Client) -> None:
    level = db.level.find_first(order_by={"position": "asc"}, skip=1)
    assert level is not None and level.slug == "middle"


# Reading many


def use_28_find_many(db: Client) -> None:
    levels = db.level.find_many()
    assert_type(levels, list[Level])
    assert len(levels) == 5


def use_29_the_example_of_the_manual(db: Client) -> None:
    units = db.unit.find_many(
        where={
            "title": {"contains": "reet"},
            "story": {"level": {"name": "Beginner"}},
            "assets": {"some": {"kind": "video"}},
        },
        include={
            "assets": {"where": {"kind": AssetKind.video}, "order_by": {"id": "asc"}, "take": 3},
            "story": {"include": {"level": True}},
        },
        order_by={"title": "asc", "id": "desc"},
        take=20,
        skip=0,
    )
    assert [len(unit.assets) for unit in units] == [1]


def use_30_equals(db: Client) -> None:
    assert len(db.level.find_many({"slug": {"equals": "expert"}})) == 1


def use_31_in_and_not_in(db: Client) -> None:
    assert len(db.level.find_many({"slug": {"in": ["expert", "bonus"]}})) == 2
    assert len(db.level.find_many({"slug": {"not_in": ["expert", "bonus"]}})) == 3


def use_32_not(db: Client) -> None:
    assert len(db.level.find_many({"slug": {"not": "expert"}})) == 4
    assert len(db.level.find_many({"slug": {"not": {"starts_with": "b"}}})) == 3


def use_33_comparisons(db: Client) -> None:
    assert len(db.level.find_many({"position": {"gte": 2, "lt": 4}})) == 2
    assert len(db.level.find_many({"position": {"gt": 2, "lte": 4}})) == 2


def use_34_texts(db: Client) -> None:
    assert len(db.unit.find_many({"slug": {"ends_with": "-3"}})) == 1
    assert len(db.unit.find_many({"title": {"contains": "BUS", "mode": "insensitive"}})) == 5


def use_35_none(db: Client) -> None:
    assert len(db.user_progress.find_many({"score": None})) == 2
    assert len(db.user_progress.find_many({"score": {"not": None}})) == 3
    assert len(db.user_progress.find_many({"completed_at": {"equals": None}})) == 4


def use_36_numbers(db: Client) -> None:
    assert len(db.user_progress.find_many({"score": {"gte": 70, "lte": 90.5}})) == 2


def use_37_truth(db: Client) -> None:
    assert len(db.user.find_many({"is_active": True})) == 1
    assert len(db.user.find_many({"is_active": {"not": True}})) == 1


def use_38_dates_and_times(db: Client) -> None:
    assert len(db.daily_plan.find_many({"day": {"gte": date(2026, 1, 1), "lt": date(2027, 1, 1)}})) == 1
    assert len(db.user_progress.find_many({"completed_at": NOON})) == 1
    assert len(db.user.find_many({"created_at": {"gt": NOON}})) in (0, 2)


def use_39_enums(db: Client) -> None:
    assert len(db.unit_asset.find_many({"kind": AssetKind.audio})) == 1
    assert len(db.unit_asset.find_many({"kind": "audio"})) == 1
    assert len(db.unit_asset.find_many({"kind": {"in": ["audio", AssetKind.video], "not": "screenshot"}})) == 2


def use_40_and_or_not(db: Client) -> None:
    found = db.unit.find_many(
        where={
            "OR": [{"slug": "tea"}, {"AND": [{"title": {"contains": "Bus"}}, {"position": 3}]}],
            "NOT": {"title": "Nothing", "story": {"slug": "court"}},
        },
        order_by={"slug": "asc"},
    )
    assert [unit.slug for unit in found] == ["bus-3", "tea"]


def use_41_an_empty_or(db: Client) -> None:
    assert db.unit.find_many({"OR": []}) == []


def use_42_through_relations(db: Client) -> None:
    found = db.unit_asset.find_many({"unit": {"story": {"level": {"slug": {"in": ["beginner"]}}}}})
    assert_type(found, list[UnitAsset])
    assert len(found) == 2


def use_43_is_and_is_not(db: Client) -> None:
    assert len(db.unit.find_many({"story": {"is": {"slug": "court"}}})) == 2
    assert len(db.story.find_many({"level": {"is_not": {"slug": "beginner"}}})) == 2
    assert len(db.story.find_many({"level": {"is_not": None}})) == 5


def use_44_some_every_none(db: Client) -> None:
    assert [level.slug for level in db.level.find_many({"stories": {"some": {"slug": "court"}}})] == ["expert"]
    assert len(db.level.find_many({"stories": {"none": {}}})) == 2
    assert len(db.user.find_many({"progress": {"every": {"score": {"gte": 70}}}})) == 0


def use_45_deep_inside(db: Client) -> None:
    found = db.level.find_many(
        {
            "stories": {
                "some": {"units": {"some": {"progress": {"some": {"user": {"username": "ada"}, "status": "done"}}}}}
            }
        }
    )
    assert [level.slug for level in found] == ["expert"]


def use_46_order(db: Client) -> None:
    found = db.unit.find_many(order_by={"story": {"level": {"position": "desc"}}, "slug": "asc"}, take=2)
    assert [unit.slug for unit in found] == ["appeal", "oath"]


def use_47_pages(db: Client) -> None:
    found = db.unit.find_many(where={"title": {"starts_with": "Bus"}}, order_by={"position": "asc"}, skip=1, take=2)
    assert [unit.position for unit in found] == [1, 2]


def use_48_from_the_end(db: Client) -> None:
    found = db.unit.find_many(where={"title": {"starts_with": "Bus"}}, order_by={"position": "asc"}, take=-2)
    assert [unit.position for unit in found] == [3, 4]


def use_49_a_cursor(db: Client) -> None:
    found = db.unit.find_many(
        where={"title": {"starts_with": "Bus"}}, order_by={"position": "asc"}, cursor={"slug": "bus-2"}, take=2
    )
    assert [unit.position for unit in found] == [2, 3]


def use_50_distinct(db: Client) -> None:
    assert len(db.unit.find_many(distinct=["story_id"])) == 3


def use_51_include_nothing(db: Client) -> None:
    unit = db.unit.find_first_or_raise(include={"assets": False, "story": True})
    assert unit.story.slug != ""


def use_52_include_all_that_there_is(db: Client) -> None:
    unit = db.unit.find_unique_or_raise(
        {"slug": "greetings"},
        include={
            "story": True,
            "assets": True,
            "progress": {"include": {"user": True}},
            "plan_entries": {"include": {"plan": {"include": {"user": True}}}},
            "pronunciation_attempts": True,
        },
    )
    assert {progress.user.username for progress in unit.progress} == {"ada", "bob"}
    assert unit.plan_entries[0].plan.user.username == "ada"


def use_53_include_a_part(db: Client) -> None:
    story = db.story.find_unique_or_raise(
        {"slug": "bus"},
        include={"units": {"where": {"position": {"gt": 0}}, "order_by": {"id": "desc"}, "skip": 1, "take": 2}},
    )
    assert [unit.position for unit in story.units] == [3, 2]


def use_54_conditions_in_variables(db: Client) -> None:
    where: UnitWhere = {"position": {"gte": 3}}
    order: UnitOrder = {"position": "desc"}
    fields: list[UnitField] = ["slug"]
    where["title"] = {"contains": "Bus"}
    assert [unit.position for unit in db.unit.find_many(where, order_by=order, distinct=fields)] == [4, 3]


# Adding up


def use_55_count(db: Client) -> None:
    assert_type(db.unit.count(), int)
    assert db.unit.count({"story": {"slug": "bus"}}) == 5


def use_56_aggregate(db: Client) -> None:
    found = db.unit.aggregate(
        {"story": {"slug": "bus"}}, sum=["position"], avg=["position"], min=["slug"], max=["slug", "id"]
    )
    assert (found.count, found.sum["position"], float(found.avg["position"])) == (5, 10, 2.0)
    assert (found.min["slug"], found.max["slug"]) == ("bus-0", "bus-4")


def use_57_group_by(db: Client) -> None:
    groups = db.user_progress.group_by(["status"], order_by={"status": "asc"})
    assert {group.by["status"]: group.count for group in groups}[ProgressStatus.done] == 3


def use_58_group_by_two(db: Client) -> None:
    groups = db.aggregate_score.group_by(["period", "user_id"], sum=["units_done"], order_by={"count": "desc"}, take=2)
    assert len(groups) == 2


def use_59_group_by_where(db: Client) -> None:
    groups = db.user_progress.group_by(["status"], where={"user": {"username": "ada"}}, max=["score"], avg=["attempts"])
    assert sum(group.count for group in groups) == 3


def use_59_group_by_having(db: Client) -> None:
    groups = db.user_progress.group_by(["status"], having={"count": {"gt": 1}}, order_by={"count": "desc"})
    assert [group.count for group in groups] == [3]
    assert len(db.user_progress.group_by(["status"], having={"avg": {"score": {"gt": 50}}}, avg=["score"])) == 1


# Changing


def use_60_update(db: Client) -> None:
    unit = db.unit.update({"slug": "tea"}, {"title": "A cup of tea", "description": "Hot", "position": 7})
    assert_type(unit, Unit)
    assert (unit.title, unit.description) == ("A cup of tea", "Hot")


def use_61_update_to_none(db: Client) -> None:
    assert db.unit.update({"slug": "tea"}, {"description": None}).description is None


def use_62_set(db: Client) -> None:
    unit = db.unit.update(
        {"slug": "tea"}, {"title": {"set": "Tea"}, "description": {"set": None}, "position": {"set": 2}}
    )
    assert unit.title == "Tea"


def use_63_reckon(db: Client) -> None:
    assert db.unit.update({"slug": "tea"}, {"position": {"increment": 5}}).position == 7
    assert db.unit.update({"slug": "tea"}, {"position": {"decrement": 1}}).position == 6
    assert db.unit.update({"slug": "tea"}, {"position": {"multiply": 2}}).position == 12


def use_64_reckon_with_a_float(db: Client) -> None:
    score = db.aggregate_score.find_first_or_raise({"score": {"lt": 50}})
    assert score.id is not None
    assert db.aggregate_score.update({"id": score.id}, {"score": {"multiply": 2}}).score == 81.0
    assert db.aggregate_score.update({"id": score.id}, {"score": {"divide": 2}}).score == 40.5


def use_65_update_an_enum(db: Client) -> None:
    asset = db.unit_asset.update({"object_key": "greetings.mp3"}, {"kind": "subtitle", "language": "en"})
    assert asset.kind is AssetKind.subtitle
    assert db.unit_asset.update({"object_key": "greetings.mp3"}, {"kind": {"set": AssetKind.audio}}).kind == "audio"


def use_66_move_to_another_parent(db: Client) -> None:
    unit = db.unit.update({"slug": "tea"}, {"story": {"connect": {"slug": "home"}}}, include={"story": True})
    assert unit.story.slug == "home"


def use_67_update_the_parent(db: Client) -> None:
    unit = db.unit.update({"slug": "tea"}, {"story": {"update": {"title": "Home"}}}, include={"story": True})
    assert unit.story.title == "Home"


def use_68_update_children(db: Client) -> None:
    unit = db.unit.update(
        {"slug": "greetings"},
        {
            "assets": {
                "create": [{"kind": "metadata", "object_key": "greetings.json", "media_type": "application/json"}],
                "update": [{"where": {"object_key": "greetings.mp4"}, "data": {"size_bytes": {"increment": 20}}}],
                "delete": [{"object_key": "greetings.mp3"}],
            }
        },
        include={"assets": {"order_by": {"object_key": "asc"}}},
    )
    assert [(asset.object_key, asset.size_bytes) for asset in unit.assets] == [
        ("greetings.json", None),
        ("greetings.mp4", 120),
    ]


def use_69_connect_children(db: Client) -> None:
    story = db.story.update(
        {"slug": "home"}, {"units": {"connect": [{"slug": "bus-4"}, {"slug": "bus-3"}]}}, include={"units": True}
    )
    assert len(story.units) == 3


def use_70_update_many(db: Client) -> None:
    number = db.unit.update_many({"story": {"slug": "bus"}}, {"position": {"increment": 10}, "description": "Moved"})
    assert_type(number, int)
    assert number == 3


def use_71_update_all(db: Client) -> None:
    assert db.level.update_many({}, {"position": {"increment": 1}}, all=True) == 5


def use_72_upsert(db: Client) -> None:
    for attempts in (1, 2):
        level = db.level.upsert(
            {"slug": "new"},
            create={"slug": "new", "name": "New", "position": 1},
            update={"position": {"increment": 1}},
        )
        assert level.position == attempts


def use_73_upsert_by_a_composite_key(db: Client) -> None:
    bob = db.user.find_unique_or_raise({"username": "bob"})
    assert bob.id is not None
    plan = db.daily_plan.upsert(
        {"user_id": bob.id, "day": date(2026, 4, 1)},
        create={"user": {"connect": {"id": bob.id}}, "day": date(2026, 4, 1)},
        update={"day": date(2026, 4, 2)},
        include={"user": True},
    )
    assert plan.user.username == "bob"


# Removing


def use_74_delete(db: Client) -> None:
    assert_type(db.level.delete({"slug": "new"}), Level)
    assert db.level.find_unique({"slug": "new"}) is None


def use_75_delete_with_its_relations(db: Client) -> None:
    entry = db.daily_plan_entry.find_first_or_raise({"is_done": True}, include={"plan": True})
    assert entry.id is not None
    deleted = db.daily_plan_entry.delete({"id": entry.id}, include={"unit": True})
    assert_type(deleted, DailyPlanEntry)
    assert deleted.unit.slug == "oath"


def use_76_delete_many(db: Client) -> None:
    assert db.unit_asset.delete_many({"media_type": "application/json"}) == 1


def use_77_delete_all(db: Client) -> None:
    assert db.pronunciation_attempt.delete_many(all=True) == 0


# Views


def use_78_select(db: Client) -> None:
    cards = db.unit.select(UnitCard).find_many(where={"slug": "greetings"}, order_by={"id": "asc"}, take=5)
    assert_type(cards, list[UnitCard])
    assert [(card.story.level.name, card.assets[0].kind) for card in cards] == [("Beginner", AssetKind.video)]


def use_79_select_one(db: Client) -> None:
    card = db.story.select(StoryCard).find_unique({"slug": "court"})
    assert_type(card, StoryCard | None)
    assert card == StoryCard(title="In court", level=LevelCard(name="Expert"))


def use_80_select_the_first(db: Client) -> None:
    assert_type(db.level.select(LevelCard).find_first_or_raise(order_by={"name": "asc"}), LevelCard)


def use_81_select_a_model_that_is_no_table(db: Client) -> None:
    found = db.level.select(LevelName).find_many(where={"slug": {"in": ["expert"]}}, distinct=["name"])
    assert_type(found, list[LevelName])
    assert [level.name for level in found] == ["Expert"]


# The client itself


def use_82_a_transaction(db: Client) -> None:
    with db.tx() as tx:
        assert_type(tx, Client)
        tx.level.create({"slug": "kept", "name": "Kept"})
    assert db.level.count({"slug": "kept"}) == 1


def use_83_a_transaction_that_fails(db: Client) -> None:
    try:
        with db.tx() as tx:
            tx.level.create({"slug": "lost", "name": "Lost"})
            raise KeyError
    except KeyError:
        pass
    assert db.level.find_unique({"slug": "lost"}) is None


def use_84_a_savepoint(db: Client) -> None:
    with db.tx() as tx:
        try:
            with tx.tx() as inner:
                inner.level.delete({"slug": "kept"})
                raise KeyError
        except KeyError:
            pass
        assert tx.level.count({"slug": "kept"}) == 1


def use_85_raw_statements(db: Client) -> None:
    rows = db.query_raw("SELECT slug FROM level WHERE slug = :slug", slug="kept")
    assert rows == [{"slug": "kept"}]
    assert_type(db.query_raw_as(LevelCard, "SELECT name FROM level WHERE slug = :slug", slug="kept"), list[LevelCard])
    assert db.execute_raw("DELETE FROM level WHERE slug = :slug", slug="kept") == 1


def use_86_a_table_by_itself(db: Client) -> None:
    users = db.user
    assert_type(users.find_many(order_by={"id": "asc"}), list[User])
