"""How a client opens a database: which one, and under which rules of transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import dbtool.database as databases
from dbtool.client.refusals import meaning
from dbtool.client.shape import Shapes
from dbtool.config import load_config
from dbtool.database.base import Database
from dbtool.errors import StaleClientError
from dbtool.mapped import schema_hash

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

Mode = Literal["read", "write", "plain"]  # plain: the driver itself decides when a transaction begins


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
        database = databases.behind(engine.url)
        return Opened(engine, _modes(engine, database), database, owned=False)
    database = databases.of(load_config(url=url, direct=False))
    made = database.application_engine()
    return Opened(made, _modes(made, database), database, owned=True)


def open_async(url: str | None, engine: AsyncEngine | None) -> Opened:
    """Open for a client that is awaited. Raises UrlError and DriverMissingError."""
    if engine is not None:
        database = databases.behind(engine.url)
        return Opened(engine, _async_modes(engine, database), database, owned=False)
    database = databases.of(load_config(url=url, direct=False))
    made = database.async_application_engine()
    return Opened(made, _async_modes(made, database), database, owned=True)


def _modes(engine: Engine, database: Database) -> dict[Mode, Engine]:
    read, write = database.under_rules(engine, "read"), database.under_rules(engine, "write")
    return {"read": read, "write": write, "plain": engine}


def _async_modes(engine: AsyncEngine, database: Database) -> dict[Mode, AsyncEngine]:
    from sqlalchemy.ext.asyncio import AsyncEngine

    return {mode: AsyncEngine(each) for mode, each in _modes(engine.sync_engine, database).items()}


def _hash_of(metadata: MetaData) -> str:
    """Return the hash of the models, computed once for as many tables as there are."""
    known = metadata.info.get("dbtool.schema_hash")
    if known is None or known[0] != len(metadata.tables):
        known = metadata.info["dbtool.schema_hash"] = (len(metadata.tables), schema_hash(metadata))
    found: str = known[1]
    return found
