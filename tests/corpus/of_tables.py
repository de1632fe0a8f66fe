"""Tables that come, go, and get another name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from corpus.case import ID, Case, Models, column, foreign, table

NAME = column("name", sa.String(50), nullable=False)
AUTHOR = table("author", ID, NAME)
ANN = {"author": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}]}


def book(name: str = "book", author: str = "author", *more: Any) -> Models:
    return table(
        name,
        ID,
        column("title", sa.String(50), unique=True),
        column("author_id", sa.Integer, sa.ForeignKey(f"{author}.id"), index=True),
        *more,
    )


DUST = {**ANN, "book": [{"id": 7, "title": "Dust", "author_id": 1}, {"id": 8, "title": None, "author_id": None}]}
GIVEN_BOOK = {"id": 9, "title": "New", "author_id": 1}


def node(name: str = "node", up: str = "up") -> Models:
    return table(name, ID, column(up, sa.Integer, sa.ForeignKey(f"{name}.id")))


def ring(*names: str) -> list[Models]:
    """Tables each of which points at the next, and the last at the first."""
    following = [*names[1:], names[0]]
    return [
        table(
            name,
            ID,
            column("next_id", sa.Integer),
            foreign(["next_id"], [f"{after}.id"], name=f"fk_{name}_{after}", use_alter=True),
        )
        for name, after in zip(names, following, strict=True)
    ]


def chain(length: int) -> list[Models]:
    models = [table("t0", ID)]
    for number in range(1, length):
        models.append(table(f"t{number}", ID, column("up", sa.Integer, sa.ForeignKey(f"t{number - 1}.id"))))
    return models


CASES = [
    Case(
        "tables",
        "first table",
        [],
        [AUTHOR],
        takes=[("author", {"id": 1, "name": "Ann"})],
        words=["create table author (2 columns)"],
    ),
    Case("tables", "add a table beside one", [AUTHOR], [AUTHOR, table("tag", ID, NAME)], ANN),
    Case(
        "tables",
        "add a table that points at one",
        [AUTHOR],
        [AUTHOR, book()],
        ANN,
        takes=[("book", GIVEN_BOOK)],
        refuses=[("book", {**GIVEN_BOOK, "author_id": 99})],
    ),
    Case(
        "tables",
        "drop a table",
        [AUTHOR, table("tag", ID, NAME)],
        [AUTHOR],
        {**ANN, "tag": [{"id": 1, "name": "x"}]},
        accept=True,
        back={"tag": 0},
    ),
    Case("tables", "drop an empty table", [AUTHOR, table("tag", ID, NAME)], [AUTHOR], ANN, back={"tag": 0}),
    Case("tables", "drop a table that points at one", [AUTHOR, book()], [AUTHOR], DUST, accept=True, back={"book": 0}),
    Case(
        "tables",
        "drop a table that one points at",
        [AUTHOR, book()],
        [table("book", ID, column("title", sa.String(50), unique=True))],
        DUST,
        accept=True,
        back={"author": 0, "book.author_id": [None, None]},
    ),
    Case("tables", "drop everything", [AUTHOR, book()], [], DUST, accept=True, back={"author": 0, "book": 0}),
    Case("tables", "add a chain", [], chain(5)),
    Case("tables", "drop a chain", chain(5), [], accept=True),
    Case(
        "tables", "drop the middle of a chain", chain(4), [chain(1)[0], table("t1", ID), table("t3", ID)], accept=True
    ),
    Case("tables", "add a table that points at itself", [], [node()], refuses=[("node", {"id": 1, "up": 9})]),
    Case(
        "tables",
        "drop a table that points at itself",
        [node()],
        [],
        {"node": [{"id": 1, "up": None}, {"id": 2, "up": 1}]},
        accept=True,
    ),
    Case(
        "tables",
        "add a ring of two",
        [AUTHOR],
        [AUTHOR, *ring("hen", "egg")],
        ANN,
        refuses=[("hen", {"id": 1, "next_id": 9})],
    ),
    Case("tables", "drop a ring of two", [AUTHOR, *ring("hen", "egg")], [AUTHOR], ANN, accept=True),
    Case("tables", "add a ring of three", [], ring("a", "b", "c")),
    Case(
        "tables",
        "rename a table",
        [AUTHOR],
        [table("writer", ID, NAME)],
        ANN,
        ["author:writer"],
        takes=[("writer", {"id": 9, "name": "Cy"})],
    ),
    Case("tables", "rename an empty table", [AUTHOR], [table("writer", ID, NAME)], renames=["author:writer"]),
    Case(
        "tables",
        "rename a table with keys and indexes",
        [AUTHOR, book()],
        [AUTHOR, book("volume")],
        DUST,
        ["book:volume"],
        refuses=[("volume", {**GIVEN_BOOK, "title": "Dust"}), ("volume", {**GIVEN_BOOK, "author_id": 99})],
    ),
    Case(
        "tables",
        "rename a table that one points at",
        [AUTHOR, book()],
        [table("writer", ID, NAME), book(author="writer")],
        DUST,
        ["author:writer"],
        refuses=[("book", {**GIVEN_BOOK, "author_id": 99})],
    ),
    Case(
        "tables",
        "rename a table that points at itself",
        [node()],
        [node("twig")],
        {"node": [{"id": 1, "up": None}, {"id": 2, "up": 1}]},
        ["node:twig"],
    ),
    Case("tables", "rename a ring", ring("hen", "egg"), ring("bird", "egg"), renames=["hen:bird"]),
    Case(
        "tables",
        "rename two tables",
        [AUTHOR, book()],
        [table("writer", ID, NAME), book("volume", "writer")],
        DUST,
        ["author:writer", "book:volume"],
    ),
    Case("tables", "a table's name changes its case", [table("Author", ID, NAME)], [AUTHOR], {"Author": ANN["author"]}),
    Case("tables", "a table's name gets capitals", [AUTHOR], [table("Author", ID, NAME)], ANN),
    Case(
        "tables",
        "replace a table by one like it",
        [table("old_tag", ID, NAME)],
        [table("new_tag", ID, NAME)],
        {"old_tag": [{"id": 1, "name": "x"}]},
        accept=True,
        expect={"new_tag": 0},
        back={"old_tag": 0},
    ),
    Case(
        "tables",
        "rename a table and add one under its old name",
        [AUTHOR],
        [table("writer", ID, NAME), table("author", ID, column("born", sa.Date))],
        ANN,
        ["author:writer"],
        accept=True,
    ),
    Case(
        "tables",
        "nothing changes",
        [AUTHOR, book(), node(), *ring("hen", "egg")],
        [AUTHOR, book(), node(), *ring("hen", "egg")],
        DUST,
        words=[],
    ),
]
