"""Join two branches that both added migrations: mine on top of theirs, proven again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, silent
from dbtool.database import Database
from dbtool.engine import branches, plan, proof, protection, runner
from dbtool.engine import history as histories
from dbtool.engine.branches import Move
from dbtool.engine.history import History
from dbtool.engine.state import State, observe_or_empty
from dbtool.errors import ConnectError, EditedError, ForkedError, HistoryError, MissingFileError
from dbtool.operations import backups
from dbtool.operations.rollback import Descent, confirm
from dbtool.reports import Applied, Moved, RebaseReport, Revision, Risk


def rebase(
    config: Config,
    *,
    onto: str | None = None,
    backup: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> RebaseReport:
    """Put my migrations on top of those of another branch, and write the lock anew.

    Mine are those that `onto` does not follow; without it, those that git's other side does not have. The result is
    proven on a scratch database before a file is written. Where mine already ran on this database, asks first, naming
    what would be lost, then takes a backup, mine down, theirs up, and mine up. Raises ForkedError where nobody knows
    which are mine, EditedError, MissingFileError, MigrationError, ProofError, AnswerError.
    """
    database = databases.of(config)
    known = histories.read(config, split=True)
    rebasing = _Rebase(config, database, known, backup, ask, tell)
    mine = _mine(config, known, onto)
    _require_intact(config, known)
    rebasing.moves = branches.moves(known, mine, datetime.now(UTC)) if mine else ()
    if rebasing.moves or known.conflict is not None:
        rebasing.run()
    return rebasing.report()


@dataclass(slots=True)
class _Rebase:
    """One rebase while it goes on."""

    config: Config
    database: Database
    before: History
    backup: bool
    ask: Ask
    tell: Tell
    moves: tuple[Move, ...] = ()
    after: History = field(default_factory=History)
    applied: list[Applied] = field(default_factory=list)
    risks: tuple[Risk, ...] | None = ()
    copy: Path | None = None
    proof: tuple[str, ...] = ()

    def run(self) -> None:
        """Prove it, take mine back where they ran, write the files, and apply all."""
        with tempfile.TemporaryDirectory(dir=self.config.make_private()) as folder:
            self._write(Path(folder))
            self._prove()
            descent = self._descent()
            if descent is not None:
                protection.require_confirmed(self.config, self.database, "rebase")
                self._take_back(descent)
            self._keep()
        if descent is not None:
            self.applied += runner.upgrade(self.config, self.database, self.after, tell=self.tell)

    def _write(self, folder: Path) -> None:
        """Write the moved files beside the project, and read the history that they make."""
        ids = {move.revision.id: move.id for move in self.moves if move.id != move.revision.id}
        written = []
        for move in self.moves:
            path = folder / move.file_name
            path.write_text(branches.rewritten(move, ids), encoding="utf-8", newline="")
            written.append(histories.describe(path))
        moved = {move.revision.id for move in self.moves}
        stays = tuple(revision for revision in self.before.revisions if revision.id not in moved)
        self.after = replace(self.before, revisions=stays, conflict=None).with_files(written)

    def _prove(self) -> None:
        moved = {move.id for move in self.moves}
        mine = [revision for revision in self.after.revisions if revision.id in moved]
        with proof.scratch(self.config, self.database) as scratch, self._naming_mine():
            proof.replay(self.config, scratch, self.after.own, mine)
        steps = ("up", "down", "up again") if mine else ()
        self.proof = (f"replayed {len(self.after.revisions)} files from nothing", *steps)

    @contextmanager
    def _naming_mine(self) -> Iterator[None]:
        """Let a failure name the files of the project, not the ones that were tried."""
        try:
            yield
        except HistoryError as error:
            tried = {each.id: self.config.relative(Path(each.path)) for each in self.after.revisions}
            for move in self.moves:
                old = self.config.relative(Path(move.revision.path))
                error.message = error.message.replace(tried[move.id], old)
                error.hint = error.hint.replace(tried[move.id], old)
            raise

    def _descent(self) -> Descent | None:
        """Return what of mine this database has run, and must be taken back first."""
        state = self._state()
        moved = {move.revision.id for move in self.moves}
        planned = plan.among(self.before, state.record.heads, moved) if state is not None else ()
        return Descent(self.config, self.database, self.before, planned, self.tell) if planned else None

    def _state(self) -> State | None:
        try:
            return observe_or_empty(self.config, self.database, split=True)
        except ConnectError:
            return None

    def _take_back(self, descent: Descent) -> None:
        self.risks = descent.count()
        confirm(descent, self.risks, self.ask)
        if self.backup and (self.risks is None or self.risks):
            self.copy = backups.take_or_say_how(self.config, self.database)
        self.applied += descent.go()

    def _keep(self) -> None:
        """Put the moved files into the project, and list them."""
        moved = {move.id: move for move in self.moves}
        self.after = replace(
            self.after, revisions=tuple(_kept(revision, moved.get(revision.id)) for revision in self.after.revisions)
        )
        if self.after.host == "dbtool":
            histories.write_lock(self.config, self.after.revisions)

    def report(self) -> RebaseReport:
        """Say what was done."""
        moved = tuple(Moved(move.revision.id, move.id, move.revision.name, self._path(move.id)) for move in self.moves)
        return RebaseReport(
            database=self.database.url.safe,
            onto=self._onto(),
            moved=moved,
            lock_resolved=self.before.conflict is not None,
            proof=self.proof,
            applied=tuple(self.applied),
            risks=self.risks or (),
            counted=self.risks is not None,
            backup=backups.shown(self.config, self.copy),
        )

    def _path(self, id: str) -> str:
        return next(self.config.relative(Path(each.path)) for each in self.after.revisions if each.id == id)

    def _onto(self) -> str:
        if not self.moves:
            return ""
        return next(each.label for each in self.before.revisions if each.id == self.moves[0].parent)


def _kept(revision: Revision, move: Move | None) -> Revision:
    """Move one file into the place of the one that it was."""
    if move is None:
        return replace(revision, listed=True, stale=False)
    old = Path(move.revision.path)
    target = old.with_name(move.file_name)
    Path(revision.path).replace(target)
    if target != old:
        old.unlink()
    return replace(revision, path=str(target), listed=True)


def _mine(config: Config, known: History, onto: str | None) -> frozenset[str]:
    if onto is not None:
        return branches.above(known, plan.resolve(known, onto, known.heads))
    if len(known.heads) < 2:
        return frozenset()
    found = branches.mine(config, known)
    if not found:
        heads = [next(each.label for each in known.revisions if each.id == id) for id in known.heads]
        raise ForkedError(
            "git does not tell which migrations are yours",
            hint=f"dbtool rebase --onto {known.heads[0]}   (what is to come first)",
            problems=[f"head: {head}" for head in heads],
        )
    return found


def _require_intact(config: Config, known: History) -> None:
    """Refuse to list what is not as its author left it."""
    folder = config.relative(config.migrations)
    if known.gone:
        ids = ", ".join(line.id for line in known.gone)
        raise MissingFileError(f"the file of migration {ids} is gone", hint=f"git checkout -- {folder}")
    stale: Sequence[Revision] = [revision for revision in known.revisions if revision.stale]
    if stale:
        raise EditedError(
            f"{branches.labels(stale)} is not what {folder}/dbtool.lock lists", hint=f"git checkout -- {folder}"
        )
