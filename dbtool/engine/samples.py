"""Rows made up for a scratch database, so that a migration is proven with something in its tables.

Values follow the types, foreign keys point at rows that are there, and what a CHECK says is tried out. A table that
refuses every row stays empty, which is said, not raised.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dbtool.database.conversions import family, length_of

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, MetaData, Table
    from sqlalchemy.types import TypeEngine

ROWS = 3  # of each table; the last one has no value wherever that is allowed
TRIES = 6  # of a row that a CHECK refuses
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Samples:
    """What was put in: the rows of each table as they were read back, and the tables that took none."""

    tables: Mapping[str, tuple[Row, ...]]
    kinds: Mapping[str, Mapping[str, TypeEngine[Any]]]
    keys: Mapping[str, tuple[str, ...]]
    refused: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(len(rows) for rows in self.tables.values())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a migration is going to do to columns, so that rows suit it: the type they get, what becomes required."""

    types: Mapping[tuple[str, str], TypeEngine[Any]] = field(default_factory=dict)
    required: frozenset[tuple[str, str]] = frozenset()


def fill(
    connection: Connection,
    *,
    leave: Iterable[str] = (),
    only: Collection[str] | None = None,
    wishes: Wishes | None = None,
) -> Samples:
    """Put rows into every table except those to `leave`, commit, and return what is there.

    `only` names tables that are enough, with those that they point at.
    """
    metadata = _reflected(connection, frozenset(leave), only)
    filling = _Filling(connection, wishes or Wishes())
    tables = _in_order(metadata)
    for table in tables:
        filling.fill(table)
    connection.commit()
    return Samples(
        filling.tables,
        {table.name: {column.name: column.type for column in table.columns} for table in tables},
        {table.name: tuple(column.name for column in table.primary_key.columns) for table in tables},
        tuple(filling.refused),
    )


def clear(connection: Connection, tables: Iterable[str] | None = None, *, leave: Iterable[str] = ()) -> None:
    """Take all rows out of these tables and of all that point at them; None means every table but those to leave."""
    metadata = _reflected(connection, frozenset(leave))
    doomed = set(metadata.tables if tables is None else tables)
    ordered = _in_order(metadata)
    while more := {each.name for each in ordered if each.name not in doomed and _points_at(each, doomed)}:
        doomed |= more
    going = [each for each in reversed(ordered) if each.name in doomed]
    for place, table in enumerate(going):
        gone_by_then = going[
            :place
        ]  # what points at these, or at rows of its own, lets go first: MariaDB looks at each
        late = [key.parent for key in table.foreign_keys if key.column.table in (*gone_by_then, table)]
        if held := [column for column in late if column.nullable]:
            connection.execute(table.update().values(dict.fromkeys(held)))
    for table in going:
        connection.execute(table.delete())
    connection.commit()


def read(connection: Connection, samples: Samples) -> Samples:
    """Return what is left of rows after some were taken out."""
    metadata = _reflected(connection, frozenset(), samples.tables.keys())
    left = {name: _read(connection, metadata.tables[name]) for name in samples.tables}
    return Samples(left, samples.kinds, samples.keys, samples.refused)


def lost(
    connection: Connection,
    samples: Samples,
    *,
    renamed: Mapping[str, str] | None = None,
    columns: Mapping[tuple[str, str], str] | None = None,
    given_up: Collection[str] = (),
) -> list[str]:
    """Return in words which rows and values are not there any more, in tables and columns that still are.

    `renamed` gives the new name of a table, `columns` the new name of a column by its table's and its own old name;
    `given_up` names tables and `table.column`s that need not be the same. A column of another type now is not
    compared, nor is a value where there was none.
    """
    wanted = {(renamed or {}).get(name, name) for name in samples.tables}
    now = _reflected(connection, frozenset(), wanted).tables
    found: list[str] = []
    for name, rows in samples.tables.items():
        table = now.get((renamed or {}).get(name, name))
        if table is not None and name not in given_up:
            same = {old: (columns or {}).get((name, old), old) for old in samples.kinds[name]}
            same = {old: new for old, new in same.items() if f"{name}.{old}" not in given_up}
            found.extend(_lost_in(connection, samples, name, rows, table, same))
    return found


# Putting in


@dataclass(slots=True)
class _Filling:
    connection: Connection
    wishes: Wishes
    tables: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def fill(self, table: Table) -> None:
        reasons = [reason for number in range(1, ROWS + 1) if (reason := self._insert(table, number))]
        self.tables[table.name] = _read(self.connection, table)
        if not self.tables[table.name] and reasons:
            self.refused.append(f"{table.name}: {reasons[0]}")

    def _insert(self, table: Table, number: int) -> str:
        """Try values until the table takes a row; return why it did not."""
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        reason = ""
        for attempt in range(TRIES):
            try:
                with self.connection.begin_nested():
                    self.connection.execute(table.insert().values(self._row(table, number, attempt)))
                return ""
            except _NoParentError as error:
                return str(error)
            except DBAPIError as error:
                reason = str(error.orig).strip().splitlines()[0]
            except SQLAlchemyError as error:
                reason = str(error).splitlines()[0]
        return reason

    def _row(self, table: Table, number: int, attempt: int) -> dict[str, Any]:
        pointing = {column.name for key in table.foreign_key_constraints for column in key.columns}
        values = self._references(table, number)
        hints = [str(getattr(check, "sqltext", "")) for check in table.constraints if hasattr(check, "sqltext")]
        for column in table.columns:
            if column.name in pointing or column.computed or (column.identity and column.identity.always):
                continue
            is_key = column.primary_key or any(key for key in (column.unique,) if key)
            optional = column.nullable and (table.name, column.name) not in self.wishes.required
            if number == ROWS and optional and not is_key:
                values[column.name] = None
                continue
            wished = self.wishes.types.get((table.name, column.name))
            value = _value(column, wished, number, attempt, " ".join(hints))
            if value is not None or optional:
                values[column.name] = value
        return values

    def _references(self, table: Table, number: int) -> dict[str, Any]:
        """Point each foreign key at a row; raise where there is none and one is needed."""
        values: dict[str, Any] = {}
        for key in table.foreign_key_constraints:
            columns = [column.name for column in key.columns]
            optional = all(column.nullable for column in key.columns)
            parents = self.tables.get(key.referred_table.name, ())
            if parents and not (number == ROWS and optional):
                parent = parents[(number - 1) % len(parents)]
                values |= {
                    name: parent[element.column.name] for name, element in zip(columns, key.elements, strict=True)
                }
            elif optional:
                values |= dict.fromkeys(columns)
            elif key.referred_table is table:
                values |= dict.fromkeys(columns, number)
            else:
                raise _NoParentError(f"there is no row of {key.referred_table.name} to point at")
        return values


class _NoParentError(Exception):
    """A required foreign key has nothing to point at."""


def _reflected(connection: Connection, leave: frozenset[str], only: Collection[str] | None = None) -> MetaData:
    import warnings

    from sqlalchemy import MetaData, exc

    metadata = MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # of expressions in indexes, which do not matter here
        metadata.reflect(connection, only=lambda name, _: name not in leave and (only is None or name in only))
    return metadata


def _in_order(metadata: MetaData) -> list[Table]:
    """Return tables after those that they point at; those of a ring as they come."""
    import warnings

    from sqlalchemy import exc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # of rings
        return list(metadata.sorted_tables)


def _read(connection: Connection, table: Table) -> tuple[Row, ...]:
    from sqlalchemy import select

    found = connection.execute(select(table).order_by(*(table.primary_key.columns or table.columns[:1])))
    return tuple(dict(row._mapping) for row in found)


def _points_at(table: Table, names: set[str]) -> bool:
    return any(key.referred_table.name in names for key in table.foreign_key_constraints)


# Values


def _value(column: Column[Any], wished: TypeEngine[Any] | None, number: int, attempt: int, checks: str) -> Any:
    """Return a value that differs from row to row and, where a type is wished, survives becoming one."""
    told = list(_told(column, checks)) if attempt else []
    if told:
        return told[(number + attempt) % len(told)]
    if wished is not None and family(wished) != family(column.type):
        value = _of_kind(wished, number, attempt, column.name)
        return _as_text(value) if family(column.type) == "text" else _as_number(column.type, wished, value, number)
    limit = min((each for each in (length_of(column.type), wished and length_of(wished)) if each), default=None)
    if family(column.type) == "enum":
        return _member(column.type, wished, number)
    kind = wished if wished is not None and family(wished) == "enum" else column.type
    value = _of_kind(kind, number, attempt, column.name)
    return value[:limit] if limit and isinstance(value, str) and family(column.type) == "text" else value


def _member(kind: Any, wished: Any, number: int) -> str | None:
    """Return a member that is one before and after; None where there is none."""
    both = [each for each in kind.enums if wished is None or each in wished.enums]
    return both[number % len(both)] if both else None


def _as_number(kind: TypeEngine[Any], wished: TypeEngine[Any], value: Any, number: int) -> Any:
    if family(wished) == "truth":
        return number % 2
    return _of_kind(kind, number, 0, "")


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _of_kind(kind: TypeEngine[Any], number: int, attempt: int, name: str) -> Any:
    from sqlalchemy.types import ARRAY, Interval

    if isinstance(kind, ARRAY):
        return []
    if isinstance(kind, Interval):
        return timedelta(days=number)
    makers: dict[str, Any] = {
        "text": lambda: _text(kind, name, number, attempt),
        "integer": lambda: (number, number + 10, number + 100, -number, number + 1000, number * 7)[attempt % TRIES],
        "number": lambda: _number(kind, (number, number + 10, number + 100, -number, 0, 1)[attempt % TRIES]),
        "truth": lambda: bool(number % 2),
        "date": lambda: date(2020, 1, number),
        "moment": lambda: datetime(2020, 1, number),
        "time": lambda: time(number, 0),
        "uuid": lambda: uuid.UUID(int=number),
        "json": lambda: {"number": number},
        "enum": lambda: _member(kind, None, number),
        "bytes": lambda: bytes([number]),
    }
    make = makers.get(family(kind))
    return make() if make else None


def _number(kind: TypeEngine[Any], value: int) -> Decimal | float:
    from sqlalchemy.types import Float

    return float(value) if isinstance(kind, Float) else Decimal(value)


def _text(kind: TypeEngine[Any], name: str, number: int, attempt: int) -> str:
    forms = (
        f"{name} {number}",
        str(number),
        f"name{number}@example.com",
        f"https://example.com/{number}",
        f"{number:036}",
        "x",
    )
    limit = length_of(kind)
    text = forms[attempt % len(forms)]
    return text if not limit or len(text) <= limit else str(number)[-limit:]


def _told(column: Column[Any], checks: str) -> Iterator[Any]:
    """Yield values that the checks of a table speak of, as far as they suit the column."""
    if column.name.lower() not in checks.lower():
        return
    if family(column.type) == "text":
        yield from (each.replace("''", "'") for each in re.findall(r"'((?:[^']|'')*)'", checks))
    elif family(column.type) in ("integer", "number"):
        for each in re.findall(r"-?\d+", checks):
            yield from (int(each) + 1, int(each), int(each) - 1)


# Looking again


def _lost_in(
    connection: Connection,
    samples: Samples,
    name: str,
    rows: Sequence[Row],
    table: Table,
    columns: Mapping[str, str],
) -> Iterator[str]:
    now = _read(connection, table)
    if len(now) < len(rows):
        yield f"{name}: {len(rows) - len(now)} of {len(rows)} rows"
        return
    same = {old: new for old, new in columns.items() if _comparable(samples.kinds[name][old], table, new)}
    key = samples.keys[name]
    if not key or not set(key) <= same.keys():
        return
    there = {tuple(_plain(row[same[column]]) for column in key): row for row in now}
    for row in rows:
        other = there.get(tuple(_plain(row[column]) for column in key))
        if other is None:
            yield f"{name}: the row {', '.join(str(row[column]) for column in key)}"
            continue
        for old, new in same.items():
            if row[old] is not None and _plain(row[old]) != _plain(other[new]):
                yield f"{name}.{old}: {row[old]!r} became {other[new]!r}"


def _comparable(before: TypeEngine[Any], table: Table, column: str) -> bool:
    if column not in table.columns or table.c[column].computed:
        return False
    after = table.c[column].type
    return family(before) == family(after) and (family(after) not in ("enum", "other") or repr(before) == repr(after))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, Decimal | float):
        return Decimal(str(value)).normalize()
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value
