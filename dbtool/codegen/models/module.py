"""A database as a module of SQLModel classes, as a person would write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.layout import INDENT, formatted
from dbtool.codegen.models import arguments
from dbtool.codegen.models.columns import Fields, is_mapped
from dbtool.codegen.models.conventions import Conventions, followed
from dbtool.codegen.models.defaults import default_of
from dbtool.codegen.models.naming import RESERVED, Known, Naming, Way, is_link
from dbtool.codegen.models.relationships import Relationships, ways
from dbtool.codegen.models.types import Choice, Types, python_kind

if TYPE_CHECKING:
    from sqlalchemy import Dialect, MetaData, Table

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a class: `place` says what it is about, whatever it is called."""

    place: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class ModelClass:
    """A class, or a variable where a table has no primary key and so can be none."""

    name: str
    table: str
    doc: str = ""
    head: tuple[Statement, ...] = ()
    fields: tuple[Statement, ...] = ()
    relations: tuple[Statement, ...] = ()
    plain: str = ""

    @property
    def text(self) -> str:
        """Return the whole statement."""
        if self.plain:
            return formatted(self.plain, _WIDTH) + "\n"
        groups = [[Statement((), f'"""{self.doc}"""')] if self.doc else [], self.head, self.fields, self.relations]
        body = "\n\n".join("\n".join(indented(each.code) for each in group) for group in groups if group)
        return f"class {self.name}(SQLModel, table=True):\n{body or INDENT + 'pass'}\n"


@dataclass(frozen=True, slots=True)
class Module:
    """All that is written of a database. `notes` say what the classes do not."""

    title: str
    notes: tuple[str, ...]
    names: Names
    conventions: Conventions
    choices: tuple[Choice, ...]
    classes: tuple[ModelClass, ...] = field(default=())

    @property
    def text(self) -> str:
        """Return the module."""
        parts = [self._docstring(), self.names.imports(), *self._convention()]
        blocks = [*(each.text for each in self.choices), *(each.text for each in self.classes)]
        return "\n".join(parts) + "".join(f"\n\n{block}" for block in blocks)

    def _docstring(self) -> str:
        if not self.notes:
            return f'"""{self.title}"""\n'
        listed = "\n".join(f"- {_safe(note)}" for note in self.notes)
        said = "The database also has what no model says; `dbtool baseline` keeps it as SQL:"
        return f'"""{self.title}\n\n{said}\n\n{listed}\n"""\n'

    def _convention(self) -> Iterator[str]:
        if not self.conventions.usual:
            lines = "".join(
                f"    {literal(kind)}: {literal(each)},\n" for kind, each in self.conventions.patterns.items()
            )
            yield f"SQLModel.metadata.naming_convention = {{\n{lines}}}\n"


def indented(code: str) -> str:
    """Return a statement as it stands in a class."""
    if code.startswith('"""'):
        return INDENT + code
    return "\n".join(INDENT + line for line in formatted(code, _WIDTH - len(INDENT)).splitlines())


def written(
    metadata: MetaData,
    dialect: Dialect,
    *,
    title: str = "The models of the application: each class is a table.",
    notes: Sequence[str] = (),
    known: Known | None = None,
    conventions: Conventions | None = None,
) -> Module:
    """Return the module of a schema that was read from a database.

    Classes stand in the order of their foreign keys, those that only connect two others first. Names that are `known`
    stay, and with them any class may stand in any file: others are named in quotes. `conventions` are those of the
    database where nothing else is said.
    """
    import sqlmodel

    quoted = known is not None
    known = known or Known()
    tables = _ordered(metadata)
    mapped = [table for table in tables if is_mapped(table)]
    reserved = RESERVED | {name for name in dir(sqlmodel.SQLModel) if not name.startswith("__")}
    naming = Naming(metadata, known, frozenset(reserved))
    naming.name_all(tables)
    found = ways(mapped)
    naming.name_relations(found)
    bound: dict[str, object] = {name: object() for name in (*naming.fields.values(), *naming.relations.values())}
    bound |= {name: object() for name in naming.classes.values()}
    names = Names(bound=bound, home="app")
    names.use("sqlmodel", "SQLModel")
    types = Types(names, dialect, {*naming.classes.values()}, known.enums)
    fields = Fields(names, types, naming, conventions or followed(metadata))
    writer = _Writer(names, naming, fields, Relationships(names, naming, found), quoted)
    classes = tuple(writer.classes(tables))
    return Module(title, tuple(notes), names, writer.fields.conventions, tuple(types.choices.values()), classes)


@dataclass(slots=True)
class _Writer:
    names: Names
    naming: Naming
    fields: Fields
    relationships: Relationships
    quoted: bool

    def classes(self, tables: Sequence[Table]) -> Iterator[ModelClass]:
        defined: set[str] = set()
        for table in tables:
            yield self._class(table, defined) if is_mapped(table) else self._plain(table)
            if not self.quoted:
                defined.add(self.naming.classes[table.key])

    def _class(self, table: Table, defined: set[str]) -> ModelClass:
        name = self.naming.classes[table.key]
        said: set[object] = set()
        fields = [Statement(("field", column.name), self.fields.field(column, said)) for column in table.columns]
        doc = table.comment if table.comment and _is_docstring(table.comment) else ""
        head = []
        if name.lower() != table.name:
            head.append(Statement(("name",), f"__tablename__ = {literal(table.name)}"))
        told = arguments.table_arguments(table, said, self.fields.conventions, self.names, doc=bool(doc))
        if told:
            head.append(Statement(("arguments",), f"__table_args__ = {told}"))
        mine = [way for way in self.relationships.ways if way.table is table]
        relations = [
            Statement(way.place, self.relationships.statement(way, defined)) for way in sorted(mine, key=_to_first)
        ]
        return ModelClass(name, table.key, doc, tuple(head), tuple(fields), tuple(relations))

    def _plain(self, table: Table) -> ModelClass:
        """Return a table without a primary key: SQLAlchemy maps no class to it."""
        use, types = self.names.use, self.fields.types
        columns = []
        for column in table.columns:
            spelled = types.expression(column.type)
            rest = "" if column.nullable else ", nullable=False"
            default = default_of(column, python_kind(column.type), None, self.names).server
            rest += f", server_default={default}" if default else ""
            rest += f", comment={literal(column.comment)}" if column.comment else ""
            columns.append(f"{use('sqlalchemy', 'Column')}({literal(column.name)}, {spelled}{rest})")
        constraints = arguments.constraint_texts(table, set(), self.fields.conventions, self.names)
        options = [f"schema={literal(table.schema)}"] if table.schema else []
        options += [f"comment={literal(table.comment)}"] if table.comment else []
        more = {name: each for name, each in sorted(dict(table.dialect_kwargs).items()) if each}
        if more:
            options.append("**{" + ", ".join(f"{literal(name)}: {literal(each)}" for name, each in more.items()) + "}")
        listed = ", ".join([literal(table.name), "SQLModel.metadata", *columns, *constraints, *options])
        name = self.naming.classes[table.key]
        variable = name[:1].lower() + name[1:]
        return ModelClass(name, table.key, plain=f"{variable} = {use('sqlalchemy', 'Table')}({listed})")


def _to_first(way: Way) -> int:
    return ("to", "back", "through").index(way.kind)


def _ordered(metadata: MetaData) -> list[Table]:
    """Return the tables after those that they refer to; what connects two others before all."""
    links = [table for table in metadata.tables.values() if is_link(table)]
    left = sorted((table for table in metadata.tables.values() if table not in links), key=lambda table: table.key)
    found = sorted(links, key=lambda table: table.key)
    while left:
        done = set(found)
        free = [table for table in left if all(each in done or each is table for each in _parents(table))]
        chosen = free or left[:1]  # a ring of keys begins somewhere
        found += chosen
        left = [table for table in left if table not in chosen]
    return found


def _parents(table: Table) -> list[Table]:
    return [key.referred_table for key in table.foreign_key_constraints]


def _is_docstring(comment: str) -> bool:
    """Whether a comment comes back the same from a docstring of one line."""
    return comment == comment.strip() and not any(mark in comment for mark in ('"', "\\", "\n"))


def _safe(note: str) -> str:
    return " ".join(note.split()).replace("\\", "\\\\").replace('"""', "'''")
