"""What the database gives a row that says nothing: server defaults, identities, and where values sort."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from corpus.case import ID, Case, column, key, one, plain, table, values
from corpus.of_names import LONG

NOTHING = {"id": 9}


def default(name: str, kind: Any, old: Any, new: Any, gives: Any = None, **more: Any) -> Case:
    """A column `x` whose server default was one and is another; None is none at all."""
    rows = {"t": [{"id": 1}, {"id": 2}]} if "rows" not in more else more.pop("rows")
    checks = {"gives": [("t", NOTHING, {"x": gives})]} if gives is not ... else {}
    return Case(
        "defaults", name, one(kind, server_default=old), one(kind, server_default=new), rows, **{**checks, **more}
    )


def stays(name: str, kind: Any, given: Any, **more: Any) -> Case:
    """A server default that is the same on both sides: nothing is found."""
    return Case(
        "defaults", f"{name} stays", one(kind, server_default=given), one(kind, server_default=given), words=[], **more
    )


CASES = [
    default("text is added", sa.String(20), None, "red", "red"),
    default("text changes", sa.String(20), "red", "blue", "blue"),
    default("text goes", sa.String(20), "red", None, None),
    default("text with a quote", sa.String(20), None, "it's", "it's"),
    default("text with a percent sign", sa.String(20), "50%", "100%", "100%"),
    default("text with a colon", sa.String(20), None, "a:b", "a:b"),
    default("text with a backslash", sa.String(20), None, "a\\b", "a\\b", only=("sqlite", "postgres")),
    default("text that looks like a number", sa.String(20), "1", "01", "01"),
    default("text becomes empty", sa.String(20), "red", "", ""),
    default("text from nothing to empty", sa.String(20), None, "", ""),
    default("text changes its case", sa.String(20), "red", "Red", "Red"),
    default("number is added", sa.Integer(), None, "7", 7),
    default("number changes", sa.Integer(), "7", "8", 8),
    default("number goes", sa.Integer(), "7", None, None),
    default("number as SQL", sa.Integer(), None, sa.text("7"), 7),
    default("negative number", sa.Integer(), "1", "-1", -1),
    default("truth is added", sa.Boolean(), None, sa.true(), True),
    default("truth changes", sa.Boolean(), sa.true(), sa.false(), False),
    default("truth goes", sa.Boolean(), sa.false(), None, None),
    default("now is added", sa.DateTime(), None, sa.func.now(), ...),
    default("now goes", sa.DateTime(), sa.func.now(), None, None),
    default("now with a zone", sa.DateTime(timezone=True), None, sa.func.now(), ...),
    default("fraction changes", sa.Numeric(8, 2), "1.50", "2.25", ...),
    default("expression is added", sa.Integer(), None, sa.text("(1 + 2)"), 3),
    default("expression changes", sa.Integer(), sa.text("(1 + 2)"), sa.text("(1 + 3)"), 4),
    default("expression from a constant", sa.Integer(), "1", sa.text("(2 * 3)"), 6),
    default("uuid", sa.Uuid(), None, sa.text("gen_random_uuid()"), ..., only=("postgres",)),
    default("uuid of MariaDB", sa.String(36), None, sa.text("(uuid())"), ..., only=("mysql",)),
    default(
        "random bytes of SQLite", sa.String(36), None, sa.text("(lower(hex(randomblob(16))))"), ..., only=("sqlite",)
    ),
    default("JSON", sa.JSON(), None, sa.text("'{}'"), ..., only=("sqlite", "postgres")),
    default("JSON changes", sa.JSON(), sa.text("'{}'"), sa.text("'[]'"), [], only=("sqlite", "postgres")),
    default("date", sa.Date(), None, sa.text("'2024-01-31'"), ...),
    default("cast", sa.Integer(), None, sa.text("CAST('5' AS INTEGER)"), 5, only=("postgres",)),
    stays("text", sa.String(20), "red"),
    stays("text with a quote", sa.String(20), "it's 100%"),
    stays("number", sa.Integer(), "7"),
    stays("number as SQL", sa.Integer(), sa.text("7")),
    stays("fraction", sa.Numeric(8, 2), "1.50"),
    stays("truth", sa.Boolean(), sa.true()),
    stays("truth as text", sa.Boolean(), sa.text("false")),
    stays("now", sa.DateTime(), sa.func.now()),
    stays("now as text", sa.DateTime(), sa.text("CURRENT_TIMESTAMP")),
    stays("now with a zone", sa.DateTime(timezone=True), sa.func.now()),
    stays("expression", sa.Integer(), sa.text("(1 + 2)")),
    stays("uuid", sa.Uuid(), sa.text("gen_random_uuid()"), only=("postgres",)),
    stays("empty text", sa.String(20), ""),
    stays("JSON", sa.JSON(), sa.text("'{\"a\": 1}'"), only=("sqlite", "postgres")),
    stays("date", sa.Date(), sa.text("'2024-01-31'")),
    stays("text of SQL", sa.String(30), sa.text("'CURRENT_TIMESTAMP'")),
    # Identities
    Case(
        "defaults",
        "an identity is added",
        [],
        [table("t", key("id", sa.Integer, autoincrement=True), column("n", sa.Integer, sa.Identity()))],
        only=("postgres",),
    ),
    Case(
        "defaults",
        "a key becomes an identity",
        [table("t", ID, column("x", sa.String(9)))],
        [table("t", sa.Column("id", sa.Integer, sa.Identity(), primary_key=True), column("x", sa.String(9)))],
        values("a", "b"),
        only=("postgres",),
        gives=[("t", {"id": 9}, {"x": None})],
    ),
    Case(
        "defaults",
        "an identity that always is",
        [table("t", sa.Column("id", sa.Integer, sa.Identity(), primary_key=True))],
        [table("t", sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True))],
        only=("postgres",),
    ),
    Case(
        "defaults",
        "a key stops counting",
        [table("t", key())],
        [table("t", key(autoincrement=False))],
        {"t": [{"id": 1}]},
        only=("postgres", "mysql"),
    ),
    Case(
        "defaults",
        "a key starts counting",
        [table("t", key(autoincrement=False))],
        [table("t", key())],
        {"t": [{"id": 1}]},
        only=("postgres", "mysql"),
    ),
    Case(
        "defaults",
        "a key starts counting where one is 0",
        [table("t", key(autoincrement=False, comment="it's :one"))],
        [table("t", key(comment="it's :one"))],
        {"t": [{"id": 0}, {"id": 5}]},
        only=("postgres", "mysql"),
    ),
    Case(
        "defaults",
        "a key starts counting from below zero",
        [table("t", key(autoincrement=False))],
        [table("t", key())],
        {"t": [{"id": -3}]},
        only=("postgres", "mysql"),
    ),
    Case(
        "defaults",
        "a key starts counting and is wider",
        [table("t", key(autoincrement=False))],
        [table("t", key(kind=sa.BigInteger))],
        {"t": [{"id": 1}]},
        only=("postgres",),
    ),
    Case(
        "defaults",
        "a key stops counting and is wider",
        [table("t", key())],
        [table("t", key(kind=sa.BigInteger, autoincrement=False))],
        {"t": [{"id": 1}]},
        only=("postgres",),
    ),
    Case(
        "defaults",
        "a key of 63 characters' table stops counting",
        [table(LONG, key())],
        [table(LONG, key(autoincrement=False))],
        {LONG: [{"id": 1}]},
        only=("postgres",),
    ),
    Case(
        "defaults",
        "an identity stays",
        [table("t", sa.Column("id", sa.Integer, sa.Identity(start=100), primary_key=True))],
        [table("t", sa.Column("id", sa.Integer, sa.Identity(start=100), primary_key=True))],
        words=[],
    ),
    # Comments
    Case(
        "comments",
        "of a column is added",
        one(sa.Integer),
        one(sa.Integer, comment="it's 100%"),
        values(1),
        only=("postgres", "mysql"),
    ),
    Case(
        "comments",
        "of a column changes",
        one(sa.Integer, comment="a"),
        one(sa.Integer, comment="b"),
        values(1),
        only=("postgres", "mysql"),
    ),
    Case(
        "comments",
        "of a column goes",
        one(sa.Integer, comment="a"),
        one(sa.Integer),
        values(1),
        only=("postgres", "mysql"),
    ),
    Case(
        "comments",
        "of a table is added",
        one(sa.Integer),
        [table("t", ID, column("x", sa.Integer), comment="it's 100%")],
        values(1),
        only=("postgres", "mysql"),
    ),
    Case(
        "comments",
        "of a table goes",
        [table("t", ID, column("x", sa.Integer), comment="a")],
        one(sa.Integer),
        values(1),
        only=("postgres", "mysql"),
    ),
    Case(
        "comments",
        "make no difference on SQLite",
        one(sa.Integer, comment="a"),
        one(sa.Integer, comment="b"),
        values(1),
        words=[],
        only=("sqlite",),
    ),
    Case(
        "comments",
        "of a renamed column",
        one(sa.Integer, comment="a"),
        plain(column("y", sa.Integer, comment="b")),
        values(1),
        ["t.x:y"],
    ),
    Case("comments", "beside a type", one(sa.Integer, comment="a"), one(sa.BigInteger, comment="a"), values(1)),
    Case(
        "comments",
        "beside a requirement",
        one(sa.Integer, comment="a"),
        one(sa.Integer, comment="a", nullable=False),
        values(1),
    ),
    # Collations
    Case(
        "collations",
        "is added",
        one(sa.String(20)),
        one(sa.String(20, collation="NOCASE")),
        values("a", "B"),
        only=("sqlite",),
        expect={"t.x": ["a", "B"]},
    ),
    Case(
        "collations",
        "goes",
        one(sa.String(20, collation="NOCASE")),
        one(sa.String(20)),
        values("a", "B"),
        only=("sqlite",),
    ),
    Case(
        "collations",
        "is added on PostgreSQL",
        one(sa.String(20)),
        one(sa.String(20, collation="C")),
        values("a", "B"),
        only=("postgres",),
    ),
    Case(
        "collations",
        "goes on PostgreSQL",
        one(sa.String(20, collation="C")),
        one(sa.String(20)),
        values("a", "B"),
        only=("postgres",),
    ),
    Case(
        "collations",
        "changes on MariaDB",
        one(sa.String(20, collation="utf8mb4_bin")),
        one(sa.String(20, collation="utf8mb4_general_ci")),
        values("a", "B"),
        only=("mysql",),
        refuses=[],
    ),
    Case(
        "collations",
        "is added on MariaDB",
        one(sa.String(20)),
        one(sa.String(20, collation="utf8mb4_bin")),
        values("a", "B"),
        only=("mysql",),
    ),
    Case(
        "collations",
        "stays on SQLite",
        one(sa.String(20, collation="NOCASE")),
        one(sa.String(20, collation="NOCASE"), column("y", sa.Integer)),
        values("a"),
        words=["add column t.y (INTEGER)"],
        only=("sqlite",),
    ),
    Case(
        "collations",
        "stays while a column is required",
        one(sa.String(20, collation="NOCASE")),
        one(sa.String(20, collation="NOCASE"), nullable=False),
        values("a"),
        only=("sqlite",),
    ),
    Case(
        "collations",
        "stays while a column is longer",
        one(sa.String(20, collation="C")),
        one(sa.String(40, collation="C")),
        values("a"),
        only=("postgres",),
    ),
    Case(
        "collations",
        "stays while a column is longer on MariaDB",
        one(sa.String(20, collation="utf8mb4_bin")),
        one(sa.String(40, collation="utf8mb4_bin")),
        values("a"),
        only=("mysql",),
    ),
]
