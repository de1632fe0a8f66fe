"""Each change of the corpus on each database: up, down and up again, with rows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from corpus.case import KINDS, Case
from corpus.every import CASES
from corpus.trial import Bench, run

TORTURE = "DBTOOL_TORTURE" in os.environ
SHARE = 8  # of the cases that every database knows, a server is given each eighth: `make torture` gives it all


def chosen(kind: str) -> list[Case]:
    """The cases of a database: all on SQLite, where they take no time; on servers a share of what all have."""
    mine = [case for case in CASES if kind in case.only]
    if kind == "sqlite" or TORTURE:
        return mine
    turn = KINDS.index(kind)
    return [case for case in mine if case.only != KINDS or CASES.index(case) % SHARE == turn]


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("bench", "case"),
    [pytest.param(kind, case, id=f"{kind}-{case.title}") for kind in KINDS for case in chosen(kind)],
    indirect=["bench"],
)
def test_a_change_of_models_is_applied_with_its_rows_and_can_be_taken_back(case: Case, bench: Bench) -> None:
    run(case, bench)


def test_no_two_changes_have_the_same_name() -> None:
    assert len({case.title for case in CASES}) == len(CASES)
