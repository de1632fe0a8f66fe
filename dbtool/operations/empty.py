"""A migration that changes rows, written as a skeleton that a person fills in."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import Ask
from dbtool.engine import diff, files, schema, skeleton
from dbtool.engine import history as histories
from dbtool.errors import HistoryError, ModelsError
from dbtool.reports import MigrateReport

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def write_empty(config: Config, *, name: str | None, ask: Ask) -> MigrateReport:
    """Write a file after the head that changes nothing yet, and nothing else: no database is asked.

    It is listed, and proven and applied by the next `migrate`. Models are not needed; where they can be read, a table
    that the name speaks of stands in the skeleton. Raises HistoryError where there is more than one head.
    """
    created = files.create_folder(config)
    known = histories.read(config)
    if len(known.heads) > 1:
        raise HistoryError(f"there is more than one head: {', '.join(known.heads)}", hint="dbtool rebase")
    chosen = diff.slug(name or ask.migration_name("change rows"))
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        revision, path = files.write_draft(
            config,
            skeleton.of_rows(_models(config), chosen),
            name=chosen,
            folder=Path(folder),
            after=known,
            now=datetime.now(UTC),
            by_hand=True,
        )
        revision = files.keep(config, revision, path, known)
    return MigrateReport(
        database=databases.of(config).url.safe,
        database_created=False,
        created=created,
        applied=(),
        revision=revision,
        changes=(),
        proof=(),
        drift=(),
        backup=None,
        generated=None,
        generate_error=None,
    )


def _models(config: Config) -> MetaData | None:
    try:
        return schema.load(config) if config.models is not None else None
    except ModelsError:
        return None
