"""The pytest plugin, in a pytest of its own: each test has a database that no other test has seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from projects import SERVERS, Outcome, Project, server_url

TESTS = """\
from app.models import Author
from sqlalchemy import create_engine, text
from sqlmodel import Session, select
from dbtool.testing import *


def add(engine):
    with Session(engine) as session:
        assert [each.name for each in session.exec(select(Author))] == ["Ursula K. Le Guin"]
        session.add(Author(name="somebody"))
        session.commit()
        assert len(session.exec(select(Author)).all()) == 2


def test_engine(dbtool_engine):
    add(dbtool_engine)


def test_engine_again(dbtool_engine):
    add(dbtool_engine)


def test_url(dbtool_url):
    engine = create_engine(dbtool_url)
    add(engine)
    engine.dispose()


def test_session(dbtool_session):
    assert [each.name for each in dbtool_session.exec(select(Author))] == ["Ursula K. Le Guin"]
    dbtool_session.add(Author(name="somebody"))
    dbtool_session.commit()
    dbtool_session.add(Author(name="somebody else"))
    dbtool_session.rollback()
    assert len(dbtool_session.exec(select(Author)).all()) == 2


def test_session_again(dbtool_session):
    assert [each.name for each in dbtool_session.exec(select(Author))] == ["Ursula K. Le Guin"]


def test_both(dbtool_session, dbtool_engine):
    add(dbtool_engine)
    assert len(dbtool_session.exec(select(Author)).all()) == 1
"""
OWN = 4  # tests that `from dbtool.testing import *` brings


@pytest.fixture
def tested(migrated: Project) -> Project:
    migrated.write("tests/test_app.py", TESTS)
    migrated.write("conftest.py", "")
    return migrated


def run(project: Project, *arguments: str) -> Outcome:
    return project.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(project.root), *arguments)


def databases(kind: str) -> set[str]:
    """Return the databases of tests that are left on a server."""
    from dbtool import database as found
    from dbtool.config import Location

    location = Location(server_url(kind), "test", Path())
    import dbtool

    database = found.at(dbtool.load_config(url=location.text), location)
    sql = {"postgres": "SELECT datname FROM pg_database", "mysql": "SHOW DATABASES"}[kind]
    with database.reading() as connection:
        return {name for (name,) in found.rows(connection, sql) if name.startswith("dbtool_tests_")}


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_each_test_has_a_migrated_and_seeded_database_of_its_own(tested: Project, kind: str) -> None:
    (tested.root / "dev.db").unlink()
    arguments = [] if kind == "sqlite" else ["--dbtool-url", server_url(kind)]

    done = run(tested, *arguments)

    assert done.code == 0, done.stdout + done.stderr
    assert f"{6 + OWN} passed" in done.stdout
    assert not (tested.root / "dev.db").exists()


def test_what_the_tests_made_is_gone_afterwards_also_when_some_fail(tested: Project) -> None:
    tested.write("tests/test_bad.py", "def test_bad(dbtool_engine, dbtool_session):\n    assert False\n")
    before = databases("postgres")

    done = run(tested, "--dbtool-url", server_url("postgres"), "tests/test_bad.py")

    assert done.code == 1 and "1 failed" in done.stdout
    assert databases("postgres") - before == set()


def test_the_ready_made_tests_find_what_is_wrong(tested: Project) -> None:
    tested.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0)\n    year: int = 0")
    (path,) = tested.versions
    tested.edit(str(path.relative_to(tested.root)), 'op.drop_table("author")', "pass")

    done = run(tested)

    assert done.code == 1
    failed = [line.split("::")[1].split(" ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert "test_models_match_migrations" in failed
    assert "test_migrations_are_one_line_and_unchanged" in failed
    assert "test_migrations_can_be_taken_back_with_rows" in failed
    assert "the files lack: " in done.stdout


def test_it_works_beside_xdist_and_says_what_is_missing_elsewhere(
    tested: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert f"{6 + OWN} passed" in run(tested, "-n", "2").stdout

    bare = Project(tmp_path_factory.mktemp("bare"))
    bare.write("tests/test_none.py", "def test_none(dbtool_url):\n    pass\n\n\ndef test_other():\n    pass\n")
    done = run(bare)
    assert "1 passed, 1 error" in done.stdout and "no project in" in done.stdout


def test_the_settings_of_pytest_choose_sets_and_leave_seeds_out(tested: Project) -> None:
    shutil.rmtree(tested.root / "tests")
    tested.write("seed_data/dev/authors.yaml", "Author:\n  - name: Octavia E. Butler\n")
    tested.write(
        "tests/test_count.py",
        "import os\nfrom sqlalchemy import text\n\n\ndef test_count(dbtool_session):\n"
        "    count = dbtool_session.exec(text('select count(*) from author')).scalar()\n"
        "    assert count == int(os.environ['COUNT'])\n",
    )

    for settings, count in (("", 1), ("dbtool_sets = dev\n", 2), ("dbtool_seed = false\n", 0)):
        tested.write("pytest.ini", f"[pytest]\n{settings}")
        done = tested.python("-m", "pytest", "-q", "-p", "no:cacheprovider", COUNT=str(count))
        assert done.code == 0, done.stdout
