"""The daily loop: write and apply a migration, or begin anew."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, Warn, silent
from dbtool.database import Database
from dbtool.engine import diff, files, plan, proof, runner, schema
from dbtool.engine import history as histories
from dbtool.engine.diff import Draft
from dbtool.engine.state import State, observe_or_empty
from dbtool.errors import AnswerError, DbtoolError
from dbtool.reports import Applied, Change, GenerateReport, MigrateReport, ResetReport, Revision, SeedReport

if TYPE_CHECKING:
    from sqlalchemy import MetaData

BACKUPS_KEPT = 5


def migrate(
    config: Config,
    *,
    name: str | None = None,
    create_only: bool = False,
    generate: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> MigrateReport:
    """Bring files and database to the models.

    Creates a missing migrations folder and database, applies what is pending, compares the models with the files
    replayed on a scratch database, writes a proven migration if they differ, applies it, and generates code last.
    `create_only` writes the file and changes nothing in the configured database. A failed generation is reported
    in `generate_error` and undoes nothing. Raises MigrationError, ProofError, AnswerError, ModelsError.
    """
    metadata = schema.load(config)
    database = databases.of(config)
    created = files.create_folder(config)
    state = observe_or_empty(config, database)
    _require_runnable(config, state)
    applied = () if create_only else _apply_pending(config, database, state, tell)
    written = _write(config, database, state, metadata, name, ask, tell, keeps_live=create_only)
    backup = None
    if written.revision is not None and not create_only:
        backup = _backup_before_loss(config, database, written)
        known = histories.read(config)
        applied = (*applied, *runner.upgrade(config, database, known, tell=tell))
    outputs, problem = _generate(config) if generate else (None, None)
    return MigrateReport(
        database=database.url.safe,
        database_created=not state.exists and not create_only,
        created=created,
        applied=applied,
        revision=written.revision,
        changes=written.changes,
        proof=written.proof,
        drift=state.drift or (),
        backup=backup,
        generated=outputs,
        generate_error=problem,
        ok=problem is None,
    )


def reset(
    config: Config,
    *,
    seed: bool = True,
    backup: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> ResetReport:
    """Replace the database by one that is migrated from nothing and seeded.

    Asks first, naming the database and how many rows would go; takes a backup, of which the newest 5 are kept. A
    failure leaves the database as it was. Raises AnswerError, LockedError, ProgramMissingError, MigrationError.
    """
    from dbtool.operations.data import load_seeds

    database = databases.of(config)
    known = histories.read(config)
    exists = database.exists()
    rows = _count_rows(database) if exists else 0
    if exists:
        ask.confirm(f"delete {database.url.safe} with its {rows:,} rows and build it anew?", flag="--yes")
        database.check_unused()
    copy = _backup(config, database) if backup and exists else None
    if not exists:
        database.create()
    seeded: SeedReport | None = None
    with database.rebuilding(copy) as fresh:
        applied = runner.upgrade(config, fresh, known, tell=tell)
        if seed and config.models is not None:
            seeded = replace(load_seeds(config, fresh, tell), database=database.url.safe)
    return ResetReport(database.url.safe, rows, _shown(config, copy), applied, seeded)


# migrate, step by step


@dataclass(frozen=True, slots=True)
class _Written:
    """A new migration, or the finding that none is needed."""

    revision: Revision | None = None
    changes: tuple[Change, ...] = ()
    proof: tuple[str, ...] = ()


def _require_runnable(config: Config, state: State) -> None:
    """Refuse edited and missing files; a file that was edited before it ran is proven and listed again."""
    plan.require_intact(replace(state.standing, stale=()), config.relative(config.migrations))


def _apply_pending(config: Config, database: Database, state: State, tell: Tell) -> tuple[Applied, ...]:
    if not state.exists:
        database.create()
    if not state.standing.pending:
        return ()
    return runner.upgrade(config, database, state.history, tell=tell)


def _write(
    config: Config,
    database: Database,
    state: State,
    metadata: MetaData,
    name: str | None,
    ask: Ask,
    tell: Tell,
    *,
    keeps_live: bool,
) -> _Written:
    """Compare on a scratch database; where there is a difference, write, prove and keep a migration."""
    known = state.history
    with proof.scratch(config, database) as scratch:
        proof.replay(config, scratch, known)
        draft = proof.compare(config, scratch, metadata)
        if state.standing.stale or state.standing.unlisted:
            files.relist(config, known)
        if not draft:
            return _Written()
        changes = _counted(database, state, draft)
        _ask_about_loss(changes, ask, tell, only_writes=keeps_live)
        chosen = diff.slug(name) if name else diff.slug(ask.migration_name(diff.name_of(draft.changes)))
        config.private.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=config.private) as folder:
            revision, path = files.write_draft(
                config, draft, name=chosen, folder=Path(folder), after=known, now=datetime.now(UTC)
            )
            proven = proof.prove(config, scratch, known, revision, metadata)
            kept = files.keep(config, revision, path, known)
    return _Written(kept, changes, proven)


def _counted(database: Database, state: State, draft: Draft) -> tuple[Change, ...]:
    """Say how many rows each losing change would lose, as far as the database answers."""
    if not state.exists or not any(change.loses_data for change in draft.changes):
        return draft.changes
    with database.connect("read") as connection:
        return tuple(_count_loss(connection, change) if change.loses_data else change for change in draft.changes)


def _count_loss(connection: object, change: Change) -> Change:
    from sqlalchemy import Connection, column, func, select, table

    assert isinstance(connection, Connection)
    name, _, member = change.subject.partition(".")
    counted = func.count(column(member)) if member else func.count()
    rows = connection.execute(select(counted).select_from(table(name))).scalar_one()
    lost = f"{rows:,} {'value' if member else 'row'}{'' if rows == 1 else 's'} lost" if rows else "empty"
    return replace(change, text=f"{change.text} ({lost})", loses_data=bool(rows))


def _ask_about_loss(changes: tuple[Change, ...], ask: Ask, tell: Tell, *, only_writes: bool) -> None:
    losing = [change for change in changes if change.loses_data]
    if losing and only_writes:
        for change in losing:
            tell(Warn(change.text))
    elif losing:
        ask.accepts_loss(losing)


def _backup_before_loss(config: Config, database: Database, written: _Written) -> str | None:
    if not any(change.loses_data for change in written.changes):
        return None
    return _shown(config, _backup(config, database))


def _generate(config: Config) -> tuple[GenerateReport | None, str | None]:
    from dbtool.operations.source import generate

    try:
        return generate(config), None
    except (DbtoolError, OSError) as error:
        return None, str(error)


# Backups


def _backup(config: Config, database: Database) -> Path:
    """Copy the database into `.dbtool/backups/`, and let go of all but the newest copies."""
    folder = config.private / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(database.url.database).stem
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    copy = database.backup(folder / f"{name}-{stamp}.backup")
    for old in sorted(folder.glob(f"{name}-*"), key=lambda path: path.name)[:-BACKUPS_KEPT]:
        old.unlink()
    return copy


def _shown(config: Config, path: Path | None) -> str | None:
    return None if path is None else config.relative(path)


def _count_rows(database: Database) -> int:
    """Count what a reset would delete; a file that is no database counts as nothing."""
    from sqlalchemy import func, inspect, select, table

    try:
        with database.connect("read") as connection:
            names = [name for name in inspect(connection).get_table_names() if name not in database.own_tables]
            return sum(connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names)
    except AnswerError:
        raise
    except DbtoolError:
        return 0
