"""SQLAlchemy's dialect of PostgreSQL, equal where its SQL is: what was compiled for one engine serves the next.

A migration opens an engine for each of a dozen purposes, and reads the schema in most of them. SQLAlchemy keeps
compiled statements by engine, and compiling those that read a schema takes longer than running them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache

NAME = "postgresql+dbtool"
COMPILED: LRUCache[Any, Any] = LRUCache(500)  # the size of SQLAlchemy's own


class Psycopg(PGDialect_psycopg):
    """The dialect for psycopg 3; two are equal once both have met servers of one version and default schema."""

    supports_statement_cache = True

    def _identity(self) -> tuple[Any, ...]:
        version = getattr(self, "server_version_info", None)
        met = (version, self.default_schema_name, self._backslash_escapes)
        return met if version else (id(self),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Psycopg) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


registry.register(NAME.replace("+", "."), __name__, Psycopg.__name__)
