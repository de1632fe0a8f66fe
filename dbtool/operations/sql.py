"""The SQL of migrations, for a person to read or to run by hand."""

from __future__ import annotations

from typing import Literal

from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.database import Database, spelling
from dbtool.database.url import KINDS
from dbtool.engine import history as histories
from dbtool.engine import plan
from dbtool.engine.history import History
from dbtool.engine.state import observe_or_empty
from dbtool.errors import UsageError
from dbtool.reports import Direction, Revision, SqlReport, SqlStep

Ways = Literal["up", "down", "both"]
_DIRECTIONS: dict[str, tuple[Direction, ...]] = {"up": ("up",), "down": ("down",), "both": ("up", "down")}


def sql(config: Config, *, revisions: str | None = None, ways: Ways = "up", dialect: str | None = None) -> SqlReport:
    """Write the SQL of migrations: of those that are pending, of one, or of all after A up to B (`A:B`).

    The files run on a scratch database of the configured kind, so that what a table's rebuild on SQLite takes is
    there too; for another `dialect` Alembic writes them without a database. Raises RevisionError, MigrationError,
    UsageError for an unknown dialect, and AccessError.
    """
    from dbtool.engine import offline

    database = databases.of(config)
    known = histories.read(config)
    wanted = offline.Wanted(_chosen(config, database, known, revisions), _DIRECTIONS[ways])
    kind = database.kind if dialect is None else _kind(dialect)
    runner = database if kind == database.kind else _elsewhere(config, kind)
    if not wanted.revisions:
        steps: tuple[SqlStep, ...] = ()
    elif runner is not None:
        steps = offline.recorded(config, runner, known, wanted)
    else:
        steps = offline.written(config, spelling.dialect(kind), known, wanted)
    return SqlReport(
        spelling.dialect(kind), spelling.in_transactions(kind), spelling.before_all(kind) if steps else (), steps
    )


def _kind(dialect: str) -> str:
    if dialect not in KINDS:
        raise UsageError(f"`{dialect}` is no dialect that dbtool knows", hint=f"one of {', '.join(sorted(KINDS))}")
    return KINDS[dialect]


def _elsewhere(config: Config, kind: str) -> Database | None:
    """Return a database of another kind that can be had anywhere."""
    url = spelling.anywhere(kind)
    return None if url is None else databases.at(config, Location(url, "--dialect", config.root))


def _chosen(config: Config, database: Database, known: History, words: str | None) -> tuple[Revision, ...]:
    if words is None:
        return observe_or_empty(config, database).standing.pending
    if ":" not in words:
        id = plan.resolve(known, words, known.heads)
        return tuple(revision for revision in known.revisions if revision.id == id)
    first, _, last = words.partition(":")
    after = plan.resolve(known, first or plan.BASE, known.heads)
    upto = plan.resolve(known, last or "head", known.heads)
    return plan.forward(known, () if after == plan.BASE else (after,), upto)
