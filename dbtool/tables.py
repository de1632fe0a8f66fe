"""What dbtool knows of a table beyond SQLAlchemy: its model, its natural key, its relations.

Every layer that holds a MetaData asks here. `engine.schema` fills in `table.info`; nothing else writes it.
SQLAlchemy's types are named for the checker only, so that this module costs nothing to import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from dbtool.errors import DataError

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Table

MODEL = "dbtool.model"
SEED_KEY = "dbtool.seed_key"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship from one table to another, as the model names it.

    `columns` pair local with remote column names. `many` is True for a list. A to-one relation holds the foreign
    key itself; a to-many relation is the way back of somebody else's. `secondary` names a table between the two; `near`
    and `far` pair columns of this table and of the target with that table's.
    """

    name: str
    target: str
    columns: tuple[tuple[str, str], ...]
    many: bool
    secondary: str | None = None
    near: tuple[tuple[str, str], ...] = ()
    far: tuple[tuple[str, str], ...] = ()


def model_of(table: Table) -> type[Any] | None:
    """Return the SQLModel class of a table, or None where the table was reflected."""
    model: type[Any] | None = table.info.get(MODEL)
    return model


def model_name(table: Table) -> str | None:
    """Return the name of a table's class."""
    model = model_of(table)
    return model.__name__ if model else None


def key_candidates(table: Table) -> tuple[tuple[str, ...], ...]:
    """Return what could identify a row to a person: each unique constraint's columns, as attributes are ordered."""
    from sqlalchemy import UniqueConstraint

    unique = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    partial = {"sqlite_where", "postgresql_where"}
    unique |= {
        tuple(column.name for column in index.columns)
        for index in table.indexes
        if index.unique and index.columns and not partial & set(index.dialect_kwargs)
    }
    order = [column.name for column in table.columns]
    return tuple(sorted(unique, key=lambda key: [order.index(name) for name in key]))


def natural_key(table: Table) -> tuple[str, ...]:
    """Return the columns that identify a row to a person.

    The model's `__seed_key__`, else `[tool.dbtool.seed] keys`, else the one unique constraint, else the primary
    key. Raises DataError, listing them, when there are several.
    """
    declared: tuple[str, ...] | None = table.info.get(SEED_KEY)
    if declared:
        return declared
    candidates = key_candidates(table)
    if len(candidates) > 1:
        listed = ", ".join(f"({', '.join(key)})" for key in candidates)
        name = model_name(table) or table.name
        raise DataError(
            f"`{name}` has more than one natural key: {listed}",
            hint=f'say which in the model: __seed_key__ = ("{candidates[0][0]}",)',
        )
    return candidates[0] if candidates else tuple(column.name for column in table.primary_key.columns)


def label_key(table: Table) -> tuple[str, ...]:
    """Return the columns that name a row on a screen: the natural key, or the shortest of several."""
    try:
        return natural_key(table)
    except DataError:
        return min(key_candidates(table), key=len)


def labelled_key(table: Table) -> str | None:
    """Return the primary key for which a label can stand in seeds; None where rows have a natural key.

    It is one column, a whole number or a UUID, and no foreign key.
    """
    from uuid import UUID

    columns = list(table.primary_key.columns)
    try:
        is_only_key = natural_key(table) == tuple(column.name for column in columns)
    except DataError:
        return None
    if not is_only_key or len(columns) != 1 or columns[0].foreign_keys or not is_given(columns[0]):
        return None
    return columns[0].name if python_type(columns[0]) in (int, UUID) else None


def foreign_keys(table: Table) -> Iterator[ForeignKeyConstraint]:
    """Yield the foreign keys of a table, in the order of their first column."""
    order = {column.name: position for position, column in enumerate(table.columns)}
    yield from sorted(table.foreign_key_constraints, key=lambda key: order[key.columns[0].name])


def keys_to(table: Table) -> Iterator[ForeignKeyConstraint]:
    """Yield the foreign keys that point at a table, of all tables that it is known together with."""
    for other in table.metadata.tables.values():
        yield from (key for key in foreign_keys(other) if key.referred_table is table)


def target_of(key: ForeignKeyConstraint) -> tuple[Table, tuple[Column[Any], ...]]:
    """Return the table and columns that a foreign key points at."""
    columns = tuple(element.column for element in key.elements)
    return key.referred_table, columns


def relations(table: Table) -> tuple[Relation, ...]:
    """Return the relations of a table: the model's relationships, else what the foreign keys tell, both ways."""
    from sqlalchemy import Table as TableClass

    model = model_of(table)
    if model is None:
        return (*_to_one(table), *_to_many(table))
    from sqlalchemy import inspect

    found = []
    for relationship in inspect(model).relationships:
        secondary = relationship.secondary
        target = relationship.mapper.local_table
        if not isinstance(target, TableClass):
            continue
        found.append(
            Relation(
                relationship.key,
                target.key,
                tuple((local.name, remote.name) for local, remote in relationship.local_remote_pairs or ()),
                bool(relationship.uselist),
                secondary.key if isinstance(secondary, TableClass) else None,
                _names(relationship.synchronize_pairs) if secondary is not None else (),
                _names(relationship.secondary_synchronize_pairs or ()),
            )
        )
    return tuple(found)


def _names(pairs: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, other.name) for one, other in pairs)


def references(table: Table) -> tuple[Relation, ...]:
    """Return the to-one relations through which a row names another row by its natural key.

    Every foreign key has one: the model's relationship, else the column's name without `_id`.
    """
    found = [relation for relation in relations(table) if not relation.secondary and _holds_key(table, relation)]
    covered = {local for relation in found for local, _ in relation.columns}
    taken = {*(relation.name for relation in relations(table)), *table.columns.keys()}
    for implied in _to_one(table):
        if implied.name not in taken and not any(local in covered for local, _ in implied.columns):
            found.append(implied)
    return tuple(found)


def nested(table: Table) -> tuple[Relation, ...]:
    """Return the relations under which other tables' rows, which hold the foreign key, can stand within a row."""
    found = []
    for relation in relations(table):
        target = table.metadata.tables[relation.target]
        backwards = Relation("", table.key, tuple((remote, local) for local, remote in relation.columns), many=False)
        if not relation.secondary and not _holds_key(table, relation) and _holds_key(target, backwards):
            found.append(relation)
    return tuple(found)


def linked(table: Table) -> tuple[Relation, ...]:
    """Return the relations to rows through a table between, whose rows the seeds make by themselves."""
    return tuple(each for each in relations(table) if each.secondary and each.near and each.far)


def field_of(column: Column[Any]) -> Any | None:
    """Return the model's Pydantic field of a column, or None where there is no model or no such field."""
    model = model_of(column.table)
    return getattr(model, "model_fields", {}).get(column.name) if model else None


def sql_type(column: Column[Any]) -> Any:
    """Return a column's SQL type, looking through decorators such as SQLModel's AutoString."""
    from sqlalchemy import Interval, TypeDecorator

    found: Any = column.type
    while isinstance(found, TypeDecorator) and not isinstance(found, Interval):  # a decorator of DateTime
        found = found.impl
    return found


def python_type(column: Column[Any]) -> Any:
    """Return the type of a column's values without null: the model's annotation, else what SQLAlchemy says."""
    field = field_of(column)
    if field is not None and field.annotation is not None:
        return _without_none(field.annotation)
    return kept_type(column)


def kept_type(column: Column[Any]) -> Any:
    """Return the type of a column's values as SQLAlchemy gives them, whatever the model calls it."""
    kind = sql_type(column)
    if getattr(kind, "enum_class", None) is not None:
        return kind.enum_class
    try:
        return kind.python_type
    except NotImplementedError:
        return Any


def constant_default(column: Column[Any]) -> tuple[Any, ...]:
    """Return the value that a new row without this column gets, when it is the same for every row; else nothing."""
    if column.default is not None:
        return (getattr(column.default, "arg", None),) if column.default.is_scalar else ()
    field = field_of(column)
    if column.server_default is not None or (field is not None and field.default_factory is not None):
        return ()
    value = None if field is None or field.is_required() else field.default
    return (value,) if column.nullable or value is not None else ()


def is_given(column: Column[Any]) -> bool:
    """Whether a person may give this column's value; the database computes the others."""
    return column.computed is None and not (column.identity is not None and column.identity.always)


def is_required(column: Column[Any]) -> bool:
    """Whether a new row must give this column: it holds no null, and nothing else fills it."""
    filled = column.default is not None or column.server_default is not None or column.identity is not None
    if column.nullable or filled or column is column.table.autoincrement_column:
        return False
    field = field_of(column)
    return field is None or bool(field.is_required())


def _without_none(annotated: Any) -> Any:
    if get_origin(annotated) not in (Union, UnionType):
        return annotated
    members = tuple(each for each in get_args(annotated) if each is not type(None))
    return members[0] if len(members) == 1 else Union[members]  # noqa: UP007


def _holds_key(table: Table, relation: Relation) -> bool:
    """Whether the foreign key behind a relation is this table's own; a to-many relation is never."""
    held = {(key.parent.name, key.column.name) for key in table.foreign_keys if key.column.table.key == relation.target}
    return not relation.many and set(relation.columns) <= held


def _to_one(table: Table) -> Iterator[Relation]:
    for key in foreign_keys(table):
        target, columns = target_of(key)
        pairs = tuple((local.name, remote.name) for local, remote in zip(key.columns, columns, strict=True))
        yield Relation(pairs[0][0].removesuffix("_id"), target.key, pairs, many=False)


def _to_many(table: Table) -> Iterator[Relation]:
    for other in table.metadata.sorted_tables:
        for key in foreign_keys(other):
            target, columns = target_of(key)
            if target is table:
                pairs = tuple((remote.name, local.name) for local, remote in zip(key.columns, columns, strict=True))
                yield Relation(other.name, other.key, pairs, many=True)


def forget_counters(metadata: MetaData) -> MetaData:
    """Take the defaults away by which PostgreSQL counts: a sequence behind a column is the database's own."""
    for column in (column for table in metadata.tables.values() for column in table.columns):
        if "nextval(" in str(getattr(column.server_default, "arg", "")):
            column.server_default = None
    return metadata
