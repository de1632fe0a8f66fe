"""`dbtool init`: a new project that works, and an application that is changed in nothing but its settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import MODELS, Project


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_an_empty_folder_becomes_a_project_that_works(empty: Project) -> None:
    done = empty.run("init", "blog", "--json")

    assert done.code == 0, done.stdout + done.stderr
    report = done.json["report"]
    blog = Project(empty.root / "blog")
    assert (report["existing"], report["models"], report["seeded"]) == (False, "app.models", 2)
    for path in report["written"]:
        assert (blog.root / path.partition(" ")[0]).exists(), path
    for command in ("status", "check", "generate --check", "lint", "seed"):
        assert blog.run(*command.split()).code == 0, command
    assert blog.run("query", "select slug from post", "--csv").stdout == "slug\nhello\n"
    assert blog.run("show", "posts").code == 0
    assert blog.python("-m", "alembic", "current").code == 0
    again = blog.run("init")
    assert again.code == 2 and "already" in again.stderr


def test_the_sample_is_the_language_learning_backend(empty: Project) -> None:
    done = empty.run("init", "--sample", "learning", "--json")

    assert done.code == 0, done.stdout + done.stderr
    assert done.json["report"]["seeded"] == 45
    made = Project(empty.root / "learning")
    assert made.run("check").code == 0
    assert made.run("show", "units").code == 0
    refused = Project(made.root / "app").run("init", "--sample")
    assert refused.code == 2 and "not empty" in refused.stderr


def test_an_application_keeps_all_that_it_has(empty: Project) -> None:
    empty.write("pyproject.toml", '[project]\nname = "shop"  # ours\nversion = "1"')
    empty.write(".gitignore", "*.log\n.env")
    empty.write("shop/__init__.py", "")
    empty.write("shop/tables.py", MODELS)
    empty.write("shop/main.py", "import this_is_not_installed\n")
    empty.write("tests/test_models.py", MODELS)
    empty.write(".venv/lib/models.py", MODELS)

    done = empty.run("init", "--json")

    assert done.code == 0, done.stdout + done.stderr
    report = done.json["report"]
    assert (report["existing"], report["models"]) == (True, "shop.tables")
    assert report["written"] == ["pyproject.toml", ".env.example", ".gitignore"]
    assert (empty.root / "pyproject.toml").read_text() == (
        '[project]\nname = "shop"  # ours\nversion = "1"\n\n[tool.dbtool]\nmodels = "shop.tables"\n'
    )
    assert (empty.root / ".gitignore").read_text() == "*.log\n.env\ndev.db\ndev.db-*\n.dbtool/\n"
    assert not (empty.root / "dev.db").exists()
    assert report["next"][1][0] == "dbtool migrate --name init"
    assert empty.run("migrate", "--name", "init").code == 0


def test_tables_that_an_application_made_itself_are_told_to_be_adopted(empty: Project) -> None:
    empty.write("app/__init__.py", "")
    empty.write("app/models.py", MODELS)
    create = "import app.models\nfrom sqlmodel import SQLModel, create_engine\n"
    assert empty.python("-c", f"{create}SQLModel.metadata.create_all(create_engine('sqlite:///dev.db'))").code == 0

    report = empty.run("init", "--json").json["report"]

    assert report["next"][0][0] == "dbtool baseline"
    assert empty.run("baseline").code == 0
    assert empty.run("migrate", "--no-generate").stdout == "models and migrations agree; nothing to write\n"


def test_several_modules_are_not_guessed_at_and_one_that_is_named_is_taken(empty: Project) -> None:
    empty.write("app/a.py", MODELS)
    empty.write("app/b.py", MODELS)
    other = Project(empty.root / "app" / "other")
    other.write("readme.py", "print(1)\n")

    refused = empty.run("init")
    without = other.run("init")
    chosen = empty.run("init", "--models", "app.all")

    assert refused.code == without.code == 2
    assert "2 modules with tables were found" in refused.stderr and "app.a" in refused.stderr
    assert "no module with SQLModel tables" in without.stderr
    assert not (other.root / "pyproject.toml").exists()
    assert chosen.code == 0
    assert 'models = "app.all"' in (empty.root / "pyproject.toml").read_text()


def test_a_database_that_the_environment_names_is_left_alone(empty: Project) -> None:
    done = empty.run("init", "blog", "--json", DATABASE_URL="sqlite:///somebody.db")

    assert done.code == 0, done.stderr
    assert done.json["report"]["revision"] is None
    assert not (empty.root / "blog" / "somebody.db").exists()


def test_an_alembic_project_needs_no_models(empty: Project) -> None:
    empty.write("alembic.ini", "[alembic]\nscript_location = migrations\n")

    done = empty.run("init", "--json")

    assert done.code == 0, done.stderr
    assert done.json["report"]["models"] is None
    assert (empty.root / "pyproject.toml").read_text() == "[tool.dbtool]\n"
