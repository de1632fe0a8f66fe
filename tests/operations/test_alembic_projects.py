"""Alembic projects as people have them: every command works there, and says the same as plain Alembic."""

from __future__ import annotations

import re
from pathlib import Path

import alembic_projects
import pytest
import transcript
from projects import Outcome, Project

from dbtool.config import load_config
from dbtool.engine import history

PAGES = Path(__file__).parent.parent / "transcripts" / "alembic"
# What says of itself that it does not fit: plain Alembic and dbtool must agree on that too.
DIFFERENT = {"alternative-heads"}
UNTRIED = {"flask", "not-from-nothing"}  # plain Alembic gives no verdict


@pytest.fixture(params=alembic_projects.PROJECTS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a project."""
    return str(request.param)


@pytest.fixture
def odd(name: str, tmp_path: Path) -> Project:
    """A project that knows nothing of dbtool."""
    alembic_projects.write(name, tmp_path / "home")
    return Project(tmp_path / "home")


def variables(project: Project, name: str) -> dict[str, str]:
    """Return what the environment of an application says."""
    url = f"sqlite:///{project.root / 'app.db'}"
    return {"APP_DB": url, **({"DBTOOL_X": f"db={url}"} if name == "url-of-x" else {})}


def test_the_page_of_each_project_prints_what_it_shows(odd: Project, name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")

    assert transcript.play(page, odd.root, odd.environment(**variables(odd, name))) > 5


def test_each_project_has_a_page() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(alembic_projects.PROJECTS)


def test_heads_and_verdict_are_those_of_alembic(odd: Project, name: str) -> None:
    said = variables(odd, name)

    def alembic(*arguments: str) -> Outcome:
        x = ("-x", f"db={said['APP_DB']}") if name == "url-of-x" else ()
        return odd.python("-m", "alembic", *x, *arguments, **said)

    if name not in UNTRIED:
        assert odd.run("deploy", **said).code == 0
        theirs = alembic("check")
        ours = odd.run("diff", "--exit-code", **said)
        assert (theirs.code == 0, ours.code == 0) == ((name not in DIFFERENT),) * 2, theirs.stdout + ours.stdout
        ran = {each["id"].split()[0] for each in _standing(odd, said)["applied"]}
        current = {line.split()[0] for line in alembic("current").stdout.splitlines() if "(" in line}
        assert current and current <= ran
    heads = {re.sub(r"( \(.*\))+$", "", line) for line in alembic("heads").stdout.splitlines() if "head)" in line}
    known = history.read(load_config(project=odd.root))
    assert heads - {"a1"} == set(known.heads) - {"a1"}


def _standing(project: Project, said: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    report: dict[str, dict[str, list[dict[str, str]]]] = project.run("status", "--json", **said).json["report"]
    return report["standing"]


def test_looking_makes_no_database(odd: Project, name: str) -> None:
    for command in ("status", "history", "diff"):
        odd.run(command, **variables(odd, name))

    assert not (odd.root / "app.db").exists()


def test_nothing_is_written_into_a_project(odd: Project, name: str) -> None:
    before = {path.relative_to(odd.root) for path in odd.root.rglob("*") if "__pycache__" not in path.parts}

    for command in ("deploy", "status", "check", "lint", "diff"):
        odd.run(command, **variables(odd, name))

    after = {path.relative_to(odd.root) for path in odd.root.rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in after - before if path.parts[0] not in ("app.db", ".dbtool")} == set()


@pytest.mark.parametrize("name", ["plain"], indirect=True)
def test_a_command_works_from_a_folder_below(odd: Project, name: str) -> None:
    below = Project(odd.root / "app")

    assert below.run("deploy").code == 0
    assert (odd.root / "app.db").exists()
