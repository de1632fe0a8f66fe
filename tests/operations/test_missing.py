"""A database that ran another branch's migration: named, found again, and taken back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project

import dbtool
from dbtool.conversation import Answers
from dbtool.engine import git, kept
from dbtool.errors import MissingFileError

YES = Answers(yes=True)


def make(project: Project, name: str) -> Path:
    return project.migration(
        name,
        f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))',
        f'op.drop_table("{name}")',
    )


def run_git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True)


def tables(project: Project) -> list[str]:
    with project.database.reading() as connection:
        return sorted(project.database.table_names(connection) - set(project.database.own_tables))


@pytest.fixture
def app(project: Project, url: str) -> Iterator[Project]:
    """A database that ran a third and a fourth migration on a branch that was left."""
    project.url = url
    project.scaffold()
    project.write(".gitignore", ".dbtool/\n*.db\n__pycache__/\n")
    make(project, "one")
    make(project, "two")
    run_git(project, "init", "-q", "-b", "main")
    run_git(project, "add", ".")
    run_git(project, "commit", "-qm", "two")
    run_git(project, "checkout", "-qb", "other")
    make(project, "three")
    make(project, "four")
    dbtool.deploy(project.config)
    run_git(project, "add", ".")
    run_git(project, "commit", "-qm", "four")
    run_git(project, "checkout", "-q", "main")
    yield project


def test_status_names_what_is_gone_who_wrote_it_and_what_takes_it_back(app: Project) -> None:
    report = dbtool.status(app.config)

    assert report.standing.missing == report.standing.elsewhere == ("20250101000002", "20250101000003")
    first = next(each for each in report.findings if each.code == "missing")
    assert first.message.startswith("the file of migration 20250101000002 is gone (last in commit ")
    assert " by Ann, " in first.message
    assert first.hint.startswith("dbtool rollback --missing ")
    with pytest.raises(MissingFileError) as error:
        dbtool.rollback(app.config, ask=YES)
    assert error.value.hint.startswith("dbtool rollback --missing ")


def test_what_another_branch_applied_is_taken_back_by_its_copies(app: Project) -> None:
    shutil.rmtree(app.root / ".git")
    with app.database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO three (id) VALUES (1)")
        connection.commit()

    report = dbtool.rollback(app.config, missing=True, ask=YES)

    assert [each.name for each in report.applied] == ["four", "three"]
    assert [(risk.subject, risk.text) for risk in report.risks] == [("three", "1 row lost")]
    assert (report.current, report.backup is not None, tables(app)) == (("20250101000001",), True, ["one", "two"])
    assert dbtool.status(app.config).standing.missing == ()


def test_without_copies_git_is_asked_even_for_a_branch_that_is_gone(app: Project) -> None:
    shutil.rmtree(app.root / ".dbtool")
    run_git(app, "branch", "-qD", "other")

    report = dbtool.rollback(app.config, missing=True, ask=YES)

    assert [each.name for each in report.applied] == ["four", "three"]
    assert tables(app) == ["one", "two"]


def test_of_several_texts_the_one_that_ran_is_taken(app: Project) -> None:
    run_git(app, "checkout", "-q", "other")
    app.edit("migrations/versions/20250101000003_four.py", 'op.drop_table("four")', 'op.drop_table("nowhere")')
    run_git(app, "commit", "-qam", "broken")
    run_git(app, "checkout", "-q", "main")
    shutil.rmtree(app.root / ".dbtool")

    report = dbtool.rollback(app.config, missing=True, ask=YES)

    assert [each.name for each in report.applied] == ["four", "three"]


def test_what_nobody_knows_any_more_is_said(app: Project) -> None:
    shutil.rmtree(app.root / ".git")
    shutil.rmtree(app.root / ".dbtool")

    with pytest.raises(MissingFileError) as error:
        dbtool.rollback(app.config, missing=True, ask=YES)

    assert "is neither in .dbtool/applied/ nor known to git" in error.value.message
    assert tables(app) == ["four", "one", "three", "two"]


def test_nothing_missing_is_nothing_to_take_back(app: Project) -> None:
    run_git(app, "checkout", "-q", "other")

    assert dbtool.rollback(app.config, missing=True).planned == ()


def test_every_text_that_ran_is_kept_once(app: Project) -> None:
    folder = app.root / ".dbtool" / "applied"
    before = sorted(path.name for path in folder.iterdir())
    run_git(app, "checkout", "-q", "other")
    dbtool.rollback(app.config, ask=YES)
    dbtool.deploy(app.config)
    dbtool.rollback(app.config, ask=YES)
    app.edit("migrations/versions/20250101000003_four.py", "sa.Integer()", "sa.BigInteger()")

    dbtool.deploy(app.config)

    after = sorted(path.name for path in folder.iterdir())
    assert before == [f"2025010100000{number}_{name}.py" for number, name in enumerate(("one", "two", "three", "four"))]
    assert len(after) == 5 and set(before) < set(after)
    meanings = {row.checksum for row in dbtool.history(app.config).rows if row.name == "four"}
    found = [kept.find(app.config, "20250101000003", meaning) for meaning in meanings]
    assert {(each.name, each.meaning_hash) for each in found if each} == {("four", meaning) for meaning in meanings}


def test_a_project_that_cannot_be_written_is_deployed_all_the_same(project: Project) -> None:
    project.scaffold()
    make(project, "one")
    project.write(".dbtool", "a file, where a folder should be")

    assert [each.name for each in dbtool.deploy(project.config).applied] == ["one"]


def test_without_git_nothing_is_known_and_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (git.run(tmp_path, "status"), git.last_commit(tmp_path, "*"), list(git.texts(tmp_path, "1"))) == (
        None,
        None,
        [],
    )


def test_an_id_with_signs_that_mean_something_to_git_is_not_looked_for(tmp_path: Path) -> None:
    assert list(git.texts(tmp_path, "*")) == []
