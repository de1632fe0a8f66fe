"""What is different between any two schemas: models, files, a revision, the database, another one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config, Location
from dbtool.conversation import unmodelled
from dbtool.database import Database
from dbtool.engine import diff as differences
from dbtool.engine import drift, files, plan, proof, schema, sqlfiles
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.errors import UsageError
from dbtool.reports import DiffReport

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from dbtool.engine.recording import Replay


def diff(
    config: Config, *, source: str = "files", target: str = "models", sql: bool = False, exit_code: bool = False
) -> DiffReport:
    """Tell what would bring `source` to `target`, each of them `models`, `files`, `database`, a revision or a URL.

    Models and files are made on a scratch database; a database is only read. `sql` adds the statements, recorded on
    a scratch database. With `exit_code` a difference makes the report not ok. Raises UsageError for databases of
    two kinds, RevisionError, ModelsError, MigrationError, ConnectError.
    """
    sides = _Sides(config, _home(config, (source, target)), histories.read(config))
    with sides.standing(target) as (_, connection):
        metadata = schema.load(config) if target == MODELS else sides.reflected(connection)
    with sides.standing(source, copied=sql) as (database, connection):
        decisions = Decisions()
        if (source, target) == (FILES, MODELS):
            decisions.declared = partial(sqlfiles.declared, config, sides.known)
        draft = differences.draft(config, database, connection, metadata, decisions=decisions)
        draft = _doubted(draft) if target == MODELS else draft
        statements = _statements(config, database, connection, draft) if sql and draft.operations else ()
    return DiffReport(
        sides.shown(source),
        sides.shown(target),
        draft.changes,
        statements,
        draft.notes,
        ok=not (exit_code and draft.changes),
    )


def _doubted(draft: Draft) -> Draft:
    """Propose no drops where models are probably not imported; without them the rest is no way to the models."""
    if not draft.unmodelled:
        return draft
    left = tuple(change for change in draft.changes if change.kind != "drop table")
    note = unmodelled(draft.unmodelled, draft.modelled)
    return replace(draft, changes=left, operations=(), notes=(*draft.notes, note))


MODELS, FILES, DATABASE = "models", "files", "database"


class _Sides:
    """The schemas that can be compared, on one kind of database."""

    def __init__(self, config: Config, home: Database, known: History) -> None:
        self.config = config
        self.home = home
        self.known = known

    def shown(self, word: str) -> str:
        """Return how a side is said in an answer: a URL without its password, a revision by its label."""
        if _is_url(word):
            return _at(self.config, word).url.safe
        if word in (MODELS, FILES, DATABASE, plan.BASE):
            return word
        return next(each.label for each in self.known.revisions if each.id == self._revision(word))

    def reflected(self, connection: Connection) -> MetaData:
        """Return the schema of a connection, as models would say it."""
        return drift.reflected(self.config, self.home, connection)

    @contextmanager
    def standing(self, word: str, *, copied: bool = False) -> Iterator[tuple[Database, Connection]]:
        """Lend a connection to a schema; one that may be changed when it is `copied`."""
        if word == DATABASE or _is_url(word):
            database = databases.of(self.config) if word == DATABASE else _at(self.config, word)
            with database.connect("read") as connection:
                if not copied:
                    yield database, connection
                    return
                metadata = self.reflected(connection)
            with self._empty() as (scratch, connection):
                metadata.create_all(connection)
                connection.commit()
                yield scratch, connection
        elif word == MODELS:
            with self._empty() as (scratch, connection):
                draft = differences.draft(self.config, scratch, connection, schema.load(self.config))
                _statements(self.config, scratch, connection, draft)  # as files make it, with their names of keys
                yield scratch, connection
        else:
            with self._replayed(None if word == FILES else self._revision(word)) as lent:
                yield lent

    @contextmanager
    def _empty(self) -> Iterator[tuple[Database, Connection]]:
        with proof.scratch(self.config, self.home) as scratch, scratch.connect("migrate") as connection:
            yield scratch, connection

    @contextmanager
    def _replayed(self, upto: str | None) -> Iterator[tuple[Database, Connection]]:
        from dbtool.engine.recording import Replay

        ran = plan.ancestors(self.known, self.known.heads if upto is None else [upto])
        chosen = tuple(revision for revision in self.known.revisions if revision.id in ran)
        with self._empty() as (scratch, connection):
            Replay(self.config, scratch, connection).run(chosen)
            yield scratch, connection

    def _revision(self, word: str) -> str:
        return plan.resolve(self.known, word, self.known.heads)


def _home(config: Config, words: tuple[str, ...]) -> Database:
    """Return the database whose kind decides. Raises UsageError where two kinds would be compared."""
    named = [databases.of(config) if word == DATABASE else _at(config, word) for word in words if _is_database(word)]
    if len({each.kind for each in named}) > 1:
        raise UsageError(
            f"{named[0].name} and {named[1].name} are databases of two kinds",
            hint=f"compare each with the files: dbtool diff --from {words[0]} --to files",
        )
    return named[0] if named else databases.of(config)


def _is_database(word: str) -> bool:
    return word == DATABASE or _is_url(word)


def _is_url(word: str) -> bool:
    return "://" in word or word.startswith("file:")


def _at(config: Config, word: str) -> Database:
    return databases.at(config, Location(word, "the command line", config.root))


def _statements(config: Config, database: Database, connection: Connection, draft: Draft) -> tuple[str, ...]:
    """Run the difference on a scratch database, and return what reached it."""
    from dbtool.engine.recording import Replay

    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        revision, _ = files.write_draft(
            config, draft, name="difference", folder=Path(folder), after=History(), now=datetime.now(UTC)
        )
        replay: Replay = Replay(config, database, connection)
        return tuple(each.sql for each in replay.record(revision, "up").statements)
