"""What a model offers: columns, relations, unique keys, and how its values are checked; worked out once a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Select, Table, inspect, select
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty, aliased, lazyload, selectin_polymorphic
from sqlalchemy.sql import operators, visitors

from dbtool.client.unread import Unread
from dbtool.client.validation import Validation
from dbtool.tables import key_candidates, sql_type

if TYPE_CHECKING:
    from dbtool.client.views import Plan


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship, by the names of attributes.

    `pairs` are local and remote attributes. Where `link` is a table between the two, they are local attributes and
    columns of the link, and `link_pairs` remote attributes and columns of the link. `simple` means that equality of
    the pairs is all of the condition.
    """

    name: str
    model: type[Any]
    many: bool
    holds_key: bool
    pairs: tuple[tuple[str, str], ...]
    link: Table | None
    link_pairs: tuple[tuple[str, str], ...]
    simple: bool
    order_by: tuple[Any, ...]

    @property
    def local(self) -> tuple[str, ...]:
        """The attributes on this side."""
        return tuple(name for name, _ in self.pairs)

    @property
    def remote(self) -> tuple[str, ...]:
        """The attributes on the other side, where there is no link."""
        return tuple(name for _, name in self.pairs)


class Shape:
    """One mapped class, as the client sees it. Columns and relations are named like the attributes."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self.name = model.__name__
        self.mapper: Mapper[Any] = inspect(model)
        self.columns: Mapping[str, Column[Any]] = {
            attribute.key: attribute.columns[0]
            for attribute in self.mapper.column_attrs
            if isinstance(attribute.columns[0], Column)
        }
        self.attributes: Mapping[str, Any] = {name: getattr(model, name) for name in self.columns}
        self.primary: tuple[str, ...] = tuple(
            self.mapper.get_property_by_column(column).key for column in self.mapper.primary_key
        )

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        """The relationships by name; those that only SQL can read are left out."""
        return {
            relationship.key: _relation(relationship)
            for relationship in self.mapper.relationships
            if relationship.lazy not in ("dynamic", "write_only")
        }

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The attributes of the primary key, then those of each unique key."""
        known = {column.name: name for name, column in self.columns.items()}
        found = [
            tuple(known[column] for column in key)
            for table in self.tables
            for key in key_candidates(table)
            if all(column in known for column in key)
        ]
        return (self.primary, *(key for key in found if key != self.primary))

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of a row, the base class's first."""
        return tuple(table for table in self.mapper.tables if isinstance(table, Table))

    @cached_property
    def placed(self) -> Mapping[Table, Mapping[str, Column[Any]]]:
        """The columns of each table by attribute; a key that two tables share is in both."""
        placed: dict[Table, dict[str, Column[Any]]] = {table: {} for table in self.tables}
        for attribute in self.mapper.column_attrs:
            for column in attribute.columns:
                if isinstance(column, Column) and column.table in placed:
                    placed[column.table][attribute.key] = column
        return placed

    @cached_property
    def validation(self) -> Validation:
        """How values become a row."""
        return Validation(self.model, self.columns, self.is_filled)

    @cached_property
    def eager(self) -> tuple[Any, ...]:
        """The relationships that the model itself would read at once."""
        return tuple(
            getattr(self.model, relationship.key)
            for relationship in self.mapper.relationships
            if relationship.lazy in ("joined", "selectin", "subquery", "immediate", False)
        )

    @cached_property
    def options(self) -> tuple[Any, ...]:
        """What a statement of whole objects says: all columns of subclasses, no relation that was not asked for."""
        below = [mapper.class_ for mapper in self.mapper.self_and_descendants if mapper is not self.mapper]
        whole = (selectin_polymorphic(self.model, below),) if below else ()
        return (*(lazyload(each) for each in self.eager), *whole)

    @cached_property
    def enums(self) -> Mapping[str, type[Enum]]:
        """The classes of the columns that hold members of one."""
        kinds = {name: getattr(sql_type(column), "enum_class", None) for name, column in self.columns.items()}
        return {name: kind for name, kind in kinds.items() if kind is not None}

    @cached_property
    def selected(self) -> Select[Any]:
        """The statement that reads whole objects, and no relation that the model itself would read at once."""
        statement = select(self.model)
        return statement.options(*self.options) if self.options else statement

    @cached_property
    def by_key(self) -> tuple[Any, ...]:
        """The order by primary key, as SQL."""
        return tuple(self.attributes[name].asc() for name in self.primary)

    def is_filled(self, name: str) -> bool:
        """Whether the database itself gives this column a value."""
        column = self.columns[name]
        generated = column.server_default is not None or column.identity is not None or column.computed is not None
        return generated or column is column.table.autoincrement_column

    def is_json(self, name: str) -> bool:
        """Whether a column holds JSON."""
        return sql_type(self.columns[name]).__visit_name__ in ("JSON", "JSONB")


class Shapes:
    """The shapes of the models that a client has met, and what else is worked out once for a model."""

    def __init__(self) -> None:
        self._shapes: dict[type[Any], Shape] = {}
        self._unread: dict[type[Any], Unread] = {}
        self._aliases: dict[tuple[type[Any], int], Any] = {}
        self.plans: dict[tuple[type[Any], type[Any]], Plan] = {}

    def of(self, model: type[Any]) -> Shape:
        """Return the shape of a model."""
        found = self._shapes.get(model)
        if found is None:
            found = self._shapes[model] = Shape(model)
        return found

    def unread(self, model: type[Any]) -> Unread:
        """Return what stands in the place of the model's relations that were not read."""
        found = self._unread.get(model)
        if found is None:
            found = self._unread[model] = Unread(model)
        return found

    def alias(self, model: type[Any], depth: int) -> Any:
        """Return the model under a name of its own for a depth of a condition; siblings may share it."""
        found = self._aliases.get((model, depth))
        if found is None:
            found = self._aliases[model, depth] = aliased(model)
        return found


def _relation(relationship: RelationshipProperty[Any]) -> Relation:
    here, there = relationship.parent, relationship.mapper
    link = relationship.secondary
    order = relationship.order_by
    if isinstance(link, Table):
        pairs = tuple(
            (here.get_property_by_column(local).key, str(column.key))
            for local, column in relationship.synchronize_pairs
        )
        link_pairs = tuple(
            (there.get_property_by_column(remote).key, str(column.key))
            for remote, column in relationship.secondary_synchronize_pairs or ()
        )
    else:
        link_pairs = ()
        pairs = tuple(
            (here.get_property_by_column(local).key, there.get_property_by_column(remote).key)
            for local, remote in relationship.local_remote_pairs or ()
        )
    return Relation(
        name=relationship.key,
        model=there.class_,
        many=bool(relationship.uselist),
        holds_key=relationship.direction is RelationshipDirection.MANYTOONE,
        pairs=pairs,
        link=link if isinstance(link, Table) else None,
        link_pairs=link_pairs,
        simple=link is None and _is_simple(relationship),
        order_by=tuple(order) if order else (),
    )


def _is_simple(relationship: RelationshipProperty[Any]) -> bool:
    """Whether a relationship's condition only says that its pairs are equal."""
    compared = [each for each in visitors.iterate(relationship.primaryjoin) if each.__visit_name__ == "binary"]
    pairs = relationship.local_remote_pairs or ()
    return len(compared) == len(pairs) and all(each.operator is operators.eq for each in compared)  # type: ignore[attr-defined]
