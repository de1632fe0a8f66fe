"""The only layer that knows SQLite from PostgreSQL from MariaDB."""

from __future__ import annotations

from importlib import import_module

from dbtool.config import Config, Location
from dbtool.database.base import LEDGER, Catalogue, Database, DriverConnection, execute, rows
from dbtool.database.url import parse

__all__ = ["LEDGER", "Catalogue", "Database", "DriverConnection", "at", "execute", "of", "rows"]

_CLASSES = {"sqlite": "Sqlite", "postgres": "Postgres", "mysql": "Mysql"}


def of(config: Config) -> Database:
    """Return the project's database; nothing is opened. Raises UrlError and DriverMissingError."""
    return at(config, config.url)


def at(config: Config, location: Location) -> Database:
    """Return the database at another place, under the project's rules."""
    url = parse(location)
    module = import_module(f"dbtool.database.{url.kind}")
    database: Database = getattr(module, _CLASSES[url.kind])(
        url, schemas=config.schemas, version_table=config.version_table
    )
    return database
