"""A database of each kind with all tables, and a client that waits and one that is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import METADATAS, AsyncClient, AtOnce, Client
from projects import at, drop, new_url
from sqlalchemy import Engine, MetaData, String, create_engine

from dbtool.client.opening import open_sync

CLEARING = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "DELETE FROM {}"),
    "postgresql": ("SELECT 1", "TRUNCATE {} RESTART IDENTITY CASCADE"),
    "mysql": ("SET foreign_key_checks = 0", "DELETE FROM {}"),
}


@pytest.fixture(scope="session", params=["sqlite", "postgres", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database of each kind with the tables of all models."""
    folder = tmp_path_factory.mktemp("client")
    url = new_url(request.param, folder)
    at(url, folder).create()
    if request.param == "sqlite":
        (folder / "test.db").touch()
    engine = open_sync(url, None).engine
    for metadata in METADATAS:
        with_lengths(metadata).create_all(engine)
    engine.dispose()
    yield url
    drop(url, folder)


def with_lengths(metadata: MetaData) -> MetaData:
    """Return a copy whose texts have lengths, without which MariaDB has no VARCHAR."""
    copied = MetaData()
    for table in metadata.tables.values():
        for column in table.to_metadata(copied).columns:
            kind = getattr(column.type, "impl", column.type)
            if type(kind) is String and kind.length is None:
                column.type = String(100)
    return copied


@pytest.fixture
def engine(server: str) -> Iterator[Engine]:
    """SQLAlchemy's own engine on the same database, which is emptied afterwards."""
    made = create_engine(open_sync(server, None).engine.url)
    yield made
    prepare, clear = CLEARING[made.dialect.name]
    with made.begin() as connection:
        connection.exec_driver_sql(prepare)
        for metadata in METADATAS:
            for table in metadata.sorted_tables:
                name = made.dialect.identifier_preparer.format_table(table)
                if connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first():
                    connection.exec_driver_sql(clear.format(name))
    made.dispose()


@pytest.fixture(params=["sync", "async"])
def db(request: pytest.FixtureRequest, server: str, engine: Engine) -> Iterator[Any]:
    """A client of each sort on a database of each kind."""
    if request.param == "sync":
        with Client(server) as made:
            yield made
        return
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        awaited = AtOnce(AsyncClient(server), loop)
        yield awaited
        awaited.close()


@pytest.fixture
def client(server: str, engine: Engine) -> Iterator[Any]:
    """A client that waits, on a database of each kind."""
    with Client(server) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder without a project."""
    return tmp_path
