"""Carry a schema to a database, and say where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbtool import database as databases
from dbtool.codegen import record
from dbtool.config import Config
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.engine import history as histories
from dbtool.engine import ledger, plan
from dbtool.engine.history import History
from dbtool.engine.state import State, observe, observe_or_empty
from dbtool.errors import RevisionError
from dbtool.reports import Applied, DeployReport, Finding, HistoryReport, Revision, Standing, StatusReport

HEADS = "heads"


def deploy(config: Config, *, to: str | None = None, dry_run: bool = False, tell: Tell = silent) -> DeployReport:
    """Apply what is pending, up to `to`, or every branch of `heads`; create the database if it is missing.

    Imports no models and writes no file but copies of what ran, under `.dbtool/`. `dry_run` runs on the real data and
    rolls back, and where DDL commits by itself only plans. Raises HistoryError when the files are not intact, and
    MigrationError.
    """
    database = databases.of(config)
    state = observe_or_empty(config, database, split=to == HEADS)
    plan.require_intact(state.standing, config.relative(config.migrations))
    target = _target(state, to)
    pending = plan.forward(state.history, state.record.heads, target)
    if not pending:
        return DeployReport(database.url.safe, False, state.record.heads, (), dry_run)
    if dry_run and not (database.transactional_ddl and state.exists):
        return DeployReport(database.url.safe, False, state.record.heads, (), True, planned=pending)
    if not state.exists:
        database.create()
    applied = _upgrade(config, database, state, target, dry_run, tell)
    current = state.record.heads if dry_run else _heads_after(state, pending)
    return DeployReport(database.url.safe, not state.exists, current, applied, dry_run, planned=pending)


def status(config: Config) -> StatusReport:
    """Say what is applied, pending, edited and missing, and whether anybody else changed the schema.

    `ok` only when the database is at the head, the history is intact and nothing drifted. Raises
    DatabaseMissingError.
    """
    database = databases.of(config)
    state = observe(config, database, split=True)
    findings = tuple(_findings(config, state))
    ok = not any(finding.severity == "error" for finding in findings)
    return StatusReport(database.url.safe, state.standing, state.drift, findings, ok)


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
    config: Config, database: Database, state: State, target: str | None, dry_run: bool, tell: Tell
) -> tuple[Applied, ...]:
    from dbtool.engine import runner

    return runner.upgrade(config, database, state.history, to=target, dry_run=dry_run, tell=tell)


def _heads_after(state: State, pending: tuple[Revision, ...]) -> tuple[str, ...]:
    ran = {*state.record.heads, *(revision.id for revision in pending)}
    followed = {parent for revision in pending for parent in (*revision.parents, *revision.depends_on)}
    return tuple(sorted(ran - followed))


def _findings(config: Config, state: State) -> list[Finding]:
    return [
        *_of_branches(config, state.history),
        *_of_files(config, state.standing),
        *_of_database(state),
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
    for id in standing.missing:
        text = f"the file of migration {id} is gone{_known_to_git(config, f'*{id}*.py')}"
        yield Finding("missing", text, plan.find_again(standing, config.relative(config.migrations)), where=id)
    for each in standing.edited:
        text = f"{each.label} was changed after this database ran it{_known_to_git(config, Path(each.path).name)}"
        yield Finding("edited", text, plan.restore(config.relative(Path(each.path))), where=each.path)
    for each in standing.stale:
        yield Finding("stale", f"{each.label} is not what the lock lists", "dbtool migrate", where=each.path)


def _known_to_git(config: Config, name: str) -> str:
    """Return what git knows of a file: who touched it last, on any branch; asked only where something is wrong."""
    from dbtool.engine import git

    commit = git.last_commit(config.root, f"**/{name}")
    return f" (last in {commit.words})" if commit else ""


def _of_database(state: State) -> Iterator[Finding]:
    count = len(state.standing.pending)
    if count:
        yield Finding("pending", f"{count} migration{' is' if count == 1 else 's are'} pending", "dbtool deploy")
    if state.drift:
        hint = "dbtool migrate --drift adopt   (or --drift revert)"
        yield Finding("drift", "the schema is not what migrations left behind", hint)


def _notes(config: Config, standing: Standing) -> Iterator[Finding]:
    """Yield what is nothing wrong with the database."""
    for each in standing.unlisted:
        text = f"{each.label} is not in the lock yet"
        yield Finding("unlisted", text, "dbtool migrate", where=each.path, severity="note")
    for problem in record.problems(config):
        yield Finding("generated", problem, "dbtool generate", severity="note")
