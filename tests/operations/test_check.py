"""`check`: whether models, files, generated code and database fit, for CI."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import PYPROJECT, Project, new_url

import dbtool
from dbtool.errors import UsageError
from dbtool.reports import CheckReport

TABLE = (
    "op.create_table('thing', sa.Column('id', sa.Integer, primary_key=True), sa.Column('code', sa.String(20)),"
    " sa.UniqueConstraint('code', name='thing_code_key'))"
)
ADDED = ("op.add_column('thing', sa.Column('size', sa.Integer))", "op.drop_column('thing', 'size')")


def without_models(root: Path, url: str | None) -> Project:
    made = Project(root, url)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.write("pyproject.toml", "[tool.dbtool]\n")
    return made


@pytest.fixture
def on(url: str, tmp_path: Path) -> Project:
    """A project without models and with one file, on a database of each kind that is not there yet."""
    made = without_models(tmp_path, url)
    made.migration("one", TABLE, "op.drop_table('thing')")
    return made


@pytest.fixture
def here(tmp_path: Path) -> Project:
    """The same on SQLite."""
    made = without_models(tmp_path, None)
    made.migration("one", TABLE, "op.drop_table('thing')")
    return made


def facts(report: CheckReport) -> dict[str, bool | None]:
    return {each.name: each.ok for each in report.checked}


def listed(project: Project) -> None:
    """List the files, as `migrate` does."""
    from dbtool.engine import files, history

    files.relist(project.config, history.read(project.config))


def test_a_sound_history_runs_up_down_and_up_again_among_rows(on: Project) -> None:
    on.migration("two", *ADDED)
    on.migration("three", "op.execute('UPDATE thing SET size = 1')", "raise NotImplementedError('gone')")
    listed(on)

    report = dbtool.check(on.config)

    assert (report.ok, report.findings) == (True, ())
    assert facts(report) == {"history": True, "replay": True, "back": True, "models": None, "database": None}
    back = next(each.text for each in report.checked if each.name == "back")
    assert back == "2 files down and up again among 9 rows; 1 cannot be taken back, and say so"
    assert not on.database.exists()


def test_a_way_back_that_leaves_something_is_found_and_later_files_are_still_tried(on: Project) -> None:
    on.migration("two", ADDED[0], "pass")
    on.migration("three", "op.create_index('ix', 'thing', ['size'])", "op.drop_index('ix', 'nothing')")
    on.migration("four", "op.create_table('u', sa.Column('id', sa.Integer))", "op.drop_table('u')")
    listed(on)

    report = dbtool.check(on.config)

    found = [(each.code, Path(each.where).name.partition("_")[2]) for each in report.findings]
    wrong = [("back", "two.py:1")] + ([("back", "three.py:1")] if on.database.kind == "mysql" else [])
    assert (report.ok, found) == (False, wrong)
    assert "left over: column thing.size" in report.findings[0].message
    assert facts(report)["replay"] is True


def test_a_file_that_does_not_run_ends_the_replay(here: Project) -> None:
    here.migration("two", "op.execute('nonsense')")
    listed(here)

    report = dbtool.check(here.config)

    assert facts(report) == {"history": True, "replay": False, "back": True, "database": None}
    assert report.findings[0].message.startswith("20250101000001 two: database: near")


def test_a_database_that_somebody_changed_differs_from_the_files_it_ran(on: Project) -> None:
    listed(on)
    dbtool.deploy(on.config)
    on.migration("two", *ADDED)
    listed(on)
    assert facts(dbtool.check(on.config))["database"] is True

    with on.database.connect("migrate") as connection:
        connection.exec_driver_sql("ALTER TABLE thing ADD COLUMN extra INTEGER")
        connection.commit()
    report = dbtool.check(on.config)

    assert [each.message for each in report.findings] == [
        "it differs from the files that it ran: drop column thing.extra"
    ]


def test_what_is_pending_is_rehearsed_on_a_copy(on: Project, tmp_path: Path) -> None:
    dbtool.deploy(on.config)
    with on.database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO thing VALUES (1, 'a'), (2, NULL)")
        connection.commit()
    on.migration("two", "op.alter_column('thing', 'code', existing_type=sa.String(20), nullable=False)"
                 if on.database.kind != "sqlite" else
                 "with op.batch_alter_table('thing') as b:\n    b.alter_column('code', nullable=False)",
                 "raise NotImplementedError('no')")  # fmt: skip
    listed(on)
    assert on.url is not None
    backup = on.database.backup(tmp_path / "kept")

    report = dbtool.check(on.config, on=backup.name if on.database.kind == "mysql" else on.url)

    assert (facts(report)["rehearsal"], facts(report)["replay"]) == (False, True)
    assert report.findings[-1].message.startswith("migration 20250101000001 two failed at")
    assert [each.name for each in dbtool.status(on.config).standing.pending] == ["two"]


def test_a_rehearsal_that_works_says_how_long_it_took(here: Project) -> None:
    listed(here)
    dbtool.deploy(here.config)
    here.migration("two", *ADDED)
    listed(here)

    report = dbtool.check(here.config, on="sqlite:///dev.db")

    assert report.ok
    assert report.checked[-1].text.startswith("1 migration applied to a copy in 0.")
    with pytest.raises(UsageError, match=r"none\.dump is no URL"):
        dbtool.check(here.config, on="none.dump")


def test_the_history_is_looked_at_first(here: Project) -> None:
    report = dbtool.check(here.config)
    assert [each.message for each in report.findings] == ["20250101000000 one is not in the lock yet"]

    listed(here)
    dbtool.deploy(here.config)
    here.edit("migrations/versions/20250101000000_one.py", "sa.String(20)", "sa.String(30)")
    report = dbtool.check(here.config)
    assert [each.code for each in report.findings] == ["history", "database"]
    assert report.findings[0].message == "20250101000000 one was changed after this database ran it"

    here.write("migrations/versions/20250101000001_x.py", "revision = 'x'\ndown_revision = None\n")
    report = dbtool.check(here.config)
    assert facts(report) == {"history": False}
    assert report.findings[0].hint == "dbtool rebase"


def test_without_a_scratch_database_what_can_be_looked_at_is(here: Project) -> None:
    listed(here)
    here.url = "postgresql://nobody@127.0.0.1:1/none"

    report = dbtool.check(here.config)

    assert (report.ok, facts(report)) == (True, {"history": True, "replay": None, "database": None})


def test_branches_are_replayed_and_not_taken_back(tmp_path: Path) -> None:
    made = without_models(tmp_path, new_url("sqlite", tmp_path))
    made.migration("one", TABLE, "op.drop_table('thing')")
    made.write(
        "migrations/versions/20250101000005_two.py",
        "from alembic import op\nimport sqlalchemy as sa\nrevision = '20250101000005'\n"
        "down_revision = '20250101000000'\ndepends_on = '20250101000000'\n"
        "def upgrade():\n    op.add_column('thing', sa.Column('size', sa.Integer))\n"
        "def downgrade():\n    op.drop_column('thing', 'size')\n",
    )
    listed(made)

    report = dbtool.check(made.config)

    assert [(each.name, each.ok, each.text) for each in report.checked][1:3] == [
        ("replay", True, "2 files ran from nothing"),
        ("back", None, "not tried between branches"),
    ]


def test_a_foreign_project_is_replayed_without_its_own_environment(here: Project) -> None:
    here.migration("two", *ADDED)
    here.write("migrations/env.py", "raise RuntimeError('this must not run')\n")
    (here.root / "migrations" / "dbtool.lock").unlink()

    report = dbtool.check(here.config)

    texts = {each.name: each.text for each in report.checked}
    assert (report.ok, texts["back"]) == (True, "2 files down and up again among 6 rows")
