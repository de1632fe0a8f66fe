"""Rows that are tied to each other in every way: labels, tables between, circles, trees, keys of several parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shop_seeds import Seeds

from dbtool.reports import SeedReport


def twice(seeds: Seeds, text: str) -> SeedReport:
    """Load a text twice: the second time nothing is written. Return what the first did."""
    first = seeds.load_text(text)
    again = seeds.load()
    assert again.changed == 0, again
    assert [table.unchanged for table in again.tables] == [sum(counts(table)) for table in first.tables]
    return first


def counts(table: object) -> tuple[int, int, int]:
    """Return what was done to a table."""
    return table.inserted, table.updated, table.unchanged  # type: ignore[attr-defined]


def test_rows_beyond_a_table_between_are_named_or_stand_there_whole(everywhere: Seeds) -> None:
    twice(
        everywhere,
        "Tag: [{word: red}, {word: $blue}]\nProduct:\n"
        "  - {sku: a, name: A, tags: [red, $blue, {word: new}]}\n"
        "  - {sku: b, name: B, tags: [new, red]}\n",
    )

    words = dict(everywhere.rows("tag", "id", "word"))
    skus = dict(everywhere.rows("product", "id", "sku"))
    ties = {(skus[product], words[tag]) for product, tag in everywhere.rows("tagging", "product_id", "tag_id")}
    assert ties == {("a", "red"), ("a", "$blue"), ("a", "new"), ("b", "new"), ("b", "red")}


def test_a_tie_that_is_given_twice_is_one(everywhere: Seeds) -> None:
    report = everywhere.load_text("Tag: [{word: red}]\nProduct:\n  - {sku: a, name: A, tags: [red, red]}\n")

    assert [(table.table, counts(table)) for table in report.tables] == [
        ("tag", (1, 0, 0)),
        ("product", (1, 0, 0)),
        ("tagging", (1, 0, 0)),
    ]


def test_a_label_names_a_row_that_has_no_natural_key(everywhere: Seeds) -> None:
    twice(everywhere, "Note:\n  - {$label: first, text: one}\n  - {$label: second, text: two}\n")
    everywhere.load_text("Note:\n  - {$label: first, text: changed}\n")

    assert sorted(text for (text,) in everywhere.rows("note", "text")) == ["changed", "two"]
    assert all(id < 0 for (id,) in everywhere.rows("note", "id"))
    everywhere.execute("INSERT INTO note (text) VALUES ('counted')")
    ids = [id for (id,) in everywhere.rows("note", "id")]
    assert everywhere.database.kind == "sqlite" or max(ids) == 1  # SQLite counts on from the largest, whatever it is
    assert len(set(ids)) == 3


def test_a_label_is_another_name_of_a_row_that_has_a_key(everywhere: Seeds) -> None:
    twice(
        everywhere,
        "Review:\n  - {product: !ref car, author: me, stars: 3}\n  - {product: {$ref: car}, author: you, stars: 4}\n"
        "Product:\n  - {$label: car, sku: a, name: A}\n",
    )

    assert everywhere.rows("review", "author", "stars") == [("me", 3), ("you", 4)]


def test_tables_that_refer_to_each_other_are_closed_afterwards(everywhere: Seeds) -> None:
    report = twice(everywhere, "Hen:\n  - {name: h, egg: e, eggs: [{name: f}]}\nEgg:\n  - {name: e, hen: h}\n")

    assert {table.table: counts(table) for table in report.tables} == {"hen": (1, 0, 0), "egg": (2, 0, 0)}
    ((hen, egg),) = everywhere.rows("hen", "id", "egg_id")
    assert sorted(everywhere.rows("egg", "name", "hen_id")) == [("e", hen), ("f", hen)]
    assert dict(everywhere.rows("egg", "name", "id"))["e"] == egg


def test_a_circle_that_is_there_can_be_turned(everywhere: Seeds) -> None:
    everywhere.load_text("Hen: [{name: h, egg: e}, {name: i}]\nEgg: [{name: e, hen: h}]\n")

    report = everywhere.load_text("Hen: [{name: h, egg: f}, {name: i}]\nEgg: [{name: e, hen: i}, {name: f, hen: h}]\n")

    assert {table.table: counts(table) for table in report.tables} == {"hen": (0, 1, 1), "egg": (1, 1, 0)}
    hens, eggs = (dict(everywhere.rows(table, "id", "name")) for table in ("hen", "egg"))
    assert {hens[id]: eggs.get(egg) for id, egg in everywhere.rows("hen", "id", "egg_id")} == {"h": "f", "i": None}
    assert {eggs[id]: hens[hen] for id, hen in everywhere.rows("egg", "id", "hen_id")} == {"e": "i", "f": "h"}


def test_rows_of_one_table_may_form_a_ring(everywhere: Seeds) -> None:
    twice(everywhere, "Category:\n  - {slug: a, parent: b}\n  - {slug: b, parent: a}\n  - {slug: c, parent: c}\n")

    slugs = dict(everywhere.rows("category", "id", "slug"))
    assert {slugs[id]: slugs[parent] for id, parent in everywhere.rows("category", "id", "parent_id")} == {
        "a": "b",
        "b": "a",
        "c": "c",
    }


def test_a_tree_fifty_rows_deep(everywhere: Seeds) -> None:
    text = "Category:\n"
    for depth in range(50):
        text += f"{'    ' * depth}  - slug: level-{depth}\n{'    ' * depth}    children:\n"

    twice(everywhere, text)

    parents = dict(everywhere.rows("category", "id", "parent_id"))
    slugs = {slug: id for id, slug in everywhere.rows("category", "id", "slug")}
    assert all(parents[slugs[f"level-{depth}"]] == slugs[f"level-{depth - 1}"] for depth in range(1, 50))


def test_keys_of_several_parts_are_named_by_all_of_them(everywhere: Seeds) -> None:
    twice(
        everywhere,
        "Stop:\n  - {line: U1, number: 1, place: Park}\n  - {line: U1, number: 2}\n"
        "Ride:\n  - {rider: ann, stop: {line: U1, number: 2}}\n  - {rider: bob, line: U1, at: 1}\n",
    )

    assert everywhere.rows("ride") == [("ann", "U1", 2), ("bob", "U1", 1)]


def test_relative_times_are_for_new_rows(everywhere: Seeds) -> None:
    text = (
        "Product:\n  - {sku: a, name: A, seen_at: !ago 2 days 3 hours, released: !today , opens: !now }\n"
        "  - {sku: b, name: B, seen_at: !in 1 month, local_at: !now , released: !ago 1 year}\n"
    )
    before = datetime.now(UTC)
    twice(everywhere, text)

    (a, b) = everywhere.rows("product", "seen_at", "released")
    seen = a[0].replace(tzinfo=a[0].tzinfo or UTC)
    assert timedelta(days=2, hours=3) - timedelta(seconds=60) < before - seen < timedelta(days=2, hours=3, seconds=2)
    assert a[1] == before.date()
    assert b[1].year == before.year - 1
    everywhere.execute("UPDATE product SET released = '2001-02-03' WHERE sku = 'a'")
    assert everywhere.load().changed == 0


def test_today_is_the_day_of_the_project_s_time_zone(seeds: Seeds) -> None:
    seeds.write("Product:\n  - {sku: a, name: A, released: !today }\n")
    zone = ZoneInfo("Pacific/Kiritimati")

    seeds.load(zone=zone)

    assert seeds.rows("product", "released") == [(datetime.now(zone).date(),)]


def test_variables_files_and_names_stand_for_values(everywhere: Seeds) -> None:
    (everywhere.root / ".env").write_text("SHOP_NAME=Corner\nSHOP_COUNT=7\n", encoding="utf-8")
    (everywhere.config.seed_data / "a.png").write_bytes(b"\x89PNG\x00")
    (everywhere.config.seed_data / "text.txt").write_text("Kaffee", encoding="utf-8")
    (everywhere.config.seed_data / "details.json").write_text('{"a": [1, true]}', encoding="utf-8")
    everywhere.read_again()

    twice(
        everywhere,
        "Product:\n  - {sku: a, name: !env SHOP_NAME, count: !env SHOP_COUNT, picture: !file a.png, code: !uuid car}\n"
        "  - {sku: b, name: !file text.txt, details: !file details.json, email: !env NO_SUCH me@here.org}\n",
    )

    rows = everywhere.rows("product", "name", "count", "picture", "details", "email")
    assert rows == [
        ("Corner", 7, b"\x89PNG\x00", None, None),
        ("Kaffee", 1, None, {"a": [1, True]}, "me@here.org"),
    ]
    codes = everywhere.rows("product", "code")
    assert codes[0][0] is not None and codes[1][0] is None


def test_a_secret_is_in_no_message(seeds: Seeds) -> None:
    (seeds.root / ".env").write_text("SHOP_SECRET=hunter2\n", encoding="utf-8")
    seeds.read_again()

    assert seeds.problems("Product:\n  - {sku: a, name: A, count: !env SHOP_SECRET}") == [
        "a.yaml:2:30: `count` should be a valid integer, not what SHOP_SECRET holds"
    ]
