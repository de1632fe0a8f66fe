"""The diagram as DBML, which dbdiagram.io and others read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dbtool.tables import constant_default, foreign_keys, key_candidates, sql_type

_WORDS = {"as", "checks", "enum", "indexes", "note", "project", "records", "ref", "table", "tablegroup", "tablepartial"}

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, Table


def dbml(tables: Iterable[Table]) -> str:
    """Return these tables, by name, with their enums first and their foreign keys last, ending with a newline.

    Grammar: https://dbml.dbdiagram.io/docs.
    """
    ordered = sorted(tables, key=lambda table: table.key)
    known = {table.key for table in ordered}
    blocks = [*_enums(ordered), *(_table(table) for table in ordered)]
    references = [_reference(table, key) for table in ordered for key in foreign_keys(table) if _target(key) in known]
    return "\n\n".join([*blocks, *(["\n".join(references)] if references else [])]) + "\n"


def _enums(tables: Iterable[Table]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for table in tables:
        for column in table.columns:
            kind = sql_type(column)
            if getattr(kind, "enums", None):
                found.setdefault(_enum_name(column), list(kind.enums))
    for name, members in sorted(found.items()):
        yield "\n".join([f"Enum {_quoted(name)} {{", *(f"  {_quoted(member)}" for member in members), "}"])


def _enum_name(column: Column[Any]) -> str:
    return str(getattr(sql_type(column), "name", None) or f"{column.table.name}_{column.name}")


def _table(table: Table) -> str:
    lines = [f"Table {_name(table.key)} {{", *(f"  {_column(column)}" for column in table.columns)]
    indexes = list(_indexes(table))
    if indexes:
        lines += ["", "  indexes {", *(f"    {index}" for index in indexes), "  }"]
    if table.comment:
        lines += ["", f"  Note: {_text(table.comment)}"]
    return "\n".join([*lines, "}"])


def _column(column: Column[Any]) -> str:
    alone = len(column.table.primary_key.columns) == 1
    settings = ["pk"] if column.primary_key and alone else []
    if column is column.table.autoincrement_column:
        settings.append("increment")
    if not column.nullable and not column.primary_key:
        settings.append("not null")
    if (column.name,) in key_candidates(column.table):
        settings.append("unique")
    settings += [f"default: {_default(value)}" for value in constant_default(column) if value is not None]
    settings += [f"note: {_text(column.comment)}"] if column.comment else []
    kind = _enum_name(column) if getattr(sql_type(column), "enums", None) else _type(column)
    told = kind if re.fullmatch(r"\w+\([\d,]+\)", kind, re.ASCII) else _quoted(kind)
    return f"{_quoted(column.name)} {told}" + (f" [{', '.join(settings)}]" if settings else "")


def _type(column: Column[Any]) -> str:
    kind = sql_type(column)
    name = str(getattr(kind, "__visit_name__", "unknown")).lower()
    sizes = [getattr(kind, size, None) for size in ("length", "precision", "scale")]
    given = ",".join(str(size) for size in sizes if isinstance(size, int))
    return f"{name}({given})" if given else name


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return _text(str(getattr(value, "name", value)))


def _indexes(table: Table) -> Iterator[str]:
    if len(table.primary_key.columns) > 1:
        yield f"{_columns(column.name for column in table.primary_key.columns)} [pk]"
    for names in key_candidates(table):
        if len(names) > 1:
            yield f"{_columns(names)} [unique]"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.columns and not index.unique:
            yield _columns(column.name for column in index.columns)


def _reference(table: Table, key: ForeignKeyConstraint) -> str:
    columns = [column.name for column in key.columns]
    single = [*table.primary_key.columns.keys()] == columns or tuple(columns) in key_candidates(table)
    remote = [element.target_fullname.rpartition(".")[2] for element in key.elements]
    here, there = f"{_name(table.key)}.{_side(columns)}", f"{_name(_target(key))}.{_side(remote)}"
    return f"Ref: {here} {'-' if single else '>'} {there}" + (
        f" [delete: {key.ondelete.lower()}]" if key.ondelete else ""
    )


def _target(key: ForeignKeyConstraint) -> str:
    return key.elements[0].target_fullname.rpartition(".")[0]


def _side(names: list[str]) -> str:
    return _quoted(names[0]) if len(names) == 1 else _columns(names)


def _columns(names: Iterable[str]) -> str:
    return f"({', '.join(_quoted(name) for name in names)})"


def _name(key: str) -> str:
    """Return a table's name, after its schema where it has one."""
    schema, _, name = key.rpartition(".")
    return f"{_quoted(schema)}.{_quoted(name)}" if schema else _quoted(name)


def _quoted(text: str) -> str:
    """Return a name as DBML reads it: in quotes unless it is a plain word."""
    if re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) and text.lower() not in _WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
