"""The only layer that knows SQLite from PostgreSQL from MariaDB."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from dbtool.config import Config, Location
from dbtool.database.base import JOURNAL, LEDGER, Catalogue, Database, DriverConnection, execute, rows
from dbtool.database.url import ACCEPTED, KINDS, Url, parse
from dbtool.errors import UrlError

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["JOURNAL", "LEDGER", "Catalogue", "Database", "DriverConnection", "at", "behind", "execute", "of", "rows"]

_CLASSES = {"sqlite": "Sqlite", "postgres": "Postgres", "mysql": "Mysql"}


def of(config: Config) -> Database:
    """Return the project's database; nothing is opened. Raises UrlError and DriverMissingError."""
    return at(config, config.url)


def at(config: Config, location: Location) -> Database:
    """Return the database at another place, under the project's rules."""
    url = parse(location)
    return _class(url.kind)(url, schemas=config.schemas, version_table=config.version_table)


def behind(url: URL) -> Database:
    """Return the database that somebody's own engine leads to. Raises UrlError where its kind is none of dbtool's."""
    backend = url.get_backend_name()
    if backend not in KINDS:
        raise UrlError(f"the engine leads to `{backend}`, which dbtool does not know", hint=f"use {ACCEPTED}")
    kind = KINDS[backend]
    return _class(kind)(Url(kind, url.database or ":memory:", user=url.username, host=url.host, port=url.port))


def _class(kind: str) -> type[Database]:
    found: type[Database] = getattr(import_module(f"dbtool.database.{kind}"), _CLASSES[kind])
    return found
