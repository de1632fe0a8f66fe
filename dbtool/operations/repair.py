"""Bring back to order what a crash, or another tool, has left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dbtool
from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, silent
from dbtool.database import Database
from dbtool.engine import ledger, mending, plan, protection, runner
from dbtool.engine.state import State, observe
from dbtool.errors import DbtoolError, MissingFileError
from dbtool.operations.deploy import halfway
from dbtool.reports import Applied, Finding, RepairReport, Revision


def repair(
    config: Config, *, undo: bool = False, dry_run: bool = False, ask: Ask = REFUSE, tell: Tell = silent
) -> RepairReport:
    """Mend what keeps migrations from going on; name all of it first, and ask.

    A migration that stopped halfway, where every DDL statement is committed, goes on from there, or with `undo` is
    taken back. The ledger gets what Alembic's version table says, and the text of applied files as they are now.
    Indexes that PostgreSQL calls invalid are dropped. `dry_run` only names. Raises ProtectedError, AnswerError,
    MigrationError, StoppedHalfwayError, DatabaseMissingError.
    """
    database = databases.of(config)
    if undo and not dry_run:
        protection.require_confirmed(config, database, "repair --undo")
    run = _Repair(config, database, observe(config, database, split=True), undo, tell)
    faults = [*run.faults()]
    if faults and not dry_run:
        words = "; ".join(fault.finding.message for fault in faults)
        ask.confirm(f"repair {protection.place(config, database)}: {words}?", flag="--yes")
        for fault in faults:
            fault.mend()
    return RepairReport(
        database=database.url.safe,
        findings=tuple(fault.finding for fault in faults),
        applied=tuple(run.applied),
        dry_run=dry_run,
        ok=not (dry_run and faults),
    )


_WAYS = {
    "unrecorded": "write it into the ledger",
    "not applied": "write into the ledger that it was taken back",
    "edited": "take the text as it is for the one that ran",
}


def _nothing() -> None:
    """Do nothing: something else mends it."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something that is wrong, with what `repair` does about it as the hint."""

    finding: Finding
    mend: Callable[[], None]


@dataclass(slots=True)
class _Repair:
    """One repair while it goes on."""

    config: Config
    database: Database
    state: State
    undo: bool
    tell: Tell
    applied: list[Applied] = field(default_factory=list)

    def faults(self) -> Iterator[_Fault]:
        """Yield what is wrong, in the order in which it is mended."""
        if self.state.stopped is not None:
            way = "take it back" if self.undo else "go on from there"
            yield self._fault("stopped", halfway(self.state.stopped).message, way, self._finish)
            return  # nothing else can be known before that is at its end
        yield from self._of_ledger()
        with self.database.reading() as connection:
            names = self.database.invalid_indexes(connection)
        if names:
            text = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} invalid: a concurrent build came to no end"
            yield self._fault("invalid index", text, "drop it, for a migration to make it anew", self._drop(names))

    def _of_ledger(self) -> Iterator[_Fault]:
        """Yield each row that is not right; the first one's mending writes them all."""
        known, standing = self.state.record.checksums, self.state.standing
        if not known:
            return  # no ledger: that is for `baseline`
        ran = plan.ancestors(self.state.history, self.state.record.heads)
        unrecorded = [each for each in standing.applied if each.id not in known]
        beyond = [id for id in known if id not in ran and id not in standing.missing]
        told = [("unrecorded", f"{each.label} ran, and the ledger does not say so") for each in unrecorded]
        told += [("not applied", f"{id} is applied by the ledger, and not by Alembic's version table") for id in beyond]
        told += [("edited", f"{each.label} is not the text that ran") for each in standing.edited]
        for number, (code, text) in enumerate(told):
            mend = _nothing if number else lambda: self._write([*unrecorded, *standing.edited], beyond)
            yield self._fault(code, text, _WAYS[code], mend)

    def _fault(self, code: str, text: str, way: str, mend: Callable[[], None]) -> _Fault:
        return _Fault(Finding(code, text, way), mend)

    def _finish(self) -> None:
        stopped = self.state.stopped
        assert stopped is not None
        revision = next((each for each in self.state.history.revisions if each.id == stopped.revision), None)
        if revision is None:
            raise MissingFileError(f"the file of migration {stopped.revision} is gone", hint="restore it with git")
        if self.undo:
            mending.undo(self.config, self.database, revision, stopped)
        elif stopped.direction == "up":
            self.applied += runner.upgrade(
                self.config, self.database, self.state.history, to=revision.id, tell=self.tell
            )
        else:
            self.applied += runner.take_back(
                self.config, self.database, self.state.history, {revision.id}, tell=self.tell
            )

    def _write(self, up: list[Revision], down: list[str]) -> None:
        with self.database.reading() as connection:
            names = {row.revision: row.name for row in ledger.read_rows(self.database, connection)}
        mending.write(self.database, up, [(id, names[id]) for id in down], as_it_is=self._is_as_migrated())

    def _is_as_migrated(self) -> bool:
        """Whether the schema is what the migrations make that have run, as far as that can be known."""
        heads = self.state.record.heads
        try:
            return (
                len(heads) < 2
                and not dbtool.diff(self.config, source="database", target=heads[0] if heads else plan.BASE).changes
            )
        except DbtoolError:
            return False

    def _drop(self, names: tuple[str, ...]) -> Callable[[], None]:
        return lambda: self.database.drop_invalid(names)
