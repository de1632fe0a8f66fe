"""Whether all of it fits together: models, files, generated code and database. For CI."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dbtool
from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.conversation import Tell, silent, unmodelled
from dbtool.database import Database, spelling
from dbtool.engine import elsewhere, foreign, plan, proof, schema
from dbtool.engine import history as histories
from dbtool.engine.history import History
from dbtool.engine.state import State, observe_or_empty
from dbtool.errors import ConnectError, DbtoolError, EnvPyError, HistoryError, UsageError
from dbtool.reports import Checked, CheckReport, Finding, Revision

if TYPE_CHECKING:
    from dbtool.engine.endurance import Endurance


def check(config: Config, *, on: str | None = None, tell: Tell = silent) -> CheckReport:
    """Look at everything that must fit, and at one thing after another: what cannot be looked at is no failure.

    The whole history runs on a scratch database, each file that can be taken back down and up again among made-up
    rows. `on`, a URL or the file of a backup, rehearses what is pending on a copy of that database. Changes nothing.
    Raises ConfigError where the project cannot be read, and UsageError where `on` names nothing.
    """
    checking = _Check(config, tell)
    checking.history()
    if checking.known is not None:
        checking.files_and_models(checking.known)
        checking.elsewhere(checking.known)
    checking.generated()
    if checking.known is not None:
        checking.database(checking.known)
        if on is not None:
            checking.rehearsal(checking.known, on)
    findings = tuple(checking.findings)
    return CheckReport(tuple(checking.checked), findings, ok=not any(each.severity == "error" for each in findings))


@dataclass(slots=True)
class _Check:
    """One check while it goes on."""

    config: Config
    tell: Tell
    checked: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    known: History | None = None
    state: State | None = None

    def history(self) -> None:
        """Read the files, their lock, and what this database ran of them."""
        try:
            self.known = histories.read(self.config)
        except HistoryError as error:
            self._failed("history", error)
            return
        try:
            self.state = observe_or_empty(self.config, databases.of(self.config))
        except ConnectError:
            self.state = None
        found = self.state.standing if self.state else plan.standing(self.known, (), {})
        before = len(self.findings)
        for each in found.edited:
            self._find("history", f"{each.label} was changed after this database ran it", self._restore(each), each)
        for id in found.missing:
            self._find("history", f"the file of migration {id} is gone", self._restore(None))
        for each in found.stale:
            self._find("history", f"{each.label} is not what the lock lists", "dbtool migrate", each)
        for each in found.unlisted:
            self._find("history", f"{each.label} is not in the lock yet", "dbtool migrate", each)
        labelled = all(histories.has_labels(each) for each in self.known.revisions if each.id in self.known.heads)
        if len(self.known.heads) > 1 and not labelled:
            heads = ", ".join(self.known.heads)
            self._find(
                "history", f"there is more than one head: {heads}", f"alembic merge {' '.join(self.known.heads)}"
            )
        count = len(self.known.revisions)
        self._say("history", before, f"{_counted(count, 'migration')}, listed and not changed, one head")
        for each in filter(histories.is_unproven, self.known.revisions):
            self._find("unproven", f"{each.label} was written with --no-proof", "dbtool migrate --amend", each)
            self.findings[-1] = replace(self.findings[-1], severity="note")

    def files_and_models(self, known: History) -> None:
        """Run the history from nothing, back and forth, and compare what it makes with the models."""
        from dbtool.engine.endurance import endure

        try:
            with proof.scratch(self.config, databases.of(self.config)) as scratch:
                found = endure(self.config, scratch, known.own)
                self._replayed(known, found)
                if found.stuck is None:
                    self._models(scratch)
        except ConnectError as error:
            self.checked.append(Checked("replay", None, f"no scratch database: {error.message}"))

    def _replayed(self, known: History, found: Endurance) -> None:
        before = len(self.findings)
        if found.stuck is not None:
            self._find(
                "replay", f"{found.stuck.revision.label}: {found.stuck.text}", "dbtool lint", found.stuck.revision
            )
        self._say("replay", before, f"{_counted(found.up, 'file')} ran from nothing")
        before = len(self.findings)
        for fault in found.faults:
            self._find("back", f"{fault.revision.label}: {fault.text}", "correct downgrade()", fault.revision)
        if not found.linear:
            self.checked.append(Checked("back", None, "not tried between branches"))
            return
        one_way = f"; {len(found.one_way)} cannot be taken back, and say so" if found.one_way else ""
        self._say(
            "back",
            before,
            f"{_counted(found.back, 'file')} down and up again among {_counted(found.rows, 'row')}{one_way}",
        )

    def _models(self, scratch: Database) -> None:
        missing = self._no_models()
        if missing:
            self.checked.append(Checked("models", None, missing))
            return
        before = len(self.findings)
        try:
            draft = proof.compare(self.config, scratch, schema.load(self.config), files=self.known)
        except DbtoolError as error:
            self._failed("models", error)
            return
        if draft.unmodelled:
            self._find("models", unmodelled(draft.unmodelled, draft.modelled), "models in [tool.dbtool]")
        for change in draft.changes if not draft.unmodelled else ():
            self._find("models", f"the files lack: {change.text}", "dbtool migrate")
        self._say("models", before, "models and files agree")

    def _no_models(self) -> str:
        """Return why there are no models to compare with; empty where there are some."""
        try:
            found = self.config.models is not None or foreign.models(self.config) is not None
        except EnvPyError as error:
            return error.message
        return "" if found else "no models are configured"

    def elsewhere(self, known: History) -> None:
        """Do the same on each other kind of database that migrations must run on."""
        try:
            others = elsewhere.of(self.config)
        except DbtoolError as error:
            self._failed("dialects", error)
            return
        for name, why in others.missing.items():
            self.checked.append(Checked(name, None, why))
            for each in elsewhere.unproven(known, name):
                self._find(
                    "unproven", f"{each.label} was never tried on {name}", f"dbtool check, once {name} answers", each
                )
                self.findings[-1] = replace(self.findings[-1], severity="note")
        for name, database in others.there.items():
            try:
                with elsewhere.scratch(database) as scratch:
                    self._on(name, scratch, known)
            except ConnectError as error:
                self._failed(name, error)

    def _on(self, name: str, scratch: Database, known: History) -> None:
        from dbtool.engine.endurance import endure

        before = len(self.findings)
        found = endure(self.config, scratch, known.own)
        stuck = [found.stuck] if found.stuck else []
        for fault in (*stuck, *found.faults):
            text = f"on {name}, {fault.revision.label}: {fault.text}"
            self._find(name, text, "correct the file", fault.revision)
        if not stuck and self.config.models is not None:
            try:
                draft = proof.compare(self.config, scratch, schema.load(self.config), files=self.known)
                for change in draft.changes:
                    self._find(name, f"on {name} the files lack: {change.text}", "dbtool migrate")
            except DbtoolError as error:
                self._failed(name, error)
                return
        self._say(name, before, f"{_counted(found.up, 'file')} ran from nothing, {found.back} down and up again")

    def generated(self) -> None:
        """Generate, and compare with what is there."""
        if self.config.models is None:
            return
        before = len(self.findings)
        try:
            report = dbtool.generate(self.config, check=True)
        except DbtoolError as error:
            self._failed("generated", error)
            return
        for each in report.outputs:
            if each.found != "fresh":
                self._find("generated", f"{each.path} is {each.found}", "dbtool generate")
        self._say("generated", before, f"{_counted(len(report.outputs), 'file')} fresh")

    def database(self, known: History) -> None:
        """Compare the schema of the database with what the files it ran make of one."""
        if self.state is None or not self.state.exists:
            self.checked.append(Checked("database", None, "no database"))
            return
        before, heads = len(self.findings), self.state.record.heads
        try:
            plan.forward(known, heads)  # raises where it stopped in the middle of what was squashed
            ran = heads[0] if heads else plan.BASE
            changes = dbtool.diff(self.config, source="database", target=ran).changes if len(heads) < 2 else ()
        except DbtoolError as error:
            self._failed("database", error)
            return
        for change in changes:
            self._find(
                "database", f"it differs from the files that it ran: {change.text}", "dbtool diff --from database"
            )
        pending = len(self.state.standing.pending)
        more = f"; {_counted(pending, 'migration')} pending" if pending else ""
        self._say("database", before, f"it is what the files that it ran make{more}")

    def rehearsal(self, known: History, on: str) -> None:
        """Apply what is pending to a copy."""
        from dbtool.engine import runner

        before = len(self.findings)
        try:
            with _copy(self.config, on) as copy:
                applied = runner.upgrade(self.config, copy, known, tell=self.tell)
        except UsageError:
            raise
        except DbtoolError as error:
            self._failed("rehearsal", error)
            return
        seconds = sum(each.seconds for each in applied)
        self._say("rehearsal", before, f"{_counted(len(applied), 'migration')} applied to a copy in {seconds:.1f} s")

    def _find(self, name: str, text: str, hint: str, revision: Revision | None = None) -> None:
        path = f"{self.config.relative(Path(revision.path))}:1" if revision else ""
        self.findings.append(Finding(name, text, hint, path))

    def _say(self, name: str, before: int, text: str) -> None:
        """Note what was looked at, with what was found meanwhile."""
        wrong = self.findings[before:]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        self.checked.append(Checked(name, not wrong, f"{wrong[0].message}{more}" if wrong else text))

    def _failed(self, name: str, error: DbtoolError) -> None:
        words = "; ".join([error.message, *error.problems])
        self.findings.append(Finding(name, words, error.hint))
        self.checked.append(Checked(name, False, words))

    def _restore(self, revision: Revision | None) -> str:
        return f"git checkout -- {self.config.relative(Path(revision.path) if revision else self.config.migrations)}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def _copy(config: Config, on: str) -> Iterator[Database]:
    """Lend a copy of a database, or of what a backup holds. Raises UsageError where there is neither."""
    is_url = "://" in on or on.startswith("file:")
    if not is_url and not (config.root / on).is_file():
        raise UsageError(f"{on} is no URL and no file of a backup", hint="dbtool check --on .dbtool/backups/...")
    source = databases.at(config, Location(on, "--on", config.root)) if is_url else databases.of(config)
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        backup = source.backup(Path(folder) / "original") if is_url else config.root / on
        url = spelling.in_folder(source.kind, Path(folder))
        if url is not None:
            copy = databases.at(config, Location(url, "--on", config.root))
            copy.restore(backup)
            yield copy
            return
        with proof.scratch(config, source) as scratch:
            scratch.restore(backup)
            yield scratch
