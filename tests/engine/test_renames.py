"""What only has a new name keeps its rows, its indexes, its keys and what is named after it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from test_diff import AUTHOR, ID, Loop, Models, code, fill, loop, on_postgres, table, words

from dbtool.conversation import REFUSE, Answers
from dbtool.engine.diff import Decisions
from dbtool.errors import AnswerError

__all__ = ["loop"]


def renaming(*pairs: str) -> Decisions:
    """Somebody who was told of these renames, and of nothing else."""
    return Decisions(ask=Answers(renames=[(old, new) for old, _, new in (each.partition(":") for each in pairs)]))


def book(name: str = "book", *more: Any, title: str = "title", author: str = "author_id", **options: Any) -> Models:
    return table(
        name,
        ID,
        lambda: sa.Column(title, sa.String(50), nullable=False, unique=True),
        lambda: sa.Column(author, sa.Integer(), sa.ForeignKey("author.id"), index=True),
        *more,
        **options,
    )


ROWS = (
    "INSERT INTO author (id, name) VALUES (1, 'Ann')",
    "INSERT INTO book (id, title, author_id) VALUES (7, 'Dust', 1)",
)

RENAMES: dict[str, tuple[list[str], Models, str]] = {
    "column": (["book.title:heading"], book(title="heading"), "SELECT id, heading, author_id FROM book"),
    "column with key and index": (
        ["book.author_id:writer_id"],
        book(author="writer_id"),
        "SELECT id, title, writer_id FROM book",
    ),
    "table": (["book:volume"], book("volume"), "SELECT id, title, author_id FROM volume"),
    "table and columns": (
        ["book:volume", "volume.title:heading", "volume.author_id:writer_id"],
        book("volume", title="heading", author="writer_id"),
        "SELECT id, heading, writer_id FROM volume",
    ),
    "column that also changes": (
        ["book.title:heading"],
        table(
            "book",
            ID,
            lambda: sa.Column("heading", sa.String(80), nullable=True, unique=True),
            lambda: sa.Column("author_id", sa.Integer(), sa.ForeignKey("author.id"), index=True),
        ),
        "SELECT id, heading, author_id FROM book",
    ),
    "column beside a new one": (
        ["book.title:heading"],
        book("book", sa.Column("pages", sa.Integer()), title="heading"),
        "SELECT id, heading, author_id FROM book",
    ),
    "case of a column": ([], book(title="Title"), 'SELECT id, "Title", author_id FROM book'),
}


@pytest.mark.parametrize(("given", "after", "query"), RENAMES.values(), ids=RENAMES)
def test_a_rename_keeps_the_rows_in_both_directions(loop: Loop, given: list[str], after: Models, query: str) -> None:
    loop.migrate(AUTHOR, book())
    fill(loop, *ROWS)

    draft = loop.migrate(AUTHOR, after, decisions=renaming(*given))

    if loop.database.kind == "mysql":
        query = query.replace('"', "`")
    assert loop.query(query) == [(7, "Dust", 1)]
    assert not [change for change in draft.changes if change.loses_data]
    assert not loop.write(AUTHOR, after)


def test_a_table_whose_name_changes_its_case_is_renamed(loop: Loop) -> None:
    loop.migrate(table("Book", ID, sa.Column("pages", sa.Integer())))

    draft = loop.migrate(table("book", ID, sa.Column("pages", sa.Integer())))

    assert words(draft)[0] == "rename table Book to book"
    assert not [each for each in words(draft) if not each.startswith("rename ")]


def test_tables_that_point_at_a_renamed_one_still_do(loop: Loop) -> None:
    loop.migrate(AUTHOR, book())
    fill(loop, *ROWS)
    writer = table("writer", ID, sa.Column("name", sa.String(50), nullable=False))
    pointing = table(
        "book",
        ID,
        lambda: sa.Column("title", sa.String(50), nullable=False, unique=True),
        lambda: sa.Column("author_id", sa.Integer(), sa.ForeignKey("writer.id"), index=True),
    )

    draft = loop.migrate(writer, pointing, decisions=renaming("author:writer"))

    assert words(draft)[0] == "rename table author to writer"
    assert not [each for each in words(draft) if "foreign key" in each]
    assert not loop.write(writer, pointing)


@on_postgres
def test_what_is_named_after_a_table_follows_it(loop: Loop) -> None:
    loop.migrate(AUTHOR, book())

    loop.migrate(AUTHOR, book("volume"), decisions=renaming("book:volume"))

    names = loop.query("SELECT relname FROM pg_class WHERE relname LIKE '%volume%' OR relname LIKE '%book%' ORDER BY 1")
    assert [name for (name,) in names] == [
        "ix_volume_author_id",
        "volume",
        "volume_id_seq",
        "volume_pkey",
        "volume_title_key",
    ]
    (key,) = loop.query("SELECT conname FROM pg_constraint WHERE contype = 'f'")
    assert key == ("volume_author_id_fkey",)


def test_nothing_is_dropped_and_added_while_nobody_has_said_that_it_is_no_rename(loop: Loop) -> None:
    loop.migrate(AUTHOR, book())

    with pytest.raises(AnswerError) as error:
        loop.write(AUTHOR, book(title="heading"), decisions=Decisions(ask=REFUSE))

    assert (error.value.message, error.value.hint) == (
        "`book.title` is gone and `heading` is new: is that one thing with a new name? nobody can be asked",
        "add --rename book.title:heading if it is, or --accept-data-loss to drop the one and add the other",
    )


def test_what_is_no_rename_is_dropped_and_added(loop: Loop) -> None:
    loop.migrate(AUTHOR, table("note", ID, sa.Column("text", sa.String(9))))

    draft = loop.migrate(AUTHOR, table("note", ID, sa.Column("body", sa.String(9))))

    assert sorted(words(draft)) == ["add column note.body (VARCHAR(9))", "drop column note.text"]


def test_a_column_of_another_kind_is_no_rename_unless_somebody_says_so(loop: Loop) -> None:
    loop.migrate(table("note", ID, sa.Column("text", sa.String(9))))

    draft = loop.write(table("note", ID, sa.Column("born", sa.Date())), decisions=Decisions(ask=REFUSE))

    assert sorted(words(draft)) == ["add column note.born (DATE)", "drop column note.text"]


def test_a_rename_is_plain_alembic(loop: Loop) -> None:
    loop.migrate(AUTHOR)

    draft = loop.migrate(
        table("author", ID, sa.Column("full_name", sa.String(50), nullable=False)),
        decisions=renaming("author.name:full_name"),
    )

    assert code(draft.upgrade).splitlines()[0] == "op.alter_column('author', 'name',"
    assert "new_column_name='full_name'" in draft.upgrade
    assert "new_column_name='name'" in draft.downgrade
    assert "batch" not in draft.upgrade
