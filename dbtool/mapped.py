"""The mapped classes of a MetaData: which there are, and a hash by which what was generated from them is known.

Shared by what generates code and by what generated code runs on. Nothing here needs what `engine.schema` fills in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from dbtool.tables import key_candidates, sql_type

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.orm import Mapper


def models(metadata: MetaData) -> tuple[type[Any], ...]:
    """Return every mapped SQLModel class of a MetaData: in the order of its tables, parents before children.

    Several classes can share a table (single-table inheritance). Needs nothing in `table.info`.
    """
    from sqlmodel import SQLModel

    place = {table: position for position, table in enumerate(metadata.tables.values())}
    found: dict[type[Any], Any] = {
        model: _mapper(model).local_table for model in _subclasses(SQLModel) if "__mapper__" in vars(model)
    }
    mapped = {model: place[table] for model, table in found.items() if table in place}
    return tuple(sorted(mapped, key=lambda model: mapped[model]))


def schema_hash(metadata: MetaData) -> str:
    """Return 16 hexadecimal digits that change whenever what is generated from the models could.

    The same on every version of Python and SQLAlchemy: nothing that only a library prints goes into it.
    """
    lines = [line for model in models(metadata) for line in _told(model)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _subclasses(model: type[Any]) -> Iterator[type[Any]]:
    """Yield a class's descendants once each, parents first, in the order of their definition."""
    seen: dict[type[Any], None] = {}
    waiting = [model]
    while waiting:
        children = [child for child in waiting.pop(0).__subclasses__() if child not in seen]
        seen.update(dict.fromkeys(children))
        waiting += children
    yield from seen


def _mapper(model: type[Any]) -> Mapper[Any]:
    from sqlalchemy import inspect

    mapper: Mapper[Any] = inspect(model)
    return mapper


def _told(model: type[Any]) -> Iterator[str]:
    """Yield what a model is, a line each: its own name and table, attributes, keys and relationships."""
    mapper = _mapper(model)
    parent = mapper.inherits.class_.__name__ if mapper.inherits else ""
    yield f"model {model.__module__}.{model.__qualname__} {mapper.local_table.key} {parent}"  # type: ignore[attr-defined]
    for attribute in sorted(mapper.column_attrs, key=lambda attribute: attribute.key):
        column = attribute.columns[0]
        field = getattr(model, "model_fields", {}).get(attribute.key)
        kind: Any = sql_type(column)  # type: ignore[arg-type]
        size = [getattr(kind, name, None) for name in ("length", "precision", "scale", "timezone", "enums")]
        annotation = _annotation(getattr(field, "annotation", None))
        marks = [getattr(column, name, None) for name in ("nullable", "primary_key", "unique")]
        required = field.is_required() if field is not None else None
        yield f"column {attribute.key} {getattr(kind, '__visit_name__', '')} {size} {annotation} {marks} {required}"
    yield from sorted(f"key {key}" for key in key_candidates(mapper.local_table))  # type: ignore[arg-type]
    for relationship in sorted(mapper.relationships, key=lambda relationship: relationship.key):
        pairs = sorted((local.name, remote.name) for local, remote in relationship.local_remote_pairs or ())
        yield f"relation {relationship.key} {relationship.mapper.class_.__name__} {relationship.uselist} {pairs}"


def _annotation(annotation: Any) -> str:
    """Return a type as text that no version of Python spells in another way."""
    arguments = [_annotation(each) for each in get_args(annotation)]
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return " | ".join(sorted(arguments))
    name = getattr(origin or annotation, "__qualname__", None) or repr(annotation)
    return f"{name}[{', '.join(arguments)}]" if arguments else str(name)
