"""Staged edits written in one transaction, or none of them: where somebody was faster, or the database refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from sqlalchemy import Column, Connection, Executable, Table, delete, insert, literal_column, update
from sqlalchemy.exc import DBAPIError, StatementError

from dbtool import values
from dbtool.errors import RecordNotFoundError
from dbtool.rows.cells import Text
from dbtool.rows.changes import Change, Cut, Insert, Problem, Step, Update, plan
from dbtool.rows.refusals import problem_of
from dbtool.rows.sheet import Row, Sheet, Written, key_of, read, row_clause, rows, where
from dbtool.rows.statements import Statement, as_sql
from dbtool.tables import constant_default, field_of, foreign_keys, target_of

_TOLD = 200  # problems


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that somebody else has changed or deleted meanwhile; `cells` are the values that differ, as they are."""

    index: int
    gone: bool
    cells: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the changes; nothing was written where there are problems or conflicts.

    `sql` is in the order of execution, `keys` are those of new rows by the ids of their changes.
    """

    sql: tuple[Statement, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    saved: int = 0
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def review(sheets: Callable[[str], Sheet], changes: Sequence[Change], zone: tzinfo) -> Outcome:
    """Return what `save` would do, and what is wrong with it as far as that shows without the database."""
    steps, problems = plan(sheets, changes, zone)
    return Outcome(tuple(as_sql(step) for step in steps), problems=tuple(problems[:_TOLD]))


def save(connection: Connection, sheets: Callable[[str], Sheet], changes: Sequence[Change], zone: tzinfo) -> Outcome:
    """Write all changes and commit, or write none: what is wrong is returned, not raised.

    Inserts come first, parents before children; then updates; then deletes, children before parents. A change that the
    database refuses is tried again after the others, since one of them may have stood in its way. Raises what the
    database's `translate` returns, such as LockedError, and TableNotFoundError.
    """
    steps, problems = plan(sheets, changes, zone)
    if problems:
        return Outcome(problems=tuple(problems[:_TOLD]))
    try:
        outcome = _Saving(connection, zone).save(steps)
    except BaseException:
        connection.rollback()
        raise
    if outcome.problems or outcome.conflicts:
        connection.rollback()
    return outcome


# One transaction


@dataclass(slots=True)
class _Saving:
    """One transaction: what the new rows got, and what was refused."""

    connection: Connection
    zone: tzinfo
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # columns of new rows, by id
    keys: dict[str, str] = field(default_factory=dict)

    def save(self, steps: Sequence[Step]) -> Outcome:
        conflicts = tuple(conflict for step in steps for conflict in self._conflict(step))
        if conflicts:
            return Outcome(conflicts=conflicts)
        done, problems = self._write(steps)
        if not problems:
            problems = self._finish(steps)
        if problems:
            return Outcome(problems=tuple(problems[:_TOLD]))
        return Outcome(tuple(as_sql(step) for step in done), self.keys, len(done))

    def _conflict(self, step: Step) -> Iterator[Conflict]:
        """Compare a row with what was on screen, and keep others from changing it."""
        if isinstance(step.change, Insert):
            return
        row = self._locked(step.sheet, step.change.key)
        if row is None:
            yield Conflict(step.index, True, {})
            return
        names = [cell.column.name for cell in step.sheet.cells]
        shown = {name: (row.cells[index], row.cut.get(index)) for index, name in enumerate(names)}
        differing = {
            name: shown[name][0]
            for name, old in step.change.old.items()
            if name in shown and shown[name] != ((old.start, old.length) if isinstance(old, Cut) else (old, None))
        }
        if differing:
            yield Conflict(step.index, False, differing)

    def _locked(self, sheet: Sheet, key: str) -> Row | None:
        try:
            found = where(sheet, [row_clause(sheet, key, self.zone)])
        except RecordNotFoundError:
            return None
        lock = " FOR UPDATE" if sheet.database.locks_rows else ""
        held = rows(sheet, read(self.connection, sheet, Written(f"{found.sql}{lock}", found.values)))
        return held[0] if len(held) == 1 else None

    def _write(self, steps: Sequence[Step]) -> tuple[list[Step], list[Problem]]:
        """Try all, then those that were refused again, as long as some more of them succeed."""
        done: list[Step] = []
        waiting = list(steps)
        while waiting:
            refused: list[tuple[Step, Problem | None]] = []
            for step in waiting:
                problem = self._tried(step)
                if problem is _DONE:
                    done.append(step)
                else:
                    refused.append((step, problem))
            if len(refused) == len(waiting):
                return done, [problem for _, problem in refused if problem is not None]
            waiting = [step for step, _ in refused]
        return done, []

    def _tried(self, step: Step) -> Problem | None:
        """Write one change; return what the database has against it, and None where a row that it needs is missing."""
        if any(link.id not in self.given for link in step.links.values()):
            return None
        linked = {name: self.given[link.id][link.column.name] for name, link in step.links.items()}
        try:
            with self.connection.begin_nested():
                return self._execute(step, {**step.values, **linked})
        except _AmbiguousError as error:
            return Problem(step.index, None, str(error))
        except StatementError as error:
            return problem_of(step, error)

    def _execute(self, step: Step, given: Mapping[str, Any]) -> Problem:
        table = step.sheet.table
        if isinstance(step.change, Insert):
            self._insert(step, step.change.id, given)
            return _DONE
        clause = row_clause(step.sheet, step.change.key, self.zone)
        statement: Executable = delete(table).where(clause)
        if isinstance(step.change, Update):
            if not given:
                return _DONE
            statement = update(table).where(clause).values(dict(given))
        result: Any = self.connection.execute(statement)
        if result.rowcount > 1:
            raise _AmbiguousError(f"{result.rowcount} rows have this key")
        return _DONE

    def _insert(self, step: Step, id: str, given: Mapping[str, Any]) -> None:
        table, identity = step.sheet.table, step.sheet.identity
        wanted: list[Any] = [*identity.columns, *_pointed_at(table, identity.columns)]
        if identity.address:
            wanted.append(literal_column(identity.address))
        statement = insert(table).values({**_filled(table, given), **given})
        if step.sheet.dialect.insert_returning and wanted:
            returned = tuple(self.connection.execute(statement.returning(*wanted)).one())
        else:
            primary = self.connection.execute(statement).inserted_primary_key or ()
            known = {**given, **dict(zip(table.primary_key.columns.keys(), primary, strict=False))}
            returned = tuple(known.get(getattr(column, "name", "")) for column in wanted)
        self.given[id] = {column.name: value for column, value in zip(wanted, returned, strict=True)}
        key = returned[-1:] if identity.address else returned[: len(identity.columns)]
        if identity.kind != "none":
            self.keys[id] = key_of([None if part is None else values.text(part) for part in key])

    def _finish(self, steps: Sequence[Step]) -> list[Problem]:
        """Let sequences follow numbers that were given, and commit; what is checked late can refuse here."""
        for sheet, column in _numbered(steps):
            sheet.database.follow_sequences(self.connection, sheet.table, column)
        try:
            self.connection.commit()
        except DBAPIError as error:
            problem = problem_of(steps[0], error)
            return [Problem(None, None, problem.message)]
        return []


_DONE = Problem(None, None, "")


class _AmbiguousError(Exception):
    """A key that should be of one row is of several."""


# What a new row gets


def _pointed_at(table: Table, known: Sequence[Column[Any]]) -> list[Column[Any]]:
    """Return the columns, beside the known ones, that foreign keys point at."""
    found = [
        target
        for other in table.metadata.tables.values()
        for key in foreign_keys(other)
        if key.referred_table is table
        for target in target_of(key)[1]
    ]
    return [column for column in dict.fromkeys(found) if column not in known]


def _filled(table: Table, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the model's defaults that SQLAlchemy does not know of; those that it knows it fills in by itself."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given or column.default is not None or column.server_default is not None:
            continue
        factory = getattr(field_of(column), "default_factory", None)
        if factory is not None:
            found[column.name] = factory()
        else:
            found.update((column.name, value) for value in constant_default(column) if value is not None)
    return found


def _numbered(steps: Sequence[Step]) -> Iterator[tuple[Sheet, Column[Any]]]:
    """Yield the columns that the database counts and that a new row gave itself, each once."""
    seen = set()
    for step in steps:
        for name in step.values if isinstance(step.change, Insert) else ():
            column = step.sheet.table.columns[name]
            counted = column is step.sheet.table.autoincrement_column or column.identity is not None
            if counted and column not in seen:
                seen.add(column)
                yield step.sheet, column
