"""Carry a schema to a database, and say where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Literal, TypeVar

from dbtool import database as databases
from dbtool.codegen import record
from dbtool.config import Config
from dbtool.conversation import Note, Tell, silent
from dbtool.database import Database
from dbtool.engine import history as histories
from dbtool.engine import ledger, plan, protection, sqlfiles
from dbtool.engine.history import History
from dbtool.engine.state import State, glance, observe
from dbtool.errors import BehindError, ConnectError, RevisionError, SqlFileError
from dbtool.reports import Applied, DeployReport, Finding, HistoryReport, Revision, Standing, StatusReport, Stopped

HEADS = "heads"
Transaction = Literal["run", "migration"]
Seen = TypeVar("Seen")
_BETWEEN_LOOKS = 0.5  # seconds between two looks at a server that is waited for


def deploy(
    config: Config,
    *,
    to: str | None = None,
    dry_run: bool = False,
    lock_timeout: float | None = None,
    wait: float = 0,
    backup: bool = False,
    transaction: Transaction = "run",
    tell: Tell = silent,
) -> DeployReport:
    """Apply what is pending, up to `to`, or every branch of `heads`; create the database if it is missing.

    Imports no models and writes no file but copies of what ran, under `.dbtool/`. `dry_run` runs on the real data and
    rolls back, and where DDL commits by itself only plans. `lock_timeout`, in seconds, is how long another deployer and
    any lock of a table are waited for; `wait` how long a server that does not answer. `backup` copies the database
    away first, where anything is pending. `transaction` is one for the whole run or one for each migration. Raises
    HistoryError when the files are not intact, MigrationError, LockedError.
    """
    wishes = Wishes(to, dry_run, lock_timeout, wait, backup, transaction)
    return bring(config, histories.read(config, split=to == HEADS), wishes, tell)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a database shall be brought where the files are; see `deploy`."""

    to: str | None = None
    dry_run: bool = False
    lock_timeout: float | None = None
    wait: float = 0
    backup: bool = False
    transaction: Transaction = "run"


def bring(config: Config, known: History, wishes: Wishes, tell: Tell = silent) -> DeployReport:
    """Apply what is pending of files that were read before."""
    database = databases.of(config)
    database.patience = database.patience if wishes.lock_timeout is None else wishes.lock_timeout
    state = answering(lambda: glance(config, database, known), wishes.wait, tell)
    plan.require_intact(state.standing, config.relative(config.migrations))
    target = _target(state, wishes.to)
    pending = plan.forward(known, state.record.heads, target)
    dry_run = wishes.dry_run
    if not pending:
        return DeployReport(database.url.safe, False, state.record.heads, (), dry_run)
    if dry_run and not (database.transactional_ddl and state.exists):
        return DeployReport(database.url.safe, False, state.record.heads, (), True, planned=pending)
    copy = _copied(config, database) if wishes.backup and state.exists and not dry_run else None
    if not state.exists:
        database.create()
    applied = _upgrade(config, database, state, target, wishes, tell)
    current = state.record.heads if dry_run else _heads_after(state, pending)
    return DeployReport(database.url.safe, not state.exists, current, applied, dry_run, planned=pending, backup=copy)


def _copied(config: Config, database: Database) -> str | None:
    from dbtool.operations import backups

    return backups.shown(config, backups.take(config, database))


def answering(look: Callable[[], Seen], seconds: float, tell: Tell) -> Seen:
    """Look, again and again for so many seconds while the server does not answer. Raises ConnectError in the end."""
    waiting = _Waiting(seconds, tell)
    while True:
        try:
            return look()
        except ConnectError as error:
            if type(error) is not ConnectError or waiting.is_over:
                raise
            waiting.pause(error.message)


class _Waiting:
    """Patience for so many seconds, from now; what is waited for is told once."""

    def __init__(self, seconds: float, tell: Tell) -> None:
        self._deadline = monotonic() + seconds
        self._tell: Tell | None = tell

    @property
    def is_over(self) -> bool:
        """Whether there is no more time."""
        return monotonic() >= self._deadline

    def pause(self, words: str) -> None:
        """Wait until the next look."""
        if self._tell is not None:
            self._tell(Note(f"waiting: {words}"))
            self._tell = None
        sleep(min(_BETWEEN_LOOKS, max(self._deadline - monotonic(), 0)))


def require_current(config: Config) -> None:
    """Return when the database has run every migration of these files; for the start of an application.

    One cheap read: no models, no SQLAlchemy. Raises BehindError where the code is ahead of its database,
    DatabaseMissingError, ConnectError.
    """
    database = databases.of(config)
    state = observe(config, database)
    if state.stopped is not None:
        raise BehindError(halfway(state.stopped).message, hint="dbtool deploy")
    count = len(state.standing.pending)
    if count:
        names = ", ".join(each.label for each in state.standing.pending[:3])
        raise BehindError(
            f"{database.name} is {count} migration{'' if count == 1 else 's'} behind: {names}"
            f"{', ...' if count > 3 else ''}",
            hint="dbtool deploy",
        )


def status(config: Config, *, wait: float = 0, tell: Tell = silent) -> StatusReport:
    """Say what is applied, pending, edited and missing, and whether anybody else changed the schema.

    `ok` only when the database is at the head, the history is intact and nothing drifted. With `wait` it looks again
    and again for so many seconds until that is so, also while the server does not answer. Raises
    DatabaseMissingError, ConnectError.
    """
    waiting = _Waiting(wait, tell)
    while True:
        try:
            report = _status(config)
            if report.ok or waiting.is_over:
                return report
            words = report.findings[0].message
        except ConnectError as error:
            if waiting.is_over:
                raise
            words = error.message
        waiting.pause(words)


def _status(config: Config) -> StatusReport:
    database = databases.of(config)
    state = observe(config, database, split=True)
    findings = tuple(_findings(config, state))
    ok = not any(finding.severity == "error" for finding in findings)
    protected = protection.reason(config, database)
    return StatusReport(database.url.safe, config.environment, protected, state.standing, state.drift, findings, ok)


def history(config: Config) -> HistoryReport:
    """Tell what ran on the database, oldest first, by its ledger.

    `unrecorded` holds migrations that ran, but not under dbtool: the ledger cannot know when.
    """
    database = databases.of(config)
    state = observe(config, database)
    with database.reading() as connection, database.translated():
        rows = ledger.read_rows(database, connection)
    recorded = {row.revision for row in rows}
    unrecorded = tuple(revision for revision in state.standing.applied if revision.id not in recorded)
    return HistoryReport(database.url.safe, rows, unrecorded)


def _target(state: State, word: str | None) -> str | None:
    if word is None or word == HEADS:
        return None
    target = plan.resolve(state.history, word, state.record.heads)
    ran = plan.ancestors(state.history, state.record.heads)
    if target == plan.BASE or (target in ran and target not in state.record.heads):
        raise RevisionError(f"{word} lies behind where the database is", hint=f"dbtool rollback --to {word}")
    return target


def _upgrade(
    config: Config, database: Database, state: State, target: str | None, wishes: Wishes, tell: Tell
) -> tuple[Applied, ...]:
    from dbtool.engine import runner

    apart = wishes.transaction == "migration"
    return runner.upgrade(config, database, state.history, to=target, dry_run=wishes.dry_run, apart=apart, tell=tell)


def _heads_after(state: State, pending: tuple[Revision, ...]) -> tuple[str, ...]:
    ran = {*state.record.heads, *(revision.id for revision in pending)}
    followed = {parent for revision in pending for parent in (*revision.parents, *revision.depends_on)}
    return tuple(sorted(ran - followed))


def _findings(config: Config, state: State) -> list[Finding]:
    return [
        *_of_branches(config, state.history),
        *_of_files(config, state.standing),
        *_of_database(state),
        *_of_objects(config, state.history),
        *_notes(config, state.standing),
    ]


def _of_branches(config: Config, known: History) -> Iterator[Finding]:
    """Yield what keeps two branches apart."""
    if known.conflict is not None:
        where = f"{config.relative(config.lock)}:{known.conflict}"
        text = f"{where} holds the markers of an unfinished merge: two branches both added a migration"
        yield Finding("conflict", text, "dbtool rebase", where=where)
    fork = histories.forked(known) if known.host == "dbtool" else None
    if fork is not None:
        yield Finding("heads", fork.message, fork.hint)


def _of_files(config: Config, standing: Standing) -> Iterator[Finding]:
    """Yield what of the migration files is not as this database or the lock knows it."""
    if standing.left_behind:
        error = plan.stopped(standing.current, standing.left_behind)
        yield Finding("squashed", error.message, error.hint, where=standing.left_behind[0])
    for id in standing.missing:
        text = f"the file of migration {id} is gone{_known_to_git(config, f'*{id}*.py')}"
        yield Finding("missing", text, plan.find_again(standing, config.relative(config.migrations)), where=id)
    for each in standing.edited:
        text = f"{each.label} was changed after this database ran it{_known_to_git(config, Path(each.path).name)}"
        hint = plan.restore(config.relative(Path(each.path)), last=(each.id,) == standing.heads)
        yield Finding("edited", text, hint, where=each.path)
    for each in standing.stale:
        yield Finding("stale", f"{each.label} is not what the lock lists", "dbtool migrate", where=each.path)


def _known_to_git(config: Config, name: str) -> str:
    """Return what git knows of a file: who touched it last, on any branch; asked only where something is wrong."""
    from dbtool.engine import git

    commit = git.last_commit(config.root, f"**/{name}")
    return f" (last in {commit.words})" if commit else ""


def _of_database(state: State) -> Iterator[Finding]:
    if state.stopped is not None:
        yield halfway(state.stopped)
    count = 0 if state.standing.left_behind else len(state.standing.pending)
    if count:
        yield Finding("pending", f"{count} migration{' is' if count == 1 else 's are'} pending", "dbtool deploy")
    if state.pushed:
        yield Finding("drift", "the schema is what `dbtool push` made, and no migration says so yet", "dbtool migrate")
    elif state.drift:
        hint = "dbtool migrate --drift adopt   (or --drift revert)"
        yield Finding("drift", "the schema is not what migrations left behind", hint)


def halfway(stopped: Stopped) -> Finding:
    """Say where a migration stopped, and how to go on."""
    count = f"{stopped.done} statement{'' if stopped.done == 1 else 's'}"
    last = "the last one" if stopped.certain else "and it is not known whether the next one had its effect:"
    text = f"{stopped.revision} stopped on its way {stopped.direction} after {count}, {last} `{stopped.statement}`"
    way = "dbtool deploy" if stopped.direction == "up" else "dbtool repair"
    return Finding("stopped", text, f"{way}, or take it back: dbtool repair --undo", where=stopped.revision)


def _of_objects(config: Config, known: History) -> Iterator[Finding]:
    """Yield what of the views, triggers and functions no migration says yet."""
    try:
        found = sqlfiles.declared(config, known)
    except SqlFileError as error:
        yield Finding("sql", error.message, error.hint)
        return
    folder = config.relative(config.migrations / sqlfiles.FOLDER)
    for change in found.words:
        yield Finding("sql", f"{folder}: {change}, as no migration does yet", "dbtool migrate", severity="note")


def _notes(config: Config, standing: Standing) -> Iterator[Finding]:
    """Yield what is nothing wrong with the database."""
    for each in standing.unlisted:
        text = f"{each.label} is not in the lock yet"
        yield Finding("unlisted", text, "dbtool migrate", where=each.path, severity="note")
    for problem in record.problems(config):
        yield Finding("generated", problem, "dbtool generate", severity="note")
