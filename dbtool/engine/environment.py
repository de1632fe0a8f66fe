"""What the generated env.py calls when plain Alembic runs: the same rules, ledger and comparison as dbtool's."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool import database as databases
from dbtool.config import Config, load_config
from dbtool.conversation import REFUSE, Answers, Ask
from dbtool.database import Database
from dbtool.engine import diff, history, journal, kept, runner, schema, sqlfiles
from dbtool.engine.diff.decisions import Decisions, nobody
from dbtool.engine.recorder import Recorder
from dbtool.errors import AnswerError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def run_environment(context: Any, metadata: MetaData) -> None:
    """Run Alembic's command on the project's database, or write its SQL in offline mode.

    `context` is Alembic's `alembic.context`. A URL that a program set with
    `Config.set_main_option("sqlalchemy.url", ...)` wins over the project's.
    """
    config = _config(context)
    schema.describe(metadata, config)
    database = databases.of(config)
    options = {
        **diff.compare_options(
            config,
            database,
            Decisions(_asker(context), scratch=False, declared=lambda: sqlfiles.declared(config, history.read(config))),
        ),
        "target_metadata": metadata,
        "transactional_ddl": database.transactional_ddl,
        "process_revision_directives": _timestamp_ids(config),
    }
    if context.is_offline_mode():
        dialect = database.engine("read").dialect
        context.configure(dialect_name=dialect.name, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    if not database.exists():
        database.create()
    moves = _moves(context)
    with database.turn(lambda holder: None) if moves else nullcontext(), database.connect("migrate") as connection:
        if moves:
            _require_end(database, connection)
        try:
            _run(context, config, database, connection, options)
        except AnswerError as error:
            hint = error.hint.replace("--rename ", "-x rename=").partition(", or --accept")[0]
            from alembic.util import CommandError

            raise CommandError(f"{error.message}; {hint}, or dbtool migrate") from error


def _moves(context: Any) -> bool:
    """Whether the command brings a database from one revision to another, rather than looks at it."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _require_end(database: Database, connection: Connection) -> None:
    """Refuse to run beside a migration that stopped halfway, which plain Alembic would begin from its start."""
    from alembic.util import CommandError

    stopped = journal.stopped(database, connection.connection.driver_connection)
    if stopped is not None:
        raise CommandError(f"{stopped.revision} stopped halfway {stopped.direction}; dbtool deploy, or dbtool repair")


def _run(context: Any, config: Config, database: Database, connection: Connection, options: dict[str, Any]) -> None:
    recorder = Recorder(database, connection)
    applied = _Applied(config, recorder)
    context.configure(connection=connection, on_version_apply=applied, **options)
    recorder.at_once = not database.transactional_ddl
    recorder.listen()
    with context.begin_transaction():
        context.run_migrations()
        if applied.count:
            recorder.finish()
    connection.commit()
    kept.keep(config, applied.up)


def _asker(context: Any) -> Ask:
    """Return who answers: `-x rename=user.name:full_name`; nobody else, so a new file drops nothing in silence."""
    command = getattr(context.config.cmd_opts, "cmd", (None,))[0]
    given = (each.removeprefix("rename=") for each in context.get_x_argument() if each.startswith("rename="))
    renames = [(old, new.rpartition(".")[2]) for old, _, new in (each.partition(":") for each in given)]
    writes = getattr(command, "__name__", "") == "revision"
    return Answers(renames=renames, otherwise=REFUSE if writes else nobody())


class _Applied:
    """Alembic's callback after each step: the ledger of a run that Alembic leads."""

    def __init__(self, config: Config, recorder: Recorder) -> None:
        self.recorder = recorder
        self.count = 0
        self.up: list[Revision] = []
        self._config = config

    @cached_property
    def _revisions(self) -> dict[str, Revision]:
        """The files by id, read when the first of them has run."""
        return {revision.id: revision for revision in history.read(self._config).revisions}

    def __call__(self, *, step: Any, **ignored: Any) -> None:
        if not self.count:
            self.recorder.begin()
        self.count += 1
        for each in step.up_revisions if step.is_upgrade else ():
            runner.verify(each.module, self.recorder.connection)
        for id in step.up_revision_ids:
            self.recorder.record(self._revisions[id], "up" if step.is_upgrade else "down")
            self.up += [self._revisions[id]] if step.is_upgrade else []
        self.recorder.start()


def _config(context: Any) -> Config:
    """Load the project that this folder belongs to, at the URL that the calling program chose."""
    config = load_config(project=Path(context.script.dir).resolve())
    options = context.config.file_config
    section = context.config.config_ini_section
    if config.alembic_ini is not None or not options.has_option(section, "sqlalchemy.url"):
        return config
    url = options.get(section, "sqlalchemy.url")
    return replace(config, url=replace(config.url, text=url, source="sqlalchemy.url of the calling program"))


def _timestamp_ids(config: Config) -> Any:
    """Give a file that `alembic revision` makes an id like dbtool's own."""

    def directives(context: Any, revision: Any, found: list[Any]) -> None:
        from datetime import UTC, datetime

        for directive in found:
            directive.rev_id = history.next_id(history.read(config), datetime.now(UTC))

    return directives
