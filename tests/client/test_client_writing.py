"""What a client adds, changes and removes, with what hangs on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from clients import statements

from dbtool.errors import (
    DataError,
    EmptyWhereError,
    InvalidDataError,
    RecordNotFoundError,
    RefusedRowError,
    UnknownKeyError,
)
from dbtool.models import ProgressStatus


@pytest.fixture
def story(db: Any) -> Any:
    """A level with one story."""
    made = db.level.create(
        {"slug": "l", "name": "L", "stories": {"create": [{"slug": "s", "title": "S"}]}}, include={"stories": True}
    )
    return made.stories[0]


def test_a_row_is_added_with_its_defaults(db: Any) -> None:
    made = db.user.create({"email": "a@b.c", "username": "a", "password_hash": "x"})

    assert (made.is_active, made.created_at.tzinfo is not None, made.id > 0) == (True, True, True)
    assert db.user.find_unique({"id": made.id}).model_dump() == made.model_dump()


def test_three_levels_are_added_at_once(db: Any, story: Any) -> None:
    made = db.user.create(
        {
            "email": "a@b.c",
            "username": "a",
            "password_hash": "x",
            "daily_plans": {
                "create": [
                    {
                        "day": date(2025, 1, day),
                        "entries": {
                            "create": [
                                {
                                    "position": 1,
                                    "unit": {
                                        "connect_or_create": {
                                            "where": {"slug": "u"},
                                            "create": {"slug": "u", "title": "U", "story_id": story.id},
                                        }
                                    },
                                }
                            ]
                        },
                    }
                    for day in (1, 2)
                ]
            },
        },
        include={"daily_plans": {"include": {"entries": {"include": {"unit": True}}}}},
    )

    assert [plan.entries[0].unit.slug for plan in made.daily_plans] == ["u", "u"]
    assert db.unit.count() == 1


WRONG: dict[str, tuple[Any, type[DataError], str]] = {
    "too long": ({"slug": "u", "title": "x" * 201, "story_id": 1}, InvalidDataError, "Unit.title"),
    "missing": ({"slug": "u", "story_id": 1}, InvalidDataError, "Unit.title"),
    "wrong type": ({"slug": "u", "title": "t", "story_id": 1, "position": "x"}, InvalidDataError, "Unit.position"),
    "no parent": ({"slug": "u", "title": "t"}, InvalidDataError, "`story_id` or `story`"),
    "two parents": (
        {"slug": "u", "title": "t", "story_id": 1, "story": {"connect": {"id": 1}}},
        InvalidDataError,
        "`story_id` and `story` say the same",
    ),
    "parent that is not there": ({"slug": "u", "title": "t", "story_id": 10**6}, RefusedRowError, "unit"),
    "connected to nothing": (
        {"slug": "u", "title": "t", "story": {"connect": {"id": 0}}},
        RecordNotFoundError,
        "Story",
    ),
    "deep": (
        {"slug": "u", "title": "t", "story": {"connect": {"slug": "s"}}, "assets": {"create": [{"kind": "x"}]}},
        InvalidDataError,
        "UnitAsset.kind",
    ),
    "a key that follows": (
        {"slug": "u", "title": "t", "story": {"connect": {"slug": "s"}}, "assets": {"create": [{"unit_id": 1}]}},
        UnknownKeyError,
        r"data.assets.create.unit_id",
    ),
    "half an operation": (
        {"slug": "u", "title": "t", "story": {"connect_or_create": {"where": {"slug": "s"}}}},
        InvalidDataError,
        "`data.story.connect_or_create` needs `create`",
    ),
    "no dictionary": ({"slug": "u", "title": "t", "story": 5}, InvalidDataError, "`data.story` must be a dictionary"),
    "unknown operation": ({"slug": "u", "title": "t", "story": {"connekt": {}}}, UnknownKeyError, "data.story.connekt"),
}


@pytest.mark.parametrize(("data", "error", "named"), WRONG.values(), ids=WRONG)
def test_wrong_data_name_the_field_and_nothing_is_written(
    db: Any, story: Any, data: Any, error: type[DataError], named: str
) -> None:
    with pytest.raises(error, match=named):
        db.unit.create(data)

    assert (db.unit.count(), db.unit_asset.count()) == (0, 0)


def test_a_naive_time_is_refused_with_its_field(db: Any, story: Any) -> None:
    user = db.user.create({"email": "a@b.c", "username": "a", "password_hash": "x"})
    unit = db.unit.create({"slug": "u", "title": "t", "story_id": story.id})
    data = {"user_id": user.id, "unit_id": unit.id, "completed_at": datetime(2025, 1, 1)}

    with pytest.raises(InvalidDataError, match=r"UserProgress.completed_at"):
        db.user_progress.create(data)
    with pytest.raises(InvalidDataError, match=r"create_many.0.completed_at"):
        db.user_progress.create_many([data])
    with pytest.raises(InvalidDataError, match="timezone"):
        db.user_progress.find_many({"completed_at": datetime(2025, 1, 1)})


def test_a_taken_key_is_refused_and_names_table_and_column(db: Any, story: Any) -> None:
    with pytest.raises(RefusedRowError, match="another row has this value already"):
        db.story.create({"slug": "s", "title": "again", "level_id": story.level_id})


def test_many_rows_are_checked_and_counted(db: Any, story: Any) -> None:
    rows = [{"slug": f"u{n}", "title": "t", "story_id": story.id} for n in range(12)]

    assert db.unit.create_many(iter(rows)) == 12
    assert db.unit.create_many([]) == 0
    assert (
        db.unit.create_many([*rows, {**rows[0], "slug": "new"}, {**rows[0], "slug": "new"}], skip_duplicates=True) == 1
    )
    with pytest.raises(RefusedRowError):
        db.unit.create_many(rows)
    with pytest.raises(RefusedRowError):
        db.unit.create_many([{"slug": "x", "title": "t", "story_id": 10**6}], skip_duplicates=True)
    with pytest.raises(InvalidDataError, match=r"create_many.1.title"):
        db.unit.create_many([rows[0], {"slug": "x", "story_id": 1}])
    assert db.unit.count() == 13


def test_columns_are_set_and_computed(db: Any, story: Any) -> None:
    db.unit.create({"slug": "u", "title": "t", "story_id": story.id, "position": 6})

    scores = {"period": "daily", "period_start": date(2025, 1, 1), "score": 10.5}
    user = {"email": "a@b.c", "username": "a", "password_hash": "x", "scores": {"create": [scores]}}
    db.user.create(user)
    db.aggregate_score.update_many({}, {"score": {"multiply": 2}}, all=True)
    assert db.aggregate_score.find_first().score == 21.0
    made = db.unit.update({"slug": "u"}, {"position": {"increment": 4}, "title": {"set": "new"}})
    assert (made.position, made.title) == (10, "new")
    assert db.unit.update({"slug": "u"}, {"position": {"multiply": 3}}).position == 30
    assert db.unit.update({"slug": "u"}, {"position": {"decrement": 10}}).position == 20
    assert db.unit.update({"slug": "u"}, {"slug": "v", "id": 4711}).id == 4711
    assert db.unit.update({"slug": "v"}, {}).slug == "v"
    with pytest.raises(InvalidDataError, match=r"Unit.title"):
        db.unit.update({"slug": "v"}, {"title": "x" * 201})
    with pytest.raises(UnknownKeyError, match=r"data.position.incremend"):
        db.unit.update({"slug": "v"}, {"position": {"incremend": 1}})
    with pytest.raises(UnknownKeyError, match=r"data.title.increment.*valid: set"):
        db.unit.update({"slug": "v"}, {"title": {"increment": 1}})
    with pytest.raises(InvalidDataError, match=r"data.position.increment"):
        db.unit.update({"slug": "v"}, {"position": {"increment": "1"}})
    with pytest.raises(RecordNotFoundError):
        db.unit.update({"slug": "gone"}, {"title": "x"})


def test_a_column_that_notes_updates_does(db: Any) -> None:
    made = db.user.create(
        {"email": "a@b.c", "username": "a", "password_hash": "x", "updated_at": datetime(2020, 1, 1, tzinfo=UTC)}
    )

    assert db.user.update({"id": made.id}, {"is_active": False}).updated_at.year > 2020
    db.user.update({"id": made.id}, {"updated_at": datetime(2020, 1, 1, tzinfo=UTC)})
    assert db.user.update_many({"username": "a"}, {"is_active": True}) == 1
    assert db.user.find_unique({"id": made.id}).updated_at.year > 2020


def test_relations_of_a_row_are_changed_with_it(db: Any, story: Any) -> None:
    asset = {"kind": "video", "media_type": "x/y"}
    made = db.unit.create(
        {
            "slug": "u",
            "title": "t",
            "story_id": story.id,
            "assets": {"create": [asset | {"object_key": f"k{n}"} for n in range(3)]},
        },
        include={"assets": True},
    )
    first, second, third = made.assets
    other = db.unit.create(
        {"slug": "o", "title": "t", "story_id": story.id, "assets": {"create": [asset | {"object_key": "o"}]}}
    )

    changed = db.unit.update(
        {"slug": "u"},
        {
            "story": {"update": {"title": "renamed"}},
            "assets": {
                "create": [asset | {"object_key": "new"}],
                "connect": [{"object_key": "o"}],
                "delete": [{"id": first.id}],
                "update": [{"where": {"id": second.id}, "data": {"language": "de"}}],
                "upsert": [{"where": {"object_key": "k9"}, "create": asset | {"object_key": "k9"}, "update": {}}],
            },
        },
        include={"assets": {"order_by": {"object_key": "asc"}}, "story": True},
    )

    assert [each.object_key for each in changed.assets] == ["k1", "k2", "k9", "new", "o"]
    assert (changed.assets[0].language, changed.story.title) == ("de", "renamed")
    assert db.unit_asset.count({"unit_id": other.id}) == 0
    with pytest.raises(InvalidDataError, match=r"UnitAsset.unit_id"):
        db.unit.update({"slug": "u"}, {"assets": {"disconnect": [{"id": third.id}]}})
    with pytest.raises(RecordNotFoundError):
        db.unit.update({"slug": "o"}, {"assets": {"update": [{"where": {"id": third.id}, "data": {}}]}})
    with pytest.raises(UnknownKeyError, match=r"data.story.disconnect"):
        db.unit.update({"slug": "u"}, {"story": {"disconnect": True}})


def test_all_rows_are_changed_or_removed_only_when_asked_for(db: Any, story: Any) -> None:
    db.unit.create_many({"slug": f"u{n}", "title": "t", "story_id": story.id, "position": n} for n in range(4))

    for call in (
        lambda: db.unit.update_many({}, {"title": "x"}),
        lambda: db.unit.delete_many(),
        lambda: db.unit.delete_many({}),
    ):
        with pytest.raises(EmptyWhereError) as error:
            call()
        assert error.value.hint == "all=True"
    assert db.unit.update_many({}, {"position": {"increment": 1}}, all=True) == 4
    assert db.unit.update_many({"story": {"slug": "s"}, "position": {"gt": 2}}, {"title": "far"}) == 2
    assert db.unit.update_many({"story": {"units": {"some": {"slug": "u0"}}}}, {"title": "same"}) == 4
    assert db.unit.update_many({"title": "same"}, {"title": "same"}) == 4
    assert db.unit.delete_many({"story": {"units": {"some": {"position": 1}}}, "position": {"lte": 2}}) == 2
    assert db.unit.delete_many(all=True) == 2


def test_a_removed_row_is_returned_and_takes_along_what_the_model_says(db: Any, story: Any) -> None:
    asset = {"kind": "video", "media_type": "x/y", "object_key": "k"}
    db.unit.create({"slug": "u", "title": "t", "story_id": story.id, "assets": {"create": [asset]}})

    gone = db.unit.delete({"slug": "u"})

    assert (gone.slug, db.unit.count(), db.unit_asset.count()) == ("u", 0, 0)
    with pytest.raises(RecordNotFoundError):
        db.unit.delete({"slug": "u"})


def test_an_upsert_changes_or_adds(db: Any, story: Any) -> None:
    user = db.user.create({"email": "a@b.c", "username": "a", "password_hash": "x"})
    unit = db.unit.create({"slug": "u", "title": "t", "story_id": story.id})
    key = {"user_id": user.id, "unit_id": unit.id}

    def again() -> Any:
        return db.user_progress.upsert(
            key, create={**key, "attempts": 1}, update={"attempts": {"increment": 1}, "status": "done"}
        )

    first, second = again(), again()

    assert (first.attempts, first.status) == (1, ProgressStatus.not_started)
    assert (second.attempts, second.status, second.id) == (2, ProgressStatus.done, first.id)


def test_figures_are_added_up(db: Any, story: Any) -> None:
    other = db.story.create({"slug": "t", "title": "T", "level_id": story.level_id})
    db.unit.create_many(
        {"slug": f"u{n}", "title": "t", "story_id": (story, other)[n % 2].id, "position": n} for n in range(5)
    )

    whole = db.unit.aggregate(sum=["position"], avg=["position"], min=["slug"], max=["slug", "position"])
    none = db.unit.aggregate({"slug": "x"}, sum=["position"])
    groups = db.unit.group_by(["story_id"], sum=["position"], avg=["position"], order_by={"count": "asc"})
    large = db.unit.group_by(
        ["story_id"], having={"count": {"gt": 2}, "sum": {"position": {"gte": 6}}}, max=["position"]
    )
    page = db.unit.group_by(["position"], where={"story": {"slug": "s"}}, order_by={"position": "desc"}, take=1, skip=1)

    assert (whole.count, whole.sum, whole.avg) == (5, {"position": 10}, {"position": 2.0})
    assert (whole.min, whole.max) == ({"slug": "u0"}, {"slug": "u4", "position": 4})
    assert (none.count, none.sum) == (0, {"position": None})
    assert [(each.by["story_id"], each.count, each.sum["position"]) for each in groups] == [
        (other.id, 2, 4),
        (story.id, 3, 6),
    ]
    assert [type(each.avg["position"]) for each in groups] == [float, float]
    assert [(each.by, each.count, each.max) for each in large] == [({"story_id": story.id}, 3, {"position": 4})]
    assert [each.by for each in page] == [{"position": 2}]


def test_raw_sql_takes_parameters_by_name(db: Any, story: Any) -> None:
    assert db.query_raw("SELECT slug, title FROM story WHERE slug = :slug", slug="s") == [{"slug": "s", "title": "S"}]
    assert db.execute_raw("UPDATE story SET title = :title WHERE slug = 's'", title="new") == 1
    assert db.story.find_unique({"slug": "s"}).title == "new"


def test_a_row_is_written_in_few_statements(client: Any) -> None:
    level = client.level.create({"slug": "l", "name": "L"})

    with statements(client) as created:
        client.story.create({"slug": "s", "title": "S", "level_id": level.id})
    with statements(client) as updated:
        client.story.update({"slug": "s"}, {"title": "T"})

    assert [each.split()[0] for each in created] == ["INSERT", "SELECT"]
    assert [each.split()[0] for each in updated] == ["SELECT", "UPDATE", "SELECT"]
