"""Prove a new migration on a scratch database of the same kind before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.database import Database, at, structure
from dbtool.engine import diff, endstate, live, portrait, runner, sqlfiles
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.engine.trial import Ground, Trial, down_and_up, near_of, up
from dbtool.engine.verdicts import Verdicts, touched
from dbtool.errors import AccessError, ConnectError, ProofError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@contextmanager
def scratch(config: Config, database: Database) -> Iterator[Database]:
    """Lend an empty database of the same kind: a temporary one, else the one that `scratch_url` names.

    Raises AccessError naming the right that is missing.
    """
    spare = at(config, config.scratch_url) if config.scratch_url else None
    with scratch_beside(database, spare) as lent:
        yield lent


@contextmanager
def scratch_beside(database: Database, spare: Database | None) -> Iterator[Database]:
    """Lend a temporary database of the same server, or where that cannot be had, an empty one that is there."""
    try:
        lent = database.scratch()
        temporary = lent.__enter__()
    except ConnectError as error:
        if spare is None:
            raise _without_scratch(error) from error
        yield from _lend(spare)
        return
    try:
        yield temporary
    finally:
        lent.__exit__(None, None, None)


def _without_scratch(error: ConnectError) -> ConnectError:
    message = f"no scratch database to try migrations on: {error.message}"
    if isinstance(error, AccessError):
        hint = "GRANT the right to create databases, or set scratch_url in [tool.dbtool]"
        return AccessError(message, hint=hint)
    return ConnectError(message, hint=f"{error.hint}; or set scratch_url in [tool.dbtool] to a server that answers")


def _lend(database: Database) -> Iterator[Database]:
    if not database.exists():
        database.create()
    with database.reading() as connection:
        if database.table_names(connection):
            raise AccessError(
                f"the scratch database {database.name} is not empty", hint="scratch_url must name a database of its own"
            )
    try:
        yield database
    finally:
        database.clear()


def replay(config: Config, scratch: Database, history: History, unproven: Sequence[Revision]) -> Ground:
    """Run all files from nothing; those at the end that are not proven yet up, down and up again.

    A file whose downgrade raises NotImplementedError says that it cannot be taken back. Raises MigrationError and
    ProofError.
    """
    known = _replay(config, scratch, history, unproven)
    return _from_nothing(config, scratch, history, known)


def from_live(config: Config, scratch: Database, database: Database, history: History) -> Ground:
    """Let a scratch database have the schema of a live one that has run all files, where they do not replay."""
    from dbtool.engine import direct

    def make() -> None:
        structure.copy(database, scratch)
        direct.stamp(config, scratch, history)

    scratch.clear()
    make()
    return Ground("from a copy of the live schema", make)


def _from_nothing(config: Config, scratch: Database, history: History, known: int = 0) -> Ground:
    files = len(history.revisions)
    counted = f"{files} {'file' if files == 1 else 'files'}"
    words = f"replayed {counted} from nothing"
    if known:
        words = f"{counted} replayed before" if known == files else f"replayed {counted}, {known} of them before"
    return Ground(words, lambda: runner.upgrade(config, scratch, history))


def _replay(config: Config, scratch: Database, history: History, unproven: Sequence[Revision]) -> int:
    """Do that; return how many files had run before."""
    suspects = {revision.id for revision in unproven}
    sound = list(takewhile(lambda revision: revision.id not in suspects, history.revisions))
    known = endstate.take(config, scratch, replace(history, revisions=tuple(sound)))
    if len(sound) == len(history.revisions):
        if known < len(sound):
            runner.upgrade(config, scratch, history)
            endstate.keep(config, scratch, history, known)
        return known
    target = sound[-1].id if sound else "base"
    if known < len(sound):
        runner.upgrade(config, scratch, history, to=target)
    before = portrait.of(scratch, beside=True)
    up(config, scratch, history, "up")
    down_and_up(config, scratch, history, target, before)
    return known


def compare(
    config: Config,
    scratch: Database,
    metadata: MetaData,
    *,
    decisions: Decisions | None = None,
    verdicts: Verdicts | None = None,
    files: History | None = None,
) -> Draft:
    """Return what the scratch database lacks of the models. Raises AnswerError where nobody answers.

    `verdicts` leave out tables that are known not to differ, and learn which these are. `files` are those that have
    run, where the objects that are kept as SQL count as well.
    """
    decisions = decisions or Decisions()
    if files is not None:
        found = sqlfiles.declared(config, files)
        decisions.declared = lambda: found
    with scratch.connect("migrate") as connection:
        if verdicts is None:
            return diff.draft(config, scratch, connection, metadata, decisions=decisions)
        only = verdicts.open_tables(connection)
        if not only and not decisions.declared():
            return Draft()
        draft = diff.draft(config, scratch, connection, metadata, decisions=decisions, only=only)
    differing = touched(live.flat(draft.operations))
    if differing is not None and not draft.notes:
        verdicts.learn(differing)
    return draft


@dataclass(frozen=True, slots=True)
class Proof:
    """What a new file has shown, in words, and what could not be shown."""

    steps: tuple[str, ...]
    doubts: tuple[str, ...] = ()


def prove(
    config: Config,
    scratch: Database,
    history: History,
    revision: Revision,
    metadata: MetaData,
    *,
    draft: Draft | None = None,
    decisions: Decisions | None = None,
    verdicts: Verdicts | None = None,
    ground: Ground | None = None,
) -> Proof:
    """Run a new file up, down and up again on a scratch database that holds the files before it, with rows in it.

    After up the models and the schema are equal; after down the schema is what it was; rows are there after both, as
    far as `draft` says that they should be. `ground` is what the scratch database is. Raises ProofError, or
    MigrationError when the file itself fails.
    """
    longer = history.followed_by(revision)
    ground = ground or _from_nothing(config, scratch, history)
    decisions = decisions or Decisions()
    trial = Trial(config, scratch, history, longer, ground, draft, decisions, near_of(draft, metadata))
    before = trial.portrait()
    trial.up()
    files = longer if decisions.declared() else None
    _require_no_difference(compare(config, scratch, metadata, verdicts=verdicts, files=files))
    trial.require_rows_after_up()
    trial.down(before)
    kept = [trial.kept] if trial.kept else []
    return Proof((ground.words, "up", "no difference", "down", "up again", *kept), tuple(trial.doubts))


def _require_no_difference(left: Draft) -> None:
    if left:
        raise ProofError(
            "after the new migration the schema still differs from the models",
            hint="write this step by hand: dbtool migrate --create-only --no-proof",
            problems=[change.text for change in left.changes],
        )
