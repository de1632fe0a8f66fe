"""A walk by pages is the order of the database, whatever the order, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import base64
import enum
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from projects import at, drop, new_url
from sqlalchemy import (
    JSON,
    REAL,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    insert,
    select,
)

from dbtool import values
from dbtool.database import Database
from dbtool.errors import ColumnNotFoundError, ConditionError, RecordNotFoundError
from dbtool.rows.choice import Criteria, count, selection
from dbtool.rows.conditions import Filter
from dbtool.rows.detail import labels, matching, one, whole_cell
from dbtool.rows.fetch import fetch
from dbtool.rows.keyset import Place, page
from dbtool.rows.order import Sort
from dbtool.rows.sheet import Sheet, sheet, sortable

KINDS = ("sqlite", "postgres", "mysql")


class Mood(enum.Enum):
    sad = "Sad"
    happy = "Happy!"
    angry = "angry"


metadata = MetaData()
owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True, nullable=False),
)
thing = Table(
    "thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), index=True),
    Column("name", String(100), index=True),
    Column("score", Float, index=True),
    Column("single", REAL, index=True),
    Column("price", Numeric(12, 3), index=True),
    Column("mood", Enum(Mood), index=True),
    Column("done", Boolean),
    Column("day", Date, index=True),
    Column("seen", DateTime),
    Column("clock", Time),
    Column("token", Uuid, index=True),
    Column("data", LargeBinary(20)),
    Column("note", Text),
    Column("extra", JSON(none_as_null=True)),
    Column("rank", Integer, nullable=False),
    Index("ix_pair", "mood", "rank"),
)
pair = Table(
    "pair",
    metadata,
    Column("left", Integer, primary_key=True, autoincrement=False),
    Column("right", String(20), primary_key=True),
    Column("rank", Integer, index=True),
)
bare = Table("bare", metadata, Column("rank", Integer), Column("name", String(20)))
unique = Table(
    "uniq",
    metadata,
    Column("a", Integer, nullable=False),
    Column("b", String(20), nullable=False),
    Column("rank", Integer),
    UniqueConstraint("a", "b"),
)
HOSTILE = 'sel"ect %s % :x ? `y` [z] \'"; --'
hostile = Table(
    HOSTILE,
    metadata,
    Column("i d%", Integer, primary_key=True),
    Column("rowid", Integer),
    Column('or"der %(x)s', String(20), index=True),
)
wide = Table(
    "wide",
    metadata,
    Column("id", Integer, primary_key=True),
    *(Column(f"column_{number}", Integer) for number in range(200)),
)
WORDS = ["", "a", "A", "b", "B", "ab", "Ab", "ä", "Ä", "z", "10", "9", "a%", "a_", "ß", "ss", "'", '"', "\\", "x y"]
FLOATS = [0.1, 12.5, 87.3, -1.5, 1e10, 1 / 3, 2 / 3, 0.0, 1e-5]


def random_thing(number: int, chance: random.Random) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.25 else value

    return {
        "id": number,
        "owner_id": maybe(chance.randrange(1, 4)),
        "name": maybe(chance.choice(WORDS)),
        "score": maybe(chance.choice(FLOATS)),
        "single": maybe(chance.choice(FLOATS)),
        "price": maybe(Decimal(chance.randrange(-5, 5)) / 8),
        "mood": maybe(chance.choice(list(Mood))),
        "done": maybe(chance.random() < 0.5),
        "day": maybe(date(2025, 1, chance.randrange(1, 6))),
        "seen": maybe(datetime(2025, 1, 1, chance.randrange(3), 5, 6)),
        "clock": maybe(time(chance.randrange(3), 5, 6)),
        "token": maybe(UUID(int=chance.randrange(4) << 60)),
        "data": maybe(bytes([chance.randrange(3), 255])),
        "note": maybe(chance.choice(WORDS) * chance.choice([1, 1, 200])),
        "extra": maybe({"a": [1, None, "x" * chance.choice([1, 400])]}),
        "rank": chance.randrange(4),
    }


@dataclass(frozen=True)
class Opened:
    database: Database
    connection: Connection

    def sheet(self, table: Table, kind: Any = "table") -> Sheet:
        return sheet(self.database, table, kind, self.connection.dialect)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Opened]:
    url = new_url(kind, folder)
    database = at(url, folder)
    database.create()
    chance = random.Random(7)
    try:
        with database.connect("migrate") as connection:
            metadata.create_all(connection)
            connection.execute(insert(owner), [{"name": name} for name in ("anna", "bob", "carl")])
            connection.execute(insert(thing), [random_thing(number, chance) for number in range(1, 61)])
            pairs = [{"left": i % 4, "right": f"{i // 4}/ä", "rank": i % 3 or None} for i in range(24)]
            connection.execute(insert(pair), pairs)
            connection.execute(insert(bare), [{"rank": i % 4, "name": f"name {i % 5}"} for i in range(20)])
            connection.execute(insert(unique), [{"a": i % 3, "b": f"b{i}", "rank": i % 2} for i in range(12)])
            order = hostile.columns[2].name
            connection.execute(
                insert(hostile), [{"i d%": i, "rowid": -i, order: ["%s", "?", None][i % 3]} for i in range(1, 12)]
            )
            connection.execute(insert(wide), [{"id": 1, "column_7": 7}, {"id": 2, "column_7": 8}])
            connection.exec_driver_sql("CREATE VIEW shown AS SELECT name, score FROM thing")
            connection.commit()
        with database.connect("read") as connection:
            yield Opened(database, connection)
    finally:
        drop(url, folder)


@pytest.fixture(scope="module", params=KINDS)
def here(request, tmp_path_factory) -> Iterator[Opened]:
    with opened(request.param, tmp_path_factory.mktemp("keyset")) as found:
        yield found


def pages(here: Opened, shown: Sheet, criteria: Criteria, limit: int, first: Place, way: str) -> list[str | None]:
    """Read all pages from a place on, one way, and return the keys in the order of the rows."""
    keys: list[str | None] = []
    place: Place | None = first
    while place is not None:
        read = page(here.connection, shown, criteria, place, zone=UTC, limit=limit)
        found = [row.key for row in read.rows]
        assert len(found) <= limit
        keys = keys + found if way == "after" else found + keys
        cursor = getattr(read, way)
        assert cursor is None or len(found) == limit
        place = None if cursor is None else Place(way, cursor)  # type: ignore[arg-type]
    return keys


def expected(here: Opened, shown: Sheet, criteria: Criteria) -> list[str]:
    """Ask the database for the order as a whole."""
    chosen = selection(here.connection, shown, criteria, zone=UTC)
    ordered = []
    identity = {column.name for column in shown.identity.columns}
    last = bool(criteria.sort) and criteria.sort[-1].descending
    named = [sort.column for sort in criteria.sort]
    for name, descending in [(s.column, s.descending) for s in criteria.sort] + [
        (column.name, last) for column in shown.identity.columns if column.name not in named
    ]:
        column = shown.table.columns[name]
        ordered.append(column.desc() if descending else column.asc())
    assert identity
    statement = select(*shown.identity.columns).where(*chosen.where).order_by(*ordered)
    found = fetch(here.connection, statement, shown.identity.columns)
    return ["[" + ",".join(values.text(f'"{values.text(value)}"') for value in row) + "]" for row in found]


COLUMNS = [column.name for column in thing.columns if sortable(column) and column.name != "id"]
ORDERS = [
    (),
    (Sort("id", True),),
    *((Sort(name, descending),) for name in COLUMNS for descending in (False, True)),
    (Sort("mood"), Sort("rank")),
    (Sort("mood", True), Sort("rank", True)),
    (Sort("mood", True), Sort("rank")),
    (Sort("name"), Sort("score", True), Sort("price")),
    (Sort("single", True), Sort("day"), Sort("token", True)),
    (Sort("done"), Sort("seen", True), Sort("id", True)),
    (Sort("owner_id", True), Sort("id")),
]


def words(order: tuple[Sort, ...]) -> str:
    return ",".join(f"{'-' if each.descending else ''}{each.column}" for each in order) or "default"


@pytest.mark.parametrize("order", ORDERS, ids=words)
def test_a_walk_is_the_order_of_the_database_both_ways_and_from_the_middle(here, order):
    shown = here.sheet(thing)
    criteria = Criteria(sort=order)
    whole = expected(here, shown, criteria)
    assert len(whole) == 60

    for limit in (1, 7, 20, 60, 200):
        assert pages(here, shown, criteria, limit, Place(), "after") == whole
        assert pages(here, shown, criteria, limit, Place("end"), "before") == whole
    for middle in (0, 1, 17, 59):
        start = Place("key", whole[middle])
        read = page(here.connection, shown, criteria, start, zone=UTC, limit=5)
        assert [row.key for row in read.rows] == whole[middle : middle + 5]
        assert pages(here, shown, criteria, 7, start, "after") == whole[middle:]
        assert (read.before is None) == (middle == 0)
        if read.before:
            assert pages(here, shown, criteria, 7, Place("before", read.before), "before") == whole[:middle]


@pytest.mark.parametrize(
    "filters",
    [
        (Filter("rank", "in", ("1", "2")),),
        (Filter("name", "contains", ("a",)), Filter("rank", "ne", ("3",))),
        (Filter("owner", "eq", ("bob",)),),
        (Filter("owner", "contains", ("a",)),),
        (Filter("score", "between", ("0", "20")),),
        (Filter("seen", "not_null"),),
        (Filter("single", "eq", ("87.3",)),),
    ],
    ids=lambda filters: "+".join(f"{each.column} {each.operator}" for each in filters),
)
def test_a_walk_through_filtered_rows_is_their_order(here, filters):
    shown = here.sheet(thing)
    criteria = Criteria(filters, sort=(Sort("mood", True), Sort("rank")))
    whole = expected(here, shown, criteria)

    assert pages(here, shown, criteria, 3, Place(), "after") == whole
    assert pages(here, shown, criteria, 3, Place("end"), "before") == whole
    assert 0 < len(whole) == count(here.connection, shown, criteria, zone=UTC).count


@pytest.mark.parametrize("table", [pair, unique, hostile, wide, owner], ids=lambda table: table.name[:6])
def test_a_walk_through_any_table_is_its_order(here, table):
    shown = here.sheet(table)
    names = [column.name for column in table.columns][:3]
    orders = [(), *((Sort(name, descending),) for name in names for descending in (False, True))]

    for order in orders:
        whole = expected(here, shown, Criteria(sort=order))
        assert pages(here, shown, Criteria(sort=order), 4, Place(), "after") == whole
        assert pages(here, shown, Criteria(sort=order), 4, Place("end"), "before") == whole


def test_a_table_without_a_key_is_walked_by_the_address_of_its_rows_or_by_number(here):
    shown = here.sheet(bare)
    address = here.database.kind != "mysql"

    for order in ((), (Sort("rank"),), (Sort("rank", True), Sort("name"))):
        read = page(here.connection, shown, Criteria(sort=order), Place(), zone=UTC, limit=100)
        cells = [row.cells for row in read.rows]
        assert (len(cells), len({row.key for row in read.rows})) == (20, 20 if address else 1)
        assert [row[0] for row in cells] == sorted(
            (row[0] for row in cells), reverse=bool(order and order[0].descending)
        ) or not order
        assert walked_cells(here, shown, Criteria(sort=order), "after") == cells
        assert walked_cells(here, shown, Criteria(sort=order), "before") == cells


def walked_cells(here: Opened, shown: Sheet, criteria: Criteria, way: str) -> list[tuple[str | None, ...]]:
    cells: list[tuple[str | None, ...]] = []
    place: Place | None = Place("end" if way == "before" else "start")
    while place is not None:
        read = page(here.connection, shown, criteria, place, zone=UTC, limit=3)
        found = [row.cells for row in read.rows]
        cells = cells + found if way == "after" else found + cells
        cursor = getattr(read, way)
        place = None if cursor is None else Place(way, cursor)  # type: ignore[arg-type]
    return cells


def test_a_view_is_read_by_number(here):
    shown = here.sheet(Table("shown", MetaData(), Column("name", String(100)), Column("score", Float)), "view")

    read = page(here.connection, shown, Criteria(), Place(), zone=UTC, limit=100)

    assert ([row.key for row in read.rows], read.indexed) == ([None] * 60, False)
    cells = [row.cells for row in read.rows]
    assert walked_cells(here, shown, Criteria(), "after") == cells
    assert walked_cells(here, shown, Criteria(), "before") == cells
    found = page(here.connection, shown, Criteria(sort=(Sort("score"),)), Place("value", "12.5"), zone=UTC, limit=1)
    assert found.rows[0].cells[1] == "12.5"
    with pytest.raises(RecordNotFoundError):
        page(here.connection, shown, Criteria(), Place("key", '["1"]'), zone=UTC)


def test_a_page_starts_where_the_first_column_has_a_value_or_would_have_it(here):
    shown = here.sheet(thing)

    def first(order: tuple[Sort, ...], text: str) -> tuple[str | None, ...]:
        read = page(here.connection, shown, Criteria(sort=order), Place("value", text), zone=UTC, limit=1)
        names = [column.name for column in thing.columns]
        return tuple(row.cells[names.index(order[0].column if order else "id")] for row in read.rows)

    assert first((), "30") == ("30",)
    assert first((Sort("score"),), "13") == ("87.3",)
    assert first((Sort("score", True),), "13") == ("12.5",)
    assert first((Sort("mood"),), "Happy!") == ("Happy!",)
    assert first((Sort("day"),), "2025-01-03") == ("2025-01-03",)
    with pytest.raises(ConditionError):
        first((Sort("day"),), "soon")


def test_a_page_at_a_number_skips_so_many_rows(here):
    shown = here.sheet(thing)

    read = page(here.connection, shown, Criteria(), Place("number", 57), zone=UTC, limit=2)
    beyond = page(here.connection, shown, Criteria(), Place("number", 10**30), zone=UTC, limit=2)

    assert [row.key for row in read.rows] == ['["58"]', '["59"]']
    assert read.before is not None and read.after is not None
    assert beyond.rows == ()


def test_cells_are_the_texts_of_the_values(here):
    shown = here.sheet(thing)
    names = [column.name for column in thing.columns]
    whole = fetch(here.connection, select(thing).order_by(thing.c.id), list(thing.columns))

    read = page(here.connection, shown, Criteria(), Place(), zone=UTC)

    for row, value in zip(read.rows, whole, strict=True):
        texts = [None if each is None else values.text(each) for each in value]
        for index, text in enumerate(texts):
            if index not in row.cut:
                assert (names[index], row.cells[index]) == (names[index], text)
                assert text is None or names[index] == "token" or len(text) <= 300
            else:
                assert names[index] in ("note", "extra")
                assert len(row.cells[index] or "") == 300 < row.cut[index]
                read_whole = whole_cell(here.connection, shown, row.key or "", names[index], zone=UTC)
                assert read_whole is not None and read_whole.text == text
    assert any(row.cut for row in read.rows)


def test_a_row_is_found_by_its_key_and_by_its_values(here):
    shown = here.sheet(pair)

    row = one(here.connection, shown, '["2","3/ä"]', UTC)

    assert row.cells[:2] == ("2", "3/ä")
    assert matching(here.connection, shown, {"left": "2", "right": "3/ä"}, UTC) == row
    for key in ('["9","x"]', '["x","x"]', '["2"]', "{}", "[", "", "[[1],2]", '["\udcff","x"]', "[" * 5000):
        with pytest.raises(RecordNotFoundError):
            one(here.connection, shown, key, UTC)


def test_the_row_of_an_address_is_found_by_it_where_rows_have_one(here):
    shown = here.sheet(bare)
    if here.database.kind == "mysql":
        assert shown.identity.kind == "none"
        return
    read = page(here.connection, shown, Criteria(), Place("end"), zone=UTC, limit=2)

    assert one(here.connection, shown, read.rows[0].key or "", UTC) == read.rows[0]
    for key in ('["1 OR 1=1"]', '["x"]', '[""]', '["(1,2) "]'):
        with pytest.raises(RecordNotFoundError):
            one(here.connection, shown, key, UTC)


def test_a_cursor_of_another_order_or_of_nobody_is_refused(here):
    shown = here.sheet(thing)
    read = page(here.connection, shown, Criteria(), Place(), zone=UTC, limit=5)
    assert read.after is not None

    for criteria, cursor in [
        (Criteria(sort=(Sort("name"),)), read.after),
        (Criteria(sort=(Sort("id", True),)), read.after),
        (Criteria(), ""),
        (Criteria(), "x"),
        (Criteria(), "bnVsbA"),
        (Criteria(), read.after[:-3]),
        (Criteria(), base64.urlsafe_b64encode(b'[["+id"],["\\ud800"]]').decode()),
    ]:
        with pytest.raises(ConditionError):
            page(here.connection, shown, criteria, Place("after", cursor), zone=UTC)


def test_an_order_by_what_is_no_column_or_has_no_order_is_refused(here):
    shown = here.sheet(thing)

    for name, error in [("nothing", ColumnNotFoundError), ("extra", ConditionError), ("id; --", ColumnNotFoundError)]:
        with pytest.raises(error):
            page(here.connection, shown, Criteria(sort=(Sort(name),)), Place(), zone=UTC)


def test_an_empty_page_leads_back_to_where_it_began(here):
    shown = here.sheet(thing)
    criteria = Criteria(filters=(Filter("id", "gt", ("1000",)),))

    nothing = page(here.connection, shown, criteria, Place(), zone=UTC)
    whole = page(here.connection, shown, Criteria(), Place("number", 55), zone=UTC, limit=3)
    behind = page(here.connection, shown, criteria, Place("after", whole.after), zone=UTC)

    assert (nothing.rows, nothing.before, nothing.after) == ((), None, None)
    assert (behind.rows, behind.before, behind.after) == ((), whole.after, None)


def test_counting_stops_at_the_cap(here):
    shown = here.sheet(thing)
    counted = [count(here.connection, shown, Criteria(), zone=UTC, cap=cap) for cap in (None, 60, 59)]

    assert [(each.count, each.exact) for each in counted] == [(60, True), (60, True), (59, False)]


def test_an_order_that_no_index_gives_is_told(here):
    def indexed(*order: Sort) -> bool:
        return page(here.connection, here.sheet(thing), Criteria(sort=order), Place(), zone=UTC, limit=1).indexed

    assert [indexed(), indexed(Sort("name")), indexed(Sort("note")), indexed(Sort("rank"))] == [
        True,
        True,
        False,
        False,
    ]


def test_labels_are_those_of_the_rows_that_foreign_keys_point_at(here):
    read = page(here.connection, here.sheet(thing), Criteria(), Place(), zone=UTC)

    found = labels(here.connection, here.sheet(thing), read.rows, UTC)

    assert found == {"owner_id": {"1": "anna", "2": "bob", "3": "carl"}}


def test_a_search_looks_into_every_text(here):
    shown = here.sheet(thing)

    def keys(text: str) -> list[str | None]:
        return [row.key for row in page(here.connection, shown, Criteria(search=text), Place(), zone=UTC).rows]

    assert (
        len(keys("happy!"))
        == count(here.connection, shown, Criteria((Filter("mood", "eq", ("Happy!",)),)), zone=UTC).count
    )
    assert '["17"]' in keys("17")
    assert keys("no such text") == []


def test_what_sqlite_keeps_in_any_column_is_walked_and_shown(tmp_path):
    table = Table("odd", MetaData(), Column("id", Integer, primary_key=True), Column("x", Integer, index=True))
    with opened("sqlite", tmp_path) as here, here.database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE odd (id INTEGER PRIMARY KEY, x INTEGER)")
        connection.exec_driver_sql("CREATE INDEX ix ON odd (x)")
        connection.exec_driver_sql(
            "INSERT INTO odd (x) VALUES (1), ('abc'), (1.5), (x'00ff'), (NULL), ('ABC'), (9007199254740993), (x'')"
        )
        shown = sheet(here.database, table, "table", connection.dialect)
        mine = Opened(here.database, connection)

        for descending in (False, True):
            criteria = Criteria(sort=(Sort("x", descending),))
            sql = "SELECT id FROM odd ORDER BY x{0}, id{0}".format(" DESC" if descending else "")
            whole = [f'["{id}"]' for (id,) in connection.exec_driver_sql(sql)]
            for limit in (1, 3):
                assert pages(mine, shown, criteria, limit, Place(), "after") == whole
                assert pages(mine, shown, criteria, limit, Place("end"), "before") == whole
        cells = [row.cells[1] for row in page(connection, shown, Criteria(), Place(), zone=UTC).rows]

    assert cells == ["1", "abc", "1.5", "00ff", None, "ABC", "9007199254740993", ""]


def test_the_order_of_an_export_is_that_of_the_grid(here):
    shown = here.sheet(thing)
    criteria = Criteria(sort=(Sort("mood", True),))
    whole = expected(here, shown, criteria)

    chosen = selection(here.connection, shown, criteria, columns=("id",), keys=whole[5:9], zone=UTC)
    found = fetch(here.connection, chosen.statement, chosen.columns)

    assert [f'["{id}"]' for (id,) in found] == whole[5:9]
