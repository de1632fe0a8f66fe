"""The client to be awaited: the same statements as the other one's, over drivers that do not block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, TypeVarTuple

from dbtool.client import raw
from dbtool.client.opening import Mode, Opened, open_async
from dbtool.client.parameters import V
from dbtool.client.work import AgainError, Work, carried_out
from dbtool.errors import LockedError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlmodel.ext.asyncio.session import AsyncSession

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_ATTEMPTS = 5


class AsyncClientBase:
    """A database with a table for each model; tasks may share it. `close` gives back what it opened."""

    SCHEMA_HASH: ClassVar[str] = ""

    def __init__(self, url: str | None = None, *, engine: AsyncEngine | None = None) -> None:
        """Open the project's own database, the one at a URL, or one that an engine leads to.

        Nothing is connected yet. Raises StaleClientError, UrlError and DriverMissingError.
        """
        self._opened = open_async(url, engine)
        self._link: _Link = _Pool(self._opened)
        self._open()
        self._opened.check(self)

    def _open(self) -> None:
        """Make the tables; what is generated does."""

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine, for what the client does not do."""
        engine: AsyncEngine = self._opened.engine
        return engine

    async def close(self) -> None:
        """Close the connections, unless somebody else's engine holds them."""
        if self._opened.owned:
            await self._opened.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def tx(self) -> AbstractAsyncContextManager[Self]:
        """Begin a transaction and return a client within it: committed at the end, rolled back by an exception.

        Within a transaction, another one is a savepoint. The outer client stays outside.
        """
        return self._tx()

    def session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Return a SQLModel session on this database; within a transaction it shares it, else its user commits."""
        return self._session()

    async def query_raw(self, sql: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """Run SQL with `:name` parameters; return its rows by the names of their columns."""
        return await self._run("plain", raw.query, sql, parameters)

    async def query_raw_as(self, model: type[V], sql: str, /, **parameters: Any) -> list[V]:
        """Run SQL with `:name` parameters; return its rows as objects of a Pydantic class. Raises ViewError."""
        return await self._run("plain", raw.query_as, model, sql, parameters)

    async def execute_raw(self, sql: str, /, **parameters: Any) -> int:
        """Run SQL with `:name` parameters; return how many rows it was about."""
        return await self._run("write", raw.execute, sql, parameters)

    async def _read(self, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        return await self._run("read", operation, *arguments)

    async def _write(self, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        return await self._run("write", operation, *arguments)

    async def _run(self, mode: Mode, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        for _ in range(_ATTEMPTS):
            with suppress(AgainError), self._opened.translated():
                async with self._link.connection(mode) as connection:
                    return await connection.run_sync(carried_out, self._opened, operation, *arguments)
        raise LockedError("others keep adding and removing the same row", hint="try again")

    @asynccontextmanager
    async def _tx(self) -> AsyncIterator[Self]:
        async with self._link.transaction() as connection:
            inner = object.__new__(type(self))
            inner._opened = self._opened.lent()
            inner._link = _Transaction(connection, inner._opened)
            inner._open()
            yield inner

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        from sqlmodel.ext.asyncio.session import AsyncSession

        async with self._link.session_bind() as bind:
            mode: Any = {"join_transaction_mode": "create_savepoint", "expire_on_commit": False}
            async with AsyncSession(bind, **mode) as session:
                yield session
                if isinstance(self._link, _Transaction):
                    await session.commit()


class _Link(Protocol):
    """How a client comes by a connection: for one statement, for a transaction, for a session."""

    def connection(self, mode: Mode) -> AbstractAsyncContextManager[AsyncConnection]: ...

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]: ...

    def session_bind(self) -> AbstractAsyncContextManager[AsyncConnection | AsyncEngine]: ...


class _Pool:
    """Each statement borrows a connection and ends its own transaction."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @asynccontextmanager
    async def connection(self, mode: Mode) -> AsyncIterator[AsyncConnection]:
        async with self._opened.engines[mode].connect() as connection:
            yield connection
            if mode != "read":
                await connection.commit()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        connection = self._opened.engines["write"].connect()
        with self._opened.translated():
            await connection.start()
        try:
            with self._opened.translated():
                await connection.begin()
            yield connection
            with self._opened.translated():
                await connection.commit()
        finally:
            await connection.close()

    @asynccontextmanager
    async def session_bind(self) -> AsyncIterator[AsyncEngine]:
        yield self._opened.engine


class _Transaction:
    """Statements share a connection, one at a time; each that writes is undone as a whole where it fails."""

    def __init__(self, connection: AsyncConnection, opened: Opened) -> None:
        from asyncio import Lock

        self._connection = connection
        self._opened = opened
        self._turn = Lock()

    @asynccontextmanager
    async def connection(self, mode: Mode) -> AsyncIterator[AsyncConnection]:
        async with self._turn:
            if mode == "read":
                yield self._connection
            else:
                async with self._connection.begin_nested():
                    yield self._connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        savepoint = self._connection.begin_nested()
        async with self._turn:
            with self._opened.translated():
                await savepoint.start()
        try:
            yield self._connection
        except BaseException:
            async with self._turn:
                await savepoint.rollback()
            raise
        async with self._turn:
            await savepoint.commit()

    @asynccontextmanager
    async def session_bind(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection
