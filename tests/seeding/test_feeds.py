"""Tables as CSV, NDJSON and Parquet beside the YAML: the same door, the same messages."""

from __future__ import annotations

import datetime
import decimal
import json

import pyarrow
import pytest
from pyarrow import parquet
from shop_seeds import Seeds

from dbtool.database import bulk
from dbtool.errors import RefusedRowError, SeedError, UsageError
from dbtool.reports import SeedReport
from dbtool.seeding.load import Wanted

TAGS = "".join(f'{{"word": "w{number}"}}\n' for number in range(5000))


def counts(report: SeedReport) -> dict[str, tuple[int, int, int, int]]:
    """Return what was done to each table."""
    return {each.table: (each.inserted, each.updated, each.unchanged, each.deleted) for each in report.tables}


def refused(seeds: Seeds) -> list[str]:
    """Return the problems of files that cannot be loaded."""
    with pytest.raises(SeedError) as error:
        seeds.load()
    return [line.removeprefix("seed_data/") for line in error.value.problems]


def test_every_format_gives_the_same_rows(everywhere: Seeds) -> None:
    everywhere.write("Category: [{slug: tools}]")
    everywhere.write(
        '{"sku": "n", "name": "01234", "price": 1.5, "count": 2, "sold": true, "kind": "book", "category": "tools",'
        ' "seen_at": "2025-01-02T03:04:05Z", "released": "2025-01-02", "details": {"a": [1, null]}}\n',
        "product.ndjson",
    )
    everywhere.write(
        "sku,name,price,count,sold,kind,category,seen_at,released,email\n"
        'c,"a ""b"",\nc",2.25,3,no,toy,tools,2025-01-02 03:04:05Z,2025-01-03,\n',
        "Product.part.csv",
    )
    row = {
        "sku": "p",
        "name": "Parquet",
        "price": decimal.Decimal("3.75"),
        "count": 4,
        "sold": False,
        "released": datetime.date(2025, 1, 4),
        "seen_at": datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    }
    parquet.write_table(pyarrow.Table.from_pylist([row]), everywhere.config.seed_data / "product.parquet")

    first, again = everywhere.load(), everywhere.load()

    assert counts(first) == {"category": (1, 0, 0, 0), "product": (3, 0, 0, 0)}
    assert counts(again) == {"category": (0, 0, 1, 0), "product": (0, 0, 3, 0)}
    found = {
        row[0]: row[1:] for row in everywhere.rows("product", "sku", "name", "price", "count", "sold", "category_id")
    }
    assert found == {
        "n": ("01234", decimal.Decimal("1.50"), 2, True, 1),
        "c": ('a "b",\nc', decimal.Decimal("2.25"), 3, False, 1),
        "p": ("Parquet", decimal.Decimal("3.75"), 4, False, None),
    }
    days = dict(everywhere.rows("product", "sku", "released"))
    assert days == {"n": datetime.date(2025, 1, 2), "c": datetime.date(2025, 1, 3), "p": datetime.date(2025, 1, 4)}
    times = {moment.replace(tzinfo=None) for (moment,) in everywhere.rows("product", "seen_at")}
    assert times == {datetime.datetime(2025, 1, 2, 3, 4, 5)}
    assert dict(everywhere.rows("product", "sku", "details"))["n"] == {"a": [1, None]}
    assert all(token is not None for (token,) in everywhere.rows("product", "token"))


def test_yaml_names_rows_of_a_feed_and_a_feed_names_rows_of_yaml(everywhere: Seeds) -> None:
    everywhere.write(TAGS, "tag.ndjson")
    everywhere.write("Product:\n  - {sku: a, name: A, tags: [w1, w4999]}\n")
    everywhere.write('{"product": "a", "author": "me", "stars": 3}\n', "review.ndjson")

    first, again = everywhere.load(), everywhere.load()

    assert counts(first) == {
        "tag": (5000, 0, 0, 0),
        "product": (1, 0, 0, 0),
        "tagging": (2, 0, 0, 0),
        "review": (1, 0, 0, 0),
    }
    assert again.changed == 0
    words = dict(everywhere.rows("tag", "id", "word"))
    assert {words[tag] for (tag,) in everywhere.rows("tagging", "tag_id")} == {"w1", "w4999"}


def test_rows_that_differ_are_updated_and_the_next_key_follows_those_given(everywhere: Seeds) -> None:
    everywhere.write('{"id": 5, "text": "a"}\n{"id": 7, "text": "b"}\n', "note.ndjson")
    everywhere.load()
    everywhere.write('{"id": 5, "text": "A"}\n{"id": 7, "text": "b"}\n{"id": 9, "text": "c"}\n', "note.ndjson")

    report = everywhere.load()

    assert counts(report) == {"note": (1, 1, 1, 0)}
    everywhere.execute("INSERT INTO note (text) VALUES ('next')")
    assert everywhere.rows("note", "id", "text") == [(5, "A"), (7, "b"), (9, "c"), (10, "next")]


def test_more_rows_than_are_kept_are_read_again(everywhere: Seeds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbtool.seeding.load.ROOM", 3000)
    everywhere.write(TAGS, "tag.ndjson")

    assert counts(everywhere.load()) == {"tag": (5000, 0, 0, 0)}
    assert counts(everywhere.load()) == {"tag": (0, 0, 5000, 0)}


BAD = {
    "no table": ("x.csv", "a\n1\n", ["x.csv:1:1: there is no model or table `x`"]),
    "unknown column": ("tag.csv", "word,wort\na,b\n", ["tag.csv:2:3: `Tag` has no `wort`; did you mean `word`?"]),
    "column twice": ("tag.csv", "word,word\na,b\n", ["tag.csv:1:1: the column `word` is given twice"]),
    "missing column": ("manual.csv", "pages\n1\n", ["manual.csv:2:1: `Manual` needs `product`"]),
    "short record": (
        "tag.csv",
        "id,word\n1,a\n2\n3,c\n",
        ["tag.csv:3:1: this record has 1 cells, and the header names 2"],
    ),
    "open quote": ("tag.csv", 'word\n"a\n', ["tag.csv:2:1: this is no CSV: unexpected end of data"]),
    "not UTF-8": ("tag.csv", b"word\n\xff\n", ["tag.csv:1:1: this is not UTF-8; save the file as UTF-8"]),
    "wrong value": (
        "product.csv",
        "sku,name,count\na,A,1\nb,B,many\n",
        ["product.csv:3:5: `count` should be a valid integer, not `many`"],
    ),
    "a value after a cell of two lines": (
        "product.csv",
        'sku,name,count\na,"A\nA",1\nb,B,many\n',
        ["product.csv:4:5: `count` should be a valid integer, not `many`"],
    ),
    "all wrong values": (
        "tag.ndjson",
        '{"word": 1}\n{"word": null}\n{"wort": "a"}\n',
        ["tag.ndjson:3:2: `Tag` has no `wort`; did you mean `word`?"],
    ),
    "two wrong values": (
        "tag.ndjson",
        '{"word": 1}\n{"word": null}\n',
        ["tag.ndjson:1:2: `word` should be a valid string, not `1`", "tag.ndjson:2:2: `word` must not be null"],
    ),
    "no JSON": ("tag.ndjson", '{"word": "a"}\n{"word": }\n', ["tag.ndjson:2:1: this line is no JSON: expected value"]),
    "no object": ("tag.ndjson", '["a"]\n', ["tag.ndjson:1:1: a line is one JSON object, the fields of a row"]),
    "the same key": ("tag.ndjson", '{"word": "a"}\n{"word": "a"}\n', ["tag.ndjson:2:1: `Tag` `a` is given twice"]),
    "unknown row": (
        "review.ndjson",
        '{"product": "a", "author": "me", "stars": 3}\n',
        ["review.ndjson:1:2: there is no `Product` with `sku` `a`, in the seeds or in the database"],
    ),
    "both": (
        "review.ndjson",
        '{"product": "a", "product_id": 1, "author": "me", "stars": 3}\n',
        ["review.ndjson:1:2: give `product` or `product_id`, not both"],
    ),
    "rows within rows": (
        "product.ndjson",
        '{"sku": "a", "name": "A", "reviews": []}\n',
        ["product.ndjson:1:27: `reviews` holds rows of another table, which are for YAML or a file of their own"],
    ),
    "a row of the same table": (
        "category.ndjson",
        '{"slug": "a", "parent": "b"}\n',
        ["category.ndjson:1:15: `parent` names rows of this table itself; give `parent_id`, or use YAML"],
    ),
    "no natural key": (
        "note.ndjson",
        '{"text": "a"}\n',
        [
            "note.ndjson:1:1: `Note` has no natural key: give `id` or `$label`, or make a column of the model unique,"
            " or set __seed_key__"
        ],
    ),
    "a truth for a number": (
        "product.ndjson",
        '{"sku": "a", "name": "A", "count": true}\n',
        ["product.ndjson:1:27: `count` should be a number, not true or false"],
    ),
    "no Parquet": ("tag.parquet", "no", ["tag.parquet:1:1: this is no Parquet: "]),
}


@pytest.mark.parametrize(("name", "text", "lines"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_gives_the_line_that_is_wrong(seeds: Seeds, name: str, text: str | bytes, lines: list[str]) -> None:
    seeds.write("Tag: [{word: there}]")
    seeds.write(text, name)

    found = refused(seeds)

    assert len(found) == len(lines)
    assert all(one.startswith(other) for one, other in zip(found, lines, strict=True)), found
    assert seeds.rows("tag") == []


def test_a_row_that_the_database_refuses_is_named(everywhere: Seeds) -> None:
    everywhere.write('{"id": 1, "slug": "a"}\n{"id": 2, "slug": "b", "parent_id": 77}\n', "category.ndjson")

    with pytest.raises(RefusedRowError) as error:
        everywhere.load()

    assert error.value.message.startswith("seed_data/category.ndjson:2:1: the database refused this row of `category`")
    assert everywhere.rows("category") == []


def test_only_some_tables_are_written(everywhere: Seeds) -> None:
    everywhere.write("Product:\n  - {sku: a, name: A, reviews: [{author: me, stars: 3}]}\nTag: [{word: a}]\n")
    with pytest.raises(SeedError) as error:
        everywhere.load(wanted=Wanted(only=("Review",)))
    assert error.value.problems == (
        "seed_data/a.yaml:2:33: this row needs seed_data/a.yaml:2:5 of `Product`, which is not in the database yet:"
        " --only Product too",
    )

    first = everywhere.load(wanted=Wanted(only=("product",)))
    second = everywhere.load(wanted=Wanted(only=("Review",)))

    assert counts(first) == {"product": (1, 0, 0, 0)}
    assert counts(second) == {"review": (1, 0, 0, 0)}
    assert everywhere.rows("tag") == []
    with pytest.raises(UsageError, match="there is no model or table `Reviw`; did you mean `Review`"):
        everywhere.load(wanted=Wanted(only=("Reviw",)))


def test_a_check_writes_nothing(everywhere: Seeds) -> None:
    everywhere.write("Product:\n  - {sku: a, name: A, reviews: [{author: me, stars: 3}]}\n")
    everywhere.write(TAGS, "tag.ndjson")

    report = everywhere.load(wanted=Wanted(check=True))

    assert report.checked == 5002 and report.tables == ()
    assert everywhere.rows("product") == everywhere.rows("tag") == []


def test_rows_that_the_files_no_longer_have_are_deleted_when_that_is_asked_for(everywhere: Seeds) -> None:
    everywhere.write(
        "Category:\n  - {slug: a, children: [{slug: b, children: [{slug: c}]}]}\n  - {slug: d}\n"
        "Product:\n  - {sku: a, name: A, tags: [w1, w2], reviews: [{author: me, stars: 3}]}\n  - {sku: b, name: B}\n"
    )
    everywhere.write(TAGS, "tag.ndjson")
    everywhere.load()
    everywhere.execute("INSERT INTO note (text) VALUES ('mine')")
    everywhere.write("Category:\n  - slug: d\nProduct:\n  - {sku: a, name: A, tags: [w2], reviews: []}\n")
    everywhere.write("".join(TAGS.splitlines(keepends=True)[:1000]), "tag.ndjson")
    asked: list[dict[str, int]] = []

    kept = everywhere.load()
    pruned = everywhere.load(wanted=Wanted(consent=lambda found: asked.append(dict(found))))
    again = everywhere.load(wanted=Wanted(consent=lambda found: asked.append(dict(found))))

    assert kept.changed == 0
    assert asked == [{"category": 3, "tag": 4000, "product": 1, "tagging": 1, "review": 1}]
    assert {table: done[3] for table, done in counts(pruned).items()} == asked[0]
    assert again.changed == 0
    assert [slug for (slug,) in everywhere.rows("category", "slug")] == ["d"]
    assert len(everywhere.rows("tag")) == 1000 and len(everywhere.rows("note")) == 1


def test_bulk_rows_reach_the_database_as_sqlalchemy_would_spell_them(everywhere: Seeds) -> None:
    rows = [{"sku": f"s{n}", "name": "é\\\t\n\"'", "price": n / 4, "lasts": "PT1H30M"} for n in range(3)]
    everywhere.write("".join(f"{json.dumps(row)}\n" for row in rows), "product.ndjson")

    everywhere.load()

    assert everywhere.rows("product", "name", "lasts") == [("é\\\t\n\"'", datetime.timedelta(minutes=90))] * 3
    assert everywhere.load().changed == 0
    assert bulk.Bulk.insert.__doc__
