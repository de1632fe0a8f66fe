"""What stands in the way of writing the last migration anew: others who may have it, and what was written by hand."""

from __future__ import annotations

import re
from pathlib import Path

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import git
from dbtool.engine.history import History
from dbtool.errors import HistoryError, SharedError
from dbtool.reports import Revision


def last(config: Config, history: History) -> Revision:
    """Return the one migration that nothing follows. Raises HistoryError, and SharedError where a remote has it."""
    if not history.revisions:
        raise HistoryError("there is no migration to amend", hint="dbtool migrate")
    found = history.revisions[-1]
    if len(history.heads) > 1 or len(found.parents) > 1:
        raise HistoryError(
            f"{found.label} joins two branches, or stands beside another head: only the end of one line can be amended",
            hint="dbtool migrate",
        )
    branch = git.remote_with(config.root, Path(found.path).name)
    if branch is not None:
        raise SharedError(
            f"{found.label} is in {branch} already: somebody else may have run it",
            hint="dbtool migrate   (a new migration on top of it)",
        )
    return found


# What generated files run as text too, and what a new comparison finds again.
_FOUND_AGAIN = re.compile(r"\s*(alter|drop|comment|create\s+(unique\s+)?index|create\s+type)\b", re.IGNORECASE)


def left_out(old: Revision, new: Revision | None, database: Database) -> tuple[str, ...]:
    """Return the statements of a file that the new one does not have: of rows, views, triggers, functions, rights."""
    carried = set(by_hand(new, database)) if new else set()
    return tuple(text for text in by_hand(old, database) if text not in carried)


UNKNOWN = "what it reads and writes in the database itself"


def by_hand(revision: Revision, database: Database) -> tuple[str, ...]:
    """Return the statements of a file that no comparison of schemas finds: those of rows, views, triggers, rights."""
    from dbtool.engine.recording import texts

    found = texts(revision, "up", database)
    if found is None:
        return (UNKNOWN,)
    return tuple(dict.fromkeys(text for text in found if text and not _FOUND_AGAIN.match(text)))
