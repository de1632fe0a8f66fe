"""The SQL of migrations: recorded on a scratch database, or written for a kind of database that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import proof, schema
from dbtool.engine.history import History
from dbtool.engine.recording import Recorded, Replay, Statement, before_of, offline
from dbtool.errors import MigrationError
from dbtool.reports import Direction, Revision, SqlStep


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files, oldest first, and which ways: up, then down in the opposite order."""

    revisions: tuple[Revision, ...]
    directions: tuple[Direction, ...] = ("up",)

    @property
    def steps(self) -> tuple[tuple[Revision, Direction], ...]:
        """What is to be run, in order; what is only wanted down has to be run up before."""
        ups = tuple((revision, _UP) for revision in self.revisions)
        return ups + (tuple((revision, _DOWN) for revision in reversed(self.revisions)) if self.goes_down else ())

    @property
    def goes_down(self) -> bool:
        """Whether the way down is wanted."""
        return _DOWN in self.directions


_UP: Direction = "up"
_DOWN: Direction = "down"


def recorded(config: Config, database: Database, history: History, wanted: Wanted) -> tuple[SqlStep, ...]:
    """Run the files on a scratch database of the same kind, and return what reached it.

    Raises MigrationError, and AccessError without the right to a scratch database.
    """
    found = []
    with proof.scratch(config, database) as scratch, scratch.connect("migrate") as connection:
        replay = Replay(config, scratch, connection)
        replay.run(before_of(history, wanted.revisions))
        for revision, direction in wanted.steps:
            found.append(replay.record(revision, direction))
            if found[-1].refusal is not None:
                break
        quoted = connection.dialect.identifier_preparer.quote(config.version_table)
    return _with_versions(quoted, history, wanted, found)


def written(config: Config, dialect: str, history: History, wanted: Wanted) -> tuple[SqlStep, ...]:
    """Return what Alembic writes for a kind of database that is not there, by SQLAlchemy's name of its dialect.

    Raises MigrationError where a file needs rows to go on.
    """
    from sqlalchemy.engine import make_url

    schema.find_modules(config)
    found: list[Recorded] = []
    for revision, direction in wanted.steps:
        found.append(_written(revision, direction, dialect))
        if found[-1].refusal is not None:
            break
    quoted = make_url(f"{dialect}://").get_dialect()().identifier_preparer.quote(config.version_table)
    return _with_versions(quoted, history, wanted, found)


def version_moves(table: str, before: frozenset[str], after: frozenset[str]) -> Iterator[str]:
    """Yield the statements that move Alembic's version table from these heads to those."""
    gone, new = sorted(before - after), sorted(after - before)
    for old, id in zip(gone, new, strict=False):
        yield f"UPDATE {table} SET version_num={_text(id)} WHERE {table}.version_num = {_text(old)}"
    for old in gone[len(new) :]:
        yield f"DELETE FROM {table} WHERE {table}.version_num = {_text(old)}"
    for id in new[len(gone) :]:
        yield f"INSERT INTO {table} (version_num) VALUES ({_text(id)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _with_versions(table: str, history: History, wanted: Wanted, found: Sequence[Recorded]) -> tuple[SqlStep, ...]:
    ran = {revision.id for revision in before_of(history, wanted.revisions)}
    steps = []
    for each in found:
        before = _heads(history, ran)
        ran = ran | {each.revision.id} if each.direction == "up" else ran - {each.revision.id}
        moves = [Statement(sql) for sql in version_moves(table, before, _heads(history, ran))]
        if not before and each.direction == "up":
            moves.insert(0, Statement(_CREATE.format(table=table)))
        if each.direction in wanted.directions:
            steps.append(_step(each, moves))
    return tuple(steps)


_CREATE = "CREATE TABLE {table} (\n    version_num VARCHAR(32) NOT NULL PRIMARY KEY\n)"


def _step(found: Recorded, moves: list[Statement]) -> SqlStep:
    if found.refusal is not None:
        return SqlStep(found.revision.id, found.revision.name, found.direction, (), (), found.refusal)
    statements = [*found.statements, *moves]
    alone = tuple(number for number, each in enumerate(statements) if each.alone)
    return SqlStep(
        found.revision.id, found.revision.name, found.direction, tuple(each.sql for each in statements), alone
    )


def _heads(history: History, ran: set[str]) -> frozenset[str]:
    followed = {
        parent
        for revision in history.revisions
        if revision.id in ran
        for parent in (*revision.parents, *revision.depends_on)
    }
    return frozenset(ran - followed)


def _written(revision: Revision, direction: Direction, dialect: str) -> Recorded:
    try:
        return offline(revision, direction, dialect)
    except Exception as error:
        words = getattr(error, "orig", None) or error
        raise MigrationError(
            f"the SQL of {revision.label} cannot be written: {' '.join(str(words).split())}",
            hint="correct the file; one that reads rows or writes JSON has its SQL only on the configured database",
            failed=revision.name,
        ) from error
