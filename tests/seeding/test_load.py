"""What a seed does to a database: on each kind of it, and twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from projects import at, drop, new_url
from shop import LATER, METADATA, Kind
from shop_seeds import Seeds

from dbtool.conversation import Working
from dbtool.errors import ConnectError, DatabaseMissingError, DataError, RefusedRowError
from dbtool.reports import Seeded, SeedReport
from dbtool.seeding.fields import Rules
from dbtool.seeding.shapes import shapes
from dbtool.seeding.stored import Store

EVERYTHING = """\
Category:
  - slug: toys
    children:
      - slug: wooden
        children: [{slug: blocks}]
    products:
      - sku: '007'
        name: NO
        email: a@b
        price: 1.10
        weight: 2.5
        count: 3
        sold: yes
        kind: book
        released: 2024-02-29
        opens: 12:30
        lasts: 1 days, 02:30:00
        seen_at: 2025-01-01T12:00:00.25+02:00
        local_at: 2025-01-01 12:00
        token: 00000000-0000-0000-0000-000000000001
        details: {no: [NO, 'no', 012, 1e3, 0x1f, true, ~, .5], text: "5"}
        words: [01, two]
        picture: !!binary aGk=
        manual: {pages: 12}
        reviews:
          - author: me
            stars: 4
            photos: [{path: a.jpg}]
Photo:
  - path: b.jpg
    review: {product: '007', author: me}
Tag: [{word: new}]
Tagging:
  - {product: 007, tag: new}
"""
TABLES = ("tag", "category", "product", "tagging", "manual", "review", "photo")


def report(seeds: Seeds, tables: dict[str, tuple[int, int, int]], *, dry_run: bool = False) -> SeedReport:
    seeded = tuple(Seeded(name, *counts) for name, counts in tables.items())
    return SeedReport(seeds.database.url.safe, ("seed_data/a.yaml",), seeded, dry_run)


def test_every_type_is_read_by_its_column_and_kept_by_the_database(everywhere: Seeds) -> None:
    everywhere.load_text(EVERYTHING)

    (row,) = everywhere.rows("product")
    names = [column.name for column in METADATA.tables["product"].columns]
    found = dict(zip(names, row, strict=True))
    assert found.pop("id") == 1
    assert (found.pop("category_id"), found.pop("updated_at")) == (1, None)
    assert found == {
        "sku": "007",
        "name": "NO",
        "email": "a@b",
        "price": Decimal("1.10"),
        "weight": 2.5,
        "count": 3,
        "sold": True,
        "kind": Kind.BOOK,
        "released": date(2024, 2, 29),
        "opens": time(12, 30),
        "lasts": timedelta(days=1, hours=2, minutes=30),
        "seen_at": datetime(2025, 1, 1, 10, 0, 0, found["seen_at"].microsecond, tzinfo=UTC),
        "local_at": datetime(2025, 1, 1, 12, 0),
        "token": UUID(int=1),
        "code": None,
        "details": {"no": ["NO", "no", 12, 1000.0, 31, True, None, 0.5], "text": "5"},
        "words": ["01", "two"],
        "picture": b"hi",
    }


def test_rows_within_rows_get_the_keys_that_the_database_gave_their_parents(everywhere: Seeds) -> None:
    assert everywhere.load_text(EVERYTHING) == report(
        everywhere,
        {
            "tag": (1, 0, 0),
            "category": (3, 0, 0),
            "product": (1, 0, 0),
            "tagging": (1, 0, 0),
            "manual": (1, 0, 0),
            "review": (1, 0, 0),
            "photo": (2, 0, 0),
        },
    )

    assert everywhere.rows("category", "slug", "parent_id") == [("toys", None), ("wooden", 1), ("blocks", 2)]
    assert everywhere.rows("manual", "product_id", "pages") == [(1, 12)]
    assert everywhere.rows("review", "product_id", "author", "stars", "doubled") == [(1, "me", 4, 8)]
    assert everywhere.rows("photo", "path", "review_id") == [("a.jpg", 1), ("b.jpg", 1)]
    assert everywhere.rows("tagging") == [(1, 1)]


def test_a_second_run_changes_nothing_and_says_so(everywhere: Seeds) -> None:
    first = everywhere.load_text(EVERYTHING)
    before = {table: everywhere.rows(table) for table in TABLES}

    second = everywhere.load()

    assert [(each.inserted, each.updated, each.unchanged) for each in second.tables] == [
        (0, 0, each.inserted) for each in first.tables
    ]
    assert second.changed == 0
    assert {table: everywhere.rows(table) for table in TABLES} == before


def test_a_second_run_writes_nothing_by_the_count_of_sqlite_itself(seeds: Seeds) -> None:
    import sqlite3

    seeds.load_text(EVERYTHING)
    watching = sqlite3.connect(seeds.root / "shop.db")
    before = watching.execute("PRAGMA data_version").fetchone(), (seeds.root / "shop.db").read_bytes()

    seeds.load()

    assert (watching.execute("PRAGMA data_version").fetchone(), (seeds.root / "shop.db").read_bytes()) == before
    watching.close()


def test_only_columns_that_are_given_and_differ_are_updated(everywhere: Seeds) -> None:
    everywhere.load_text("Product:\n  - {sku: a, name: A, count: 2}\n  - {sku: b, name: B}\n")
    everywhere.execute("UPDATE product SET weight = 9 WHERE sku = 'a'")

    again = everywhere.load_text("Product:\n  - {sku: a, name: Z}\n  - {sku: b, name: B}\n")

    assert again == report(everywhere, {"product": (0, 1, 1)})
    assert everywhere.rows("product", "sku", "name", "count", "weight", "updated_at") == [
        ("a", "Z", 2, 9.0, LATER),
        ("b", "B", 1, None, None),
    ]


def test_a_dry_run_reports_the_same_and_leaves_nothing(everywhere: Seeds) -> None:
    everywhere.write(EVERYTHING)

    tried = everywhere.load(dry_run=True)

    assert [everywhere.rows(table) for table in TABLES] == [[]] * len(TABLES)
    done = everywhere.load()
    assert (tried.tables, tried.dry_run, done.dry_run) == (done.tables, True, False)


def test_rows_that_only_the_database_holds_can_be_named_too(everywhere: Seeds) -> None:
    everywhere.load_text(EVERYTHING)

    everywhere.load_text(
        "Category: [{slug: old, parent: blocks}]\n"
        "Photo: [{path: c.jpg, review: {product: '007', author: me}}]\n"
        "Review: [{product: '007', author: you, stars: 1}]\n"
    )

    assert everywhere.rows("category", "slug", "parent_id")[-1] == ("old", 3)
    assert everywhere.rows("photo", "path", "review_id")[-1] == ("c.jpg", 1)


def test_a_refused_row_is_named_with_the_database_s_words_and_all_is_rolled_back(everywhere: Seeds) -> None:
    everywhere.write(
        "Tag: [{word: a}]\nTwin: []\nProduct:\n  - {sku: a, name: A}\n  - sku: b\n    name: B\n    category_id: 99\n"
    )

    with pytest.raises(RefusedRowError) as error:
        everywhere.load()

    assert error.value.message.startswith("seed_data/a.yaml:5:5: the database refused this row of `product`: ")
    assert "foreign key" in error.value.message.lower()
    assert error.value.hint == "correct seed_data/a.yaml:5:5, then: dbtool seed"
    assert (everywhere.rows("tag"), everywhere.rows("product")) == ([], [])


def test_null_takes_a_value_back(everywhere: Seeds) -> None:
    everywhere.load_text(EVERYTHING)

    everywhere.load_text("Product:\n  - {sku: '007', name: NO, details: null, weight: ~, category: null}\n")

    assert everywhere.rows("product", "details", "weight", "category_id") == [(None, None, None)]
    with everywhere.database.connect("read") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM product WHERE details IS NULL").scalar() == 1


def test_a_json_column_that_is_null_holds_sql_s_null(everywhere: Seeds) -> None:
    everywhere.load_text("Product:\n  - {sku: a, name: A, details: null}\n  - {sku: b, name: B}\n")

    with everywhere.database.connect("read") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM product WHERE details IS NULL").scalar() == 2


def test_a_time_without_offset_is_in_the_project_s_time_zone(everywhere: Seeds) -> None:
    everywhere.write("Product:\n  - {sku: a, name: A, seen_at: 2025-07-01 12:00, local_at: 2025-07-01 12:00}\n")

    everywhere.load(zone=ZoneInfo("Europe/Berlin"))

    assert everywhere.rows("product", "seen_at", "local_at") == [
        (datetime(2025, 7, 1, 10, tzinfo=UTC), datetime(2025, 7, 1, 12))
    ]
    assert everywhere.load(zone=ZoneInfo("Europe/Berlin")).changed == 0


def test_fractions_and_floats_that_a_database_rounds_are_found_unchanged(everywhere: Seeds) -> None:
    everywhere.load_text(
        "Product:\n  - {sku: a, name: A, weight: 0.1234567891, seen_at: 2025-01-01T12:00:00.987654Z, "
        "local_at: 2025-01-01T12:00:00.5, opens: 12:30:00.5, lasts: PT1.5S}\n"
    )

    assert everywhere.load().changed == 0


def test_an_explicit_id_is_kept_and_the_next_row_gets_the_next_one(everywhere: Seeds) -> None:
    everywhere.load_text("Tag: [{id: 7, word: a}]")

    everywhere.load_text("Tag: [{word: a}, {word: b}]")

    assert everywhere.rows("tag") == [(7, "a"), (8, "b")]


def test_a_primary_key_of_a_stored_row_cannot_be_changed(seeds: Seeds) -> None:
    seeds.load_text("Tag: [{word: a}]")

    assert seeds.problems("Tag: [{word: a, id: 7}]") == [
        "a.yaml:1:21: `id` is 1 in the database, and a primary key stays what it is"
    ]


def test_a_table_without_natural_key_is_matched_by_the_primary_key_that_is_given(everywhere: Seeds) -> None:
    everywhere.load_text("Note: [{id: 1, text: a}, {id: 2, text: b}]")

    again = everywhere.load_text("Note: [{id: 1, text: a}, {id: 2, text: c}, {id: 3, text: d}]")

    assert again == report(everywhere, {"note": (1, 1, 1)})
    assert everywhere.rows("note") == [(1, "a"), (2, "c"), (3, "d")]


def test_rows_are_written_after_those_of_their_own_table_that_they_name(everywhere: Seeds) -> None:
    everywhere.load_text(
        "Category:\n  - {slug: leaf, parent: branch}\n  - {slug: branch, parent: root}\n  - slug: root\n"
    )

    parents = dict(everywhere.rows("category", "slug", "parent_id"))
    ids = dict(everywhere.rows("category", "slug", "id"))
    assert parents == {"root": None, "branch": ids["root"], "leaf": ids["branch"]}
    assert everywhere.load().changed == 0


def test_a_stored_row_can_move_to_a_new_parent(everywhere: Seeds) -> None:
    everywhere.load_text("Category: [{slug: a}]")

    moved = everywhere.load_text("Category: [{slug: a, parent: b}, {slug: b}]")

    assert moved == report(everywhere, {"category": (1, 1, 0)})
    assert dict(everywhere.rows("category", "slug", "parent_id")) == {"a": 2, "b": None}


def test_model_and_table_names_mean_the_same(seeds: Seeds) -> None:
    seeds.load_text("Tag: [{word: a}]\ntag: [{word: b}]\n")

    assert seeds.rows("tag", "word") == [("a",), ("b",)]


def test_empty_files_and_empty_tables_give_nothing(seeds: Seeds) -> None:
    seeds.write("# nothing yet\n", "a.yaml")
    seeds.write("Tag:\nProduct: []\n", "b.yaml")

    assert seeds.load() == SeedReport(seeds.database.url.safe, ("seed_data/a.yaml", "seed_data/b.yaml"), (), False)


def test_without_seed_files_the_database_is_not_touched(seeds: Seeds) -> None:
    (seeds.root / "shop.db").unlink()

    assert seeds.load() == SeedReport(seeds.database.url.safe, (), (), False)
    assert not (seeds.root / "shop.db").exists()


def test_a_missing_database_says_how_to_make_one(seeds: Seeds) -> None:
    (seeds.root / "shop.db").unlink()
    seeds.write("Tag: []")

    with pytest.raises(DatabaseMissingError) as error:
        seeds.load()

    assert error.value.hint == "dbtool migrate"


@pytest.mark.parametrize("text", ["Tag: [{word: a}]", "Tagging: [{product_id: 1, tag: a}]"], ids=["written", "named"])
def test_a_missing_table_says_how_to_make_it(seeds: Seeds, text: str) -> None:
    seeds.execute("DROP TABLE tag")
    seeds.write(text)

    with pytest.raises(DataError) as error:
        seeds.load()

    assert (error.value.message, error.value.hint) == ("the database has no table `tag`", "dbtool migrate")


def test_a_database_behind_the_models_says_so(seeds: Seeds) -> None:
    seeds.load_text("Tag: [{word: a}]")
    seeds.execute("ALTER TABLE tag RENAME COLUMN word TO name")

    with pytest.raises(DataError) as error:
        seeds.load()

    assert error.value.hint == "dbtool migrate"
    assert error.value.message == "`tag` cannot be read: no such column: tag.word"


def test_text_with_a_byte_order_mark_windows_lines_and_aliases_is_read(seeds: Seeds) -> None:
    text = "Product:\r\n  - &a {sku: a, name: &n Same}\r\n  - {sku: b, name: *n}\r\n"

    seeds.write(b"\xef\xbb\xbf" + text.encode())
    seeds.load()

    assert seeds.rows("product", "sku", "name") == [("a", "Same"), ("b", "Same")]


def test_progress_counts_all_rows(seeds: Seeds) -> None:
    said: list[object] = []
    seeds.write("Tag: [{word: a}, {word: b}]\nNote: [{id: 1, text: c}]")

    seeds.load(tell=said.append)

    assert said[0] == Working("seed tag", 0, 3)
    assert said[-1] == Working("seed note", 3, 3)


def test_thousands_of_rows_are_found_again_in_chunks(everywhere: Seeds) -> None:
    rows = "\n".join(f"  - {{product: p{i % 7}, author: a{i}, stars: 3}}" for i in range(1_200))
    products = "\n".join(f"  - {{sku: p{i}, name: P}}" for i in range(7))
    everywhere.write(f"Product:\n{products}\nReview:\n{rows}\n")

    first, second = everywhere.load(), everywhere.load()

    assert [each.inserted for each in first.tables] == [7, 1_200]
    assert [each.unchanged for each in second.tables] == [7, 1_200]


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_connection_that_is_lost_while_rows_are_looked_up_is_no_fault_of_the_table(kind: str, tmp_path: Path) -> None:
    url = new_url(kind, tmp_path)
    database = at(url, tmp_path)
    database.create()
    try:
        with database.connect("write") as connection:
            METADATA.create_all(connection)
            connection.commit()
            tag = shapes(METADATA, Rules(UTC, database.rounding))["tag"]
            store = Store(database, connection)
            number = {"postgres": "pg_backend_pid()", "mysql": "connection_id()"}[kind]
            own = connection.exec_driver_sql(f"SELECT {number}").scalar_one()
            with database.connect("write") as other:
                other.exec_driver_sql({"postgres": f"SELECT pg_terminate_backend({own})", "mysql": f"KILL {own}"}[kind])
            with pytest.raises(ConnectError):
                store.rows(tag, [("a",)])
    finally:
        drop(url, tmp_path)
