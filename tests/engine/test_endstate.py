"""What files made of an empty database is kept, and found again by these very files alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import Project

from dbtool.engine import endstate, history, portrait, proof, runner

CREATE = (
    "op.create_table('{0}', sa.Column('id', sa.Integer(), primary_key=True))\nop.execute('INSERT INTO {0} VALUES (7)')"
)
NAMES = ("one", "two", "three")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "app", f"sqlite:///{tmp_path / 'app.db'}")
    made.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    made.scaffold()
    for name in NAMES:
        made.migration(name, CREATE.format(name), f"op.drop_table('{name}')")
    return made


def replay(project: Project) -> None:
    with proof.scratch(project.config, project.database) as scratch:
        proof.replay(project.config, scratch, history.read(project.config), [])


def known(project: Project) -> int:
    """How many files need not run again."""
    with proof.scratch(project.config, project.database) as scratch:
        return endstate.take(project.config, scratch, history.read(project.config))


def test_files_that_ran_before_need_not_run_again(project: Project) -> None:
    assert known(project) == 0
    replay(project)
    assert known(project) == 3

    project.migration("four", CREATE.format("four"), "op.drop_table('four')")

    assert known(project) == 3
    replay(project)
    assert known(project) == 4


def test_a_kept_state_is_what_the_files_make(project: Project) -> None:
    replay(project)
    known = history.read(project.config)
    with proof.scratch(project.config, project.database) as anew:
        runner.upgrade(project.config, anew, known)
        with proof.scratch(project.config, project.database) as kept:
            assert endstate.take(project.config, kept, known) == 3
            assert portrait.of(kept) == portrait.of(anew)
            with kept.connect("read") as one, anew.connect("read") as other:
                for table in (*NAMES, "alembic_version"):
                    rows = [connection.exec_driver_sql(f"SELECT * FROM {table}").all() for connection in (one, other)]
                    assert rows[0] == rows[1] != []


def test_an_edited_file_is_run_again_and_a_formatted_one_is_not(project: Project) -> None:
    replay(project)
    second = project.versions[1]

    second.write_text(second.read_text() + "\n\n# a remark\n")
    assert known(project) == 3

    second.write_text(second.read_text().replace("VALUES (7)", "VALUES (8)"))
    assert known(project) == 0


REACHING_OUT = {
    "code of the project": "from app import rules",
    "a relative import": "from . import rules",
    "a file": "open('rules.txt').read()",
    "its own place": "print(__file__)",
    "another library": "import requests",
    "the environment": "import os",
    "code in a text": "eval('1')",
    "a lazy import": "__import__('app')",
}


@pytest.mark.parametrize("what", REACHING_OUT)
def test_files_that_may_depend_on_something_else_are_run_each_time(project: Project, what: str) -> None:
    project.write("app/__init__.py", "")
    path = project.migration("reaching", "pass")
    path.write_text(path.read_text().replace("    pass\n", f"    if False:\n        {REACHING_OUT[what]}\n", 1))

    replay(project)

    assert known(project) == 0


def test_a_damaged_state_counts_as_none(project: Project) -> None:
    replay(project)
    (state,) = (project.root / ".dbtool" / "state").iterdir()
    content = bytearray(state.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    state.write_bytes(content)

    assert known(project) == 0
    replay(project)
    assert known(project) == 3


def test_a_folder_that_cannot_be_written_is_no_failure(project: Project) -> None:
    project.write(".dbtool/state", "somebody's file")

    replay(project)

    assert known(project) == 0


def test_only_the_newest_states_are_kept(project: Project) -> None:
    for number in range(6):
        replay(project)
        project.migration(f"more{number}", "pass")

    assert len(list((project.root / ".dbtool" / "state").iterdir())) == endstate.KEPT
    assert known(project) == 8
