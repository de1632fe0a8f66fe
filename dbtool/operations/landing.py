"""Write a migration that a database gets without running it: what was pushed to it, or what a new file amends."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.conversation import Ask, Tell
from dbtool.database import Database
from dbtool.engine import amending, diff, direct, elsewhere, files, kept, proof, protection, pushed
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.elsewhere import Elsewhere
from dbtool.engine.history import History
from dbtool.engine.state import State
from dbtool.operations import backups, bringing
from dbtool.operations.weighing import Weighed, consent, refuse_unused, weigh
from dbtool.reports import Applied, Change, Revision, Risk

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


@dataclass
class Landing:
    """One file on its way into the project, and into the ledger of a database that is brought to the models directly.

    `before` are the files that stay, `old` the one that the new file takes the place of. `revision` is None where
    models and `before` agree, so that no file is needed.
    """

    config: Config
    database: Database
    state: State
    metadata: MetaData
    before: History
    ask: Ask
    tell: Tell
    old: Revision | None = None
    name: str | None = None
    prove: bool = True
    revision: Revision | None = None
    changes: tuple[Change, ...] = ()
    proof: tuple[str, ...] = ()
    risks: tuple[Risk, ...] = ()
    counted: bool = True
    notes: tuple[str, ...] = ()
    backup: Path | None = None
    statements: tuple[str, ...] = ()
    applied: tuple[Applied, ...] = ()
    recorded: tuple[Revision, ...] = ()
    _texts: dict[Path, bytes] = field(default_factory=dict)

    def land(self) -> None:
        """Write, prove and keep the file, and bring the database to the models, its ledger saying that it ran.

        The file is put into its place before the commit: a failure leaves both as they were.
        """
        with tempfile.TemporaryDirectory(dir=self.config.make_private()) as folder:
            self.write(Path(folder))
            with bringing.found(self.config, self.database, self.metadata, self.ask, exists=True) as way:
                refuse_unused(self.ask)
                self.risks, self.counted, self.statements = way.weighed.risks, way.weighed.counted, way.statements
                self.require_nothing_left_out()
                if consent(way.weighed, self.ask, protection.called(self.config, self.database)):
                    self.back_up()
                try:
                    way.go(self._last)
                except BaseException:
                    self._put_back()
                    raise
        kept.keep(self.config, self.recorded)
        pushed.forget(self.config)

    def write(self, folder: Path, *, objects: bool = False) -> Weighed:
        """Write the file into a folder, and prove it on a scratch database that holds those before it.

        Views, triggers and functions are part of it only with `objects`: no comparison of schemas brings them to a
        database, which has to run the file.
        """
        files = self.before if objects else None
        waiting = self.state.standing.pending if self.prove else ()
        unproven = [each for each in self.before.revisions if each in waiting and (each.stale or not each.listed)]
        with proof.scratch(self.config, self.database) as scratch:
            ground = proof.replay(self.config, scratch, self.before.own, unproven)
            found = weigh(
                self.database,
                self.ask,
                lambda decisions: proof.compare(
                    self.config, scratch, self.metadata, decisions=self._naming(decisions), files=files
                ),
                exists=self.state.exists,
            )
            self.changes, self.notes = found.draft.changes, found.draft.notes
            if found.draft:
                self.revision = self._drafted(folder, found.draft)
            if found.draft and self.revision and self.prove:
                shown = proof.prove(
                    self.config,
                    scratch,
                    self.before.own,
                    self.revision,
                    self.metadata,
                    draft=found.draft,
                    decisions=found.decisions,
                    ground=ground,
                )
                self.proof, self.notes = shown.steps, (*self.notes, *shown.doubts)
                self._prove_elsewhere()
        return found

    def _naming(self, decisions: Decisions) -> Decisions:
        """Leave constraints without names where the database that has them already gave them none."""
        if self.state.exists and self.old is None and not self.state.pushed:
            from dbtool.engine.diff import unnamed

            with self.database.connect("read") as connection:
                decisions.names_all = not unnamed.are_in(connection, self.database.own_tables)
        return decisions

    def _prove_elsewhere(self) -> None:
        assert self.revision is not None
        self.proof += self.others.prove(self.config, self.before.own, self.revision, self.metadata)
        self.notes += self.others.notes

    @cached_property
    def others(self) -> Elsewhere:
        """The other kinds of database that the file must run on."""
        return elsewhere.of(self.config)

    def _drafted(self, folder: Path, draft: Draft) -> Revision:
        chosen = self.name or (self.old.name if self.old else self.ask.migration_name(diff.name_of(draft.changes)))
        return files.write_draft(
            self.config,
            draft,
            name=diff.slug(chosen),
            folder=folder,
            after=self.before,
            now=datetime.now(UTC),
            id=self.old.id if self.old else None,
            remark=self.others.remark if self.prove else histories.UNPROVEN,
        )[0]

    def require_nothing_left_out(self) -> None:
        """Ask where the old file does what no comparison of schemas finds again. Raises AnswerError."""
        left_out = amending.left_out(self.old, self.revision, self.database) if self.old else ()
        if self.old and left_out:
            listed = "; ".join(f"`{text}`" for text in left_out)
            self.ask.confirm(
                f"{self.old.label} also does what the new file will not: {listed}. go on without it?", flag="--yes"
            )

    def back_up(self) -> None:
        """Copy the database away, once."""
        self.backup = self.backup or backups.take(self.config, self.database)

    def _last(self, connection: Connection) -> None:
        """Let the ledger and the project say the same; the last act before the commit."""
        standing = self.state.standing
        ran = [] if self.old is None else [self.old]
        new = [] if self.revision is None else [self.revision]
        pending = [each for each in standing.pending if each in self.before.revisions]
        checksums = self.state.record.checksums
        is_same = bool(ran and new) and checksums.get(ran[0].id) == new[0].meaning_hash and not pending
        if is_same or (self.state.pushed and checksums and not (ran or pending or new)):
            direct.settle(self.database, connection)
        elif ran or pending or new:
            direct.note(self.config, self.database, connection, down=ran, up=[*pending, *new])
        self.keep()
        self.recorded = (*pending, *([self.revision] if self.revision else []))

    def keep(self) -> None:
        """Put the file into its place, and list it; the old one's text is kept under `.dbtool/applied/`."""
        touched = [self.config.lock, *([Path(self.old.path)] if self.old else [])]
        self._texts = {path: path.read_bytes() for path in touched if path.exists()}
        if self.old is None:
            if self.revision is not None:
                self.revision = files.keep(self.config, self.revision, Path(self.revision.path), self.before)
                self._texts.setdefault(Path(self.revision.path), b"")
            elif self.state.standing.stale or self.state.standing.unlisted:
                files.relist(self.config, self.before)
            return
        kept.keep(self.config, [self.old])
        self.revision = files.replace_file(self.config, self.old, self.revision, self.before)
        if self.revision is not None and self.revision.path != self.old.path:
            self._texts[Path(self.revision.path)] = b""

    def _put_back(self) -> None:
        for path, text in self._texts.items():
            path.write_bytes(text) if text else path.unlink(missing_ok=True)
