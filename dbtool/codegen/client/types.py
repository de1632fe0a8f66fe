"""The dictionaries of one model: what finds its rows, orders, includes, makes and changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbtool.codegen.client.creating import Creating
from dbtool.codegen.client.layout import apart, bracketed, call, dictionary, extension, quoted, shortest
from dbtool.codegen.client.models import Model, Relation
from dbtool.codegen.client.names import Imports
from dbtool.codegen.client.values import Values

INDENT = "    "
SUFFIXES = (
    *("Where", "Is", "Filter", "ListFilter", "Unique", "Order", "Include", "OneArgs", "ManyArgs", "Field", "Number"),
    *("Columns", "Row", "Create", "One", "Many", "Set", "Update", "OneUpdate", "AnyUpdate", "ManyUpdate", "Change"),
)


@dataclass(frozen=True)
class Types:
    """The dictionaries of one model among others, which are by class in `models`."""

    model: Model
    models: Mapping[type[Any], Types]
    values: Values
    imports: Imports

    def text(self) -> str:
        """Return the definitions."""
        return apart([*self._names(), *self._reading(), *self.creating.text(), *self._changing(), *self._links()])

    def parameters(self, cls: str) -> list[str]:
        """Return what a table of this model is generic over; `cls` is what the model is called."""
        reading = [self.name("Where"), self.name("Unique"), self.include, self.name("Order")]
        writing = [self.creating.create, self.creating.row, self.update, self.name("Set")]
        groups = {"Reading": reading, "Writing": writing, "Naming": [cls, self.name("Field"), self.name("Number")]}
        return [f"{self.values.filters(name)}[{', '.join(types)}]" for name, types in groups.items()]

    def name(self, suffix: str) -> str:
        """Return the name of one of this model's types."""
        return f"{self.model.name}{suffix}"

    @cached_property
    def creating(self) -> Creating:
        """What makes a row."""
        relations = {each.key: self._created(each) for each in self.model.relations if each.written}
        return Creating(self.model, relations, self.values, self.imports, INDENT)

    @property
    def include(self) -> str:
        """The name of what is included."""
        return self.name("Include") if self.model.relations else self.values.filters("NoInclude")

    @property
    def update(self) -> str:
        """The name of what changes a row."""
        return self.name("Update" if any(each.written for each in self.model.relations) else "Set")

    @cached_property
    def _pointing(self) -> Sequence[Relation]:
        """Return the relations of all models that lead here."""
        every = (each for types in self.models.values() for each in types.model.relations)
        return [each for each in every if each.target is self.model.cls]

    # Names and keys

    def _names(self) -> Iterator[str]:
        fields = {field.key: self.values.of(self.model.name, field) for field in self.model.fields}
        yield self._literal("Field", list(fields))
        yield self._literal("Number", [key for key, value in fields.items() if value.is_number])
        yield shortest(self.name("Unique"), {key: fields[key].text for key in self.model.unique}, INDENT)

    def _literal(self, suffix: str, keys: Sequence[str]) -> str:
        head = f"{self.name(suffix)}: {self.imports.use('typing', 'TypeAlias')} = "
        if not keys:
            return f"{INDENT}{head}{self.imports.use('typing', 'Never')}"
        return bracketed(f"{head}{self.imports.use('typing', 'Literal')}[", [quoted(key) for key in keys], "]", INDENT)

    # Reading

    def _reading(self) -> Iterator[str]:
        yield dictionary(self.name("Where"), self._where(), INDENT, total=False)
        if any(each.many for each in self._pointing):
            yield self._derived(self.name("ListFilter"), "ListFilter", [self.name("Where")])
        if not all(each.many for each in self._pointing):
            where = f"{self.name('Where')} | None"
            yield call(self.name("Is"), {key: where for key in ("is", "is_not") if key not in self._where()}, INDENT)
            bases = [self.name("Where"), self.name("Is")]  # in this order, or pyright takes them for a circle
            yield dictionary(self.name("Filter"), {}, INDENT, bases=bases, total=True)
        yield self._ordering()
        yield from self._including()

    def _where(self) -> dict[str, str]:
        name = self.name("Where")
        several = f"{self.imports.use('collections.abc', 'Sequence')}[{name}]"
        found = {"AND": several, "OR": several, "NOT": name}
        for field in self.model.fields:
            found.setdefault(field.key, self.values.filter(self.values.of(self.model.name, field)))
        for relation in self.model.relations:
            found.setdefault(relation.key, self._target(relation).name("ListFilter" if relation.many else "Filter"))
        return found

    def _ordering(self) -> str:
        direction = self.imports.use("dbtool.client.parameters", "Direction")
        fields = {field: self.values.of(self.model.name, field) for field in self.model.fields}
        columns = {field.key: direction for field, value in fields.items() if value.kind}
        relations = {each.key: self._target(each).name("Order") for each in self.model.relations if not each.many}
        if relations:
            return dictionary(self.name("Order"), columns | relations, INDENT, total=False)
        return shortest(self.name("Order"), columns, INDENT)

    def _including(self) -> Iterator[str]:
        if self.model.relations:
            included = {each.key: self._included(each) for each in self.model.relations}
            yield dictionary(self.name("Include"), included, INDENT, total=False)
            if not all(each.many for each in self._pointing):
                yield self._derived(self.name("OneArgs"), "OneArgs", [self.name("Include")])
        if any(each.many for each in self._pointing):
            yield self._derived(
                self.name("ManyArgs"), "ManyArgs", [self.name("Where"), self.name("Order"), self.include]
            )

    def _included(self, relation: Relation) -> str:
        target = self._target(relation)
        plain = self.imports.builtin("bool")
        if relation.many:
            return f"{plain} | {target.name('ManyArgs')}"
        return f"{plain} | {target.name('OneArgs')}" if target.model.relations else plain

    # Changing

    def _changing(self) -> Iterator[str]:
        given = [field for field in self.model.fields if field.given]
        columns = {field.key: self.values.change(self.values.of(self.model.name, field)) for field in given}
        yield shortest(self.name("Set"), columns, INDENT)
        relations = {each.key: self._changed(each) for each in self.model.relations if each.written}
        if relations:
            yield dictionary(self.name("Update"), relations, INDENT, bases=[self.name("Set")], total=False)
        if any(each.many and each.written for each in self._pointing):
            arguments = [self.name("Unique"), self.update]
            yield self._derived(self.name("Change"), "Changing", arguments)

    def _created(self, relation: Relation) -> str:
        """Return the name of what makes rows in a relation."""
        return f"{self._new(relation)}{'Many' if relation.many else 'One'}"

    def _changed(self, relation: Relation) -> str:
        """Return the name of what changes rows in a relation."""
        kind = "Many" if relation.many else "Any" if self._is_loose(relation) else "One"
        return f"{self._new(relation)}{kind}Update"

    def _new(self, relation: Relation) -> str:
        """Return what the names of the types of a relation begin with: its target, nested or for itself."""
        target = self._target(relation)
        return target.model.nested(relation.keys) if relation.back else target.model.name

    def _is_loose(self, relation: Relation) -> bool:
        """Whether the row of a to-one relation can be missing."""
        links = [link for link in self.model.links if link.relation and link.relation.keys == relation.keys]
        return relation.back or not any(link.required for link in links)

    def _links(self) -> Iterator[str]:
        """Yield what stands in the relations that lead here, each once."""
        made: dict[str, str] = {}
        for types in self.models.values():
            for relation in types.model.relations:
                if relation.target is self.model.cls and relation.written:
                    new = types._new(relation) if relation.back else self.creating.create
                    create, change = types._created(relation), types._changed(relation)
                    made.setdefault(create, self._creator(create, new, relation))
                    made.setdefault(change, self._changer(change, create, new, relation))
        yield from made.values()

    def _creator(self, name: str, new: str, relation: Relation) -> str:
        return self._derived(name, "CreateMany" if relation.many else "CreateOne", [new, self.name("Unique")])

    def _changer(self, name: str, create: str, new: str, relation: Relation) -> str:
        """Return what changes rows in a relation, with its `update`, which no TypedDict can inherit from another."""
        unique = self.name("Unique")
        if not relation.many and not name.endswith("AnyUpdate"):
            return self._updating(name, create, self.update)
        if not relation.many:
            return self._updating(name, self._generic("ChangeAny", [new, unique]), self.update)
        owned = any(frozenset(link.keys) == relation.keys and link.required for link in self.model.links)
        base = self._generic("ChangeOwned" if relation.back and owned else "ChangeMany", [new, unique, self.update])
        several = f"{self.imports.use('collections.abc', 'Sequence')}[{self.name('Change')}]"
        return self._updating(name, base, several)

    def _derived(self, name: str, base: str, arguments: Sequence[str]) -> str:
        """Return a dictionary that is a generic one of these arguments, with a name of its own."""
        return dictionary(name, {}, INDENT, bases=[self._generic(base, arguments)], total=True)

    def _generic(self, name: str, arguments: Sequence[str]) -> str:
        return f"{self.values.filters(name)}[{', '.join(arguments)}]"

    def _target(self, relation: Relation) -> Types:
        return self.models[relation.target]

    def _updating(self, name: str, base: str, kind: str) -> str:
        """Return a dictionary that has `update`; ty takes it for the method of dict's, which it can be no longer."""
        optional = f"{self.imports.use('typing', 'NotRequired')}[{kind}]"
        keys = {"update": f"{optional}  # ty: ignore[incompatible-attribute-override]"}
        return extension(name, keys, INDENT, base)
