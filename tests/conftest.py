"""What tests share, as fixtures."""

from __future__ import annotations

import compileall
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import MODELS, PYPROJECT, REPOSITORY, SEEDS, SERVERS, Project, alembic_table, at, drop, new_url
from spare import STOCK

from dbtool.database import Database


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that tests start hear Ctrl-C, even where the tests run in the background and do not.

    They all import dbtool: compile it once, where PYTHONDONTWRITEBYTECODE would have each of them do it again.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(REPOSITORY / "dbtool", quiet=2)


@pytest.fixture(scope="session", autouse=True)
def spare_databases() -> Iterator[None]:
    """Drop the databases that wait to be lent when the tests are over."""
    yield
    STOCK.drop()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An application with two tables and a seed file, not yet migrated; its database will be dev.db."""
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.write("app/__init__.py", "")
    made.write("app/models.py", MODELS)
    made.write("seed_data/authors.yaml", SEEDS)
    return made


@pytest.fixture(scope="session")
def migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same application, migrated and seeded once."""
    root = tmp_path_factory.mktemp("template")
    made = Project(root)
    for path, text in {
        "pyproject.toml": PYPROJECT,
        "app/__init__.py": "",
        "app/models.py": MODELS,
        "seed_data/authors.yaml": SEEDS,
    }.items():
        made.write(path, text)
    for command in (("migrate", "--name", "init"), ("seed",)):
        done = made.run(*command)
        assert done.code == 0, done.stderr
    return root


@pytest.fixture
def migrated(migrated_template: Path, tmp_path: Path) -> Project:
    """A copy of the application, migrated and seeded, on SQLite."""
    shutil.copytree(migrated_template, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


@pytest.fixture
def sample(tmp_path: Path) -> Project:
    """The repository's own sample: its models, migrations and seeds, with a database of its own."""
    for folder in ("migrations", "seed_data"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    made = Project(tmp_path)
    made.write("pyproject.toml", '[tool.dbtool]\nmodels = "dbtool.models"\n\n' + alembic_table())
    return made


@pytest.fixture
def clone(tmp_path: Path) -> Project:
    """The repository as git knows it, in a folder of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and not name.startswith("tests/") and (REPOSITORY / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, tmp_path / name)
    return Project(tmp_path)


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of each kind that does not exist yet, and is gone afterwards.

    With the fixture `database` it is there and empty, and may be lent again afterwards.
    """
    if request.param in SERVERS and "database" in request.fixturenames:
        made = STOCK.take(request.param)
        yield made
        STOCK.give_back(made)
    else:
        made = new_url(request.param, tmp_path)
        yield made
        drop(made, tmp_path)


@pytest.fixture
def database(url: str, tmp_path: Path) -> Database:
    """An empty database of each kind."""
    made = at(url, tmp_path)
    if made.kind == "sqlite":
        made.create()
        with made.connect("migrate") as connection:
            connection.exec_driver_sql("CREATE TABLE _made (id INTEGER)")
            connection.exec_driver_sql("DROP TABLE _made")
            connection.commit()
    return made


@pytest.fixture(autouse=True)
def forget_application_models() -> Iterator[None]:
    """Let no test find the application models of another one: those without a MetaData of their own are SQLModel's."""
    yield
    module = sys.modules.get("app.models")
    if module is None or hasattr(module, "Base"):
        return
    from sqlalchemy.orm import configure_mappers
    from sqlmodel import SQLModel

    configure_mappers()  # relationships must have found their targets before the names go
    for name, value in vars(module).items():
        table = getattr(value, "__table__", None)
        if isinstance(value, type) and table is not None:
            SQLModel._sa_registry._class_registry.pop(name, None)
            SQLModel.metadata.remove(table)
    for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
        del sys.modules[name]
