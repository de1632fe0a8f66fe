"""One model's table: every statement that a client can make about it, to be awaited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Literal

from dbtool.client import adding, creating, deleting, reading, updating, upserting
from dbtool.client.aggregates import Aggregate, Group, Having
from dbtool.client.parameters import (
    ABSENT,
    Create,
    Direction,
    Field,
    Include,
    M,
    Number,
    Order,
    Row,
    Set,
    Unique,
    Update,
    V,
    Where,
)
from dbtool.client.query import Figures, Query
from dbtool.client.selection import AsyncSelection

if TYPE_CHECKING:
    from dbtool.client.async_client import AsyncClientBase


class AsyncTable(Generic[M, Where, Unique, Include, Order, Create, Row, Update, Set, Field, Number]):
    """The rows of one model. What is returned are the model's own objects, as they were when they were read."""

    def __init__(self, client: AsyncClientBase, model: type[M]) -> None:
        self._client = client
        self._model = model

    # Reading

    async def find_unique(self, where: Unique, *, include: Include = ABSENT) -> M | None:
        """Return the row that has this unique key, or None."""
        query = Query(where=where, include=include)
        return await self._client._read(reading.find_unique, self._model, query)

    async def find_unique_or_raise(self, where: Unique, *, include: Include = ABSENT) -> M:
        """Return the row that has this unique key. Raises RecordNotFoundError."""
        query = Query(where=where, include=include)
        return await self._client._read(reading.find_unique_or_raise, self._model, query)

    async def find_first(
        self,
        where: Where = ABSENT,
        *,
        include: Include = ABSENT,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> M | None:
        """Return the first row that matches, or None."""
        query = Query(where, include, order_by, None, skip, cursor, distinct)
        return await self._client._read(reading.find_first, self._model, query)

    async def find_first_or_raise(
        self,
        where: Where = ABSENT,
        *,
        include: Include = ABSENT,
        order_by: Order = ABSENT,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> M:
        """Return the first row that matches. Raises RecordNotFoundError."""
        query = Query(where, include, order_by, None, skip, cursor, distinct)
        return await self._client._read(reading.find_first_or_raise, self._model, query)

    async def find_many(
        self,
        where: Where = ABSENT,
        *,
        include: Include = ABSENT,
        order_by: Order = ABSENT,
        take: int | None = None,
        skip: int = 0,
        cursor: Unique = ABSENT,
        distinct: Sequence[Field] = (),
    ) -> list[M]:
        """Return the rows that match, in the order asked for and then by primary key.

        A negative `take` counts from the end; `cursor` is the first row of what is returned, or the last.
        """
        query = Query(where, include, order_by, take, skip, cursor, distinct)
        return await self._client._read(reading.find_many, self._model, query)

    async def count(self, where: Where = ABSENT) -> int:
        """Return how many rows match."""
        return await self._client._read(adding.count, self._model, where)

    async def aggregate(
        self,
        where: Where = ABSENT,
        *,
        sum: Sequence[Number] = (),
        avg: Sequence[Number] = (),
        min: Sequence[Field] = (),
        max: Sequence[Field] = (),
    ) -> Aggregate[Field, Number]:
        """Return the figures of the rows that match."""
        return await self._client._read(adding.aggregate, self._model, where, Figures(sum, avg, min, max))

    async def group_by(
        self,
        by: Sequence[Field],
        *,
        where: Where = ABSENT,
        having: Having = ABSENT,
        sum: Sequence[Number] = (),
        avg: Sequence[Number] = (),
        min: Sequence[Field] = (),
        max: Sequence[Field] = (),
        order_by: Mapping[Field | Literal["count"], Direction] = ABSENT,
        take: int | None = None,
        skip: int = 0,
    ) -> list[Group[Field, Number]]:
        """Return the figures of each group of rows with the same values in `by`, ordered by these at last."""
        query = Query(where, None, order_by, take, skip)
        figures = Figures(sum, avg, min, max)
        return await self._client._read(adding.group_by, self._model, by, query, figures, having)

    def select(self, view: type[V]) -> AsyncSelection[V, Where, Unique, Order, Field]:
        """Return what reads this table as objects of a Pydantic class, and only the columns and relations it names."""
        return AsyncSelection(self._client, self._model, view)

    # Writing

    async def create(self, data: Create, *, include: Include = ABSENT) -> M:
        """Add a row, and what stands in its relations; return it. Raises InvalidDataError and RefusedRowError."""
        return await self._client._write(creating.create, self._model, data, include)

    async def create_many(self, data: Iterable[Row], *, skip_duplicates: bool = False) -> int:
        """Add many rows, fast; return how many were added. Raises InvalidDataError and RefusedRowError.

        `skip_duplicates` leaves out rows whose unique key another row has already.
        """
        return await self._client._write(creating.create_many, self._model, data, skip_duplicates)

    async def update(self, where: Unique, data: Update, *, include: Include = ABSENT) -> M:
        """Change the row that has this unique key, and its relations; return it. Raises RecordNotFoundError."""
        return await self._client._write(updating.update, self._model, where, data, include)

    async def update_many(self, where: Where, data: Set, *, all: bool = False) -> int:
        """Change the rows that match; return how many there were. Raises EmptyWhereError unless `all`."""
        return await self._client._write(updating.update_many, self._model, where, data, all)

    async def upsert(self, where: Unique, *, create: Create, update: Update, include: Include = ABSENT) -> M:
        """Change the row that has this unique key, or add one; return it."""
        return await self._client._write(upserting.upsert, self._model, where, create, update, include)

    async def delete(self, where: Unique, *, include: Include = ABSENT) -> M:
        """Remove the row that has this unique key; return what it was. Raises RecordNotFoundError.

        What the model's relationships cascade to goes with it, as with a session.
        """
        return await self._client._write(deleting.delete, self._model, where, include)

    async def delete_many(self, where: Where = ABSENT, *, all: bool = False) -> int:
        """Remove the rows that match; return how many there were. Raises EmptyWhereError unless `all`."""
        return await self._client._write(deleting.delete_many, self._model, where, all)
