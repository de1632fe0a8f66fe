"""What only a person can know while a migration is written, and what was noticed on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from dbtool.conversation import Answers, Ask
from dbtool.database import Database
from dbtool.engine.sqlfiles import Declared

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext

OPTION = "dbtool_decisions"


def nobody() -> Ask:
    """Return who is asked where a difference is only looked at: nothing is a rename, nothing is filled in."""
    return Answers(accept_data_loss=True)


class Live(Protocol):
    """What is known of the rows of the database that will be migrated."""

    def rows(self, table: str) -> int | None:
        """Count rows; 0 for a table that is not there, None where nobody knows."""

    def nulls(self, table: str, column: str) -> int | None:
        """Count rows without a value; 0 where the column is not there."""

    def having(self, table: str, column: str, value: object) -> int | None:
        """Count rows with a value."""

    def strangers(self, table: str, column: str, members: Sequence[str]) -> dict[str, int]:
        """Count the rows of each value that is no member; empty where nobody knows."""


class Unknown:
    """A database that nobody can ask."""

    def rows(self, table: str) -> int | None:
        """Nobody knows."""
        return None

    def nulls(self, table: str, column: str) -> int | None:
        """Nobody knows."""
        return None

    def having(self, table: str, column: str, value: object) -> int | None:
        """Nobody knows."""
        return None

    def strangers(self, table: str, column: str, members: Sequence[str]) -> dict[str, int]:
        """Nobody knows."""
        return {}


@dataclass(slots=True)
class Decisions:
    """Who answers, what is known of the rows that will be migrated, and what was noticed.

    `notes` are sentences about what could not be compared. `renames` are the operations that were carried out before
    the comparison, in order; where the database is no `scratch` one, only within a transaction. `only` names the
    tables that are compared, None for all. `declared` tells what changed of the objects that are kept as SQL.
    `names_all` gives each constraint a name that has none, so that it can be dropped again. `hidden` are tables that
    are parts of others.
    """

    ask: Ask = field(default_factory=nobody)
    live: Live = field(default_factory=Unknown)
    database: Database | None = None
    scratch: bool = True
    notes: list[str] = field(default_factory=list)
    renames: list[Any] = field(default_factory=list)
    undo: Callable[[], None] | None = None
    only: Collection[str] | None = None
    probes: dict[str, Any] = field(default_factory=dict)
    index_texts: dict[tuple[str, str], str] | None = None
    json: frozenset[tuple[str, str]] | None = None
    declared: Callable[[], Declared] = Declared
    names_all: bool = True
    hidden: frozenset[str] = frozenset()

    def compares(self, table: str) -> bool:
        """Whether a table is compared at all."""
        return table not in self.hidden and (self.only is None or table in self.only)

    def rows_of(self, table: str) -> int | None:
        """Count the rows of a table by the name that it will have."""
        return self.live.rows(self.old_table(table))

    def nulls_of(self, table: str, column: str) -> int | None:
        """Count the rows of a table without a value, by the names that table and column will have."""
        return self.live.nulls(self.old_table(table), self.old_column(table, column))

    def having(self, table: str, column: str, value: object) -> int | None:
        """Count the rows of a table with a value, by the names that table and column will have."""
        return self.live.having(self.old_table(table), self.old_column(table, column), value)

    def strangers(self, table: str, column: str, members: Sequence[str]) -> dict[str, int]:
        """Count the rows of each value that is no member, by the names that table and column will have."""
        return self.live.strangers(self.old_table(table), self.old_column(table, column), members)

    def old_table(self, table: str) -> str:
        """Return what a table is called in the database."""
        renamed = {each.new_table_name: each.table_name for each in self.renames if hasattr(each, "new_table_name")}
        return str(renamed.get(table, table))

    def old_column(self, table: str, column: str) -> str:
        """Return what a column is called in the database."""
        renamed = {
            each.modify_name: each.column_name
            for each in self.renames
            if getattr(each, "modify_name", None) and each.table_name == table
        }
        return str(renamed.get(column, column))


def of(context: AutogenContext) -> Decisions:
    """Return the decisions of a comparison."""
    return of_migration(context.migration_context)  # the context that renders has options of its own


def of_migration(context: MigrationContext) -> Decisions:
    """Return the decisions of a comparison."""
    found: Decisions = context.opts.setdefault(OPTION, Decisions())
    return found
