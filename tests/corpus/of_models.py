"""Models as SQLModel's users write them, and changes of many things at once."""

# No `from __future__ import annotations` here: SQLModel reads annotations of classes within functions as they are.

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from corpus.case import ID, Case, check, column, index, key, table, unique


class Color(StrEnum):
    red = "red"
    blue = "blue"


class Colors(StrEnum):
    red = "red"
    green = "green"
    blue = "blue"


def base(metadata: sa.MetaData) -> Any:
    """A SQLModel whose tables are in a MetaData of their own."""

    class Base(SQLModel, registry=registry(metadata=metadata)):
        pass

    return Base


def hero(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Hero(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=50)
        age: int | None = None


def hero_with_more(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Hero(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=50)
        age: int = Field(default=18)
        email: str | None = Field(default=None, unique=True, max_length=100)
        active: bool = True
        score: Decimal = Field(default=Decimal("1.5"), max_digits=8, decimal_places=2)
        born: date | None = None


def hero_in_team(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Team(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        title: str = Field(max_length=50)

    class Hero(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=50)
        age: int | None = None
        team_id: int | None = Field(default=None, foreign_key="team.id", ondelete="SET NULL")


def hero_renamed(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Champion(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        full_name: str = Field(index=True, max_length=80)
        age: int | None = None


def hero_of_color(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Hero(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=50)
        age: int | None = None
        color: Color = Color.red


def hero_of_colors(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Hero(base_, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=50)
        age: int | None = None
        color: Colors = Field(default=Colors.red, sa_type=sa.Enum(Colors, name="color"))


def badge(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Badge(base_, table=True):
        id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
        label: str
        made: datetime = Field(default_factory=datetime.now)
        extra: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


def badge_later(metadata: sa.MetaData) -> None:
    base_ = base(metadata)

    class Badge(base_, table=True):
        id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
        label: str = Field(unique=True)
        made: datetime = Field(
            sa_column=sa.Column(sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        )
        extra: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
        tags: list[str] = Field(default_factory=list, sa_type=sa.JSON)


def badge_on_mysql(make: Any) -> Any:
    """The same where texts must have a length."""

    def made(metadata: sa.MetaData) -> None:
        make(metadata)
        metadata.tables["badge"].c.label.type = sa.String(60)

    return made


HEROES = {"hero": [{"id": 1, "name": "Deadpond", "age": None}, {"id": 2, "name": "Rusty", "age": 48}]}
NUMBER = uuid.UUID("12345678-1234-5678-1234-567812345678")
BADGES = {
    "badge": [{"id": NUMBER, "label": "gold", "made": datetime(2024, 1, 31, 10, 20, tzinfo=UTC), "extra": {"a": 1}}]
}
MORE = {
    "hero.age": [18, 48],
    "hero.active": [True, True],
    "hero.score": [Decimal("1.5")] * 2,
    "hero.email": [None, None],
}

SQLMODELS = [
    Case("SQLModel", "first model", [], [hero], takes=[("hero", {"id": 1, "name": "Deadpond"})]),
    Case("SQLModel", "many fields at once", [hero], [hero_with_more], HEROES, expect=MORE, back={"hero.age": [18, 48]}),
    Case(
        "SQLModel",
        "many fields go",
        [hero_with_more],
        [hero],
        {"hero": [{"id": 1, "name": "a", "age": 3, "active": True, "score": Decimal("2.50"), "email": "e"}]},
        accept=True,
    ),
    Case(
        "SQLModel", "a team", [hero], [hero_in_team], HEROES, refuses=[("hero", {"id": 9, "name": "x", "team_id": 99})]
    ),
    Case("SQLModel", "no team any more", [hero_in_team], [hero], HEROES, back={"team": 0}),
    Case(
        "SQLModel",
        "class and field renamed, and longer",
        [hero],
        [hero_renamed],
        HEROES,
        ["hero:champion", "champion.name:full_name"],
    ),
    Case("SQLModel", "an enum", [hero], [hero_of_color], HEROES, expect={"hero.color": [Color.red, Color.red]}),
    Case(
        "SQLModel",
        "a member of an enum",
        [hero_of_color],
        [hero_of_colors],
        {"hero": [{"id": 1, "name": "a", "color": Color.blue}]},
        expect={"hero.color": [Colors.blue]},
    ),
    Case(
        "SQLModel",
        "uuid, JSON and moments",
        [badge],
        [badge_later],
        BADGES,
        expect={"badge.tags": [[]]},
        only=("sqlite", "postgres"),
    ),
    Case(
        "SQLModel",
        "uuid, JSON and moments on MariaDB",
        [badge_on_mysql(badge)],
        [badge_on_mysql(badge_later)],
        BADGES,
        expect={"badge.tags": [[]]},
        only=("mysql",),
    ),
    *(
        Case(
            "SQLModel",
            f"{make.__name__.replace('_', ' ')} stays",
            [make],
            [make],
            words=[],
            only=("sqlite", "postgres"),
        )
        for make in (hero, hero_with_more, hero_in_team, hero_of_colors, badge, badge_later)
    ),
]


# Many things at once

MOOD, MOODS = sa.Enum("a", "b", name="mood"), sa.Enum("a", "c", "b", name="mood")
USER = [
    table("user", ID, column("name", sa.String(20)), column("mood", MOOD), column("born", sa.String(20))),
    table(
        "post",
        ID,
        column("user_id", sa.Integer, sa.ForeignKey("user.id"), index=True),
        column("title", sa.String(50)),
        column("old", sa.Integer),
    ),
]
PERSON = [
    table(
        "person",
        ID,
        column("full_name", sa.String(80), nullable=False),
        column("mood", MOODS),
        column("born", sa.Date),
        unique("full_name"),
        check("born > '1900-01-01'", "ck_born"),
    ),
    table(
        "post",
        ID,
        column("person_id", sa.Integer, sa.ForeignKey("person.id", ondelete="CASCADE"), index=True),
        column("title", sa.String(50), nullable=False, server_default="none"),
        column("words", sa.Integer, nullable=False, default=0),
    ),
    table("tag", key("name", sa.String(20)), column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True)),
]
PEOPLE = {
    "user": [
        {"id": 1, "name": "Ann", "mood": "a", "born": "1990-01-31"},
        {"id": 2, "name": None, "mood": "b", "born": None},
    ],
    "post": [{"id": 1, "user_id": 1, "title": "x", "old": 3}, {"id": 2, "user_id": None, "title": None, "old": None}],
}


def wide(count: int, kind: Any) -> Any:
    return table("wide", ID, *(column(f"c{number}", kind) for number in range(count)))


MANY = [
    Case(
        "many",
        "a table renamed, columns changed, an enum changed, a table added",
        USER,
        PERSON,
        PEOPLE,
        ["user:person", "person.name:full_name", "post.user_id:person_id"],
        fills={"person.full_name": "nobody", "post.title": "none"},
        accept=True,
        expect={
            "person.full_name": ["Ann", "nobody"],
            "person.born": [date(1990, 1, 31), None],
            "post.title": ["x", "none"],
            "post.words": [0, 0],
        },
        back={"user.name": ["Ann", "nobody"], "post.title": ["x", "none"], "post.old": [None, None]},
        takes=[("person", {"id": 9, "full_name": "Bo", "mood": "c"})],
        refuses=[
            ("person", {"id": 9, "full_name": "Ann"}),
            ("person", {"id": 9, "full_name": "Bo", "born": date(1800, 1, 1)}),
            ("post", {"id": 9, "person_id": 99}),
        ],
    ),
    Case(
        "many",
        "all of a wide table gets another type",
        [wide(30, sa.Integer)],
        [wide(30, sa.BigInteger)],
        {"wide": [{"id": 1, **{f"c{n}": n for n in range(30)}}]},
    ),
    Case(
        "many",
        "half of a wide table goes",
        [wide(30, sa.Integer)],
        [wide(15, sa.Integer)],
        {"wide": [{"id": 1, **{f"c{n}": n for n in range(30)}}]},
        accept=True,
    ),
    Case(
        "many", "forty tables come", [], [table(f"t{n}", ID, column("x", sa.String(9), unique=True)) for n in range(40)]
    ),
    Case(
        "many",
        "twenty tables of forty go",
        [table(f"t{n}", ID, column("x", sa.String(9), unique=True)) for n in range(40)],
        [table(f"t{n}", ID, column("x", sa.String(9), unique=True)) for n in range(20)],
    ),
    Case(
        "many",
        "everything of one table is renamed",
        [
            table(
                "a",
                key("k"),
                column("x", sa.String(9), unique=True),
                column("y", sa.Integer, index=True),
                check("y > 0", "ck"),
            )
        ],
        [
            table(
                "b",
                key("l"),
                column("v", sa.String(9), unique=True),
                column("w", sa.Integer, index=True),
                check("w > 0", "ck"),
            )
        ],
        {"a": [{"k": 1, "x": "q", "y": 5}]},
        ["a:b", "b.k:l", "b.x:v", "b.y:w"],
    ),
    Case(
        "many",
        "a column is renamed, required, longer and unique",
        [table("t", ID, column("x", sa.String(9)))],
        [table("t", ID, column("y", sa.String(90), nullable=False, unique=True))],
        {"t": [{"id": 1, "x": "q"}, {"id": 2, "x": None}]},
        ["t.x:y"],
        fills={"t.y": "z"},
        expect={"t.y": ["q", "z"]},
        back={"t.x": ["q", "z"]},
        doubts=True,
    ),
    Case(
        "many",
        "a column moves to a table of its own",
        [table("t", ID, column("x", sa.String(9)), column("y", sa.String(9)))],
        [
            table("t", ID, column("x", sa.String(9))),
            table(
                "u",
                key("t_id", sa.Integer, autoincrement=False),
                column("y", sa.String(9)),
                lambda made: made.append_constraint(sa.ForeignKeyConstraint(["t_id"], ["t.id"])),
            ),
        ],
        {"t": [{"id": 1, "x": "q", "y": "r"}]},
        accept=True,
    ),
    Case(
        "many",
        "two tables become one",
        [table("cat", ID, column("name", sa.String(9))), table("dog", ID, column("name", sa.String(9)))],
        [table("animal", ID, column("name", sa.String(9)), column("kind", sa.String(9), nullable=False))],
        {"cat": [{"id": 1, "name": "Tom"}], "dog": [{"id": 1, "name": "Rex"}]},
        ["cat:animal"],
        fills={"animal.kind": "cat"},
        accept=True,
        expect={"animal.kind": ["cat"]},
    ),
    Case(
        "many",
        "rules of all kinds come at once",
        [table("t", ID, column("x", sa.Integer), column("y", sa.Integer))],
        [
            table(
                "t",
                ID,
                column("x", sa.Integer, nullable=False, server_default="1"),
                column("y", sa.Integer, unique=True),
                check("x > 0"),
                check("y < 100", "ck_y"),
                unique("x", "y"),
                index("ix_yx", "y", "x"),
            )
        ],
        {"t": [{"id": 1, "x": 3, "y": 4}]},
        refuses=[("t", {"id": 9, "y": 4}), ("t", {"id": 9, "y": 100}), ("t", {"id": 9, "x": 0})],
        gives=[("t", {"id": 9}, {"x": 1})],
    ),
    Case(
        "many",
        "rules of all kinds go at once",
        [
            table(
                "t",
                ID,
                column("x", sa.Integer, nullable=False, server_default="1"),
                column("y", sa.Integer, unique=True),
                check("x > 0"),
                check("y < 100", "ck_y"),
                unique("x", "y"),
                index("ix_yx", "y", "x"),
            )
        ],
        [table("t", ID, column("x", sa.Integer), column("y", sa.Integer))],
        {"t": [{"id": 1, "x": 3, "y": 4}]},
        takes=[("t", {"id": 9, "y": 4}), ("t", {"id": 8, "y": 100})],
        gives=[("t", {"id": 9}, {"x": None})],
    ),
    Case(
        "many",
        "a chain of names",
        [table("t", ID, column("a", sa.Integer), column("b", sa.Integer))],
        [table("t", ID, column("b", sa.Integer), column("c", sa.Integer))],
        {"t": [{"id": 1, "a": 1, "b": 2}]},
        ["t.b:c", "t.a:b"],
    ),
    Case(
        "many",
        "a longer chain of names",
        [table("t", ID, column("a", sa.Integer), column("b", sa.Integer), column("c", sa.Integer))],
        [table("t", ID, column("b", sa.Integer), column("c", sa.Integer), column("d", sa.Integer))],
        {"t": [{"id": 1, "a": 1, "b": 2, "c": 3}]},
        ["t.a:b", "t.b:c", "t.c:d"],
    ),
    Case(
        "many",
        "a column makes room for a new one",
        [table("t", ID, column("a", sa.Integer))],
        [table("t", ID, column("a", sa.String(9)), column("b", sa.Integer))],
        {"t": [{"id": 1, "a": 1}]},
        ["t.a:b"],
        expect={"t.a": [None]},
    ),
]

CASES = [*SQLMODELS, *MANY]
