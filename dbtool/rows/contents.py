"""What a database holds, by name, whether a model knows of it or not: its tables and views, counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    MetaData,
    Table,
    func,
    inspect,
    literal_column,
    select,
    table,
)

from dbtool.reports import TableKind

_COUNTED = 50  # tables in one query


@dataclass(frozen=True, slots=True)
class Held:
    """A table or view that the database has."""

    schema: str | None
    name: str
    kind: TableKind

    @property
    def key(self) -> str:
        """The name that tells it from those of other schemas, as in `MetaData.tables`."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows there are; not `exact` means that there are more than so many."""

    count: int
    exact: bool


def contents(connection: Connection, schemas: Iterable[str | None], hidden: Sequence[str]) -> Mapping[str, Held]:
    """Return all tables and views of some schemas by key, in order of name; None is the default schema."""
    wanted = set(schemas)
    found = [held for schema in wanted for held in _in_schema(connection, schema) if held.name not in hidden]
    return {held.key: held for held in sorted(found, key=lambda held: held.key)}


def reflected(connection: Connection, held: Held) -> Table:
    """Return a table as the database has it, with those that it points at."""
    return Table(held.name, MetaData(), schema=held.schema, autoload_with=connection)


def counts(connection: Connection, tables: Sequence[Held]) -> Mapping[str, int]:
    """Count the rows of tables, many tables to a query."""
    found: dict[str, int] = {}
    for start in range(0, len(tables), _COUNTED):
        some = tables[start : start + _COUNTED]
        numbers = (select(func.count()).select_from(table(held.name, schema=held.schema)) for held in some)
        row = connection.execute(select(*(number.scalar_subquery() for number in numbers))).one()
        found |= {held.key: int(number) for held, number in zip(some, row, strict=True)}
    return found


def capped_counts(connection: Connection, tables: Sequence[Held], cap: int = 10_000) -> Mapping[str, Counted]:
    """Count the rows of tables, no more than `cap` of each."""
    return {held.key: capped_count(connection, table(held.name, schema=held.schema), cap=cap) for held in tables}


def capped_count(
    connection: Connection, source: FromClause, *conditions: ColumnElement[bool], cap: int = 10_000
) -> Counted:
    """Count the rows of which some conditions are true, no more than `cap`."""
    some = select(literal_column("1")).select_from(source).where(*conditions).limit(cap + 1).subquery()
    number = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return Counted(min(number, cap), number <= cap)


def _in_schema(connection: Connection, schema: str | None) -> list[Held]:
    inspector = inspect(connection)
    views = [*inspector.get_view_names(schema=schema)]
    with suppress(NotImplementedError):
        views += inspector.get_materialized_view_names(schema=schema)
    return [
        *(Held(schema, name, "table") for name in inspector.get_table_names(schema=schema)),
        *(Held(schema, name, "view") for name in views),
    ]
