"""Render types so that a file needs neither dbtool nor SQLModel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Render SQLModel's own column types as the SQLAlchemy types behind them; the rest is Alembic's."""
    from sqlalchemy.types import TypeDecorator

    if kind == "type" and getattr(item, "create_type", True) is False:
        return _existing_type(item, context)
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    inner = item.impl_instance
    if type(item).__module__.startswith("sqlmodel") and type(inner).__module__ == "sqlalchemy.sql.sqltypes":
        return f"sa.{inner!r}"
    context.imports.add(f"import {type(item).__module__}")
    return False


@contextmanager
def single_percents(context: MigrationContext) -> Iterator[None]:
    """Write SQL into a file as it is: some drivers want percent signs doubled, but only in what they execute."""
    preparer: Any = context.impl.dialect.identifier_preparer
    before, preparer._double_percents = preparer._double_percents, False
    quoted, preparer._strings = preparer._strings, {}  # what it has quoted already
    try:
        yield
    finally:
        preparer._double_percents, preparer._strings = before, quoted


def _existing_type(item: Any, context: AutogenContext) -> str:
    """Render a type of a dialect that is there already, which Alembic would render as one to be made."""
    dialect = type(item).__module__.split(".")[2]
    context.imports.add(f"from sqlalchemy.dialects import {dialect}")
    text = repr(item).removesuffix(")")
    return f"{dialect}.{text}{'' if 'create_type' in text else ', create_type=False'})"
