"""What makes a row of a model: by itself, in one go with many others, and nested under another row.

A required foreign key is given by its fields or by its relation, exactly one of both: a type for each choice. Rows
that are nested under another leave out what leads to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import product

from dbtool.codegen.client.layout import dictionary, shortest, union
from dbtool.codegen.client.models import Link, Model
from dbtool.codegen.client.names import Imports, camel
from dbtool.codegen.client.values import Values

_MOST_CHOICES = 3  # of links that are each given in two ways; where there are more, all are given in the same way
_MOST_LEFT_OUT = 2  # of optional links that rows are nested under; where there are more, such rows can hold them

Fields = dict[str, str]
Choice = tuple[Link, bool]  # a link, and whether its relation gives it


@dataclass(frozen=True)
class Creating:
    """The types that make rows of a model. `relations` are the types of what stands in its relations, by key."""

    model: Model
    relations: Mapping[str, str]
    values: Values
    imports: Imports
    indent: str
    _made: dict[str, str] = field(default_factory=dict)

    def text(self) -> Iterator[str]:
        """Yield the definitions."""
        self._made.clear()
        columns = self._define(self._columns_name, self._columns(), None)
        self._row(columns)
        opened = self._define(self._open_name, self._open(None), columns, total=False)
        self._choose(self.create, opened, self._required)
        for link in self.model.nests:
            name = self.model.nested(frozenset(link.keys))
            self._choose(name, self._around(name, link), self._others(link))
        yield from self._made.values()

    @property
    def row(self) -> str:
        """The name of a row of columns."""
        return f"{self.model.name}Row"

    @property
    def create(self) -> str:
        """The name of a row with what stands in its relations."""
        return f"{self.model.name}Create" if self._required or self._open(None) else self.row

    # Links

    @cached_property
    def _apart(self) -> tuple[Link, ...]:
        """The links that share no field with another."""
        links = self.model.links
        return tuple(each for each in links if not any(set(each.keys) & set(o.keys) for o in links if o is not each))

    @cached_property
    def _required(self) -> tuple[Link, ...]:
        return tuple(link for link in self._apart if link.required)

    @cached_property
    def _left_out(self) -> tuple[Link, ...]:
        """The optional links that rows are nested under: these have no fields for them."""
        found = tuple(link for link in self._apart if not link.required and link in self.model.nests)
        return found if len(found) <= _MOST_LEFT_OUT else ()

    # Fields

    @property
    def _columns_name(self) -> str:
        if not self._required and not self._left_out:
            return self.row
        return (None if self._open(None) else self._only_parent) or f"{self.model.name}Columns"

    @property
    def _open_name(self) -> str:
        return self._only_parent or (f"{self.model.name}Base" if self._required else self.create)

    @property
    def _only_parent(self) -> str | None:
        """The name of a row under the only row that it must have, if it can be nested there."""
        nested = len(self._required) == 1 and self._required[0] in self.model.nests
        return self.model.nested(frozenset(self._required[0].keys)) if nested else None

    def _columns(self, without: Iterable[str] = ()) -> Fields:
        """Return the columns that every row can hold, however it is made."""
        links = (*self._required, *self._left_out)
        out = {*without, *(key for link in links for key in link.keys)}
        return self._typed(each.key for each in self.model.fields if each.given and each.key not in out)

    def _open(self, around: Link | None) -> Fields:
        """Return what a row can hold beside its columns, all of it optional; `around` is the link it is nested by."""
        unoffered = {
            each.relation.key
            for each in self.model.links
            if each.relation and (each in self._required or each in self._left_out or each not in self._apart)
        }
        if around is not None and around.relation:
            unoffered.add(around.relation.key)
        found = {key: kind for key, kind in self.relations.items() if key not in unoffered}
        for link in self._left_out:
            if link is not around:
                found |= self._given([link], bare=True)
                found |= {link.relation.key: self.relations[link.relation.key]} if link.relation else {}
        return found

    # Classes

    def _row(self, columns: str) -> None:
        """Define the row of columns: based on the one without its last link where others need that too."""
        first, last = self._required[:-1], self._required[-1:]
        if first and not self._open(None):
            base = self._chosen(self.create, columns, [(link, False) for link in first])
            self._define(self.row, self._given(last), base)
        else:
            self._define(self.row, self._given(self._required) | self._given(self._left_out), columns)

    def _around(self, name: str, link: Link) -> str:
        """Return the name of what a row nested by a link holds, but for its other required links."""
        if link in self._apart and link not in self._left_out:
            return self._open_name if self._open_name in self._made else self._columns_name
        inner = f"{name}Base" if self._others(link) else name
        columns = self._columns_name
        if link not in self._apart:
            columns = self._define(f"{name}Columns", self._columns(without=link.keys), None)
        return self._define(inner, self._open(link), columns, total=False)

    def _others(self, link: Link) -> list[Link]:
        return [each for each in self._required if each != link]

    def _choose(self, name: str, base: str, links: Sequence[Link]) -> None:
        """Define a row that has one choice of each link, beside what it is based on."""
        members = [self._chosen(name, base, choices) for choices in _choices(links)]
        if members != [name]:
            self.imports.use("typing", "TypeAlias")
            self._made.setdefault(name, union(name, members, self.indent))

    def _chosen(self, name: str, base: str, choices: Sequence[Choice]) -> str:
        """Return the name of a row with these choices: each is based on the one without the last."""
        whole = len(choices) == len(self._required)
        if base == self._columns_name and whole and not any(by_relation for _, by_relation in choices):
            return self.row
        stem = self.model.name if base in (self._columns_name, self._open_name) else name
        for count in range(1, len(choices) + 1):
            words = [camel(_label(choice)) for choice in choices[:count]]
            base = self._define(f"{stem}With{'And'.join(words)}", self._choice(choices[count - 1]), base)
        return base

    def _choice(self, choice: Choice) -> Fields:
        link, by_relation = choice
        if by_relation and link.relation:
            return {link.relation.key: self.relations[link.relation.key]}
        return self._given([link])

    def _define(self, name: str, fields: Fields, base: str | None, *, total: bool = True) -> str:
        """Define a dictionary once, and return its name; one that adds nothing is what it is based on."""
        if base and not fields:
            return base
        make = partial(dictionary, bases=[base]) if base else shortest
        self._made.setdefault(name, make(name, fields, self.indent, total=total))
        return name

    def _given(self, links: Iterable[Link], *, bare: bool = False) -> Fields:
        """Return the fields of links."""
        return self._typed((key for link in links for key in link.keys), bare=bare)

    def _typed(self, keys: Iterable[str], *, bare: bool = False) -> Fields:
        """Return fields with their types; where they are not `bare`, those that can be missing say so."""
        found = {}
        for key in keys:
            column = self.model.field(key)
            kind = self.values.of(self.model.name, column).given
            optional = not column.required and not bare
            found[key] = f"{self.imports.use('typing', 'NotRequired')}[{kind}]" if optional else kind
        return found


def _choices(links: Sequence[Link]) -> Iterator[tuple[Choice, ...]]:
    """Yield the ways to give links: every one, or all in the same way where they would be too many."""
    ways = [(False, True) if link.relation else (False,) for link in links]
    every = list(product(*ways))
    if len(every) > 2**_MOST_CHOICES:
        every = [every[0], every[-1]]
    for each in every:
        yield tuple(zip(links, each, strict=True))


def _label(choice: Choice) -> str:
    link, by_relation = choice
    return link.relation.key if by_relation and link.relation else "_".join(link.keys)
