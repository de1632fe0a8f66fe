"""Statements as they reach a database, with their time: the logger `dbtool.sql`, for whoever listens at DEBUG.

Parameters are left out, since they are the rows of the users. `logging` is imported by who listens (5 ms of CPU).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

LOGGER = "dbtool.sql"


@contextmanager
def statement(sql: str) -> Iterator[None]:
    """Time a statement on the bare driver."""
    started = perf_counter()
    try:
        yield
    finally:
        if is_on():
            _tell(sql, started)


def watch(engine: Engine | Connection) -> None:
    """Time the statements of a connection, or of an engine's connections, when somebody listens."""
    if not is_on():
        return
    from sqlalchemy import event

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Connection, *ignored: Any) -> None:
        connection.info["dbtool.started"] = perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Connection, cursor: Any, sql: str, *ignored: Any) -> None:
        _tell(sql, connection.info["dbtool.started"])


def is_on() -> bool:
    """Whether somebody listens."""
    logging = sys.modules.get("logging")
    return logging is not None and logging.getLogger(LOGGER).isEnabledFor(logging.DEBUG)


def _tell(sql: str, started: float) -> None:
    import logging

    logging.getLogger(LOGGER).debug("%8.1f ms  %s", (perf_counter() - started) * 1000, " ".join(sql.split()))
