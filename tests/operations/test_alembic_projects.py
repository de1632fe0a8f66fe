"""Alembic projects as people have them: every command works there, and says the same as plain Alembic."""

from __future__ import annotations

import re
from pathlib import Path

import alembic_projects
import projects
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


SHOP = "\n    ".join(
    f"op.create_table('{name}', sa.Column('id', sa.Integer(), primary_key=True))"
    for name in ("author", "orders", "item", "stock", "price", "visit")
)


@pytest.fixture
def half_seen(tmp_path: Path) -> Project:
    """A project whose env.py imports one model of six."""
    files = alembic_projects.Files(tmp_path / "home")
    one = "from sqlmodel import Field, SQLModel\n\n\nclass Author(SQLModel, table=True):\n"
    files.begin(models=f"{one}    id: int | None = Field(default=None, primary_key=True)\n")
    files.migration("a1", None, SHOP, "pass")
    project = Project(tmp_path / "home")
    assert project.run("deploy").code == 0
    return project


def test_tables_without_imported_models_are_not_proposed_to_be_dropped(half_seen: Project) -> None:
    words = "1 table has a model and 5 have none (item, orders, price, ...): their models are probably not imported"

    check = half_seen.run("check", "--json").json["report"]
    diff = half_seen.run("diff", "--sql", "--json").json["report"]

    assert [each["message"] for each in check["findings"] if each["code"] == "models"] == [words]
    assert (diff["changes"], diff["statements"], diff["notes"]) == ([], [], [words])


def test_migrate_drops_such_tables_only_when_told_so(half_seen: Project) -> None:
    half_seen.write("pyproject.toml", "[tool.dbtool]\nmodels = 'app.models'\n")
    tables = half_seen.database.table_names

    refused = half_seen.run("migrate", "--name", "less", "--no-generate")
    with half_seen.database.reading() as connection:
        before = tables(connection)
    done = half_seen.run("migrate", "--name", "less", "--no-generate", "--accept-data-loss")

    assert refused.code == 2 and "error [DB112] 1 table has a model and 5 have none" in refused.stderr
    assert {"orders", "item", "stock", "price", "visit"} <= before
    assert done.code == 0, done.stderr
    with half_seen.database.reading() as connection:
        assert not {"orders", "item", "stock", "price", "visit"} & tables(connection)


def test_plain_alembic_stays_content_beside_the_ledger_with_the_line_that_baseline_shows(tmp_path: Path) -> None:
    alembic_projects.write("plain", tmp_path / "home")
    project = Project(tmp_path / "home")
    assert project.python("-m", "alembic", "upgrade", "head").code == 0
    assert project.python("-m", "alembic", "check").code == 0

    shown = project.run("baseline")

    assert shown.code == 0, shown.stderr
    assert project.python("-m", "alembic", "check").code != 0  # it would drop the ledger
    (line,) = (each.strip() for each in shown.stdout.splitlines() if "include_name=" in each)
    argument = line[line.index("include_name=") :]
    project.edit("alembic/env.py", "target_metadata=target_metadata)", f"target_metadata=target_metadata, {argument})")
    assert project.python("-m", "alembic", "check").code == 0


def test_a_version_table_may_lie_in_a_schema_of_its_own(tmp_path: Path) -> None:
    url = projects.new_url("postgres", tmp_path)
    base = url.replace("postgresql://", "postgresql+psycopg://")
    env = alembic_projects.ENV.replace(
        "    context.configure(connection=connection, target_metadata=target_metadata)",
        "    connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS bookkeeping')\n"
        "    connection.commit()\n"
        "    context.configure(\n"
        "        connection=connection, target_metadata=target_metadata,\n"
        "        version_table='app_rev', version_table_schema='bookkeeping',\n"
        "    )",
    )
    files = alembic_projects.Files(tmp_path / "home")
    files.begin(env=env, ini=alembic_projects.INI.replace("sqlite:///%(here)s/app.db", base))
    files.two()
    project = Project(tmp_path / "home")
    target = projects.at(url, tmp_path)
    target.create()
    try:
        assert project.run("deploy").code == 0
        assert _standing(project, {})["pending"] == []
        assert "nothing to apply" in project.run("deploy").stdout
        assert project.run("check").code == 0, project.run("check").stdout
        assert project.run("rollback", "--yes").code == 0
        assert len(_standing(project, {})["pending"]) == 1
        assert project.python("-m", "alembic", "current").stdout.startswith("a1")
    finally:
        projects.drop(url, tmp_path)
