"""Made-up rows: valid, the same each time, and no more than were asked for."""

from __future__ import annotations

import pytest
from shop_seeds import Seeds

from dbtool.errors import SeedError
from dbtool.reports import SeedReport
from dbtool.seeding.load import Wanted

BLOCKS = """\
Category: [{slug: tools}, {slug: toys}]
Product:
  - {sku: real, name: Real}
  - !generate
    count: 40
    seed: 7
    fields:
      sku: made-{n}
      name: person.full_name
      price: {between: [1, 5]}
      kind: {from: [toy]}
      email: nobody@example.com
      category: {spread: skewed}
      released: {between: [2025-01-01, 2025-02-01]}
Review: !generate
  count: 60
"""


def fake(seeds: Seeds, **counts: int) -> SeedReport:
    """Make rows up."""
    return seeds.load(wanted=Wanted(fake=tuple(counts.items())))


def test_blocks_fill_a_table_up_and_a_second_run_makes_nothing(everywhere: Seeds) -> None:
    everywhere.write(BLOCKS)

    first, again = everywhere.load(), everywhere.load()
    more = everywhere.load(wanted=Wanted(scale=3))

    assert {each.table: each.inserted for each in first.tables} == {"category": 2, "product": 41, "review": 60}
    assert again.changed == 0
    assert {each.table: each.inserted for each in more.tables if each.inserted} == {"product": 80, "review": 120}
    rows = everywhere.rows("product", "sku", "price", "kind", "email", "category_id", "released")
    made = [row for row in rows if row[0] != "real"]
    assert {row[0] for row in made} == {f"made-{number}" for number in range(1, 121)}
    assert all(1 <= row[1] <= 5 and row[2].value == "toy" and row[3] == "nobody@example.com" for row in made)
    assert all(str(row[5]) < "2025-02-02" for row in made)
    first_category = sum(row[4] == min(other[4] for other in made) for row in made)
    assert first_category > len(made) // 2
    pairs = everywhere.rows("review", "product_id", "author")
    assert len(set(pairs)) == 180 and all(1 <= stars <= 5 for (stars,) in everywhere.rows("review", "stars"))


def test_the_same_seed_makes_the_same_rows(seeds: Seeds, empty_shop: bytes) -> None:
    seeds.write(BLOCKS)
    columns = ("sku", "name", "price", "released", "weight", "count", "opens", "lasts")
    made = []
    for _ in range(2):
        (seeds.root / "shop.db").write_bytes(empty_shop)
        seeds.load()
        made.append(seeds.rows("product", *columns))

    assert made[0] == made[1]


def test_rows_are_invented_from_the_models_alone(everywhere: Seeds) -> None:
    report = fake(
        everywhere, Category=30, Tag=25, Product=2500, Review=50, Manual=20, Tagging=40, Note=5, Stop=9, Ride=7
    )

    assert {each.table: each.inserted for each in report.tables} == {
        "category": 30,
        "tag": 25,
        "product": 2500,
        "review": 50,
        "manual": 20,
        "tagging": 40,
        "note": 5,
        "stop": 9,
        "ride": 7,
    }
    again = fake(everywhere, Product=10, Note=2, Tagging=10)
    assert again.changed == 22
    assert len({sku for (sku,) in everywhere.rows("product", "sku")}) == 2510


@pytest.mark.parametrize(
    ("text", "line"),
    {
        "no count": ("Tag: !generate {fields: {}}", "a.yaml:1:6: `!generate` needs a count, a whole number"),
        "unknown option": (
            "Tag: !generate\n  count: 1\n  sed: 2\n",
            "a.yaml:3:3: `!generate` knows no `sed`; did you mean `seed`?",
        ),
        "unknown field": (
            "Tag: !generate\n  count: 1\n  fields: {wrod: a}\n",
            "a.yaml:3:12: `Tag` has no `wrod`; did you mean `word`?",
        ),
        "unknown provider": (
            "Tag: !generate\n  count: 1\n  fields: {word: person.fulname}\n",
            "a.yaml:3:18: `word` names `person.fulname`, and `person` has no `fulname`; did you mean `full_name`?",
        ),
        "unknown mapping": (
            "Tag: !generate\n  count: 1\n  fields: {word: {any: 3}}\n",
            "a.yaml:3:18: `word` takes `{from: [...]}` or `{between: [low, high]}`, not a mapping of `any`",
        ),
        "wrong values": (
            "Product: !generate\n  count: 1\n  fields: {count: many}\n",
            "a.yaml:1:10: `count` should be a valid integer, not `many`: say how it is made, under `fields` of a"
            " `!generate` block",
        ),
        "too few that differ": (
            "Tag: !generate\n  count: 5\n  fields: {word: {from: [a, b]}}\n",
            "a.yaml:2:10: no more than 2 rows of `Tag` could be made that differ",
        ),
        "nothing to refer to": (
            "Review: !generate {count: 1}",
            "a.yaml:1:9: there is no row of `Product` yet, which each `Review` needs: --fake Product=10",
        ),
        "within a row": (
            "Product:\n  - sku: a\n    name: A\n    reviews: [!generate {count: 1}]\n",
            "a.yaml:4:15: `!generate` stands in the list of a table, not in a row",
        ),
        "on a scalar": ("Tag: !generate 5", "a.yaml:1:6: unknown tag `!generate`; write"),
    }.values(),
)
def test_a_block_that_cannot_be_says_why(seeds: Seeds, text: str, line: str) -> None:
    (found, *_) = seeds.problems(text)

    assert found.startswith(line)
    assert seeds.rows("tag") == seeds.rows("product") == []


def test_a_missing_parent_is_named(seeds: Seeds) -> None:
    with pytest.raises(SeedError) as error:
        fake(seeds, Photo=1)

    assert error.value.problems == (
        "--fake: there is no row of `Review` yet, which each `Photo` needs: --fake Review=10",
    )
