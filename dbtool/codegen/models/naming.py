"""What tables, columns and foreign keys are called as classes, fields and relationships.

A name that people gave stays: `Known` holds what the models have already.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.codegen.models.english import plural, singular
from dbtool.tables import foreign_keys

if TYPE_CHECKING:
    from sqlalchemy import ForeignKeyConstraint, MetaData, Table

RESERVED = frozenset({"metadata", "registry", "field", "relationship"})
_TAKEN = frozenset({"SQLModel", "Field", "Relationship", "Any", "Optional", "Index", "Enum", "Table", "Column", "Text"})


@dataclass(frozen=True, slots=True)
class Known:
    """Names that models have: of classes by table, of fields and enums by table and column, of relationships by place.

    The place of a relationship is `Way.place`.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)
    relations: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    enums: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """A relationship of one table: along a foreign key of its own, or back, or through a table between two.

    `remote` is the other key of the table between. `single` is a way back that finds one row at most.
    """

    table: Table
    key: ForeignKeyConstraint
    kind: str
    remote: ForeignKeyConstraint | None = None
    single: bool = False

    @property
    def target(self) -> Table:
        """The table at its end."""
        if self.remote is not None:
            return self.remote.referred_table
        own: Any = self.key.parent
        found: Table = self.key.referred_table if self.kind == "to" else own
        return found

    @property
    def place(self) -> tuple[str, ...]:
        """Return what tells it from all others, whatever it is called."""
        return (self.table.key, self.kind, self.key.parent.key, *sorted(self.key.column_keys))


@dataclass(slots=True)
class Naming:
    """The names of one generated module."""

    metadata: MetaData
    known: Known
    reserved: frozenset[str]
    classes: dict[str, str] = field(default_factory=dict)
    fields: dict[tuple[str, str], str] = field(default_factory=dict)
    relations: dict[tuple[str, ...], str] = field(default_factory=dict)

    def name_all(self, tables: Iterable[Table]) -> None:
        """Name the classes and fields of some tables."""
        taken = {*self.known.classes.values()}
        for table in tables:
            known = self.known.classes.get(table.key)
            self.classes[table.key] = known or _free(class_name(table.name), taken, _TAKEN, table.schema)
            taken.add(self.classes[table.key])
            self._name_fields(table)

    def _name_fields(self, table: Table) -> None:
        taken = {name for (key, _), name in self.known.fields.items() if key == table.key}
        for column in table.columns:
            place = (table.key, column.name)
            name = self.known.fields.get(place) or field_name(column.name, self.reserved)
            while place not in self.known.fields and name in taken:
                name += "_"
            self.fields[place] = name
            taken.add(name)

    def name_relations(self, ways: Iterable[Way]) -> None:
        """Name relationships after what their keys say, each other than the fields and relationships beside it."""
        listed = list(ways)
        to = [way for way in listed if way.kind == "to"]
        self._settle({way: self._forward(way) for way in to})
        self._settle({way: self._backward(way, to) for way in listed if way.kind == "back"})
        self._settle({way: self._through(way, listed) for way in listed if way.kind == "through"})

    def _settle(self, wanted: Mapping[Way, str]) -> None:
        for way, name in wanted.items():
            known = self.known.relations.get(way.place)
            taken = {each for (key, _), each in self.fields.items() if key == way.table.key}
            taken |= {each for place, each in self.relations.items() if place[0] == way.table.key}
            taken |= {each for place, each in self.known.relations.items() if place[0] == way.table.key}
            while known is None and (name in taken or name in self.reserved or keyword.iskeyword(name)):
                name += "_"
            self.relations[way.place] = known or name

    def _forward(self, way: Way) -> str:
        """Name it after the column without its `_id`, or after the other table."""
        columns = list(way.key.column_keys)
        target = snake(self.classes[way.target.key])
        if len(columns) > 1:
            return target
        words = snake(columns[0])
        for ending in ("_id", "_fk", "_uuid", "_key", "_code", "_no"):
            if words.endswith(ending) and words != ending:
                return field_name(words.removesuffix(ending), self.reserved)
        if words in ("id", "uuid") or words == target:
            return target
        taken = words in {name for (key, _), name in self.fields.items() if key == way.table.key}
        alone = sum(key.referred_table is way.target for key in way.table.foreign_key_constraints) == 1
        return words if not taken else target if alone else f"{words}_{target}"

    def _backward(self, way: Way, to: Iterable[Way]) -> str:
        """Name it after the table that points here; the key's own name tells several from each other."""
        source = way.target
        said = self.relations[source.key, "to", *way.place[2:]]
        own = snake(self.classes[source.key])
        one_or_many = own if way.single else _many(own)
        target = snake(self.classes[way.table.key])
        if way.table is source:
            return "children" if said == "parent" and not way.single else one_or_many
        count = Counter((each.table.key, each.target.key) for each in to)[source.key, way.table.key]
        if count == 1:
            return one_or_many
        told = said.removesuffix(f"_{target}")
        return f"{told}_{one_or_many}" if told != target else one_or_many

    def _through(self, way: Way, listed: Iterable[Way]) -> str:
        assert way.remote is not None
        many = _many(snake(self.classes[way.target.key]))
        ends = Counter((each.table.key, each.target.key) for each in listed if each.kind == "through")
        if ends[way.table.key, way.target.key] == 1:
            return many
        said = snake(next(iter(way.remote.column_keys)))
        for ending in ("_id", "_fk", "_uuid"):
            said = said.removesuffix(ending)
        return _many(said)


def class_name(table: str) -> str:
    """Return the name of the class of a table: the singular, its words joined."""
    words = [word for word in re.split(r"[\W_]+", snake(table)) if word]
    if not words:
        return "Row"
    words[-1] = singular(words[-1])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Table{name}"


def field_name(column: str, reserved: Iterable[str] = ()) -> str:
    """Return a column's name, as it is where Python and Pydantic permit that."""
    name = re.sub(r"\W", "_", column).lstrip("_")
    if not name or not name.isidentifier():
        name = f"column_{name}" if name else "column"
    if name.startswith("model_"):
        return f"{name}_"
    return f"{name}_" if keyword.iskeyword(name) or name in reserved else name


def snake(name: str) -> str:
    """Return a name in lower case with `_` between its words: `InvoiceLine`, `HTTPLog`, `invoice line`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def is_link(table: Table) -> bool:
    """Whether a table only connects two: its primary key is two foreign keys, and it has no other column."""
    keys = list(foreign_keys(table))
    columns = [name for key in keys for name in key.column_keys]
    return (
        len(keys) == 2
        and sorted(columns) == sorted(table.columns.keys())
        and sorted(columns) == sorted(column.name for column in table.primary_key.columns)
    )


def _many(name: str) -> str:
    head, separator, last = name.rpartition("_")
    return f"{head}{separator}{plural(last)}"


def _free(name: str, taken: set[str], reserved: frozenset[str], schema: str | None) -> str:
    if name in taken and schema:
        name = class_name(schema) + name
    if name in reserved or hasattr(builtins, name):
        name = f"{name}Row"
    number, wanted = 2, name
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
