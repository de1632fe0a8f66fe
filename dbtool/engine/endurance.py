"""Run a whole history on a scratch database: each file up, and where it can be, down and up again among rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import portrait, runner, samples
from dbtool.engine.history import History
from dbtool.engine.plan import BASE
from dbtool.engine.portrait import Portrait
from dbtool.errors import MigrationError
from dbtool.reports import Revision


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that does not do what it must, and why."""

    revision: Revision
    text: str


@dataclass(slots=True)
class Endurance:
    """What a history has shown.

    `stuck` is the file that did not run up, after which nothing is known. `faults` are of ways back, `one_way` the
    files that say they have none. `rows` counts those that files ran among, `linear` is whether ways back were tried:
    between branches they are not.
    """

    up: int = 0
    back: int = 0
    rows: int = 0
    linear: bool = True
    stuck: Fault | None = None
    faults: list[Fault] = field(default_factory=list)
    one_way: list[Revision] = field(default_factory=list)


def endure(config: Config, scratch: Database, history: History) -> Endurance:
    """Run every file from nothing; the scratch database is at the head at the end, unless one is stuck."""
    found = Endurance(linear=history.is_chain)
    if not found.linear:
        _run_all(config, scratch, history, found)
        return found
    for number, revision in enumerate(history.revisions):
        target = history.revisions[number - 1].id if number else BASE
        before = portrait.of(scratch, beside=True)
        try:
            runner.upgrade(config, scratch, history, to=revision.id)
        except MigrationError as error:
            found.stuck = _fault(revision, error)
            return found
        found.up += 1
        _back_and_forth(_Trial(config, scratch, history, revision, target, before), found)
        if found.stuck is not None:
            return found
    return found


@dataclass(frozen=True, slots=True)
class _Trial:
    """A file that has just run up; `before` is the schema without it, `target` where its way back leads."""

    config: Config
    scratch: Database
    history: History
    revision: Revision
    target: str
    before: Portrait


def _back_and_forth(trial: _Trial, found: Endurance) -> None:
    found.rows += _fill(trial.scratch)
    try:
        runner.downgrade(trial.config, trial.scratch, trial.history, to=trial.target)
    except MigrationError as error:
        if isinstance(error.__cause__, NotImplementedError):
            found.one_way.append(trial.revision)
        else:
            found.faults.append(_fault(trial.revision, error, "its way back fails"))
            _begin_again(trial, found)
        return
    after = portrait.of(trial.scratch, beside=True)
    differences = trial.before.named_as(after).differences(after)
    if differences:
        text = f"its way back does not bring the schema back: {', '.join(differences[:4])}"
        found.faults.append(Fault(trial.revision, text))
        _begin_again(trial, found)
        return
    _up_again(trial, found)


def _up_again(trial: _Trial, found: Endurance) -> None:
    try:
        runner.upgrade(trial.config, trial.scratch, trial.history, to=trial.revision.id)
        found.back += 1
    except MigrationError as error:
        found.faults.append(_fault(trial.revision, error, "up again among rows fails"))
        _begin_again(trial, found)


def _begin_again(trial: _Trial, found: Endurance) -> None:
    """Bring the scratch database to where the file leads, whatever is left of a failure."""
    trial.scratch.clear()
    try:
        runner.upgrade(trial.config, trial.scratch, trial.history, to=trial.revision.id)
    except MigrationError as error:
        found.stuck = _fault(trial.revision, error)


def _run_all(config: Config, scratch: Database, history: History, found: Endurance) -> None:
    try:
        runner.upgrade(config, scratch, history)
        found.up = len(history.revisions)
    except MigrationError as error:
        stuck = next((each for each in history.revisions if each.name == error.failed), history.revisions[0])
        found.stuck = _fault(stuck, error)


def _fill(scratch: Database) -> int:
    with scratch.connect("migrate") as connection:
        samples.clear(connection, leave=scratch.own_tables)
        return samples.fill(connection, leave=scratch.own_tables).count


def _fault(revision: Revision, error: MigrationError, what: str = "") -> Fault:
    words = next((each for each in error.problems if each.startswith("database: ")), error.message)
    return Fault(revision, f"{what}: {words}" if what else words)
