"""`dialects`: a migration that is written on one kind of database is proven on the others too."""

from __future__ import annotations

from typing import Any

import pytest
from projects import Project, server_url

MODELS = '''\
"""A shop."""

from decimal import Decimal
from enum import Enum
from uuid import UUID, uuid4

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Size(Enum):
    """How large."""

    small = "small"
    large = "large"


class Maker(SQLModel, table=True):
    """Who makes things."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(max_length=80, unique=True)


class Thing(SQLModel, table=True):
    """What is sold."""

    id: int | None = Field(default=None, primary_key=True)
    maker_id: UUID = Field(foreign_key="maker.id", index=True)
    size: Size = Size.small
    price: Decimal = Field(max_digits=8, decimal_places=2)
    more: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
'''


def settings(**scratch: str) -> str:
    table = "".join(f'{name} = "{url}"\n' for name, url in scratch.items())
    return (
        '[tool.dbtool]\nmodels = "app.models"\ndialects = ["sqlite", "postgresql", "mariadb"]\n'
        f"[tool.dbtool.scratch]\n{table}"
    )


@pytest.fixture
def shop(project: Project) -> Project:
    """An application on SQLite that must run on PostgreSQL and MariaDB too."""
    project.write("app/models.py", MODELS)
    project.write("pyproject.toml", settings(**{name: server_url(kind) for name, kind in NAMES.items()}))
    return project


NAMES = {"postgresql": "postgres", "mariadb": "mysql"}


def migrate(project: Project, name: str, *options: str, **environment: str) -> Any:
    done = project.run("migrate", "--name", name, "--no-generate", "--json", *options, **environment)
    assert done.code == 0, done.stdout
    return done.json["report"]


def checked(project: Project, **environment: str) -> tuple[int, dict[str, Any], list[str]]:
    """Run `check`; return its code, what was looked at, and what was found."""
    done = project.run("check", "--json", **environment)
    report = done.json["report"]
    looked = {each["name"]: each["ok"] for each in report["checked"]}
    return done.code, looked, [each["message"] for each in report["findings"] if each["code"] != "generated"]


def test_each_new_file_is_proven_on_every_kind_that_answers(shop: Project) -> None:
    made = migrate(shop, "init")
    assert made["proof"][-2:] == ["the same on postgresql", "the same on mariadb"]

    shop.edit(
        "app/models.py",
        "    name: str = Field",
        "    city: str = Field(default='x', max_length=20)\n    name: str = Field",
    )
    shop.edit("app/models.py", "max_digits=8", "max_digits=10")
    shop.edit("app/models.py", "    more: dict", "    old: Size | None = None\n    more: dict")
    shop.write("migrations/sql/large.sql", "CREATE VIEW large AS SELECT id FROM thing WHERE size = 'large'")
    changed = migrate(shop, "more")

    assert changed["proof"][-2:] == ["the same on postgresql", "the same on mariadb"]
    assert "Not proven" not in shop.versions[-1].read_text()
    _, looked, found = checked(shop)
    assert (found, looked["postgresql"], looked["mariadb"]) == ([], True, True)


def test_a_file_that_runs_on_one_kind_only_is_refused_or_found(shop: Project) -> None:
    migrate(shop, "init")
    moment = "    at: str = Field(max_length=20, sa_column_kwargs={'server_default': text(\"(datetime('now'))\")})\n"
    shop.edit("app/models.py", "import JSON, Column", "import JSON, Column, text")
    shop.edit("app/models.py", "    price:", f"{moment}    price:")

    refused = shop.run("migrate", "--no-generate", "--json")

    assert (refused.code, len(shop.versions)) == (1, 1)
    assert refused.json["error"]["message"].startswith("on postgresql: ")
    shop.edit("app/models.py", moment, "")
    shop.migration(
        "here_alone",
        'op.execute("PRAGMA user_version = 1")',
        'op.execute("PRAGMA user_version = 0")',
        stamp=29990101000000,
    )
    assert shop.run("migrate", "--no-generate").code == 0
    code, looked, found = checked(shop)
    assert (code, looked["replay"], looked["postgresql"], looked["mariadb"]) == (1, True, False, False)
    assert [text.partition(":")[0] for text in found] == [
        "on postgresql, 29990101000000 here_alone",
        "on mariadb, 29990101000000 here_alone",
    ]


def test_what_does_not_answer_is_said_in_the_file_and_by_check(shop: Project) -> None:
    shop.write("pyproject.toml", settings(mariadb="mariadb://root:secret@127.0.0.1:1/x"))

    made = migrate(shop, "init")

    assert [note.partition(":")[0] for note in made["notes"]] == ["not proven on postgresql", "not proven on mariadb"]
    assert "secret" not in str(made)
    text = shop.versions[-1].read_text()
    assert "Not proven on postgresql: no server is named: postgresql in [tool.dbtool.scratch]" in text
    _, looked, found = checked(shop)
    assert (looked["postgresql"], looked["mariadb"]) == (None, None)
    assert [each.partition(" ")[2] for each in found] == [
        "init was never tried on postgresql",
        "init was never tried on mariadb",
    ]
    # where they answer, the files are tried
    there = {f"DBTOOL_SCRATCH_{name.upper()}_URL": server_url(kind) for name, kind in NAMES.items()}
    _, looked, found = checked(shop, **there)
    assert (looked["postgresql"], looked["mariadb"], found) == (True, True, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('dialects = ["oracle"]', "`oracle` in `dialects` is no database that dbtool knows"),
        ('dialects = "sqlite"\nscratch = 1', "setting `scratch` must be a table, not 1"),
        (
            'dialects = ["mysql"]\nscratch = { mysql = "sqlite:///x.db" }',
            "the scratch database for mysql is of another kind",
        ),
    ],
)
def test_a_wrong_setting_is_named(project: Project, text: str, message: str) -> None:
    project.write("pyproject.toml", f'[tool.dbtool]\nmodels = "app.models"\n{text}\n')

    done = project.run("migrate", "--json")

    assert (done.code, done.json["error"]["message"]) == (2, message)
    assert not project.versions
