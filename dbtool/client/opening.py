"""How a client opens a database: which one, over which driver, under which rules of transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import dbtool.database as databases
from dbtool.client.refusals import meaning
from dbtool.client.shape import Shapes
from dbtool.config import load_config
from dbtool.database.base import Database
from dbtool.database.server import pooling
from dbtool.database.url import Url
from dbtool.errors import DatabaseMissingError, DriverMissingError, StaleClientError
from dbtool.mapped import schema_hash

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

Mode = Literal["read", "write", "plain"]  # plain: the driver itself decides when a transaction begins

BUSY_SECONDS = 5.0
_KEPT = 5  # connections; up to ten more are opened when all are in use
_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg", "mysql": "mysql+aiomysql"}
_MODULES = {"postgres": "psycopg", "mysql": "pymysql"}
_ASYNC_MODULES = {"sqlite": "aiosqlite", "postgres": "psycopg", "mysql": "aiomysql"}
_KINDS = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine, the database that it leads to, and what is known of the models.

    `engines` are the same engine under the rules of each mode; `owned` is False where somebody else made it.
    """

    engine: Any
    engines: Mapping[Mode, Any]
    database: Database
    owned: bool
    shapes: Shapes = field(default_factory=Shapes)

    def lent(self) -> Opened:
        """Return the same for a client within a transaction, which closes nothing."""
        return replace(self, owned=False)

    def check(self, client: Any) -> None:
        """Compare the hash in a generated client with its models'. Raises StaleClientError."""
        if not client.SCHEMA_HASH:
            return
        models = [table._model for table in vars(client).values() if hasattr(table, "_model")]
        for metadata in {id(model.metadata): model.metadata for model in models}.values():
            if _hash_of(metadata) != client.SCHEMA_HASH:
                raise StaleClientError(
                    "the generated client was written for other models than there are", hint="dbtool generate"
                )

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLAlchemy's errors about rows and connections into dbtool's."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            found = meaning(self.database, error)
            if found is None:
                raise
            raise found from error


def open_sync(url: str | None, engine: Engine | None) -> Opened:
    """Open for a client that waits. Raises UrlError and DriverMissingError."""
    if engine is not None:
        return Opened(engine, _sync_modes(engine), _behind(engine.url), owned=False)
    from sqlalchemy import create_engine

    database = _addressed(url)
    _check_driver(_MODULES.get(database.kind, ""), f"sqlmodel-dbtool[{database.extra}]")
    made = create_engine(_address(database.url, _DRIVERS), **_options(database, asynchronous=False))
    _prepare(made, database)
    return Opened(made, _sync_modes(made), database, owned=True)


def open_async(url: str | None, engine: AsyncEngine | None) -> Opened:
    """Open for a client that is awaited. Raises UrlError and DriverMissingError."""
    if engine is not None:
        return Opened(engine, _async_modes(engine), _behind(engine.url), owned=False)
    _check_driver("greenlet", "sqlmodel-dbtool[async]")
    from sqlalchemy.ext.asyncio import create_async_engine

    database = _addressed(url)
    _check_driver(_ASYNC_MODULES[database.kind], "sqlmodel-dbtool[async]")
    made = create_async_engine(_address(database.url, _ASYNC_DRIVERS), **_options(database, asynchronous=True))
    _prepare(made.sync_engine, database)
    return Opened(made, _async_modes(made), database, owned=True)


def _addressed(url: str | None) -> Database:
    """Return the database at a URL, else the project's own."""
    return databases.of(load_config(url=url))


def _behind(url: URL) -> Database:
    """Return the database that somebody's engine leads to, for what it knows of errors and order."""
    kind = _KINDS.get(url.get_backend_name(), "sqlite")
    module = import_module(f"dbtool.database.{kind}")
    made: Database = getattr(module, kind.capitalize())(
        Url(kind, url.database or ":memory:", user=url.username, host=url.host, port=url.port)
    )
    return made


def _check_driver(module: str, package: str) -> None:
    if module and find_spec(module) is None:
        raise DriverMissingError(
            f"this client needs `{module}`, which is not installed", hint=f"pip install '{package}'"
        )


def _address(url: Url, drivers: Mapping[str, str]) -> URL:
    from sqlalchemy import URL

    query = dict(url.query)
    if url.kind == "sqlite":
        return URL.create(drivers[url.kind], database=url.database)
    if url.kind == "postgres":
        query.setdefault("connect_timeout", "15")
        schema = query.pop("schema", None)
        if schema:
            quoted = '"' + schema.replace('"', '""') + '"'
            escaped = quoted.replace("\\", "\\\\").replace(" ", "\\ ")
            query["options"] = f"{query.get('options', '')} -csearch_path={escaped}".strip()
    else:
        query.setdefault("charset", "utf8mb4")
    return URL.create(drivers[url.kind], url.user, url.password, url.host, url.port, url.database, query)


def _options(database: Database, *, asynchronous: bool) -> dict[str, Any]:
    """Return how an engine keeps its connections; one in memory is the database itself."""
    if database.kind != "sqlite":
        options = pooling(_KEPT)
        return {key: value for key, value in options.items() if not (asynchronous and key == "poolclass")}
    from sqlalchemy.pool import StaticPool

    pool: dict[str, Any] = {"poolclass": StaticPool} if database.url.database == ":memory:" else {}
    return {"connect_args": {"timeout": BUSY_SECONDS}, **pool}


def _prepare(engine: Engine, database: Database) -> None:
    """Let a SQLite file be there before it is opened, and keep its foreign keys."""
    from sqlalchemy import event

    if engine.dialect.driver == "aiomysql":
        event.listen(engine, "connect", _write_bytes_in_hexadecimal)
    if database.kind != "sqlite":
        return

    def check_exists(*_: object) -> None:
        if not database.exists():  # SQLite would make an empty one
            raise DatabaseMissingError(f"there is no database at {database.url.database}", hint="dbtool migrate")

    event.listen(engine, "do_connect", check_exists)
    event.listen(engine, "connect", _keep_foreign_keys)


def _write_bytes_in_hexadecimal(connection: Any, record: object) -> None:
    """Keep aiomysql from a function that PyMySQL 1.2 took away (aiomysql 0.3.2, `Connection.escape`)."""
    driver = connection.driver_connection
    usual = driver.escape
    driver.escape = lambda value: f"x'{value.hex()}'" if isinstance(value, bytes) else usual(value)


def _keep_foreign_keys(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _sync_modes(engine: Engine) -> dict[Mode, Any]:
    if engine.dialect.name != "sqlite":
        return {"read": engine, "write": engine, "plain": engine}
    return {"read": _beginning(engine, "BEGIN"), "write": _beginning(engine, "BEGIN IMMEDIATE"), "plain": engine}


def _async_modes(engine: AsyncEngine) -> dict[Mode, Any]:
    from sqlalchemy.ext.asyncio import AsyncEngine

    return {mode: AsyncEngine(each) for mode, each in _sync_modes(engine.sync_engine).items()}


def _beginning(engine: Engine, statement: str) -> Engine:
    """Return a SQLite engine that begins its transactions itself, where the driver would only when it writes.

    Reading sees one state throughout; writing waits for its turn before it has read anything.
    """
    from sqlalchemy import event

    def begin(connection: Connection) -> None:
        driver = connection.connection
        if not getattr(driver.driver_connection, "in_transaction", False):
            cursor = driver.cursor()
            cursor.execute(statement)
            cursor.close()

    made = engine.execution_options()
    event.listen(made, "begin", begin)
    return made


def _hash_of(metadata: MetaData) -> str:
    """Return the hash of the models, computed once for as many tables as there are."""
    known = metadata.info.get("dbtool.schema_hash")
    if known is None or known[0] != len(metadata.tables):
        known = metadata.info["dbtool.schema_hash"] = (len(metadata.tables), schema_hash(metadata))
    found: str = known[1]
    return found
