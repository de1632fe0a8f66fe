"""Expressions that a database writes in its own way are compared without differences that nobody made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from test_diff import ID, Loop, Models, loop, table, words

from dbtool.engine.diff import Decisions

__all__ = ["loop"]

Parts = list[Any]
X = sa.Column("x", sa.Integer())
NAME = sa.Column("name", sa.String(50))


def check(text: str, name: str | None = None) -> Callable[[], sa.CheckConstraint]:
    return lambda: sa.CheckConstraint(text, name=name)


def default(value: Any, kind: Any = None) -> sa.Column[Any]:
    return sa.Column("x", kind or sa.Integer(), server_default=value)


def index(*parts: Any, **options: Any) -> Callable[[], sa.Index]:
    return lambda: sa.Index("ix_t", *parts, **options)


# what a table has beside its id, before and after, and the changes in words
CHANGES: dict[str, tuple[Parts, Parts, list[str]]] = {
    "check added": ([X], [X, check("x > 0", "positive")], ["add check positive on t"]),
    "check dropped": ([X, check("x > 0", "positive")], [X], ["drop check positive on t"]),
    "check changed": (
        [X, check("x > 0", "positive")],
        [X, check("x >= 0 AND x < 100", "positive")],
        ["drop check positive on t", "add check positive on t"],
    ),
    "check without a name added": ([X], [X, check("x > 0")], ["add check t_check on t"]),
    "check without a name changed": (
        [X, check("x > 0")],
        [X, check("x > 1")],
        ["drop check t_check on t", "add check t_check on t"],
    ),
    "check with texts": (
        [NAME],
        [NAME, check("name IN ('it''s', '100%', 'A b') OR name LIKE 'x%'", "known")],
        ["add check known on t"],
    ),
    "one of two checks dropped": (
        [X, check("x > 0", "low"), check("x < 9", "high")],
        [X, check("x > 0", "low")],
        ["drop check high on t"],
    ),
    "default added": ([X], [default("7")], ["change column t.x: default"]),
    "default changed": ([default("7")], [default("8")], ["change column t.x: default"]),
    "default dropped": ([default("7")], [X], ["change column t.x: default"]),
    "text default changed": (
        [default("it's", sa.String(20))],
        [default("100%", sa.String(20))],
        ["change column t.x: default"],
    ),
    "time default added": (
        [sa.Column("x", sa.DateTime())],
        [default(sa.func.now(), sa.DateTime())],
        ["change column t.x: default"],
    ),
    "index order": (
        [NAME, X, index("name", "x")],
        [NAME, X, index("x", "name")],
        ["drop index ix_t on t", "add index ix_t on t"],
    ),
    "index unique": ([X, index("x")], [X, index("x", unique=True)], ["drop index ix_t on t", "add index ix_t on t"]),
}


@pytest.mark.parametrize(("before", "after", "changes"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_an_expression_is_written_in_both_directions(
    loop: Loop, before: Parts, after: Parts, changes: list[str]
) -> None:
    loop.migrate(table("t", ID, *before))

    draft = loop.migrate(table("t", ID, *after))

    assert sorted(words(draft)) == sorted(changes)
    assert not loop.write(table("t", ID, *after))


SPECIAL: dict[str, tuple[Parts, Parts]] = {
    "partial index": (
        [X, index("x", sqlite_where=sa.text("x > 0"), postgresql_where=sa.text("x > 0"))],
        [X, index("x", sqlite_where=sa.text("x > 5"), postgresql_where=sa.text("x > 5"))],
    ),
    "partial index to whole": (
        [X, index("x", sqlite_where=sa.text("x > 0"), postgresql_where=sa.text("x > 0"))],
        [X, index("x")],
    ),
    "expression index": ([NAME, index(sa.text("lower(name)"))], [NAME, index(sa.text("upper(name)"))]),
    "expression index added": ([NAME], [NAME, index(sa.text("lower(name)"))]),
    "expression index dropped": ([NAME, index(sa.text("lower(name)"))], [NAME]),
    "descending index": ([X, index("x")], [X, index(sa.text("x DESC"))]),
}


@pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize(("before", "after"), SPECIAL.values(), ids=SPECIAL)
def test_a_special_index_is_compared_by_what_it_is(loop: Loop, before: Parts, after: Parts) -> None:
    loop.migrate(table("t", ID, *before))

    draft = loop.migrate(table("t", ID, *after))

    assert words(draft)
    assert not loop.write(table("t", ID, *after))


SAME: dict[str, Models] = {
    "numbers": table("t", ID, default("7"), sa.Column("y", sa.Float(), server_default="1.5")),
    "number as text": table("t", ID, default(sa.text("7"))),
    "negative": table("t", ID, default("-7")),
    "truth": table("t", ID, default(sa.true(), sa.Boolean()), sa.Column("y", sa.Boolean(), server_default=sa.false())),
    "texts": table("t", ID, default("it's 100%", sa.String(20)), sa.Column("y", sa.String(9), server_default="")),
    "time": table(
        "t",
        ID,
        default(sa.func.now(), sa.DateTime()),
        sa.Column("y", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
    ),
    "date": table("t", ID, default("2024-01-31", sa.Date())),
    "decimal": table("t", ID, default("1.50", sa.Numeric(8, 2))),
    "enum": table("t", ID, default("a", sa.Enum("a", "b", name="letter"))),
    "json": table("t", ID, sa.Column("j", sa.JSON())),
    "required with default": table("t", ID, sa.Column("x", sa.Integer(), nullable=False, server_default="0")),
    "check with casts": table(
        "t", ID, NAME, X, check("name IN ('a', 'b')"), check("x BETWEEN 0 AND 100"), check("length(name) > 2")
    ),
    "check of an expression": lambda metadata: (
        t := sa.Table("t", metadata, ID._copy(), X._copy(), NAME._copy())
    ).append_constraint(sa.CheckConstraint(sa.and_(t.c.x > 0, t.c.name.in_(["a", "b"])), name="both")),
    "key of two": table(
        "t", sa.Column("a", sa.Integer(), primary_key=True), sa.Column("b", sa.Integer(), primary_key=True)
    ),
    "key without numbering": table("t", sa.Column("a", sa.Integer(), primary_key=True, autoincrement=False)),
    "computed": table("t", ID, X, sa.Column("y", sa.Integer(), sa.Computed("x * 2"))),
    "identity": table("t", sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True)),
}


@pytest.mark.parametrize("models", SAME.values(), ids=SAME)
def test_what_nobody_changed_is_no_difference(loop: Loop, models: Models) -> None:
    loop.migrate(models)
    decisions = Decisions()

    draft = loop.write(models, decisions=decisions)

    assert (words(draft), decisions.notes) == ([], [])
