"""The rows of one database written into another, table by table, and proof that what arrived is what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.exc import StatementError

from dbtool.conversation import Tell, Working
from dbtool.database import Database
from dbtool.database.bulk import Bulk
from dbtool.errors import DataError, RefusedRowError, UnequalError
from dbtool.reports import CopiedTable
from dbtool.rows.fitting import Fit, fit
from dbtool.tables import foreign_keys, target_of

BATCH = 5_000  # rows in one statement and one savepoint
_BITS = 128  # of a checksum
_SHOWN = 60  # letters of a value that an error shows
_LISTED = 10  # problems that an error lists
Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A table of one database and the table of the other that is the same, with their columns in one order."""

    source: Table
    target: Table
    sources: tuple[Column[Any], ...]
    targets: tuple[Column[Any], ...]


def pairs(source: MetaData, target: MetaData, left_out: frozenset[str]) -> tuple[Pair, ...]:
    """Put tables and columns together by their names, parents before children.

    `left_out` are tables whose rows others hold. Columns that the database computes are none of the copy. Raises
    DataError that names each table and column of the source that the target does not have.
    """
    found, problems = [], []
    theirs = {table.name: table for table in target.tables.values()} | dict(target.tables)
    for table in _in_order(source):
        if table.name in left_out:
            continue
        other = theirs.get(table.key, theirs.get(table.name))
        if other is None:
            problems.append(f"table {table.key}")
            continue
        columns = [column for column in table.columns if column.computed is None]
        missing = [column.name for column in columns if column.name not in other.columns]
        problems += [f"column {table.key}.{name}" for name in missing]
        if not missing:
            found.append(Pair(table, other, tuple(columns), tuple(other.columns[each.name] for each in columns)))
    if problems:
        raise DataError(
            "no migration makes what the database has, so its rows have no place to go",
            hint="dbtool migrate --drift adopt writes it into a migration",
            problems=_listed(problems),
        )
    return tuple(found)


def _in_order(metadata: MetaData) -> Iterator[Table]:
    """Yield parents before children, and rings as they come."""
    from sqlalchemy.schema import sort_tables_and_constraints

    tables = sorted(metadata.tables.values(), key=lambda table: table.key)
    ordered = sort_tables_and_constraints(tables)  # type: ignore[no-untyped-call]
    return (table for table, _ in ordered if table is not None)


@dataclass
class Move:
    """Rows on their way; `zone` is where times without an offset are, where only one side knows offsets."""

    source: Database
    target: Database
    reader: Bulk
    writer: Bulk
    pairs: Sequence[Pair]
    zone: tzinfo
    tell: Tell
    total: int = 0
    done: int = 0
    rounded: Counter[str] = field(default_factory=Counter)

    def require_parents(self) -> None:
        """Raise DataError naming each foreign key of the target that rows of the source break."""
        problems = [words for pair in self.pairs for words in self._orphans(pair)]
        if problems:
            raise DataError(
                f"rows of {self.source.name} point at rows that are not there, which {self.target.name} refuses",
                hint="delete or correct these rows, then copy again",
                problems=_listed(problems),
            )

    def count_on(self) -> None:
        """Let each counted key go on where the source's would; to be called before the rows come."""
        for pair in self.pairs:
            for ours, theirs in zip(pair.sources, pair.targets, strict=True):
                if theirs.primary_key or theirs.identity is not None or theirs.server_default is not None:
                    number = self.reader.next_number(ours) or self._after_last(ours, theirs)
                    if number is not None:
                        self.writer.count_from(theirs, number)

    def move(self) -> tuple[CopiedTable, ...]:
        """Write all rows, read them again, and compare. Raises RefusedRowError, DataError, UnequalError."""
        self.total = 2 * sum(self._count(pair.source) for pair in self.pairs)
        return tuple(self._move(pair) for pair in self.pairs)

    def empty(self) -> None:
        """Delete what the target's own migrations have put there, which comes again as rows of the source."""
        for pair in reversed(self.pairs):
            self.writer.connection.exec_driver_sql(
                f"DELETE FROM {self.writer.table(pair.target)}", execution_options={"no_parameters": True}
            )

    @property
    def same_kind(self) -> bool:
        """Whether values need not become anything else."""
        return self.source.kind == self.target.kind

    def _move(self, pair: Pair) -> CopiedTable:
        columns = zip(pair.sources, pair.targets, strict=True)
        fits = [fit(ours, theirs, self.target, self.zone, same_kind=self.same_kind) for ours, theirs in columns]
        sent, arrived = _Sum(), _Sum()
        names = [column.name for column in pair.targets]
        for batch in self._read(self.reader, pair.source, pair.sources):
            taken = self._taken(pair, fits, batch)
            self._write(pair, taken)
            sent.add(self._alike(pair, fits, taken))
            self._tell(pair, len(batch))
        for batch in self._read(self.writer, pair.target, pair.targets):
            arrived.add(_alike(fits, _columns(self._taken(pair, fits, batch), len(names))))
            self._tell(pair, len(batch))
        if sent != arrived:
            raise UnequalError(
                f"{pair.target.key} of {self.target.name} does not hold what was sent:"
                f" {sent.words} became {arrived.words}",
                hint="nothing was kept; look for a trigger or a rule that changes rows on their way in",
            )
        return CopiedTable(pair.target.key, sent.rows, sent.text)

    def _read(self, bulk: Bulk, table: Table, columns: Sequence[Column[Any]]) -> Iterator[list[Values]]:
        said = ", ".join(bulk.expression(column, for_same_kind=self.same_kind) for column in columns)
        options = {"no_parameters": True, "stream_results": True, "yield_per": BATCH}
        result = bulk.connection.exec_driver_sql(f"SELECT {said} FROM {bulk.table(table)}", execution_options=options)
        for batch in result.partitions(BATCH):
            yield [tuple(row) for row in batch]

    def _taken(self, pair: Pair, fits: Sequence[Fit], batch: Sequence[Values]) -> list[Values]:
        try:
            columns = [
                [None if value is None else each.take(value) for value in column]
                for each, column in zip(fits, _columns(batch, len(fits)), strict=True)
            ]
        except (ValueError, ArithmeticError, TypeError) as error:
            raise self._misfit(pair, fits, batch) from error
        return list(zip(*columns, strict=True))

    def _alike(self, pair: Pair, fits: Sequence[Fit], rows: Sequence[Values]) -> list[Values]:
        """Return what rows are to hold, and count what the new columns have no room for."""
        columns = _columns(rows, len(fits))
        for each, column, values in zip(fits, pair.targets, columns, strict=True):
            if each.keep is not None:
                count = sum(value is not None and each.keep(value) != value for value in values)
                self.rounded[f"{pair.target.key}.{column.name}"] += count
        return _alike(fits, columns)

    def _write(self, pair: Pair, rows: Sequence[Values]) -> None:
        if not self._try(pair, rows):
            for row in rows:
                self._try(pair, [row], alone=True)
            raise RefusedRowError(f"{self.target.name} refused rows of {pair.source.key} together, and each alone not")

    def _try(self, pair: Pair, rows: Sequence[Values], *, alone: bool = False) -> bool:
        try:
            with self.writer.connection.begin_nested():
                self.writer.load(pair.target, pair.targets, rows)
        except Exception as error:
            refusal = self.target.refusal(error.orig if isinstance(error, StatementError) and error.orig else error)
            if refusal is None:
                raise
            if alone:
                raise RefusedRowError(
                    f"{self.target.name} refused {_called(pair, pair.targets, rows[0])}: {refusal.words}",
                    hint=f"correct the row in {self.source.name}, then copy again",
                ) from error
            return False
        return True

    def _misfit(self, pair: Pair, fits: Sequence[Fit], batch: Sequence[Values]) -> DataError:
        """Find the value that is none of its new column."""
        for row in batch:
            for each, column, value in zip(fits, pair.targets, row, strict=True):
                try:
                    if value is not None:
                        each.take(value)
                except (ValueError, ArithmeticError, TypeError):
                    return DataError(
                        f"{_called(pair, pair.sources, row)}: {_short(value)} in `{column.name}` is no"
                        f" {column.type}, which {self.target.name} holds there",
                        hint=f"correct the value in {self.source.name}, then copy again",
                    )
        raise AssertionError("a value was refused, and then it was not")

    def _orphans(self, pair: Pair) -> Iterator[str]:
        """Yield what breaks the target's foreign keys, asked of the source."""
        found = {each.target.key: each for each in self.pairs}
        for key in foreign_keys(pair.target):
            parent, remote = target_of(key)
            other = found.get(parent.key)
            if other is None:
                continue
            names = [column.name for column in key.columns]
            ours = [self.reader.name(pair.source.columns[name]) for name in names]
            theirs = [self.reader.name(other.source.columns[column.name]) for column in remote]
            meeting = " AND ".join(f"p.{their} = c.{our}" for our, their in zip(ours, theirs, strict=True))
            given = " AND ".join(f"c.{our} IS NOT NULL" for our in ours)
            count = self._number(
                f"SELECT count(*) FROM {self.reader.table(pair.source)} c WHERE {given} AND NOT EXISTS"
                f" (SELECT 1 FROM {self.reader.table(other.source)} p WHERE {meeting})"
            )
            if count:
                yield f"{pair.source.key}.{', '.join(names)}: {count:,} without a row of {other.source.key}"

    def _after_last(self, ours: Column[Any], theirs: Column[Any]) -> int | None:
        """Return the number after the largest, of a key that the target counts."""
        if self.writer.next_number(theirs) is None:
            return None
        return self._number(f"SELECT max({self.reader.name(ours)}) FROM {self.reader.table(ours.table)}") + 1

    def _count(self, table: Table) -> int:
        return self._number(f"SELECT count(*) FROM {self.reader.table(table)}")

    def _number(self, sql: str) -> int:
        return int(self.reader.connection.exec_driver_sql(sql, execution_options={"no_parameters": True}).scalar() or 0)

    def _tell(self, pair: Pair, count: int) -> None:
        self.done += count
        self.tell(Working(f"copy {pair.target.key}", self.done, self.total))


@dataclass(slots=True)
class _Sum:
    """A checksum of rows in whatever order."""

    rows: int = 0
    sum: int = 0

    def add(self, rows: Sequence[Values]) -> None:
        self.rows += len(rows)
        numbers = (
            int.from_bytes(blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()) for row in rows
        )
        self.sum = (self.sum + sum(numbers)) % 2**_BITS

    @property
    def text(self) -> str:
        return f"{self.sum:032x}"

    @property
    def words(self) -> str:
        return f"{self.rows:,} rows with checksum {self.text[:8]}"


def _columns(rows: Sequence[Values], count: int) -> Sequence[Values]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


def _alike(fits: Sequence[Fit], columns: Sequence[Sequence[Any]]) -> list[Values]:
    """Return rows as both sides spell them when they are the same."""
    spelled = []
    for each, values in zip(fits, columns, strict=True):
        found = values
        for turn in (each.keep, each.same):
            if turn is not None:
                found = [None if value is None else turn(value) for value in found]
        spelled.append(found)
    return list(zip(*spelled, strict=True))


def _called(pair: Pair, columns: Sequence[Column[Any]], row: Values) -> str:
    """Name a row by its primary key."""
    own = {column.name for column in pair.target.primary_key.columns} or {columns[0].name}
    named = ", ".join(
        f"{column.name} {_short(value)}" for column, value in zip(columns, row, strict=True) if column.name in own
    )
    return f"{pair.source.key} {named}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _listed(problems: Sequence[str]) -> list[str]:
    more = [f"and {len(problems) - _LISTED} more"] if len(problems) > _LISTED else []
    return [*problems[:_LISTED], *more]


def notes(rounded: Mapping[str, int]) -> tuple[str, ...]:
    """Say which columns have no room for all of their values."""
    return tuple(
        f"{name}: {count:,} value{'' if count == 1 else 's'} rounded to what the column holds"
        for name, count in rounded.items()
        if count
    )
