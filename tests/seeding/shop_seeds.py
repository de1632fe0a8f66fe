"""The shop's seed files and its database, as a test handles them."""

from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import pytest
from shop import METADATA
from sqlalchemy import select

import dbtool
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.errors import SeedError
from dbtool.reports import SeedReport
from dbtool.seeding import files
from dbtool.seeding.load import Wanted, load


class Seeds:
    """Writes seed files, loads them, and reads what came of it."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root = root
        self.database = database
        self.config = replace(dbtool.load_config(project=root, url="sqlite://"), seed_data=root / "seed_data")
        self.config.seed_data.mkdir(exist_ok=True)

    def read_again(self) -> None:
        self.config = replace(self.config, variables=dbtool.load_config(project=self.root, url="sqlite://").variables)

    def write(self, text: str | bytes, name: str = "a.yaml") -> None:
        content = text.encode() if isinstance(text, str) else text
        (self.config.seed_data / name).write_bytes(content)

    def load(
        self, *, zone: tzinfo = UTC, dry_run: bool = False, tell: Tell = silent, wanted: Wanted | None = None
    ) -> SeedReport:
        found = files.chosen(self.config, ())
        wanted = wanted or Wanted(dry_run=dry_run)
        return load(self.config, self.database, METADATA, files=found, zone=zone, wanted=wanted, tell=tell)

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
