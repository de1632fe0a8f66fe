"""Where a project stands: files, ledger and catalogue, read once, without SQLAlchemy or the models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from dbtool.config import Config
from dbtool.database import Catalogue, Database, DriverConnection
from dbtool.engine import history as histories
from dbtool.engine import journal, ledger, plan, pushed
from dbtool.engine.history import History
from dbtool.engine.ledger import Record
from dbtool.errors import DatabaseMissingError
from dbtool.reports import Standing, Stopped


@dataclass(frozen=True, slots=True)
class State:
    """What was seen. `drift` is None where it cannot be known; a database that does not exist has run nothing.

    `pushed` is whether the schema is one that `push` left behind, and no migration has run since. `stopped` is the
    migration that did not come to its end, where DDL is committed statement by statement.
    """

    history: History
    record: Record
    standing: Standing
    drift: tuple[str, ...] | None
    exists: bool
    pushed: bool = False
    stopped: Stopped | None = None


def observe(config: Config, database: Database, *, split: bool = False) -> State:
    """Read the files, then the database. Raises DatabaseMissingError when there is none.

    With `split` the files may be of branches that are not joined yet.
    """
    return _observe(config, database, histories.read(config, split=split))


def observe_or_empty(config: Config, database: Database, *, split: bool = False) -> State:
    """Read the same; a database that does not exist yet stands at nothing."""
    known = histories.read(config, split=split)
    try:
        return _observe(config, database, known)
    except DatabaseMissingError:
        return _at_nothing(known)


def glance(config: Config, database: Database, known: History) -> State:
    """Look where a database stands by files that were read before, and not at its schema: `drift` is not known.

    One that does not exist yet stands at nothing.
    """
    try:
        return _observe(config, database, known, schema=False)
    except DatabaseMissingError:
        return _at_nothing(known)


def _at_nothing(known: History) -> State:
    return State(known, Record(), plan.standing(known, (), {}), None, exists=False)


def unknown(config: Config) -> State:
    """Return where a database stands that does not answer: it may be there, and nobody knows what it has run."""
    known = histories.read(config)
    return State(known, Record(), plan.standing(known, (), {}), None, exists=True)


def _observe(config: Config, database: Database, known: History, *, schema: bool = True) -> State:
    with database.reading() as connection, database.translated():
        record = ledger.read(database, connection)
        halfway = journal.stopped(database, connection)
        catalogue = cache(partial(database.catalogue, connection))
        drift = _drift(connection, record, catalogue) if schema and not halfway else None
        was_pushed = schema and drift != () and _pushed(config, catalogue)
    standing = plan.standing(known, record.heads, record.checksums)
    return State(known, record, standing, drift, exists=True, pushed=was_pushed, stopped=halfway)


def _pushed(config: Config, catalogue: Callable[[], Catalogue]) -> bool:
    known = pushed.known(config)
    return bool(known) and catalogue().fingerprint in known


def _drift(connection: DriverConnection, record: Record, catalogue: Callable[[], Catalogue]) -> tuple[str, ...] | None:
    """Compare the catalogue with what the last run left behind: one hash, and two texts where it differs."""
    if record.fingerprint is None:
        return None
    actual = catalogue()
    if actual.fingerprint == record.fingerprint:
        return ()
    before = ledger.last_catalogue(connection)
    known = frozenset(before.lines) if before else frozenset()
    found = frozenset(actual.lines)
    return (*(f"- {line}" for line in sorted(known - found)), *(f"+ {line}" for line in sorted(found - known)))
