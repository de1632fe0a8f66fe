"""SQL as the caller writes it, with `:name` parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text

from dbtool.client.parameters import V
from dbtool.client.work import Work
from dbtool.errors import ViewError


def query(work: Work, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement, by the names of its columns."""
    result = work.connection.execute(text(sql), dict(parameters))
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


def query_as(work: Work, model: type[V], sql: str, parameters: Mapping[str, Any]) -> list[V]:
    """Return the rows of a statement as objects of a Pydantic class. Raises ViewError."""
    rows = query(work, sql, parameters)
    try:
        adapter: TypeAdapter[V] = TypeAdapter(model)
        return [adapter.validate_python(row) for row in rows]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ViewError(f"a row does not fit `{model.__name__}.{where}`: {first['msg']}") from error


def execute(work: Work, sql: str, parameters: Mapping[str, Any]) -> int:
    """Return how many rows a statement was about; 0 where the database does not say."""
    result: Any = work.connection.execute(text(sql), dict(parameters), execution_options={"preserve_rowcount": True})
    return max(int(result.rowcount), 0)
