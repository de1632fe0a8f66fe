"""Bring files and database to the models: write a proven migration, and apply it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, Warn, silent
from dbtool.database import Database
from dbtool.engine import diff, elsewhere, files, plan, proof, protection, runner, schema, sqlfiles, verdicts
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.engine.state import State, observe_or_empty, unknown
from dbtool.engine.trial import Ground
from dbtool.engine.verdicts import Verdicts
from dbtool.errors import ConnectError, MigrationError
from dbtool.operations import backups
from dbtool.operations.amend import amend as amend_last
from dbtool.operations.amend import is_there_already
from dbtool.operations.drift import Way, WayOut, leave_drift
from dbtool.operations.empty import write_empty
from dbtool.operations.generating import generated
from dbtool.operations.landing import Landing
from dbtool.operations.weighing import consent, refuse_unused, warn, weigh
from dbtool.reports import Applied, Change, MigrateReport, Revision, Risk

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def migrate(
    config: Config,
    *,
    name: str | None = None,
    create_only: bool = False,
    amend: bool = False,
    empty: bool = False,
    prove: bool = True,
    drift: Way = "ignore",
    generate: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> MigrateReport:
    """Bring files and database to the models.

    Creates a missing migrations folder and database, applies what is pending, compares the models with the files
    replayed on a scratch database, writes a proven migration if they differ, applies it, and generates code last.
    `create_only` writes the file and changes nothing in the configured database. `drift` says what becomes of what
    somebody changed in the database beside the migrations: a migration that adopts it, after which the models are left
    for another time, SQL that reverts it, or nothing. A failed generation is reported in `generate_error` and undoes
    nothing. A database that `push` brought to the models, or that is what they say already, is not changed: the new
    file is noted as applied there. With `amend` the last migration is written anew, and the database gets the
    difference. `empty` writes a file that changes rows, to be filled in, and nothing else. Without `prove` a new file
    is kept as it is, which it says. Raises ProtectedError, MigrationError, ProofError, AnswerError, ModelsError, and
    SharedError where a remote has the file that is to be amended.
    """
    if empty:
        return write_empty(config, name=name, ask=ask)
    database = databases.of(config)
    if not create_only or drift != "ignore":
        protection.require_confirmed(config, database, "migrate")
    metadata = schema.load(config)
    created = files.create_folder(config)
    state = _observed(config, database, create_only, tell)
    landing = Landing(config, database, state, metadata, state.history, ask, tell, name=name, prove=prove)
    if amend:
        amend_last(landing, create_only=create_only)
        return _landed(landing, created, generate=generate)
    plan.require_intact(replace(state.standing, stale=()), config.relative(config.migrations))
    left = leave_drift(config, database, state, way=drift, ask=ask, tell=tell)
    if left.way != "ignore" and state.drift:
        state = observe_or_empty(config, database)
    elif not create_only and is_there_already(config, database, state, metadata):
        landing.land()
        return _landed(landing, created, generate=generate)
    run = _Run(config, database, state, create_only, prove, ask, tell)
    with proof.scratch(config, database) as scratch:
        run.prove_what_is_there(scratch)
        run.apply_pending()
        if left.revision is None:  # else the models do not know yet what was adopted, and would drop it
            run.write(scratch, metadata, name)
    run.apply_written()
    return _ran(run, left, created, generate=generate)


def _observed(config: Config, database: Database, create_only: bool, tell: Tell) -> State:
    """Look at the database; one that does not answer may still get a file, which is all that `create_only` asks for."""
    try:
        return observe_or_empty(config, database)
    except ConnectError as error:
        if not create_only or config.scratch_url is None:
            raise
        tell(Warn(f"{error.message}; the file is written without it"))
        return unknown(config)


def _ran(run: _Run, left: WayOut, created: tuple[str, ...], *, generate: bool) -> MigrateReport:
    config, state = run.config, run.state
    outputs, problem = generated(config) if generate else (None, None)
    return MigrateReport(
        database=run.database.url.safe,
        database_created=not state.exists and not run.create_only,
        created=created,
        applied=tuple(run.applied),
        revision=run.revision,
        changes=run.changes,
        proof=run.proof,
        drift=state.drift or (),
        backup=backups.shown(config, run.backup or left.backup),
        generated=outputs,
        generate_error=problem,
        risks=run.risks,
        counted=run.counted,
        notes=run.notes,
        adopted=left.revision,
        reverted=left.statements,
        ok=problem is None,
    )


def _landed(landing: Landing, created: tuple[str, ...], *, generate: bool) -> MigrateReport:
    config, state = landing.config, landing.state
    outputs, problem = generated(config) if generate else (None, None)
    return MigrateReport(
        database=landing.database.url.safe,
        database_created=not state.exists and bool(landing.applied),
        created=created,
        applied=landing.applied,
        revision=landing.revision,
        changes=landing.changes,
        proof=landing.proof,
        drift=() if state.pushed or landing.recorded or landing.old else state.drift or (),
        backup=backups.shown(config, landing.backup),
        generated=outputs,
        generate_error=problem,
        risks=landing.risks,
        counted=landing.counted,
        notes=(*landing.notes, *_for_the_next(config)),
        recorded=tuple(each.id for each in landing.recorded),
        amended=landing.old,
        statements=landing.statements,
        ok=problem is None,
    )


def _for_the_next(config: Config) -> Iterator[str]:
    """Yield what stays for the next migration, which the database has to run."""
    for change in sqlfiles.declared(config, histories.read(config)).words:
        yield f"{change}: that takes another migration, so run dbtool migrate again"


@dataclass(slots=True)
class _Run:
    """One `migrate` while it goes on: what it found, and what it has done so far."""

    config: Config
    database: Database
    state: State
    create_only: bool
    prove: bool
    ask: Ask
    tell: Tell
    applied: list[Applied] = field(default_factory=list)
    revision: Revision | None = None
    changes: tuple[Change, ...] = ()
    proof: tuple[str, ...] = ()
    risks: tuple[Risk, ...] = ()
    counted: bool = True
    notes: tuple[str, ...] = ()
    decisions: Decisions = field(default_factory=Decisions)
    verdicts: Verdicts | None = None
    ground: Ground | None = None
    backup: Path | None = None

    def prove_what_is_there(self, scratch: Database) -> None:
        """Replay the files; list those that were edited before they ran, or written by hand, once they are proven."""
        standing = self.state.standing
        waiting = {revision.id for revision in standing.pending}
        unproven = [each for each in (*standing.stale, *standing.unlisted) if each.id in waiting and self.prove]
        try:
            self.ground = proof.replay(self.config, scratch, self.state.history.own, unproven)
        except MigrationError as error:
            self.ground = self._from_live(scratch, error)
        if standing.stale or standing.unlisted:
            files.relist(self.config, self.state.history)

    def _from_live(self, scratch: Database, error: MigrationError) -> Ground:
        """Take the live schema where the files do not replay, as in projects that began without them.

        Raises the error where that is not what all files made.
        """
        state = self.state
        if not state.exists or state.standing.pending or state.drift or not state.record.heads:
            raise error
        self.tell(Warn(f"the files do not run from nothing: {error.message}"))
        return proof.from_live(self.config, scratch, self.database, state.history.own)

    def apply_pending(self) -> None:
        """Bring the database to the files, after a backup where a file drops something."""
        if self.create_only:
            return
        if not self.state.exists:
            self.database.create()
        elif any(histories.drops(revision) for revision in self.state.standing.pending):
            self._back_up()
        if self.state.standing.pending:
            self.applied += runner.upgrade(self.config, self.database, self.state.history, tell=self.tell)

    def write(self, scratch: Database, metadata: MetaData, name: str | None) -> None:
        """Write, prove and keep a migration, where models and files differ."""
        self.verdicts = verdicts.of(self.config, scratch, metadata)
        draft = self._decide(scratch, metadata)
        if draft:
            self._keep(scratch, metadata, name, draft)
        if self.verdicts is not None:
            self.verdicts.save()

    def _keep(self, scratch: Database, metadata: MetaData, name: str | None, draft: Draft) -> None:
        chosen = diff.slug(name or self.ask.migration_name(diff.name_of(draft.changes)))
        known = histories.read(self.config)
        others = elsewhere.of(self.config)
        with tempfile.TemporaryDirectory(dir=self.config.make_private()) as folder:
            revision, path = files.write_draft(
                self.config,
                draft,
                name=chosen,
                folder=Path(folder),
                after=known,
                now=datetime.now(UTC),
                remark=others.remark if self.prove else histories.UNPROVEN,
            )
            if self.prove:
                self._prove(scratch, metadata, draft, known, revision)
                self.proof = (*self.proof, *others.prove(self.config, known.own, revision, metadata))
                self.notes = (*self.notes, *others.notes)
            self.revision = files.keep(self.config, revision, path, known)

    def _prove(self, scratch: Database, metadata: MetaData, draft: Draft, known: History, revision: Revision) -> None:
        shown = proof.prove(
            self.config,
            scratch,
            known.own,
            revision,
            metadata,
            draft=draft,
            decisions=self.decisions,
            verdicts=self.verdicts,
            ground=self.ground,
        )
        self.proof, self.notes = shown.steps, (*self.notes, *shown.doubts)

    def _decide(self, scratch: Database, metadata: MetaData) -> Draft:
        """Find the difference, ask what only a person can know, and count what it would do to the rows."""
        exists = self.state.exists or not self.create_only
        found = weigh(
            self.database,
            self.ask,
            lambda decisions: proof.compare(
                self.config,
                scratch,
                metadata,
                decisions=decisions,
                verdicts=self.verdicts,
                files=histories.read(self.config),
            ),
            exists=exists,
        )
        refuse_unused(self.ask)
        self.decisions, self.changes, self.risks = found.decisions, found.changes, found.risks
        self.counted, self.notes = found.counted or not self.state.exists, found.draft.notes
        if self.create_only:
            warn(found, self.tell)
        elif consent(found, self.ask, protection.called(self.config, self.database)):
            self._back_up()
        return found.draft

    def apply_written(self) -> None:
        """Apply the new migration."""
        if self.revision is not None and not self.create_only:
            known = histories.read(self.config)
            self.applied += runner.upgrade(self.config, self.database, known, tell=self.tell)

    def _back_up(self) -> None:
        self.backup = self.backup or backups.take(self.config, self.database)
