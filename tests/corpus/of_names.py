"""Names that must be quoted, or cut: reserved words, quotes, spaces, letters of all kinds, 63 characters."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from corpus.case import ID, KINDS, Case, Models, check, column, index, table, unique

ODD = {
    "reserved words": ("order", "select"),
    "spaces": ("two words", "and more words"),
    "capitals": ("BigTable", "camelCase"),
    "letters beyond ASCII": ("größe", "naïve"),
    "other scripts": ("таблица", "列"),
    "a quote": ("it's", "o'clock"),
    "a double quote": ('say "so"', '"x"'),
    "a backtick": ("tick`tock", "back`tick"),
    "a percent sign": ("100%", "50%s"),
    "a dash": ("to-do", "a-b"),
    "a digit in front": ("1st", "2nd"),
    "a colon": ("a:b", "c:d"),
    "a backslash": ("a\\b", "c\\d"),
    "brackets": ("a(b)", "c[d]"),
    "a dollar": ("a$b", "$c"),
    "emoji": ("🐘", "x🦭"),
}
ELSEWHERE = {  # MariaDB keeps names of three bytes a letter, and SQLAlchemy reads some quotes back as something else
    "emoji": ("sqlite", "postgres"),
    "a backtick": ("sqlite", "postgres"),
    "a double quote": ("postgres", "mysql"),
}


def all_kinds(name: str, second: str, kind: Any = sa.Integer, **options: Any) -> Models:
    """A table of this name with a column of that, a unique key, an index and a required column."""
    return table(
        name,
        ID,
        column(second, kind, **options),
        column("other", sa.String(20)),
        unique("other", second),
        index("ix_odd", second),
    )


def rows_of(name: str, second: str) -> dict[str, Any]:
    return {name: [{"id": 1, second: 5, "other": "a"}, {"id": 2, second: None, "other": "b"}]}


def odd(kind: str, name: str, second: str) -> list[Case]:
    before = [all_kinds(name, second)]
    rows, only = rows_of(name, second), ELSEWHERE.get(kind, KINDS)
    pointing = table("child", ID, column("p", sa.Integer, sa.ForeignKey(f"{name}.id")))
    more: dict[str, Any] = {"only": only}
    return [
        Case(
            "names",
            f"{kind}: change a column",
            before,
            [all_kinds(name, second, sa.BigInteger, nullable=False)],
            rows,
            fills={f"{name}.{second}": "7"},
            expect={f"{name}.{second}": [5, 7]},
            back={f"{name}.{second}": [5, 7]},
            **more,
        ),
        Case(
            "names",
            f"{kind}: rename to it",
            [all_kinds("plain", "x")],
            before,
            rows_of("plain", "x"),
            [("plain", name), (f"{name}.x", second)],
            **more,
        ),
        Case(
            "names",
            f"{kind}: everything comes and goes",
            [table(name, ID)],
            [
                table(
                    name,
                    ID,
                    column(second, sa.Integer, nullable=False, server_default="4"),
                    column("u", sa.Integer, unique=True),
                    check("u > 0", "ck_u"),
                ),
                pointing,
            ],
            {name: [{"id": 1}]},
            expect={f"{name}.{second}": [4]},
            gives=[(name, {"id": 9}, {second: 4})],
            refuses=[(name, {"id": 9, "u": -1})],
            **more,
        ),
    ]


LONG = "a_very_long_name_of_a_table_that_somebody_has_thought_of_yester"
LONGER = "another_very_long_name_that_is_cut_where_postgresql_ends_names_"
assert len(LONG) == len(LONGER) == 63

CASES = [
    *(case for kind, (name, second) in ODD.items() for case in odd(kind, name, second)),
    Case(
        "names",
        "63 characters: change a column",
        [all_kinds(LONG, LONGER)],
        [all_kinds(LONG, LONGER, sa.BigInteger)],
        rows_of(LONG, LONGER),
    ),
    Case(
        "names",
        "63 characters: everything unnamed",
        [table(LONG, ID)],
        [table(LONG, ID, column(LONGER, sa.Integer, unique=True), check(f"{LONGER} > 0"))],
        {LONG: [{"id": 1}]},
    ),
    Case(
        "names",
        "63 characters: an unnamed foreign key",
        [table(LONG, ID, column(LONGER, sa.Integer))],
        [table(LONG, ID, column(LONGER, sa.Integer, sa.ForeignKey(f"{LONG}.id")))],
        {LONG: [{"id": 1}]},
        only=("sqlite", "postgres"),
    ),
    Case(
        "names",
        "63 characters: two unnamed unique keys",
        [table(LONG, ID)],
        [table(LONG, ID, column("x", sa.Integer, unique=True), column("y", sa.Integer, unique=True), unique("x", "y"))],
        {LONG: [{"id": 1}]},
        refuses=[],
    ),
    Case(
        "names",
        "two columns whose names are almost alike",
        [table("t", ID)],
        [table("t", ID, column("a b", sa.Integer, unique=True), column("a_b", sa.Integer, unique=True))],
        {"t": [{"id": 1}]},
    ),
    Case(
        "names",
        "63 characters: rename",
        [all_kinds(LONG, "x")],
        [all_kinds(LONGER, "x")],
        rows_of(LONG, "x"),
        [f"{LONG}:{LONGER}"],
    ),
]


def by_convention(*parts: Any) -> Models:
    """A table whose constraints are named by a convention."""

    def make(metadata: sa.MetaData) -> None:
        metadata.naming_convention = {
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
        table("t", ID, *parts)(metadata)

    return make


X, UP = column("x", sa.Integer, unique=True, index=False), column("up", sa.Integer, sa.ForeignKey("t.id"), index=True)
CASES += [
    Case(
        "names",
        "a convention: everything comes",
        [by_convention()],
        [by_convention(X, UP, check("x > 0", "positive"))],
        {"t": [{"id": 1}]},
        refuses=[("t", {"id": 9, "x": -1})],
    ),
    Case(
        "names",
        "a convention: everything goes",
        [by_convention(X, UP, check("x > 0", "positive"))],
        [by_convention()],
        {"t": [{"id": 1}]},
        takes=[("t", {"id": 9})],
    ),
    Case(
        "names",
        "a convention: everything stays",
        [by_convention(X, UP, check("x > 0", "positive"))],
        [by_convention(X, UP, check("x > 0", "positive"))],
        {"t": [{"id": 1}]},
        words=[],
    ),
    Case(
        "names",
        "a convention: a column is renamed",
        [by_convention(X)],
        [by_convention(column("y", sa.Integer, unique=True))],
        {"t": [{"id": 1, "x": 1}]},
        ["t.x:y"],
    ),
]
