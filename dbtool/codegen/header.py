"""The first lines of every generated Python file: who wrote it, from what, and that it is not edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbtool.mapped import schema_hash

if TYPE_CHECKING:
    from sqlalchemy import MetaData

MARK = "Written by `dbtool generate` from the models; do not edit."  # in every file, whatever its kind


def header(metadata: MetaData) -> str:
    """Return two comment lines: the mark by which dbtool knows its own files, and the hash of the schema."""
    return f"# {MARK}\n# schema: {schema_hash(metadata)}\n"
