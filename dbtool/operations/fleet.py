"""Carry a schema to many databases: a file, a database or a schema for each tenant."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context, parent_process
from threading import Lock, Thread
from time import perf_counter

from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.conversation import Tell, Working, silent
from dbtool.database import url as urls
from dbtool.engine import history as histories
from dbtool.engine.history import History
from dbtool.engine.state import glance
from dbtool.errors import DbtoolError, MigrationError, UrlError
from dbtool.operations.deploy import HEADS, Transaction, Wishes, bring
from dbtool.reports import DeployReport, Failure, FleetReport, Outcome, TargetReport

_SHOWN = 20  # lines of a list that are named at once
Done = Callable[[TargetReport], object]


@dataclass(frozen=True, slots=True)
class Target:
    """One database of a list: its line, and the project as it is for it."""

    line: int
    config: Config

    @property
    def database(self) -> str:
        """Its URL as it may be shown."""
        return urls.parse(self.config.url).safe


def deploy_fleet(
    config: Config,
    targets: str,
    *,
    source: str = "targets",
    jobs: int = 1,
    keep_going: bool = False,
    to: str | None = None,
    dry_run: bool = False,
    lock_timeout: float | None = None,
    wait: float = 0,
    backup: bool = False,
    transaction: Transaction = "run",
    done: Done | None = None,
    tell: Tell = silent,
) -> FleetReport:
    """Deploy to each database of a list: `targets` has a URL on each line; empty lines and `#` begin no URL.

    All lines are read before the first database is touched, and the migration files once. Each database is deployed to
    as `deploy` does, by itself: what failed in one is as it was there, and running the list again goes on with what is
    not up to date. The first failure lets no other one begin, unless `keep_going`. With `jobs` so many processes
    migrate at a time, since Alembic knows one migration in a process; databases that are up to date are known in this
    one. `done` is given each result as it is there. Ctrl-C lets those that run come to their end. Raises UrlError with
    every line that is no URL, and HistoryError.
    """
    fleet = read_targets(config, targets, source)
    known = histories.read(config, split=to == HEADS)
    wishes = Wishes(to, dry_run, lock_timeout, wait, backup, transaction)
    run = _Run(fleet, known, wishes, keep_going, done or (lambda report: None), tell)
    started = perf_counter()
    run.go(min(jobs, len(fleet)))
    results = tuple(run.results[target.line] for target in fleet)
    ok = all(result.ok for result in results)
    return FleetReport(results, perf_counter() - started, dry_run, run.interrupted, ok)


def read_targets(config: Config, text: str, source: str) -> tuple[Target, ...]:
    """Read a list of URLs. Raises UrlError that names each line that is none, or that comes twice."""
    found: list[Target] = []
    problems: list[str] = []
    lines: dict[tuple[object, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        location = Location(word, "--url", config.root)
        try:
            url = urls.parse(location)
        except UrlError as error:
            problems.append(f"{source}:{number}: {error.message}")
            continue
        place = (url.kind, url.database, url.host, url.port, url.query.get("schema"))
        if place in lines:
            problems.append(f"{source}:{number}: {url.safe} stands in line {lines[place]} already")
        lines.setdefault(place, number)
        found.append(Target(number, replace(config, url=location, sources={**config.sources, "url": "--url"})))
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        count = "a line" if len(problems) == 1 else f"{len(problems)} lines"
        raise UrlError(
            f"{count} of {source} cannot be deployed to, so nothing was",
            hint=f"one URL a line, such as {urls.ACCEPTED}",
            problems=[*problems[:_SHOWN], *more],
        )
    if not found:
        raise UrlError(f"there is no URL in {source}", hint=f"one URL a line, such as {urls.ACCEPTED}")
    return tuple(found)


class _Run:
    """A fleet while it is deployed to."""

    def __init__(
        self, fleet: Sequence[Target], known: History, wishes: Wishes, keep_going: bool, done: Done, tell: Tell
    ) -> None:
        self.fleet, self.known, self.wishes, self.keep_going = fleet, known, wishes, keep_going
        self.results: dict[int, TargetReport] = {}
        self.interrupted = False
        self._done, self._tell = done, tell

    def go(self, jobs: int) -> None:
        """Deploy to all, and note which ones were not reached."""
        try:
            if jobs > 1:
                self._side_by_side(jobs)
            else:
                self._one_by_one()
        except KeyboardInterrupt:
            self.interrupted = True
        for target in self.fleet:
            if target.line not in self.results:
                self._note(TargetReport(target.line, target.database, "not reached", ok=False))

    @property
    def _is_over(self) -> bool:
        return not self.keep_going and any(not result.ok for result in self.results.values())

    def _one_by_one(self) -> None:
        for target in self.fleet:
            self._note(brought(target, self.known, self.wishes))
            if self._is_over:
                return

    def _side_by_side(self, jobs: int) -> None:
        behind = [target for target in self.fleet if not self._is_current(target)]
        if not behind:
            return
        way = "fork" if "fork" in get_all_start_methods() else "spawn"
        pool = ProcessPoolExecutor(
            min(jobs, len(behind)), get_context(way), initializer=_begin, initargs=(self.known, self.wishes)
        )
        with pool, self._cancelling(pool):
            waiting: dict[Future[TargetReport], Target] = {pool.submit(_work, target): target for target in behind}
            for future in as_completed(waiting):
                if not future.cancelled():
                    self._note(_result(future, waiting[future]))
                if self._is_over:
                    pool.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _cancelling(self, pool: ProcessPoolExecutor) -> Iterator[None]:
        """Let nothing else begin after Ctrl-C; what runs comes to its end."""
        try:
            yield
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise

    def _is_current(self, target: Target) -> bool:
        """Whether a database is where the last file is; what cannot be told is left to its deploy."""
        started = perf_counter()
        try:
            state = glance(target.config, databases.of(target.config), self.known)
        except DbtoolError:
            return False
        standing = state.standing
        wrong = standing.pending or standing.missing or standing.edited or state.stopped
        if self.wishes.to is not None or wrong or not state.exists:
            return False
        seconds = perf_counter() - started
        self._note(TargetReport(target.line, target.database, "current", state.record.heads, seconds=seconds))
        return True

    def _note(self, report: TargetReport) -> None:
        self.results[report.line] = report
        self._done(report)
        self._tell(Working(report.database, len(self.results), len(self.fleet)))


def brought(target: Target, known: History, wishes: Wishes) -> TargetReport:
    """Deploy to one database, and tell what became of it."""
    started = perf_counter()
    try:
        report = bring(target.config, known, wishes)
    except DbtoolError as error:
        failure = Failure(error.code, error.message, error.hint, tuple(error.problems))
        return TargetReport(
            target.line, target.database, "failed", seconds=perf_counter() - started, failure=failure, ok=False
        )
    return TargetReport(
        target.line,
        target.database,
        _outcome(report),
        report.current,
        report.applied,
        report.planned if wishes.dry_run else (),
        perf_counter() - started,
    )


def _outcome(report: DeployReport) -> Outcome:
    if report.dry_run and report.planned:
        return "would apply"
    return "applied" if report.applied else "current"


# In a process of its own

_shared: tuple[History, Wishes] | None = None
_busy = Lock()


def _begin(known: History, wishes: Wishes) -> None:
    global _shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits hears it
    _shared = known, wishes
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process that gives work is gone, however that came about; a migration that runs is finished."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    with _busy:
        os._exit(1)


def _work(target: Target) -> TargetReport:
    assert _shared is not None
    with _busy:
        return brought(target, *_shared)


def _result(future: Future[TargetReport], target: Target) -> TargetReport:
    try:
        return future.result()
    except BrokenProcessPool:
        failure = Failure(MigrationError.code, "the process that migrated it was killed", "run this again", ())
        return TargetReport(target.line, target.database, "failed", failure=failure, ok=False)
