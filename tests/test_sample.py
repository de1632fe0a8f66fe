"""The sample's models keep their own rules: names, comments, foreign keys, times."""

from __future__ import annotations

import re

import pytest
from projects import REPOSITORY, Project
from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

import dbtool
from dbtool.engine import schema

CONFIG = dbtool.load_config(project=REPOSITORY)
TABLES = list(schema.load(CONFIG).tables.values())


@pytest.fixture(params=TABLES, ids=lambda table: table.name)
def table(request: pytest.FixtureRequest) -> Table:
    found: Table = request.param
    return found


def test_there_are_ten_tables_in_foreign_key_order() -> None:
    names = [table.name for table in TABLES]

    assert names == [
        "user",
        "level",
        "story",
        "unit",
        "unit_asset",
        "user_progress",
        "daily_plan",
        "daily_plan_entry",
        "pronunciation_attempt",
        "aggregate_score",
    ]
    for place, table in enumerate(TABLES):
        assert {key.column.table.name for key in table.foreign_keys} <= set(names[:place])


def test_every_constraint_has_a_name_and_every_table_a_comment(table: Table) -> None:
    kinds = (CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)

    unnamed = [each for each in table.constraints if isinstance(each, kinds) and not each.name]

    assert (unnamed, bool(table.comment), re.fullmatch(r"[a-z_]+", table.name) is not None) == ([], True, True)


def test_every_foreign_key_is_indexed_and_says_what_becomes_of_its_rows(table: Table) -> None:
    indexed = {next(iter(index.columns)).name for index in table.indexes}

    for key in table.foreign_key_constraints:
        assert key.ondelete == "CASCADE"
        assert set(key.column_keys) <= indexed


def test_every_time_is_aware_and_every_score_has_a_range(table: Table) -> None:
    checks = " ".join(str(each.sqltext) for each in table.constraints if isinstance(each, CheckConstraint))

    for column in table.columns:
        if isinstance(getattr(column.type, "impl_instance", column.type), DateTime):
            assert column.type.timezone is True
        if "score" in column.name:
            assert f"{column.name} BETWEEN 0 AND 100" in checks


def test_what_is_generated_is_committed() -> None:
    checked = Project(REPOSITORY).run("generate", "--check", "--json")

    assert [each["path"] for each in checked.json["report"]["outputs"] if each["found"] != "fresh"] == []


def test_the_first_migration_is_all_of_the_models(sample: Project) -> None:
    done = sample.run("migrate", "--json")

    assert done.code == 0, done.stderr
    assert [each["name"] for each in done.json["report"]["applied"]] == ["init"]
    assert done.json["report"]["changes"] == []
