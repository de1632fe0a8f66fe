"""The plan is carried out: updates and inserts in batches, table by table, inside the seed's own transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Executable, and_, bindparam, insert, update
from sqlalchemy.exc import StatementError

from dbtool.conversation import Tell, Working
from dbtool.errors import DataError, RefusedRowError
from dbtool.reports import Seeded
from dbtool.seeding.gather import Row
from dbtool.seeding.plan import Step
from dbtool.seeding.problems import Place
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import Store, words_of

BATCH = 1_000  # rows in one statement and one savepoint


def refused(error: Exception, place: Place | None = None, shape: Shape | None = None) -> RefusedRowError:
    """Return the error of a row that the database refused, or of the commit that it refused."""
    words = words_of(error)
    if place is None or shape is None:
        return RefusedRowError(f"the database refused the seeds: {words}", hint="correct the seeds, then: dbtool seed")
    message = f"{place}: the database refused this row of `{shape.table.key}`: {words}"
    return RefusedRowError(message, hint=f"correct {place}, then: dbtool seed")


class Writer:
    """Writes rows; `total` is how many there are to be told of."""

    def __init__(self, store: Store, tell: Tell, total: int) -> None:
        self.store = store
        self.tell = tell
        self.total = total
        self.done = 0

    def write_table(self, step: Step) -> Seeded:
        """Write a table's rows, but for the links that wait for rows of tables after it."""
        shape = step.shape
        inserted = updated = unchanged = 0
        for wave in step.waves:
            self.tell(Working(f"seed {shape.table.key}", self.done, self.total))
            new = [row for row in wave if row.stored is None]
            changed = [row for row in wave if row.stored is not None and (row.changes or row.links or row.later)]
            self.update(shape, [(row, row.changes | _linked(row)) for row in changed if row.changes or row.links])
            self._insert(shape, new)
            inserted, updated = inserted + len(new), updated + len(changed)
            unchanged += len(wave) - len(new) - len(changed)
            self.done += len(wave) - len(new) - len(changed)
        return Seeded(shape.table.key, inserted, updated, unchanged)

    def write_later(self, step: Step) -> None:
        """Write the links that waited for other rows."""
        waiting = [row for row in step.rows if row.later]
        if waiting:
            links = [{name: target.known(remote) for name, (target, remote) in row.later.items()} for row in waiting]
            self.update(step.shape, list(zip(waiting, links, strict=True)))

    def _insert(self, shape: Shape, rows: Sequence[Row]) -> None:
        given = [(row, new_values(row.shape, {**row.values, **_linked(row)})) for row in rows]
        for _, group in _alike(given):
            self._execute(insert(shape.table), group)
        self._follow_sequences(shape, given)
        self._fetch_wanted(shape, [row for row in rows if row.wanted])

    def update(self, shape: Shape, given: Sequence[tuple[Row, dict[str, Any]]]) -> None:
        """Give rows that are there these values."""
        for names, group in _alike(given):
            parameters = [(row, _update_parameters(row, values)) for row, values in group]
            self._execute(_update_statement(shape, names), parameters)

    def _execute(self, statement: Executable, given: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
        for start in range(0, len(given), BATCH):
            batch = given[start : start + BATCH]
            try:
                self._try(statement, [values for _, values in batch])
            except StatementError as error:
                self.blame(error, statement, batch)
            self.done += len(batch)
            self.tell(Working(f"seed {batch[0][0].shape.table.key}", self.done, self.total))

    def _try(self, statement: Executable, values: Sequence[Mapping[str, Any]]) -> None:
        with self.store.connection.begin_nested():
            self.store.connection.execute(statement, values)

    def blame(self, error: Exception, statement: Executable, batch: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
        """Raise RefusedRowError for the first row of a refused batch that is refused alone too."""
        meaning = self.store.connection_error(error)
        if meaning is not None:
            raise meaning from error
        for row, values in batch:
            try:
                self._try(statement, [values])
            except StatementError as single:
                raise refused(single, row.place, row.shape) from single
        raise refused(error) from error

    def _follow_sequences(self, shape: Shape, given: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
        for name, column in shape.columns.items():
            if is_counted(shape, column) and any(name in values for _, values in given):
                self.store.database.follow_sequences(self.store.connection, shape.table, column)

    def _fetch_wanted(self, shape: Shape, rows: Sequence[Row]) -> None:
        """Read what the database gave to new rows that others refer to, by their natural keys."""
        keys = {tuple(_value(row, name) for name in shape.key): row for row in rows}
        found = self.store.rows(shape, keys)
        for key, row in keys.items():
            if key not in found:
                message = f"{row.place}: this row was written, but a trigger changed its natural key"
                raise DataError(message, hint=f"correct {row.place}, then: dbtool seed")
            row.stored = found[key][0]


def is_counted(shape: Shape, column: Column[Any]) -> bool:
    """Whether a database counts a column's values by itself."""
    return column is shape.table.autoincrement_column or column.identity is not None


def new_values(shape: Shape, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new row holds. Null in a JSON column is left out: None would be JSON's null there."""
    values = {**shape.fills, **given}
    for name, factory in shape.factories.items():
        if name not in values:
            values[name] = factory()
    for name in shape.json:
        if values.get(name, ...) is None:
            del values[name]
    return values


def _linked(row: Row) -> dict[str, Any]:
    return {column: target.known(remote) for column, (target, remote) in row.links.items()}


def _value(row: Row, name: str) -> Any:
    if name in row.links:
        target, remote = row.links[name]
        return target.known(remote)
    return row.values[name] if name in row.values else row.shape.fills[name]


def _alike(
    given: Sequence[tuple[Row, dict[str, Any]]],
) -> Iterator[tuple[frozenset[str], list[tuple[Row, dict[str, Any]]]]]:
    """Yield the rows that give the same columns, for one statement: the first columns given first."""
    groups: dict[frozenset[str], list[tuple[Row, dict[str, Any]]]] = defaultdict(list)
    for row, values in given:
        groups[frozenset(values)].append((row, values))
    yield from groups.items()


_KEY, _NEW = "key_", "new_"  # SQLAlchemy reserves the bare names of columns


def _update_statement(shape: Shape, names: frozenset[str]) -> Executable:
    columns = shape.table.columns
    found = [columns[name] == bindparam(_KEY + name, type_=columns[name].type) for name in shape.primary_key]
    new = {name: bindparam(_NEW + name, type_=_nullable_json(columns[name].type)) for name in sorted(names)}
    return update(shape.table).where(and_(*found)).values(new)


def _update_parameters(row: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    stored = row.stored or {}
    keys = {_KEY + name: stored[name] for name in row.shape.primary_key}
    return keys | {_NEW + name: value for name, value in values.items()}


def _nullable_json(kind: Any) -> Any:
    """Return a JSON type under which None is SQL's NULL."""
    return kind.adapt(type(kind), none_as_null=True) if isinstance(kind, JSON) else kind
