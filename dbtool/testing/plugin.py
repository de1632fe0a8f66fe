"""Fixtures that pytest finds where dbtool is installed: a migrated and seeded database for each test.

The migrations run once in each process, on a database of its own. What a test is given is a copy of that: a file, a
database made from a template, or table by table. A test that needs no more than a session gets a transaction that is
rolled back. Nothing here is imported before a test asks for it, and the project's own database is never touched.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from dbtool.config import Config
    from dbtool.database import Database


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what the fixtures need to know."""
    group = parser.getgroup("dbtool")
    group.addoption("--dbtool-url", metavar="URL", help="Beside which database those of the tests are made.")
    parser.addini("dbtool_url", "Beside which database those of the tests are made; default: files.", default="")
    parser.addini("dbtool_sets", "Sets of seeds that the databases of the tests hold beside the base.", type="args")
    parser.addini("dbtool_seed", "Whether the databases of the tests hold the seeds.", type="bool", default=True)


@dataclass(frozen=True)
class Template:
    """A database that holds what each test begins with."""

    config: Config
    database: Database


@pytest.fixture(scope="session")
def dbtool_config(request: pytest.FixtureRequest) -> Config:
    """The project that the tests belong to, found from pytest's root folder upwards."""
    import dbtool

    return dbtool.load_config(project=request.config.rootpath)


@pytest.fixture(scope="session")
def _dbtool_place(
    request: pytest.FixtureRequest, dbtool_config: Config, tmp_path_factory: pytest.TempPathFactory
) -> Template:
    """Where the template will be; nothing is there yet."""
    from dataclasses import replace

    from dbtool import database as databases
    from dbtool.config import Location, tests_location
    from dbtool.database import clones

    options = request.config
    sets = tuple(options.getini("dbtool_sets")) or dbtool_config.seed.sets
    said = options.getoption("--dbtool-url") or options.getini("dbtool_url")
    near = databases.at(dbtool_config, tests_location(dbtool_config, said, tmp_path_factory.mktemp("dbtool")))
    database = clones.beside(near, f"dbtool_tests_{secrets.token_hex(4)}")
    config = replace(
        dbtool_config,
        url=Location(_spelled(database), "the tests", dbtool_config.root),
        environment=None,
        confirm=database.url.name,
        seed=replace(dbtool_config.seed, sets=sets, promised=sets),
    )
    return Template(config, database)


@pytest.fixture(scope="session")
def dbtool_template(request: pytest.FixtureRequest, _dbtool_place: Template) -> Iterator[Template]:
    """A database that was migrated and seeded once, and is gone when the tests are over."""
    import dbtool

    try:
        dbtool.deploy(_dbtool_place.config)
        if request.config.getini("dbtool_seed") and _dbtool_place.config.models is not None:
            dbtool.seed(_dbtool_place.config)
        yield _dbtool_place
    finally:
        _dbtool_place.database.drop()


@pytest.fixture
def dbtool_url(dbtool_template: Template) -> Iterator[str]:
    """The URL of a database that is this test's own, as SQLAlchemy takes it."""
    from dbtool.database import clones

    made = clones.clone(dbtool_template.database, f"dbtool_test_{secrets.token_hex(6)}")
    try:
        yield _spelled(made)
    finally:
        with suppress(Exception):
            made.drop()


@pytest.fixture
def dbtool_engine(dbtool_url: str) -> Iterator[Engine]:
    """An engine to a database that is this test's own."""
    from sqlalchemy import create_engine

    engine = create_engine(dbtool_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _shared_engine(dbtool_template: Template) -> Iterator[Any]:
    from dbtool.database import clones

    made = clones.clone(dbtool_template.database, f"dbtool_tests_{secrets.token_hex(6)}")
    engine = made.engine("write", kept=1)
    yield engine
    engine.dispose()
    made.drop()


@pytest.fixture
def dbtool_session(_shared_engine: Any) -> Iterator[Session]:
    """A session whose transaction is rolled back, whatever the test commits: the fastest way, below a millisecond."""
    from sqlmodel import Session

    with _shared_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture(scope="session")
def dbtool_findings(_dbtool_place: Template) -> dict[str, list[str]]:
    """What `dbtool check` finds wrong, by the name of what is checked; see `dbtool.testing`."""
    import dbtool

    found: dict[str, list[str]] = {}
    for each in dbtool.check(_dbtool_place.config).findings:
        found.setdefault(each.code, []).append(f"{each.message}   ({each.hint})" if each.hint else each.message)
    return found


def _spelled(database: Database) -> str:
    """Return the URL of a database as SQLAlchemy and dbtool take it, with its password."""
    return database.application_url(database.application_driver).render_as_string(hide_password=False)
