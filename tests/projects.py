"""A small project in a folder of its own, and a real database of each kind, for tests to work on."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forks
import pytest

import dbtool
from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.database import Database

REPOSITORY = Path(__file__).resolve().parent.parent
SERVERS = {"postgres": "DBTOOL_TEST_POSTGRES_URL", "mysql": "DBTOOL_TEST_MYSQL_URL"}
REQUIRE = "DBTOOL_TEST_REQUIRE"
NOT_OURS = ("DBTOOL_", "DATABASE_", "DIRECT_URL")

PYPROJECT = """\
[tool.dbtool]
models = "app.models"
"""

MODELS = '''\
"""A small application."""

from sqlmodel import Field, Relationship, SQLModel


class Author(SQLModel, table=True):
    """Somebody who writes."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=100, unique=True, description="As printed")

    books: list["Book"] = Relationship(back_populates="author")


class Book(SQLModel, table=True):
    """Something to read."""

    id: int | None = Field(default=None, primary_key=True)
    author_id: int = Field(foreign_key="author.id", ondelete="CASCADE", index=True)
    title: str = Field(max_length=200, unique=True)
    pages: int = Field(default=0)

    author: Author = Relationship(back_populates="books")
'''

SEEDS = """\
Author:
  - name: Ursula K. Le Guin
    books:
      - title: The Dispossessed
        pages: 387
      - title: The Lathe of Heaven
        pages: 184
"""


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one object that `--json` printed."""
        return json.loads(self.stdout)


class Project:
    """A project in a folder of its own, driven the way a user drives it: by commands in processes of their own."""

    def __init__(self, root: Path, url: str | None = None) -> None:
        self.root = root
        self.url = url

    def write(self, path: str, text: str) -> Path:
        """Write a file below the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file, which must be there once."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def run(self, *arguments: str, stdin: str | None = None, **environment: str) -> Outcome:
        """Run dbtool here, without a terminal, in a process of its own; see `forks` for what it need not do first."""
        whole = self.environment(**environment)
        if not forks.fits(whole):
            return self.python("-m", "dbtool", *arguments, stdin=stdin, **environment)
        done = forks.run(arguments, self.root, whole, stdin=stdin or "")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def python(self, *arguments: str, stdin: str | None = None, **environment: str) -> Outcome:
        """Run Python here."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment(**environment),
            input=stdin or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a command here: nothing of the tests' own configuration."""
        mine = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
        if self.url:
            mine["DATABASE_URL"] = self.url
        return {**mine, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1", **more}

    @property
    def config(self) -> Config:
        """The project's configuration, for what needs no models."""
        return dbtool.load_config(project=self.root, url=self.url)

    @property
    def database(self) -> Database:
        """The project's database."""
        return databases.of(self.config)

    @property
    def versions(self) -> list[Path]:
        """The migration files, oldest first."""
        return sorted((self.root / "migrations" / "versions").glob("*.py"))

    def migration(self, name: str, upgrade: str, downgrade: str = "pass", *, stamp: int | None = None) -> Path:
        """Write a migration by hand that follows the newest one; each text is the body of its function."""
        previous = [path.name.partition("_")[0] for path in self.versions]
        id = str(stamp or (int(previous[-1]) + 1 if previous else 20250101000000))
        indent = "\n    "
        text = (
            f'"""{name}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            f"revision = {id!r}\ndown_revision = {(previous[-1] if previous else None)!r}\n\n\n"
            f"def upgrade() -> None:\n    {indent.join(upgrade.splitlines())}\n\n\n"
            f"def downgrade() -> None:\n    {indent.join(downgrade.splitlines())}\n"
        )
        return self.write(f"migrations/versions/{id}_{name}.py", text)

    def scaffold(self) -> None:
        """Write a migrations folder of dbtool's own, without importing any models."""
        from dbtool.engine import files

        files.create_folder(self.config)


def alembic_table() -> str:
    """Return the repository's own `[tool.alembic]`."""
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    return text[text.index("[tool.alembic]") :].partition("\n\n")[0] + "\n"


def server_url(kind: str) -> str:
    """Return the test server's URL; skip the test without one, or fail where tests may not be skipped."""
    variable = SERVERS[kind]
    url = os.environ.get(variable)
    if url:
        return url
    if os.environ.get(REQUIRE):
        pytest.fail(f"{variable} is not set, and {REQUIRE} says that it must be")
    pytest.skip(f"{variable} is not set")


def new_url(kind: str, folder: Path) -> str:
    """Return the URL of a database that does not exist yet."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'test.db'}"
    base, _, query = server_url(kind).partition("?")
    return f"{base.rpartition('/')[0]}/dbtool_test_{secrets.token_hex(5)}{'?' if query else ''}{query}"


def at(url: str, folder: Path) -> Database:
    """Return the database at a URL."""
    config = dbtool.load_config(project=folder, url=url)
    return databases.at(config, Location(url, "test", folder))


def drop(url: str, folder: Path) -> None:
    """Drop a server's database; a file goes with its folder."""
    found = at(url, folder)
    if hasattr(found, "drop"):
        found.drop()


def pip_settings() -> dict[str, str]:
    """Return what this machine says about package indexes and proxies, for an environment that has nothing else."""
    return {
        name: text for name, text in os.environ.items() if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }


def installed(folder: Path, *packages: str) -> Path:
    """Make a virtual environment with these packages from the index, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    require_index(done.returncode, done.stderr)
    return python


def require_index(code: int, said: str) -> None:
    """Skip the test where the package index cannot be reached, or fail where tests may not be skipped."""
    away = any(words in said for words in ("NewConnectionError", "No matching distribution found", "ReadTimeoutError"))
    if code and away and not os.environ.get(REQUIRE):
        pytest.skip(f"the package index cannot be reached: {said.strip().splitlines()[-1]}")
    assert code == 0, said
