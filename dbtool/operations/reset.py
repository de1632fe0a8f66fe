"""Begin anew: a database that is migrated from nothing, and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, silent
from dbtool.database import Database
from dbtool.engine import history as histories
from dbtool.engine import kept, plan, protection, runner
from dbtool.errors import DbtoolError
from dbtool.operations import backups
from dbtool.reports import ResetReport, SeedReport
from dbtool.seeding import files


def reset(
    config: Config,
    *,
    seed: bool = True,
    sets: Sequence[str] | None = None,
    backup: bool = True,
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> ResetReport:
    """Replace the database by one that is migrated from nothing and seeded.

    Asks first, naming the database and how many rows would go; takes a backup, of which the newest 5 are kept. A
    failure leaves the database as it was. `sets` of seeds are as for `seed`. Raises UsageError,
    ProtectedError, AnswerError, LockedError, ProgramMissingError, MigrationError.
    """
    from dbtool.operations.seed import load_seeds

    database = databases.of(config)
    protection.require_confirmed(config, database, "reset")
    chosen = tuple(config.seed.sets if sets is None else sets)
    if seed:
        files.chosen(config, chosen)
        protection.refuse_samples(config, database, chosen)
    known = histories.read(config)
    plan.require_intact(replace(plan.standing(known, (), {}), stale=()), config.relative(config.migrations))
    exists = database.exists()
    rows = count_rows(database) if exists else 0
    if exists:
        where = protection.place(config, database)
        ask.confirm(f"delete {where} with its {rows:,} rows and build it anew?", flag="--yes")
        database.check_unused()
    copy = backups.take_or_say_how(config, database) if backup and exists else None
    seeded: SeedReport | None = None
    with database.rebuilding(copy) as fresh:
        applied = runner.upgrade(config, fresh, known, tell=tell)
        if seed and config.models is not None:
            seeded = replace(load_seeds(config, fresh, tell, sets=chosen), database=database.url.safe)
    kept.keep(config, known.revisions)
    return ResetReport(database.url.safe, rows, backups.shown(config, copy), applied, seeded)


def count_rows(database: Database) -> int:
    """Count what would be deleted; a file that is no database counts as nothing."""
    from sqlalchemy import func, inspect, select, table

    try:
        with database.connect("read") as connection:
            names = [name for name in inspect(connection).get_table_names() if name not in database.own_tables]
            return sum(connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names)
    except DbtoolError:
        return 0
