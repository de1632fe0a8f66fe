"""Bring a live database to the models without a file: what `push` is, and what lies below an amended migration."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.conversation import Ask
from dbtool.database import Database
from dbtool.engine import direct, files, proof
from dbtool.engine.direct import Last
from dbtool.engine.history import History
from dbtool.operations.weighing import Weighed, weigh
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a database to the models, found and tried on a copy of its structure; `statements` are its SQL."""

    config: Config
    database: Database
    metadata: MetaData
    weighed: Weighed
    file: Revision | None = None
    statements: tuple[str, ...] = ()

    def go(self, last: Last | None = None) -> None:
        """Go it, and let `last` be part of the same transaction. Raises MigrationError and ProofError."""
        if self.file is not None:
            direct.carry_out(self.config, self.database, self.file, self.metadata, last)
        elif last is not None:
            direct.finish_alone(self.database, last)


@contextmanager
def found(config: Config, database: Database, metadata: MetaData, ask: Ask, *, exists: bool) -> Iterator[Way]:
    """Lend the way of a database to the models; nothing of the database is changed yet.

    Raises AnswerError where nobody answers, AccessError without a scratch database, MigrationError and ProofError
    where the way does not lead there.
    """
    with (
        tempfile.TemporaryDirectory(dir=config.make_private()) as folder,
        direct.copied(config, database, exists=exists) as copy,
    ):
        weighed = weigh(
            database, ask, lambda decisions: proof.compare(config, copy, metadata, decisions=decisions), exists=exists
        )
        if not weighed.draft:
            yield Way(config, database, metadata, weighed)
            return
        file, _ = files.write_draft(
            config, weighed.draft, name="push", folder=Path(folder), after=History(), now=datetime.now(UTC)
        )
        statements = direct.carry_out(config, copy, file, metadata)
        yield Way(config, database, metadata, weighed, file, statements)
