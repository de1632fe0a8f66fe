"""One statement that somebody typed, on the project's database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.engine import protection
from dbtool.errors import ReadOnlyError, RequestError, StatementError, StoppedError
from dbtool.reports import QueryReport

if TYPE_CHECKING:
    from dbtool.database.single import Answer, Take

_A_DAY = 86_400.0  # seconds
_TO_WRITE = "dbtool query --write"
_NAMES = "dbtool show lists the tables, dbtool show TABLE --schema the columns of one"


def query(config: Config, statement: str, *, write: bool = False, limit: int | None = None) -> QueryReport:
    """Run one statement and return its rows, at most `limit` of them; None is all, in memory.

    Without `write` the database itself refuses to change anything. With it the statement has a transaction of its own,
    committed at the end. Raises StatementError with the database's words, ProtectedError, DatabaseMissingError.
    """
    started = perf_counter()
    answer = _run(config, statement, write=write, limit=limit)
    return QueryReport(
        database=databases.of(config).url.safe,
        columns=answer.columns,
        rows=answer.rows,
        more=answer.more,
        changed=answer.changed,
        seconds=perf_counter() - started,
    )


def query_csv(
    config: Config, statement: str, *, write: Callable[[str], object], limit: int | None = None
) -> QueryReport:
    """Run one statement that changes nothing, and write its rows as CSV while they arrive; memory stays flat.

    A header, then the rows, as `export_csv` writes them; the report has none of them.
    """
    from dbtool.rows.export import csv_line

    begun = False

    def take(names: tuple[str, ...], rows: object) -> None:
        nonlocal begun
        lines = [] if begun else [csv_line(names)]
        begun = True
        write("".join([*lines, *map(csv_line, rows)]))  # type: ignore[call-overload]

    started = perf_counter()
    answer = _run(config, statement, write=False, limit=limit, take=take)
    safe = databases.of(config).url.safe
    return QueryReport(safe, answer.columns, (), False, answer.changed, perf_counter() - started)


def _run(config: Config, statement: str, *, write: bool, limit: int | None, take: Take | None = None) -> Answer:
    from dbtool.database import single

    database = databases.of(config)
    if write:
        protection.require_confirmed(config, database, "query --write")
    try:
        return single.run(
            database,
            statement,
            write=write,
            limit=limit,
            seconds=_A_DAY,
            watched=_ending,
            to_write=_TO_WRITE,
            take=take,
        )
    except StoppedError as error:
        raise KeyboardInterrupt from error  # SQLite tells it in its own way
    except ReadOnlyError as error:
        if write:
            raise
        raise StatementError("this would change something", hint=_TO_WRITE, problems=[error.message]) from error
    except RequestError as error:
        place = error.details.get("position")
        where = _line_of(statement, place) if isinstance(place, int) else ()
        raise StatementError(error.message, hint=error.hint or _NAMES, problems=where) from error


@contextmanager
def _ending(end: Callable[[], None]) -> Iterator[None]:
    """End the statement on the server when somebody presses Ctrl-C, who no longer waits for it."""
    try:
        yield
    except KeyboardInterrupt:
        with suppress(Exception):
            end()
        raise


def _line_of(statement: str, position: int) -> tuple[str, ...]:
    """Return the line of a statement that holds a place, counted from 0, and a mark below the place."""
    before = statement[:position]
    start = before.rfind("\n") + 1
    words = f"line {before.count(chr(10)) + 1}: "
    return f"{words}{statement[start:].partition(chr(10))[0]}", f"{' ' * (len(words) + position - start)}^"
