"""One request while it works on the database: its connections, their time limit, and how another thread ends it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from dbtool.errors import DataError, DbtoolError, RequestError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.studio.library import Library, Purpose


class Call:
    """What one request holds of the library; made by `Library.call`."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.cancelled = False
        self._lock = Lock()
        self._running: list[Callable[[], None]] = []
        library.started(self)

    @contextmanager
    def connect(self, purpose: Purpose = "read", *, seconds: float | None = None) -> Iterator[Connection]:
        """Lend a connection whose statements end in time; what was not committed is rolled back at the end.

        `seconds` is the limit of a statement, by default the project's. What the database refuses becomes a
        DbtoolError.
        """
        from sqlalchemy.exc import SAWarning, SQLAlchemyError

        database = self.library.database
        limit = seconds or self.library.config.studio.limit
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # about types that reflection does not know, and the like
            try:
                with (
                    database.translated(),
                    self.library.engine(purpose).connect() as connection,
                    self.watched(database.canceller(connection)),
                    database.limited(connection, limit),
                ):
                    yield connection
            except SQLAlchemyError as error:
                raise self._refused(error) from error

    @contextmanager
    def watched(self, end: Callable[[], None]) -> Iterator[None]:
        """Let `end` end what runs inside, from another thread."""
        with self._lock:
            self.check()
            self._running.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(end)

    def check(self) -> None:
        """Raise RequestError when nobody waits for the answer any more."""
        if self.cancelled:
            raise RequestError("cancelled", status=499)

    def cancel(self) -> None:
        """End what runs, from another thread."""
        with self._lock:
            self.cancelled = True
            for end in self._running:
                with suppress(Exception):  # its connection may be gone by now
                    end()

    def close(self) -> None:
        """Say that the request is answered."""
        self.library.ended(self)

    def _refused(self, error: Exception) -> DbtoolError:
        self.check()
        words = str(getattr(error, "orig", None) or error).strip().splitlines()
        return DataError(
            f"the database refused to answer: {words[0][:500] if words else type(error).__name__}",
            hint="dbtool migrate   (the models may be ahead of the database)",
        )
