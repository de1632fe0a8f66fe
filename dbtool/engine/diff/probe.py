"""Ask the database what it makes of a table that the models want.

Databases do not keep an expression as it was written: PostgreSQL adds casts and brackets, MariaDB quotes. So the
model's table is made under another name, read back the way the existing one is read, and taken away again. What is
read twice can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Enum, Index, MetaData, Table, inspect
from sqlalchemy.exc import SQLAlchemyError

from dbtool.engine.diff import decisions
from dbtool.engine.diff.decisions import Decisions
from dbtool.engine.diff.names import final_name

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import CheckConstraint

PREFIX = "dbtool_probe_"
_UNNAMED = "\0"


@dataclass(frozen=True, slots=True)
class Probe:
    """A table as the database would hold it: columns as they are reflected, texts of checks and indexes by name.

    `error` says why it could not be made; then the rest is empty.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


def of(context: MigrationContext, table: Table) -> Probe:
    """Return what the database makes of a table; asked once in a comparison."""
    found = decisions.of_migration(context)
    if table.key not in found.probes:
        found.probes[table.key] = _probe(context, found, table)
    probe: Probe = found.probes[table.key]
    return probe


def _probe(context: MigrationContext, found: Decisions, table: Table) -> Probe:
    connection = context.connection
    assert connection is not None
    transactional = found.database is None or found.database.transactional_ddl
    try:
        copy = _copy(context, table, temporary=not transactional)
        with _made(connection, copy, transactional):
            return _read(connection, found, copy)
    except (SQLAlchemyError, NotImplementedError) as error:
        return Probe(error=str(getattr(error, "orig", None) or error).strip().splitlines()[0])


@contextmanager
def _made(connection: Connection, copy: Table, transactional: bool) -> Iterator[None]:
    """Make a table for a moment; a temporary one where DDL would end the transaction."""
    if transactional:
        savepoint = connection.begin_nested()
        try:
            copy.create(connection, checkfirst=False)
            yield
        finally:
            savepoint.rollback()
        return
    try:
        copy.create(connection, checkfirst=False)
        yield
    finally:
        copy.drop(connection)


def _read(connection: Connection, found: Decisions, copy: Table) -> Probe:
    inspector = inspect(connection)
    columns = {
        each["name"]: {**each, "default": _own(each.get("default"))} for each in inspector.get_columns(copy.name)
    }
    found_checks = enumerate(inspector.get_check_constraints(copy.name))
    checks = {check_key(each["name"], place): _own(each["sqltext"]) for place, each in found_checks}
    texts = found.database.indexes_of(connection, copy.name) if found.database else {}
    indexes = {_own(name): _own(text) for name, text in texts.items()}
    return Probe(columns, {name: str(text) for name, text in checks.items()}, indexes)


def _own(text: Any) -> Any:
    return text.replace(PREFIX, "") if isinstance(text, str) else text


def _copy(context: MigrationContext, table: Table, *, temporary: bool) -> Table:
    """Return the table under another name, without what needs other tables or names that are taken."""
    copy = Table(
        f"{PREFIX}{table.name}"[:60],
        MetaData(),
        *(_column(column) for column in table.columns),
        prefixes=["TEMPORARY"] if temporary else [],
        **{key: value for key, value in table.dialect_kwargs.items() if not key.endswith("autoincrement")},
    )
    for check in own_checks(table):
        made = check._copy(target_table=copy)
        made.name = final_name(check, context.dialect)
        if made.table is None:
            copy.append_constraint(made)
    for index in table.indexes:
        _index(index, copy)
    return copy


def check_key(name: str | None, place: int) -> str:
    """Return what stands for a check: its name, or its place where SQLite keeps none."""
    return _own(str(name)) if name is not None else f"{_UNNAMED}{place}"


def is_unnamed(key: str) -> bool:
    """Whether a check has no name."""
    return key.startswith(_UNNAMED)


def own_checks(table: Table) -> list[CheckConstraint]:
    """Return the checks that somebody wrote, in an order that does not depend on chance."""
    from sqlalchemy import CheckConstraint

    found = [
        each
        for each in table.constraints
        if isinstance(each, CheckConstraint) and not getattr(each, "_type_bound", False)
    ]
    return sorted(found, key=lambda each: str(each.sqltext))


def _column(column: Column[Any]) -> Column[Any]:
    """Return a column with its type and what the database computes, and nothing else."""
    type_: Any = column.type
    if isinstance(type_, Enum) and type_.native_enum and type_.name:
        type_ = Enum(*type_.enums, name=f"{PREFIX}{type_.name}")
    filled: Any = column.server_default if column.identity is None else None
    options: dict[str, Any] = {
        "nullable": column.nullable,
        "quote": column.name.quote if hasattr(column.name, "quote") else None,
    }
    if column.computed is not None:
        return Column(column.name, type_, column.computed._copy(), **options)
    return Column(column.name, type_, server_default=getattr(filled, "arg", None), **options)


def _index(index: Index, copy: Table) -> None:
    """Make an index of the copy; its expressions name columns without their table."""
    expressions = []
    for each in index.expressions:
        name = getattr(each, "name", None) if isinstance(each, Column) else None
        expressions.append(copy.c[name] if name else _moved(each, copy))
    options = {key: _moved(value, copy) for key, value in index.dialect_kwargs.items()}
    made = Index(f"{PREFIX}{index.name}"[:60], *expressions, unique=bool(index.unique), **options)
    if made.table is None:  # of texts alone
        made._set_parent(copy)


def _moved(expression: Any, copy: Table) -> Any:
    """Let an expression over a table's columns speak of the copy's."""
    from sqlalchemy.sql import visitors

    if not hasattr(expression, "get_children"):
        return expression

    def replaced(element: Any, **ignored: Any) -> Any:
        return copy.c[element.name] if isinstance(element, Column) and element.table is not None else None

    return visitors.replacement_traverse(expression, {}, replaced)
