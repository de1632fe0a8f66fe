"""`copy`: a database as another one, of whichever kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from dbtool import config as configs
from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.conversation import Note, Tell, silent
from dbtool.database import Database
from dbtool.engine import plan, protection
from dbtool.engine.state import State, glance, observe
from dbtool.errors import HistoryError, OccupiedError, SettingError, UsageError
from dbtool.reports import Applied, CopiedTable, CopyReport

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def copy(config: Config, to: str, *, tell: Tell = silent) -> CopyReport:
    """Make another database hold what this one holds: the schema by the migrations, then every row.

    `to` is a URL or the name of an environment. The database there is made where it is missing, and must hold no rows.
    All is read in one moment of the source, which stays in use; counted keys go on where they were; each table is read
    again and compared before anything is kept. A failure leaves both databases as they were. Raises UsageError,
    ProtectedError, OccupiedError, HistoryError, DataError, RefusedRowError, UnequalError.
    """
    started = perf_counter()
    there = _target(config, to)
    source, target = databases.of(config), databases.of(there)
    _refuse_same(source, target)
    protection.require_confirmed(there, target, "copy")
    state = observe(config, source)
    _require_settled(config, source, state)
    goal = glance(there, target, state.history)
    _require_empty(target, goal, state)
    with _left_as_it_was(target, goal):
        if not goal.exists:
            target.create()
        tell(Note(f"bringing {target.name} to the schema of {source.name}"))
        applied = _upgrade(there, target, state)
        tables, notes = _carry(there, source, target, tell)
    return CopyReport(
        source=source.url.safe,
        target=target.url.safe,
        created=not goal.exists,
        applied=applied,
        tables=tables,
        notes=notes,
        seconds=perf_counter() - started,
    )


def _target(config: Config, to: str) -> Config:
    """Return the project as it is for the other database."""
    if not configs.ENVIRONMENT.fullmatch(to):
        location = Location(to, "--to", config.root)
        return replace(config, url=location, environment=None, sources={**config.sources, "url": "--to"})
    found = configs.load_config(project=config.root, environment=to, confirm=config.confirm)
    if not found.names_url:
        raise SettingError(
            f"the environment `{to}` names no database of its own",
            hint=f"write DATABASE_URL=... into .env.{to}",
        )
    return found


def _refuse_same(source: Database, target: Database) -> None:
    def place(database: Database) -> tuple[object, ...]:
        url = database.url
        return url.kind, url.file or url.database, url.host, url.port, url.query.get("schema")

    if place(source) == place(target):
        raise UsageError(f"{target.url.safe} is the database itself", hint="name another one after --to")


def _require_settled(config: Config, source: Database, state: State) -> None:
    """Raise HistoryError where the files could not make this schema again."""
    plan.require_intact(state.standing, config.relative(config.migrations))
    if state.stopped is not None or not state.record.heads:
        why = "stands in the middle of a migration" if state.stopped else "was made by no migration"
        raise HistoryError(
            f"{source.name} {why}, so nothing says how to make its schema elsewhere",
            hint="dbtool repair" if state.stopped else "dbtool migrate",
        )


def _require_empty(target: Database, goal: State, state: State) -> None:
    """Raise OccupiedError where rows are in the way, HistoryError where the schema there is ahead."""
    if not goal.exists:
        return
    ahead = set(goal.record.heads) - plan.ancestors(state.history, state.record.heads)
    if ahead or goal.stopped:
        raise HistoryError(
            f"{target.name} has run migrations that the source has not: {', '.join(sorted(ahead)) or 'one by half'}",
            hint="dbtool deploy the source first, or name an empty database after --to",
        )
    filled = _filled(target)
    if filled:
        raise OccupiedError(
            f"{target.name} holds rows already, and copy writes over none",
            hint="name a database that is empty, or one that is not there yet",
            problems=[f"{name}: {count:,} row{'' if count == 1 else 's'}" for name, count in filled[:10]],
        )


def _filled(target: Database) -> list[tuple[str, int]]:
    from dbtool.rows.contents import contents, counts

    with target.connect("read") as connection:
        held = contents(connection, target.schemas or (None,), target.own_tables)
        found = counts(connection, [each for each in held.values() if each.kind == "table"])
        return [(name, count) for name, count in found.items() if count]


@contextmanager
def _left_as_it_was(target: Database, goal: State) -> Iterator[None]:
    """Take away what was made, where something fails; a schema that was there before keeps the migrations that ran."""
    bare = goal.exists and not goal.record.heads and not _holds_tables(target)
    try:
        yield
    except BaseException:
        if not goal.exists:
            target.drop()
        elif bare:
            target.drop_objects()
        raise


def _holds_tables(target: Database) -> bool:
    with target.reading() as connection:
        return bool(target.table_names(connection))


def _upgrade(config: Config, target: Database, state: State) -> tuple[Applied, ...]:
    from dbtool.engine import runner

    heads = state.record.heads
    return tuple(each for head in heads for each in runner.upgrade(config, target, state.history, to=head))


def _carry(
    config: Config, source: Database, target: Database, tell: Tell
) -> tuple[tuple[CopiedTable, ...], tuple[str, ...]]:
    """Read the source in one moment, and write, compare and commit."""
    from dbtool.database import bulk
    from dbtool.rows import moving

    with source.connect("read") as reading, target.connect("write") as writing:
        reader = bulk.of(source, reading.execution_options(isolation_level=bulk.SNAPSHOT[source.kind]))
        writer = bulk.of(target, writing)
        reader.prepare()
        writer.prepare()
        schemas = _schema(config, source, reading), _schema(config, target, writing)
        pairs = moving.pairs(*schemas, reader.partitions())
        move = moving.Move(source, target, reader, writer, pairs, config.zone, tell)
        move.require_parents()
        move.count_on()
        with writer.loading([pair.target for pair in pairs]):
            move.empty()
            tables = move.move()
        writer.refresh()
        writing.commit()
        return tables, moving.notes(move.rounded)


def _schema(config: Config, database: Database, connection: Connection) -> MetaData:
    from dbtool.engine import schema

    return schema.reflect(connection, config, database.own_tables)
