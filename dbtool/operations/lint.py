"""What is wrong with migrations before they run, each with what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.database import Database, locks, spelling
from dbtool.engine import history as histories
from dbtool.engine import plan, proof
from dbtool.engine.history import History
from dbtool.engine.state import State, observe_or_empty
from dbtool.errors import (
    ConflictError,
    ConnectError,
    DatabaseMissingError,
    DriverMissingError,
    HistoryError,
    MigrationError,
    RebuildLossError,
    UnreadableFileError,
    UsageError,
)
from dbtool.reports import Finding, LintReport, Revision, Trace

if TYPE_CHECKING:
    from dbtool.engine.recording import Recorded, Replay


def lint(config: Config, *, revisions: Sequence[str] = (), every: bool = False, trace: bool = False) -> LintReport:
    """Judge migrations by rules: those that are named, or all with `every`, else those that are pending.

    A database that does not answer has the last file judged. The files run on a scratch database, so that rules know
    each table as it was; without one they are judged by themselves. Tables that pending files make are new: nobody
    waits for them. `trace` runs pending files on the database itself, in a transaction that is rolled back. Raises
    RevisionError, MigrationError, and UsageError where a database cannot be traced.
    """
    database = databases.of(config)
    if trace and not locks.can_trace(database):
        raise UsageError(f"{database.name} cannot tell what it locks: only PostgreSQL can", hint="dbtool lint")
    try:
        known = histories.read(config)
    except (ConflictError, UnreadableFileError):
        raise
    except HistoryError as error:
        return _unreadable(database, error)
    state = _state(config, database)
    run = _Run(config, database, known, _chosen(known, state, revisions, every=every), state)
    findings = (*_of_history(config, database, state), *run.judged())
    traces = _traced(config, database, state) if trace else ()
    return LintReport(
        spelling.dialect(database.kind),
        tuple(config.relative(Path(each.path)) for each in run.revisions),
        findings,
        run.replayed,
        traces,
        ok=not any(each.severity == "error" for each in findings),
    )


def _state(config: Config, database: Database) -> State | None:
    try:
        return observe_or_empty(config, database)
    except (ConnectError, DriverMissingError):
        return None


def _chosen(known: History, state: State | None, words: Sequence[str], *, every: bool) -> tuple[Revision, ...]:
    if every:
        return known.revisions
    if words:
        wanted = {plan.resolve(known, word, known.heads) for word in words}
        return tuple(revision for revision in known.revisions if revision.id in wanted)
    return known.revisions[-1:] if state is None else state.standing.pending


@dataclass(slots=True)
class _Run:
    """Files while they are judged, one after the other."""

    config: Config
    database: Database
    history: History
    revisions: tuple[Revision, ...]
    state: State | None
    replayed: bool = True
    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)

    def judged(self) -> tuple[Finding, ...]:
        """Judge all of them, up to one that does not run."""
        findings: list[Finding] = []
        if not self.revisions:
            return ()
        with ExitStack() as stack:
            replay = self._replay(stack)
            for revision in self._in_order():
                if revision in self.revisions:
                    findings += self._judge(revision, replay)
                elif replay is not None:
                    replay.run([revision])
                if any(each.code in ("sqlite-rebuild", "missing-import") for each in findings):
                    break
        return tuple(findings)

    def _replay(self, stack: ExitStack) -> Replay | None:
        from dbtool.engine.recording import Replay

        try:
            scratch = stack.enter_context(proof.scratch(self.config, self.database))
            connection = stack.enter_context(scratch.connect("migrate"))
        except (ConnectError, DriverMissingError):
            self.replayed = False
            return None
        return Replay(self.config, scratch, connection)

    def _in_order(self) -> Iterator[Revision]:
        """Yield every file up to the last that is judged: a table is what the files before made of it."""
        chosen = {revision.id for revision in self.revisions}
        needed = plan.ancestors(self.history, chosen) if self.replayed else chosen
        return (revision for revision in self.history.revisions if revision.id in needed)

    def _judge(self, revision: Revision, replay: Replay | None) -> Iterator[Finding]:
        from dbtool.engine import lint as rules

        kind, path = self.database.kind, self.config.relative(Path(revision.path))
        source = Path(revision.path).read_text(encoding="utf-8-sig")
        try:
            up = _noted(self.database, revision, replay)
        except RebuildLossError as error:
            words = f"{error.message}: {', '.join(error.problems)}"
            yield rules.finding(rules.RULES["sqlite-rebuild"], kind, words, f"{path}:1")
            return
        except MigrationError as error:
            unknown = list(rules.unknown_names(source, revision, kind, path))
            if not unknown or not isinstance(error.__cause__, NameError):
                raise
            yield from unknown
            return
        added = rules.added(up)
        facts = rules.Facts(kind, frozenset({*self.columns, *added}), self._packages())
        file = rules.file_of(up, _way_back(self.database, revision, replay), source, self.tables)
        yield from rules.judge(file, facts, path)
        if self.state is not None and revision in self.state.standing.pending:
            self.tables |= rules.created(up)
            self.columns |= added

    def _packages(self) -> frozenset[str]:
        return frozenset({self.config.models.partition(":")[0].partition(".")[0]} if self.config.models else ())


def _noted(database: Database, revision: Revision, replay: Replay | None) -> Recorded:
    from dbtool.engine import recording

    if replay is not None:
        return replay.record(revision, "up")
    with recording.failing(revision, "without a database"):
        return recording.noted(revision, "up", spelling.dialect(database.kind))


def _way_back(database: Database, revision: Revision, replay: Replay | None) -> Recorded | None:
    """Note what the way back says, without going it; None where it says that only while it goes."""
    from dbtool.engine import recording

    look = replay.look if replay is not None else recording.not_there
    with suppress(Exception):
        return recording.noted(revision, "down", spelling.dialect(database.kind), look)
    return None


def _of_history(config: Config, database: Database, state: State | None) -> Iterator[Finding]:
    """Yield what the files as a whole and this database tell."""
    from dbtool.engine import lint as rules

    if state is None:
        return
    for name, revision, message in rules.of_standing(state.standing):
        path = config.relative(Path(revision.path) if revision else config.migrations)
        rule = rules.RULES[name]
        advice = rule.rewrite.replace("<path>", path)
        yield rules.finding(rule, database.kind, message, f"{path}:1" if revision else path, advice)
    if state.exists:
        with database.reading() as connection, database.translated():
            for name in locks.invalid_indexes(database, connection):
                rule = rules.RULES["invalid-index"]
                advice = rule.rewrite.replace("<name>", name)
                yield rules.finding(rule, database.kind, f"index {name} is not valid and not used", "", advice)


def _unreadable(database: Database, error: HistoryError) -> LintReport:
    from dbtool.engine import lint as rules

    rule = rules.RULES[rules.of_error(error)]
    found = rules.finding(rule, database.kind, error.message, "", error.hint)
    return LintReport(spelling.dialect(database.kind), (), (found,), ok=False)


def _traced(config: Config, database: Database, state: State | None) -> tuple[Trace, ...]:
    from dbtool.engine import tracing

    if state is None or not state.exists:
        raise DatabaseMissingError(f"there is no {database.name} to trace on", hint="dbtool deploy")
    return tracing.trace(config, database, state.standing.pending)
