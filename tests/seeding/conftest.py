"""A folder of seed files and a database with the shop's tables."""

from pathlib import Path

import pytest
from shop import METADATA
from shop_seeds import Seeds
from sqlalchemy import create_engine

import dbtool
from dbtool import database as databases
from dbtool.database import Database


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a database that has the shop's tables and no rows."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    engine = create_engine(f"sqlite:///{path}")
    METADATA.create_all(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def seeds(tmp_path: Path, empty_shop: bytes) -> Seeds:
    """The shop on SQLite."""
    path = tmp_path / "shop.db"
    path.write_bytes(empty_shop)
    config = dbtool.load_config(project=tmp_path, url=f"sqlite:///{path}")
    return Seeds(tmp_path, databases.of(config))


@pytest.fixture
def everywhere(tmp_path: Path, database: Database) -> Seeds:
    """The shop on each kind of database."""
    with database.connect("write") as connection:
        METADATA.create_all(connection)
        connection.commit()
    return Seeds(tmp_path, database)
