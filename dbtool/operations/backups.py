"""Copies of a database, taken before something that cannot be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dbtool.config import Config
from dbtool.database import Database
from dbtool.errors import ProgramMissingError

KEPT = 5


def take(config: Config, database: Database) -> Path:
    """Copy the database into `.dbtool/backups/`, and let go of all but the newest copies; return the copy."""
    folder = config.make_private() / "backups"
    folder.mkdir(exist_ok=True)
    name = Path(database.url.database).stem
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    copy = database.backup(folder / f"{name}-{stamp}.backup")
    for old in sorted(folder.glob(f"{name}-*"), key=lambda path: path.name)[:-KEPT]:
        old.unlink()
    return copy


def take_or_say_how(config: Config, database: Database) -> Path:
    """Do the same for a command that has `--no-backup`, which the error names. Raises ProgramMissingError."""
    try:
        return take(config, database)
    except ProgramMissingError as error:
        hint = f"{error.hint}   (or --no-backup to go without one)"
        raise ProgramMissingError(error.message, hint=hint) from error


def shown(config: Config, path: Path | None) -> str | None:
    """Return a copy's path as a report says it."""
    return None if path is None else config.relative(path)
