"""Adding the rows whose unique keys are free, and telling how many those were, on each kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, text


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Add the rows that break no unique key; return how many. Everything else that is wrong still raises."""
    match connection.dialect.name:
        case "postgresql":
            from sqlalchemy.dialects.postgresql import insert as postgres_insert

            return _counted(connection, postgres_insert(table).on_conflict_do_nothing(), rows)
        case "sqlite":
            from sqlalchemy.dialects.sqlite import insert as sqlite_insert

            return _counted(connection, sqlite_insert(table).on_conflict_do_nothing(), rows)
    return _on_mysql(connection, table, rows)


def _counted(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> int:
    result = connection.execute(statement, rows, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)


def _on_mysql(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Leave a duplicate as it is, and count it in a variable.

    IGNORE would also swallow wrong values and missing parents, and the number of rows affected is the same for a new
    row as for one that was there (CLIENT_FOUND_ROWS).
    """
    from sqlalchemy.dialects.mysql import insert as mysql_insert

    column = next(iter(table.primary_key.columns), None)
    if column is None:
        column = next(iter(table.columns))
    name = connection.dialect.identifier_preparer.format_column(column)
    kept = text(f"IF((@dbtool_skipped := @dbtool_skipped + 1) > 0, {name}, {name})")
    connection.exec_driver_sql("SET @dbtool_skipped = 0")
    connection.execute(mysql_insert(table).on_duplicate_key_update({column.key: kept}), rows)
    skipped = connection.exec_driver_sql("SELECT @dbtool_skipped").scalar() or 0
    return len(rows) - int(skipped)
