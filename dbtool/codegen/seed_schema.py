"""The JSON Schema of the seed files, by which editors complete and check them while they are written.

Draft 7, the one that all editors know. A row that stands within another has a definition of its own, without the
foreign key that nesting gives; a reference is a natural key, or the raw column, exactly one of both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, get_origin
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime, MetaData, String, Table
from sqlalchemy import Enum as EnumType

from dbtool import tables
from dbtool.codegen.header import MARK
from dbtool.errors import DataError
from dbtool.tables import Relation

Schema = dict[str, Any]
LABEL = ":label"
_LABELLED: Schema = {
    "description": "The row that has this $label",
    "type": "object",
    "patternProperties": {r"^\$ref$": {"type": "string"}},
    "minProperties": 1,
    "additionalProperties": False,
}


def seed_schema(metadata: MetaData) -> str:
    """Return the JSON Schema of the seed files of these tables, as text that ends with a newline.

    Tables go by the names of their models. The same models always give the same text; its `$comment` holds a
    hash of the rest.
    """
    body: Schema = {
        "title": "Seed data",
        "description": "Rows by model, loaded by `dbtool seed`. A row may hold the rows that belong to it.",
        "type": "object",
        "properties": {_name(table): _rows(_name(table), table) for table in metadata.tables.values()},
        "additionalProperties": False,
        "$defs": {LABEL: _LABELLED} | dict(sorted(_definitions(metadata).items())),
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": f"{MARK} sha256:{digest}",
    }
    return json.dumps(head | body, indent=2, ensure_ascii=False) + "\n"


def _name(table: Table) -> str:
    return tables.model_name(table) or table.key


def _definitions(metadata: MetaData) -> Schema:
    """Return every row and key that a seed file can hold: `Story`, `Level.stories`, `Story:key`."""
    found: Schema = {}
    for table in metadata.tables.values():
        found[_name(table)] = _row(table)
        if _natural_key(table):
            found[f"{_name(table)}:key"] = _key(table)
        for relation in tables.nested(table):
            given = tuple(remote for _, remote in relation.columns)
            found[f"{_name(table)}.{relation.name}"] = _row(metadata.tables[relation.target], given)
    return found


# Rows


def _row(table: Table, given: Iterable[str] = ()) -> Schema:
    """Return the schema of a row; `given` are the columns that the row around it gives."""
    around = frozenset(given)
    references = [each for each in tables.references(table) if not around & {local for local, _ in each.columns}]
    columns = [column for column in table.columns if tables.is_given(column) and column.name not in around]
    covered = {local for each in references for local, _ in each.columns if _can_name(table, each)}
    schema: Schema = {"type": "object"}
    if table.comment:
        schema["description"] = table.comment
    schema["properties"] = _properties(table, columns, references)
    required = [column.name for column in columns if column.name not in covered and _is_demanded(column)]
    choices = [_one_of_both(table, each) for each in references if _can_name(table, each)]
    labelled = tables.labelled_key(table)
    if labelled in required:
        required.remove(labelled)
        choices.append({"anyOf": [{"required": [labelled]}, {"required": ["$label"]}]})
    if required:
        schema["required"] = required
    return schema | ({"allOf": choices} if choices else {}) | {"additionalProperties": False}


def _properties(table: Table, columns: Iterable[Column[Any]], references: Iterable[Relation]) -> Schema:
    properties = {column.name: _column(column) for column in columns}
    for reference in references:
        if _can_name(table, reference):
            properties[reference.name] = _reference(table, reference)
    for relation in tables.nested(table):
        name, target = f"{_name(table)}.{relation.name}", table.metadata.tables[relation.target]
        properties[relation.name] = _rows(name, target) if relation.many else _or_null({"$ref": f"#/$defs/{name}"})
    for relation in tables.linked(table):
        properties[relation.name] = _tied(table.metadata.tables[relation.target])
    properties["$label"] = {
        "description": "A name for this row, by which others name it: {$ref: name}",
        "type": "string",
    }
    return properties


def _tied(target: Table) -> Schema:
    """Return the schema of rows beyond a table between: each is named, or stands there whole."""
    ways = [{"$ref": f"#/$defs/{_name(target)}:key"}] if _natural_key(target) else []
    ways += [{"$ref": f"#/$defs/{LABEL}"}, {"$ref": f"#/$defs/{_name(target)}"}]
    return {"type": ["array", "null"], "items": {"anyOf": ways}}


def _rows(definition: str, table: Table) -> Schema:
    description = {"description": table.comment} if table.comment else {}
    return description | {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{definition}"}}


def _is_demanded(column: Column[Any]) -> bool:
    """Whether every row must give a column: it is required, or tells the rows of its table apart."""
    in_key = column.name in _natural_key(column.table) and not tables.constant_default(column)
    return tables.is_required(column) or in_key


# References


def _natural_key(table: Any) -> tuple[str, ...]:
    """Return the natural key, or nothing where there are several: then nothing can be named by it."""
    try:
        return tables.natural_key(table)
    except DataError:
        return ()


def _can_name(table: Table, reference: Relation) -> bool:
    return bool(_natural_key(table.metadata.tables[reference.target]))


def _reference(table: Table, reference: Relation) -> Schema:
    target = table.metadata.tables[reference.target]
    ways: list[Schema] = [{"$ref": f"#/$defs/{_name(target)}:key"}, {"$ref": f"#/$defs/{LABEL}"}]
    if all(table.columns[local].nullable for local, _ in reference.columns):
        ways.append({"type": "null"})
    return {"description": f"The natural key of a {_name(target)}", "anyOf": ways}


def _one_of_both(table: Table, reference: Relation) -> Schema:
    """Ask for the reference or the raw columns; where neither is needed, refuse both together."""
    names = [local for local, _ in reference.columns]
    by_key, raw = {"required": [reference.name]}, {"required": names}
    if any(_is_demanded(table.columns[name]) for name in names):
        return {"oneOf": [by_key, raw]}
    return {"not": {"allOf": [by_key, {"anyOf": [{"required": [name]} for name in names]}]}}


def _key(table: Table) -> Schema:
    """Return the schema of a natural key: one value, or a mapping of its parts, which can be keys again."""
    parts: Schema = {}
    for name in _natural_key(table):
        reference = next(
            (each for each in tables.references(table) if name in (local for local, _ in each.columns)), None
        )
        if reference is not None and _can_name(table, reference):
            target = table.metadata.tables[reference.target]
            parts[reference.name] = {"$ref": f"#/$defs/{_name(target)}:key"}
        else:
            parts[name] = _value(table.columns[name])
    if len(parts) == 1:
        return next(iter(parts.values()))
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


# Columns


def _column(column: Column[Any]) -> Schema:
    schema: Schema = {"description": column.comment} if column.comment else {}
    schema |= _or_null(_value(column)) if column.nullable and not column.primary_key else _value(column)
    for default in tables.constant_default(column):
        if default is not None:
            schema["default"] = _plain(default)
    return schema


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


_SCALARS: Mapping[type, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": ["number", "string"]},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "pattern": r"^\d\d:\d\d"},
    UUID: {"type": "string", "format": "uuid"},
    dict: {"type": "object"},
    list: {"type": "array"},
}
_NAIVE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$"}
_RELATIVE: Schema = {  # what stands after !now, !ago and !in, which editors take for the text
    "type": "string",
    "pattern": r"^(\d+ *(second|minute|hour|day|week|month|year)s?[ ,]*)*$",
}
_CONSTRAINTS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}


def _value(column: Column[Any]) -> Schema:
    """Return the schema of a column's values without null."""
    base, kind = tables.python_type(column), tables.sql_type(column)
    if isinstance(base, type) and issubclass(base, Enum):
        return {"enum": [member.value for member in base]}
    if isinstance(kind, EnumType):
        return {"enum": list(kind.enums)}
    if isinstance(kind, DateTime):
        return {"anyOf": [dict(_SCALARS[datetime] if kind.timezone else _NAIVE), _RELATIVE]}
    if isinstance(base, type) and issubclass(base, date):
        return {"anyOf": [dict(_SCALARS[date]), _RELATIVE]}
    return _scalar(base, kind) | _constraints(column, kind)


def _scalar(base: Any, kind: Any) -> Schema:
    plain = get_origin(base) or base
    for known, schema in _SCALARS.items():
        if isinstance(plain, type) and issubclass(plain, known):
            return dict(schema)
    return {} if isinstance(kind, JSON) or plain is Any else {"type": "string"}


def _constraints(column: Column[Any], kind: Any) -> Schema:
    field = tables.field_of(column)
    found: Schema = {"maxLength": kind.length} if isinstance(kind, String) and kind.length else {}
    for rule in field.metadata if field is not None else ():
        for attribute, word in _CONSTRAINTS.items():
            value = getattr(rule, attribute, None)
            if value is not None:
                found[word] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    """Return a default or a bound as JSON has it."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bool, int, float, str, dict, list)):
        return value
    return getattr(value, "pattern", None) or str(value)
