"""From any models to any others and back: the schema is what it was, and nothing is left to be found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, note, settings

from corpus.case import KINDS
from corpus.random_models import Crowded, Plan, Somebody, built, plans
from corpus.trial import Bench, Facts, photo, require, require_same, stage
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import files, history, proof
from dbtool.engine.diff import Decisions
from dbtool.engine.portrait import settled
from dbtool.engine.verdicts import Verdicts

TORTURE = "DBTOOL_TORTURE" in os.environ
EXAMPLES = {"sqlite": 15, "postgres": 5, "mysql": 5}


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


@pytest.mark.timeout(0 if TORTURE else 300)
def test_any_models_become_any_others_and_come_back(bench: Bench) -> None:
    @settings(
        max_examples=300 if TORTURE else EXAMPLES[bench.kind],
        deadline=None,
        database=None,
        derandomize=not TORTURE,
        phases=(Phase.generate, Phase.shrink) if bench.kind == "sqlite" else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(), plans())
    def there_and_back(first: Plan, second: Plan) -> None:
        note(f"{first = !r}\n{second = !r}")
        learnt: set[str] = set()
        _, scratch = bench.cleared()
        config = bench.project().config
        migrate(config, scratch, first, "to the first", learnt)
        before = same_numbers(photo(scratch))
        migrate(config, scratch, second, "to the second", learnt)
        migrate(config, scratch, first, "back to the first", learnt)
        require_same("there and back", before, same_numbers(photo(scratch)))

    there_and_back()


def same_numbers(facts: Facts) -> Facts:
    """Read checks without the casts of numbers, which PostgreSQL adds when a column changes its type."""
    return frozenset(settled(fact).replace("(", "").replace(")", "") for fact in facts)


def migrate(config: Config, scratch: Database, plan: Plan, what: str, learnt: set[str]) -> None:
    """Write a migration and prove it, which runs it up, down and up with rows and compares again."""
    models: sa.MetaData = built(plan)
    known = history.read(config)
    decisions = Decisions(Somebody(models), Crowded())
    with stage(what):
        verdicts = Verdicts(scratch, models, known=learnt)
        draft = proof.compare(config, scratch, models, decisions=decisions, verdicts=verdicts)
        if draft:
            revision, path = files.write_draft(
                config, draft, name="change", folder=config.root, after=known, now=datetime(2025, 1, 1, tzinfo=UTC)
            )
            proof.prove(config, scratch, known, revision, models, draft=draft, decisions=decisions, verdicts=verdicts)
            files.keep(config, revision, path, known)
        require("nothing is left out", [each.text for each in proof.compare(config, scratch, models).changes], [])
