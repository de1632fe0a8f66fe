"""Which migrations a database has run: Alembic's version table, and dbtool's own ledger beside it.

Read and written through the bare driver, so that `status` needs no SQLAlchemy; inside a run the driver's
connection is the migration's own, so a row lands in the same transaction.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dbtool.database import LEDGER, Catalogue, Database, DriverConnection, execute, rows
from dbtool.reports import AppliedRow, Direction

_COLUMNS = "revision, name, checksum, direction, applied_at, seconds, steps, applied_by, version, fingerprint"


@dataclass(frozen=True, slots=True)
class Record:
    """What a database says it has run.

    `heads` is Alembic's word; `checksums` is the ledger's: the meaning of each revision that is up, when it went up.
    `fingerprint` is of the catalogue after the last recorded run, None where that run is not where Alembic says
    that the database is.
    """

    heads: tuple[str, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be written; the database's own clock says when."""

    revision: str
    name: str
    checksum: str
    direction: Direction
    seconds: float
    steps: int
    applied_by: str
    version: str


def read(database: Database, connection: DriverConnection) -> Record:
    """Read what a database has run; one that no migration has touched reads as empty."""
    tables = database.table_names(connection)
    heads: tuple[str, ...] = ()
    if database.has_versions(connection, tables):
        found = rows(connection, f"SELECT version_num FROM {database.version_source}")
        heads = tuple(sorted(str(row[0]) for row in found))
    if LEDGER not in tables:
        return Record(heads)
    found = rows(connection, f"SELECT revision, checksum, direction, fingerprint FROM {LEDGER} ORDER BY id")
    checksums: dict[str, str] = {}
    for revision, checksum, direction, _ in found:
        if direction == "up":
            checksums[revision] = checksum
        else:
            checksums.pop(revision, None)
    return Record(heads, checksums, _fingerprint(heads, *found[-1]) if found else None)


def read_rows(database: Database, connection: DriverConnection) -> tuple[AppliedRow, ...]:
    """Read the whole ledger, oldest first; a database without one reads as empty.

    `seconds` is wall time of the migration alone, `applied_at` is UTC by the database's clock.
    """
    if LEDGER not in database.table_names(connection):
        return ()
    return tuple(_row(*row) for row in rows(connection, f"SELECT {_COLUMNS} FROM {LEDGER} ORDER BY id"))


def last_catalogue(connection: DriverConnection) -> Catalogue | None:
    """Read the catalogue that the last run left behind."""
    sql = f"SELECT catalogue FROM {LEDGER} WHERE catalogue IS NOT NULL ORDER BY id DESC LIMIT 1"
    found = rows(connection, sql)
    if not found:
        return None
    text = zlib.decompress(bytes(found[0][0])).decode()
    return Catalogue(tuple(text.split("\n")) if text else ())


def prepare(database: Database, connection: DriverConnection) -> None:
    """Make the ledger where there is none."""
    if LEDGER not in database.table_names(connection):
        execute(connection, database.create_ledger)


def append(
    database: Database, connection: DriverConnection, entries: Sequence[Entry], catalogue: Catalogue | None
) -> None:
    """Write rows in order; the last one carries the catalogue that the run left behind."""
    mark = database.placeholder
    marks = ", ".join([mark] * 4 + [database.now] + [mark] * 6)
    sql = f"INSERT INTO {LEDGER} ({_COLUMNS}, catalogue) VALUES ({marks})"
    values = [_values(entry, catalogue if entry is entries[-1] else None) for entry in entries]
    cursor = connection.cursor()
    try:
        cursor.executemany(sql, values)
    finally:
        cursor.close()


def refresh(database: Database, connection: DriverConnection, catalogue: Catalogue) -> None:
    """Let the last row carry this catalogue: the schema is written in another way, and means the same."""
    mark = database.placeholder
    last = rows(connection, f"SELECT max(id) FROM {LEDGER}")[0][0]
    sql = f"UPDATE {LEDGER} SET fingerprint = {mark}, catalogue = {mark} WHERE id = {mark}"
    execute(connection, sql, (catalogue.fingerprint, zlib.compress(catalogue.text.encode()), last))


def move(database: Database, connection: DriverConnection, old: Sequence[str], new: Sequence[str]) -> None:
    """Move Alembic's version table from these revisions to those."""
    mark, table = database.placeholder, database.version_source
    for id in old:
        execute(connection, f"DELETE FROM {table} WHERE version_num = {mark}", (id,))
    for id in new:
        execute(connection, f"INSERT INTO {table} (version_num) VALUES ({mark})", (id,))


def _values(entry: Entry, catalogue: Catalogue | None) -> tuple[Any, ...]:
    return (
        entry.revision,
        entry.name[:255],
        entry.checksum,
        entry.direction,
        round(entry.seconds, 6),
        entry.steps,
        entry.applied_by[:255],
        entry.version,
        catalogue.fingerprint if catalogue else None,
        zlib.compress(catalogue.text.encode()) if catalogue else None,
    )


def _fingerprint(heads: Sequence[str], revision: str, checksum: str, direction: str, fingerprint: str) -> str | None:
    """Return the last run's fingerprint, unless another tool has moved the database since."""
    matches = revision in heads if direction == "up" else revision not in heads
    return fingerprint if matches else None


def _row(revision: str, name: str, checksum: str, direction: str, applied_at: Any, *rest: Any) -> AppliedRow:
    seconds, steps, applied_by, version, fingerprint = rest
    going: Direction = "down" if direction == "down" else "up"
    return AppliedRow(
        revision, name, checksum, going, _utc(applied_at), float(seconds), int(steps), applied_by, version, fingerprint
    )


def _utc(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(moment, datetime)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
