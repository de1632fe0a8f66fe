from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import pytest
from sqlalchemy import (
    Column,
    Date,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
)

from dbtool.errors import DataError, RecordNotFoundError
from dbtool.rows.labels import label, locate, row_label, row_labels

metadata = MetaData()
country = Table("country", metadata, Column("code", String(2), primary_key=True))
city = Table(
    "city",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("country", ForeignKey("country.code")),
    Column("name", String(50)),
    UniqueConstraint("country", "name"),
)
concert = Table(
    "concert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", ForeignKey("city.id")),
    Column("day", Date),
    Column("ticket", String(10), unique=True),
    UniqueConstraint("city_id", "day"),
)
visit = Table("visit", metadata, Column("id", Integer, primary_key=True), Column("city_id", ForeignKey("city.id")))
folder = Table(
    "folder",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("folder.id")),
    Column("name", String(50)),
    UniqueConstraint("parent_id", "name"),
)
log = Table("log", metadata, Column("text", String(50)))


@pytest.fixture
def engine() -> Engine:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(country), [{"code": "de"}, {"code": "fr"}])
        cities = [("de", "Berlin"), ("de", "Bad Tölz"), ("fr", "Aix/Provence"), ("fr", None)]
        rows = [{"id": number, "country": code, "name": name} for number, (code, name) in enumerate(cities, start=1)]
        connection.execute(insert(city), rows)
        connection.execute(insert(visit), [{"id": n, "city_id": at} for n, at in enumerate([1, 1, 3, 4, None, 99])])
        connection.execute(
            insert(folder), [{"id": 1, "parent_id": None, "name": "root"}, {"id": 2, "parent_id": 1, "name": "leaf"}]
        )
    return engine


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def record(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    yield statements
    event.remove(engine, "before_cursor_execute", record)


def test_a_label_is_the_natural_key_in_which_foreign_keys_are_natural_keys_again(engine):
    rows = [{"city_id": 1}, {"city_id": 3}, {"city_id": 4}, {"city_id": None}, {"city_id": 99}]

    with engine.connect() as connection:
        labels = row_labels(connection, visit, rows)

    assert labels == ({"city_id": "de/Berlin"}, {"city_id": "fr/Aix/Provence"}, {"city_id": "fr/null"}, {}, {})


def test_labels_cost_one_query_for_each_foreign_key_however_many_rows_there_are(engine):
    with engine.connect() as connection, counted(engine) as statements:
        row_labels(connection, visit, [{"city_id": number % 4 + 1} for number in range(400)])

    assert len(statements) == 1


def test_a_foreign_key_that_is_itself_what_names_a_row_needs_no_label(engine):
    with engine.connect() as connection, counted(engine) as statements:
        labels = row_labels(connection, city, [{"country": "de"}])

    assert (labels, statements) == (({},), [])


def test_a_table_that_leads_back_to_itself_ends_with_the_value(engine):
    with engine.connect() as connection:
        labels = row_labels(connection, folder, [{"parent_id": 1}, {"parent_id": 2}])

    assert labels == ({"parent_id": "null/root"}, {"parent_id": "1/leaf"})


def test_what_a_row_is_called_finds_it(engine):
    with engine.connect() as connection:
        for table in (city, folder):
            for row in connection.execute(table.select()).mappings().all():
                (labels,) = row_labels(connection, table, [row])
                assert locate(connection, table, row_label(table, row, labels), [table.c.id], UTC) == (row["id"],)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("de/Berlin", (1,)),
        ("de Berlin", (1,)),
        ("de/Bad Tölz", (2,)),
        ("de Bad Tölz", (2,)),
        ("fr/Aix/Provence", (3,)),
        ("fr/null", (4,)),
        ("4", (4,)),
    ],
)
def test_a_row_is_located_by_its_label_whatever_its_parts_hold(engine, text, found):
    with engine.connect() as connection:
        assert locate(connection, city, text, [city.c.id], UTC) == found


@pytest.mark.parametrize(
    ("table", "text", "hint"),
    [
        (city, "de/Berlim", "did you mean `de/Berlin`?"),
        (city, "zzzzzz", "dbtool show city"),
        (country, "e", "did you mean `de`?"),
        (log, "x", "dbtool show log --where ..."),
    ],
    ids=str,
)
def test_a_row_that_is_not_there_is_answered_with_the_nearest(engine, table, text, hint):
    with engine.connect() as connection, pytest.raises(RecordNotFoundError) as error:
        locate(connection, table, text, list(table.columns), UTC)

    assert error.value.hint == hint


def test_a_text_that_names_two_rows_is_not_guessed(engine):
    twins = Table("twins", MetaData(), Column("name", String), info={"dbtool.seed_key": ("name",)})
    with engine.begin() as connection:
        twins.create(connection)
        connection.execute(insert(twins), [{"name": "a"}, {"name": "a"}])

    with engine.connect() as connection, pytest.raises(DataError) as error:
        locate(connection, twins, "a", [twins.c.name], UTC)

    assert error.value.message == "`a` names more than one row of `twins`"


def test_nothing_names_the_rows_of_a_table_without_keys():
    assert label(log).parts == ()
