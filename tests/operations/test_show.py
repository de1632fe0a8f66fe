"""`show` as operations: the same answers on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from show_sample import KINDS, TABLES, fill, project, throwaway
from sqlalchemy import (
    CheckConstraint,
    Column,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
    text,
)

import dbtool
from dbtool.config import Config
from dbtool.errors import (
    ColumnNotFoundError,
    DatabaseMissingError,
    DataError,
    RecordNotFoundError,
    SettingError,
    TableNotFoundError,
)
from dbtool.models import ProgressStatus
from dbtool.reports import CsvReport, Link, RelatedRows

MOMENT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module", params=KINDS)
def shown(request, tmp_path_factory) -> Iterator[tuple[Config, Engine]]:
    folder = tmp_path_factory.mktemp("show")
    with throwaway(request.param, folder) as (url, engine):
        fill(engine)
        _add_what_no_model_knows(engine)
        yield project(folder / "project", url), engine


def _add_what_no_model_knows(engine: Engine) -> None:
    metadata = MetaData()
    Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))
    Table("dbtool_migrations", metadata, Column("id", Integer, primary_key=True))
    log = Table("access log", metadata, Column("line", String(100)))
    order = Table(
        "order",
        metadata,
        Column("year", Integer, primary_key=True, autoincrement=False),
        Column("number", Integer, primary_key=True, autoincrement=False),
        CheckConstraint("number > 0", name="positive"),
    )
    parcel = Table(
        "parcel",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_year", Integer),
        Column("order_number", Integer),
        Column("unit_id", Integer, ForeignKey(Table("unit", metadata, Column("id", Integer, primary_key=True)).c.id)),
        ForeignKeyConstraint(["order_year", "order_number"], ["order.year", "order.number"]),
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(log), [{"line": "b"}, {"line": "a"}])
        connection.execute(insert(order), [{"year": 2025, "number": 1}, {"year": 2025, "number": 17}])
        connection.execute(insert(parcel).values(id=1, order_year=2025, order_number=17, unit_id=2))
        connection.execute(text("CREATE VIEW finished AS SELECT id, status FROM user_progress WHERE status = 'done'"))


def ids(config: Config, table: str, **wanted) -> list[int]:
    return [row["id"] for row in dbtool.show_rows(config, table, columns=["id"], **wanted).rows]


def test_without_a_table_all_tables_and_views_are_listed_and_the_ledger_is_not(shown):
    report = dbtool.show_tables(shown[0])

    assert {each.name: (each.model, each.kind, each.rows) for each in report.tables} == {
        "access log": (None, "table", 2),
        "aggregate_score": ("AggregateScore", "table", 1),
        "daily_plan": ("DailyPlan", "table", 1),
        "daily_plan_entry": ("DailyPlanEntry", "table", 2),
        "finished": (None, "view", None),
        "level": ("Level", "table", 1),
        "order": (None, "table", 2),
        "parcel": (None, "table", 1),
        "pronunciation_attempt": ("PronunciationAttempt", "table", 1),
        "story": ("Story", "table", 1),
        "unit": ("Unit", "table", 2),
        "unit_asset": ("UnitAsset", "table", 1),
        "user": ("User", "table", 2),
        "user_progress": ("UserProgress", "table", 3),
    }
    assert [each.name for each in report.tables] == sorted(each.name for each in report.tables)
    assert all(each.bytes is None or each.bytes > 0 for each in report.tables)
    assert (report.missing, {each.name: each.comment for each in report.tables}["user"]) == ((), "Somebody who learns.")


def test_rows_hold_values_and_the_natural_keys_behind_foreign_keys(shown):
    report = dbtool.show_rows(shown[0], "UserProgress", where=["status=done"])

    assert (report.table, report.model, report.total) == ("user_progress", "UserProgress", 1)
    assert report.columns == ("id", "user_id", "unit_id", "status", "score", "attempts", "completed_at")
    (row,) = report.rows
    assert row == {
        "id": 1,
        "user_id": 1,
        "unit_id": 1,
        "status": ProgressStatus.done,
        "score": 87.3,
        "attempts": 3,
        "completed_at": MOMENT,
    }
    assert report.labels == ({"user_id": "johndoe", "unit_id": "greeting-phrases"},)


def test_a_natural_key_made_of_foreign_keys_is_followed_to_its_end(shown):
    report = dbtool.show_rows(shown[0], "daily-plan-entries", sort=["-position"], columns=["plan", "unit", "position"])

    assert report.columns == ("plan_id", "unit_id", "position")
    assert report.labels == (
        {"plan_id": "johndoe/2025-01-01", "unit_id": "greeting-phrases"},
        {"plan_id": "johndoe/2025-01-01", "unit_id": "farewells"},
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 20, 0, None])
def test_the_total_counts_what_the_limit_leaves_out(shown, limit):
    report = dbtool.show_rows(shown[0], "user_progress", limit=limit)

    assert (len(report.rows), report.total) == (min(limit or 3, 3), 3)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["user=johndoe"], [1, 3]),
        (["user=john@example.com"], [1, 3]),
        (["user_id=2"], [2]),
        (["score=null"], [3]),
        (["score!=null", "unit=greeting-phrases"], [1, 2]),
        (["completed_at=2025-01-02"], [1]),
    ],
)
def test_conditions_take_what_is_shown(shown, where, found):
    assert ids(shown[0], "user_progress", where=where) == found


def test_a_composite_natural_key_is_a_condition_too(shown):
    assert ids(shown[0], "daily_plan_entry", where=["plan=johndoe 2025-01-01", "is_done=false"]) == [1]


@pytest.mark.parametrize("key", ["greeting-phrases", "1"])
def test_a_record_has_its_relations_in_the_order_of_its_model(shown, key):
    report = dbtool.show_record(shown[0], "units", key)

    assert (report.table, report.label, report.labels) == ("unit", "greeting-phrases", {"story_id": "meeting-basics"})
    assert [(each.name, each.table, each.many, each.total) for each in report.relations] == [
        ("story", "story", False, 1),
        ("assets", "unit_asset", True, 1),
        ("progress", "user_progress", True, 2),
        ("plan_entries", "daily_plan_entry", True, 1),
        ("pronunciation_attempts", "pronunciation_attempt", True, 1),
    ]
    assert report.relations[3] == RelatedRows(
        name="plan_entries",
        table="daily_plan_entry",
        many=True,
        key=(),
        columns=("id", "plan_id", "position", "is_done"),
        rows=({"id": 2, "plan_id": 1, "position": 2, "is_done": True},),
        labels=({"plan_id": "johndoe/2025-01-01"},),
        total=1,
        condition="unit=greeting-phrases",
    )


def test_the_condition_of_a_relation_finds_its_rows(shown):
    report = dbtool.show_record(shown[0], "user", "johndoe")

    relation = report.relations[0]
    assert ids(shown[0], relation.table, where=[relation.condition]) == [row["id"] for row in relation.rows]


@pytest.mark.parametrize(
    ("table", "key", "label"),
    [
        ("user", "john@example.com", "johndoe"),
        ("daily_plan", "johndoe/2025-01-01", "johndoe/2025-01-01"),
        ("daily_plan", "johndoe 2025-01-01", "johndoe/2025-01-01"),
        ("daily_plan_entry", "johndoe/2025-01-01/2", "johndoe/2025-01-01/2"),
        ("user_progress", "anna/greeting-phrases", "anna/greeting-phrases"),
        (
            "pronunciation_attempt",
            "anna greeting-phrases 2025-01-02 03:04:05",
            "anna/greeting-phrases/2025-01-02T03:04:05Z",
        ),
        ("aggregate_score", "johndoe/weekly/2025-01-06", "johndoe/weekly/2025-01-06"),
        ("order", "2025/17", "2025/17"),
        ("parcel", "1", "1"),
    ],
)
def test_a_row_is_found_by_any_unique_key(shown, table, key, label):
    assert dbtool.show_record(shown[0], table, key).label == label


def test_a_foreign_key_of_two_columns_leads_to_its_row(shown):
    report = dbtool.show_record(shown[0], "parcel", "1")

    (relation,) = [each for each in report.relations if each.table == "order"]
    assert (relation.key, relation.rows) == (("order_year", "order_number"), ({"year": 2025, "number": 17},))
    assert ids(shown[0], "parcel", where=["order=2025/17"]) == [1]


def test_queries_do_not_grow_with_the_rows(shown):
    config, _ = shown

    def queries(**wanted) -> int:
        statements: list[str] = []
        listen = (Engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        event.listen(*listen)
        dbtool.show_rows(config, "user_progress", **wanted)
        event.remove(*listen)
        return sum("user_progress" in each or "JOIN" in each or "FROM unit" in each for each in statements)

    assert queries(limit=None, where=["id=1"]) == queries(limit=None)


def test_a_view_is_shown_like_a_table(shown):
    report = dbtool.show_rows(shown[0], "finished")

    assert (report.model, report.columns, report.total) == (None, ("id", "status"), 1)
    assert dbtool.show_schema(shown[0], "finished").kind == "view"


def test_a_table_without_keys_is_shown_and_sorted(shown):
    report = dbtool.show_rows(shown[0], "access-log", sort=["line"])

    assert report.rows == ({"line": "a"}, {"line": "b"})
    with pytest.raises(RecordNotFoundError) as error:
        dbtool.show_record(shown[0], "access log", "a")
    assert error.value.hint == "dbtool show 'access log' --where ..."


def test_a_schema_tells_columns_keys_and_comments(shown):
    report = dbtool.show_schema(shown[0], "user_progress")

    columns = {column.name: column for column in report.columns}
    assert (report.comment, report.primary_key, report.natural_key) == (
        "How far a user is with a unit.",
        ("id",),
        ("user_id", "unit_id"),
    )
    assert columns["id"].default == "autoincrement"
    assert (columns["status"].type, columns["status"].default) == (
        "ENUM(not_started, in_progress, done)",
        "not_started",
    )
    assert (columns["user_id"].references, columns["user_id"].indexed, columns["user_id"].nullable) == (
        "user.id",
        True,
        False,
    )
    assert columns["score"].comment == "Best score so far, 0 to 100"
    assert report.constraints == (
        "unique (user_id, unit_id)",
        "foreign key (unit_id) references unit (id) on delete cascade",
        "foreign key (user_id) references user (id) on delete cascade",
        "check (attempts >= 0)",
        "check (score BETWEEN 0 AND 100)",
    )
    assert report.relations == (Link("user", "user", False), Link("unit", "unit", False))


def test_csv_holds_all_rows_that_match_and_the_values_themselves(shown):
    written = io.StringIO()

    report = dbtool.export_csv(shown[0], "user_progress", write=written.write, where=["user=johndoe"], sort=["-id"])

    assert report == CsvReport("user_progress", dbtool.show_rows(shown[0], "user_progress").columns, 2)
    assert written.getvalue() == (
        "id,user_id,unit_id,status,score,attempts,completed_at\n"
        "3,1,2,not_started,,0,\n"
        "1,1,1,done,87.3,3,2025-01-02T03:04:05Z\n"
    )


def test_csv_keeps_to_columns_and_limit(shown):
    written = io.StringIO()

    dbtool.export_csv(shown[0], "units", write=written.write, columns=["slug"], limit=1)

    assert written.getvalue() == "slug\ngreeting-phrases\n"


def test_without_models_the_database_itself_is_asked(shown):
    config = replace(shown[0], models=None)

    rows = dbtool.show_rows(config, "daily_plans", where=["user=johndoe"])
    record = dbtool.show_record(config, "unit", "farewells")

    assert (rows.model, rows.rows[0]["day"], rows.total) == (None, date(2025, 1, 1), 1)
    assert {each.table for each in record.relations} >= {"story", "user_progress", "parcel"}


def test_table_names_are_what_a_shell_completes(shown):
    names = dbtool.table_names(shown[0])

    assert names == tuple(sorted([*TABLES, "access log", "order", "parcel"]))


@pytest.mark.parametrize(
    ("call", "error", "hint"),
    [
        (lambda c: dbtool.show_rows(c, "unitz"), TableNotFoundError, "did you mean `unit`?"),
        (lambda c: dbtool.show_schema(c, "dbtool_migrations"), TableNotFoundError, None),
        (lambda c: dbtool.show_rows(c, "unit", sort=["titel"]), ColumnNotFoundError, "did you mean `title`?"),
        (
            lambda c: dbtool.show_rows(c, "unit", columns=["slgu"]),
            ColumnNotFoundError,
            "did you mean `slug`?",
        ),
        (
            lambda c: dbtool.show_record(c, "unit", "greeting-phrase"),
            RecordNotFoundError,
            "did you mean `greeting-phrases`?",
        ),
        (
            lambda c: dbtool.show_rows(c, "user_progress", where=["user=jondoe"]),
            RecordNotFoundError,
            "did you mean `johndoe`?",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(shown, call, error, hint):
    with pytest.raises(error) as raised:
        call(shown[0])

    assert hint is None or raised.value.hint == hint


def test_a_table_that_is_only_in_the_models_yet_says_so(tmp_path):
    with throwaway("sqlite", tmp_path) as (url, engine):
        fill(engine)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE aggregate_score"))
        config = project(tmp_path / "project", url)

        assert dbtool.show_tables(config).missing == ("aggregate_score",)
        assert "scores" not in [each.name for each in dbtool.show_record(config, "user", "anna").relations]
        with pytest.raises(DataError) as error:
            dbtool.show_rows(config, "AggregateScore")

    assert (error.value.message, error.value.hint) == (
        "`aggregate_score` is in the models, but not in shown.db yet",
        "dbtool migrate",
    )


def test_a_column_that_is_only_in_the_models_yet_is_no_traceback(tmp_path):
    with throwaway("sqlite", tmp_path) as (url, engine):
        fill(engine)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE unit_asset DROP COLUMN language"))

        with pytest.raises(DataError) as error:
            dbtool.show_rows(project(tmp_path / "project", url), "unit_asset")

    assert error.value.message == "the database refused to answer: no such column: unit_asset.language"


def test_a_missing_database_says_how_to_make_it(tmp_path):
    config = project(tmp_path / "project", f"sqlite:///{tmp_path / 'none.db'}")

    for call in (dbtool.show_tables, lambda c: dbtool.show_rows(c, "unit"), dbtool.table_names):
        with pytest.raises(DatabaseMissingError) as error:
            call(config)
        assert error.value.hint == "dbtool migrate"
    assert not (tmp_path / "none.db").exists()


def test_a_time_zone_that_is_none_is_a_setting_to_correct(tmp_path):
    with throwaway("sqlite", tmp_path) as (url, engine):
        fill(engine)
        config = replace(project(tmp_path / "project", url), timezone="Mars/Olympus")

        with pytest.raises(SettingError):
            dbtool.show_rows(config, "unit")


def test_completing_a_name_needs_no_sqlalchemy(tmp_path):
    with throwaway("sqlite", tmp_path) as (url, engine):
        fill(engine)
    program = (
        "import sys, dbtool\n"
        f"print(dbtool.table_names(dbtool.load_config(url={url!r}, project={str(Path(tmp_path))!r}))[0])\n"
        "print([name for name in ('sqlalchemy', 'sqlmodel', 'alembic', 'rich') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "aggregate_score\n[]\n"
