"""Copies of a database, taken before something that cannot be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dbtool.config import Config
from dbtool.database import Database
from dbtool.errors import ProgramMissingError

KEPT = 5


def take(config: Config, database: Database, *, keeping: Path | None = None) -> Path:
    """Copy the database into `.dbtool/backups/`, and let go of all but the newest copies, and `keeping`; return it."""
    folder = config.make_private() / "backups"
    folder.mkdir(exist_ok=True)
    name = Path(database.url.database).stem
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    copy = database.backup(folder / f"{name}-{stamp}.backup")
    copies = sorted(path for path in folder.glob(f"{name}-*") if path.suffix != ".sha256")
    for old in copies[:-KEPT]:
        if old != keeping:
            old.unlink()
            old.with_name(f"{old.name}.sha256").unlink(missing_ok=True)
    return copy


def take_or_say_how(config: Config, database: Database, *, keeping: Path | None = None) -> Path:
    """Do the same for a command that has `--no-backup`, which the error names. Raises ProgramMissingError."""
    try:
        return take(config, database, keeping=keeping)
    except ProgramMissingError as error:
        hint = f"{error.hint}   (or --no-backup to go without one)"
        raise ProgramMissingError(error.message, hint=hint) from error


def shown(config: Config, path: Path | None) -> str | None:
    """Return a copy's path as a report says it."""
    return None if path is None else config.relative(path)
