"""Copy what a database holds, without its rows, into an empty database of the same kind."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dbtool.database.base import Database, DriverConnection, execute, rows
from dbtool.errors import ConnectError, ProgramMissingError
from dbtool.tables import forget_counters


def copy(database: Database, target: Database) -> None:
    """Make tables, indexes and what else the kind can say about itself; the ledger and the version table are left out.

    On PostgreSQL `pg_dump` does it; without that program only what SQLAlchemy can read of tables is there.
    """
    _WAYS[database.kind](database, target)


def statements(database: Database, tables: Sequence[str]) -> list[str] | None:
    """Return what makes these tables with their indexes, in that order; None where the database cannot say it."""
    with database.reading() as connection:
        if database.kind == "sqlite":
            wanted = set(tables)
            return [sql for kind, table, sql in _of_file(connection) if kind in ("table", "index") and table in wanted]
        if database.kind == "mysql":
            return [_COUNTED.sub("", _of_table(connection, name)) for name in tables]
    return None


_COUNTED = re.compile(r" AUTO_INCREMENT=\d+(?=[^)]*$)")


def _of_file(connection: DriverConnection) -> list[tuple[str, str, str]]:
    return rows(
        connection,
        "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " ORDER BY instr('table index view trigger', type), rowid",
    )


def ticked(name: str) -> str:
    """Return a name as MariaDB quotes it."""
    return "`" + name.replace("`", "``") + "`"


def _of_table(connection: DriverConnection, name: str) -> str:
    return str(rows(connection, f"SHOW CREATE TABLE {ticked(name)}")[0][1])


def _sqlite(database: Database, target: Database) -> None:
    with database.reading() as connection:
        found = _of_file(connection)
    with target.connect("migrate") as made:
        made.exec_driver_sql("SELECT 1")
        for sql in (sql for _, table, sql in found if table not in database.own_tables):
            execute(made.connection.driver_connection, sql)
        made.commit()


def _mysql(database: Database, target: Database) -> None:
    """Copy the tables: a change of one looks at no view or routine."""
    with database.reading() as connection:
        names = sorted(database.table_names(connection) - set(database.own_tables))
        found = [_of_table(connection, name) for name in names]
    with target.connect("migrate") as made:
        made.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for sql in found:
            execute(made.connection.driver_connection, sql)
        made.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        made.commit()


def _postgres(database: Any, target: Any) -> None:
    """Copy all that pg_dump knows; into a schema beside the one that is copied, only what can be read of tables."""
    if database.url.database == target.url.database:
        _reflected(database, target)
        return
    own = (f"--exclude-table={name}" for name in database.own_tables)
    with tempfile.TemporaryDirectory() as folder:
        try:
            target.restore(database.dump(Path(folder) / "structure", "--schema-only", "--no-owner", *own))
        except (ProgramMissingError, ConnectError):
            target.clear()
            _reflected(database, target)


def _reflected(database: Database, target: Database) -> None:
    from sqlalchemy import MetaData

    metadata = MetaData()
    with database.connect("read") as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of expressions in indexes, which are then not there
        metadata.reflect(connection, only=lambda name, _: name not in database.own_tables)
    forget_counters(metadata)
    with target.connect("migrate") as made:
        metadata.create_all(made)
        made.commit()


_WAYS: dict[str, Callable[[Any, Any], None]] = {"sqlite": _sqlite, "postgres": _postgres, "mysql": _mysql}
