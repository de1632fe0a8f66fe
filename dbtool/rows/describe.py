"""A table in words: its columns, what keeps its rows right, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Constraint,
    DefaultClause,
    Dialect,
    ForeignKeyConstraint,
    Identity,
    Index,
    Table,
    UniqueConstraint,
)
from sqlalchemy.exc import CompileError

from dbtool import reports, values
from dbtool.rows.codec import enum_words
from dbtool.tables import foreign_keys, label_key, model_name, relations, target_of

_COLLATION = re.compile(r" (CHARACTER SET|COLLATE) .*")


def describe(table: Table, kind: reports.TableKind, dialect: Dialect) -> reports.SchemaReport:
    """Return the schema of one table, in the words of its database."""
    return reports.SchemaReport(
        table=table.key,
        model=model_name(table),
        kind=kind,
        comment=table.comment,
        columns=tuple(_column(column, dialect) for column in table.columns),
        primary_key=tuple(column.name for column in table.primary_key.columns),
        natural_key=label_key(table),
        constraints=tuple(_constraints(table)),
        relations=tuple(reports.Link(relation.name, relation.target, relation.many) for relation in relations(table)),
    )


def _column(column: Column[Any], dialect: Dialect) -> reports.Column:
    return reports.Column(
        name=column.name,
        type=_type(column, dialect),
        nullable=bool(column.nullable),
        default=_default(column),
        primary_key=column.primary_key,
        unique=[column.name] in list(_unique(column.table)),
        indexed=column.name in {names[0] for names in _indexed(column.table)},
        references=_references(column),
        comment=column.comment,
    )


def _type(column: Column[Any], dialect: Dialect) -> str:
    members = enum_words(column.type)
    if members:
        return f"ENUM({', '.join(members)})"
    try:
        return _COLLATION.sub("", column.type.compile(dialect=dialect))
    except CompileError:  # SQLite columns may have no type at all
        return ""


def _default(column: Column[Any]) -> str | None:
    if column is column.table.autoincrement_column:
        return "autoincrement"
    default = column.server_default
    match default:
        case DefaultClause():
            return str(getattr(default.arg, "text", default.arg))
        case Computed():
            return f"generated as {default.sqltext}"
        case Identity():
            return "identity"
    return _python_default(column.default) if column.default is not None else None


def _python_default(default: Any) -> str:
    if default.is_callable:
        return f"{getattr(default.arg, '__name__', 'function')}()"
    return values.text(default.arg) if default.is_scalar else str(getattr(default, "arg", None) or default.name)


def _references(column: Column[Any]) -> str | None:
    for key in foreign_keys(column.table):
        if list(key.columns) == [column]:
            target, (remote,) = target_of(key)
            return f"{target.key}.{remote.name}"
    return None


def _unique(table: Table) -> Iterator[list[str]]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield _index_names(index)


def _indexed(table: Table) -> Iterator[list[str]]:
    primary = [column.name for column in table.primary_key.columns]
    known = [primary, *_unique(table), *(_index_names(index) for index in table.indexes)]
    yield from (names for names in known if names)


def _constraints(table: Table) -> Iterator[str]:
    for constraint in sorted(table.constraints, key=_place):
        yield from _constraint(constraint)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if len(index.expressions) > 1 or not _index_names(index):
            unique = "unique index" if index.unique else "index"
            yield f"{unique} ({', '.join(_expression(each) for each in index.expressions)})"


def _constraint(constraint: Constraint) -> Iterator[str]:
    match constraint:
        case UniqueConstraint() if len(constraint.columns) > 1:
            yield f"unique ({_names(constraint)})"
        case CheckConstraint():
            yield f"check ({constraint.sqltext})"
        case ForeignKeyConstraint():
            target, remote = target_of(constraint)
            there = ", ".join(column.name for column in remote)
            rules = [("delete", constraint.ondelete), ("update", constraint.onupdate)]
            rule = "".join(f" on {event} {rule.lower()}" for event, rule in rules if rule)
            yield f"foreign key ({_names(constraint)}) references {target.key} ({there}){rule}"


def _place(constraint: Constraint) -> tuple[int, str]:
    kinds = (UniqueConstraint, ForeignKeyConstraint, CheckConstraint)
    place = next((place for place, kind in enumerate(kinds) if isinstance(constraint, kind)), len(kinds))
    return place, _names(constraint) if place < 2 else str(getattr(constraint, "sqltext", ""))


def _names(constraint: Any) -> str:
    return ", ".join(column.name for column in constraint.columns)


def _index_names(index: Index) -> list[str]:
    return [column.name for column in index.columns]


def _expression(expression: Any) -> str:
    return str(getattr(expression, "name", None) or expression)
