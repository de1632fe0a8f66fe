"""What the database refuses: checks, unique keys, foreign keys, primary keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from corpus.case import ID, Case, Models, check, column, foreign, index, key, one, plain, table, unique, values
from corpus.of_tables import ANN, AUTHOR

NUMBER = column("x", sa.Integer)
PAIR = (column("x", sa.Integer), column("y", sa.Integer))
ONE, BAD = values(5), [("t", {"id": 9, "x": -1})]
TWO = {"t": [{"id": 1, "x": 1, "y": 1}, {"id": 2, "x": 1, "y": 2}]}
SAME = [("t", {"id": 9, "x": 1, "y": 1})]


def checked(name: str, old: list[Any], new: list[Any], rows: Any = ONE, *, on: Any = (NUMBER,), **more: Any) -> Case:
    return Case("checks", name, plain(*on, *old), plain(*on, *new), rows, **more)


WORD = (column("x", sa.String(30)),)
WORDS = values("it's", "100%")
CHECKS = [
    checked("named is added", [], [check("x > 0", "ck_x")], refuses=BAD),
    checked("unnamed is added", [], [check("x > 0")], refuses=BAD),
    checked("named goes", [check("x > 0", "ck_x")], [], takes=BAD),
    checked("unnamed goes", [check("x > 0")], [], takes=BAD),
    checked(
        "named changes",
        [check("x > 0", "ck_x")],
        [check("x > -5", "ck_x")],
        takes=BAD,
        refuses=[("t", {"id": 9, "x": -9})],
    ),
    checked("unnamed changes", [check("x > 0")], [check("x > -5")], takes=BAD, refuses=[("t", {"id": 9, "x": -9})]),
    checked("another name", [check("x > 0", "ck_x")], [check("x > 0", "ck_positive")], refuses=BAD),
    checked("named stays", [check("x > 0", "ck_x")], [check("x > 0", "ck_x")], words=[]),
    checked("unnamed stays", [check("x > 0")], [check("x > 0")], words=[]),
    checked("two unnamed are added", [], [check("x > 0"), check("x < 99")], refuses=[*BAD, ("t", {"id": 9, "x": 100})]),
    checked(
        "one of two unnamed goes",
        [check("x > 0"), check("x < 99")],
        [check("x < 99")],
        takes=BAD,
        refuses=[("t", {"id": 9, "x": 100})],
    ),
    checked(
        "a third unnamed between two",
        [check("x > 0"), check("x < 99")],
        [check("x > 0"), check("x < 99"), check("x <> 50")],
        refuses=[("t", {"id": 9, "x": 50})],
    ),
    checked(
        "with a quote",
        [],
        [check("x <> 'it''s not'", "ck_x")],
        WORDS,
        on=WORD,
        refuses=[("t", {"id": 9, "x": "it's not"})],
    ),
    checked(
        "with a quote stays",
        [check("x <> 'it''s not'", "ck_x")],
        [check("x <> 'it''s not'", "ck_x")],
        WORDS,
        on=WORD,
        words=[],
    ),
    checked(
        "with a percent sign",
        [],
        [check("x NOT LIKE '5%'", "ck_x")],
        WORDS,
        on=WORD,
        refuses=[("t", {"id": 9, "x": "50"})],
    ),
    checked(
        "with a percent sign changes",
        [check("x NOT LIKE '5%'", "ck_x")],
        [check("x NOT LIKE '6%'", "ck_x")],
        WORDS,
        on=WORD,
        refuses=[("t", {"id": 9, "x": "60"})],
    ),
    checked("with a colon", [], [check("x <> 'a:b'", "ck_x")], WORDS, on=WORD, refuses=[("t", {"id": 9, "x": "a:b"})]),
    checked(
        "with a list",
        [],
        [check("x IN ('a', 'b')", "ck_x")],
        values("a"),
        on=WORD,
        refuses=[("t", {"id": 9, "x": "c"})],
    ),
    checked(
        "with a list stays",
        [check("x IN ('a', 'b')", "ck_x")],
        [check("x IN ('a', 'b')", "ck_x")],
        values("a"),
        on=WORD,
        words=[],
    ),
    checked(
        "with a list grows",
        [check("x IN ('a', 'b')", "ck_x")],
        [check("x IN ('a', 'b', 'c')", "ck_x")],
        values("a"),
        on=WORD,
        takes=[("t", {"id": 9, "x": "c"})],
    ),
    checked("with between", [], [check("x BETWEEN 1 AND 10", "ck_x")], refuses=BAD),
    checked(
        "with between stays", [check("x BETWEEN 1 AND 10", "ck_x")], [check("x BETWEEN 1 AND 10", "ck_x")], words=[]
    ),
    checked(
        "with a function", [], [check("length(x) > 1", "ck_x")], WORDS, on=WORD, refuses=[("t", {"id": 9, "x": "a"})]
    ),
    checked(
        "with a function stays",
        [check("length(x) > 1", "ck_x")],
        [check("length(x) > 1", "ck_x")],
        WORDS,
        on=WORD,
        words=[],
    ),
    checked(
        "over two columns", [], [check("x <= y", "ck_xy")], TWO, on=PAIR, refuses=[("t", {"id": 9, "x": 3, "y": 1})]
    ),
    checked(
        "over two columns changes",
        [check("x <= y", "ck_xy")],
        [check("x < y OR y = 1", "ck_xy")],
        TWO,
        on=PAIR,
        refuses=[("t", {"id": 9, "x": 3, "y": 3})],
    ),
    checked(
        "with and and or",
        [check("x > 0 AND (x < 10 OR x = -1)", "ck_x")],
        [check("(x > 0 AND x < 10) OR x = -1", "ck_x")],
        takes=BAD,
    ),
    checked(
        "with null",
        [],
        [check("x IS NOT NULL OR y > 5", "ck_x")],
        TWO,
        on=PAIR,
        refuses=[("t", {"id": 9, "x": None, "y": 1})],
    ),
    Case(
        "checks",
        "comes with its column",
        plain(),
        plain(NUMBER, check("x > 0", "ck_x")),
        {"t": [{"id": 1}]},
        refuses=BAD,
    ),
    Case("checks", "goes with its column", plain(NUMBER, check("x > 0", "ck_x")), plain(), ONE, accept=True),
    Case(
        "checks",
        "stays while the type changes",
        plain(NUMBER, check("x > 0", "ck_x")),
        plain(column("x", sa.BigInteger), check("x > 0", "ck_x")),
        ONE,
        refuses=BAD,
    ),
    Case(
        "checks",
        "stays while a column is required",
        plain(NUMBER, check("x > 0")),
        plain(column("x", sa.Integer, nullable=False), check("x > 0")),
        ONE,
        refuses=BAD,
    ),
    Case(
        "checks",
        "of a truth that is checked",
        [],
        plain(column("x", sa.Boolean(create_constraint=True, name="ck_truth"))),
    ),
    Case(
        "checks",
        "of an enum that is checked",
        [],
        plain(column("x", sa.Enum("a", "b", native_enum=False, create_constraint=True, name="ck_mood"))),
        takes=[("t", {"id": 1, "x": "a"})],
    ),
]

UNIQUES = [
    Case(
        "uniques",
        "named is added",
        plain(NUMBER),
        plain(NUMBER, unique("x", name="uq_x")),
        values(1, 2),
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "uniques",
        "unnamed is added",
        plain(NUMBER),
        one(sa.Integer, unique=True),
        values(1, 2),
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "uniques",
        "named goes",
        plain(NUMBER, unique("x", name="uq_x")),
        plain(NUMBER),
        values(1, 2),
        takes=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "uniques",
        "unnamed goes",
        one(sa.Integer, unique=True),
        plain(NUMBER),
        values(1, 2),
        takes=[("t", {"id": 9, "x": 1})],
    ),
    Case("uniques", "composite is added", plain(*PAIR), plain(*PAIR, unique("x", "y")), TWO, refuses=SAME),
    Case("uniques", "composite goes", plain(*PAIR, unique("x", "y", name="uq_xy")), plain(*PAIR), TWO, takes=SAME),
    Case(
        "uniques",
        "composite in another order",
        plain(*PAIR, unique("x", "y", name="uq_xy")),
        plain(*PAIR, unique("y", "x", name="uq_xy")),
        TWO,
        refuses=SAME,
    ),
    Case(
        "uniques",
        "gets a column",
        plain(*PAIR, unique("y", name="uq")),
        plain(*PAIR, unique("x", "y", name="uq")),
        TWO,
        refuses=SAME,
        takes=[("t", {"id": 9, "x": 3, "y": 1})],
    ),
    Case(
        "uniques",
        "another name",
        plain(NUMBER, unique("x", name="uq_x")),
        plain(NUMBER, unique("x", name="uq_other")),
        values(1, 2),
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "uniques",
        "constraint to index",
        one(sa.Integer, unique=True),
        one(sa.Integer, unique=True, index=True),
        values(1, 2),
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case(
        "uniques",
        "index to constraint",
        one(sa.Integer, unique=True, index=True),
        one(sa.Integer, unique=True),
        values(1, 2),
        refuses=[("t", {"id": 9, "x": 1})],
    ),
    Case("uniques", "with many empty values", plain(NUMBER), one(sa.Integer, unique=True), values(None, None, 1)),
    Case(
        "uniques",
        "stays beside a new column",
        one(sa.String(9), unique=True),
        plain(column("x", sa.String(9), unique=True), column("y", sa.Integer)),
        values("a"),
        words=["add column t.y (INTEGER)"],
    ),
    Case(
        "uniques",
        "two on one column",
        plain(NUMBER),
        plain(column("x", sa.Integer, unique=True), unique("x", "id", name="uq_x_id")),
        values(1, 2),
    ),
    Case(
        "uniques",
        "composite gets a foreign key beside it",
        [AUTHOR, *plain(*PAIR, unique("x", "y", name="uq_xy"))],
        [AUTHOR, *plain(*PAIR, unique("x", "y", name="uq_xy"), foreign(["x"], ["author.id"]))],
        {**ANN, **TWO},
        refuses=[("t", {"id": 9, "x": 99, "y": 1})],
    ),
    Case(
        "uniques",
        "stays",
        [],
        [
            table(
                "t",
                ID,
                column("x", sa.String(9), unique=True),
                column("y", sa.Integer),
                unique("x", "y"),
                unique("y", name="uq_y"),
            )
        ],
    ),
]

POINTER = column("a", sa.Integer)
POINTING = {**ANN, "t": [{"id": 1, "a": 1}, {"id": 2, "a": None}]}
ORPHAN = [("t", {"id": 9, "a": 99})]


def keyed(name: str, old: list[Any], new: list[Any], rows: Any = POINTING, **more: Any) -> Case:
    return Case("foreign keys", name, [AUTHOR, *plain(POINTER, *old)], [AUTHOR, *plain(POINTER, *new)], rows, **more)


def to_author(**options: Any) -> Any:
    return foreign(["a"], ["author.id"], **options)


COUNTRY = table("country", key("code", sa.String(2)), key("part", sa.Integer, autoincrement=False))
IN_COUNTRY = (column("code", sa.String(2)), column("part", sa.Integer))
LAND = {
    "country": [{"code": "it", "part": 1}],
    "t": [{"id": 1, "code": "it", "part": 1}, {"id": 2, "code": None, "part": None}],
}

FOREIGN_KEYS = [
    keyed("unnamed is added", [], [to_author()], refuses=ORPHAN),
    keyed("named is added", [], [to_author(name="fk_a")], refuses=ORPHAN),
    keyed("unnamed goes", [to_author()], [], takes=ORPHAN),
    keyed("named goes", [to_author(name="fk_a")], [], takes=ORPHAN),
    keyed("another name", [to_author(name="fk_a")], [to_author(name="fk_b")], words=None, refuses=ORPHAN),
    keyed("gets a cascade", [to_author()], [to_author(ondelete="CASCADE")], refuses=ORPHAN),
    keyed(
        "named gets a cascade", [to_author(name="fk_a")], [to_author(name="fk_a", ondelete="CASCADE")], refuses=ORPHAN
    ),
    keyed("loses its cascade", [to_author(ondelete="CASCADE")], [to_author()], refuses=ORPHAN),
    keyed("another cascade", [to_author(ondelete="CASCADE")], [to_author(ondelete="SET NULL")], refuses=ORPHAN),
    keyed("with an update cascade", [], [to_author(onupdate="CASCADE", ondelete="SET NULL")], refuses=ORPHAN),
    keyed("stays with its cascade", [to_author(ondelete="CASCADE")], [to_author(ondelete="CASCADE")], words=[]),
    keyed(
        "restrict is the same as nothing", [to_author(ondelete="RESTRICT")], [to_author(ondelete="RESTRICT")], words=[]
    ),
    keyed("deferrable", [], [to_author(deferrable=True, initially="DEFERRED")], only=("sqlite", "postgres")),
    keyed(
        "becomes deferrable",
        [to_author(name="fk_a")],
        [to_author(name="fk_a", deferrable=True, initially="DEFERRED")],
        only=("sqlite", "postgres"),
    ),
    Case(
        "foreign keys",
        "composite is added",
        [COUNTRY, *plain(*IN_COUNTRY)],
        [COUNTRY, *plain(*IN_COUNTRY, foreign(["code", "part"], ["country.code", "country.part"]))],
        LAND,
        refuses=[("t", {"id": 9, "code": "it", "part": 2})],
    ),
    Case(
        "foreign keys",
        "composite goes",
        [COUNTRY, *plain(*IN_COUNTRY, foreign(["code", "part"], ["country.code", "country.part"]))],
        [COUNTRY, *plain(*IN_COUNTRY)],
        LAND,
        takes=[("t", {"id": 9, "code": "it", "part": 2})],
    ),
    Case(
        "foreign keys",
        "to itself is added",
        plain(column("up", sa.Integer)),
        plain(column("up", sa.Integer, sa.ForeignKey("t.id"))),
        {"t": [{"id": 1, "up": None}, {"id": 2, "up": 1}]},
        refuses=[("t", {"id": 9, "up": 99})],
    ),
    Case(
        "foreign keys",
        "to itself goes",
        plain(column("up", sa.Integer, sa.ForeignKey("t.id"))),
        plain(column("up", sa.Integer)),
        {"t": [{"id": 1, "up": None}, {"id": 2, "up": 1}]},
        takes=[("t", {"id": 9, "up": 99})],
    ),
    Case(
        "foreign keys",
        "to a renamed table",
        [AUTHOR, *plain(POINTER)],
        [
            table("writer", ID, column("name", sa.String(50), nullable=False)),
            *plain(POINTER, foreign(["a"], ["writer.id"])),
        ],
        POINTING,
        ["author:writer"],
        refuses=ORPHAN,
    ),
    Case(
        "foreign keys",
        "to another table",
        [AUTHOR, table("tag", ID), *plain(POINTER, to_author())],
        [AUTHOR, table("tag", ID), *plain(POINTER, foreign(["a"], ["tag.id"]))],
        {**ANN, "tag": [{"id": 1}], "t": [{"id": 1, "a": 1}]},
        refuses=[("t", {"id": 9, "a": 2})],
    ),
    Case(
        "foreign keys",
        "to a unique column",
        [table("u", ID, column("code", sa.String(9), unique=True)), *plain(column("a", sa.String(9)))],
        [
            table("u", ID, column("code", sa.String(9), unique=True)),
            *plain(column("a", sa.String(9), sa.ForeignKey("u.code"))),
        ],
        {"u": [{"id": 1, "code": "x"}], "t": [{"id": 1, "a": "x"}]},
        refuses=[("t", {"id": 9, "a": "y"})],
    ),
    keyed("comes with an index", [], [to_author(), index("ix_a", "a")], refuses=ORPHAN),
    keyed("gets an index", [to_author()], [to_author(), index("ix_a", "a")]),
    keyed("loses its index", [to_author(), index("ix_a", "a")], [to_author()]),
    keyed("goes and its index stays", [to_author(), index("ix_a", "a")], [index("ix_a", "a")], takes=ORPHAN),
    Case(
        "foreign keys",
        "two between the same tables",
        [AUTHOR, *plain(POINTER, column("b", sa.Integer), to_author())],
        [AUTHOR, *plain(POINTER, column("b", sa.Integer), to_author(), foreign(["b"], ["author.id"]))],
        POINTING,
        refuses=[*ORPHAN, ("t", {"id": 9, "b": 99})],
    ),
    Case(
        "foreign keys",
        "many to many",
        [AUTHOR, *plain()],
        [
            AUTHOR,
            *plain(),
            table(
                "link",
                column("author_id", sa.Integer, sa.ForeignKey("author.id", ondelete="CASCADE"), primary_key=True),
                column("t_id", sa.Integer, sa.ForeignKey("t.id", ondelete="CASCADE"), primary_key=True),
            ),
        ],
        {**ANN, "t": [{"id": 1}]},
        takes=[("link", {"author_id": 1, "t_id": 1})],
        refuses=[("link", {"author_id": 1, "t_id": 5})],
    ),
]

SAMPLE = {"t": [{"a": 1, "b": 2, "x": "p"}, {"a": 2, "b": 1, "x": "q"}]}


def primary(name: str, old: list[str], new: list[str], rows: Any = SAMPLE, **more: Any) -> Case:
    """A table whose primary key was one and is another, over columns `a` and `b`."""
    return Case("primary keys", name, [with_key(*old)], [with_key(*new)], rows, **more)


def with_key(*keys: str, kind: Any = sa.Integer) -> Models:
    columns = [
        sa.Column(each, kind, nullable=False, primary_key=each in keys, autoincrement=False) for each in ("a", "b")
    ]
    ordered = sorted(columns, key=lambda each: keys.index(str(each.name)) if each.name in keys else 9)
    return table("t", *ordered, column("x", sa.String(9)))


PRIMARY_KEYS = [
    primary("gets a column", ["a"], ["a", "b"], takes=[("t", {"a": 1, "b": 5})], refuses=[("t", {"a": 1, "b": 2})]),
    primary("loses a column", ["a", "b"], ["a"], refuses=[("t", {"a": 1, "b": 5})]),
    primary("another column", ["a"], ["b"], refuses=[("t", {"a": 5, "b": 2})], takes=[("t", {"a": 1, "b": 5})]),
    primary("another order", ["a", "b"], ["b", "a"]),
    primary("stays", ["a", "b"], ["a", "b"], words=[]),
    Case(
        "primary keys",
        "a new column joins it",
        [table("t", key("a", autoincrement=False), column("x", sa.String(9)))],
        [
            table(
                "t", key("a", autoincrement=False), key("b", sa.Integer, autoincrement=False), column("x", sa.String(9))
            )
        ],
        {"t": [{"a": 1, "x": "p"}]},
        fills={"t.b": "0"},
        expect={"t.b": [0]},
    ),
    Case(
        "primary keys",
        "a column leaves it and goes",
        [
            table(
                "t", key("a", autoincrement=False), key("b", sa.Integer, autoincrement=False), column("x", sa.String(9))
            )
        ],
        [table("t", key("a", autoincrement=False), column("x", sa.String(9)))],
        {"t": [{"a": 1, "b": 2, "x": "p"}]},
        accept=True,
    ),
    Case(
        "primary keys",
        "is renamed",
        [table("t", key("a"), column("x", sa.String(9)))],
        [table("t", key("b"), column("x", sa.String(9)))],
        {"t": [{"a": 1, "x": "p"}]},
        ["t.a:b"],
        gives=[("t", {"b": 9}, {"x": None})],
    ),
    Case(
        "primary keys",
        "gets a name",
        plain(column("x", sa.String(9))),
        [
            table(
                "t",
                sa.Column("id", sa.Integer),
                column("x", sa.String(9)),
                lambda made: made.append_constraint(sa.PrimaryKeyConstraint("id", name="pk_t")),
            )
        ],
        values("p"),
    ),
    Case(
        "primary keys",
        "of text",
        [table("t", key("a", sa.String(9)), column("x", sa.String(9)))],
        [table("t", key("a", sa.String(40)), column("x", sa.String(9)))],
        {"t": [{"a": "k", "x": "p"}]},
    ),
    Case(
        "primary keys",
        "one that counts and others point at becomes large",
        [table("a", key()), table("b", ID, column("a_id", sa.Integer, sa.ForeignKey("a.id")))],
        [table("a", key("id", sa.BigInteger)), table("b", ID, column("a_id", sa.BigInteger, sa.ForeignKey("a.id")))],
        {"a": [{"id": 1}], "b": [{"id": 1, "a_id": 1}]},
        only=("postgres", "mysql"),
    ),
]

CASES = [*CHECKS, *UNIQUES, *FOREIGN_KEYS, *PRIMARY_KEYS]
