"""Staged edits: checked, put into an order that foreign keys allow, and written in one transaction or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from sqlalchemy import JSON, Column, Connection, Executable, Table, delete, insert, literal_column, null, update
from sqlalchemy.exc import DBAPIError, StatementError

from dbtool import values
from dbtool.database.base import Refusal
from dbtool.errors import RecordNotFoundError
from dbtool.rows.checks import check, required
from dbtool.rows.codec import expected, kind_of, parse
from dbtool.rows.sheet import Row, Sheet, Written, key_of, read, row_clause, rows, where
from dbtool.tables import constant_default, field_of, foreign_keys, is_given, sql_type, target_of

Text = str | None
_SHOWN = 300  # letters of a value in SQL for review
_TOLD = 200  # problems


@dataclass(frozen=True, slots=True)
class New:
    """A value that a new row gets: the column of the row with this id that a foreign key points at."""

    id: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What was on screen of a long value: its beginning, and how long it is."""

    start: str
    length: int


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row, which other changes call by its id; a column that is not given gets its default."""

    table: str
    id: str
    values: Mapping[str, Text | New]


@dataclass(frozen=True, slots=True)
class Update:
    """New values of a row; `old` are those that were on screen."""

    table: str
    key: str
    values: Mapping[str, Text | New]
    old: Mapping[str, Text | Cut]


@dataclass(frozen=True, slots=True)
class Delete:
    """A row that goes; `old` are the values that were on screen."""

    table: str
    key: str
    old: Mapping[str, Text | Cut]


Change = Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a change: with one of its cells where that is known; no index means with all together."""

    index: int | None
    column: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that somebody else has changed or deleted meanwhile; `cells` are the values that differ, as they are."""

    index: int
    gone: bool
    cells: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a change does, in SQL for people to read."""

    sql: str
    index: int


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
    steps, problems = _plan(sheets, changes, zone)
    return Outcome(tuple(_statement(step) for step in steps), problems=tuple(problems[:_TOLD]))


def save(connection: Connection, sheets: Callable[[str], Sheet], changes: Sequence[Change], zone: tzinfo) -> Outcome:
    """Write all changes and commit, or write none: what is wrong is returned, not raised.

    Inserts come first, parents before children; then updates; then deletes, children before parents. A change that the
    database refuses is tried again after the others, since one of them may have stood in its way. Raises what the
    database's `translate` returns, such as LockedError, and TableNotFoundError.
    """
    steps, problems = _plan(sheets, changes, zone)
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


# Planning


@dataclass(frozen=True, slots=True)
class _Step:
    """A change whose texts have become values; `links` are the columns that new rows give."""

    index: int
    change: Change
    sheet: Sheet
    values: Mapping[str, Any]
    links: Mapping[str, _Link]


@dataclass(frozen=True, slots=True)
class _Link:
    id: str
    column: Column[Any]  # of the new row


def _plan(sheets: Callable[[str], Sheet], changes: Sequence[Change], zone: tzinfo) -> tuple[list[_Step], list[Problem]]:
    """Read and check all changes, and put them in order."""
    problems: list[Problem] = []
    new = {change.id: sheets(change.table) for change in changes if isinstance(change, Insert)}
    steps = []
    for index, change in enumerate(changes):
        sheet = sheets(change.table)
        problems += _forbidden(index, change, sheet)
        found, links = {}, {}
        for name, given in () if isinstance(change, Delete) else change.values.items():
            try:
                column = _writable(sheet.table, name)
                if isinstance(given, New):
                    links[name] = _link(column, given, new)
                else:
                    found[name] = _value(column, given, zone)
            except ValueError as error:
                problems.append(Problem(index, name, str(error)))
        if isinstance(change, Insert):
            missing = [column for column in required(sheet.table) if column.name not in change.values]
            problems += [Problem(index, column.name, "needs a value") for column in missing]
        steps.append(_Step(index, change, sheet, found, links))
    return _in_order(steps, problems), problems


def _forbidden(index: int, change: Change, sheet: Sheet) -> Iterator[Problem]:
    if sheet.kind == "view":
        yield Problem(index, None, "a view is not edited")
    elif sheet.identity.kind == "none" and not isinstance(change, Insert):
        yield Problem(index, None, "nothing tells this row from others")


def _writable(table: Table, name: str) -> Column[Any]:
    if name not in table.columns:
        raise ValueError(f"`{table.key}` has no such column")
    column: Column[Any] = table.columns[name]
    if not is_given(column):
        raise ValueError("is computed by the database")
    return column


def _value(column: Column[Any], text: Text, zone: tzinfo) -> Any:
    """Return the value of a text. Raises ValueError with what is wrong with it, the model's rules included."""
    if text is None:
        if not column.nullable:
            raise ValueError("must not be NULL")
        return null()
    try:
        value = parse(text, column.type, zone)
    except (ValueError, OverflowError, RecursionError) as error:
        words, example = expected(column.type)
        raise ValueError(f"holds {words}, as {example}" if text else f"holds {words}") from error
    check(column, value)
    if value is None and isinstance(sql_type(column), JSON):
        return JSON.NULL
    return value


def _link(column: Column[Any], given: New, new: Mapping[str, Sheet]) -> _Link:
    if given.id not in new:
        raise ValueError("points at a new row that is not among the changes")
    for key in foreign_keys(column.table):
        target, remote = target_of(key)
        for local, there in zip(key.columns, remote, strict=True):
            if local is column and target.key == new[given.id].table.key:
                return _Link(given.id, there)
    raise ValueError(f"does not point at `{new[given.id].table.key}`")


def _in_order(steps: Sequence[_Step], problems: list[Problem]) -> list[_Step]:
    places = _places([step.sheet.table for step in steps])
    inserts = [step for step in steps if isinstance(step.change, Insert)]
    updates = [step for step in steps if isinstance(step.change, Update)]
    deletes = [step for step in steps if isinstance(step.change, Delete)]
    inserts.sort(key=lambda step: places[step.sheet.table.key])
    deletes.sort(key=lambda step: -places[step.sheet.table.key])
    return [*_linked_first(inserts, problems), *updates, *deletes]


def _places(tables: Iterable[Table]) -> Mapping[str, int]:
    """Return a number for each table that is larger than those of the tables it points at, cycles left aside."""
    known = {table.key: table for table in tables}
    places: dict[str, int] = {}

    def visit(table: Table) -> None:
        if table.key in places:
            return
        places[table.key] = -1  # on the way
        for key in foreign_keys(table):
            if key.referred_table.key in known:
                visit(known[key.referred_table.key])
        places[table.key] = len(places)

    for table in known.values():
        visit(table)
    return places


def _linked_first(inserts: Sequence[_Step], problems: list[Problem]) -> list[_Step]:
    """Put each new row behind those that it points at."""
    by_id = {step.change.id: step for step in inserts if isinstance(step.change, Insert)}
    ordered: dict[int, _Step] = {}
    waiting: list[tuple[_Step, bool]] = [(step, False) for step in reversed(inserts)]
    entered: set[int] = set()
    while waiting:
        step, done = waiting.pop()
        if done:
            ordered[step.index] = step
            continue
        if step.index in entered:
            continue
        entered.add(step.index)
        waiting.append((step, True))
        for name, link in step.links.items():
            parent = by_id[link.id]
            if parent.index in entered and parent.index not in ordered:
                problems.append(Problem(step.index, name, "points at a row that points back at it"))
            waiting.append((parent, False))
    return list(ordered.values())


# Saving


@dataclass(slots=True)
class _Saving:
    """One transaction: what the new rows got, and what was refused."""

    connection: Connection
    zone: tzinfo
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # columns of new rows, by id
    keys: dict[str, str] = field(default_factory=dict)

    def save(self, steps: Sequence[_Step]) -> Outcome:
        conflicts = tuple(conflict for step in steps for conflict in self._conflict(step))
        if conflicts:
            return Outcome(conflicts=conflicts)
        done, problems = self._write(steps)
        if not problems:
            problems = self._finish(steps)
        if problems:
            return Outcome(problems=tuple(problems[:_TOLD]))
        return Outcome(tuple(_statement(step) for step in done), self.keys, len(done))

    def _conflict(self, step: _Step) -> Iterator[Conflict]:
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

    def _write(self, steps: Sequence[_Step]) -> tuple[list[_Step], list[Problem]]:
        """Try all, then those that were refused again, as long as some more of them succeed."""
        done: list[_Step] = []
        waiting = list(steps)
        while waiting:
            refused: list[tuple[_Step, Problem | None]] = []
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

    def _tried(self, step: _Step) -> Problem | None:
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
            return _refused(step, error)

    def _execute(self, step: _Step, given: Mapping[str, Any]) -> Problem:
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

    def _insert(self, step: _Step, id: str, given: Mapping[str, Any]) -> None:
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

    def _finish(self, steps: Sequence[_Step]) -> list[Problem]:
        """Let sequences follow numbers that were given, and commit; what is checked late can refuse here."""
        for sheet, column in _numbered(steps):
            sheet.database.follow_sequences(self.connection, sheet.table, column)
        try:
            self.connection.commit()
        except DBAPIError as error:
            problem = _refused(steps[0], error)
            return [Problem(None, None, problem.message)]
        return []


_DONE = Problem(None, None, "")


class _AmbiguousError(Exception):
    """A key that should be of one row is of several."""


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
            found |= {name: value for name, value in _constant(column) if value is not None}
    return found


def _constant(column: Column[Any]) -> Iterator[tuple[str, Any]]:
    yield from ((column.name, value) for value in constant_default(column))


def _numbered(steps: Sequence[_Step]) -> Iterator[tuple[Sheet, Column[Any]]]:
    """Yield the columns that the database counts and that a new row gave itself, each once."""
    seen = set()
    for step in steps:
        for name in step.values if isinstance(step.change, Insert) else ():
            column = step.sheet.table.columns[name]
            counted = column is step.sheet.table.autoincrement_column or column.identity is not None
            if counted and column not in seen:
                seen.add(column)
                yield step.sheet, column


# What the database refuses


def _refused(step: _Step, error: StatementError) -> Problem:
    """Return what the database has against a change. Raises what is about no row."""
    original = error.orig or error
    meaning = step.sheet.database.translate(original)
    if meaning is not None:
        raise meaning from error
    refusal = step.sheet.database.refusal(original)
    if refusal is None:
        refusal = Refusal("other", str(original).strip().splitlines()[0] if str(original).strip() else "refused")
    column = _column_of(step, refusal)
    return Problem(step.index, column, _words(step, refusal, column))


def _column_of(step: _Step, refusal: Refusal) -> str | None:
    """Return the column that a refusal is about: the named one, else the one of the constraint that was given."""
    table = step.sheet.table
    names = [name for name in refusal.columns if name in table.columns]
    if not names and refusal.constraint:
        names = _of_constraint(table, refusal.constraint)
    if not names and refusal.rule == "reference":
        names = [column.name for key in foreign_keys(table) for column in key.columns]
        if len([name for name in names if name in step.values or name in step.links]) > 1:
            return None
    given = [name for name in names if name in step.values or name in step.links]
    if isinstance(step.change, Delete):
        return None
    if isinstance(step.change, Insert) and refusal.rule == "null" and names:
        return names[0]
    return given[0] if given else None


def _of_constraint(table: Table, name: str) -> list[str]:
    if name == "PRIMARY":
        return [column.name for column in table.primary_key.columns]
    rules: tuple[Any, ...] = (*table.constraints, *table.indexes)
    for rule in rules:
        if rule.name == name:
            found = [column.name for column in rule.columns]
            return found or [
                column.name for column in table.columns if column.name in str(getattr(rule, "sqltext", ""))
            ]
    return [name] if name in table.columns else []  # MariaDB calls an unnamed unique index by its first column


def _words(step: _Step, refusal: Refusal, column: str | None) -> str:
    match refusal.rule:
        case "null":
            return "must not be NULL" if column else refusal.words
        case "unique":
            return f"another row has this value already: {refusal.words}"
        case "reference" if isinstance(step.change, Delete):
            return f"other rows point at this one: {refusal.words}"
        case "reference":
            return f"points at a row that is not there: {refusal.words}"
    return refusal.words


# For people to read


def _statement(step: _Step) -> Statement:
    names = step.sheet.names
    quote = step.sheet.dialect.identifier_preparer.quote
    plain = {name: quote(name).replace("%%", "%") for name in (*names, *getattr(step.change, "values", ()))}
    source = step.sheet.source.replace("%%", "%")
    change = step.change
    if isinstance(change, Insert):
        columns = ", ".join(plain[name] for name in change.values)
        given = ", ".join(_literal(step, name, value) for name, value in change.values.items())
        sql = (
            f"INSERT INTO {source} ({columns}) VALUES ({given})" if columns else f"INSERT INTO {source} DEFAULT VALUES"
        )
        return Statement(sql, step.index)
    found = " AND ".join(_key_words(step, change.key, plain))
    if isinstance(change, Delete):
        return Statement(f"DELETE FROM {source} WHERE {found}", step.index)
    assigned = ", ".join(f"{plain[name]} = {_literal(step, name, value)}" for name, value in change.values.items())
    return Statement(f"UPDATE {source} SET {assigned} WHERE {found}", step.index)


def _key_words(step: _Step, key: str, plain: Mapping[str, str]) -> Iterator[str]:
    try:
        parts = json.loads(key)
    except ValueError:
        parts = []
    identity = step.sheet.identity
    if identity.address and parts:
        yield f"{identity.address} = {parts[0] if str(parts[0]).isdigit() else repr(str(parts[0]))}"
    for column, text in zip(identity.columns, parts, strict=False):
        if text is None:
            yield f"{plain[column.name]} IS NULL"
        else:
            yield f"{plain[column.name]} = {_literal(step, column.name, text)}"


def _literal(step: _Step, name: str, given: Text | New) -> str:
    """Return a value as SQL has it; a value that a new row gets by the name of its column there."""
    if isinstance(given, New):
        link = step.links.get(name)
        return f"<{given.id}.{link.column.name}>" if link else f"<{given.id}>"
    if given is None:
        return "NULL"
    kind = kind_of(step.sheet.table.columns[name].type) if name in step.sheet.table.columns else "text"
    if kind in ("integer", "float", "decimal", "boolean") and given.strip():
        return given.strip()
    text = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
    quoted = "'" + text.replace("'", "''") + "'"
    return f"x{quoted}" if kind == "bytes" else quoted
