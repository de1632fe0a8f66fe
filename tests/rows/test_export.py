from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, text

from dbtool.rows.export import csv_line, write_csv
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
