"""A test suite of 200 tests, each with a migrated and seeded database, against `alembic upgrade head` in each."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import Command, Subject, measure
from benchmarks.migrations import SERVERS, _project

TESTS = 200
OURS = """\
import pytest
from sqlalchemy import text


@pytest.mark.parametrize("number", range({count}))
def test_rows(dbtool_engine, number):
    with dbtool_engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM unit")).scalar() == {rows}
        connection.execute(text("DELETE FROM unit_asset"))
"""
SESSION = (
    OURS.replace("dbtool_engine", "dbtool_session")
    .replace(
        "    with dbtool_session.begin() as connection:\n        assert connection",
        "    connection = dbtool_session\n    assert connection",
    )
    .replace('        connection.execute(text("DELETE', '    connection.execute(text("DELETE')
)
THEIRS = """\
import os

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text


@pytest.mark.parametrize("number", range({count}))
def test_rows(tmp_path, number):
    os.environ["ALEMBIC_URL"] = f"sqlite:///{{tmp_path / 'test.db'}}"
    command.upgrade(Config(toml_file="pyproject.toml"), "head")
    engine = create_engine(os.environ["ALEMBIC_URL"])
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM unit")).scalar() == 0
        connection.execute(text("DELETE FROM unit_asset"))
    engine.dispose()
"""


def main() -> None:
    """Measure on SQLite against Alembic, and the fixtures on the servers that are set against those on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder) / "few", 0)
        (project / "test_ours.py").write_text(OURS.format(count=TESTS, rows=0))
        (project / "test_session.py").write_text(SESSION.format(count=TESTS, rows=0))
        (project / "plain" / "test_theirs.py").write_text(THEIRS.format(count=TESTS))
        theirs = _pytest("alembic upgrade head in each", project / "plain", "test_theirs.py")
        files = _pytest("dbtool_engine, SQLite", project, "test_ours.py")
        rolled = _pytest("dbtool_session, SQLite", project, "test_session.py")
        measure(Subject(f"{TESTS} tests with a database each", files, theirs, runs=3, wall_goal=0.5, peak_goal=None))
        measure(Subject(f"{TESTS} tests with a session each", rolled, theirs, runs=3, wall_goal=0.5, peak_goal=None))
        for kind, variable in SERVERS.items():
            if variable in os.environ:
                for name in ("dbtool_engine", "dbtool_session"):
                    file = "test_ours.py" if name == "dbtool_engine" else "test_session.py"
                    ours = _pytest(f"{name}, {kind}", project, file, "--dbtool-url", os.environ[variable])
                    measure(Subject(f"{TESTS} tests on {kind}, {name}", ours, files, runs=3, peak_goal=None))


def _pytest(name: str, folder: Path, *arguments: str) -> Command:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *arguments]
    return Command(name, command, folder)


if __name__ == "__main__":
    main()
