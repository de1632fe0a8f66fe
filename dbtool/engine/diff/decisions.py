"""What only a person can know while a migration is written, and what was noticed on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbtool.conversation import REFUSE, Ask

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

OPTION = "dbtool_decisions"


def _unknown(table: str) -> int | None:
    return None


@dataclass(slots=True)
class Decisions:
    """Who answers, how many rows a table has in the database that will be migrated, and what could not be compared.

    `rows` returns None where nobody knows, and 0 for a table that is not there. `notes` are sentences.
    """

    ask: Ask = REFUSE
    rows: Callable[[str], int | None] = _unknown
    notes: list[str] = field(default_factory=list)


def of(context: AutogenContext) -> Decisions:
    """Return the decisions of a comparison."""
    options = context.opts or {}
    found: Decisions = options.get(OPTION) or Decisions()
    return found
