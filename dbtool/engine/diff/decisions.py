"""What only a person can know while a migration is written, and what was noticed on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.conversation import Answers, Ask
from dbtool.database import Database

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

OPTION = "dbtool_decisions"


def nobody() -> Ask:
    """Return who is asked where a difference is only looked at: nothing is a rename, nothing is filled in."""
    return Answers(accept_data_loss=True)


def _unknown(table: str) -> int | None:
    return None


@dataclass(slots=True)
class Decisions:
    """Who answers, how many rows a table has in the database that will be migrated, and what was noticed.

    `rows` returns None where nobody knows, and 0 for a table that is not there. `notes` are sentences about what
    could not be compared. `renames` are the operations that were carried out before the comparison, in order.
    """

    ask: Ask = field(default_factory=nobody)
    rows: Callable[[str], int | None] = _unknown
    database: Database | None = None
    notes: list[str] = field(default_factory=list)
    renames: list[Any] = field(default_factory=list)
    undo: Callable[[], None] | None = None


def of(context: AutogenContext) -> Decisions:
    """Return the decisions of a comparison."""
    options = context.opts or {}
    found: Decisions = options.setdefault(OPTION, Decisions())
    return found
