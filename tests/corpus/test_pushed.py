"""A share of the corpus by other ways than a new file: pushed to a database, and squashed with the file before it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from projects import Project

import dbtool
from corpus.case import KINDS, Case, metadata_of
from corpus.test_corpus import chosen
from corpus.trial import Bench, insert, judge, pairs, run
from dbtool.conversation import Answers
from dbtool.operations import bringing, weighing

SHARE = 1 if "DBTOOL_TORTURE" in os.environ else 40
SOME = [(kind, case) for kind in (KINDS if SHARE == 1 else KINDS[:1]) for case in chosen(kind)[::SHARE]]


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


some = pytest.mark.parametrize(
    ("bench", "case"),
    [pytest.param(kind, case, id=f"{kind}-{case.title}") for kind, case in SOME],
    indirect=["bench"],
)


@some
def test_a_change_of_models_is_pushed_with_its_rows(case: Case, bench: Bench) -> None:
    database, _ = bench.cleared()
    config = bench.project().config
    before, after = metadata_of(case.before), metadata_of(case.after)
    with bringing.found(config, database, before, Answers(), exists=True) as way:
        way.go()
    insert(database, before, case.rows)
    answers = Answers(accept_data_loss=case.accept, renames=pairs(case), fills=case.fills)

    with bringing.found(config, database, after, answers, exists=True) as way:
        weighing.refuse_unused(answers)
        weighing.consent(way.weighed, answers, "a database")
        way.go()

    judge(case, database, before, after)
    with bringing.found(config, database, after, Answers(), exists=True) as way:
        assert (way.weighed.changes, way.statements) == ((), ())


@some
def test_two_files_are_squashed_into_one(case: Case, bench: Bench) -> None:
    run(case, bench)
    project = Project(bench.folder / f"project_{bench.count}", bench.urls[0])
    project.write("pyproject.toml", "[tool.dbtool]\n")

    done = dbtool.squash(project.config, ask=Answers(yes=True))

    assert len(project.versions) == (1 if len(done.squashed) > 1 else len(done.squashed))
    assert dbtool.status(project.config).standing.intact
