"""`doctor`: everything that dbtool sees, and everything that is wrong, in one go and without changing anything."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from projects import Outcome, Project


def facts(done: Outcome, topic: str) -> dict[str, str]:
    return {fact["name"]: fact["value"] for fact in done.json["report"]["facts"] if fact["topic"] == topic}


def findings(done: Outcome) -> list[tuple[str, str, str]]:
    return [(each["severity"], each["code"], each["hint"]) for each in done.json["report"]["findings"]]


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_healthy_project_has_facts_and_no_findings(migrated: Project) -> None:
    before = digests(migrated.root)

    done = migrated.run("doctor", "--json")

    assert (done.code, findings(done)) == (0, [])
    assert facts(done, "project") == {
        "root": str(migrated.root),
        "env file": "none",
        "models": "app.models",
        "migrations": "migrations",
        "seed_data": "seed_data",
        "timezone": "UTC",
    }
    assert facts(done, "models") == {"tables": "2"}
    assert facts(done, "database")["url"] == f"sqlite:///{migrated.root}/dev.db"
    assert facts(done, "database")["tables"] == "2"
    assert facts(done, "migrations") == {"files": "1", "env.py": "dbtool's", "applied": "1", "pending": "0"}
    assert facts(done, "seeds") == {"files": "authors.yaml"}
    assert digests(migrated.root) == before


def test_a_project_that_nobody_has_migrated_is_told_what_to_do_and_nothing_is_made(project: Project) -> None:
    before = digests(project.root)

    done = project.run("doctor", "--json")

    assert done.code == 0
    assert findings(done) == [
        ("warning", "database", "dbtool migrate"),
        ("warning", "generated", "dbtool generate"),
    ]
    assert digests(project.root) == before


def test_what_is_pending_is_a_warning(migrated: Project) -> None:
    migrated.migration("later", "pass")

    done = migrated.run("doctor", "--json")

    assert (done.code, findings(done)) == (0, [("warning", "migrations", "dbtool status")])
    assert facts(done, "migrations")["pending"] == "1"


def test_everything_that_is_wrong_is_told_at_once(migrated: Project) -> None:
    migrated.write("app/models.py", "import nothing_there\n")
    (migrated.root / "dev.db").write_bytes(b"words, not a database" * 100)
    migrated.write("migrations/dbtool.lock", "<<<<<<< HEAD\n")

    done = migrated.run("doctor", "--json")

    assert done.code == 1
    assert [code for _, code, _ in findings(done)] == ["models: DB106", "database: DB203", "migrations: DB305"]


def test_a_server_that_does_not_answer_is_told_once_and_without_the_password(migrated: Project) -> None:
    migrated.url = "postgresql://nobody:s3cr3t@127.0.0.1:1/x"

    done = migrated.run("doctor", "--json")

    assert done.code == 1
    assert findings(done) == [("error", "database: DB200", "start the server, or correct the URL")]
    assert facts(done, "database")["url"] == "postgresql://nobody:***@127.0.0.1:1/x"
    assert "s3cr3t" not in done.stdout + done.stderr


def test_a_project_without_models_is_no_failure(project: Project) -> None:
    project.write("pyproject.toml", "[tool.dbtool]\n")

    done = project.run("doctor", "--json")

    assert done.code == 0
    assert findings(done)[0] == ("note", "models", 'models = "app.models" in [tool.dbtool]')


SOURCES: dict[str, tuple[dict[str, str], str | None, str]] = {
    "default": ({}, None, "default"),
    "environment": ({"DATABASE_URL": "sqlite:///dev.db"}, None, "environment DATABASE_URL"),
    ".env": ({}, "DATABASE_URL=sqlite:///dev.db\n", ".env DATABASE_URL"),
}


@pytest.mark.parametrize(("environment", "dotenv", "source"), SOURCES.values(), ids=SOURCES)
def test_every_setting_says_where_it_comes_from(
    migrated: Project, environment: dict[str, str], dotenv: str | None, source: str
) -> None:
    if dotenv:
        migrated.write(".env", dotenv)

    done = migrated.run("doctor", "--json", **environment)

    (url,) = (fact for fact in done.json["report"]["facts"] if (fact["topic"], fact["name"]) == ("database", "url"))
    assert url["source"] == source


def test_a_server_is_named_with_its_version(database: Any, url: str, migrated: Project) -> None:
    migrated.url = url

    done = migrated.run("doctor", "--json")

    with database.reading() as connection:
        assert facts(done, "database")["server"] == database.version(connection)
