"""What the page must know of a schema to show it: everything that Python can decide, it decides here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Column, Index, Table

from dbtool import reports, tables, values
from dbtool.config import Config
from dbtool.rows import describe, operators
from dbtool.rows.codec import enum_words, expected, kind_of, pattern
from dbtool.rows.contents import Held
from dbtool.rows.sheet import Sheet, sortable
from dbtool.studio.library import Library, Shelf

Told = dict[str, Any]
_RIGHT = ("integer", "float", "decimal")
_ONE_LINE = 255  # letters of a text that is edited in one line
_REASONS = {
    "view": "a view is only read",
    "none": "no key tells its rows apart",
}


def schema(library: Library, shelf: Shelf) -> Told:
    """Return the answer of /api/schema."""
    address = library.database.url.safe
    return {
        "id": hashlib.sha256(f"{library.config.root}\n{address}".encode()).hexdigest()[:16],
        "project": library.config.root.name,
        "database": address.replace(f"{library.config.root.as_posix()}/", ""),
        "kind": library.database.kind,
        "read_only": library.read_only,
        "protected": library.protected,
        "environment": library.config.environment,
        "media": bool(library.config.studio.bucket),
        "timezone": library.config.timezone,
        "tables": [_listed(shelf, held, known=bool(library.config.models)) for held in shelf.held.values()],
        "missing": list(shelf.missing) if library.config.models else [],
    }


def _listed(shelf: Shelf, held: Held, *, known: bool) -> Told:
    table = shelf.metadata.tables.get(held.key)
    return {
        "key": held.key,
        "name": held.name,
        "schema": held.schema,
        "kind": held.kind,
        "model": None if table is None else tables.model_name(table),
        "comment": None if table is None else table.comment,
        "known": known and table is not None,
        "columns": None if table is None else len(table.columns),
    }


def table(library: Library, sheet: Sheet) -> Told:
    """Return the answer of /api/table."""
    from dbtool.rows import records

    found = sheet.table
    told = describe.describe(found, sheet.kind, sheet.dialect)
    reason = why_not_editable(library, sheet)
    references = [_reference(found, name, key) for name, key in _references(found).items()]
    return {
        "key": found.key,
        "name": found.name,
        "schema": found.schema,
        "kind": sheet.kind,
        "model": told.model,
        "comment": told.comment,
        "editable": reason is None,
        "reason": reason,
        "identity": sheet.identity.kind,
        "primary_key": list(told.primary_key),
        "natural_key": list(told.natural_key),
        "columns": [
            _column(library.config, column, words, references)
            for column, words in zip(found.columns, told.columns, strict=True)
        ],
        "references": references,
        "reference_operators": _operators(operators.reference_operators()),
        "back": [_back(each) for each in records.back_references(found)],
        "constraints": list(told.constraints),
        "indexes": _indexes(found),
    }


def why_not_editable(library: Library, sheet: Sheet) -> str | None:
    """Return why the rows of a table cannot be changed, or None when they can."""
    if sheet.kind == "view":
        return _REASONS["view"]
    if sheet.identity.kind == "none":
        return _REASONS["none"]
    return library.why_read_only


def _column(config: Config, column: Column[Any], words: reports.Column, references: Sequence[Told]) -> Told:
    kind = kind_of(column.type)
    base = tables.sql_type(column)
    length = _max_length(column, base)
    given = tables.is_given(column)
    expects, example = expected(column.type)
    return {
        "name": column.name,
        "kind": kind,
        "type": words.type,
        "nullable": bool(column.nullable),
        "primary_key": column.primary_key,
        "unique": words.unique,
        "indexed": words.indexed,
        "sortable": sortable(column),
        "editable": given,
        "required": given and tables.is_required(column),
        "max_length": length,
        "pattern": pattern(column.type),
        "expects": expects,
        "example": example,
        "multiline": kind == "text" and (length is None or length > _ONE_LINE),
        "aware": kind == "datetime" and bool(getattr(base, "timezone", False)),
        "align": "right" if kind in _RIGHT else "left",
        "members": list(enum_words(column.type)) or None,
        "comment": column.comment,
        "operators": _operators(operators.operators(column)),
        "references": next((each["name"] for each in references if column.name in each["columns"]), None),
        "media": is_media(config, column),
        "default": _default(column, words.default),
    }


def is_media(config: Config, column: Column[Any]) -> bool:
    """Whether a column holds keys of objects in the bucket."""
    name = f"{column.table.name}.{column.name}"
    return kind_of(column.type) == "text" and any(fnmatchcase(name, pattern) for pattern in config.studio.media)


def _max_length(column: Column[Any], base: Any) -> int | None:
    if kind_of(column.type) != "text":
        return None
    length = getattr(base, "length", None)
    if length is None:
        rules = getattr(tables.field_of(column), "metadata", ())
        length = next((rule.max_length for rule in rules if getattr(rule, "max_length", None)), None)
    return int(length) if length is not None else None


def _default(column: Column[Any], words: str | None) -> Mapping[str, str]:
    """Say what a new row gets that does not name this column."""
    if column.computed is not None or (column.identity is not None and column.identity.always):
        return {"kind": "generated", "text": words or ""}
    if column is column.table.autoincrement_column or column.identity is not None:
        return {"kind": "auto", "text": "auto"}
    if column.default is not None and not column.default.is_scalar:
        return {"kind": "python", "text": words or "python"}
    factory = getattr(tables.field_of(column), "default_factory", None)
    if column.default is None and factory is not None:
        return {"kind": "python", "text": f"{getattr(factory, '__name__', 'function')}()"}
    if column.server_default is not None and column.default is None:
        return {"kind": "server", "text": words or ""}
    constant = tables.constant_default(column)
    if constant and constant[0] is not None:
        return {"kind": "value", "text": values.text(constant[0])}
    return {"kind": "null", "text": ""} if column.nullable else {"kind": "none", "text": ""}


def _references(table: Table) -> Mapping[str, Any]:
    """Return the foreign keys by one name each: that of the relation where there is one."""
    from dbtool.rows.find import keys_by_name

    named = {key: name for name, key in keys_by_name(table).items()}
    return {name: key for key, name in named.items()}


def _reference(table: Table, name: str, key: Any) -> Told:
    target, remote = tables.target_of(key)
    return {
        "name": name,
        "columns": [column.name for column in key.columns],
        "target": target.key,
        "target_columns": [column.name for column in remote],
    }


def _back(each: Any) -> Told:
    return {"name": each.name, "table": each.table, "many": each.many}


def _operators(found: Sequence[operators.Operator]) -> list[Told]:
    return [{"id": each.id, "label": each.label, "values": each.values} for each in found]


def _indexes(table: Table) -> list[str]:
    return [_index(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]


def _index(index: Index) -> str:
    columns = (str(getattr(each, "name", None) or each) for each in index.expressions)
    return f"{'unique ' if index.unique else ''}{index.name} ({', '.join(columns)})"
