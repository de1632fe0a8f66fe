"""The wheel carries what it must, and is all that a project away from this repository needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
from projects import MODELS, PYPROJECT, REPOSITORY, SEEDS, Outcome, Project, installed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files that git knows."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("dbtool", "seed_data", "pyproject.toml", "README.md", "LICENSE"):
        path = REPOSITORY / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(path, source / name, ignore=ignored) if path.is_dir() else shutil.copy(path, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, source],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = target.iterdir()
    return made


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    package = (REPOSITORY / "dbtool").rglob("*")
    wanted = {path.relative_to(REPOSITORY).as_posix() for path in package if path.is_file()}
    wanted |= {f"dbtool_sample/{path.name}" for path in (REPOSITORY / "seed_data").iterdir()}
    assert {name for name in names if ".dist-info/" not in name} == {n for n in wanted if "__pycache__" not in n}
    assert "dbtool/py.typed" in names
    assert [name for name in names if name.endswith("licenses/LICENSE")] != []


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        entry_points = archive.read(f"{folder}/entry_points.txt").decode()

    required = metadata.get_all("Requires-Dist") or []
    assert (metadata["Name"], metadata["Requires-Python"]) == ("sqlmodel-dbtool", ">=3.11")
    assert sorted(metadata.get_all("Provides-Extra") or []) == [
        "async",
        "fake",
        "mysql",
        "parquet",
        "postgres",
        "s3",
        "studio",
    ]
    assert sorted(each.partition(">")[0] for each in required if "extra" not in each) == [
        "alembic",
        "python-dotenv",
        "pyyaml",
        "rich",
        "sqlmodel",
        "typer",
    ]
    assert entry_points.split("\n")[:2] == ["[console_scripts]", "dbtool = dbtool.__main__:main"]
    assert metadata.get_payload().startswith("# dbtool\n")


@dataclass
class Elsewhere:
    """A project of its own, in whose virtual environment dbtool is installed like any other package."""

    project: Project
    bin: Path

    def run(self, *command: str, code: int = 0) -> Outcome:
        """Run a program of that environment, which must end with this code."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.project.root,
            env={**self.project.environment(), "PATH": f"{self.bin}{os.pathsep}/usr/bin:/bin", "PYTHONPATH": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, f"$ {' '.join(command)}\n{done.stdout}{done.stderr}"
        return Outcome(done.returncode, done.stdout, done.stderr)


def test_an_empty_environment_needs_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """One long story, since installing takes longer than all of it: dbtool comes, works, and goes."""
    python = installed(tmp_path / "venv", str(wheel))
    there = Elsewhere(Project(tmp_path / "shop"), python.parent)
    there.project.write("pyproject.toml", PYPROJECT)
    there.project.write("app/__init__.py", "")
    there.project.write("app/models.py", MODELS)
    there.project.write("seed_data/authors.yaml", SEEDS)
    where = there.run("python", "-c", "import dbtool; print(dbtool.__file__)").stdout
    assert where.startswith(str(tmp_path / "venv"))

    # from nothing
    assert "created database" in there.run("dbtool", "migrate", "--name", "init").stdout
    assert there.run("dbtool", "seed").stdout.endswith("seeded 3 rows from 1 file\n")
    assert "The Dispossessed" in there.run("dbtool", "show", "books").stdout
    assert there.run("dbtool", "status").stdout.endswith("up to date\n")

    # a change of the models
    there.project.edit("app/models.py", "    pages: int", "    isbn: str | None = Field(default=None)\n    pages: int")
    assert "add column book.isbn" in there.run("dbtool", "migrate", "--name", "isbn").stdout
    there.run("alembic", "check")
    assert len(there.project.versions) == 2

    # a server without its driver
    missing = there.run("dbtool", "status", "--url", "postgresql://localhost/app", code=2)
    assert "error [DB105]" in missing.stderr
    assert "pip install 'sqlmodel-dbtool[postgres]'" in missing.stderr
    missing = there.run("dbtool", "status", "--url", "mariadb://localhost/app", code=2)
    assert "pip install 'sqlmodel-dbtool[mysql]'" in missing.stderr

    # plain Alembic, beside dbtool
    there.run("alembic", "downgrade", "base")
    assert [table["name"] for table in there.run("dbtool", "show", "--json").json["report"]["tables"]] == []
    there.run("alembic", "upgrade", "head")
    there.run("dbtool", "status")

    # plain Alembic, after dbtool has gone
    there.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "sqlmodel-dbtool")
    assert "No module named 'dbtool'" in there.run("python", "-c", "import dbtool", code=1).stderr
    there.run("alembic", "check")
    there.run("alembic", "downgrade", "base")
    there.run("alembic", "upgrade", "head")
    there.run("alembic", "check")
    (there.project.root / "dev.db").unlink()
    there.run("alembic", "upgrade", "head")
    count = "import sqlite3; print(sqlite3.connect('dev.db').execute('SELECT count(isbn) FROM book').fetchall())"
    assert there.run("python", "-c", count).stdout == "[(0,)]\n"
