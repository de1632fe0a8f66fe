"""Clients for tests: of the sample and of models of every kind, the awaited ones made to answer at once."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from codegen.kinds import accounts, animals, articles, heroes, orders, products, scalars, tree, vehicles
from sqlalchemy import event

from dbtool import models
from dbtool.client import AsyncClientBase, AsyncSelection, AsyncTable, ClientBase, Table

MODULES = (accounts, animals, articles, heroes, orders, products, scalars, tree, vehicles)
METADATAS = (models.User.metadata, *(module.Base.metadata for module in MODULES))
MODELS: dict[str, type[Any]] = {
    re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): each
    for module in (models, *MODULES)
    for name, each in vars(module).items()
    if isinstance(each, type) and hasattr(each, "__mapper__")
}


class Client(ClientBase):
    """What `dbtool generate` would write, for all these models at once."""

    def _open(self) -> None:
        for name, model in MODELS.items():
            setattr(self, name, Table(self, model))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class AsyncClient(AsyncClientBase):
    """The same, to be awaited."""

    def _open(self) -> None:
        for name, model in MODELS.items():
            setattr(self, name, AsyncTable(self, model))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class AtOnce:
    """An awaited client, table or selection whose answers a test gets without awaiting them."""

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if isinstance(found, AsyncTable):
            return AtOnce(found, self._loop)
        if not inspect.ismethod(found):
            return found
        return lambda *given, **named: self._answer(found(*given, **named))

    def _answer(self, value: Any) -> Any:
        if inspect.iscoroutine(value):
            return self._loop.run_until_complete(value)
        if isinstance(value, AsyncSelection):
            return AtOnce(value, self._loop)
        return self._entered(value) if hasattr(value, "__aenter__") else value

    @contextmanager
    def _entered(self, value: Any) -> Iterator[AtOnce]:
        inner = self._loop.run_until_complete(value.__aenter__())
        try:
            yield AtOnce(inner, self._loop)
        except BaseException as error:
            if not self._loop.run_until_complete(value.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self._loop.run_until_complete(value.__aexit__(None, None, None))


@contextmanager
def statements(client: Any) -> Iterator[list[str]]:
    """Collect the statements that a client sends meanwhile."""
    engine = getattr(client.engine, "sync_engine", client.engine)
    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "SAVEPOINT" not in statement:
            said.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)
