"""A whole database again, rows and all, the fast way of each kind: for tests, which want one each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from dbtool.database import definitions, structure
from dbtool.database.base import Database, execute, rows


def clone(template: Database, name: str) -> Database:
    """Make another database that holds what a template does; nobody may be connected to that meanwhile.

    A file is copied, PostgreSQL copies the template, MariaDB copies table by table. `name` is that of the new
    database, and of a file without its suffix. Raises ConnectError, AccessError.
    """
    made = beside(template, name)
    _WAYS[template.kind](template, made)
    return made


def beside(database: Database, name: str) -> Database:
    """Return a database of another name at the same place; nothing is made."""
    if database.kind == "sqlite":
        path = Path(database.url.database).with_name(f"{name}.db")
        made: Database = type(database)(
            replace(database.url, database=str(path)), schemas=database.schemas, version_table=database.version_table
        )
        return made
    server: Any = database
    return server.sibling(name)  # type: ignore[no-any-return]


def _sqlite(template: Database, made: Database) -> None:
    shutil.copyfile(template.url.database, made.url.database)


def _postgres(template: Any, made: Any) -> None:
    from psycopg import sql

    with closing(made._connect("postgres", autocommit=True)) as connection, made.translated():
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        names = (sql.Identifier(each.url.database) for each in (made, template))
        connection.execute(statement.format(*names))


def _mysql(template: Any, made: Any) -> None:
    made.create()
    with template.reading() as connection:
        tables = sorted(template.table_names(connection))
    statements = structure.statements(template, tables) or []
    with closing(made.open_plain()) as connection, made.translated():
        execute(connection, "SET foreign_key_checks = 0, unique_checks = 0")
        for statement in statements:
            execute(connection, statement)
        for table in tables:
            columns = ", ".join(structure.ticked(name) for (name,) in rows(connection, _COLUMNS, (table,)))
            source = f"{structure.ticked(template.url.database)}.{structure.ticked(table)}"
            execute(connection, f"INSERT INTO {structure.ticked(table)} ({columns}) SELECT {columns} FROM {source}")
        for each in definitions.of(template):
            execute(connection, each.create)


_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = %s"
    " AND extra NOT LIKE '%%GENERATED%%' ORDER BY ordinal_position"
)


_WAYS: dict[str, Callable[[Any, Any], None]] = {"sqlite": _sqlite, "postgres": _postgres, "mysql": _mysql}
