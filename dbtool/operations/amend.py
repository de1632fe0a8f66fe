"""Ways of `migrate` in which a database gets a migration without running it: pushed before, or amended."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import amending, direct, plan, protection, runner, sqlfiles
from dbtool.engine import history as histories
from dbtool.engine.history import History
from dbtool.engine.state import State
from dbtool.errors import HistoryError, UsageError
from dbtool.operations.landing import Landing
from dbtool.operations.weighing import consent, refuse_unused, warn

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def is_there_already(config: Config, database: Database, state: State, metadata: MetaData) -> bool:
    """Whether a database got its schema by `push`, or is what the models say although its ledger does not know why.

    Files that are pending and change rows must run all the same: then this is False.
    """
    if not state.exists or any(amending.by_hand(each, database) for each in state.standing.pending):
        return False
    if state.pushed:
        return True
    unknown = state.drift is None and not state.record.heads
    if not state.drift and not (unknown and _has_tables(database)):
        return False
    return direct.is_what_models_say(config, database, metadata)


def _has_tables(database: Database) -> bool:
    with database.reading() as connection:
        return bool(database.table_names(connection) - set(database.own_tables))


def amend(landing: Landing, *, create_only: bool) -> None:
    """Write the last migration anew, and bring the database to the models, whether or not it ran the old one.

    Raises SharedError where a remote has the file, HistoryError where there is no such file, AnswerError.
    """
    config, state = landing.config, landing.state
    old = landing.old = amending.last(config, state.history)
    edited = tuple(each for each in state.standing.edited if each != old)
    plan.require_intact(replace(state.standing, stale=(), edited=edited), config.relative(config.migrations))
    landing.before = replace(state.history, revisions=state.history.revisions[:-1])
    if old not in state.standing.applied:
        _before_it_ran(landing, create_only=create_only)
        return
    made = [each for each in sqlfiles.of_history(History((old,))).values() if each.file]
    if made:
        raise HistoryError(
            f"{old.label} makes {made[0].kind} {made[0].name}, which only running the file can take back",
            hint="dbtool rollback   (then again: dbtool migrate --amend)",
        )
    if create_only:
        raise UsageError(
            f"{landing.database.url.safe} has run {old.label}, so it must change together with the file",
            hint="dbtool migrate --amend   (or first: dbtool rollback)",
        )
    if state.drift and not state.pushed:
        where = protection.place(config, landing.database)
        landing.ask.confirm(
            f"somebody changed the schema of {where} by hand, and it will be what the models say:"
            f" {'; '.join(state.drift)}. go on?",
            flag="--yes",
        )
    landing.land()


def _before_it_ran(landing: Landing, *, create_only: bool) -> None:
    config, database = landing.config, landing.database
    with tempfile.TemporaryDirectory(dir=config.make_private()) as folder:
        weighed = landing.write(Path(folder), objects=True)
        refuse_unused(landing.ask)
        landing.require_nothing_left_out()
        landing.risks, landing.counted, landing.changes = weighed.risks, weighed.counted, weighed.changes
        if create_only:
            warn(weighed, landing.tell)
        elif consent(weighed, landing.ask, protection.called(config, database)):
            landing.back_up()
        landing.keep()
    if create_only:
        return
    if not landing.state.exists:
        database.create()
    elif any(histories.drops(each) for each in landing.state.standing.pending if each != landing.old):
        landing.back_up()
    landing.applied = runner.upgrade(config, database, histories.read(config), tell=landing.tell)
