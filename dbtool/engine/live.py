"""The rows of the database that will be migrated: counted before anything is written, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbtool.database import Database
from dbtool.database.conversions import is_safe
from dbtool.engine.diff.decisions import Decisions
from dbtool.errors import ConnectError
from dbtool.reports import Change, Risk

if TYPE_CHECKING:
    from sqlalchemy import Connection, Inspector, Table

SAMPLES = 5  # keys shown of those that are in the way


class Rows:
    """Counts what a database holds; it must be open for as long as questions may come."""

    def __init__(self, database: Database, connection: Connection) -> None:
        from sqlalchemy import inspect

        self.database = database
        self.connection = connection
        self.inspector: Inspector = inspect(connection)
        self._tables: dict[str, Table | None] = {}

    def rows(self, table: str) -> int | None:
        """Count rows; 0 for a table that is not there."""
        from sqlalchemy import true

        return self.count(table, true())

    def nulls(self, table: str, column: str) -> int | None:
        """Count rows without a value; 0 where the column is not there."""
        found = self.table(table)
        return 0 if found is None or column not in found.columns else self.count(table, found.c[column].is_(None))

    def having(self, table: str, column: str, value: object) -> int | None:
        """Count rows with a value, compared as text."""
        from sqlalchemy import String, cast

        found = self.table(table)
        if found is None or column not in found.columns:
            return 0
        return self.count(table, cast(found.c[column], String(255)) == value)

    def strangers(self, table: str, column: str, members: Sequence[str]) -> dict[str, int]:
        """Count the rows of each text that is no member, in the order of the texts."""
        from sqlalchemy import String, cast, func, select

        found = self.table(table)
        if found is None or column not in found.columns:
            return {}
        value = cast(found.c[column], String(255))
        counted = select(value, func.count()).where(value.not_in(members)).group_by(value).order_by(value)
        return {str(text): int(count) for text, count in self.connection.execute(counted)}

    def count(self, name: str, condition: Any) -> int:
        """Count the rows of a table under a condition; 0 for a table that is not there."""
        from sqlalchemy import func, select

        found = self.table(name)
        if found is None:
            return 0
        statement = select(func.count()).select_from(found).where(condition)
        return int(self.connection.execute(statement).scalar_one())

    def table(self, name: str) -> Table | None:
        """Return a table as it is; None where it is not there."""
        import warnings

        from sqlalchemy import MetaData, Table

        if name not in self._tables:
            there = self.inspector.has_table(name)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of expressions in indexes, which do not matter here
                found = Table(name, MetaData(), autoload_with=self.connection, resolve_fks=False) if there else None
            self._tables[name] = found
        return self._tables[name]


@contextmanager
def reading(database: Database, *, exists: bool) -> Iterator[Rows | None]:
    """Lend what counts a database's rows; None where there is no database, or it does not answer.

    What counting makes, such as a function of the session, is rolled back.
    """
    with ExitStack() as opened:
        rows = None
        with suppress(ConnectError):  # of opening alone: what happens while it is lent is the borrower's
            if exists:
                connection = opened.enter_context(database.connect("write" if database.locks_rows else "read"))
                rows = Rows(database, connection)
                opened.callback(connection.rollback)
        yield rows


def risks(rows: Rows, decisions: Decisions, operations: Iterable[Any]) -> tuple[Risk, ...]:
    """Count what these operations would do to the rows, by the names that tables have now."""
    found: list[Risk] = []
    for operation in flat(operations):
        found.extend(_risks(rows, decisions, operation))
    return tuple(found)


def marked(changes: Sequence[Change], found: Sequence[Risk], rows: Rows | None) -> tuple[Change, ...]:
    """Say of each change that may lose data what it would lose; one that loses nothing here is none that does."""
    lost = {risk.subject: risk for risk in found if not risk.blocks}
    return tuple(_marked(change, lost.get(change.subject), rows) for change in changes)


def _marked(change: Change, risk: Risk | None, rows: Rows | None) -> Change:
    if risk is not None and change.kind.startswith(("drop", "alter")):
        return replace(change, text=f"{change.text} ({risk.text})", loses_data=True)
    if rows is None or not change.loses_data:
        return change
    if change.kind == "alter column":
        return replace(change, loses_data=False)
    there = rows.table(change.subject.partition(".")[0]) is not None
    return replace(change, text=f"{change.text} ({'empty' if there else 'not in this database'})", loses_data=False)


def flat(operations: Iterable[Any]) -> Iterator[Any]:
    """Yield operations in order, those within a table's batch too."""
    from alembic.operations import ops

    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from flat(operation.ops)
        else:
            yield operation


def _risks(rows: Rows, decisions: Decisions, operation: Any) -> Iterator[Risk]:
    from alembic.operations import ops

    match operation:
        case ops.DropTableOp():
            yield from _lost_table(rows, operation.table_name)
        case ops.DropColumnOp():
            yield from _lost_column(rows, decisions, operation)
        case ops.AlterColumnOp():
            yield from _changed(rows, decisions, operation)
        case ops.CreateUniqueConstraintOp():
            yield from _duplicates(rows, decisions, operation.table_name, [str(each) for each in operation.columns])
        case ops.CreateIndexOp() if operation.unique:
            columns = [str(getattr(each, "name", each)) for each in operation.columns]
            yield from _duplicates(rows, decisions, operation.table_name, columns)
        case ops.CreateCheckConstraintOp():
            yield from _refused(rows, decisions, operation)
        case ops.CreateForeignKeyOp():
            yield from _orphans(rows, decisions, operation)


def _lost_table(rows: Rows, name: str) -> Iterator[Risk]:
    count = rows.rows(name) or 0
    if count:
        yield Risk("lost", name, count, f"{_counted(count, 'row')} lost")


def _lost_column(rows: Rows, decisions: Decisions, operation: Any) -> Iterator[Risk]:
    table, column = decisions.old_table(operation.table_name), operation.column_name
    found = rows.table(table)
    if found is not None and column in found.columns and not found.c[column].computed:
        count = rows.count(table, found.c[column].is_not(None))
        if count:
            yield Risk("lost", f"{operation.table_name}.{column}", count, f"{_counted(count, 'value')} lost")


def _changed(rows: Rows, decisions: Decisions, operation: Any) -> Iterator[Risk]:
    old, new = operation.existing_type, operation.modify_type
    table = rows.table(decisions.old_table(operation.table_name))
    column = decisions.old_column(operation.table_name, operation.column_name)
    if new is None or old is None or table is None or column not in table.columns or is_safe(table.c[column].type, new):
        return
    count = rows.database.count_misfits(rows.connection, table.c[column], new)
    if count:
        text = f"{_counted(count, 'value')} would not survive"
        yield Risk("changed", f"{operation.table_name}.{operation.column_name}", count, text)


def _duplicates(rows: Rows, decisions: Decisions, name: str, columns: Sequence[str]) -> Iterator[Risk]:
    """Find values that are there more than once; NULLs are no duplicates of each other."""
    from sqlalchemy import and_, func, select

    table = rows.table(decisions.old_table(name))
    old = [decisions.old_column(name, column) for column in columns]
    if table is None or not old or not set(old) <= set(table.columns.keys()):
        return
    key = [table.c[column] for column in old]
    groups = (
        select(*key, func.count().label("n"))
        .where(and_(*(column.is_not(None) for column in key)))
        .group_by(*key)
        .having(func.count() > 1)
    )
    found = rows.connection.execute(groups.order_by(func.count().desc()).limit(SAMPLES)).all()
    if not found:
        return
    inner = groups.subquery()
    count = int(rows.connection.execute(select(func.sum(inner.c.n))).scalar_one())
    samples = tuple(", ".join(str(value) for value in row[:-1]) + f" ({row[-1]} times)" for row in found)
    subject = f"{name}.{', '.join(columns)}"
    yield Risk(
        "duplicate",
        subject,
        count,
        f"{_counted(count, 'row')} share their {' and '.join(columns)}",
        samples,
        blocks=True,
    )


def _refused(rows: Rows, decisions: Decisions, operation: Any) -> Iterator[Risk]:
    """Count what a new check refuses; a check over what is not there yet cannot be asked."""
    from sqlalchemy import not_, text

    table = rows.table(decisions.old_table(operation.table_name))
    condition = operation.condition
    if table is None:
        return
    with suppress(Exception), rows.connection.begin_nested():
        asked = text(f"NOT ({condition})") if isinstance(condition, str) else not_(condition)
        count = rows.count(table.name, asked)
        if count:
            name = operation.constraint_name or "the new check"
            yield Risk(
                "refused",
                f"{operation.table_name}.{name}",
                count,
                f"{_counted(count, 'row')} break {name}",
                blocks=True,
            )


def _orphans(rows: Rows, decisions: Decisions, operation: Any) -> Iterator[Risk]:
    from sqlalchemy import and_, exists, not_, select

    name, target = operation.source_table, operation.referent_table
    child, parent = (rows.table(decisions.old_table(each)) for each in (name, target))
    mine = [decisions.old_column(name, column) for column in operation.local_cols]
    theirs = [decisions.old_column(target, column) for column in operation.remote_cols]
    if child is None or parent is None or not set(mine) <= set(child.columns.keys()):
        return
    if not set(theirs) <= set(parent.columns.keys()):
        return
    aliased = parent.alias("dbtool_parent")
    pairs = [child.c[one] == aliased.c[other] for one, other in zip(mine, theirs, strict=True)]
    without = and_(
        *(child.c[column].is_not(None) for column in mine),
        not_(exists(select(1).select_from(aliased).where(*pairs).correlate(child))),
    )
    count = rows.count(child.name, without)
    if count:
        sample = rows.connection.execute(
            select(*(child.c[column] for column in mine)).where(without).distinct().limit(SAMPLES)
        )
        samples = tuple(", ".join(str(value) for value in row) for row in sample)
        text = f"{_counted(count, 'row')} point at no {target}"
        yield Risk("orphan", f"{name}.{', '.join(operation.local_cols)}", count, text, samples, blocks=True)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
