"""Take migrations back: say what would be lost, ask, copy the database away, go down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, Warn, silent
from dbtool.database import Database
from dbtool.engine import kept, ledger, live, losses, plan, protection, runner
from dbtool.engine.history import History
from dbtool.engine.state import State, observe
from dbtool.errors import EditedError, MissingFileError, RevisionError
from dbtool.operations import backups
from dbtool.reports import Applied, Revision, Risk, RollbackReport


def rollback(
    config: Config,
    *,
    steps: int = 1,
    to: str | None = None,
    missing: bool = False,
    dry_run: bool = False,
    backup: bool = True,
    lock_timeout: float | None = None,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> RollbackReport:
    """Take back the newest `steps` migrations of the database, all after `to`, or with `missing` those without a file.

    A migration without a file, as another branch leaves it behind, is taken back by its copy in `.dbtool/applied/`,
    else by what git knows of it on any branch; what follows it goes with it.
    Asks first, naming what would be lost; where rows would be, takes a backup. A failure leaves the database as it
    was, except where it commits every DDL statement. `dry_run` asks nothing, runs it and undoes it, and where DDL
    commits by itself only plans. `lock_timeout` is as with `deploy`. Raises ProtectedError, RevisionError,
    MissingFileError, EditedError, HistoryError for a file that cannot be taken back, AnswerError, MigrationError,
    LockedError.
    """
    database = databases.of(config)
    database.patience = database.patience if lock_timeout is None else lock_timeout
    if not dry_run:
        protection.require_confirmed(config, database, "rollback")
    state = observe(config, database)
    if missing:
        descent = _of_missing(config, database, state, tell)
    else:
        planned = _planned(state, steps, to)
        _require_intact(config, state, planned)
        descent = Descent(config, database, state.history, planned, tell)
    return descend(descent, ask=ask, dry_run=dry_run, backup=backup)


@dataclass(frozen=True, slots=True)
class Descent:
    """Migrations that are to be taken back, newest first; nothing else that has run follows them."""

    config: Config
    database: Database
    history: History
    planned: tuple[Revision, ...]
    tell: Tell = silent

    def count(self) -> tuple[Risk, ...] | None:
        """Count what would be lost; None where nobody can know."""
        with live.reading(self.database, exists=True) as rows:
            return losses.of_rollback(self.config, self.database, self.history, self.planned, rows) if rows else None

    def go(self, *, dry_run: bool = False) -> tuple[Applied, ...]:
        """Take them back."""
        ids = {revision.id for revision in self.planned}
        return runner.take_back(self.config, self.database, self.history, ids, dry_run=dry_run, tell=self.tell)


def descend(descent: Descent, *, ask: Ask, dry_run: bool = False, backup: bool = True) -> RollbackReport:
    """Count, ask, copy away what has rows to lose, and go down; with nothing planned, do nothing."""
    config, database = descent.config, descent.database
    if not descent.planned:
        return RollbackReport(database.url.safe, heads(database), (), dry_run)
    risks = descent.count()
    copy: Path | None = None
    if not dry_run:
        confirm(descent, risks, ask)
        if backup and (risks is None or risks):
            copy = backups.take_or_say_how(config, database)
    applied = descent.go(dry_run=dry_run)
    return RollbackReport(
        database.url.safe,
        heads(database),
        applied,
        dry_run,
        descent.planned,
        risks or (),
        risks is not None,
        backups.shown(config, copy),
    )


def confirm(descent: Descent, risks: tuple[Risk, ...] | None, ask: Ask) -> None:
    """Say what would be lost, and ask. Raises AnswerError."""
    for risk in risks or ():
        descent.tell(Warn(f"{risk.subject}: {risk.text}"))
    if risks is None:
        descent.tell(Warn("what would be lost cannot be counted: the files do not run on a scratch database"))
    labels = ", ".join(revision.label for revision in descent.planned)
    where = protection.place(descent.config, descent.database)
    ask.confirm(f"take back {labels} on {where}?", flag="--yes")


def heads(database: Database) -> tuple[str, ...]:
    """Return where a database is, as Alembic's version table says it."""
    with database.reading() as connection, database.translated():
        return ledger.read(database, connection).heads


def _planned(state: State, steps: int, to: str | None) -> tuple[Revision, ...]:
    if to is None:
        return plan.last(state.standing.applied, steps) if state.standing.applied or steps != 1 else ()
    target = plan.resolve(state.history, to, state.record.heads)
    if target != plan.BASE and target not in {revision.id for revision in state.standing.applied}:
        raise RevisionError(f"{to} has not run on this database", hint=f"dbtool deploy --to {to}")
    return plan.backward(state.history, state.record.heads, target)


def _of_missing(config: Config, database: Database, state: State, tell: Tell) -> Descent:
    """Find the files of what ran, and plan to take back those and what follows them."""
    ran = {*plan.ancestors(state.history, state.record.heads), *state.record.checksums}
    found = _recovered(config, state, [id for id in state.standing.missing if id in ran])
    whole = state.history.with_files(found)
    gone = {revision.id for revision in found}
    going = [
        revision
        for revision in plan.among(whole, state.record.heads, ran)
        if plan.ancestors(whole, [revision.id]) & gone
    ]
    return Descent(config, database, whole, tuple(going), tell)


def _recovered(config: Config, state: State, lost: list[str]) -> tuple[Revision, ...]:
    """Return the files of what is lost, and of all that they follow. Raises MissingFileError."""
    known = {revision.id for revision in state.history.revisions}
    found: dict[str, Revision] = {}
    waiting = list(lost)
    while waiting:
        id = waiting.pop()
        if id in known or id in found:
            continue
        revision = kept.recover(config, id, state.record.checksums.get(id))
        if revision is None:
            raise MissingFileError(
                f"the file of migration {id} is neither in {config.relative(config.private)}/applied/ nor known to git",
                hint="git fetch --all, then run this again",
            )
        found[id] = revision
        waiting += [*revision.parents, *revision.depends_on]
    return tuple(found.values())


def _require_intact(config: Config, state: State, planned: tuple[Revision, ...]) -> None:
    """Refuse to run a way back that is not the one of what ran."""
    if state.standing.left_behind:
        raise plan.stopped(state.record.heads, state.standing.left_behind)
    lost = [head for head in state.standing.missing if head in state.record.heads]
    if lost:
        raise MissingFileError(
            f"the file of migration {', '.join(lost)} is gone, and the database is there",
            hint=plan.find_again(state.standing, config.relative(config.migrations)),
        )
    edited = [revision for revision in planned if revision in state.standing.edited]
    if edited:
        labels = ", ".join(revision.label for revision in edited)
        raise EditedError(
            f"{labels} was changed after this database ran it",
            hint=plan.restore(config.relative(Path(edited[0].path))),
        )
