"""Bring a development database to the models at once, without a migration file."""

from __future__ import annotations

from collections.abc import Iterator

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Note, Tell, silent
from dbtool.database import Database
from dbtool.engine import history as histories
from dbtool.engine import protection, pushed, schema, sqlfiles
from dbtool.operations import backups, bringing
from dbtool.operations.generating import generated
from dbtool.operations.weighing import consent, refuse_unused
from dbtool.reports import PushReport


def push(
    config: Config,
    *,
    dry_run: bool = False,
    generate: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> PushReport:
    """Bring the database to the models without a file, and generate code last; creates a missing database.

    The models are compared with the database as it is, not with the files. The way is tried on a copy of its
    structure; on the database all of it lands or nothing does, except where DDL commits by itself. Rows that would be
    lost are counted, asked about, and copied away first. The next `migrate` writes the file and finds it applied.
    `dry_run` changes nothing. Raises ProtectedError, ModelsError, RowsInTheWayError, AnswerError,
    MigrationError, ProofError.
    """
    database = databases.of(config)
    if not dry_run:
        protection.require_confirmed(config, database, "push")
    metadata = schema.load(config)
    exists = database.exists()
    with bringing.found(config, database, metadata, ask, exists=exists) as way:
        refuse_unused(ask)
        backup = None
        if not dry_run:
            for change in way.weighed.changes:
                tell(Note(f"will {change.text}"))
            loses = consent(way.weighed, ask, protection.called(config, database))
            backup = backups.take(config, database) if loses else None
            if not exists:
                database.create()
            way.go()
            pushed.note(config, _fingerprint(database))
    outputs, problem = generated(config) if generate and not dry_run else (None, None)
    return PushReport(
        database=database.url.safe,
        database_created=not exists and not dry_run,
        dry_run=dry_run,
        changes=way.weighed.changes,
        statements=way.statements,
        risks=way.weighed.risks,
        notes=(*way.weighed.draft.notes, *_left_out(config)),
        backup=backups.shown(config, backup),
        generated=outputs,
        generate_error=problem,
        ok=problem is None,
    )


def _left_out(config: Config) -> Iterator[str]:
    """Yield what needs a migration."""
    for change in sqlfiles.declared(config, histories.read(config, split=True)).words:
        yield f"not pushed: {change}; dbtool migrate does that"


def _fingerprint(database: Database) -> str:
    with database.reading() as connection:
        return database.catalogue(connection).fingerprint
