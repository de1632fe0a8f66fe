"""Members of enums are added, removed, renamed and ordered, in both directions, and rows follow."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from test_diff import ID, Loop, Models, fill, loop, table, words

from dbtool.conversation import REFUSE, Answers
from dbtool.engine import live
from dbtool.engine.diff import Decisions
from dbtool.errors import AnswerError, FillError

__all__ = ["loop"]
servers = pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)


def person(*members: str, default: str | None = None) -> Models:
    kind = sa.Enum(*members, name="mood")
    return table("person", ID, sa.Column("mood", kind, server_default=default), sa.Column("then", kind))


def rows(loop: Loop) -> list[tuple[Any, ...]]:
    return loop.query("SELECT id, mood FROM person ORDER BY id")


# members before and after, answers, rows before and after, the change in words
CHANGES: dict[str, tuple[list[str], list[str], Answers, dict[str, str], str]] = {
    "added at the end": (["calm", "cross"], ["calm", "cross", "glad"], Answers(), {"calm": "calm"}, "add glad"),
    "added at the front": (["calm"], ["angry", "calm"], Answers(), {"calm": "calm"}, "add angry"),
    "added in between": (
        ["calm", "cross"],
        ["calm", "glad", "keen", "cross"],
        Answers(),
        {"cross": "cross"},
        "add glad, keen",
    ),
    "removed": (["calm", "cross"], ["calm"], Answers(), {"calm": "calm"}, "drop cross"),
    "removed and replaced": (
        ["calm", "cross", "glad"],
        ["calm", "glad"],
        Answers(fills={"person.mood.cross": "calm"}),
        {"cross": "calm", "glad": "glad"},
        "cross becomes calm",
    ),
    "renamed": (
        ["calm", "cross"],
        ["calm", "angry"],
        Answers(renames=[("person.mood.cross", "angry")]),
        {"cross": "angry", "calm": "calm"},
        "rename cross to angry",
    ),
    "renamed and added": (
        ["calm", "cross"],
        ["calm", "angry", "it's 100%"],
        Answers(renames=[("person.mood.cross", "angry")]),
        {"cross": "angry", "calm": "calm"},
        "rename cross to angry, add it's 100%",
    ),
    "ordered anew": (["calm", "cross"], ["cross", "calm"], Answers(), {"calm": "calm"}, "order cross, calm"),
}


@servers
@pytest.mark.parametrize(("before", "after", "answers", "moves", "change"), CHANGES.values(), ids=CHANGES)
def test_members_change_and_rows_follow(
    loop: Loop, before: list[str], after: list[str], answers: Answers, moves: dict[str, str], change: str
) -> None:
    loop.migrate(person(*before))
    fill(loop, *(f"INSERT INTO person (id, mood) VALUES ({n}, '{old}')" for n, old in enumerate(moves, 1)))
    with live.reading(loop.database, exists=True) as there:
        assert there is not None
        renames = [
            (old.replace("mood", name, 1), new) for old, new in answers.renames.items() for name in ("mood", "then")
        ]
        decisions = Decisions(Answers(renames=renames, fills=answers.fills), there)
        draft = loop.write(person(*after), decisions=decisions)

    loop.migrate(person(*after))

    assert any(each.endswith(f": {change}") for each in words(draft))
    assert rows(loop) == [(number, new) for number, new in enumerate(moves.values(), 1)]
    assert not loop.write(person(*after))


@servers
def test_a_default_follows_its_member(loop: Loop) -> None:
    loop.migrate(person("calm", "cross", default="cross"))

    loop.migrate(
        person("calm", "angry", "glad", default="angry"),
        decisions=Decisions(Answers(renames=[("person.mood.cross", "angry"), ("person.then.cross", "angry")])),
    )
    fill(loop, "INSERT INTO person (id) VALUES (1)")

    assert rows(loop) == [(1, "angry")]


@servers
def test_rows_with_a_member_that_goes_need_another_one(loop: Loop) -> None:
    loop.migrate(person("calm", "cross", "glad"))
    fill(loop, "INSERT INTO person (id, mood) VALUES (1, 'cross'), (2, 'cross')")

    with live.reading(loop.database, exists=True) as there:
        assert there is not None
        with pytest.raises(AnswerError) as error:
            loop.write(person("calm", "glad"), decisions=Decisions(REFUSE, there))
        with pytest.raises(FillError):
            answers = Answers(fills={"person.mood.cross": "angry"})
            loop.write(person("calm", "glad"), decisions=Decisions(answers, there))

    assert error.value.message == (
        "`person.mood.cross` (a member that goes) needs a value for the 2 rows that exist, and nobody can be asked"
    )


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_column_moves_between_texts_and_enums(loop: Loop) -> None:
    text = table("person", ID, sa.Column("mood", sa.String(20)))
    enum = table("person", ID, sa.Column("mood", sa.Enum("calm", "cross", name="mood")))
    other = table("person", ID, sa.Column("mood", sa.Enum("calm", "cross", name="feeling")))
    loop.migrate(text)
    fill(loop, "INSERT INTO person (id, mood) VALUES (1, 'calm')")

    for models in (enum, other, text):
        loop.migrate(models)

    assert rows(loop) == [(1, "calm")]
    assert loop.query("SELECT typname FROM pg_type WHERE typtype = 'e'") == []
