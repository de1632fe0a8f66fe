"""What a foreign key could point at, and what points at a row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import pytest
from projects import at, drop, new_url
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    insert,
)
from sqlmodel import Field, Relationship, SQLModel

from dbtool.database import Database
from dbtool.rows.conditions import Filter
from dbtool.rows.contents import Counted, Held, capped_counts
from dbtool.rows.detail import labels, one
from dbtool.rows.find import keys_by_name
from dbtool.rows.lookup import Candidate, lookup
from dbtool.rows.records import Back, BackReference, back, back_references, record_label
from dbtool.rows.sheet import sheet
from dbtool.tables import MODEL, target_of

metadata = MetaData()
country = Table(
    "look_country", metadata, Column("id", Integer, primary_key=True), Column("name", String(50), unique=True)
)
city = Table(
    "look_city",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("country_id", ForeignKey("look_country.id"), nullable=False),
    Column("name", String(50), nullable=False),
    UniqueConstraint("country_id", "name"),
)
person = Table(
    "look_person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True, nullable=False),
    Column("city_id", ForeignKey("look_city.id")),
    Column("born_id", ForeignKey("look_city.id")),
)
passport = Table("look_passport", metadata, Column("person_id", ForeignKey("look_person.id"), primary_key=True))
place = Table(
    "look_place",
    metadata,
    Column("x", Integer, primary_key=True, autoincrement=False),
    Column("y", Integer, primary_key=True, autoincrement=False),
    Column("name", String(20)),
)
visit = Table(
    "look_visit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("x", Integer),
    Column("y", Integer),
    ForeignKeyConstraint(["x", "y"], ["look_place.x", "look_place.y"]),
)


@dataclass
class Opened:
    database: Database
    connection: Connection

    def look(self, table: Table, name: str, text: str, limit: int = 20) -> tuple[Candidate, ...]:
        reference = keys_by_name(table)[name]
        target = sheet(self.database, target_of(reference)[0], "table", self.connection.dialect)
        return lookup(self.connection, target, reference, text, zone=UTC, limit=limit)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mysql"])
def here(request, tmp_path_factory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("lookup")
    url = new_url(request.param, folder)
    database = at(url, folder)
    database.create()
    with database.connect("migrate") as connection:
        metadata.create_all(connection)
        connection.execute(insert(country), [{"name": "France"}, {"name": "Spain"}])
        cities = [(1, "Paris"), (1, "Lyon"), (2, "Madrid"), (2, "100%")]
        connection.execute(insert(city), [{"country_id": number, "name": name} for number, name in cities])
        people = [("anna", 1, 2), ("bob", 1, 1), ("carl", 1, None)]
        connection.execute(insert(person), [{"name": n, "city_id": c, "born_id": b} for n, c, b in people])
        connection.execute(insert(passport), [{"person_id": 1}])
        connection.execute(insert(place), [{"x": 1, "y": 2, "name": "here"}, {"x": 1, "y": 3, "name": "there"}])
        connection.execute(insert(visit), [{"x": 1, "y": 2}])
        connection.commit()
    with database.connect("read") as connection:
        yield Opened(database, connection)
    drop(url, folder)


def test_candidates_are_found_by_a_part_of_their_natural_key(here):
    assert here.look(person, "city", "FRA") == (
        Candidate('["2"]', "France/Lyon", {"city_id": "2"}),
        Candidate('["1"]', "France/Paris", {"city_id": "1"}),
    )
    assert [each.label for each in here.look(person, "born", "%")] == ["Spain/100%"]
    assert here.look(person, "born", "nowhere") == ()


def test_the_row_whose_key_it_is_comes_first(here):
    assert [each.key for each in here.look(person, "city", "3")] == ['["3"]']
    assert [each.key for each in here.look(person, "city", "1")] == ['["1"]', '["4"]']


def test_no_text_finds_the_first_rows(here):
    assert [each.label for each in here.look(person, "city", "", 3)] == ["France/Lyon", "France/Paris", "Spain/100%"]


def test_a_key_of_two_columns_gives_both(here):
    (found,) = here.look(visit, "look_place", "3")

    assert (found.key, found.values) == ('["1","3"]', {"x": "1", "y": "3"})


def test_what_points_at_a_row_is_counted_up_to_a_cap(here):
    existing = {table.key for table in metadata.tables.values()}

    found = back(here.connection, city, {"id": "1"}, existing=existing, zone=UTC, cap=2)

    assert found == (
        Back("look_person.city_id", "look_person", (Filter("city_id", "eq", ("1",)),), True, Counted(2, False)),
        Back("look_person.born_id", "look_person", (Filter("born_id", "eq", ("1",)),), True, Counted(1, True)),
    )
    assert back(here.connection, city, {"id": "1"}, existing=set(), zone=UTC) == ()


def test_one_row_or_many_can_point_here():
    assert back_references(person) == (BackReference("look_passport", "look_passport", (("person_id", "id"),), False),)
    assert back_references(place) == (BackReference("look_visit", "look_visit", (("x", "x"), ("y", "y")), True),)


def test_a_null_points_nowhere(here):
    (found,) = back(here.connection, place, {"x": "1", "y": None}, existing={"look_visit"}, zone=UTC)

    assert found.counted == Counted(0, True)


def test_a_row_is_called_by_its_natural_key(here):
    shown = sheet(here.database, city, "table", here.connection.dialect)
    row = one(here.connection, shown, '["3"]', UTC)

    assert record_label(shown, row, labels(here.connection, shown, [row], UTC)) == "Spain/Madrid"


def test_tables_are_counted_up_to_a_cap(here):
    held = [Held(None, name, "table") for name in ("look_person", "look_city")]

    assert capped_counts(here.connection, held, 3) == {"look_person": Counted(3, True), "look_city": Counted(3, False)}


class Base(SQLModel):
    metadata = MetaData()


class Link(Base, table=True):
    __tablename__ = "look_link"
    post_id: int = Field(foreign_key="look_post.id", primary_key=True)
    tag_id: int = Field(foreign_key="look_tag.id", primary_key=True)


class Tag(Base, table=True):
    __tablename__ = "look_tag"
    id: int | None = Field(default=None, primary_key=True)


class Note(Base, table=True):
    __tablename__ = "look_note"
    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="look_post.id")


class Post(Base, table=True):
    __tablename__ = "look_post"
    id: int | None = Field(default=None, primary_key=True)
    tags: list[Tag] = Relationship(link_model=Link)
    remarks: list[Note] = Relationship()


def test_the_way_back_is_called_as_the_model_calls_it():
    table = Post.__table__  # type: ignore[attr-defined]
    table.info[MODEL] = Post

    assert set(back_references(table)) == {
        BackReference("tags", "look_link", (("post_id", "id"),), True),
        BackReference("remarks", "look_note", (("post_id", "id"),), True),
    }
