"""One model's table: every statement that a client can make about it."""

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
from dbtool.client.selection import Selection

if TYPE_CHECKING:
    from dbtool.client.client import ClientBase


class Table(Generic[M, Where, Unique, Include, Order, Create, Row, Update, Set, Field, Number]):
    """The rows of one model. What is returned are the model's own objects, as they were when they were read."""

    def __init__(self, client: ClientBase, model: type[M]) -> None:
        self._client = client
        self._model = model

    # Reading

    def find_unique(self, where: Unique, *, include: Include = ABSENT) -> M | None:
        """Return the row that has this unique key, or None."""
        query = Query(where=where, include=include)
        return self._client._read(reading.find_unique, self._model, query)

    def find_unique_or_raise(self, where: Unique, *, include: Include = ABSENT) -> M:
        """Return the row that has this unique key. Raises RecordNotFoundError."""
        query = Query(where=where, include=include)
        return self._client._read(reading.find_unique_or_raise, self._model, query)

    def find_first(
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
        return self._client._read(reading.find_first, self._model, query)

    def find_first_or_raise(
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
        return self._client._read(reading.find_first_or_raise, self._model, query)

    def find_many(
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
        return self._client._read(reading.find_many, self._model, query)

    def count(self, where: Where = ABSENT) -> int:
        """Return how many rows match."""
        return self._client._read(adding.count, self._model, where)

    def aggregate(
        self,
        where: Where = ABSENT,
        *,
        sum: Sequence[Number] = (),
        avg: Sequence[Number] = (),
        min: Sequence[Field] = (),
        max: Sequence[Field] = (),
    ) -> Aggregate[Field, Number]:
        """Return the figures of the rows that match."""
        return self._client._read(adding.aggregate, self._model, where, Figures(sum, avg, min, max))

    def group_by(
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
        return self._client._read(adding.group_by, self._model, by, query, figures, having)

    def select(self, view: type[V]) -> Selection[V, Where, Unique, Order, Field]:
        """Return what reads this table as objects of a Pydantic class, and only the columns and relations it names."""
        return Selection(self._client, self._model, view)

    # Writing

    def create(self, data: Create, *, include: Include = ABSENT) -> M:
        """Add a row, and what stands in its relations; return it. Raises InvalidDataError and RefusedRowError."""
        return self._client._write(creating.create, self._model, data, include)

    def create_many(self, data: Iterable[Row], *, skip_duplicates: bool = False) -> int:
        """Add many rows, fast; return how many were added. Raises InvalidDataError and RefusedRowError.

        `skip_duplicates` leaves out rows whose unique key another row has already.
        """
        return self._client._write(creating.create_many, self._model, data, skip_duplicates)

    def update(self, where: Unique, data: Update, *, include: Include = ABSENT) -> M:
        """Change the row that has this unique key, and its relations; return it. Raises RecordNotFoundError."""
        return self._client._write(updating.update, self._model, where, data, include)

    def update_many(self, where: Where, data: Set, *, all: bool = False) -> int:
        """Change the rows that match; return how many there were. Raises EmptyWhereError unless `all`."""
        return self._client._write(updating.update_many, self._model, where, data, all)

    def upsert(self, where: Unique, *, create: Create, update: Update, include: Include = ABSENT) -> M:
        """Change the row that has this unique key, or add one; return it."""
        return self._client._write(upserting.upsert, self._model, where, create, update, include)

    def delete(self, where: Unique, *, include: Include = ABSENT) -> M:
        """Remove the row that has this unique key; return what it was. Raises RecordNotFoundError.

        What the model's relationships cascade to goes with it, as with a session.
        """
        return self._client._write(deleting.delete, self._model, where, include)

    def delete_many(self, where: Where = ABSENT, *, all: bool = False) -> int:
        """Remove the rows that match; return how many there were. Raises EmptyWhereError unless `all`."""
        return self._client._write(deleting.delete_many, self._model, where, all)
