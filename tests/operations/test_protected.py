"""Protected databases: which ones are, and that nothing but `deploy` changes them until their name is typed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from projects import PYPROJECT, Project

import dbtool
from dbtool import database as databases
from dbtool.config import URL_VARIABLES, Config
from dbtool.conversation import Answers
from dbtool.database import Database
from dbtool.engine import protection
from dbtool.errors import ProtectedError, SettingError

OUTSIDE = "its file lies outside the project"
FAR = "is neither this machine nor a bare name"


@pytest.fixture(autouse=True)
def silent_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment of this process say nothing."""
    for name in (*URL_VARIABLES, "DBTOOL_ENV", "DBTOOL_PROTECTED", "PGHOST", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)


def reason(config: Config) -> str | None:
    return protection.reason(config, databases.of(config))


# Which ones are


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///dev.db", None),
        ("sqlite:///data/dev.db", None),
        ("sqlite://", None),
        ("sqlite:///../dev.db", OUTSIDE),
        ("sqlite:////srv/app.db", OUTSIDE),
        ("postgresql://u@localhost/app", None),
        ("postgresql://u@app.localhost/app", None),
        ("postgresql://u@127.0.0.1:5433/app", None),
        ("postgresql://u@127.1.2.3/app", None),
        ("postgresql://u@[::1]/app", None),
        ("postgresql://u@db/app", None),
        ("mariadb://u@my-db_1/app", None),
        ("postgresql:///app?host=/var/run/postgresql", None),
        ("mariadb://u@localhost/app?unix_socket=/run/my.sock", None),
        ("postgresql://u@db.example.com/app", f"its host db.example.com {FAR}"),
        ("mariadb://u@DB.Internal/app", f"its host db.internal {FAR}"),
        ("postgresql://u@10.0.0.5/app", f"its host 10.0.0.5 {FAR}"),
        ("postgresql://u@127.0.0.1.example.com/app", f"its host 127.0.0.1.example.com {FAR}"),
        ("postgresql://u@3232235777/app", f"its host 3232235777 {FAR}"),
        ("postgresql://u@0x7f000001/app", f"its host 0x7f000001 {FAR}"),
        ("postgresql://u@[2001:db8::1]/app", f"its host 2001:db8::1 {FAR}"),
        ("postgresql://u@localhost/app?host=db.example.com", f"its host db.example.com {FAR}"),
        ("postgresql://u@localhost/app?hostaddr=10.0.0.5", f"its host 10.0.0.5 {FAR}"),
        ("postgresql:///app?host=localhost,db.example.com", f"its host db.example.com {FAR}"),
        ("postgresql:///app?service=live", f"its host service live {FAR}"),
    ],
)
def test_a_database_is_protected_by_where_it_is(tmp_path: Path, url: str, why: str | None) -> None:
    found = reason(dbtool.load_config(project=tmp_path, url=url))

    assert found == (f"{OUTSIDE}, {tmp_path}" if why == OUTSIDE else why)


def test_a_server_that_only_the_process_names_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")

    assert reason(dbtool.load_config(project=tmp_path, url="postgresql:///app?sslmode=require")) is not None


def test_a_link_to_a_file_elsewhere_lies_outside_the_project(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "dev.db").symlink_to(tmp_path / "live.db")

    assert reason(dbtool.load_config(project=root, url="sqlite:///dev.db")) == f"{OUTSIDE}, {root}"


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("*prod*", "sqlite:///production.db", True),
        ("*prod*", "sqlite:///data/prod/app.db", True),
        ("*prod*", "sqlite:///dev.db", False),
        ("shop", "postgresql://u@localhost/shop", True),
        ("SHOP", "postgresql://u@localhost/shop", True),
        ("shop", "postgresql://u@localhost/workshop", False),
        ("db", "postgresql://u@db/shop", True),
        ("postgresql://admin@*", "postgresql://admin@localhost/shop", True),
        ("*secret*", "postgresql://u:secret@localhost/shop", False),
        ("*", "sqlite:///dev.db", True),
        ("*", "sqlite://", False),
    ],
)
def test_a_pattern_is_held_against_name_host_and_url(tmp_path: Path, pattern: str, url: str, fits: bool) -> None:
    root = tmp_path / "production-tools"  # the folder says nothing of the database
    root.mkdir()
    (root / "pyproject.toml").write_text(f'[tool.dbtool]\nprotected = ["{pattern}"]\n')

    found = reason(dbtool.load_config(project=root, url=url))

    assert found == (f"`{pattern}` in `protected` of [tool.dbtool] fits it" if fits else None)


def test_a_variable_or_the_environments_table_says_that_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path)
    project.write("pyproject.toml", '[tool.dbtool.env.live]\nurl = "sqlite:///dev.db"\nprotected = true\n')
    project.write(".env.other", "DATABASE_URL=sqlite:///other.db\nDBTOOL_PROTECTED=1\n")

    by_table = reason(dbtool.load_config(project=tmp_path, environment="live"))
    by_file = reason(dbtool.load_config(project=tmp_path, environment="other"))
    monkeypatch.setenv("DBTOOL_PROTECTED", "1")
    by_process = reason(dbtool.load_config(project=tmp_path))

    assert (by_table, by_file, by_process) == (
        "[tool.dbtool.env.live] says so",
        ".env.other DBTOOL_PROTECTED says so",
        "environment DBTOOL_PROTECTED says so",
    )


def test_only_the_environment_that_names_a_database_says_that_it_is_not(tmp_path: Path) -> None:
    far = "postgresql://u@db.example.com/shop"
    (tmp_path / "pyproject.toml").write_text(f'[tool.dbtool.env.staging]\nurl = "{far}"\nprotected = false\n')

    own = dbtool.load_config(project=tmp_path, environment="staging")
    another = dbtool.load_config(project=tmp_path, environment="staging", url="postgresql://u@other.example.com/shop")

    assert (reason(own), reason(another)) == (None, f"its host other.example.com {FAR}")


def test_a_variable_that_is_neither_yes_nor_no_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBTOOL_PROTECTED", "maybe")

    with pytest.raises(SettingError, match=r"environment DBTOOL_PROTECTED is neither 1 nor 0: maybe"):
        dbtool.load_config(project=tmp_path, url="sqlite://")


# What is refused there

CHANGING = {
    "migrate": ["migrate", "--name", "more"],
    "migrate --drift revert": ["migrate", "--create-only", "--drift", "revert", "--yes"],
    "push": ["push", "--accept-data-loss"],
    "reset": ["reset", "--yes"],
    "rollback": ["rollback", "--yes"],
    "repair --undo": ["repair", "--undo", "--yes"],
    "seed": ["seed"],
    "restore": ["restore", "copy.db", "--yes"],
}
HARMLESS = [
    ["migrate", "--create-only"],
    ["migrate", "--empty", "--name", "rows"],
    ["push", "--dry-run"],
    ["rollback", "--dry-run"],
    ["repair", "--dry-run"],
    ["repair", "--yes"],
    ["seed", "--dry-run"],
    ["deploy"],
    ["status"],
    ["backup"],
    ["show"],
]


@pytest.fixture
def guarded(migrated: Project) -> Project:
    """The application, migrated and seeded, in a database that is protected."""
    migrated.write("pyproject.toml", (migrated.root / "pyproject.toml").read_text() + "\n")
    migrated.edit("pyproject.toml", PYPROJECT, PYPROJECT + 'protected = ["dev*"]\n')
    shutil.copy(migrated.root / "dev.db", migrated.root / "copy.db")
    return migrated


def everything(project: Project) -> dict[str, str]:
    """Return what lies in the project, but for what dbtool keeps to itself."""
    return {
        str(path.relative_to(project.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.root.rglob("*")
        if path.is_file() and not {"__pycache__", ".dbtool"} & set(path.parts)
    }


@pytest.mark.parametrize("command", CHANGING)
def test_what_changes_a_protected_database_is_refused_until_its_name_is_typed(guarded: Project, command: str) -> None:
    before = everything(guarded)
    word = command if command.startswith("repair") else command.partition(" ")[0]

    refused = guarded.run(*CHANGING[command])
    wrong = guarded.run(*CHANGING[command], "--confirm", "prod")
    same = everything(guarded) == before
    confirmed = guarded.run(*CHANGING[command], "--confirm", "dev.db")

    shown = f"sqlite:///{guarded.root}/dev.db"
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"error [DB504] {shown} is protected, and `{word}` would change it:"
        " `dev*` in `protected` of [tool.dbtool] fits it\nhint: add --confirm dev.db if that is meant\n"
    )
    assert wrong.stderr == (
        f"error [DB504] `prod` was to be confirmed, and this is {shown}\nhint: --confirm dev.db if that is meant\n"
    )
    assert same
    assert confirmed.code == 0, confirmed.stderr


@pytest.mark.parametrize("arguments", HARMLESS, ids=" ".join)
def test_what_leaves_the_database_alone_and_deploy_are_not_refused(guarded: Project, arguments: list[str]) -> None:
    done = guarded.run(*arguments)

    assert done.code == 0, done.stderr


def test_a_wrong_name_is_refused_where_nothing_is_protected_too(migrated: Project) -> None:
    done = migrated.run("seed", "--confirm", "prod", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB504")


def test_python_is_held_to_the_same(guarded: Project) -> None:
    with pytest.raises(ProtectedError):
        dbtool.reset(guarded.config, ask=Answers(yes=True))

    confirmed = dbtool.load_config(project=guarded.root, confirm="dev.db")
    assert dbtool.reset(confirmed, ask=Answers(yes=True)).rows_deleted == 3


def test_a_confirmed_name_answers_no_question(guarded: Project) -> None:
    done = guarded.run("reset", "--confirm", "dev.db", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB501")


def test_an_environment_stands_only_for_the_database_that_it_names(guarded: Project) -> None:
    guarded.write(".env.production", "DATABASE_URL=sqlite:///dev.db\n")

    by_its_name = guarded.run("seed", "--env", "production", "--confirm", "production")
    another = guarded.run("seed", "--env", "production", "--confirm", "production", DATABASE_URL="sqlite:///copy.db")

    assert by_its_name.code == 0, by_its_name.stderr
    assert another.stderr == (
        "error [DB504] `production` was to be confirmed, and this is production (copy.db)\n"
        "hint: --confirm copy.db if that is meant\n"
    )


def test_status_and_doctor_say_why(guarded: Project) -> None:
    told = guarded.run("status")
    report = guarded.run("status", "--json").json["report"]
    facts = guarded.run("doctor", "--json").json["report"]["facts"]

    why = "`dev*` in `protected` of [tool.dbtool] fits it"
    assert f"\nprotected {why}\n" in told.stdout
    assert (report["environment"], report["protected"]) == (None, why)
    assert [each["value"] for each in facts if each["name"] == "protected"] == [why]


def test_a_server_is_protected_by_a_pattern_and_confirmed_by_the_name_of_its_database(
    project: Project, database: Database, url: str
) -> None:
    project.url = url
    project.edit("pyproject.toml", PYPROJECT, PYPROJECT + 'protected = ["*"]\n')
    name = database.url.name

    refused = project.run("push", "--json")
    confirmed = project.run("push", "--no-generate", "--confirm", name)

    error = refused.json["error"]
    assert (error["code"], error["hint"]) == ("DB504", f"add --confirm {name} if that is meant")
    assert (confirmed.code, confirmed.stderr.count("will create table")) == (0, 2)


def test_a_rebase_that_moves_a_protected_database_is_refused_before_a_file_is_written(guarded: Project) -> None:
    first = guarded.migration("mine", "pass", "pass")
    assert guarded.run("deploy").code == 0
    theirs = first.read_text().replace("mine", "theirs").replace(first.name.partition("_")[0], "29990101000000")
    guarded.write("migrations/versions/29990101000000_theirs.py", theirs)
    before = everything(guarded)

    refused = guarded.run("rebase", "--onto", "29990101000000", "--yes")

    assert (refused.code, "[DB504]" in refused.stderr, "`rebase`" in refused.stderr) == (1, True, True)
    assert everything(guarded) == before
