"""Take a migration back that stopped halfway, and let the ledger say what Alembic's version table says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dbtool
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import journal, ledger
from dbtool.engine.amending import UNKNOWN
from dbtool.engine.journal import Undoing
from dbtool.engine.ledger import Entry
from dbtool.errors import StoppedHalfwayError
from dbtool.person import who
from dbtool.reports import Direction, Revision, Stopped


def undo(config: Config, database: Database, revision: Revision, stopped: Stopped) -> None:
    """Run the other direction of a file that stopped halfway, passing over what had not happened yet.

    The ledger is left as it is: the migration has never run, or is still there. Raises StoppedHalfwayError where that
    direction changes rows, which cannot be done by half, and MigrationError.
    """
    from dbtool.engine.recording import Replay

    direction: Direction = "down" if stopped.direction == "up" else "up"
    _refuse_rows(database, revision, direction)
    with database.turn(lambda holder: None), database.connect("migrate") as connection:
        driver = connection.connection.driver_connection
        with journal.kept(Undoing(database), connection.engine):
            Replay(config, database, connection).record(revision, direction)
        journal.forget(database, driver, revision.id)
        driver.commit()  # type: ignore[union-attr]


def _refuse_rows(database: Database, revision: Revision, direction: Direction) -> None:
    from dbtool.engine.recording import texts

    found = texts(revision, direction, database)
    changing = [UNKNOWN] if found is None else [text for text in found if journal.kind_of(text) == "changing"]
    if changing:
        raise StoppedHalfwayError(
            f"{revision.label} cannot be taken back by half: its way {direction} changes rows",
            hint="dbtool deploy   (it goes on from where it stopped), or dbtool restore",
            problems=[text[:200] for text in changing[:5]],
        )


def write(database: Database, up: Sequence[Revision], down: Sequence[tuple[str, str]], *, as_it_is: bool) -> None:
    """Write into the ledger which migrations ran without it, and which went back, as pairs of id and name.

    `as_it_is` says that the schema is known to be that of the migrations, so that the last row carries it.
    """
    entries = [_entry(id, name, "", "down") for id, name in down]
    entries += [_entry(each.id, each.name, each.meaning_hash, "up") for each in up]
    with database.connect("migrate") as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        ledger.prepare(database, driver)
        ledger.append(database, driver, entries, database.catalogue(driver) if as_it_is else None)


def _entry(id: str, name: str, checksum: str, direction: Direction) -> Entry:
    return Entry(id, name, checksum, direction, 0.0, 0, f"repair by {who()}", dbtool.__version__)
