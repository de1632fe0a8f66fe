"""What a client must know of models: their columns and relations by attribute, and the keys that connect them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, inspect

from dbtool import mapped, tables
from dbtool.codegen.client.names import camel

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty


@dataclass(frozen=True, slots=True)
class Field:
    """A column by its attribute. `required` means that a new row must give it, `given` that anybody may."""

    key: str
    column: Column[Any]
    annotation: Any
    nullable: bool
    required: bool
    given: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship. `keys` are the fields of the foreign key, of this model or, where `back`, of the target.

    A many-to-many relation has none. One that is only to be looked at is not `written`.
    """

    key: str
    target: type[Any]
    many: bool
    back: bool
    keys: frozenset[str]
    written: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key that leads to another row: its fields, and the relation over it where there is one."""

    keys: tuple[str, ...]
    relation: Relation | None
    required: bool

    @property
    def name(self) -> str:
        """What it is called within the name of a class."""
        return camel(self.relation.key if self.relation else self.keys[0].removesuffix("_id"))


@dataclass(frozen=True, slots=True)
class Model:
    """A mapped class; `name` is unique among all of them. `nests` are the links under which others nest its rows."""

    cls: type[Any]
    name: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...]
    unique: tuple[str, ...]
    links: tuple[Link, ...]
    nests: tuple[Link, ...]

    def field(self, key: str) -> Field:
        """Return a field by its key."""
        return next(each for each in self.fields if each.key == key)

    def nested(self, keys: frozenset[str]) -> str:
        """Return the name of a row under another, which the link of these fields leads to."""
        return f"{self.name}In{next(link for link in self.nests if keys == frozenset(link.keys)).name}"


def described(metadata: MetaData) -> tuple[Model, ...]:
    """Return what there is to know of every model, in the order of its tables."""
    classes = mapped.models(metadata)
    names = _unique_names(classes)
    relations = {cls: tuple(_relations(inspect(cls), names)) for cls in classes}
    nesting: dict[type[Any], set[frozenset[str]]] = {cls: set() for cls in classes}
    for each in (relation for found in relations.values() for relation in found):
        if each.back and each.written:
            nesting[each.target].add(each.keys)
    return tuple(_model(cls, names[cls], relations[cls], nesting[cls]) for cls in classes)


def _model(cls: type[Any], name: str, relations: tuple[Relation, ...], nesting: set[frozenset[str]]) -> Model:
    mapper: Mapper[Any] = inspect(cls)
    fields = tuple(_field(cls, each) for each in mapper.column_attrs if isinstance(each.columns[0], Column))
    links = _links(fields, relations, nesting)
    nests = tuple(link for link in links if frozenset(link.keys) in nesting)
    return Model(cls, name, fields, relations, _unique(mapper, fields), links, nests)


def _unique_names(classes: Sequence[type[Any]]) -> Mapping[type[Any], str]:
    """Return a name for each class: its own, with as much of its module before it as tells it from others."""
    found: dict[type[Any], str] = {}
    waiting = list(classes)
    deepest = max((cls.__module__.count(".") + 1 for cls in classes), default=0)
    for depth in range(deepest + 1):
        often = Counter(_name(cls, depth) for cls in classes)
        for cls in waiting:
            if often[_name(cls, depth)] == 1 or depth == deepest:
                found[cls] = _name(cls, depth)
        waiting = [cls for cls in waiting if cls not in found]
    return found


def _name(cls: type[Any], depth: int) -> str:
    """Return the name of a class behind the last parts of its module, but `models`."""
    modules = [part for part in cls.__module__.split(".") if part != "models"]
    return "".join(camel(part) for part in [*modules[max(len(modules) - depth, 0) :], cls.__name__])


# Columns


def _field(cls: type[Any], attribute: ColumnProperty[Any]) -> Field:
    columns = [column for column in attribute.columns if isinstance(column, Column)]
    declared = getattr(cls, "model_fields", {}).get(attribute.key)
    return Field(
        attribute.key,
        columns[0],
        declared.annotation if declared is not None else None,
        bool(columns[0].nullable) and not columns[0].primary_key,
        all(_is_required(column, declared) for column in columns),
        tables.is_given(columns[0]),
    )


def _is_required(column: Column[Any], declared: Any | None) -> bool:
    """Whether a new row must give this column; a default of None fills nothing that holds no null."""
    filled = column.default is not None or column.server_default is not None or column.identity is not None
    if column.nullable or filled or column.computed is not None or column is column.table.autoincrement_column:
        return False
    if declared is None or declared.is_required():
        return True
    return declared.default is None and declared.default_factory is None


def _unique(mapper: Mapper[Any], fields: Iterable[Field]) -> tuple[str, ...]:
    """Return the fields that any unique key of a model has."""
    keyed: set[Any] = set(mapper.primary_key)
    for table in mapper.tables:
        if isinstance(table, Table):
            keyed |= {table.columns[name] for key in tables.key_candidates(table) for name in key}
    found = {mapper.get_property_by_column(column).key for column in keyed if column in mapper.columns.values()}
    return tuple(field.key for field in fields if field.key in found)


# Relations


def _relations(mapper: Mapper[Any], known: Mapping[type[Any], str]) -> Iterable[Relation]:
    for relationship in mapper.relationships:
        if relationship.mapper.class_ in known:
            yield _relation(mapper, relationship)


def _relation(mapper: Mapper[Any], relationship: RelationshipProperty[Any]) -> Relation:
    direction = relationship.direction.name
    target: Mapper[Any] = relationship.mapper
    pairs = relationship.local_remote_pairs or ()
    keys: set[str] = set()
    if direction == "MANYTOONE":
        keys = {mapper.get_property_by_column(local).key for local, _ in pairs}
    elif direction == "ONETOMANY":
        keys = {target.get_property_by_column(remote).key for _, remote in pairs}
    return Relation(
        relationship.key,
        target.class_,
        bool(relationship.uselist),
        direction == "ONETOMANY",
        frozenset(keys),
        not relationship.viewonly,
    )


def _links(fields: Sequence[Field], relations: Iterable[Relation], nesting: set[frozenset[str]]) -> tuple[Link, ...]:
    """Return the foreign keys of a model that it has a relation over, or that others nest its rows by."""
    by_key = {field.key: field for field in fields}
    order = list(by_key)
    over = {each.keys: each for each in relations if each.keys and not each.back and each.written}
    found = [
        Link(tuple(sorted(keys, key=order.index)), over.get(keys), any(by_key[key].required for key in keys))
        for keys in {**over, **dict.fromkeys(nesting, None)}
    ]
    return tuple(sorted(found, key=lambda link: [order.index(key) for key in link.keys]))
