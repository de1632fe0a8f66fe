"""A schema as facts that can be compared: what a downgrade must bring back."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.database import Database, definitions
from dbtool.database.base import one_line

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Portrait:
    """A schema as facts that have no order: columns, keys, indexes, checks, views, types.

    `texts` stand for the tables that nothing has touched: what the catalogue holds of each.
    """

    facts: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)

    def differences(self, after: Portrait) -> list[str]:
        """Return in words what is gone, then what is left over, each sorted; empty where both are the same."""
        gone = [f"gone: {fact}" for fact in self._beyond(after)]
        return [*gone, *(f"left over: {fact}" for fact in after._beyond(self))]

    def named_as(self, other: Portrait) -> Portrait:
        """Return the same with the names that another one has for constraints that have none here, as SQLite permits.

        A file that dbtool writes names every constraint, so that it can be dropped again.
        """
        theirs = {(found[1], found[3]): fact for fact in other.facts if (found := _CONSTRAINT.fullmatch(fact))}
        mine = {fact: found for fact in self.facts if (found := _CONSTRAINT.fullmatch(fact)) and found[2] == "None"}
        named = {theirs.get((found[1], found[3]), fact) for fact, found in mine.items()}
        return Portrait((self.facts - mine.keys()) | named, self.texts)

    def _beyond(self, other: Portrait) -> list[str]:
        changed = {f"table {name} {text}" for name, text in self.texts.items() if other.texts.get(name) != text}
        return sorted((self.facts - other.facts) | changed)


_CONSTRAINT = re.compile(r"((?:unique|check) \S+) (\S+) (.*)", re.DOTALL)


def of(database: Database, touched: Collection[str] | None = None, *, beside: bool = False) -> Portrait:
    """Look at a schema: closely at the tables that are touched, None for all, and at the texts of the others.

    `beside` looks at the statements of views, triggers and functions too.
    """
    from sqlalchemy import inspect

    with database.connect("migrate") as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of expressions in indexes, whose texts are read beside
        inspector = inspect(connection)
        facts = {f"view {name}" for name in inspector.get_view_names()}
        facts |= {f"enum {each['name']} {each['labels']}" for each in getattr(inspector, "get_enums", list)()}
        names = set(inspector.get_table_names()) - set(database.own_tables)
        close = names if touched is None else names & set(touched)
        if beside:
            facts |= {f"{each.kind} {each.name} {one_line(each.create)}" for each in definitions.of(database)}
        texts = database.index_texts(connection)
        facts |= {f"index {table}.{name} {text}" for (table, name), text in texts.items() if table in close}
        for table in close:
            facts |= {f"table {table}", *_facts(inspector, table)}
        return Portrait(frozenset(facts), _texts(database, connection, close) if touched is not None else {})


def _texts(database: Database, connection: Connection, close: Collection[str]) -> dict[str, str]:
    driver: Any = connection.connection.driver_connection
    return {name: text for name, text in database.table_texts(driver).items() if name and name not in close}


def _facts(inspector: Any, table: str) -> Iterator[str]:
    for column in inspector.get_columns(table):
        yield (
            f"column {table}.{column['name']} {column['type']!r} nullable={column['nullable']} "
            f"default={column['default']} comment={column.get('comment')}"
        )
    yield f"primary key {table} {inspector.get_pk_constraint(table)['constrained_columns']}"
    for key in inspector.get_foreign_keys(table):
        target = f"{key['referred_table']}{key['referred_columns']}"
        yield f"foreign key {table}{key['constrained_columns']} to {target} {sorted(key.get('options', {}).items())}"
    for unique in inspector.get_unique_constraints(table):
        yield f"unique {table} {unique['name']} {unique['column_names']}"
    for check in inspector.get_check_constraints(table):
        yield f"check {table} {check['name']} {settled(str(check['sqltext']))}"


_NUMBERS = r"::(numeric|bigint|integer|smallint|double precision|real)(\(\d+(,\d+)?\))?"


def settled(text: str) -> str:
    """Return a condition without the casts that PostgreSQL adds when it reads its own words, or a column's new type.

    These are casts in a list of texts, and of numbers to other numbers.
    """
    casts = rf"{_NUMBERS}|::(character varying|text)(\[\])?" if "ARRAY[" in text else _NUMBERS
    parts = re.split(r"('(?:[^']|'')*')", text)
    return "".join(part if place % 2 else re.sub(casts, "", part) for place, part in enumerate(parts))
