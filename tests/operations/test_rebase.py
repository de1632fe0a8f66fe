"""`rebase`: two branches both added a migration, and mine goes on top, wherever it has run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project

import dbtool
from dbtool.conversation import Answers
from dbtool.engine import history as histories
from dbtool.errors import (
    AnswerError,
    ConflictError,
    EditedError,
    ForkedError,
    MigrationError,
    MissingFileError,
    RevisionError,
)

YES = Answers(yes=True)
TEXT = '''\
"""{name}

Revision ID: {id}
Revises: {parent}
"""

import sqlalchemy as sa
from alembic import op

revision: str = "{id}"  # kept
down_revision: str | None = {parent!r}
branch_labels = {labels!r}
depends_on = None


def upgrade() -> None:
    op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("{name}")
'''


def add(project: Project, id: int, name: str, parent: int | None, labels: str | None = None) -> Path:
    text = TEXT.format(id=20250101000000 + id, name=name, parent=parent and str(20250101000000 + parent), labels=labels)
    path = project.write(f"migrations/versions/{20250101000000 + id}_{name}.py", text)
    known = histories.read(project.config, split=True)
    histories.write_lock(project.config, known.revisions)
    return path


def git(project: Project, *arguments: str, fails: bool = False) -> None:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=project.root, capture_output=True)
    assert (done.returncode != 0) == fails, done.stderr


def commit(project: Project, message: str) -> None:
    git(project, "add", ".")
    git(project, "commit", "-qm", message)


def tables(project: Project) -> list[str]:
    with project.database.reading() as connection:
        return sorted(project.database.table_names(connection) - set(project.database.own_tables))


def chain(project: Project) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (each.id[-1], each.name, tuple(id[-1] for id in each.parents))
        for each in histories.read(project.config).revisions
    ]


@pytest.fixture
def repository(project: Project) -> Project:
    """One migration, on the branch `main`; the next ones will be of two branches."""
    project.scaffold()
    project.write(".gitignore", ".dbtool/\n*.db\n__pycache__/\n")
    git(project, "init", "-q", "-b", "main")
    add(project, 1, "one", None)
    commit(project, "one")
    git(project, "checkout", "-qb", "mine")
    return project


@pytest.fixture
def merging(repository: Project, url: str) -> Iterator[Project]:
    """A merge that stopped at the lock: mine is older than theirs, and ran on this database with a row."""
    repository.url = url
    add(repository, 2, "mine", 1)
    add(repository, 3, "more", 2)
    commit(repository, "mine")
    dbtool.deploy(repository.config)
    with repository.database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO mine (id) VALUES (1)")
        connection.commit()
    git(repository, "checkout", "-q", "main")
    add(repository, 4, "theirs", 1)
    commit(repository, "theirs")
    git(repository, "checkout", "-q", "mine")
    git(repository, "merge", "main", fails=True)
    yield repository


def test_status_names_both_heads_and_the_conflict(merging: Project) -> None:
    report = dbtool.status(merging.config)

    assert [(each.code, each.hint) for each in report.findings[:2]] == [
        ("conflict", "dbtool rebase"),
        ("heads", "dbtool rebase"),
    ]
    assert report.findings[1].message == "20250101000002 mine and 20250101000004 theirs both follow 20250101000001"
    assert report.standing.heads == ("20250101000003", "20250101000004")
    with pytest.raises(ConflictError):
        dbtool.deploy(merging.config)


def test_mine_goes_down_theirs_up_and_mine_up_again(merging: Project) -> None:
    report = dbtool.rebase(merging.config, ask=YES)

    assert (report.onto, report.lock_resolved) == ("20250101000004 theirs", True)
    assert [(each.direction, each.name) for each in report.applied] == [
        ("down", "more"),
        ("down", "mine"),
        ("up", "theirs"),
        ("up", "mine"),
        ("up", "more"),
    ]
    assert [(risk.subject, risk.text) for risk in report.risks] == [("mine", "1 row lost")]
    assert report.backup is not None and (merging.root / report.backup).exists()
    ids = [each.id for each in report.moved]
    assert ids == sorted(ids) and ids[0] > "20250101000004"
    status = dbtool.status(merging.config)
    assert (status.standing.current, status.standing.pending, status.drift) == ((ids[-1],), (), ())
    assert status.standing.intact and tables(merging) == ["mine", "more", "one", "theirs"]
    assert dbtool.rebase(merging.config).moved == ()


def test_without_an_answer_nothing_changes(merging: Project) -> None:
    before = {path: path.read_bytes() for path in (merging.root / "migrations").rglob("*") if path.is_file()}

    with pytest.raises(AnswerError):
        dbtool.rebase(merging.config)

    assert {path: path.read_bytes() for path in before} == before
    assert tables(merging) == ["mine", "more", "one"]


def test_what_does_not_fit_onto_theirs_is_not_written(repository: Project) -> None:
    add(repository, 2, "theirs", 1)
    commit(repository, "theirs")
    path = add(repository, 3, "mine", 1)
    path.write_text(path.read_text().replace('create_table("mine"', 'create_table("theirs"'))
    histories.write_lock(repository.config, histories.read(repository.config, split=True).revisions)
    before = {each: each.read_bytes() for each in (repository.root / "migrations").rglob("*") if each.is_file()}

    with pytest.raises(MigrationError) as error:
        dbtool.rebase(repository.config)

    assert error.value.hint == "correct migrations/versions/20250101000003_mine.py, then run this again"
    assert "already exists" in " ".join(error.value.problems)
    assert {each: each.read_bytes() for each in before} == before


def test_a_merge_that_is_committed_is_understood_too(repository: Project) -> None:
    add(repository, 3, "mine", 1)
    commit(repository, "mine")
    git(repository, "checkout", "-q", "main")
    add(repository, 2, "theirs", 1)
    commit(repository, "theirs")
    git(repository, "checkout", "-q", "mine")
    git(repository, "merge", "main", fails=True)
    lock = repository.root / "migrations/dbtool.lock"
    lock.write_text("".join(line for line in lock.read_text().splitlines(True) if line[0] not in "<=>"))
    commit(repository, "merged")

    report = dbtool.rebase(repository.config)

    assert [(each.old_id == each.id, each.name) for each in report.moved] == [(True, "mine")]
    assert chain(repository) == [("1", "one", ()), ("2", "theirs", ("1",)), ("3", "mine", ("2",))]
    assert not repository.database.exists()


def test_a_file_that_is_not_committed_is_mine(repository: Project) -> None:
    add(repository, 2, "theirs", 1)
    commit(repository, "theirs")
    add(repository, 3, "mine", 1)

    dbtool.rebase(repository.config)

    assert chain(repository)[2] == ("3", "mine", ("2",))


def test_while_commits_are_replayed_theirs_is_what_they_are_replayed_on(repository: Project) -> None:
    add(repository, 3, "mine", 1)
    commit(repository, "mine")
    git(repository, "checkout", "-q", "main")
    add(repository, 2, "theirs", 1)
    commit(repository, "theirs")
    git(repository, "checkout", "-q", "mine")
    git(repository, "rebase", "main", fails=True)

    report = dbtool.rebase(repository.config)

    assert (report.onto, [each.name for each in report.moved]) == ("20250101000002 theirs", ["mine"])


def test_where_git_cannot_tell_a_person_can(repository: Project) -> None:
    add(repository, 2, "left", 1)
    add(repository, 3, "right", 1)
    commit(repository, "both")

    with pytest.raises(ForkedError) as error:
        dbtool.rebase(repository.config)
    report = dbtool.rebase(repository.config, onto="right")

    assert error.value.message == "git does not tell which migrations are yours"
    assert error.value.hint.startswith("dbtool rebase --onto 20250101000002")
    assert ([each.name for each in report.moved], report.onto) == (["left"], "20250101000003 right")
    with pytest.raises(RevisionError):
        dbtool.rebase(repository.config, onto="nowhere")


def test_everything_else_in_a_file_stays_letter_for_letter(repository: Project) -> None:
    add(repository, 3, "theirs", 1)
    commit(repository, "theirs")
    path = add(repository, 2, "mine", 1)
    before = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + before)
    histories.write_lock(repository.config, histories.read(repository.config, split=True).revisions)

    (moved,) = dbtool.rebase(repository.config).moved

    after = (repository.root / moved.path).read_bytes()
    old, new = b"20250101000002", moved.id.encode()
    expected = before.replace(old, new).replace(b"'20250101000001'", b"'20250101000003'")
    assert after == b"\xef\xbb\xbf" + expected.replace(b"Revises: 20250101000001", b"Revises: 20250101000003")
    assert not path.exists()


def test_a_file_that_is_gone_or_changed_is_not_listed_anew(repository: Project) -> None:
    add(repository, 2, "theirs", 1)
    commit(repository, "theirs")
    add(repository, 3, "mine", 1)
    one = repository.root / "migrations/versions/20250101000001_one.py"
    text = one.read_text()

    one.write_text(text.replace("sa.Integer()", "sa.BigInteger()"))
    with pytest.raises(EditedError):
        dbtool.rebase(repository.config)
    one.unlink()
    with pytest.raises(MissingFileError):
        dbtool.rebase(repository.config)


def test_branches_that_are_meant_to_stay_apart_are_left_alone(repository: Project) -> None:
    add(repository, 2, "left", 1)
    add(repository, 3, "right", 1, labels="right")

    report = dbtool.deploy(repository.config)

    assert [each.name for each in report.applied] == ["one", "left", "right"]
    assert dbtool.status(repository.config).ok
    assert dbtool.rollback(repository.config, ask=YES).current == ("20250101000002",)


def test_every_head_is_deployed_where_that_is_said(repository: Project) -> None:
    add(repository, 2, "left", 1)
    add(repository, 3, "right", 1)

    with pytest.raises(ForkedError) as error:
        dbtool.deploy(repository.config)
    report = dbtool.deploy(repository.config, to="heads")

    assert error.value.hint == "dbtool rebase"
    assert (len(report.applied), len(report.current)) == (3, 2)


def test_a_merge_of_branches_is_one_head(repository: Project) -> None:
    add(repository, 2, "left", 1)
    add(repository, 3, "right", 1)
    text = TEXT.format(id=20250101000004, name="joined", parent=None, labels=None)
    parents = "down_revision = ('20250101000002', '20250101000003')"
    repository.write(
        "migrations/versions/20250101000004_joined.py", text.replace("down_revision: str | None = None", parents)
    )

    report = dbtool.deploy(repository.config)

    assert report.current == ("20250101000004",)
    assert dbtool.rebase(repository.config).moved == ()
    assert dbtool.rollback(repository.config, to="one", ask=YES).current == ("20250101000001",)
