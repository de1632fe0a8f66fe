"""Indexes, with all that they can say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from corpus.case import Case, column, index, plain

PAIR = (column("x", sa.String(30)), column("y", sa.Integer))
ROWS = {"t": [{"id": 1, "x": "a", "y": 1}, {"id": 2, "x": "B", "y": None}]}


def indexed(name: str, old: list[Any], new: list[Any], **more: Any) -> Case:
    return Case("indexes", name, plain(*PAIR, *old), plain(*PAIR, *new), ROWS, **more)


def falling(name: str) -> Any:
    return lambda made: made.c[name].desc()


def lower(name: str) -> Any:
    return lambda made: sa.func.lower(made.c[name])


SERVERLESS = ("sqlite", "postgres")
CASES = [
    indexed("is added", [], [index("ix_x", "x")], words=["add index ix_x on t"]),
    indexed("goes", [index("ix_x", "x")], [], words=["drop index ix_x on t"]),
    indexed("stays", [index("ix_x", "x")], [index("ix_x", "x")], words=[]),
    indexed("unique is added", [], [index("ix_x", "x", unique=True)], refuses=[("t", {"id": 9, "x": "a"})]),
    indexed(
        "becomes unique", [index("ix_x", "x")], [index("ix_x", "x", unique=True)], refuses=[("t", {"id": 9, "x": "a"})]
    ),
    indexed(
        "is unique no more", [index("ix_x", "x", unique=True)], [index("ix_x", "x")], takes=[("t", {"id": 9, "x": "a"})]
    ),
    indexed("composite is added", [], [index("ix_xy", "x", "y")]),
    indexed("composite in another order", [index("ix_xy", "x", "y")], [index("ix_xy", "y", "x")]),
    indexed("gets a column", [index("ix", "x")], [index("ix", "x", "y")]),
    indexed("another name", [index("ix_x", "x")], [index("ix_other", "x")]),
    indexed(
        "another name of two alike",
        [index("ix_a", "x"), index("ix_b", "x")],
        [index("ix_c", "x"), index("ix_b", "x")],
        words=None,
    ),
    indexed("falling is added", [], [index("ix", falling("x"))]),
    indexed("falling stays", [index("ix", falling("x"))], [index("ix", falling("x"))], words=[]),
    indexed("falling goes", [index("ix", falling("x"))], []),
    indexed("becomes falling", [index("ix", "x")], [index("ix", falling("x"))]),
    indexed("rises again", [index("ix", falling("x"))], [index("ix", "x")]),
    indexed("composite with one falling", [index("ix", "x", "y")], [index("ix", "x", falling("y"))]),
    indexed("partial is added", [], [index("ix", "x", where="y > 0")]),
    indexed("partial stays", [index("ix", "x", where="y > 0")], [index("ix", "x", where="y > 0")], words=[]),
    indexed("partial goes", [index("ix", "x", where="y > 0")], []),
    indexed("becomes partial", [index("ix", "x")], [index("ix", "x", where="y > 0")], only=SERVERLESS),
    indexed("is partial no more", [index("ix", "x", where="y > 0")], [index("ix", "x")], only=SERVERLESS),
    indexed(
        "another condition", [index("ix", "x", where="y > 0")], [index("ix", "x", where="y > 10")], only=SERVERLESS
    ),
    indexed(
        "unique and partial",
        [],
        [index("ix", "x", where="y > 0", unique=True)],
        refuses=[("t", {"id": 9, "x": "a", "y": 1})],
    ),
    indexed(
        "unique changes its condition",
        [index("ix", "x", where="y > 0", unique=True)],
        [index("ix", "x", where="y > 5", unique=True)],
        only=SERVERLESS,
        takes=[("t", {"id": 9, "x": "a", "y": 1})],
    ),
    indexed(
        "condition with a quote",
        [index("ix", "y", where="x <> 'it''s'")],
        [index("ix", "y", where="x <> 'it''s 100%'")],
        only=SERVERLESS,
    ),
    indexed("expression is added", [], [index("ix", lower("x"))], only=SERVERLESS),
    indexed("expression stays", [index("ix", lower("x"))], [index("ix", lower("x"))], only=SERVERLESS, words=[]),
    indexed("expression goes", [index("ix", lower("x"))], [], only=SERVERLESS),
    indexed(
        "expression changes",
        [index("ix", lower("x"))],
        [index("ix", lambda made: sa.func.upper(made.c.x))],
        only=SERVERLESS,
    ),
    indexed("expression to column", [index("ix", lower("x"))], [index("ix", "x")], only=SERVERLESS),
    indexed("column to expression", [index("ix", "x")], [index("ix", lower("x"))], only=SERVERLESS),
    indexed("expression as text", [], [index("ix", "lower(x)")], only=SERVERLESS),
    indexed(
        "unique expression",
        [],
        [index("ix", lower("x"), unique=True)],
        only=SERVERLESS,
        refuses=[("t", {"id": 9, "x": "b"})],
    ),
    indexed(
        "expression beside a column", [index("ix", lower("x"), "y")], [index("ix", "y", lower("x"))], only=SERVERLESS
    ),
    indexed("hash", [], [index("ix", "x", postgresql_using="hash")], only=("postgres",)),
    indexed("becomes a hash", [index("ix", "x")], [index("ix", "x", postgresql_using="hash")], only=("postgres",)),
    indexed(
        "with classes of operators",
        [],
        [index("ix", "x", postgresql_ops={"x": "varchar_pattern_ops"})],
        only=("postgres",),
    ),
    indexed(
        "changes its class of operators",
        [index("ix", "x")],
        [index("ix", "x", postgresql_ops={"x": "varchar_pattern_ops"})],
        only=("postgres",),
    ),
    indexed("includes a column", [], [index("ix", "x", postgresql_include=["y"])], only=("postgres",)),
    indexed(
        "includes another column",
        [index("ix", "x", postgresql_include=["y"])],
        [index("ix", "x", postgresql_include=["id"])],
        only=("postgres",),
    ),
    indexed(
        "nulls come first",
        [index("ix", falling("y"))],
        [index("ix", lambda made: made.c.y.desc().nulls_last())],
        only=("postgres",),
    ),
    indexed("with a prefix", [], [index("ix", "x", mysql_length={"x": 10}, mariadb_length={"x": 10})], only=("mysql",)),
    indexed(
        "with a prefix stays",
        [index("ix", "x", mysql_length={"x": 10}, mariadb_length={"x": 10})],
        [index("ix", "x", mysql_length={"x": 10}, mariadb_length={"x": 10})],
        only=("mysql",),
        words=[],
    ),
    indexed(
        "with another prefix",
        [index("ix", "x", mysql_length={"x": 10}, mariadb_length={"x": 10})],
        [index("ix", "x", mysql_length={"x": 20}, mariadb_length={"x": 20})],
        only=("mysql",),
    ),
    indexed(
        "of texts for a search",
        [],
        [index("ix", "x", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT")],
        only=("mysql",),
    ),
    indexed(
        "a falling one stays beside a new column", [index("ix", falling("x"))], [index("ix", falling("x"))], words=[]
    ),
    Case(
        "indexes",
        "all kinds stay while a column is required",
        plain(*PAIR, index("i1", falling("x")), index("i2", lower("x")), index("i3", "x", where="y > 0")),
        plain(
            PAIR[0],
            column("y", sa.Integer, nullable=False),
            index("i1", falling("x")),
            index("i2", lower("x")),
            index("i3", "x", where="y > 0"),
        ),
        ROWS,
        fills={"t.y": "0"},
        expect={"t.y": [1, 0]},
        back={"t.y": [1, 0]},
        only=SERVERLESS,
    ),
    Case(
        "indexes",
        "all kinds stay while a column is renamed",
        plain(*PAIR, index("i1", falling("x")), index("i2", lower("x")), index("i3", "x", where="y > 0")),
        plain(
            column("z", sa.String(30)),
            PAIR[1],
            index("i1", falling("z")),
            index("i2", lower("z")),
            index("i3", "z", where="y > 0"),
        ),
        ROWS,
        ["t.x:z"],
        only=SERVERLESS,
        words=["rename column t.x to z"],
    ),
]
