"""What a row of each table may say in a seed file: its columns, the rows it names, the rows within it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import TypeAdapter
from sqlalchemy import JSON, Column, DateTime, MetaData, Table
from typing_extensions import TypedDict  # Pydantic takes no other before Python 3.12

from dbtool import tables
from dbtool.errors import DataError
from dbtool.seeding.fields import Rules, annotation, is_open
from dbtool.tables import Relation


@dataclass(frozen=True)
class Shape:
    """One table as seed files see it.

    `key` is its natural key, empty where there are several and `ambiguity` says so. `refused` maps names that a
    row cannot give to the reason. `linked` are the relations through a table between. `position` is its place in the
    order of writing.
    """

    table: Table
    name: str
    position: int
    key: tuple[str, ...]
    ambiguity: str
    columns: Mapping[str, Column[Any]]
    references: Mapping[str, Relation]
    nested: Mapping[str, Relation]
    linked: dict[str, Relation]
    refused: dict[str, str]
    rules: Rules
    handed_out: set[str] = field(default_factory=set)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Everything that a row may give."""
        return (*self.columns, *self.references, *self.nested, *self.linked)

    @cached_property
    def required(self) -> frozenset[str]:
        """The columns that every row must give, by itself or through a reference."""
        return frozenset(name for name, column in self.columns.items() if tables.is_required(column))

    @cached_property
    def demanded(self) -> frozenset[str]:
        """The columns that every row must give: the required ones, and the parts of its key that differ by row."""
        return self.required.union(self.key) - self.fills.keys()

    @cached_property
    def json(self) -> frozenset[str]:
        """The columns in which None is JSON's null, not SQL's."""
        return frozenset(name for name, column in self.columns.items() if isinstance(tables.sql_type(column), JSON))

    @cached_property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each unique key but the primary one."""
        return tables.key_candidates(self.table)

    @cached_property
    def open(self) -> frozenset[str]:
        """The columns of which YAML, not a type, says what is text and what a number."""
        return frozenset(name for name in self.json if is_open(tables.python_type(self.columns[name])))

    @cached_property
    def late(self) -> Mapping[str, str]:
        """The columns that may be null until the table at which they point, this one or a later one, is written."""
        return {
            column: relation.target
            for relation in self.references.values()
            for column, _ in relation.columns
            if column in self.columns and self.columns[column].nullable and column not in self.key
        }

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.table.primary_key.columns)

    @cached_property
    def rows_adapter(self) -> TypeAdapter[Any]:
        """Validates a list of rows, 0.4 us each."""
        return TypeAdapter(list[self._row_type])  # type: ignore[name-defined]

    @cached_property
    def row_adapter(self) -> TypeAdapter[Any]:
        """Validates one row."""
        return TypeAdapter(self._row_type)

    @cached_property
    def _row_type(self) -> Any:
        fields = {name: annotation(column, self.rules) for name, column in self.columns.items()}
        return TypedDict(self.name, fields, total=False)  # type: ignore[operator]

    @cached_property
    def fills(self) -> Mapping[str, Any]:
        """The defaults that are the same for every row, by column."""
        return {name: value for name, column in self.columns.items() for value in tables.constant_default(column)}

    @cached_property
    def factories(self) -> Mapping[str, Callable[[], Any]]:
        """The defaults that are called for each new row, by column; those of SQLAlchemy are its own business."""
        found = {name: _factory(column) for name, column in self.columns.items()}
        return {name: factory for name, factory in found.items() if factory is not None}

    @cached_property
    def aware(self) -> frozenset[str]:
        """The columns that hold UTC, and that a database without time zones gives back without one."""
        return frozenset(name for name, column in self.columns.items() if _is_aware(column))

    @cached_property
    def labelled_key(self) -> str | None:
        """The primary key that a label stands for, of a table whose rows have no other key."""
        return tables.labelled_key(self.table)

    def refers(self, names: Collection[str]) -> bool:
        """Whether any of these columns belongs to a foreign key."""
        return any(self.reference_of(name) is not None for name in names)

    def reference_by(self, columns: Collection[tuple[str, str]]) -> str | None:
        """Return the name of the relation whose columns these are, paired with those of the other table."""
        return next((name for name, each in self.references.items() if set(each.columns) == set(columns)), None)

    def label_value(self, label: str) -> str:
        """Return the primary key of the row with a label, the same in each run and everywhere, as text.

        Whole numbers are negative: they never meet those that a database counts, nor move them on.
        """
        assert self.labelled_key is not None
        made = uuid5(NAMESPACE_URL, f"dbtool:{self.table.key}:{label}")
        if tables.python_type(self.columns[self.labelled_key]) is UUID:
            return str(made)
        return str(-1 - made.int % (2**31 - 1))

    def reference_of(self, column: str) -> Relation | None:
        """Return the relation that gives a column of a foreign key."""
        return self._reference_of.get(column)

    @cached_property
    def _reference_of(self) -> Mapping[str, Relation]:
        found: dict[str, Relation] = {}
        for relation in self.references.values():
            for column, _ in relation.columns:
                found.setdefault(column, relation)
        return found

    def key_names(self) -> tuple[str, ...]:
        """Return the natural key as a seed file writes it: a foreign key by its relation's name."""
        found = [self.reference_of(name) for name in self.key]
        return tuple(dict.fromkeys(each.name if each else name for each, name in zip(found, self.key, strict=True)))


def shapes(metadata: MetaData, rules: Rules) -> Mapping[str, Shape]:
    """Return the shape of every table by its key in the MetaData, parents before children."""
    found = {table.key: _shape(table, position, rules) for position, table in enumerate(_in_order(metadata))}
    for shape in found.values():
        _drop_unlinkable(shape, found)
        for relation in shape.references.values():
            found[relation.target].handed_out.update(remote for _, remote in relation.columns)
        for relation in shape.nested.values():
            shape.handed_out.update(local for local, _ in relation.columns)
        for relation in shape.linked.values():
            shape.handed_out.update(local for local, _ in relation.near)
            found[relation.target].handed_out.update(local for local, _ in relation.far)
    return found


def _drop_unlinkable(shape: Shape, known: Mapping[str, Shape]) -> None:
    """Refuse a relation through a table whose rows are more than a tie: these are given as rows of their own."""
    for name, relation in tuple(shape.linked.items()):
        between = known[relation.secondary or ""]
        named = between.reference_by([(column, own) for own, column in relation.far])
        ties = {column for _, column in (*relation.near, *relation.far)}
        if named is None or not set(between.key) <= ties or between.demanded - ties:
            del shape.linked[name]
            shape.refused[name] = f"is many-to-many; give the rows of `{relation.secondary}` instead"


def by_name(known: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """Return the shapes under every name that a seed file may use: the model's and the table's."""
    return {shape.name: shape for shape in known.values()} | dict(known)


def _in_order(metadata: MetaData) -> Iterator[Table]:
    """Yield the tables as the models define them, each after those it refers to, unless they refer to it too."""
    parents = {table: {key.column.table for key in table.foreign_keys} - {table} for table in metadata.tables.values()}
    waiting = dict.fromkeys(parents)
    while waiting:
        free = (table for table in waiting if not any(parent in waiting for parent in parents[table]))
        table = next(free, next(iter(waiting)))
        del waiting[table]
        yield table


def _shape(table: Table, position: int, rules: Rules) -> Shape:
    key, ambiguity = _key(table)
    return Shape(
        table=table,
        name=tables.model_name(table) or table.key,
        position=position,
        key=key,
        ambiguity=ambiguity,
        columns={column.name: column for column in table.columns if tables.is_given(column)},
        references={relation.name: relation for relation in tables.references(table)},
        nested={relation.name: relation for relation in tables.nested(table)},
        linked={relation.name: relation for relation in tables.linked(table)},
        refused=dict(_refused(table)),
        rules=rules,
    )


def _key(table: Table) -> tuple[tuple[str, ...], str]:
    try:
        return tables.natural_key(table), ""
    except DataError as error:
        return (), f"{error.message}; {error.hint}"


def _refused(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        if not tables.is_given(column):
            yield column.name, "is computed by the database"
    for relation in tables.relations(table):
        if relation.secondary and not (relation.near and relation.far):
            yield relation.name, f"is many-to-many; give the rows of `{relation.secondary}` instead"


def _factory(column: Column[Any]) -> Any:
    """Return what the model calls for each new row, where the column does not call it by itself."""
    model_field = tables.field_of(column)
    return model_field.default_factory if model_field is not None and column.default is None else None


def _is_aware(column: Column[Any]) -> bool:
    kind = tables.sql_type(column)
    return isinstance(kind, DateTime) and bool(kind.timezone)
