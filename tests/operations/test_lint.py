"""`lint` on a project: which files, on what tables, and what this database knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import PYPROJECT, Project, at, new_url

import dbtool
from dbtool.cli.findings import workflow_commands
from dbtool.errors import DatabaseMissingError, MigrationError, UsageError
from dbtool.reports import Finding

TABLE = (
    "op.create_table('t', sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('a', sa.Integer),"
    " sa.Column('b', sa.String(20)))"
)


@pytest.fixture
def on(url: str, tmp_path: Path) -> Project:
    """A project with a table that was made, on a database of each kind."""
    made = Project(tmp_path, url)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE, "op.drop_table('t')")
    dbtool.deploy(made.config)
    return made


@pytest.fixture
def here(tmp_path: Path) -> Project:
    """The same on SQLite, where nothing ran."""
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE, "op.drop_table('t')")
    return made


def codes(project: Project, **options: object) -> list[str]:
    return [each.code for each in dbtool.lint(project.config, **options).findings]  # type: ignore[arg-type]


def test_pending_files_are_judged_by_what_the_tables_were(on: Project) -> None:
    on.migration("two", "op.alter_column('t', 'a', existing_type=sa.Integer(), nullable=False)") if (
        on.database.kind != "sqlite"
    ) else on.migration("two", "with op.batch_alter_table('t') as b:\n    b.alter_column('a', nullable=False)")
    on.migration("three", "op.drop_table('t')", "raise NotImplementedError('gone')")

    report = dbtool.lint(on.config)

    found = [(each.code, each.severity) for each in report.findings]
    severity = "error" if on.database.kind == "postgres" else "warning"
    assert (report.ok, report.replayed) == (False, True)
    assert ("set-not-null", severity) in found
    assert ("drop-table", "error") in found
    assert [Path(path).name for path in report.files] == [path.name for path in on.versions[1:]]


def test_tables_that_pending_files_make_are_new(here: Project) -> None:
    here.migration("two", "op.create_index('ix', 't', ['a'])", "op.drop_index('ix', 't')")

    assert codes(here) == []

    dbtool.deploy(here.config)
    assert dbtool.lint(here.config).files == ()
    assert codes(here, revisions=["two"]) == ["index-not-concurrent"]
    assert codes(here, every=True) == ["index-not-concurrent"]


def test_without_a_database_the_last_file_is_judged_by_itself(here: Project) -> None:
    here.migration("two", "op.drop_column('t', 'a')", "op.add_column('t', sa.Column('a', sa.Integer))")
    here.url = "postgresql://nobody@127.0.0.1:1/none"

    report = dbtool.lint(here.config)

    assert (report.dialect, report.replayed, len(report.files)) == ("postgresql", False, 1)
    assert [each.code for each in report.findings if each.severity == "error"] == ["drop-column"]


def test_what_a_file_runs_on_the_connection_itself_is_judged_too(here: Project) -> None:
    here.migration("two", "op.get_bind().execute(sa.text('DROP TABLE t'))", "raise NotImplementedError('gone')")
    dbtool.deploy(here.config, to="one")

    (finding,) = dbtool.lint(here.config).findings

    assert (finding.code, finding.where) == ("drop-table", "migrations/versions/20250101000001_two.py:11")


def test_a_rebuild_that_would_lose_something_is_found_before_it_runs(here: Project) -> None:
    here.migration("two", "op.execute('CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)')")
    here.migration("three", "with op.batch_alter_table('u') as b:\n    b.alter_column('a', nullable=False)")

    assert codes(here, revisions=["three"]) == ["sqlite-rebuild"]


def test_a_name_that_is_not_imported_is_found_though_the_file_does_not_run(here: Project) -> None:
    here.migration("two", "op.add_column('t', sa.Column('z', sqlmodel.AutoString()))")

    assert codes(here, revisions=["two"]) == ["missing-import"]


def test_a_file_that_fails_on_a_scratch_database_says_so(here: Project) -> None:
    here.migration("two", "op.execute('nonsense')")

    with pytest.raises(MigrationError, match="20250101000001 two fails on a scratch database"):
        dbtool.lint(here.config)


def test_the_history_itself_is_judged(here: Project) -> None:
    dbtool.deploy(here.config)
    here.edit("migrations/versions/20250101000000_one.py", "'a', sa.Integer", "'a', sa.Text")

    assert codes(here) == ["edited-applied"]

    here.versions[0].unlink()
    assert codes(here) == ["missing-applied"]

    here.migration("again", TABLE, "op.drop_table('t')", stamp=20240101000000)
    assert codes(here) == ["missing-applied"]


@pytest.mark.parametrize(
    ("parent", "id", "rule"),
    [("None", "20250101000001", "two-heads"), ("'x'", "20250101000001", "orphan-parent"),
     ("None", "20250101000000", "dup-revision")],
)  # fmt: skip
def test_files_that_do_not_follow_each_other_are_found(here: Project, parent: str, id: str, rule: str) -> None:
    here.write(
        "migrations/versions/20250101000001_other.py",
        f"revision = {id!r}\ndown_revision = {parent}\ndef upgrade(): pass\ndef downgrade(): pass\n",
    )

    report = dbtool.lint(here.config)

    assert ([each.code for each in report.findings], report.ok) == ([rule], False)


def test_a_file_that_is_older_than_what_ran_is_out_of_order(here: Project) -> None:
    dbtool.deploy(here.config)
    here.write(
        "migrations/versions/20240101000000_late.py",
        "revision = '20240101000000'\ndown_revision = '20250101000000'\ndef upgrade(): pass\ndef downgrade(): pass\n",
    )

    assert codes(here) == ["out-of-order", "empty-revision"]


# PostgreSQL alone


@pytest.fixture
def postgres(tmp_path: Path) -> Project:
    """The project on PostgreSQL; the test drops the database."""
    made = Project(tmp_path, new_url("postgres", tmp_path))
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", TABLE + "\nop.execute('INSERT INTO t VALUES (1, 1, NULL)')", "op.drop_table('t')")
    dbtool.deploy(made.config)
    return made


def test_a_trace_tells_real_locks_and_rewrites_and_leaves_nothing(postgres: Project) -> None:
    postgres.migration(
        "two",
        "op.alter_column('t', 'a', type_=sa.BigInteger())\n"
        "op.alter_column('t', 'b', type_=sa.String(40))\n"
        "op.add_column('t', sa.Column('z', sa.Integer))",
    )
    postgres.migration("three", "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')")

    try:
        before = dbtool.status(postgres.config)
        traces = dbtool.lint(postgres.config, trace=True).traces

        assert [(each.name, each.locks, each.rewritten) for each in traces] == [
            ("two", ("AccessExclusiveLock on t", "AccessExclusiveLock on t_pkey", "ShareLock on t"), ("t", "t_pkey")),
            ("two", (), ()),
            ("two", (), ()),
        ]
        assert traces[0].statement == "ALTER TABLE t ALTER COLUMN a TYPE BIGINT"
        assert dbtool.status(postgres.config) == before
    finally:
        postgres.database.drop()  # type: ignore[attr-defined]


def test_an_index_that_a_failed_build_left_behind_is_found(postgres: Project) -> None:
    try:
        with postgres.database.connect("write") as connection:
            connection.exec_driver_sql("INSERT INTO t VALUES (2, 1, NULL)")
            connection.commit()
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            with pytest.raises(Exception, match="could not create unique index"):
                alone.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY uq ON t (a)")

        (finding,) = dbtool.lint(postgres.config).findings

        assert finding.code == "invalid-index"
        assert finding.hint.startswith('DROP INDEX CONCURRENTLY "uq"')
    finally:
        postgres.database.drop()  # type: ignore[attr-defined]


def test_only_postgresql_is_traced_and_only_a_database_that_is_there(here: Project) -> None:
    with pytest.raises(UsageError, match="cannot tell what it locks"):
        dbtool.lint(here.config, trace=True)

    here.url = new_url("postgres", here.root)
    with pytest.raises(DatabaseMissingError):
        dbtool.lint(here.config, trace=True)
    assert not at(here.url, here.root).exists()


# GitHub


def test_annotations_escape_what_github_reads() -> None:
    findings = [
        Finding("drop-table", "100% gone\nfor ever", "a: b, c", "migrations/a,b.py:12", "error"),
        Finding("two-heads", "fork", "", "", "warning"),
        Finding("raw-sql", "unknown", "", "migrations/x.py:3", "note"),
    ]

    assert list(workflow_commands(findings)) == [
        "::error file=migrations/a%2Cb.py,line=12,title=drop-table::100%25 gone%0Afor ever%0Ainstead: a: b, c",
        "::warning title=two-heads::fork",
        "::notice file=migrations/x.py,line=3,title=raw-sql::unknown",
    ]
