"""`backup` and `restore`: a database in one file, and a database as such a file says."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from dbtool import database as databases
from dbtool.config import Config
from dbtool.conversation import REFUSE, Ask, Note, Tell, silent
from dbtool.database import Database
from dbtool.engine import protection
from dbtool.errors import BackupError, UsageError
from dbtool.operations import backups
from dbtool.operations.reset import count_rows
from dbtool.reports import BackupReport, RestoreReport
from dbtool.texts import write_whole

_BLOCK = 2**20


def backup(config: Config, *, file: str | None = None, tell: Tell = silent) -> BackupReport:
    """Copy the database into a file, while it is in use, and its checksum into another one beside it.

    `file` is relative to the project; without it the copy lies in `.dbtool/backups/`, of which the newest 5 are kept.
    The copy is one moment of the database: SQLite's backup interface, `pg_dump` or `mariadb-dump` make it. Raises
    UsageError where the file is there already, ProgramMissingError, DatabaseMissingError, DiskFullError.
    """
    database = databases.of(config)
    with database.reading():
        pass  # says that there is no database before anything is made
    target = None if file is None else _free(config, file)
    tell(Note(f"copying {database.name}"))
    path = backups.take(config, database) if target is None else _copied(database, target)
    checksum = _checksum(path)
    write_whole(_beside(path), f"{checksum}  {path.name}\n")
    return BackupReport(database.url.safe, config.relative(path), path.stat().st_size, checksum)


def restore(config: Config, file: str, *, backup: bool = True, ask: Ask = REFUSE, tell: Tell = silent) -> RestoreReport:
    """Replace what the database holds by what a backup holds.

    Asks first, naming the database and how many rows would go, and takes a backup of what is there. The file is looked
    at before anything is changed: that it is a backup of this kind of database, and that its checksum is the one beside
    it, where there is one. A failure leaves the database as it was. Raises ProtectedError, UsageError, BackupError,
    AnswerError, LockedError, ProgramMissingError, ConnectError.
    """
    database = databases.of(config)
    protection.require_confirmed(config, database, "restore")
    source = _found(config, file)
    _require_sound(config, database, source)
    exists = database.exists()
    rows = count_rows(database) if exists else 0
    if exists:
        where = protection.place(config, database)
        ask.confirm(f"replace {where} with its {rows:,} rows by {config.relative(source)}?", flag="--yes")
        database.check_unused()
    copy = backups.take_or_say_how(config, database, keeping=source) if backup and exists else None
    tell(Note(f"restoring {config.relative(source)} into {database.name}"))
    try:
        database.restore(source)
    except BaseException:
        if copy is not None:
            database.restore(copy)
        raise
    return RestoreReport(
        database.url.safe, config.relative(source), rows, count_rows(database), backups.shown(config, copy)
    )


def _free(config: Config, file: str) -> Path:
    """Return where a copy will lie. Raises UsageError where something is there already, or no folder."""
    path = (config.root / file).resolve()
    if path.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        raise UsageError(
            f"{config.relative(path)} is there already", hint=f"dbtool backup {path.stem}-{stamp}{path.suffix}"
        )
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint=f"mkdir -p {path.parent}")
    return path


def _copied(database: Database, target: Path) -> Path:
    """Copy under exactly this name, in one step."""
    with tempfile.TemporaryDirectory(prefix=".dbtool-", dir=target.parent) as folder:
        database.backup(Path(folder) / "copy").replace(target)
    return target


def _found(config: Config, file: str) -> Path:
    path = (config.root / file).resolve()
    if not path.is_file():
        newest = sorted(config.private.glob("backups/*"), key=lambda each: each.stat().st_mtime)
        copies = [each for each in newest if not each.name.endswith(".sha256")]
        hint = f"dbtool restore {config.relative(copies[-1])}" if copies else "dbtool backup"
        raise UsageError(f"there is no file {config.relative(path)}", hint=hint)
    return path


def _require_sound(config: Config, database: Database, source: Path) -> None:
    wrong = database.backup_fault(source)
    if wrong:
        raise BackupError(f"{config.relative(source)} {wrong}", hint="ls .dbtool/backups")
    try:
        told = _beside(source).read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError:
        return
    if not told or told[0] != _checksum(source):
        raise BackupError(
            f"{config.relative(source)} is not what was written: its checksum differs from that in"
            f" {config.relative(_beside(source))}",
            hint="take another backup; to use this one all the same, remove the checksum",
        )


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _checksum(path: Path) -> str:
    hash = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hash.update(block)
    return hash.hexdigest()
