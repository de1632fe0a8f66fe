"""Prove a new migration on a scratch database of the same kind before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database, at
from dbtool.engine import diff, runner
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.errors import AccessError, MigrationError, ProofError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@contextmanager
def scratch(config: Config, database: Database) -> Iterator[Database]:
    """Lend an empty database of the same kind: a temporary one, else the one that `scratch_url` names.

    Raises AccessError naming the right that is missing.
    """
    try:
        lent = database.scratch()
        temporary = lent.__enter__()
    except AccessError as error:
        if config.scratch_url is None:
            raise AccessError(
                f"no scratch database to try migrations on: {error.message}",
                hint="GRANT the right to create databases, or set scratch_url in [tool.dbtool]",
            ) from error
        yield from _lend(at(config, config.scratch_url))
        return
    try:
        yield temporary
    finally:
        lent.__exit__(None, None, None)


def _lend(database: Database) -> Iterator[Database]:
    if not database.exists():
        database.create()
    with database.reading() as connection:
        if database.table_names(connection):
            raise AccessError(
                f"the scratch database {database.name} is not empty", hint="scratch_url must name a database of its own"
            )
    try:
        yield database
    finally:
        database.clear()


def replay(config: Config, scratch: Database, history: History, unproven: Sequence[Revision]) -> None:
    """Run all files from nothing; those at the end that are not proven yet up, down and up again.

    A file whose downgrade raises NotImplementedError says that it cannot be taken back. Raises MigrationError and
    ProofError.
    """
    suspects = {revision.id for revision in unproven}
    sound = list(takewhile(lambda revision: revision.id not in suspects, history.revisions))
    if len(sound) == len(history.revisions):
        runner.upgrade(config, scratch, history)
        return
    target = sound[-1].id if sound else "base"
    if sound:
        runner.upgrade(config, scratch, history, to=target)
    before = portrait(scratch)
    _up(config, scratch, history, "up")
    _down_and_up(config, scratch, history, target, before)


def compare(config: Config, scratch: Database, metadata: MetaData, *, decisions: Decisions | None = None) -> Draft:
    """Return what the scratch database lacks of the models. Raises AnswerError where nobody answers."""
    with scratch.connect("migrate") as connection:
        return diff.draft(config, scratch, connection, metadata, decisions=decisions)


def prove(
    config: Config, scratch: Database, history: History, revision: Revision, metadata: MetaData
) -> tuple[str, ...]:
    """Run a new file up, down and up again on a scratch database that holds the files before it.

    After up the models and the schema are equal; after down the schema is what it was. Returns what was proven,
    in words. Raises ProofError, or MigrationError when the file itself fails.
    """
    longer = history.followed_by(revision)
    before = portrait(scratch)
    _up(config, scratch, longer, "up")
    _require_no_difference(compare(config, scratch, metadata))
    _down_and_up(config, scratch, longer, history.heads[0] if history.heads else "base", before)
    files = len(history.revisions)
    return (
        f"replayed {files} {'file' if files == 1 else 'files'} from nothing",
        "up",
        "no difference",
        "down",
        "up again",
    )


def _up(config: Config, scratch: Database, history: History, word: str) -> None:
    try:
        runner.upgrade(config, scratch, history)
    except MigrationError as error:
        raise MigrationError(
            f"{error.message} ({word}, on the scratch database)",
            hint=error.hint,
            problems=error.problems,
            failed=error.failed,
        ) from error


def _down_and_up(config: Config, scratch: Database, history: History, target: str, before: frozenset[str]) -> None:
    try:
        runner.downgrade(config, scratch, history, to=target)
    except MigrationError as error:
        if isinstance(error.__cause__, NotImplementedError):
            return
        raise
    _require_same(before, portrait(scratch))
    _up(config, scratch, history, "up again")


def portrait(database: Database) -> frozenset[str]:
    """Return a schema as facts that have no order: columns, keys, indexes, checks, views, types."""
    from sqlalchemy import inspect

    with database.connect("migrate") as connection:
        inspector = inspect(connection)
        facts = {f"view {name}" for name in inspector.get_view_names()}
        facts |= {f"enum {each['name']}" for each in getattr(inspector, "get_enums", list)()}
        for table in inspector.get_table_names():
            if table not in database.own_tables:
                facts |= {f"table {table}", *_facts(inspector, table)}
    return frozenset(facts)


def _facts(inspector: Any, table: str) -> Iterator[str]:
    for column in inspector.get_columns(table):
        yield (
            f"column {table}.{column['name']} {column['type']!r} nullable={column['nullable']} "
            f"default={column['default']} comment={column.get('comment')}"
        )
    yield f"primary key {table} {inspector.get_pk_constraint(table)['constrained_columns']}"
    for key in inspector.get_foreign_keys(table):
        target = f"{key['referred_table']}{key['referred_columns']}"
        yield f"foreign key {table}{key['constrained_columns']} to {target} {sorted(key.get('options', {}).items())}"
    for index in inspector.get_indexes(table):
        yield f"index {table} {index['name']} {index['column_names']} unique={bool(index['unique'])}"
    for unique in inspector.get_unique_constraints(table):
        yield f"unique {table} {unique['name']} {unique['column_names']}"
    for check in inspector.get_check_constraints(table):
        yield f"check {table} {check['name']} {check['sqltext']}"


def _require_no_difference(left: Draft) -> None:
    if left:
        raise ProofError(
            "after the new migration the schema still differs from the models",
            hint="write this step by hand: dbtool migrate --create-only",
            problems=[change.text for change in left.changes],
        )


def _require_same(before: frozenset[str], after: frozenset[str]) -> None:
    if before != after:
        lost = [f"gone: {fact}" for fact in sorted(before - after)]
        extra = [f"left over: {fact}" for fact in sorted(after - before)]
        raise ProofError(
            "the new migration's downgrade does not bring the schema back",
            hint="write this step by hand: dbtool migrate --create-only",
            problems=[*lost, *extra],
        )
