"""The client that waits for its answers: a database, opened, with a table for each model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, TypeVarTuple

from dbtool.client import raw
from dbtool.client.opening import Mode, Opened, open_sync
from dbtool.client.parameters import V
from dbtool.client.work import AgainError, Work, carried_out
from dbtool.errors import LockedError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlmodel import Session

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_ATTEMPTS = 5


class ClientBase:
    """A database with a table for each model; threads may share it. `close` gives back what it opened."""

    SCHEMA_HASH: ClassVar[str] = ""

    def __init__(self, url: str | None = None, *, engine: Engine | None = None) -> None:
        """Open the project's own database, the one at a URL, or one that an engine leads to.

        Nothing is connected yet. Raises StaleClientError, UrlError and DriverMissingError.
        """
        self._opened = open_sync(url, engine)
        self._link: _Link = _Pool(self._opened)
        self._open()
        self._opened.check(self)

    def _open(self) -> None:
        """Make the tables; what is generated does."""

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for what the client does not do."""
        engine: Engine = self._opened.engine
        return engine

    def close(self) -> None:
        """Close the connections, unless somebody else's engine holds them."""
        if self._opened.owned:
            self._opened.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def tx(self) -> AbstractContextManager[Self]:
        """Begin a transaction and return a client within it: committed at the end, rolled back by an exception.

        Within a transaction, another one is a savepoint. The outer client stays outside.
        """
        return self._tx()

    def session(self) -> AbstractContextManager[Session]:
        """Return a SQLModel session on this database; within a transaction it shares it, else its user commits."""
        return self._session()

    def query_raw(self, sql: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """Run SQL with `:name` parameters; return its rows by the names of their columns."""
        return self._run("plain", raw.query, sql, parameters)

    def query_raw_as(self, model: type[V], sql: str, /, **parameters: Any) -> list[V]:
        """Run SQL with `:name` parameters; return its rows as objects of a Pydantic class. Raises ViewError."""
        return self._run("plain", raw.query_as, model, sql, parameters)

    def execute_raw(self, sql: str, /, **parameters: Any) -> int:
        """Run SQL with `:name` parameters; return how many rows it was about."""
        return self._run("write", raw.execute, sql, parameters)

    def _read(self, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        return self._run("read", operation, *arguments)

    def _write(self, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        return self._run("write", operation, *arguments)

    def _run(self, mode: Mode, operation: Callable[[Work, *Arguments], T], *arguments: *Arguments) -> T:
        for _ in range(_ATTEMPTS):
            with suppress(AgainError), self._opened.translated(), self._link.connection(mode) as connection:
                return carried_out(connection, self._opened, operation, *arguments)
        raise LockedError("others keep adding and removing the same row", hint="try again")

    @contextmanager
    def _tx(self) -> Iterator[Self]:
        with self._link.transaction() as connection:
            inner = object.__new__(type(self))
            inner._opened = self._opened.lent()
            inner._link = _Transaction(connection, inner._opened)
            inner._open()
            yield inner

    @contextmanager
    def _session(self) -> Iterator[Session]:
        from sqlmodel import Session

        with self._link.session_bind() as bind, Session(bind, join_transaction_mode="create_savepoint") as session:
            yield session
            if isinstance(self._link, _Transaction):
                session.commit()


class _Link(Protocol):
    """How a client comes by a connection: for one statement, for a transaction, for a session."""

    def connection(self, mode: Mode) -> AbstractContextManager[Connection]: ...

    def transaction(self) -> AbstractContextManager[Connection]: ...

    def session_bind(self) -> AbstractContextManager[Connection | Engine]: ...


class _Pool:
    """Each statement borrows a connection and ends its own transaction."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @contextmanager
    def connection(self, mode: Mode) -> Iterator[Connection]:
        with self._opened.engines[mode].connect() as connection:
            yield connection
            if mode != "read":
                connection.commit()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._opened.translated():
            connection = self._opened.engines["write"].connect()
        with connection:
            with self._opened.translated():
                connection.begin()
            yield connection
            with self._opened.translated():
                connection.commit()

    @contextmanager
    def session_bind(self) -> Iterator[Engine]:
        yield self._opened.engine


class _Transaction:
    """Statements share a connection, one at a time; each that writes is undone as a whole where it fails."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened
        self._turn = RLock()

    @contextmanager
    def connection(self, mode: Mode) -> Iterator[Connection]:
        with self._turn:
            if mode == "read":
                yield self._connection
            else:
                with self._connection.begin_nested():
                    yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._turn:
            with self._opened.translated():
                savepoint = self._connection.begin_nested()
            with savepoint:
                yield self._connection

    @contextmanager
    def session_bind(self) -> Iterator[Connection]:
        with self._turn:
            yield self._connection
