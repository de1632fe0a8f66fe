"""Three ways out where somebody changed the schema beside the migrations: adopt it, revert it, leave it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from dbtool.config import Config
from dbtool.conversation import Ask, Note, Tell, Warn
from dbtool.database import Database
from dbtool.engine import drift as drifts
from dbtool.engine import files, live, proof, protection
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions
from dbtool.engine.drift import Drift
from dbtool.engine.state import State
from dbtool.errors import DriftError
from dbtool.operations import backups
from dbtool.reports import Change, Revision

Way = Literal["adopt", "revert", "ignore"]


@dataclass(frozen=True, slots=True)
class WayOut:
    """What was done about a drift: what somebody had changed, the file that adopts it, the SQL that took it back."""

    way: Way
    changes: tuple[Change, ...] = ()
    revision: Revision | None = None
    statements: tuple[str, ...] = ()
    backup: Path | None = None


def leave_drift(config: Config, database: Database, state: State, *, way: Way, ask: Ask, tell: Tell) -> WayOut:
    """Do away with what `state.drift` lists; to be called before pending migrations run.

    `adopt` writes a proven migration that does the same elsewhere, and notes it as applied here; nothing may be
    pending. `revert` takes it back: what would be lost is counted and asked about, and there is a backup. `ignore`
    changes nothing. Raises DriftError, AnswerError, ProofError, MigrationError.
    """
    if not state.drift or way == "ignore":
        return WayOut(way)
    with drifts.replayed(config, database, state) as scratch:
        found = drifts.describe(config, database, scratch, state.drift)
        for text in found.words:
            tell(Warn(f"somebody changed the schema: {text}"))
        tell(Note("as SQL: dbtool diff --from files --to database --sql"))
        drifts.require_sayable(found)
        if way == "revert":
            return _revert(config, database, scratch, found, ask)
        return _adopt(config, database, scratch, found, state)


def _adopt(config: Config, database: Database, scratch: Database, found: Drift, state: State) -> WayOut:
    if state.standing.pending:
        raise DriftError("what somebody changed cannot be adopted while migrations are pending", hint="dbtool deploy")
    if not found.done:
        drifts.settle(database)
        return WayOut("adopt")
    known = histories.read(config)
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        revision, path = files.write_draft(
            config, found.done, name="adopt_drift", folder=Path(folder), after=known, now=datetime.now(UTC)
        )
        with database.connect("read") as connection:
            wanted = drifts.reflected(config, database, connection)
        proof.prove(config, scratch, known.own, revision, wanted, draft=found.done, decisions=Decisions())
        revision = files.keep(config, revision, path, known)
    drifts.record(config, database, revision)
    return WayOut("adopt", found.done.changes, revision)


def _revert(config: Config, database: Database, scratch: Database, found: Drift, ask: Ask) -> WayOut:
    with live.reading(database, exists=True) as rows:
        risks = live.risks(rows, Decisions(), found.undo.operations) if rows else ()
        changes = live.marked(found.undo.changes, risks, rows)
    losing = [change for change in changes if change.loses_data]
    backup = None
    if losing:
        ask.accepts_loss(losing, protection.called(config, database))
        backup = backups.take(config, database)
    else:
        words = "; ".join(change.text for change in changes) or "nothing that can be seen"
        where = protection.place(config, database)
        ask.confirm(f"take back what somebody changed in {where}: {words}?", flag="--yes")
    statements = drifts.revert(config, database, found, datetime.now(UTC)) if found.undo else ()
    left = drifts.describe(config, database, scratch, ())
    if left.done:
        raise DriftError(
            "the schema still differs from that of the migrations",
            hint="dbtool diff --from files --to database",
            problems=left.words,
        )
    drifts.settle(database)
    return WayOut("revert", found.done.changes, statements=statements, backup=backup)
