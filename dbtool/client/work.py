"""One statement at work: a connection in a transaction, a session of its own, and what is known of the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.orm import Session

from dbtool.client.shape import Shape

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.client.opening import Opened
    from dbtool.database.base import Database

T = TypeVar("T")


class AgainError(Exception):
    """Somebody else was faster: the statement is to start again, in a new transaction."""


class Work:
    """What an operation works with; its session is made when it is first needed."""

    __slots__ = ("_session", "connection", "opened")

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self.connection = connection
        self.opened = opened
        self._session: Session | None = None

    @property
    def database(self) -> Database:
        """What the kind of database does in its own way."""
        return self.opened.database

    @property
    def session(self) -> Session:
        """A session of this statement's own, within the connection's transaction."""
        if self._session is None:
            self._session = Session(
                self.connection, autoflush=False, expire_on_commit=False, join_transaction_mode="rollback_only"
            )
        return self._session

    def shape(self, model: type[Any]) -> Shape:
        """Return what is known of a model."""
        return self.opened.shapes.of(model)

    def let_go(self) -> None:
        """Detach what the session holds; relations that were not read say so from now on."""
        if self._session is None:
            return
        unread = self.opened.shapes.unread
        for state in self._session.identity_map.all_states():
            state.callables = unread(state.class_)
        self._session.expunge_all()

    def forget(self) -> None:
        """Give up the session after a savepoint was rolled back; the next statement gets another."""
        if self._session is not None:
            self._session.expunge_all()
            self._session.close()
            self._session = None

    def close(self) -> None:
        """Detach what the session holds, and close it."""
        if self._session is not None:
            self.let_go()
            self._session.close()


def carried_out(connection: Connection, opened: Opened, operation: Callable[..., T], /, *arguments: Any) -> T:
    """Carry out an operation on a connection, whether a thread waits for it or a task."""
    if not connection.in_transaction():
        connection.begin()  # a session would end a transaction that it began
    work = Work(connection, opened)
    try:
        return operation(work, *arguments)
    finally:
        work.close()
