"""What taking migrations back would lose: tried on a scratch database, counted in the live one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database
from dbtool.database.conversions import is_safe
from dbtool.engine import live, proof
from dbtool.engine.history import History
from dbtool.errors import AccessError, HistoryError, MigrationError
from dbtool.reports import Revision, Risk

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbtool.engine.recording import Recorded

Column = tuple[str, str]  # table, column


def of_rollback(
    config: Config, database: Database, history: History, revisions: Sequence[Revision], rows: live.Rows
) -> tuple[Risk, ...] | None:
    """Count what taking these migrations back, newest first, would do to rows of the live database.

    They go up and down on a scratch database: tables and columns that are gone in the end are counted in the live
    one, and so are values that a change of type would not keep. Statements that change rows are named, since only
    they know which ones. None where the files do not run from nothing, or there is no scratch database. Raises
    HistoryError for a file that says it cannot be taken back, and MigrationError for one whose way back fails.
    """
    from dbtool.engine.recording import Replay, before_of

    with ExitStack() as stack:
        try:
            scratch = stack.enter_context(proof.scratch(config, database))
            connection = stack.enter_context(scratch.connect("migrate"))
            replay = Replay(config, scratch, connection)
            replay.run((*before_of(history, revisions), *reversed(revisions)))
        except (AccessError, MigrationError):
            return None
        trail = _Trail(rows, {each: each for each in _columns(scratch, connection)})
        for revision in revisions:
            recorded = replay.record(revision, "down")
            _require_reversible(recorded)
            trail.follow(recorded)
        return trail.risks(_columns(scratch, connection))


def _require_reversible(recorded: Recorded) -> None:
    if recorded.refusal is not None:
        raise HistoryError(
            f"{recorded.revision.label} cannot be taken back"
            + (f": {recorded.refusal}" if recorded.refusal else ", and its file gives no reason"),
            hint="write a migration that goes on from here: dbtool migrate",
        )


def _columns(database: Database, connection: Connection) -> Iterator[Column]:
    """Yield the columns of all tables; a table itself is one without a name."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if table not in database.own_tables:
            yield table, ""
            yield from ((table, str(column["name"])) for column in inspector.get_columns(table))


@dataclass(slots=True)
class _Trail:
    """Where each table and column of the live database is, while migrations go down.

    `now` maps the names of the moment to those of the live database.
    """

    rows: live.Rows
    now: dict[Column, Column]
    gone: list[Column] = field(default_factory=list)
    changed: list[Risk] = field(default_factory=list)

    def follow(self, recorded: Recorded) -> None:
        """Note what one file did, operation by operation."""
        for step in recorded.steps:
            self._follow(recorded.revision, step.operation)
        for statement in recorded.statements:
            if not statement.by_operation:
                self._follow_text(recorded.revision, statement.sql)

    def risks(self, left: Iterator[Column]) -> tuple[Risk, ...]:
        """Count in the live database what is not left."""
        there = set(left)
        for column in [each for each in self.now if each not in there]:
            self._drop(column)
        tables = {table for table, name in self.gone if not name}
        lost = (column for column in dict.fromkeys(self.gone) if not column[1] or column[0] not in tables)
        return (*(risk for column in lost for risk in self._lost(*column)), *self.changed)

    def _follow(self, revision: Revision, operation: Any) -> None:
        from alembic.operations import ops

        match operation:
            case ops.DropTableOp(table_name=table):
                self._drop((table, ""))
            case ops.DropColumnOp(table_name=table, column_name=column):
                self._drop((table, column))
            case ops.RenameTableOp(table_name=table, new_table_name=new):
                self._rename_table(table, str(new))
            case ops.AlterColumnOp(table_name=table, column_name=column):
                self._convert((table, column), operation.modify_type)
                if operation.modify_name:
                    self._rename_column(table, column, str(operation.modify_name))
            case ops.ExecuteSQLOp():
                self._follow_text(revision, str(operation.sqltext))

    def _follow_text(self, revision: Revision, sql: str) -> None:
        renamed = _RENAMED.match(sql)
        if renamed and renamed["column"]:
            self._rename_column(_bare(renamed["table"]), _bare(renamed["column"]), _bare(renamed["new"]))
        elif renamed:
            self._rename_table(_bare(renamed["table"]), _bare(renamed["new"]))
        elif _CHANGES_ROWS.match(sql):
            self.changed.append(Risk("statement", revision.name, 0, f"runs `{' '.join(sql.split())}`"))

    def _rename_table(self, table: str, new: str) -> None:
        self.now = {(new if name == table else name, column): old for (name, column), old in self.now.items()}

    def _rename_column(self, table: str, column: str, new: str) -> None:
        if (table, column) in self.now:
            self.now[(table, new)] = self.now.pop((table, column))

    def _drop(self, column: Column) -> None:
        old = self.now.pop(column, None)
        if old is not None:
            self.gone.append(old)
        if not column[1]:
            self.now = {each: old for each, old in self.now.items() if each[0] != column[0]}

    def _convert(self, column: Column, new: Any) -> None:
        table, name = self.now.get(column, ("", ""))
        found = self.rows.table(table) if table else None
        if new is None or found is None or name not in found.columns or is_safe(found.c[name].type, new):
            return
        count = self.rows.database.count_misfits(self.rows.connection, found.c[name], new)
        if count:
            self.changed.append(Risk("changed", f"{table}.{name}", count, f"{_values(count)} would not survive"))

    def _lost(self, table: str, column: str) -> Iterator[Risk]:
        found = self.rows.table(table)
        if found is None:
            return
        if not column:
            count = self.rows.rows(table) or 0
            if count:
                yield Risk("lost", table, count, f"{count:,} {'row' if count == 1 else 'rows'} lost")
        elif column in found.columns and not found.c[column].computed:
            count = self.rows.count(table, found.c[column].is_not(None))
            if count:
                yield Risk("lost", f"{table}.{column}", count, f"{_values(count)} lost")


_NAME = r'(?:"[^"]+"|`[^`]+`|\w+)'
_RENAMED = re.compile(
    rf"\s*ALTER\s+TABLE\s+(?P<table>{_NAME})\s+RENAME\s+(?:COLUMN\s+(?P<column>{_NAME})\s+)?TO\s+(?P<new>{_NAME})\s*;?\s*$",
    re.IGNORECASE,
)
_CHANGES_ROWS = re.compile(r"\s*(delete|truncate|update|replace|insert)\b", re.IGNORECASE)


def _bare(name: str) -> str:
    return name[1:-1] if name[:1] in ('"', "`") else name


def _values(count: int) -> str:
    return f"{count:,} {'value' if count == 1 else 'values'}"
