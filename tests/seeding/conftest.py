"""A folder of seed files and a database with the shop's tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import pytest
from shop import METADATA
from sqlalchemy import create_engine, select

import dbtool
from dbtool import database as databases
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.errors import SeedError
from dbtool.reports import SeedReport
from dbtool.seeding.load import load


class Seeds:
    """Writes seed files, loads them, and reads what came of it."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root = root
        self.database = database
        self.config = replace(dbtool.load_config(project=root, url="sqlite://"), seed_data=root / "seed_data")
        self.config.seed_data.mkdir(exist_ok=True)

    def write(self, text: str | bytes, name: str = "a.yaml") -> None:
        content = text.encode() if isinstance(text, str) else text
        (self.config.seed_data / name).write_bytes(content)

    def load(self, *, zone: tzinfo = UTC, dry_run: bool = False, tell: Tell = silent) -> SeedReport:
        return load(self.config, self.database, METADATA, zone=zone, dry_run=dry_run, tell=tell)

    def load_text(self, text: str) -> SeedReport:
        self.write(text)
        return self.load()

    def problems(self, text: str | bytes) -> list[str]:
        self.write(text)
        with pytest.raises(SeedError) as error:
            self.load()
        return [line.removeprefix("seed_data/") for line in error.value.problems]

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        found = METADATA.tables[table]
        chosen = [found.columns[name] for name in columns] if columns else list(found.columns)
        with self.database.connect("read") as connection:
            return [tuple(row) for row in connection.execute(select(*chosen).order_by(*found.primary_key.columns))]

    def execute(self, sql: str) -> None:
        with self.database.connect("write") as connection:
            connection.exec_driver_sql(sql)
            connection.commit()


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
