"""`deploy`, `status`, `history`: whole or not at all, named revisions, and an honest account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from projects import Project, at, drop, new_url

import dbtool
from dbtool.engine import history as histories
from dbtool.errors import DatabaseMissingError, EditedError, MigrationError, MissingFileError, RevisionError


@pytest.fixture
def app(project: Project, url: str) -> Iterator[Project]:
    """Three migrations that need no models, on each kind of database."""
    project.url = url
    project.scaffold()
    for name in ("one", "two", "three"):
        project.migration(
            name,
            f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))',
            f'op.drop_table("{name}")',
        )
    yield project


def tables(project: Project) -> list[str]:
    with project.database.reading() as connection:
        return sorted(project.database.table_names(connection) - set(project.database.own_tables))


def names(report: object) -> list[str]:
    return [each.name for each in report.applied]  # type: ignore[attr-defined]


def test_a_deploy_applies_what_is_pending_once(app: Project) -> None:
    first = dbtool.deploy(app.config)
    second = dbtool.deploy(app.config)

    assert (names(first), first.database_created, first.current) == (["one", "two", "three"], True, ("20250101000002",))
    assert (names(second), second.planned, second.current) == ([], (), ("20250101000002",))
    assert tables(app) == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("20250101000001", ["one", "two"]),
        ("two", ["one", "two"]),
        ("head", ["one", "two", "three"]),
        ("+1", ["one"]),
        ("+2", ["one", "two"]),
        ("20250101000000", ["one"]),
    ],
)
def test_a_deploy_stops_at_the_revision_it_is_told(app: Project, word: str, expected: list[str]) -> None:
    report = dbtool.deploy(app.config, to=word)

    assert names(report) == expected


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("thre", "no migration is called `thre`"),
        ("2025", "`2025` names 3 migrations"),
        ("-1", "-1 lies behind where the database is"),
        ("base", "base lies behind where the database is"),
        ("+9", "there are only 3 migrations behind and 0 ahead"),
    ],
)
def test_a_revision_that_cannot_be_meant_is_refused(app: Project, word: str, message: str) -> None:
    dbtool.deploy(app.config)

    with pytest.raises(RevisionError) as error:
        dbtool.deploy(app.config, to=word)

    assert error.value.message == message


def test_a_failing_deploy_leaves_the_database_as_it_was(app: Project) -> None:
    dbtool.deploy(app.config, to="one")
    app.migration(
        "boom", 'op.create_table("four", sa.Column("id", sa.Integer()))\nop.execute("INSERT INTO nowhere VALUES (1)")'
    )

    with pytest.raises(MigrationError) as error:
        dbtool.deploy(app.config)

    whole = app.database.transactional_ddl
    assert error.value.failed == "boom"
    assert error.value.applied == (() if whole else ("20250101000001", "20250101000002"))
    assert tables(app) == (["one"] if whole else ["four", "one", "three", "two"])
    assert names(dbtool.deploy(app.config, to="three")) == (["two", "three"] if whole else [])


def test_a_dry_run_leaves_nothing(app: Project) -> None:
    planned = dbtool.deploy(app.config, dry_run=True)
    assert (names(planned), [each.name for each in planned.planned]) == ([], ["one", "two", "three"])
    assert not app.database.exists()

    dbtool.deploy(app.config, to="one")
    tried = dbtool.deploy(app.config, dry_run=True)

    assert names(tried) == (["two", "three"] if app.database.transactional_ddl else [])
    assert [each.name for each in tried.planned] == ["two", "three"]
    assert (tables(app), tried.current) == (["one"], ("20250101000000",))


def test_status_tells_what_is_applied_and_pending(app: Project) -> None:
    dbtool.deploy(app.config, to="one")

    report = dbtool.status(app.config)

    assert [each.name for each in report.standing.applied] == ["one"]
    assert [each.name for each in report.standing.pending] == ["two", "three"]
    assert (report.ok, report.drift, [each.code for each in report.findings][:1]) == (False, (), ["pending"])


def test_status_sees_what_somebody_else_changed(app: Project) -> None:
    dbtool.deploy(app.config)
    with app.database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE INDEX by_hand ON two (id)")
        connection.commit()

    report = dbtool.status(app.config)

    assert report.drift is not None
    assert [line for line in report.drift if "by_hand" in line and line.startswith("+ index")] == list(report.drift)
    assert (report.ok, [each.code for each in report.findings if each.severity == "error"]) == (False, ["drift"])


def test_an_edited_and_a_missing_file_stop_a_deploy(app: Project) -> None:
    dbtool.deploy(app.config)
    second = app.versions[1]
    text = second.read_text()

    second.write_text(text.replace("Integer", "BigInteger"))
    with pytest.raises(EditedError):
        dbtool.deploy(app.config)
    edited = dbtool.status(app.config)
    last = app.versions[2]
    kept = last.read_text()
    second.write_text(text)
    last.unlink()
    with pytest.raises(MissingFileError):
        dbtool.deploy(app.config)
    missing = dbtool.status(app.config)
    last.write_text(kept)

    assert [each.name for each in edited.standing.edited] == ["two"]
    assert missing.standing.missing == ("20250101000002",)
    assert (edited.ok, missing.ok) == (False, False)
    assert not dbtool.status(app.config).standing.missing


def test_history_tells_what_ran_when_and_how_long(app: Project) -> None:
    dbtool.deploy(app.config, to="two")
    dbtool.deploy(app.config)

    report = dbtool.history(app.config)

    assert [(row.name, row.direction, row.steps) for row in report.rows] == [
        ("one", "up", 1),
        ("two", "up", 1),
        ("three", "up", 1),
    ]
    assert all(row.seconds > 0 and row.version == dbtool.__version__ and "@" in row.applied_by for row in report.rows)
    assert list(report.rows) == sorted(report.rows, key=lambda row: row.applied_at)
    assert report.rows[0].applied_at.utcoffset() is not None


def test_a_database_that_plain_alembic_migrated_is_recognised(app: Project) -> None:
    dbtool.deploy(app.config)
    with app.database.connect("migrate") as connection:
        connection.exec_driver_sql("DROP TABLE dbtool_migrations")
        connection.commit()

    status, history = dbtool.status(app.config), dbtool.history(app.config)

    assert (status.ok, status.drift) == (True, None)
    assert (history.rows, [each.name for each in history.unrecorded]) == ((), ["one", "two", "three"])
    assert names(dbtool.deploy(app.config)) == []


def test_one_set_of_files_serves_every_database(app: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What was written on one kind of database runs on the others."""
    folder = tmp_path_factory.mktemp("others")
    for kind in ("sqlite", "postgres", "mysql"):
        other = new_url(kind, folder)
        try:
            report = dbtool.deploy(dbtool.load_config(project=app.root, url=other))
            assert names(report) == ["one", "two", "three"]
            assert at(other, folder).exists()
        finally:
            drop(other, folder)


def test_status_of_a_database_that_is_not_there_says_what_makes_it(app: Project) -> None:
    with pytest.raises(DatabaseMissingError) as error:
        dbtool.status(app.config)

    assert error.value.hint == "dbtool migrate"
    assert not app.database.exists()


@pytest.mark.parametrize("command", ["status", "deploy"])
def test_status_and_an_empty_deploy_import_nothing_heavy_on_any_database(app: Project, command: str) -> None:
    dbtool.deploy(app.config)
    program = (
        f"import sys, dbtool\ndbtool.{command}(dbtool.load_config())\n"
        "print([name for name in ('sqlalchemy', 'alembic', 'sqlmodel', 'pydantic', 'app') if name in sys.modules])"
    )

    done = app.python("-c", program)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_file_that_was_edited_before_it_ran_is_refused_until_it_is_listed_again(app: Project) -> None:
    histories.write_lock(app.config, histories.read(app.config).revisions)
    dbtool.deploy(app.config, to="one")
    app.edit("migrations/versions/20250101000002_three.py", 'op.create_table("three"', 'op.create_table("drei"')

    with pytest.raises(EditedError) as error:
        dbtool.deploy(app.config)
    found = dbtool.status(app.config)

    assert error.value.message == "20250101000002 three is not what migrations/dbtool.lock lists"
    assert error.value.hint == "dbtool migrate"
    assert [(each.code, each.hint) for each in found.findings] == [
        ("stale", "dbtool migrate"),
        ("pending", "dbtool deploy"),
        ("generated", "dbtool generate"),
    ]
    assert tables(app) == ["one"]


def test_a_listed_file_that_is_missing_from_between_is_named(app: Project) -> None:
    histories.write_lock(app.config, histories.read(app.config).revisions)
    (app.root / "migrations/versions/20250101000001_two.py").unlink()

    with pytest.raises(MissingFileError) as error:
        dbtool.deploy(app.config)

    assert error.value.message == "the file of migration 20250101000001 is gone"
    assert not app.database.exists()


def test_a_deploy_writes_no_file(app: Project) -> None:
    before = {path: path.read_bytes() for path in (app.root / "migrations").rglob("*") if path.is_file()}

    dbtool.deploy(app.config)

    after = {path: path.read_bytes() for path in (app.root / "migrations").rglob("*") if path.is_file()}
    assert {path: text for path, text in after.items() if "__pycache__" not in path.parts} == before
