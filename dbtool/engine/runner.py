"""Run migrations: through Alembic's EnvironmentContext, with steps, ledger and transaction of our own.

In a dbtool project the connection is ours and env.py is not executed, so no models are imported. In a foreign
project env.py is executed, and its connection taken over before the first step.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from dbtool import database as databases
from dbtool.config import URL_VARIABLES, Config
from dbtool.conversation import Note, Running, Tell, silent
from dbtool.database import Database
from dbtool.engine import foreign, kept, ledger, plan, schema
from dbtool.engine.history import History
from dbtool.engine.recorder import Recorder
from dbtool.errors import (
    ConfigError,
    ConnectError,
    DatabaseMissingError,
    DbtoolError,
    LockedError,
    MigrationError,
    RebuildLossError,
)
from dbtool.reports import Applied, Direction, Revision

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from sqlalchemy import Connection

_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds before a run that did not get a lock begins again
Choose = Callable[[Sequence[str]], tuple[Revision, ...]]


def upgrade(
    config: Config,
    database: Database,
    history: History,
    *,
    to: str | None = None,
    dry_run: bool = False,
    apart: bool = False,
    tell: Tell = silent,
) -> tuple[Applied, ...]:
    """Apply what is pending up to `to`, an id, in order; None means all.

    What is pending is decided anew once the transaction holds the database. Raises MigrationError; then the
    database is as it was, except where the database commits every DDL statement. `dry_run` rolls back, and does
    nothing where one transaction cannot hold it all. `apart` gives each migration a transaction of its own.
    """

    def choose(heads: Sequence[str]) -> tuple[Revision, ...]:
        return plan.forward(history, heads, to)

    return _run(Run(config, database, history, "up", choose, dry_run, tell, apart=apart))


def downgrade(
    config: Config, database: Database, history: History, *, to: str, tell: Tell = silent
) -> tuple[Applied, ...]:
    """Take back what was applied after `to`, an id or `base`, newest first."""
    return _run(Run(config, database, history, "down", lambda heads: plan.backward(history, heads, to), False, tell))


def take_back(
    config: Config,
    database: Database,
    history: History,
    ids: Collection[str],
    *,
    dry_run: bool = False,
    tell: Tell = silent,
) -> tuple[Applied, ...]:
    """Take back those of these migrations that the database has run, newest first; nothing may follow them.

    Raises MigrationError; then the database is as it was, except where it commits every DDL statement.
    """
    return _run(Run(config, database, history, "down", lambda heads: plan.among(history, heads, ids), dry_run, tell))


def _run(run: Run) -> tuple[Applied, ...]:
    name = run.database.name
    with run.database.turn(lambda holder: run.tell(Note(f"waiting for {holder}, which has {name}"))):
        _patiently(run)
    if run.direction == "up" and not run.dry_run and run.database.url == databases.of(run.config).url:
        ran = {each.revision for each in run.applied}
        kept.keep(run.config, (revision for revision in run.history.revisions if revision.id in ran))
    return tuple(run.applied)


def _patiently(run: Run) -> None:
    """Run, and begin again where a lock was not to be had: what was rolled back keeps nobody waiting meanwhile."""
    deadline, pause = monotonic() + run.database.patience, _PAUSE
    while True:
        try:
            return _attempt(run)
        except LockedError as error:
            if not run.database.transactional_ddl or monotonic() + pause >= deadline:
                raise
            run.tell(Note(f"{error.message}; trying again"))
        stays = _kept_after_failure(run)
        run.applied = [each for each in run.applied if each.revision in stays]
        run.current = None
        sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _attempt(run: Run) -> None:
    host = _foreign_host if run.history.host == "alembic" and foreign.runs_files(run.config) else _own_host
    try:
        host(run)
    except _RolledBack:
        pass
    except RebuildLossError as error:
        label = run.current.label if run.current else ""
        raise RebuildLossError(f"{label}: {error.message}", hint=error.hint, problems=error.problems) from error
    except DbtoolError as error:
        if run.current is not None and isinstance(error, ConnectError):
            error.problems = (*error.problems, f"this happened in migration {run.current.label}")
        raise
    except Exception as error:
        interruption = _interruption(error)
        if interruption is not None:
            raise interruption from None
        if run.current is not None:
            raise _failure(run, error) from error
        if host is _foreign_host:
            raise foreign.failed(run.config, error) from error
        raise


class _RolledBack(Exception):
    """Ends a dry run: everything worked, or cannot be tried, and nothing of it stays."""


@dataclass(slots=True)
class Run:
    """One run while it goes on: what was chosen, where it is, what it has done."""

    config: Config
    database: Database
    history: History
    direction: Direction
    choose: Choose
    dry_run: bool
    tell: Tell
    apart: bool = False
    applied: list[Applied] = field(default_factory=list)
    current: Revision | None = None

    def steps(self, heads: Sequence[str], context: MigrationContext) -> Iterator[MigrationStep]:
        """Yield what Alembic runs, once the connection is under our rules; the last act writes the ledger."""
        chosen = self.choose(heads)
        if not chosen:
            return
        if self.dry_run and not _one_transaction(context):
            raise _RolledBack
        recorder = Recorder(self.database, _connection_of(context))
        recorder.begin(keep_ledger=self.history.host == "dbtool")
        recorder.listen()
        recorder.at_once = not _one_transaction(context)
        with recorder.journalled():
            if self._moves_as_one(chosen, context):
                yield from self._as_one(chosen, recorder, context)
            else:
                yield from self._one_by_one(chosen, recorder, context)
        recorder.finish()
        if self.dry_run:
            raise _RolledBack

    def _moves_as_one(self, chosen: Sequence[Revision], context: MigrationContext) -> bool:
        """Whether Alembic's version table need be written only once: nobody can see it in between."""
        return self.history.host == "dbtool" and self.history.is_chain and _one_transaction(context)

    def _as_one(
        self, chosen: Sequence[Revision], recorder: Recorder, context: MigrationContext
    ) -> Iterator[MigrationStep]:
        """Run the files here, and let Alembic move the version table at the end.

        Writing it after each file would take a third of the CPU of a long run.
        """
        from alembic.runtime.migration import StampStep

        files = {revision.id: _file(revision) for revision in chosen}
        for revision in self._announced(chosen, recorder):
            module = files[revision.id].module
            module.upgrade() if self.direction == "up" else module.downgrade()
            if self.direction == "up":
                verify(module, recorder.connection)
            self.applied.append(recorder.record(revision, self.direction))
            context.impl.memo.clear()  # of the enum types that a file has made, and a later one may drop
        parents, last = chosen[0].parents, chosen[-1]
        if self.direction == "up":
            yield StampStep(parents, last.id, True, not parents, None)
        else:
            yield StampStep(chosen[0].id, last.parents, False, not last.parents, None)

    def _one_by_one(
        self, chosen: Sequence[Revision], recorder: Recorder, context: MigrationContext
    ) -> Iterator[MigrationStep]:
        def applied(*, step: Any, **ignored: Any) -> None:
            assert self.current is not None
            for each in step.up_revisions if step.is_upgrade else ():
                verify(each.module, recorder.connection)
            self.applied.append(recorder.record(self.current, self.direction))

        context.on_version_apply_callbacks = (*context.on_version_apply_callbacks, applied)
        steps = self._alembic_steps(chosen)
        for revision in self._announced(chosen, recorder):
            recorder.is_last = revision is chosen[-1]
            yield steps[revision.id]

    def _announced(self, chosen: Sequence[Revision], recorder: Recorder) -> Iterator[Revision]:
        for number, revision in enumerate(chosen, 1):
            self.current = revision
            self.tell(Running(revision.id, revision.name, self.direction, number, len(chosen)))
            recorder.start(revision, self.direction)
            yield revision

    def _alembic_steps(self, chosen: Sequence[Revision]) -> dict[str, MigrationStep]:
        from alembic.runtime.migration import RevisionStep
        from alembic.script.revision import RevisionMap

        files = {revision.id: _file(revision) for revision in self.history.revisions}
        revision_map = RevisionMap(lambda: iter(files.values()))
        _ = revision_map.heads  # reading them links the files to each other
        return {each.id: RevisionStep(revision_map, files[each.id], self.direction == "up") for each in chosen}


def _own_host(run: Run) -> None:
    schema.find_modules(run.config)
    leaving = _leaving_transaction(run)
    if leaving:
        names = ", ".join(revision.name for revision in leaving)
        run.tell(Note(f"{names} leaves its transaction, so each migration has one of its own"))
    with run.database.connect("migrate") as connection, environment(run.config, run.database, run.steps) as context:
        context.configure(
            connection=connection,
            transactional_ddl=run.database.transactional_ddl,
            transaction_per_migration=run.apart or bool(leaving),
            version_table=run.config.version_table,
        )
        with context.begin_transaction():
            run.database.before_step(_driver(connection))  # Alembic makes its version table before the first step
            context.run_migrations()
        connection.commit()


def _foreign_host(run: Run) -> None:
    def take_over(heads: Sequence[str], context: MigrationContext) -> Iterator[MigrationStep]:
        connection = _connection_of(context)
        _require_same_database(run, connection)
        run.database.take_over(connection, context)
        yield from run.steps(heads, context)
        run.database.give_back(connection, context)

    with (
        contextlib.chdir(run.config.root),
        contextlib.redirect_stdout(sys.stderr),
        run.database.translated(),
        environment(run.config, run.database, take_over) as context,
    ):
        context.script.run_env()


def environment(config: Config, database: Database, steps: Callable[..., Any]) -> EnvironmentContext:
    """Return Alembic's environment of a project, whose work is `steps`.

    A foreign env.py is told the URL where it is not the one of its own configuration: from a flag, from the
    environment, or of a file that `reset` builds.
    """
    from alembic.config import Config as AlembicConfig
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    if config.alembic_ini is not None:
        options = AlembicConfig(str(config.alembic_ini))
    else:
        options = AlembicConfig(toml_file=str(config.pyproject) if config.pyproject else None)
    options.set_main_option("script_location", str(config.migrations).replace("%", "%%"))
    url = _told_url(config, database)
    if url is not None:
        options.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    options.messaging_opts = {"quiet": True}
    options.cmd_opts = Namespace(x=list(config.x))
    script = ScriptDirectory.from_config(options)
    return EnvironmentContext(options, script, fn=lambda heads, context: steps(heads, context))


def _told_url(config: Config, database: Database) -> str | None:
    if database.url != databases.of(config).url:
        return database.url.safe
    told = ("--url", *(f"environment {name}" for name in URL_VARIABLES))
    return config.url.text if config.names_url or config.sources["url"] in told else None


def _file(revision: Revision) -> Any:
    """Return Alembic's view of a file, which is executed only when its turn comes."""
    from alembic.script.revision import Revision as AlembicRevision

    class File(AlembicRevision):
        path = revision.path
        doc = revision.name

        @cached_property
        def module(self) -> Any:
            return _load(Path(revision.path), revision.id)

    parents = revision.parents if len(revision.parents) != 1 else revision.parents[0]
    return File(revision.id, parents or None, dependencies=revision.depends_on or None)


def _load(path: Path, id: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"dbtool_revision_{id}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verify(module: Any, connection: Connection) -> None:
    """Let a migration that has just run up look whether all is as it should be, before anything is committed.

    Its `verify(connection)`, where it has one, raises when it is not.
    """
    look = getattr(module, "verify", None)
    if look is not None:
        look(connection)


def _leaving_transaction(run: Run) -> tuple[Revision, ...]:
    """Return the pending migrations that leave their transaction, where there is one to leave."""
    if not run.database.transactional_ddl:
        return ()
    heads: tuple[str, ...] = ()
    with contextlib.suppress(DatabaseMissingError), run.database.reading() as connection:
        heads = ledger.read(run.database, connection).heads
    return tuple(revision for revision in run.choose(heads) if leaves_transaction(revision))


def leaves_transaction(revision: Revision) -> bool:
    """Whether a file commits what it has done so far in its middle."""
    return b"autocommit_block" in Path(revision.path).read_bytes()


def _one_transaction(context: MigrationContext) -> bool:
    return context.impl.transactional_ddl and not context._transaction_per_migration


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _connection_of(context: MigrationContext) -> Connection:
    assert context.connection is not None
    return context.connection


def _require_same_database(run: Run, connection: Connection) -> None:
    """Refuse to run when env.py went to another database than the one dbtool was told of."""
    url = connection.engine.url
    if not run.database.is_behind(connection):
        raise ConfigError(
            f"env.py connects to {url.render_as_string()}, and dbtool was told {run.database.url.safe}",
            hint="set DATABASE_URL, or sqlalchemy.url in alembic.ini, to the one that is meant",
        )


def _failure(run: Run, error: Exception) -> MigrationError:
    """Say which file and line failed, on what statement, in the database's words, and what became of it."""
    assert run.current is not None
    path = Path(run.current.path)
    line = next(
        (frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == str(path)),
        None,
    )
    where = f"{run.config.relative(path)}{f':{line}' if line else ''}"
    statement = getattr(error, "statement", None)
    words = getattr(error, "orig", None) or error
    problems = [f"statement: {' '.join(str(statement).split())}"] if statement else []
    problems.append(f"{'database' if statement else type(error).__name__}: {' '.join(str(words).split())}")
    kept = _kept_after_failure(run)
    done = "applied" if run.direction == "up" else "taken back"
    problems += [f"{done} before it and kept: {', '.join(kept)}"] if kept else []
    problems += _left_behind(run, kept)
    return MigrationError(
        f"migration {run.current.label} failed at {where}",
        hint=f"correct {where.partition(':')[0]}, then run this again",
        problems=problems,
        failed=run.current.name,
        applied=kept,
    )


def _interruption(error: BaseException) -> BaseException | None:
    """Return the Ctrl-C behind an error: Alembic cleans up after one, which then fails in its place."""
    cause = error.__context__
    while cause is not None and isinstance(cause, Exception):
        cause = cause.__context__
    return cause


def _kept_after_failure(run: Run) -> tuple[str, ...]:
    with contextlib.suppress(Exception), run.database.reading() as connection:
        heads = ledger.read(run.database, connection).heads
        ran = plan.ancestors(run.history, heads)
        return tuple(each.revision for each in run.applied if (each.revision in ran) == (run.direction == "up"))
    return ()


def _left_behind(run: Run, kept: Sequence[str]) -> list[str]:
    assert run.current is not None
    if not run.database.traced:
        return ["nothing changed: the database is as it was"]  # the one that is meant: this is a scratch one
    if not run.database.transactional_ddl:
        return [
            "this database commits every DDL statement: what this file did before the failure stays",
            "the next run goes on from there; `dbtool repair --undo` takes it back",
        ]
    if leaves_transaction(run.current):
        return ["what this file did outside its transaction before the failure stays"]
    return [] if kept else ["nothing changed: the database is as it was"]
