"""A table read through a view: a Pydantic class that names the columns and relations it wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic

from dbtool.client import views
from dbtool.client.parameters import ABSENT, Field, Order, Unique, V, Where
from dbtool.client.query import Query

if TYPE_CHECKING:
    from dbtool.client.async_client import AsyncClientBase
    from dbtool.client.client import ClientBase


class Selection(Generic[V, Where, Unique, Order, Field]):
    """A table read as objects of a view: only the columns and relations that the view names are read."""

    def __init__(self, client: ClientBase, model: type[Any], view: type[V]) -> None:
        self._client = client
        self._model = model
        self._view = view

    def find_unique(self, where: Unique) -> V | None:
        """Return the row that has this unique key, or None."""
        query = Query(where=where)
        return self._client._read(views.find_unique, self._model, self._view, query)

    def find_unique_or_raise(self, where: Unique) -> V:
        """Return the row that has this unique key. Raises RecordNotFoundError."""
        query = Query(where=where)
        return self._client._read(views.find_unique_or_raise, self._model, self._view, query)

    def find_first(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> V | None:
        """Return the first row that matches, or None."""
        query = Query(where, None, order_by, None, skip, cursor, distinct)
        return self._client._read(views.find_first, self._model, self._view, query)

    def find_first_or_raise(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> V:
        """Return the first row that matches. Raises RecordNotFoundError."""
        query = Query(where, None, order_by, None, skip, cursor, distinct)
        return self._client._read(views.find_first_or_raise, self._model, self._view, query)

    def find_many(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        take: int | None = None,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> list[V]:
        """Return the rows that match, in the order asked for and then by primary key.

        A negative `take` counts from the end; `cursor` is the first row of what is returned, or the last.
        """
        query = Query(where, None, order_by, take, skip, cursor, distinct)
        return self._client._read(views.find_many, self._model, self._view, query)


class AsyncSelection(Generic[V, Where, Unique, Order, Field]):
    """A table read as objects of a view, to be awaited: only the columns and relations that the view names are read."""

    def __init__(self, client: AsyncClientBase, model: type[Any], view: type[V]) -> None:
        self._client = client
        self._model = model
        self._view = view

    async def find_unique(self, where: Unique) -> V | None:
        """Return the row that has this unique key, or None."""
        query = Query(where=where)
        return await self._client._read(views.find_unique, self._model, self._view, query)

    async def find_unique_or_raise(self, where: Unique) -> V:
        """Return the row that has this unique key. Raises RecordNotFoundError."""
        query = Query(where=where)
        return await self._client._read(views.find_unique_or_raise, self._model, self._view, query)

    async def find_first(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> V | None:
        """Return the first row that matches, or None."""
        query = Query(where, None, order_by, None, skip, cursor, distinct)
        return await self._client._read(views.find_first, self._model, self._view, query)

    async def find_first_or_raise(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> V:
        """Return the first row that matches. Raises RecordNotFoundError."""
        query = Query(where, None, order_by, None, skip, cursor, distinct)
        return await self._client._read(views.find_first_or_raise, self._model, self._view, query)

    async def find_many(
        self,
        where: Where = ABSENT,
        *,
        order_by: Order = ABSENT,
        take: int | None = None,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> list[V]:
        """Return the rows that match, in the order asked for and then by primary key.

        A negative `take` counts from the end; `cursor` is the first row of what is returned, or the last.
        """
        query = Query(where, None, order_by, take, skip, cursor, distinct)
        return await self._client._read(views.find_many, self._model, self._view, query)
