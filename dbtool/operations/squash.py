"""Put many migrations into one file that makes the same."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, silent
from dbtool.database import Database
from dbtool.engine import diff, elsewhere, files, kept, plan, proof, runner, schema
from dbtool.engine import history as histories
from dbtool.engine import squash as squashing
from dbtool.engine.diff import Draft
from dbtool.engine.history import History
from dbtool.engine.squash import Material, Picture
from dbtool.engine.state import State, observe_or_empty
from dbtool.errors import ConnectError, HistoryError, ModelsError, ProofError
from dbtool.reports import Change, Revision, SquashReport

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def squash(
    config: Config,
    *,
    through: str | None = None,
    name: str = "squash",
    dry_run: bool = False,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> SquashReport:
    """Put all migrations through one, by default the head, into one file with its id, and take theirs away.

    The file makes the same schema, what views, triggers and functions there are, and the rows that the old ones put
    in; that is proven on a scratch database, with those that follow on top. Databases that ran the old ones are known
    by the lock, and by the id to plain Alembic. Asks before files are deleted; their copies are kept under
    `.dbtool/applied/`. Raises HistoryError where the migrations are no single line, or the configured database ran
    only some of them, ProofError, MigrationError, AnswerError.
    """
    database = databases.of(config)
    known = histories.read(config)
    state = _state(config, database)
    standing = state.standing if state is not None else plan.standing(known, (), {})
    plan.require_intact(standing, config.relative(config.migrations))
    heads = state.record.heads if state is not None else ()
    target = plan.resolve(known, through or "head", heads)
    old = squashing.chain(known, target) if target != plan.BASE else ()
    if len(old) < 2:
        return SquashReport(None, old, (), dry_run=dry_run)
    _require_whole(database, state, old)
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        work = _Squash(config, database, known, old, diff.slug(name), Path(folder))
        work.prove()
        assert work.revision is not None
        text = Path(work.revision.path).read_text(encoding="utf-8") if dry_run else ""
        if not dry_run:
            first, last = old[0].label, old[-1].label
            ask.confirm(
                f"put {len(old)} migrations, {first} to {last}, into one file, and delete theirs?", flag="--yes"
            )
            kept.keep(config, old)
            work.revision = squashing.keep(config, known, old, work.revision)
            kept.keep(config, [work.revision])
    return SquashReport(work.revision, old, work.proof, work.rows, work.notes, text, dry_run)


@dataclass(slots=True)
class _Squash:
    """One squash while it goes on."""

    config: Config
    database: Database
    known: History
    old: tuple[Revision, ...]
    name: str
    folder: Path
    revision: Revision | None = None
    proof: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: int = 0
    problems: list[str] = field(default_factory=list)

    def prove(self) -> None:
        """Find a file that makes the same as the old ones. Raises ProofError where there is none."""
        found, end = self._replayed()
        self.rows = found.picture.count
        self.notes = squashing.not_seen(self.database, self.old)
        with proof.scratch(self.config, self.database) as scratch:
            drafts = list(squashing.drafts(self.config, scratch, found, self._models()))
        for number, draft in enumerate(drafts):
            revision = self._written(draft, self.folder / str(number))
            if self._is_the_same(revision, found.picture, end):
                self.revision = revision
                return
        raise ProofError(
            "one file in place of these would not make the same",
            hint="squash fewer of them: dbtool squash --through REVISION",
            problems=self.problems[:20],
        )

    def _replayed(self) -> tuple[Material, Picture]:
        """Run the old files, and then those that follow; look after each."""
        whole = self.known.own
        with proof.scratch(self.config, self.database) as scratch:
            runner.upgrade(self.config, scratch, whole, to=self.old[-1].id)
            found = squashing.in_words_of_files(squashing.material(self.config, scratch), self.old)
            if self._rest:
                runner.upgrade(self.config, scratch, whole)
            return found, squashing.picture(self.config, scratch) if self._rest else found.picture

    @property
    def _rest(self) -> tuple[Revision, ...]:
        ids = {each.id for each in self.old}
        return tuple(each for each in self.known.revisions if each.id not in ids)

    def _models(self) -> MetaData | None:
        """Return the models, where they may be what the files make."""
        if not self._rest:
            with suppress(ModelsError):
                return schema.load(self.config)
        return None

    def _written(self, draft: Draft, folder: Path) -> Revision:
        folder.mkdir()
        put_in = tuple(Change("squash", each.id, each.label) for each in self.old)
        now = datetime.now(UTC)
        return files.write_draft(
            self.config,
            replace(draft, changes=put_in),
            name=self.name,
            folder=folder,
            after=History(),
            now=now,
            id=self.old[-1].id,
            remark=elsewhere.untried(self.config),
        )[0]

    def _is_the_same(self, revision: Revision, wanted: Picture, end: Picture) -> bool:
        """Run a file up, down and up again, and those that follow, and compare at each step."""
        last = end if self._rest else None
        differing = squashing.trial(self.config, self.database, revision, wanted, self._rest, last)
        self.problems += differing
        rows = (f"{wanted.count:,} {'row' if wanted.count == 1 else 'rows'}",) if wanted.count else ()
        count = len(self._rest)
        rest = (f"{count} {'file' if count == 1 else 'files'} on top",) if count else ()
        steps = (f"replayed {len(self.old)} files from nothing", "the same schema", *rows, "down", "up again", *rest)
        self.proof = steps if not differing else ()
        return not differing


def _state(config: Config, database: Database) -> State | None:
    try:
        return observe_or_empty(config, database)
    except ConnectError:
        return None


def _require_whole(database: Database, state: State | None, old: tuple[Revision, ...]) -> None:
    """Refuse while the configured database stands in the middle: nobody could bring it on afterwards."""
    ran = [each for each in old if state is not None and each in state.standing.applied]
    if ran and len(ran) < len(old):
        raise HistoryError(
            f"{database.url.safe} has run only {len(ran)} of these {len(old)} migrations",
            hint=f"dbtool deploy --to {old[-1].id}",
        )
