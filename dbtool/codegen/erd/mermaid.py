"""The diagram as Mermaid, which GitHub, GitLab and editors draw by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dbtool.tables import foreign_keys, sql_type

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, Table


def mermaid(tables: Iterable[Table]) -> str:
    """Return an `erDiagram` of these tables, by name, ending with a newline.

    Grammar: https://mermaid.js.org/syntax/entityRelationshipDiagram.html. A word of it holds letters, digits, `_`
    and `-` only; names of tables stand in quotes, where letters that would end them are replaced.
    """
    ordered = sorted(tables, key=lambda table: table.key)
    known = {table.key for table in ordered}
    lines = [line for table in ordered for line in _entity(table)]
    lines += [_relation(table, key) for table in ordered for key in foreign_keys(table) if _target(key) in known]
    return "\n".join(["erDiagram", *(f"    {line}" for line in lines)]) + "\n"


def _entity(table: Table) -> Iterator[str]:
    yield f"{_quoted(table.key)} {{"
    for column in table.columns:
        yield f"    {_attribute(column)}"
    yield "}"


def _attribute(column: Column[Any]) -> str:
    kind = _word(str(getattr(sql_type(column), "__visit_name__", "")).lower()) or "unknown"
    marks = [
        mark
        for mark, holds in (
            ("PK", column.primary_key),
            ("FK", bool(column.foreign_keys)),
            ("UK", bool(column.unique) and not column.primary_key),
        )
        if holds
    ]
    optional = ' "null"' if column.nullable and not column.primary_key else ""
    return f"{kind} {_word(column.name) or 'column'} {', '.join(marks)}".rstrip() + optional


def _relation(table: Table, key: ForeignKeyConstraint) -> str:
    columns = list(key.columns)
    single = [*table.primary_key.columns] == columns or (len(columns) == 1 and bool(columns[0].unique))
    one = "|o" if any(column.nullable for column in columns) else "||"
    many = "o|" if single else "o{"
    label = ", ".join(column.name for column in columns)
    return f"{_quoted(_target(key))} {one}--{many} {_quoted(table.key)} : {_quoted(label)}"


def _target(key: ForeignKeyConstraint) -> str:
    return key.elements[0].target_fullname.rpartition(".")[0]


def _quoted(text: str) -> str:
    return '"' + re.sub(r'["\\%\x00-\x1f]', "_", text) + '"'


def _word(text: str) -> str:
    """Return a text as a word of Mermaid: it begins with a letter and holds no spaces."""
    word = re.sub(r"[^\w-]", "_", text)
    return word if not word or word[0].isalpha() else f"c{word}"
