"""`--env NAME` and `DIRECT_URL`: which database is meant, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from projects import PYPROJECT, Project

import dbtool
from dbtool.client.opening import open_sync
from dbtool.config import URL_VARIABLES
from dbtool.errors import SettingError

TABLE = '\n[tool.dbtool.env.production]\nurl = "sqlite:///table.db"\n'


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without any environment, in a process whose own says nothing."""
    for name in (*URL_VARIABLES, "DBTOOL_ENV", "DBTOOL_PROTECTED"):
        monkeypatch.delenv(name, raising=False)
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT + 'url = "sqlite:///usual.db"\n')
    return made


# Where the database of an environment is said, the strongest first.
PLACES = {
    "DATABASE_URL": ("sqlite:///process.db", "environment DATABASE_URL"),
    ".env.production": ("sqlite:///file.db", ".env.production DATABASE_URL"),
    "table": ("sqlite:///table.db", "pyproject.toml [tool.dbtool.env.production]"),
}


@pytest.mark.parametrize("winner", PLACES)
def test_an_environment_names_its_database_and_the_process_wins_over_it(
    bare: Project, monkeypatch: pytest.MonkeyPatch, winner: str
) -> None:
    """Every place that is weaker than the winner says something else, `.env` and [tool.dbtool] among them."""
    weaker = list(PLACES)[list(PLACES).index(winner) :]
    if "DATABASE_URL" in weaker:
        monkeypatch.setenv("DATABASE_URL", "sqlite:///process.db")
    if ".env.production" in weaker:
        bare.write(".env.production", "DATABASE_URL=sqlite:///file.db\n")
    bare.write("pyproject.toml", PYPROJECT + 'url = "sqlite:///usual.db"\n' + TABLE)
    bare.write(".env", "DATABASE_URL=sqlite:///dotenv.db\n")

    config = dbtool.load_config(project=bare.root, environment="production")

    assert (config.url.text, config.url.source) == PLACES[winner]
    assert (config.environment, config.names_url) == ("production", winner != "DATABASE_URL")


def test_a_flag_wins_over_the_environment_that_is_named(bare: Project) -> None:
    bare.write("pyproject.toml", PYPROJECT + TABLE)

    config = dbtool.load_config(project=bare.root, environment="production", url="sqlite:///flag.db")

    assert (config.url.text, config.names_url) == ("sqlite:///flag.db", False)


def test_dbtool_env_names_the_environment_and_the_flag_another(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.write(".env.production", "DATABASE_URL=sqlite:///one.db\n")
    bare.write(".env.staging", "DATABASE_URL=sqlite:///two.db\n")
    monkeypatch.setenv("DBTOOL_ENV", "production")

    found = [dbtool.load_config(project=bare.root, environment=name).url.text for name in (None, "staging")]

    assert found == ["sqlite:///one.db", "sqlite:///two.db"]


def test_any_other_setting_of_its_file_goes_before_that_of_the_usual_one(bare: Project) -> None:
    bare.write(".env", "DBTOOL_SEED_DATA=usual\nDBTOOL_TIMEZONE=Europe/Berlin\n")
    bare.write(".env.production", "DATABASE_URL=sqlite:///one.db\nDBTOOL_SEED_DATA=own\n")

    config = dbtool.load_config(project=bare.root, environment="production")

    assert (config.seed_data, config.timezone) == (bare.root / "own", "Europe/Berlin")
    assert config.sources["seed_data"] == ".env.production DBTOOL_SEED_DATA"


@pytest.mark.parametrize(
    ("files", "name", "message", "hint"),
    [
        (
            {".env.staging": "", ".env.example": "", "pyproject.toml": TABLE},
            "prod",
            "there is no environment `prod`: neither .env.prod nor [tool.dbtool.env.prod] in pyproject.toml",
            "one of production, staging",
        ),
        (
            {},
            "production",
            "there is no environment `production`: neither .env.production nor [tool.dbtool.env.production]"
            " in pyproject.toml",
            "--env production, with DATABASE_URL in .env.production",
        ),
        (
            {"pyproject.toml": TABLE},
            "../production",
            "`../production` cannot be the name of an environment",
            "one of production",
        ),
        (
            {".env": "DATABASE_URL=sqlite:///dev.db\n", ".env.production": "A=b\n"},
            "production",
            "environment `production` names no database",
            'url = "..." in [tool.dbtool.env.production], or DATABASE_URL in .env.production',
        ),
        (
            {"pyproject.toml": TABLE.replace("url", "ulr")},
            "production",
            "unknown setting `ulr` in [tool.dbtool.env.production] of pyproject.toml",
            "did you mean `url`?",
        ),
        (
            {"pyproject.toml": TABLE + "protected = 1\n"},
            "production",
            "setting `env.production.protected` must be true or false, not 1",
            "correct `env.production.protected`",
        ),
    ],
    ids=["another name", "none at all", "a path", "no database", "unknown setting", "no boolean"],
)
def test_an_environment_that_cannot_be_used_is_refused(
    bare: Project, files: Mapping[str, str], name: str, message: str, hint: str
) -> None:
    for path, text in files.items():
        bare.write(path, PYPROJECT + text if path == "pyproject.toml" else text)

    with pytest.raises(SettingError) as error:
        dbtool.load_config(project=bare.root, environment=name)

    assert (error.value.message, error.value.hint) == (message, hint)


def test_the_server_behind_a_pooler_is_for_dbtool_and_the_pooler_for_the_application(
    bare: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write(".env", "DATABASE_URL=sqlite:///pooler.db\nDIRECT_URL=sqlite:///direct.db\n")
    monkeypatch.chdir(bare.root)

    config = dbtool.load_config()
    opened = open_sync(None, None)

    assert (config.url.text, config.url.source) == ("sqlite:///direct.db", ".env DIRECT_URL")
    assert opened.database.url.name == "pooler.db"


def test_a_direct_url_of_a_weaker_place_is_not_that_of_a_stronger_ones_database(
    bare: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write(".env", "DATABASE_URL=sqlite:///pooler.db\nDIRECT_URL=sqlite:///direct.db\n")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")

    assert dbtool.load_config(project=bare.root).url.text == "sqlite:///other.db"


def test_the_environment_stands_before_and_after_the_command_and_in_its_questions(migrated: Project) -> None:
    (migrated.root / "dev.db").rename(migrated.root / "live.db")
    migrated.write(".env.production", "DATABASE_URL=sqlite:///live.db\n")

    before = migrated.run("--env", "production", "status", "--json")
    after = migrated.run("status", "--env=production")
    asked = migrated.run("reset", "--env", "production")

    report = before.json["report"]
    assert (report["environment"], report["database"]) == ("production", f"sqlite:///{migrated.root}/live.db")
    assert after.stdout.startswith(f"env       production\ndatabase  sqlite:///{migrated.root}/live.db\n")
    assert asked.stderr == (
        "error [DB501] nobody can be asked: delete production (live.db) with its 3 rows and build it anew?\n"
        "hint: add --yes to answer yes\n"
    )


def test_a_loss_is_asked_about_with_the_environment_and_the_database(migrated: Project) -> None:
    (migrated.root / "dev.db").rename(migrated.root / "live.db")
    migrated.write(".env.production", "DATABASE_URL=sqlite:///live.db\n")
    migrated.edit("app/models.py", "    pages: int = Field(default=0)\n", "")

    asked = migrated.run("push", "--env", "production")

    assert asked.code == 1
    assert "error [DB501] this migration would lose data of production (live.db), and nobody" in asked.stderr
