"""Bad seed files: the exact line that each gives."""

from __future__ import annotations

import pytest
from shop_seeds import Seeds

from dbtool.errors import SeedError

TAGS = "write the value itself, or one of !ago, !env, !file, !generate, !in, !now, !ref, !today, !uuid"
BAD = {
    "unknown model": (
        "Produkt:\n  - sku: a",
        ["a.yaml:1:1: there is no model or table `Produkt`; did you mean `Product`?"],
    ),
    "unknown model, nothing near": ("Zebra: []", ["a.yaml:1:1: there is no model or table `Zebra`"]),
    "unknown field": (
        "Product:\n  - sku: a\n    name: A\n    wieght: 2",
        ["a.yaml:4:5: `Product` has no `wieght`; did you mean `weight`?"],
    ),
    "missing fields": ("Product:\n  - count: 2", ["a.yaml:2:5: `Product` needs `sku` and `name`"]),
    "missing reference": (
        "Photo:\n  - path: x",
        ["a.yaml:2:5: `Photo` needs `review`"],
    ),
    "not a list": ("Tag:\n  word: a", ["a.yaml:2:3: should be a list of rows of `Tag`, not a mapping"]),
    "not a row": ("Tag:\n  - word", ["a.yaml:2:5: a row of `Tag` is a mapping of its fields, not `word`"]),
    "not a mapping": ("- word: a", ["a.yaml:1:1: a seed file is a mapping of model names to lists of rows"]),
    "duplicate key": (
        "Tag:\n  - word: a\n    word: b",
        ["a.yaml:3:5: `word` is given twice here, first in line 2"],
    ),
    "same natural key": (
        "Tag:\n  - word: a\n  - word: b\n  - word: a",
        ["a.yaml:4:5: `Tag` `a` is given twice, first at seed_data/a.yaml:2:5"],
    ),
    "not an integer": (
        "Product:\n  - {sku: a, name: A, count: many}",
        ["a.yaml:2:30: `count` should be a valid integer, not `many`"],
    ),
    "quoted integer": (
        'Product:\n  - {sku: a, name: A, count: "5"}',
        ["a.yaml:2:30: `count` is quoted, so it is text, where a number is meant"],
    ),
    "integer of 5,000 digits": (
        f"Product:\n  - sku: a\n    name: A\n    count: {'9' * 5000}",
        [
            "a.yaml:4:12: `count`: unable to parse input string as an integer, exceeded maximum size, "
            f"not `{'9' * 60}...`"
        ],
    ),
    "integer of 70 bits": (
        "Product:\n  - {sku: a, name: A, count: 1180591620717411303424}",
        ["a.yaml:2:30: `count` should be less than 9223372036854775808, not `1180591620717411303424`"],
    ),
    "constraint ge": (
        "Product:\n  - {sku: a, name: A, count: -1}",
        ["a.yaml:2:30: `count` should be greater than or equal to 0, not `-1`"],
    ),
    "constraint max_length": (
        f"Tag:\n  - word: {'x' * 31}",
        ["a.yaml:2:11: `word` should have at most 30 characters; this has 31"],
    ),
    "constraint pattern": (
        "Product:\n  - {sku: A!, name: A}",
        ["a.yaml:2:11: `sku` should match pattern '^[a-z0-9-]+$', not `A!`"],
    ),
    "decimal places": (
        "Product:\n  - {sku: a, name: A, price: 1.005}",
        ["a.yaml:2:30: `price` should have no more than 2 decimal places, not `1.005`"],
    ),
    "validator of the model": (
        "Product:\n  - {sku: a, name: A, email: nobody}",
        ["a.yaml:2:30: `email`: no @ in it"],
    ),
    "enum": (
        "Product:\n  - {sku: a, name: A, kind: boook}",
        ["a.yaml:2:29: `kind` should be `toy` or `book`, not `boook`; did you mean `book`?"],
    ),
    "not a boolean": (
        "Product:\n  - {sku: a, name: A, sold: 1}",
        ["a.yaml:2:29: `sold` should be true or false"],
    ),
    "no such day": (
        "Product:\n  - {sku: a, name: A, released: 2024-02-30}",
        [
            "a.yaml:2:33: `released` should be a valid date or datetime, day value is outside expected range, "
            "not `2024-02-30`"
        ],
    ),
    "number for a datetime": (
        "Product:\n  - {sku: a, name: A, seen_at: 1735689600}",
        ["a.yaml:2:32: `seen_at` should be a date such as 2025-01-31"],
    ),
    "number for a time": (
        "Product:\n  - {sku: a, name: A, opens: 1230}",
        ["a.yaml:2:30: `opens` should be a time such as 12:30"],
    ),
    "offset for a naive datetime": (
        "Product:\n  - {sku: a, name: A, local_at: 2025-01-01T12:00:00Z}",
        ["a.yaml:2:33: `local_at` should not have timezone info, not `2025-01-01T12:00:00Z`"],
    ),
    "datetime beyond the calendar": (
        "Product:\n  - {sku: a, name: A, seen_at: 0001-01-01T00:00:00+12:00}",
        ["a.yaml:2:32: `seen_at` is outside of the years 1 to 9999 in UTC"],
    ),
    "not a UUID": (
        "Product:\n  - {sku: a, name: A, code: 12}",
        ["a.yaml:2:29: `code` should be a valid UUID, invalid length: found 2, not `12`"],
    ),
    "not a number": (
        "Product:\n  - {sku: a, name: A, weight: nan}",
        ["a.yaml:2:31: `weight` should be a finite number, not `nan`"],
    ),
    "null": ("Product:\n  - {sku: a, name: null}", ["a.yaml:2:20: `name` must not be null"]),
    "mapping for text": (
        "Product:\n  - {sku: a, name: {en: A}}",
        ["a.yaml:2:20: `name` should be a valid string, not a mapping"],
    ),
    "item of a JSON list": (
        "Product:\n  - sku: a\n    name: A\n    words: [b, [c]]",
        ["a.yaml:4:16: `words` should be a valid string, not a list"],
    ),
    "reference to nothing": (
        "Category: [{slug: toys}]\nProduct:\n  - {sku: a, name: A, category: toyz}",
        [
            "a.yaml:3:33: there is no `Category` with `slug` `toyz`, in the seeds or in the database; "
            "did you mean `toys`?"
        ],
    ),
    "reference and column": (
        "Product:\n  - {sku: a, name: A, category: toys, category_id: 1}",
        ["a.yaml:2:23: give `category` or `category_id`, not both"],
    ),
    "reference to null": (
        "Manual:\n  - {pages: 2, product: null}",
        ["a.yaml:2:25: `product` must not be null"],
    ),
    "reference by a mapping": (
        "Product:\n  - {sku: a, name: A, category: {slug: toys}}",
        ["a.yaml:2:33: a `Category` is named by its `slug` alone, not by a mapping"],
    ),
    "half a composite reference": (
        "Photo:\n  - {path: x, review: {author: me}}",
        ["a.yaml:2:23: a `Review` is named by a mapping of `product` and `author`, not by `author`"],
    ),
    "scalar for a composite reference": (
        "Photo:\n  - {path: x, review: me}",
        ["a.yaml:2:23: a `Review` is named by a mapping of `product` and `author`, not by `me`"],
    ),
    "reference within a composite reference": (
        "Photo:\n  - {path: x, review: {product: a, author: me}}",
        ["a.yaml:2:33: there is no `Product` with `sku` `a`, in the seeds or in the database"],
    ),
    "foreign key given twice by nesting": (
        "Product:\n  - sku: a\n    name: A\n    reviews:\n      - {author: me, stars: 3, product_id: 1}",
        ["a.yaml:5:32: `product_id` is given by the row around this one"],
    ),
    "relation given twice by nesting": (
        "Product:\n  - sku: a\n    name: A\n    reviews:\n      - {author: me, stars: 3, product: a}",
        ["a.yaml:5:32: `product` is given by the row around this one"],
    ),
    "list for one row": (
        "Product:\n  - sku: a\n    name: A\n    manual:\n      - {pages: 3}",
        ["a.yaml:5:7: should be one row of `Manual`, a mapping of its fields, not a list"],
    ),
    "missing row on the other side of a table between": (
        "Tag: [{word: blue}]\nProduct:\n  - sku: a\n    name: A\n    tags: [bleu]",
        ["a.yaml:5:12: there is no `Tag` with `word` `bleu`, in the seeds or in the database; did you mean `blue`?"],
    ),
    "no list on the other side of a table between": (
        "Product:\n  - sku: a\n    name: A\n    tags: b",
        ["a.yaml:4:11: should be a list of rows of `Tag`, not `b`"],
    ),
    "nothing on the other side of a table between": (
        "Product:\n  - {sku: a, name: A, tags: [~]}",
        ["a.yaml:2:30: a row of `Tag` is missing here"],
    ),
    "unknown label": (
        "Note:\n  - {$label: first, text: a}\nReview:\n  - {product: !ref firts, author: b, stars: 3}",
        ["a.yaml:4:15: no row of `Product` has the label `firts`"],
    ),
    "near label": (
        "Product:\n  - {$label: car, sku: a, name: A}\nReview:\n  - {product: {$ref: cra}, author: b, stars: 3}",
        ["a.yaml:4:15: no row of `Product` has the label `cra`; did you mean `car`?"],
    ),
    "same label": (
        "Note:\n  - {$label: a, id: 1, text: a}\n  - {$label: a, id: 2, text: b}",
        ["a.yaml:3:14: the label `a` is given twice, first at seed_data/a.yaml:2:5"],
    ),
    "label that is no word": (
        "Note:\n  - {$label: [a], text: a, id: 1}",
        ["a.yaml:2:14: a label is a word, not a list"],
    ),
    "label of nothing": (
        "Review:\n  - {product: !ref , author: b, stars: 3}",
        ["a.yaml:2:15: `!ref` needs the label of a row, which that row gives as `$label`"],
    ),
    "time that is no time": (
        "Product:\n  - {sku: a, name: A, seen_at: !ago two days}",
        ["a.yaml:2:32: `!ago` takes a time such as `2 days` or `1 week 3 hours`"],
    ),
    "time of unknown units": (
        "Product:\n  - {sku: a, name: A, seen_at: !in 2 moons}",
        ["a.yaml:2:32: `!in` knows no `moons`; seconds, minutes, hours, days, weeks, months and years are known"],
    ),
    "time out of all years": (
        "Product:\n  - {sku: a, name: A, seen_at: !ago 9000 years}",
        ["a.yaml:2:32: `!ago` leads out of the years 1 to 9999"],
    ),
    "now and something": (
        "Product:\n  - {sku: a, name: A, seen_at: !now 2 days}",
        ["a.yaml:2:32: `!now` stands alone; `!ago 2 days` and `!in 3 hours` take a time"],
    ),
    "variable that is not set": (
        "Product:\n  - {sku: a, name: !env NO_SUCH_VARIABLE}",
        ["a.yaml:2:20: `!env` NO_SUCH_VARIABLE: no such variable is set, and no other value follows it"],
    ),
    "file that is not there": (
        "Product:\n  - {sku: a, name: !file no.txt}",
        ["a.yaml:2:20: `!file` no.txt cannot be read: No such file or directory"],
    ),
    "file outside of the project": (
        "Product:\n  - {sku: a, name: !file ../../../etc/passwd}",
        ["a.yaml:2:20: `!file` takes a file of the project, by its path from this one"],
    ),
    "huge line": (f"Tag:\n  - word: {'x' * 5_000_000}", ["a.yaml:2:1: a line of 5 MB; `!file` is for large contents"]),
    "huge file": (
        "Tag:\n" + "#\n" * 33_000_000,
        ["a.yaml:1:1: has 66 MB of YAML; CSV, NDJSON and Parquet are for large tables"],
    ),
    "label without UUID": (
        "Product:\n  - {sku: a, name: A, code: !uuid }",
        ["a.yaml:2:29: `!uuid` needs a label, of which it is made"],
    ),
    "computed column": (
        "Product:\n  - sku: a\n    name: A\n    reviews: [{author: me, stars: 3, doubled: 6}]",
        ["a.yaml:4:38: `doubled` is computed by the database"],
    ),
    "several natural keys": (
        "Twin:\n  - {left: a, right: b}",
        [
            "a.yaml:2:5: `Twin` has more than one natural key: (left), (right); "
            'say which in the model: __seed_key__ = ("left",)'
        ],
    ),
    "no natural key": (
        "Note:\n  - text: a",
        [
            "a.yaml:2:5: `Note` has no natural key: give `id` or `$label`, or make a column of the model unique, or set"
            " __seed_key__"
        ],
    ),
    "tables in a circle that cannot be empty": (
        "Chick: [{name: c, nest: n}]\nNest: [{name: n, chick: c}]",
        [
            "a.yaml:2:8: `Nest` and `Chick` refer to each other, and `chick_id` cannot be null while the other is"
            " written"
        ],
    ),
    "rows in a circle that cannot be empty": (
        "Knot:\n  - {name: a, next: b}\n  - {name: b, next: a}",
        [
            "a.yaml:2:5: this row of `Knot` comes back to itself through its references, and `next_id` cannot be null"
            " while the other is written",
            "a.yaml:3:5: this row of `Knot` comes back to itself through its references, and `next_id` cannot be null"
            " while the other is written",
        ],
    ),
    "unknown tag": (
        "Product:\n  - {sku: a, name: A, seen_at: !agoo 2 days}",
        [f"a.yaml:2:32: unknown tag `!agoo`; {TAGS}"],
    ),
    "Python object": (
        "Tag: !!python/object/apply:os.system {args: [echo]}",
        [f"a.yaml:1:6: unknown tag `!!python/object/apply:os.system`; {TAGS}"],
    ),
    "not base64": (
        "Product:\n  - {sku: a, name: A, picture: !!binary '*'}",
        ["a.yaml:2:32: `!!binary` is followed by base64, and this is none"],
    ),
    "merge key": (
        "Tag:\n  - &a {word: a}\n  - <<: *a",
        ["a.yaml:3:5: merge keys (`<<`) are not supported; write the fields out"],
    ),
    "unhashable key": ("Tag:\n  - ? [a]\n    : b", ["a.yaml:2:7: a key must be plain text"]),
    "alias as key": ("Tag:\n  - word: &a b\n    *a : c", ["a.yaml:3:5: a key must be plain text"]),
    "missing key": ("Tag:\n  - ~: b", ["a.yaml:2:5: a key is missing"]),
    "alias of nothing": ("Tag:\n  - word: *b", ["a.yaml:2:11: the alias `*b` names nothing above"]),
    "alias of itself": ("Tag: &a\n  - *a", ["a.yaml:2:5: the alias `*a` stands inside of what it names"]),
    "aliases that grow": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "\n".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        ["a.yaml:4:29: aliases repeat more than 10,000 nodes"],
    ),
    "depth": (f"Tag: {'[' * 130}{']' * 130}", ["a.yaml:1:125: nested deeper than 120 levels"]),
    "two documents": ("Tag: []\n---\nTag: []", ["a.yaml:2:1: a seed file is one YAML document"]),
    "tab": ("Tag:\n\t- word: a", ["a.yaml:2:1: a tab cannot indent YAML; use spaces"]),
    "at sign": ("Tag:\n  - word: @a", ["a.yaml:2:11: a value that begins with `@` must be quoted"]),
    "colon": ("Tag:\n  - word: a: b", ["a.yaml:2:12: mapping values are not allowed in this context"]),
    "unclosed": (
        "Tag: [{word: a}\n",
        ["a.yaml:2:1: while parsing a flow sequence did not find expected ',' or ']'"],
    ),
    "control character": (b"Tag:\n  - word: \xc3\xa4\x01", ["a.yaml:2:12: control characters are not allowed in YAML"]),
    "NUL": ('Tag:\n  - word: "a\\0"', ["a.yaml:2:11: holds a NUL character, which not every database can store"]),
    "Latin-1": ("Tag:\n  - word: ä".encode("latin-1"), ["a.yaml:2:11: this is not UTF-8; save the file as UTF-8"]),
    "UTF-16": ("Tag: []".encode("utf-16"), ["a.yaml:1:1: this is not UTF-8; save the file as UTF-8"]),
    "JSON without bounds": (
        f"Product:\n  - sku: a\n    name: A\n    details: {{n: {'9' * 5000}}}",
        ["a.yaml:4:14: `details`: a whole number has at most 4,300 digits"],
    ),
}


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD.keys())
def test_a_bad_seed_file_gives_the_line_that_is_wrong(seeds: Seeds, text: str | bytes, lines: list[str]) -> None:
    assert seeds.problems(text) == lines


def test_all_problems_of_all_files_are_shown_at_once_and_nothing_is_written(seeds: Seeds) -> None:
    seeds.write("Tag:\n  - word: fine\n  - wrod: a\n  - word: ''\n    nope: 1", "a.yaml")
    seeds.write("Product:\n  - {sku: a, name: A, count: x, weight: 0}", "b.yml")
    seeds.write("Tag: [", "c.yaml")

    with pytest.raises(SeedError) as error:
        seeds.load()

    assert error.value.message == "5 problems in seed_data, nothing was written"
    assert error.value.hint == "correct seed_data/a.yaml:3:5 and what follows, then: dbtool seed"
    assert error.value.problems == (
        "seed_data/a.yaml:3:5: `Tag` has no `wrod`; did you mean `word`?",
        "seed_data/a.yaml:5:5: `Tag` has no `nope`",
        "seed_data/b.yml:2:30: `count` should be a valid integer, not `x`",
        "seed_data/b.yml:2:41: `weight` should be greater than 0, not `0`",
        "seed_data/c.yaml:2:1: while parsing a flow node did not find expected node content",
    )
    assert seeds.rows("tag") == []


def test_the_second_of_two_files_names_the_first_place_of_a_natural_key(seeds: Seeds) -> None:
    seeds.write("Tag: [{word: a}]", "a.yaml")
    seeds.write("tag: [{word: b}, {word: a}]", "b.yaml")

    with pytest.raises(SeedError) as error:
        seeds.load()

    assert error.value.problems == ("seed_data/b.yaml:1:18: `Tag` `a` is given twice, first at seed_data/a.yaml:1:7",)
    assert error.value.message == "1 problem in seed_data, nothing was written"


def test_a_reference_to_a_row_that_is_wrong_itself_is_no_problem_of_its_own(seeds: Seeds) -> None:
    text = "Product:\n  - {sku: a, name: A, count: x, reviews: [{author: me, stars: 9}]}\n"
    text += "Manual:\n  - {product: a, pages: 1}"

    assert seeds.problems(text) == [
        "a.yaml:2:30: `count` should be a valid integer, not `x`",
        "a.yaml:2:63: `stars` should be less than or equal to 5, not `9`",
    ]


def test_of_very_many_problems_the_first_are_shown(seeds: Seeds) -> None:
    found = seeds.problems("".join(f"T{number}: []\n" for number in range(1200)))

    assert len(found) == 1001 and found[-1] == "and 200 more like these"
