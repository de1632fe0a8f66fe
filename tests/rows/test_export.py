from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import JSON, Column, Integer, MetaData, Numeric, String, Table, create_engine, insert, text

from dbtool.errors import StoppedError
from dbtool.rows.export import csv_line, json_text, stream, write_csv
from dbtool.rows.query import Selection


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["a", 1, None, "", True], 'a,1,,"",true\n'),
        (['say "hi"', "a,b"], '"say ""hi""","a,b"\n'),
        (["two\nlines", "a\r"], '"two\nlines","a\r"\n'),
        (["=1+1", "+1", "-1", "@x", "\x1b[31m"], "=1+1,+1,-1,@x,\x1b[31m\n"),
        ([" padded ", "inner space"], '" padded ",inner space\n'),
        ([Decimal("1.10"), date(2025, 1, 2), b"\x00\xff"], "1.10,2025-01-02,00ff\n"),
        ([{"a": [1, "x"]}], '"{""a"":[1,""x""]}"\n'),
        ([None], '""\n'),
        ([None, None], ",\n"),
    ],
)
def test_cells_are_data_and_only_quoted_where_csv_needs_it(cells, line):
    assert csv_line(cells) == line


def test_any_text_survives_reading_it_back():
    texts = ["", " ", "\t", "a\r\nb", '"', '""', ",", "'", "\\", "null", "=1", "\u2028", "🙂", "\ufeff", "\x00x"]

    read = next(csv.reader(io.StringIO(csv_line(texts), newline="")))

    assert read == texts


def test_memory_stays_flat_however_many_rows_there_are(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'big.db'}")
    table = Table("big", MetaData(), Column("id", Integer, primary_key=True), Column("text", String))
    with engine.begin() as connection:
        table.create(connection)
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        connection.execute(text(f"INSERT INTO big {numbers} SELECT i, printf('%0100d', i) FROM n"))
    chosen = Selection(table, tuple(table.columns), order=(table.c.id,))

    written = []
    with engine.connect() as connection:
        tracemalloc.start()
        count = write_csv(connection, chosen, None, lambda lines: written.append(len(lines)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert (count, sum(written)) == (100_000, len("id,text\n") + sum(len(f"{i},") + 101 for i in range(1, 100_001)))
    assert peak < 4_000_000


def test_a_value_that_does_not_fit_its_column_hides_no_other(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'odd.db'}")
    from sqlalchemy import Date

    table = Table("odd", MetaData(), Column("id", Integer, primary_key=True), Column("day", Date))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(id=1, day=date(2025, 1, 2)))
        connection.execute(text("INSERT INTO odd VALUES (2, 'someday'), (3, x'00ff')"))

    lines: list[str] = []
    with engine.connect() as connection:
        write_csv(connection, Selection(table, tuple(table.columns)), None, lines.append)

    assert "".join(lines) == "id,day\n1,2025-01-02\n2,someday\n3,00ff\n"


numbers = Table(
    "numbers",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("price", Numeric(40, 20)),
    Column("name", String(50)),
    Column("extra", JSON(none_as_null=True)),
)


@pytest.fixture
def filled(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'numbers.db'}")
    with engine.begin() as connection:
        numbers.create(connection)
        connection.execute(
            insert(numbers),
            [
                {"id": 2**62 + 1, "price": None, "name": 'say "hi"\n', "extra": {"a": [1, 2.5, None]}},
                {"id": 1, "price": Decimal("1.5"), "name": "=1+1", "extra": None},
            ],
        )
    with engine.connect() as connection:
        yield connection


CHOSEN = Selection(numbers, tuple(numbers.columns), order=(numbers.c.id,))


def test_json_and_ndjson_hold_the_rows_with_exact_numbers(filled):
    lines = "".join(stream(filled, CHOSEN, "ndjson")).splitlines()
    array = "".join(stream(filled, CHOSEN, "json"))

    assert lines == [
        '{"id":1,"price":1.50000000000000000000,"name":"=1+1","extra":null}',
        '{"id":4611686018427387905,"price":null,"name":"say \\"hi\\"\\n","extra":{"a":[1,2.5,null]}}',
    ]
    assert array == "[\n" + ",\n".join(lines) + "\n]\n"
    assert json.loads(array)[1]["id"] == 2**62 + 1


def test_an_export_of_no_rows_is_an_empty_array_or_a_header(filled):
    nothing = Selection(numbers, (numbers.c.id,), (numbers.c.id == 5,))

    assert ["".join(stream(filled, nothing, form)) for form in ("json", "ndjson", "csv")] == ["[]\n", "", "id\n"]


def test_a_guarded_csv_calculates_nothing(filled):
    lines = "".join(stream(filled, CHOSEN, "csv", guard=True)).splitlines()

    assert lines[1] == "1,1.50000000000000000000,'=1+1,"
    assert "".join(stream(filled, CHOSEN, "csv")).splitlines()[1] == "1,1.50000000000000000000,=1+1,"


def test_an_export_ends_when_it_is_told_to(filled):
    with pytest.raises(StoppedError):
        list(stream(filled, CHOSEN, "json", stop=lambda: True))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), '"NaN"'),
        (float("inf"), '"inf"'),
        (0.1, "0.1"),
        (True, "true"),
        ([Decimal("1.10"), {"a": None}], '[1.10,{"a":null}]'),
        (date(2025, 1, 2), '"2025-01-02"'),
        (b"\x00\xff", '"00ff"'),
        ("ä\u2028", '"ä\u2028"'),
    ],
)
def test_a_value_as_json(value, text):
    assert json_text(value) == text
    json.loads(text)
