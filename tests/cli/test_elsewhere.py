"""A dbtool that was installed as a tool of its own runs in the application's environment, where that has dbtool."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from projects import REPOSITORY, Outcome, Project


def environment(folder: Path, *, has_dbtool: bool, receipt: str | None = None) -> Path:
    """Make a virtual environment that sees the packages of the tests; return its Python."""
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "tests.pth").write_text(f"{REPOSITORY}\n{sysconfig.get_path('purelib')}\n")
    if has_dbtool:
        (packages / "sqlmodel_dbtool-0.1.0.dist-info").mkdir()
    if receipt:
        (folder / receipt).write_text("")
    return folder / "bin" / "python"


def run(python: Path, project: Project, *arguments: str, **more: str) -> Outcome:
    """Run dbtool by another Python."""
    done = subprocess.run(
        [python, "-m", "dbtool", *arguments],
        cwd=project.root,
        env=project.environment(**more),
        capture_output=True,
        text=True,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def interpreter(outcome: Outcome) -> str:
    """Return the Python that `doctor` ran in."""
    (python,) = [fact["value"] for fact in outcome.json["report"]["facts"] if fact["name"] == "python"]
    return str(python).partition("(")[2].rstrip(")")


@pytest.mark.parametrize("receipt", ["pipx_metadata.json", "uv-receipt.toml"])
def test_a_tool_of_its_own_hands_over_to_the_application(receipt: str, project: Project, tmp_path: Path) -> None:
    tool = environment(tmp_path / "tool", has_dbtool=True, receipt=receipt)
    application = environment(project.root / ".venv", has_dbtool=True)

    outcome = run(tool, project, "doctor", "--json")

    assert interpreter(outcome) == str(application)


def test_the_active_environment_wins_over_the_folder(project: Project, tmp_path: Path) -> None:
    tool = environment(tmp_path / "tool", has_dbtool=True, receipt="uv-receipt.toml")
    environment(project.root / ".venv", has_dbtool=True)
    active = environment(tmp_path / "active", has_dbtool=True)

    outcome = run(tool, project, "doctor", "--json", VIRTUAL_ENV=str(active.parent.parent))

    assert interpreter(outcome) == str(active)


def test_an_environment_without_dbtool_is_named_with_what_to_install(project: Project, tmp_path: Path) -> None:
    tool = environment(tmp_path / "tool", has_dbtool=True, receipt="uv-receipt.toml")
    application = environment(project.root / ".venv", has_dbtool=False)
    project.write("app/models.py", "import only_the_application_has_this\n")

    outcome = run(tool, project, "generate", "--json")

    assert outcome.json["error"]["hint"] == f"{application} -m pip install sqlmodel-dbtool"


def test_a_dbtool_in_an_environment_of_the_project_stays_where_it_is(project: Project) -> None:
    environment(project.root / ".venv", has_dbtool=True)

    outcome = project.run("doctor", "--json")

    assert interpreter(outcome) == sys.executable
