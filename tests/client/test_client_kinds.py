"""Models of every kind: links, trees, composite keys, inheritance, columns of each type."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from codegen.kinds.animals import Cat
from codegen.kinds.scalars import Colour, Priority, Size

from dbtool.errors import InvalidDataError, NotIncludedError


def names(found: list[Any]) -> list[str]:
    return [each.name for each in found]


def test_many_to_many_is_connected_created_disconnected_and_set(db: Any) -> None:
    hero = {"secret_name": "x"}
    mission = db.mission.create(
        {"title": "first", "heroes": {"create": [hero | {"name": "Ann"}, hero | {"name": "Bob"}]}},
        include={"heroes": True},
    )
    ann, bob = mission.heroes
    missions = [{"where": {"title": title}, "create": {"title": title}} for title in ("first", "second")]
    cleo = db.hero.create(
        hero | {"name": "Cleo", "missions": {"connect_or_create": missions}},
        include={"missions": {"order_by": {"title": "asc"}}},
    )

    def heroes(data: Any) -> list[str]:
        included = {"heroes": {"order_by": {"name": "asc"}}}
        return names(db.mission.update({"title": "first"}, {"heroes": data}, include=included).heroes)

    assert [each.title for each in cleo.missions] == ["first", "second"]
    assert heroes({}) == ["Ann", "Bob", "Cleo"]
    assert heroes({"disconnect": [{"id": ann.id}]}) == ["Bob", "Cleo"]
    assert heroes({"connect": [{"id": ann.id}, {"id": bob.id}]}) == ["Ann", "Bob", "Cleo"]
    assert heroes({"set": [{"id": ann.id}]}) == ["Ann"]
    assert heroes({"update": [{"where": {"id": ann.id}, "data": {"name": " Anna "}}]}) == ["Anna"]
    assert heroes({"delete": [{"id": ann.id}]}) == []
    assert names(db.hero.find_many({"missions": {"none": {}}}, order_by={"name": "asc"})) == ["Bob"]
    assert names(db.hero.find_many({"missions": {"some": {"title": "second"}}})) == ["Cleo"]


def test_many_to_many_is_cut_for_each_row(db: Any) -> None:
    for title, count in (("a", 3), ("b", 1), ("c", 0)):
        made = [{"name": f"{title}{n}", "secret_name": "x"} for n in range(count)]
        db.mission.create({"title": title, "heroes": {"create": made}})

    found = db.mission.find_many(
        include={"heroes": {"take": 2, "order_by": {"name": "desc"}}}, order_by={"title": "asc"}
    )

    assert [names(each.heroes) for each in found] == [["a2", "a1"], ["b0"], []]


def test_a_plain_link_table_and_its_own_order(db: Any) -> None:
    db.article.create({"headline": "h", "tags": {"create": [{"name": "z"}, {"name": "a"}]}})

    found = db.article.find_first(include={"tags": {"include": {"articles": True}}})

    assert names(found.tags) == ["a", "z"]
    assert found.tag_names == ["a", "z"]
    assert found.tags[0].articles[0].headline == "h"
    assert db.article.delete({"id": found.id}).headline == "h"
    assert (db.article.count(), db.tag.count()) == (0, 2)


def test_an_optional_relation_is_disconnected_and_deleted(db: Any) -> None:
    data = {"name": "Ann", "secret_name": "x", "team": {"create": {"name": "T"}}}
    hero = db.hero.create(data, include={"team": True})

    assert hero.team.name == "T"
    assert names(db.hero.find_many({"team": {"is_not": None}})) == ["Ann"]
    assert db.hero.update({"id": hero.id}, {"team": {"disconnect": True}}).team_id is None
    assert names(db.hero.find_many({"team": None})) == ["Ann"]
    assert db.hero.update({"id": hero.id}, {"team": {"connect": {"name": "T"}}}).team_id == hero.team_id
    assert db.hero.update({"id": hero.id}, {"team": {"delete": True}}).team_id is None
    assert db.team.count() == 0


def test_rows_of_the_one_side_are_set(db: Any) -> None:
    db.hero.create_many([{"name": name, "secret_name": "x"} for name in "ABC"])
    a, b, c = db.hero.find_many(order_by={"name": "asc"})
    team = db.team.create({"name": "T", "heroes": {"connect": [{"id": a.id}, {"id": b.id}]}})

    changed = db.team.update(
        {"id": team.id},
        {"heroes": {"set": [{"id": b.id}, {"id": c.id}]}},
        include={"heroes": {"order_by": {"name": "asc"}}},
    )

    assert names(changed.heroes) == ["B", "C"]
    assert db.hero.find_unique({"id": a.id}).team_id is None
    emptied = db.team.update({"id": team.id}, {"heroes": {"disconnect": [{"id": b.id}]}}, include={"heroes": True})
    assert names(emptied.heroes) == ["C"]


def test_a_tree_is_read_both_ways(db: Any) -> None:
    leaf = db.category.create(
        {"name": "leaf", "parent": {"create": {"name": "mid", "parent": {"create": {"name": "root"}}}}}
    )

    up = db.category.find_unique(
        {"id": leaf.id}, include={"parent": {"include": {"parent": {"include": {"parent": True}}}}}
    )
    down = db.category.find_first({"parent": None}, include={"children": {"include": {"children": True}}})

    assert up.path() == "/root/mid/leaf".removeprefix("/")
    assert down.children[0].children[0].name == "leaf"
    with pytest.raises(NotIncludedError):
        down.children[0].children[0].children  # noqa: B018
    assert names(db.category.find_many({"children": {"some": {"children": {"some": {}}}}})) == ["root"]
    assert names(db.category.find_many({"parent": {"parent": {"name": "root"}}})) == ["leaf"]
    assert names(db.category.find_many(order_by={"parent": {"name": "asc"}, "name": "asc"}, take=-1))
    assert db.category.update_many({"parent": {"name": "mid"}}, {"name": "new"}) == 1
    assert db.category.delete_many({"parent": {"name": "mid"}}) == 1


def test_composite_keys_find_connect_and_belong(db: Any) -> None:
    price = Decimal("9.90")
    lines = [{"position": n, "item": f"i{n}", "price": price} for n in (1, 2)]
    for number in (1, 2):
        db.purchase.create({"shop": "s", "number": number, "customer": "c", "lines": {"create": lines}})

    found = db.purchase.find_unique(
        {"shop": "s", "number": 2}, include={"lines": {"take": 1, "order_by": {"position": "desc"}}}
    )
    line = db.purchase_line.find_unique({"shop": "s", "number": 1, "item": "i2"}, include={"purchase": True})
    remark = db.remark.create(
        {"text": "t", "line": {"connect": {"shop": "s", "number": 2, "position": 1}}}, include={"line": True}
    )

    assert [(each.number, each.position, each.price) for each in found.lines] == [(2, 2, price)]
    assert (line.position, line.purchase.number) == (2, 1)
    assert (remark.line.number, remark.line.position, remark.position) == (2, 1, 1)
    assert db.remark.update({"id": remark.id}, {"line": {"disconnect": True}}).shop is None
    assert db.purchase_line.count({"purchase": {"number": 1}}) == 2
    assert db.purchase_line.update_many({"purchase": {"number": 1}}, {"price": {"increment": Decimal("0.10")}}) == 2
    assert db.purchase_line.aggregate({"number": 1}, sum=["price"], avg=["price"]).sum == {"price": Decimal("20.00")}
    assert len(db.purchase.find_many(include={"lines": True})[0].lines) == 2
    with pytest.raises(InvalidDataError) as error:
        db.purchase.find_unique({"shop": "s"})
    assert error.value.hint == "one of {shop, number}"


def test_inherited_tables_are_written_and_read_whole(db: Any) -> None:
    shelter = db.shelter.create({"town": "t"})
    cat = db.cat.create({"name": "Tom", "shelter_id": shelter.id, "lives": 7})
    db.animal.create({"name": "Rex", "shelter_id": shelter.id})
    assert db.cat.create_many([{"name": "Kit", "shelter_id": shelter.id}]) == 1

    found = db.shelter.find_first(include={"animals": {"order_by": {"name": "asc"}}})
    animals = db.animal.find_many(order_by={"name": "asc"})

    assert [type(each).__name__ for each in animals] == ["Cat", "Animal", "Cat"]
    assert [(each.name, each.lives) for each in found.animals if isinstance(each, Cat)] == [("Kit", 9), ("Tom", 7)]
    assert names(db.cat.find_many({"lives": {"gt": 5}, "name": "Tom"})) == ["Tom"]
    changed = db.cat.update({"id": cat.id}, {"lives": {"decrement": 1}, "name": "Thomas"})
    assert (changed.lives, changed.name, db.animal.find_unique({"id": cat.id}).name) == (6, "Thomas", "Thomas")
    assert db.cat.update_many({"lives": 6}, {"name": "T"}) == 1
    assert db.cat.delete_many({"lives": 6}) == 1
    assert db.animal.count() == 2


def test_classes_that_share_a_table_are_told_apart(db: Any) -> None:
    db.car.create({"plate": "c1", "doors": 5})
    db.vehicle.create({"plate": "v1"})
    assert db.car.create_many([{"plate": "c2"}]) == 1

    assert [
        (type(each).__name__, each.plate, each.doors) for each in db.vehicle.find_many(order_by={"plate": "asc"})
    ] == [
        ("Car", "c1", 5),
        ("Car", "c2", None),
        ("Vehicle", "v1", None),
    ]
    assert db.car.count() == 2
    assert db.car.update_many({}, {"doors": 3}, all=True) == 2
    assert db.car.delete_many(all=True) == 2
    assert db.vehicle.count() == 1


def test_one_to_one_from_both_sides(db: Any) -> None:
    data = {"slug": "me", "email": "a@b.c", "hashed_password": "x", "class_": "gold"}
    account = db.account.create({**data, "profile": {"create": {"bio": "b"}}}, include={"profile": True})

    assert (account.profile.bio, account.class_, account.seen_at is not None) == ("b", "gold", True)
    assert db.profile.find_first({"account": {"class_": "gold"}}, include={"account": True}).account.email == "a@b.c"
    assert (
        db.account.update(
            {"slug": "me"}, {"profile": {"update": {"bio": "new"}}}, include={"profile": True}
        ).profile.bio
        == "new"
    )
    assert db.account.find_many({"profile": {"bio": "new"}, "email": {"ends_with": "c"}})[0].slug == "me"
    assert db.account.create({**data, "slug": "you", "seen_at": None}).seen_at is None
    with pytest.raises(InvalidDataError, match="the nickname is the slug"):
        db.account.create({**data, "slug": "same", "nickname": "same"})
    with pytest.raises(InvalidDataError, match=r"Account.nickname.* a nickname is no address"):
        db.account.update({"slug": "me"}, {"nickname": "a@b"})
    assert db.account.create_many([{**data, "slug": "many"}]) == 1


def test_what_the_database_computes_is_read_back(db: Any) -> None:
    made = db.product.create({"name": "p", "stock": 4})

    assert (made.doubled, made.price, made.review_count, made.is_available) == (8, Decimal("1.00"), 0, True)
    assert (
        db.product.update({"id": made.id}, {"stock": {"increment": 1}, "reviews": {"create": [{"stars": 5}]}}).doubled
        == 10
    )
    assert db.product.create_many([{"name": "q"}]) == 1


VALUES: dict[str, Any] = {
    "text": "quote ' and 雪",
    "whole": -5,
    "big": 2**40,
    "real": 1.5,
    "is_true": True,
    "exact": Decimal("1234567890.25"),
    "day": date(2024, 2, 29),
    "aware": datetime(2024, 1, 1, 12, tzinfo=UTC),
    "naive": datetime(2024, 1, 1, 12),
    "clock": time(23, 59, 1),
    "span": timedelta(days=1, seconds=5),
    "raw": b"\x00\xff'",
    "token_id": uuid.UUID(int=7),
    "colour": Colour.green,
    "size": Size.large,
    "priority": Priority.high,
    "stored_values": Colour.red,
    "choice": "b",
    "anything": {"b": [1, None, "x"], "a": {"é": True}},
    "mapping": {"k": 1},
    "items": ["x", "y"],
    "nested": {"n": [1, 2]},
}


def test_every_type_comes_back_as_it_went_in(db: Any) -> None:
    values = dict(VALUES)
    if db.engine.dialect.name == "postgresql":
        del values["stored_values"]  # its type has the name of another one's
    key = db.scalar.create(values).id
    db.scalar.create_many([{**values, "text": "many"}])

    found, many = db.scalar.find_unique({"id": key}), db.scalar.find_first({"text": "many"})

    assert {name: getattr(found, name) for name in values} == values
    assert {name: getattr(many, name) for name in values} == {**values, "text": "many"}
    for name, value in values.items():
        wanted = {"equals": value} if isinstance(value, dict) else value
        assert db.scalar.count({"id": key, name: wanted}) == 1, name
    assert db.scalar.count({"colour": "g", "size": {"in": ["large"]}, "priority": {"not": 1}}) == 2
    with pytest.raises(InvalidDataError, match=r"`where.colour`: .blue. is no Colour"):
        db.scalar.count({"colour": "blue"})
    assert db.scalar.update({"id": key}, {"anything": {"set": {"new": 1}}, "nested": None}).anything == {"new": 1}
    assert db.scalar.update({"id": key}, {"day": date(2025, 1, 1)}).nested is None


def test_none_in_json_is_null_in_sql(db: Any) -> None:
    required = {name: VALUES[name] for name in ("text", "whole", "day", "aware", "naive", "clock", "colour")}
    key = db.scalar.create({**required, "anything": None}).id
    db.scalar.create_many([{**required, "anything": None, "text": "many"}, {**required, "nested": {"a": [1]}}])

    assert db.scalar.count({"anything": None}) == 3
    assert db.scalar.count({"nested": None}) == 2
    assert db.query_raw("SELECT count(*) AS n FROM scalar WHERE anything IS NULL") == [{"n": 3}]
    db.scalar.update({"id": key}, {"anything": {"set": [1]}})
    db.scalar.update_many({"id": key}, {"anything": None})
    assert db.scalar.count({"anything": {"not": None}}) == 0
    assert db.scalar.count({"nested": {"not": {"a": [2]}}}) == 1
