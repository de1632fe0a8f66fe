"""Run migrations in a transaction that is rolled back, and note what they really lock and write anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dbtool.config import Config
from dbtool.database import Database, locks, spelling
from dbtool.engine import schema
from dbtool.engine.recording import Recorded, call, failing, not_there, operations
from dbtool.reports import Revision, Trace


def trace(config: Config, database: Database, revisions: Sequence[Revision]) -> tuple[Trace, ...]:
    """Run files up on the database itself, one after the other, and take all of it back.

    Ends before a file that leaves its transaction. A lock is waited for 5 seconds at most, and held until the end.
    Raises MigrationError, LockedError.
    """
    from alembic.runtime.migration import MigrationContext

    schema.find_modules(config)
    traces: list[Trace] = []
    with database.connect("migrate") as connection, connection.begin():
        locks.limit_waiting(connection)
        context = MigrationContext.configure(connection, opts={"transactional_ddl": True})
        for revision in traceable(revisions):
            found = Recorded(revision, "up")

            def take(sql: str, held: tuple[str, ...], anew: tuple[str, ...], at: Revision = revision) -> None:
                if not spelling.reads(sql):
                    traces.append(Trace(at.id, at.name, " ".join(sql.split()), held, anew))

            with (
                operations(context, found, not_there) as how,
                locks.watch(connection, take),
                failing(revision, "while it is traced"),
                database.translated(),
            ):
                call(found, how)
        connection.rollback()
    return tuple(traces)


def traceable(revisions: Sequence[Revision]) -> Iterator[Revision]:
    """Yield the files up to the first that leaves its transaction, which nothing could take back."""
    for revision in revisions:
        if b"autocommit_block" in Path(revision.path).read_bytes():
            return
        yield revision
