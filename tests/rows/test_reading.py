from __future__ import annotations

from datetime import UTC

import pytest
from sqlalchemy import JSON, Column, Computed, Integer, MetaData, Numeric, String, Table

from dbtool.rows.export import csv_line
from dbtool.rows.reading import Problem, read

thing = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("note", String(200)),
    Column("price", Numeric(30, 10)),
    Column("extra", JSON),
    Column("twice", Integer, Computed("id * 2")),
)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("id,name,note\n1,a,x\n2,b,\n", "auto"),
        ("\ufeffid,name,note\r\n1,a,x\r\n2,b,\r\n", "auto"),
        ("id;name;note\n1;a;x\n2;b;\n", "auto"),
        ("id\tname\tnote\n1\ta\tx\n2\tb\t", "auto"),
        ("id\tname\tnote\n1\ta\tx\n\n2\tb\t\n", "tsv"),
        ("ID, Name ,NOTE\n1,a,x\n\n2,b,\n", "csv"),
        ('[{"id": 1, "name": "a", "note": "x"}, {"id": 2, "name": "b", "note": null}]', "auto"),
        ('{"id": 1, "name": "a", "note": "x"}\n\n{"id": 2, "name": "b", "note": null}\n', "auto"),
    ],
    ids=["csv", "bom", "semicolons", "tabs", "tsv", "names", "json", "ndjson"],
)
def test_the_same_rows_are_read_from_every_format(text, form):
    found = read(text, thing, UTC, form)

    assert found.rows == ({"id": "1", "name": "a", "note": "x"}, {"id": "2", "name": "b", "note": None})
    assert (found.columns, found.problems, found.ignored) == (("id", "name", "note"), (), ())


def test_what_csv_writes_is_read_back():
    texts = ["", " ", "a\r\nb", '"', '""', ",", "null", "=1", "🙂", "\x00x", "\t"]
    lines = csv_line(["id", "note"]) + "".join(csv_line([index, text]) for index, text in enumerate(texts))
    lines += csv_line([99, None])

    found = read(lines, thing, UTC)

    assert [row["note"] for row in found.rows] == [*texts, None]
    assert found.problems == ()


def test_an_empty_cell_is_null_where_the_column_holds_null():
    found = read('id,name,note\n1,,""\n2,"",\n', thing, UTC)

    assert found.rows == ({"id": "1", "name": "", "note": ""}, {"id": "2", "name": "", "note": None})


def test_problems_name_the_line_and_the_column():
    found = read('id,name,nothing,twice,name\n1,"a\nb",,,\n2,b\nx,c,,,\n3,d,,,\n4,"e,,,\n', thing, UTC)

    assert found.problems == (
        Problem(1, "name", "`name` is the same column again"),
        Problem(4, None, "has 2 cells, the header has 5"),
        Problem(5, "id", "holds a whole number, as 42"),
        Problem(7, None, "has a quotation mark that is not closed, or text behind it"),
    )
    assert found.ignored == ("nothing", "twice")
    assert [row["id"] for row in found.rows] == ["1", "x", "3"]


def test_numbers_of_json_keep_their_digits_and_json_stays_json():
    found = read('[{"price": 1.10000000000000000001, "extra": {"a": [1.10, "x", null]}}, {"extra": "x"}]', thing, UTC)

    assert found.rows == (
        {"price": "1.10000000000000000001", "extra": '{"a":[1.10,"x",null]}'},
        {"extra": '"x"'},
    )
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "rows", "line"),
    [
        ('[{"id": 1},\n {"id": 2}\n', 2, 3),
        ('[{"id": 1},\n {"id": }]', 1, 2),
        ('[{"id": 1},\n 5]', 1, 2),
        ('{"id": 1}\n{"id": NaN}', 1, 2),
        ('{"id": 1}\nnull', 1, 2),
        ('[{"id": 1}] x', 1, 1),
        ("[" * 100_000, 0, 1),
    ],
    ids=["open", "broken", "number", "nan", "null", "more", "deep"],
)
def test_broken_json_is_a_problem_of_its_line(text, rows, line):
    found = read(text, thing, UTC)

    assert (len(found.rows), [problem.line for problem in found.problems]) == (rows, [line])


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "id", "id\n", "[]", "  "])
def test_a_file_without_rows_has_none(text):
    found = read(text, thing, UTC)

    assert (found.rows, found.problems) == ((), ())
