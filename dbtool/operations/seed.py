"""Seed: the files of `seed_data/` into the database, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Tell, silent
from dbtool.database import Database
from dbtool.engine import protection
from dbtool.errors import UsageError
from dbtool.operations import backups
from dbtool.reports import SeedReport

if TYPE_CHECKING:
    from dbtool.seeding.load import Wanted

# `seeding` imports SQLAlchemy and Pydantic, so it is imported where it is used.


def seed(
    config: Config,
    *,
    files: Sequence[Path | str] = (),
    sets: Sequence[str] | None = None,
    only: Sequence[str] = (),
    dry_run: bool = False,
    check: bool = False,
    prune: bool = False,
    scale: int = 1,
    fake: Sequence[tuple[str, int]] = (),
    ask: Ask = REFUSE,
    tell: Tell = silent,
) -> SeedReport:
    """Load the seed files in one transaction; what is there already and differs is updated.

    `files` are loaded instead of those of `seed_data/`. `sets` are the folders of `seed_data/` whose files are loaded
    after those of the base, by default those that the configuration names. `only` names the tables that are written.
    With `dry_run` all of it is done and rolled back; with `check` nothing is even tried, and a database that is not
    there is no error. `prune` deletes rows of seeded tables that the files no longer have, once that was confirmed,
    after a backup; without it nothing is deleted. `scale` multiplies what `!generate` blocks make up; `fake` are tables
    with how many rows to invent, which is then all that is loaded beside `files`. Raises UsageError for an unknown set,
    table or file, ProtectedError, also for made-up rows in a protected database, SeedError with every problem,
    RefusedRowError, AnswerError, DatabaseMissingError, and DataError where tables are missing.
    """
    from dbtool.seeding.load import Wanted

    target = database.of(config)
    chosen = tuple(config.seed.sets if sets is None else sets)
    if not (dry_run or check):
        protection.require_confirmed(config, target, "seed")
        protection.refuse_samples(config, target, chosen)
        if fake:
            protection.refuse_made_up(config, target)
    named = _named(config, files) if files or fake else None
    if check and not target.exists():
        return _check_alone(config, target, named, chosen, tell)
    copies: list[Path] = []

    def consent(counts: Mapping[str, int]) -> None:
        words = ", ".join(f"{count:,} of {table}" for table, count in counts.items())
        if not (dry_run or check):
            ask.confirm(f"delete rows that the seed files do not have: {words}?", flag="--yes")
            copies.append(backups.take(config, target))

    wanted = Wanted(tuple(only), dry_run, check, consent if prune else None, scale, tuple(fake))
    report = load_seeds(config, target, tell, sets=chosen, files=named, wanted=wanted)
    return replace(report, backup=backups.shown(config, copies[0]) if copies else None)


def load_seeds(
    config: Config,
    target: Database,
    tell: Tell = silent,
    *,
    sets: Sequence[str] = (),
    files: Sequence[Path] | None = None,
    wanted: Wanted | None = None,
) -> SeedReport:
    """Load the project's seed files into any of its databases, as `seed` does into the configured one."""
    from dbtool.engine import schema
    from dbtool.seeding.files import chosen
    from dbtool.seeding.load import Wanted, load

    found = chosen(config, sets) if files is None else files
    metadata = schema.load(config)
    return load(config, target, metadata, files=found, zone=config.zone, wanted=wanted or Wanted(), tell=tell)


def _named(config: Config, files: Sequence[Path | str]) -> tuple[Path, ...]:
    from dbtool.seeding.files import is_seed

    found = tuple(Path(each).absolute() for each in files)
    for path in found:
        if not path.is_file():
            raise UsageError(f"there is no file {path}", hint=f"ls {config.relative(config.seed_data)}")
        if not is_seed(path):
            raise UsageError(f"{path.name} is no seed file", hint="*.yaml, *.json, *.csv, *.ndjson or *.parquet")
    return found


def _check_alone(
    config: Config, target: Database, files: Sequence[Path] | None, sets: Sequence[str], tell: Tell
) -> SeedReport:
    """Check seeds where there is no database yet: against an empty one with the tables of the models."""
    from dbtool.engine import schema
    from dbtool.seeding.load import Wanted

    with target.scratch() as scratch:
        with scratch.connect("write") as connection:
            schema.load(config).create_all(connection)
            connection.commit()
        report = load_seeds(config, scratch, tell, sets=sets, files=files, wanted=Wanted(check=True))
        return replace(report, database=target.url.safe)
