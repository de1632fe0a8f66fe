"""Adopt a database that is there already: by a file that makes what it is, or by the files that made it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import Note, Tell, silent
from dbtool.database import Database
from dbtool.engine import diff, direct, elsewhere, files, kept, plan, proof, runner, schema
from dbtool.engine import squash as squashing
from dbtool.engine.diff import Draft
from dbtool.engine.history import History
from dbtool.engine.state import State, observe
from dbtool.errors import DriftError, HistoryError, ModelsError, ProofError
from dbtool.reports import BaselineReport, Change, Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from dbtool.engine.squash import Material

_SHOWN = 20  # differences that an error lists


def baseline(
    config: Config, *, at: str | None = None, name: str = "baseline", dry_run: bool = False, tell: Tell = silent
) -> BaselineReport:
    """Record as applied what a database has already; nothing of its schema or rows is changed.

    Where there are no migrations yet, one is written that makes what the database is: tables, indexes, views,
    triggers, functions, proven to make the same from nothing and to take it away again. With `at` the database is
    recorded as having run all files up to that one, after their schema has been compared with its own. In a project
    with an env.py of its own, whose database has run migrations, the ledger is made, which from then on knows what
    ran and when. `dry_run` does all of it but the writing. Raises HistoryError where the database has run migrations
    or the project has some, DriftError where the schemas differ, ProofError, DatabaseMissingError.
    """
    database = databases.of(config)
    state = observe(config, database)
    work = _Baseline(config, database, state, diff.slug(name), dry_run, tell)
    if at is not None:
        work.take(at)
    elif state.record.heads:
        work.open_ledger()
    else:
        work.write()
    return BaselineReport(
        database=database.url.safe,
        created=work.created,
        revision=work.revision,
        recorded=work.recorded,
        proof=work.proof,
        notes=work.notes,
        text=work.text,
        dry_run=dry_run,
    )


@dataclass(slots=True)
class _Baseline:
    """One baseline while it goes on."""

    config: Config
    database: Database
    state: State
    name: str
    dry_run: bool
    tell: Tell
    created: tuple[str, ...] = ()
    revision: Revision | None = None
    recorded: tuple[Revision, ...] = ()
    proof: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    text: str = ""

    def write(self) -> None:
        """Write a file that makes what the database is, and record it."""
        if self.state.history.revisions:
            raise HistoryError(
                f"there are {len(self.state.history.revisions)} migrations, and as far as {self.database.name} says"
                " it has run none of them",
                hint="dbtool baseline --at head, if its schema is what they make",
            )
        self.tell(Note(f"reading {self.database.name}"))
        found = squashing.material(self.config, self.database, with_rows=False, exact=True)
        if not found.metadata.tables and not found.definitions:
            raise HistoryError(f"{self.database.name} holds nothing to begin from", hint="dbtool migrate")
        with tempfile.TemporaryDirectory(dir=self.config.make_private()) as folder:
            written = self._proven(found, Path(folder))
            if self.dry_run:
                self.text = Path(written.path).read_text(encoding="utf-8")
                self.revision = written
                return
            self.created = files.create_folder(self.config, without_models=True)
            self._record([written], last=lambda: self._keep(written))

    def take(self, word: str) -> None:
        """Record the files up to one, whose schema must be that of the database."""
        target = plan.resolve(self.state.history, word, self.state.record.heads)
        new = plan.forward(self.state.history, self.state.record.heads, target)
        if not new:
            return
        count = "1 migration makes" if len(new) == 1 else f"{len(new)} migrations make"
        self.tell(Note(f"comparing {self.database.name} with what {count}"))
        wanted = squashing.picture(self.config, self.database, with_rows=False)
        with proof.scratch(self.config, self.database) as scratch:
            runner.upgrade(self.config, scratch, self.state.history.own, to=target)
            made = squashing.picture(self.config, scratch)
        differing = wanted.schema.named_as(made.schema).differences(made.schema)
        if differing:
            raise DriftError(
                f"{self.database.name} is not what the migrations up to {new[-1].label} make",
                hint="dbtool baseline --at another one; or bring the schema to it, and try again",
                problems=[_turned(each) for each in differing[:_SHOWN]],
            )
        self.proof = (f"replayed {len(new)} {'file' if len(new) == 1 else 'files'} from nothing", "the same schema")
        if made.count:
            rows = f"{made.count:,} {'row' if made.count == 1 else 'rows'}"
            self.notes = (f"these files also put in {rows}, which were not looked for",)
        if self.dry_run:
            self.recorded = new
        else:
            self._record(new)

    def open_ledger(self) -> None:
        """Make the ledger of a project with an env.py of its own, and note what has run before it."""
        if self.state.history.host == "dbtool" or self.state.record.checksums:
            count = len(self.state.standing.applied)
            raise HistoryError(
                f"{self.database.name} is known already: {count} migration{'' if count == 1 else 's'} ran on it",
                hint="dbtool status",
            )
        self.notes = (LINE,)
        if self.dry_run:
            self.recorded = self.state.standing.applied
        else:
            self._record(self.state.standing.applied, moving=False)

    def _record(
        self, revisions: Sequence[Revision], *, moving: bool = True, last: Callable[[], None] | None = None
    ) -> None:
        def finish(connection: Connection) -> None:
            direct.note(self.config, self.database, connection, down=(), up=revisions, moving=moving, new_ledger=True)
            if last is not None:
                last()

        with self.database.turn(lambda holder: None):
            direct.finish_alone(self.database, finish)
        self.recorded = tuple(revisions)
        kept.keep(self.config, revisions if self.revision is None else [self.revision])

    def _keep(self, written: Revision) -> None:
        """Put the file into the project, the last act before the commit."""
        self.config.versions[0].mkdir(parents=True, exist_ok=True)
        self.revision = files.keep(self.config, written, Path(written.path), self.state.history)

    def _proven(self, found: Material, folder: Path) -> Revision:
        """Return the first file that makes the same. Raises ProofError."""
        with proof.scratch(self.config, self.database) as scratch:
            drafts = list(squashing.drafts(self.config, scratch, found, self._models(), names_all=False))
        failed: list[str] = []
        for draft in drafts:
            written, differing = self._tried(draft, found, folder)
            if not differing:
                return written
            failed += differing
        with proof.scratch(self.config, self.database) as scratch:
            own = squashing.verbatim(self.config, self.database, scratch, found, failed)
        if own is not None:
            written, differing = self._tried(own, found, folder)
            if not differing:
                return written
        raise ProofError(
            f"no file that dbtool writes makes just what {self.database.name} is",
            hint="write it by hand: dbtool migrate --create-only --no-proof, then: dbtool baseline --at head",
            problems=[_turned(each) for each in differing[:_SHOWN]],
        )

    def _tried(self, draft: Draft, found: Material, folder: Path) -> tuple[Revision, list[str]]:
        """Write a file apart from the project, and return it with what it makes otherwise."""
        place = Path(tempfile.mkdtemp(dir=folder))
        (place / "versions").mkdir()
        written, _ = files.write_draft(
            self.config,
            replace(draft, changes=tuple(Change("baseline", each, f"table {each}") for each in found.metadata.tables)),
            name=self.name,
            folder=place,
            after=History(),
            now=datetime.now(UTC),
            remark=elsewhere.untried(self.config),
        )
        apart = replace(self.config, migrations=place, version_locations=())
        differing = squashing.trial(apart, self.database, written, found.picture, exact=True)
        self.proof = ("the same schema from nothing", "down", "up again")
        return written, differing

    def _models(self) -> MetaData | None:
        if self.config.models is not None:
            with suppress(ModelsError):
                return schema.load(self.config)
        return None


def _turned(difference: str) -> str:
    """Say a difference of what files make from the side of the database."""
    for mine, theirs in (("gone: ", "only the database has: "), ("left over: ", "only the files make: ")):
        if difference.startswith(mine):
            return theirs + difference.removeprefix(mine)
    return difference


LINE = (
    "plain `alembic check` would want to drop the ledger: give context.configure() in env.py"
    ' include_name=lambda name, kind, parents: kind != "table" or not name.startswith("dbtool_")'
)
