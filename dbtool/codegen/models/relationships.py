"""Foreign keys as relationships: along each key, back, and through tables that only connect two others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.models.naming import Naming, Way, is_link
from dbtool.tables import foreign_keys

if TYPE_CHECKING:
    from sqlalchemy import ForeignKeyConstraint, Table


def ways(tables: Sequence[Table]) -> list[Way]:
    """Return all relationships between some tables that are classes; keys to others have none."""
    classes = set(tables)
    found: list[Way] = []
    for table in tables:
        keys = [key for key in _distinct(table) if key.referred_table in classes]
        if is_link(table) and len(keys) == 2:
            near, far = keys
            found.append(Way(near.referred_table, near, "through", remote=far))
            found.append(Way(far.referred_table, far, "through", remote=near))
            continue
        for key in keys:
            found.append(Way(table, key, "to"))
            found.append(Way(key.referred_table, key, "back", single=_is_unique(table, key)))
    return found


def _distinct(table: Table) -> Iterator[ForeignKeyConstraint]:
    seen: set[tuple[str, ...]] = set()
    for key in foreign_keys(table):
        if tuple(key.column_keys) not in seen:
            seen.add(tuple(key.column_keys))
            yield key


def _is_unique(table: Table, key: ForeignKeyConstraint) -> bool:
    """Whether at most one row has a value of this key."""
    from sqlalchemy import UniqueConstraint

    columns = set(key.column_keys)
    unique = [set(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint)]
    unique += [
        set(each.columns.keys())
        for each in table.indexes
        if each.unique and len(each.expressions) == len(each.columns) and not dict(each.dialect_kwargs)
    ]
    return columns in [*unique, {column.name for column in table.primary_key.columns}]


@dataclass(slots=True)
class Relationships:
    """The relationships of one module's classes. `defined` are the classes that stand above the one in hand."""

    names: Names
    naming: Naming
    ways: Sequence[Way]

    def statement(self, way: Way, defined: set[str]) -> str:
        """Return the statement of a relationship."""
        arguments = [f"back_populates={literal(self._other(way))}"]
        if way.kind == "back" and way.key.ondelete == "CASCADE":
            arguments.append("cascade_delete=True")
        elif way.kind == "back" and way.key.ondelete == "SET NULL":
            arguments.append('passive_deletes="all"')
        if way.kind == "through":
            arguments.append(f"link_model={self.naming.classes[self._link(way).key]}")
        if options := dict(self._options(way)):
            told = ", ".join(f"{literal(name)}: {value}" for name, value in options.items())
            arguments.append(f"sa_relationship_kwargs={{{told}}}")
        name = self.naming.relations[way.place]
        annotation = self._annotation(way, defined)
        return f"{name}: {annotation} = {self.names.use('sqlmodel', 'Relationship')}({', '.join(arguments)})"

    def _other(self, way: Way) -> str:
        """Return the name of the same relationship at its other end."""
        return self.naming.relations[self.other(way).place]

    def other(self, way: Way) -> Way:
        """Return the same relationship at its other end."""
        if way.kind == "through":
            return next(each for each in self.ways if each.key is way.remote and each.kind == "through")
        wanted = "to" if way.kind == "back" else "back"
        return next(each for each in self.ways if each.key is way.key and each.kind == wanted)

    def _link(self, way: Way) -> Table:
        table: Table = way.key.parent  # type: ignore[assignment]
        return table

    def _annotation(self, way: Way, defined: set[str]) -> str:
        target = self.naming.classes[way.target.key]
        if way.kind == "through" or (way.kind == "back" and not way.single):
            return f'list["{target}"]'
        optional = way.kind == "back" or any(column.nullable for column in way.key.columns)
        if not optional:
            return target if target in defined else f'"{target}"'
        return f"{target} | None" if target in defined else f'{self.names.use("typing", "Optional")}["{target}"]'

    def _options(self, way: Way) -> Iterator[tuple[str, str]]:
        source: Table = way.key.parent  # type: ignore[assignment]
        if way.kind == "through":
            if way.target is way.table:
                yield "primaryjoin", literal(self._join(way.key))
                assert way.remote is not None
                yield "secondaryjoin", literal(self._join(way.remote))
            return
        if way.kind == "back" and way.single:
            yield "uselist", "False"
        if self._between(source, way.key.referred_table) > 1:
            yield "foreign_keys", literal(self._listed(source, way.key.column_keys))
        if way.kind == "to" and source is way.key.referred_table:
            remote = [element.column.name for element in way.key.elements]
            yield "remote_side", literal(self._listed(source, remote))
        if shared := self._sharing(way):
            yield "overlaps", literal(",".join(shared))

    def _join(self, key: ForeignKeyConstraint) -> str:
        parts = (
            f"{self._attribute(element.column.table, element.column.name)} == "
            f"{self._attribute(key.parent, element.parent.name)}"  # type: ignore[arg-type]
            for element in key.elements
        )
        joined = list(parts)
        return joined[0] if len(joined) == 1 else f"and_({', '.join(joined)})"

    def _listed(self, table: Table, columns: Sequence[str]) -> str:
        said = [self._attribute(table, name) for name in columns]
        return said[0] if len(said) == 1 else f"[{', '.join(said)}]"

    def _attribute(self, table: Table, column: str) -> str:
        return f"{self.naming.classes[table.key]}.{self.naming.fields[table.key, column]}"

    def _between(self, one: Table, other: Table) -> int:
        counts = Counter((each.key.parent.key, each.key.referred_table.key) for each in self.ways if each.kind == "to")
        return counts[one.key, other.key] + (counts[other.key, one.key] if one is not other else 0)

    def _sharing(self, way: Way) -> list[str]:
        """Return the relationships that write a column which this one writes too."""
        mine = set(way.key.column_keys)
        found = []
        for each in self.ways:
            same_table = each.key.parent is way.key.parent and each.key is not way.key
            if same_table and each.kind in ("to", "back") and mine & set(each.key.column_keys):
                found.append(self.naming.relations[each.place])
        return list(dict.fromkeys(found))
