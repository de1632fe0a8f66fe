"""When two values of JSON are the same: spaces do not count, nor on servers the order of keys."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, cast, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, String


class SameJson(FunctionElement[bool]):
    """Whether a column holds this JSON."""

    inherit_cache = True
    type = Boolean()


def same_json(column: Any, value: Any) -> ColumnElement[bool]:
    """Return the comparison of a JSON column with a Python value."""
    return SameJson(column, literal(json.dumps(value), String()))


@compiles(SameJson, "postgresql")
def _on_postgres(element: SameJson, compiler: Any, **options: Any) -> str:
    column, value = element.clauses
    return str(compiler.process(cast(column, JSONB).op("=")(cast(value, JSONB(none_as_null=True))), **options))


@compiles(SameJson)
def _elsewhere(element: SameJson, compiler: Any, **options: Any) -> str:
    column, value = element.clauses
    if not getattr(compiler.dialect, "is_mariadb", False):
        return f"{compiler.process(column, **options)} = CAST({compiler.process(value, **options)} AS JSON)"
    return f"json_equals({compiler.process(column, **options)}, {compiler.process(value, **options)})"


@compiles(SameJson, "sqlite")
def _on_sqlite(element: SameJson, compiler: Any, **options: Any) -> str:
    column, value = element.clauses
    return f"json({compiler.process(column, **options)}) = json({compiler.process(value, **options)})"
