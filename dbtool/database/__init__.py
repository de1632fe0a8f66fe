"""The only layer that knows SQLite from PostgreSQL from MariaDB."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from dbtool.config import Config, Location
from dbtool.database import spelling
from dbtool.database.base import JOURNAL, LEDGER, Catalogue, Database, DriverConnection, execute, rows
from dbtool.database.url import ACCEPTED, KINDS, Url, parse
from dbtool.errors import SettingError, UrlError

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = [
    "JOURNAL",
    "LEDGER",
    "Catalogue",
    "Database",
    "DriverConnection",
    "Url",
    "at",
    "behind",
    "elsewhere",
    "execute",
    "of",
    "rows",
]

_CLASSES = {"sqlite": "Sqlite", "postgres": "Postgres", "mysql": "Mysql"}


def of(config: Config) -> Database:
    """Return the project's database; nothing is opened. Raises UrlError and DriverMissingError."""
    return at(config, config.url)


def at(config: Config, location: Location) -> Database:
    """Return the database at another place, under the project's rules."""
    url = parse(location)
    database = _class(url.kind)(url, schemas=config.schemas, version_table=config.version_table)
    database.version_schema = config.version_table_schema
    database.by_lease = config.turn == "lease"
    return database


def elsewhere(config: Config) -> dict[str, Database | None]:
    """Return databases of the other kinds that migrations must run on, by name; None where no server is named.

    Scratch databases can be made beside each. Raises SettingError for a kind that is none of dbtool's, UrlError.
    """
    found: dict[str, Database | None] = {}
    kinds = {parse(config.url).kind}
    for name in config.dialects:
        kind = _kind(name)
        if kind not in kinds:
            kinds.add(kind)
            found[name] = _beside(config, name, kind)
    return found


def _kind(name: str) -> str:
    if name not in KINDS:
        known = ", ".join(each for each in KINDS if each != "file")
        raise SettingError(f"`{name}` in `dialects` is no database that dbtool knows", hint=f"one of {known}")
    return KINDS[name]


def _beside(config: Config, name: str, kind: str) -> Database | None:
    location, needs_none = config.scratch.get(name), spelling.anywhere(kind)
    if location is None:
        return at(config, Location(needs_none, "dialects", config.root)) if needs_none else None
    if parse(location).kind != kind:
        raise SettingError(f"the scratch database for {name} is of another kind", hint=f"correct {location.source}")
    return at(config, location)


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
