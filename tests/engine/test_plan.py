"""What a move takes and where a database stands: decided by pure functions, told in tables of cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtool.engine import plan
from dbtool.engine.history import History, LockLine
from dbtool.errors import EditedError, MissingFileError, RevisionError
from dbtool.reports import Revision, Standing


def file(id: str, *parents: str, **more: object) -> Revision:
    return Revision(id, f"name{id}", parents, f"versions/{id}.py", f"text{id}", f"meaning{id}", **more)  # type: ignore[arg-type]


ONE, TWO, THREE = file("1"), file("2", "1"), file("3", "2")
CHAIN = History((ONE, TWO, THREE))
#   1 ── 2 ── 4 ── 5
#    └── 3 ──┘
MERGED = History((ONE, TWO, file("3", "1"), file("4", "2", "3"), file("5", "4")))
#   1 ── 2,   3 (after 2 as well, by depends_on) ── 4
DEPENDING = History((ONE, TWO, file("3", depends_on=("2",)), file("4", "3")))
FORKED = History((ONE, TWO, file("3", "1")), host="alembic")
EMPTY = History()


def ids(revisions: tuple[Revision, ...]) -> str:
    return " ".join(revision.id for revision in revisions)


HEADS = {
    "empty": (EMPTY, ()),
    "chain": (CHAIN, ("3",)),
    "merged": (MERGED, ("5",)),
    "depending": (DEPENDING, ("4",)),
    "forked": (FORKED, ("2", "3")),
}


@pytest.mark.parametrize(("history", "heads"), HEADS.values(), ids=HEADS)
def test_the_heads_are_what_nothing_follows(history: History, heads: tuple[str, ...]) -> None:
    assert history.heads == heads


FORWARD = {
    "all of a chain": (CHAIN, (), None, "1 2 3"),
    "the rest of a chain": (CHAIN, ("1",), None, "2 3"),
    "nothing": (CHAIN, ("3",), None, ""),
    "up to one": (CHAIN, (), "2", "1 2"),
    "up to where it is": (CHAIN, ("2",), "2", ""),
    "up to one behind": (CHAIN, ("3",), "1", ""),
    "nothing of nothing": (EMPTY, (), None, ""),
    "both sides of a merge": (MERGED, (), None, "1 2 3 4 5"),
    "one side of a merge": (MERGED, (), "3", "1 3"),
    "the other side of a merge": (MERGED, ("2",), "4", "3 4"),
    "after a merge": (MERGED, ("4",), None, "5"),
    "what it depends on": (DEPENDING, (), "3", "1 2 3"),
    "all heads": (FORKED, (), None, "1 2 3"),
    "the head that is missing": (FORKED, ("2",), None, "3"),
}


@pytest.mark.parametrize(("history", "heads", "target", "steps"), FORWARD.values(), ids=FORWARD)
def test_forward_takes_what_has_not_run_in_order(
    history: History, heads: tuple[str, ...], target: str | None, steps: str
) -> None:
    assert ids(plan.forward(history, heads, target)) == steps


BACKWARD = {
    "to one": (CHAIN, ("3",), "1", "3 2"),
    "to base": (CHAIN, ("3",), "base", "3 2 1"),
    "to where it is": (CHAIN, ("3",), "3", ""),
    "to one ahead": (CHAIN, ("1",), "3", ""),
    "nothing to take back": (CHAIN, (), "base", ""),
    "both sides of a merge": (MERGED, ("5",), "1", "5 4 3 2"),
    "the other side of a merge": (MERGED, ("5",), "2", "5 4 3"),
    "what depends on it": (DEPENDING, ("4",), "2", "4 3"),
}


@pytest.mark.parametrize(("history", "heads", "target", "steps"), BACKWARD.values(), ids=BACKWARD)
def test_backward_takes_back_what_has_run_newest_first(
    history: History, heads: tuple[str, ...], target: str, steps: str
) -> None:
    assert ids(plan.backward(history, heads, target)) == steps


NAMED = History(
    (
        replace(ONE, id="20250101000000", name="init"),
        replace(TWO, id="20250102000000", name="add_book", parents=("20250101000000",)),
        replace(THREE, id="20250203000000", name="add_book_2", parents=("20250102000000",)),
    )
)
RESOLVED = {
    "id": ("20250102000000", "20250102000000"),
    "prefix": ("202502", "20250203000000"),
    "name": ("add_book", "20250102000000"),
    "label": ("20250102000000 add_book", "20250102000000"),
    "base": ("base", "base"),
    "head": ("head", "20250203000000"),
    "heads": ("heads", "20250203000000"),
    "one back": ("-1", "20250101000000"),
    "all back": ("-2", "base"),
    "one ahead": ("+1", "20250203000000"),
    "here": ("+0", "20250102000000"),
}


@pytest.mark.parametrize(("word", "expected"), RESOLVED.values(), ids=RESOLVED)
def test_a_revision_is_named_in_many_ways(word: str, expected: str) -> None:
    assert plan.resolve(NAMED, word, ["20250102000000"]) == expected


def test_a_name_that_is_also_a_prefix_means_the_name() -> None:
    history = History((replace(ONE, id="2025", name="init"), replace(TWO, id="20", name="x", parents=("2025",))))

    assert plan.resolve(history, "20", []) == "20"


def test_head_of_nothing_is_base() -> None:
    assert plan.resolve(EMPTY, "head", []) == "base"


UNRESOLVED = {
    "unknown": ("nowhere", "no migration is called `nowhere`", "dbtool status lists them", ()),
    "misspelt": ("add_bok", "no migration is called `add_bok`", "did you mean `add_book`?", ()),
    "ambiguous prefix": (
        "202501",
        "`202501` names 2 migrations",
        "say the whole id",
        ("20250101000000 init", "20250102000000 add_book"),
    ),
    "too far back": ("-3", "there are only 2 migrations behind and 1 ahead", "dbtool status", ()),
    "too far ahead": ("+2", "there are only 2 migrations behind and 1 ahead", "dbtool status", ()),
    "empty": ("", "no migration is called ``", "dbtool status lists them", ()),
}


@pytest.mark.parametrize(("word", "message", "hint", "problems"), UNRESOLVED.values(), ids=UNRESOLVED)
def test_a_word_that_names_no_single_revision_is_refused_with_the_nearest(
    word: str, message: str, hint: str, problems: tuple[str, ...]
) -> None:
    with pytest.raises(RevisionError) as error:
        plan.resolve(NAMED, word, ["20250102000000"])

    assert (error.value.message, error.value.hint, error.value.problems) == (message, hint, problems)


def test_head_of_a_fork_is_refused() -> None:
    with pytest.raises(RevisionError) as error:
        plan.resolve(FORKED, "head", [])

    assert error.value.message == "`head` names 2 migrations: 2, 3"


STALE_TWO = replace(TWO, stale=True, meaning_hash="new")
GONE = LockLine("2", ("1",), "text2", "meaning2")
LEDGER = {"1": "meaning1", "2": "meaning2", "3": "meaning3"}


def standing(**found: str) -> dict[str, str]:
    return {"applied": "", "pending": "", "edited": "", "missing": "", "stale": "", "unlisted": "", **found}


STANDINGS = {
    "nothing": (EMPTY, (), {}, standing()),
    "nothing applied": (CHAIN, (), {}, standing(pending="1 2 3")),
    "half applied": (CHAIN, ("2",), LEDGER, standing(applied="1 2", pending="3")),
    "all applied": (CHAIN, ("3",), LEDGER, standing(applied="1 2 3")),
    "applied by plain Alembic": (CHAIN, ("3",), {}, standing(applied="1 2 3")),
    "pending and edited": (History((ONE, STALE_TWO)), ("1",), LEDGER, standing(applied="1", pending="2", stale="2")),
    "edited after it was applied": (
        History((ONE, STALE_TWO)),
        ("2",),
        LEDGER,
        standing(applied="1 2", edited="2"),
    ),
    "edited after it was applied, and listed again": (
        History((ONE, replace(TWO, meaning_hash="new"))),
        ("2",),
        LEDGER,
        standing(applied="1 2", edited="2"),
    ),
    "edited after plain Alembic applied it": (
        History((ONE, STALE_TWO)),
        ("2",),
        {},
        standing(applied="1 2", edited="2"),
    ),
    "edited before it was applied, and not listed again": (
        History((ONE, STALE_TWO)),
        ("2",),
        {**LEDGER, "2": "new"},
        standing(applied="1 2", stale="2"),
    ),
    "applied, and its file is gone": (
        History((ONE,), gone=(GONE,), locked=True),
        ("2",),
        LEDGER,
        standing(applied="1", missing="2"),
    ),
    "applied, its file is gone, and no lock tells what it followed": (
        History((ONE,), host="alembic"),
        ("2",),
        {},
        standing(pending="1", missing="2"),
    ),
    "applied, and its file is gone from between": (
        History((ONE, THREE), gone=(GONE,)),
        ("3",),
        LEDGER,
        standing(applied="1 3", missing="2"),
    ),
    "listed, and its file is gone": (
        History((ONE,), gone=(GONE,), locked=True),
        ("1",),
        LEDGER,
        standing(applied="1", missing="2"),
    ),
    "not listed": (
        History((ONE, replace(TWO, listed=False)), locked=True),
        ("1",),
        LEDGER,
        standing(applied="1", pending="2", unlisted="2"),
    ),
    "no lock to be listed in": (
        History((replace(ONE, listed=False),), host="alembic"),
        (),
        {},
        standing(pending="1"),
    ),
    "one side of a merge": (
        MERGED,
        ("2",),
        {},
        standing(applied="1 2", pending="3 4 5"),
    ),
}


@pytest.mark.parametrize(("history", "heads", "ledger", "expected"), STANDINGS.values(), ids=STANDINGS)
def test_a_database_stands_where_files_lock_and_ledger_say(
    history: History, heads: tuple[str, ...], ledger: dict[str, str], expected: dict[str, str]
) -> None:
    found = plan.standing(history, heads, ledger)

    assert (found.current, found.heads) == (heads, history.heads)
    assert {
        "applied": ids(found.applied),
        "pending": ids(found.pending),
        "edited": ids(found.edited),
        "missing": " ".join(found.missing),
        "stale": ids(found.stale),
        "unlisted": ids(found.unlisted),
    } == expected
    assert found.intact == (not (expected["edited"] or expected["missing"] or expected["stale"]))


SOUND = Standing((), (), (), (), (), (), (), ())


def test_files_that_are_what_was_run_pass() -> None:
    plan.require_intact(replace(SOUND, unlisted=(ONE,), pending=(TWO,)), "migrations")


BROKEN = {
    "missing": (
        replace(SOUND, missing=("1", "2")),
        MissingFileError,
        "the file of migration 1, 2 is gone",
        "git checkout -- db/files",
    ),
    "edited": (
        replace(SOUND, edited=(ONE, TWO)),
        EditedError,
        "1 name1, 2 name2 was changed after this database ran it",
        "git checkout -- db/files   (a change belongs in a new migration: dbtool migrate)",
    ),
    "stale": (
        replace(SOUND, stale=(TWO,)),
        EditedError,
        "2 name2 is not what db/files/dbtool.lock lists",
        "dbtool migrate",
    ),
}


@pytest.mark.parametrize(("found", "kind", "message", "hint"), BROKEN.values(), ids=BROKEN)
def test_files_that_are_not_what_was_run_are_refused(
    found: Standing, kind: type[Exception], message: str, hint: str
) -> None:
    with pytest.raises(kind) as error:
        plan.require_intact(found, "db/files")

    assert (error.value.message, error.value.hint) == (message, hint)  # type: ignore[attr-defined]
