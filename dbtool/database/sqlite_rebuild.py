"""What Alembic's table rebuild on SQLite would lose: kept where it can be, refused where it cannot.

A rebuild makes `_alembic_tmp_X`, copies the rows, drops X and renames. Triggers, expression indexes and the order
and collation of indexes go with X; they are put back as soon as the new table has its name. What stands in the text
of CREATE TABLE and SQLAlchemy does not read (AUTOINCREMENT, COLLATE, unnamed CHECK, inline ON DELETE, ON CONFLICT)
cannot be put back, so such a migration is refused; so is one after which a trigger or a view no longer works.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.database import clauses
from dbtool.database.base import DriverConnection, execute, rows
from dbtool.database.clauses import NAME
from dbtool.errors import RebuildLossError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

TEMPORARY = "_alembic_tmp_"
_CREATE = re.compile(rf"\s*CREATE TABLE {NAME}", re.IGNORECASE)
_CREATE_INDEX = re.compile(rf"\s*CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?{NAME}", re.IGNORECASE)
_RENAME = re.compile(rf"\s*ALTER TABLE \"?{TEMPORARY}", re.IGNORECASE)
_DROP_INDEX = re.compile(rf"\s*DROP INDEX (?:IF EXISTS )?{NAME}", re.IGNORECASE)


@dataclass(slots=True)
class _Kept:
    """What belonged to the table that is being rebuilt, or was last, and what was broken before the first rebuild."""

    table: str = ""
    sql: str = ""
    triggers: list[str] = field(default_factory=list)
    indexes: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, _Shape] = field(default_factory=dict)
    broken: frozenset[str] | None = None


_Shape = tuple[bool, tuple[str | None, ...], str]


def watch(engine: Engine | Connection) -> None:
    """Follow the statements of a connection, or of an engine's connections, and keep what rebuilds would lose.

    A statement that would lose what cannot be kept raises RebuildLossError.
    """
    from sqlalchemy import event

    event.listen(engine, "before_cursor_execute", _before, retval=True)
    event.listen(engine, "after_cursor_execute", _after)


def check(connection: Connection) -> None:
    """Raise RebuildLossError when rebuilds since the last call broke a trigger or a view."""
    kept: _Kept = connection.info.pop("dbtool.kept", _Kept())
    if kept.broken is None:
        return
    broken = _broken(connection.connection.driver_connection) - kept.broken
    if broken:
        raise RebuildLossError(
            f"after rebuilding `{kept.table}`, not all that uses it works",
            hint="drop it before in this migration, and create it again after",
            problems=sorted(broken),
        )


def _kept(connection: Connection) -> _Kept:
    kept: _Kept = connection.info.setdefault("dbtool.kept", _Kept())
    return kept


def _before(connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> tuple[str, Any]:
    created = _CREATE.match(statement)
    if created and clauses.unquoted(created).startswith(TEMPORARY):
        table = _table_behind(cursor.connection, clauses.unquoted(created))
        kept = connection.info["dbtool.kept"] = _remembered(_kept(connection), cursor.connection, table)
        return _with_collations(kept.sql, statement), parameters
    if _RENAME.match(statement):
        # views that name the table would stop the rename; left on, it would break later renames of real tables
        execute(cursor.connection, "PRAGMA legacy_alter_table = ON")
    elif dropped := _DROP_INDEX.match(statement):
        _kept(connection).indexes.pop(clauses.unquoted(dropped), None)
    return statement, parameters


def _with_collations(before: str, statement: str) -> str:
    """Let columns keep their collations, which SQLAlchemy does not read, unless the new text says one itself."""
    collations = {
        name: found[0] for name, text in clauses.definitions(before) if name and (found := clauses.collated(text))
    }
    more = {
        text: f"{text.rstrip()} {collations[name]}{text[len(text.rstrip()) :]}"
        for name, text in clauses.definitions(statement)
        if name in collations and not clauses.collated(text)
    }
    body = clauses.body(statement)
    parts = (more.get(part, part) for part in clauses.parts(statement[body]))
    return f"{statement[: body.start]}{','.join(parts)}{statement[body.stop :]}" if more else statement


def _after(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
    if _RENAME.match(statement):
        execute(cursor.connection, "PRAGMA legacy_alter_table = OFF")
        _put_back(_kept(connection), cursor.connection)
    elif created := _CREATE_INDEX.match(statement):
        _correct_index(_kept(connection), cursor.connection, clauses.unquoted(created))


def _table_behind(driver: DriverConnection, temporary: str) -> str:
    """Return the table that is rebuilt: Alembic cuts the temporary name at 50 characters."""
    names = (name for (name,) in rows(driver, "SELECT name FROM sqlite_master WHERE type = 'table'"))
    cut = {f"{TEMPORARY}{name}"[:50]: name for name in names}
    return str(cut.get(temporary, temporary.removeprefix(TEMPORARY)))


def _remembered(before: _Kept, driver: DriverConnection, table: str) -> _Kept:
    kept = _Kept(table, broken=_broken(driver) if before.broken is None else before.broken)
    found = rows(
        driver,
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL",
        (table,),
    )
    for kind, name, sql in found:
        if kind == "table":
            kept.sql = sql
        elif kind == "trigger":
            kept.triggers.append(sql)
        else:
            kept.indexes[name], kept.shapes[name] = sql, _shape(driver, name, sql)
    return kept


def _shape(driver: DriverConnection, name: str, sql: str) -> _Shape:
    """Return what Alembic reads of an index: whether it is unique, its columns, its condition."""
    columns = tuple(row[2] for row in rows(driver, f"PRAGMA index_info({_quoted(name)})"))
    condition = re.split(r"\bWHERE\b", sql, maxsplit=1, flags=re.IGNORECASE)[1:]
    unique = re.match(r"\s*CREATE\s+UNIQUE\b", sql, re.IGNORECASE) is not None
    return unique, columns, " ".join("".join(condition).split())


def _put_back(kept: _Kept, driver: DriverConnection) -> None:
    """Restore what the table had and Alembic has not read, and see that its text has lost nothing."""
    _refuse_loss(driver, kept.table, kept.sql)
    for sql in kept.triggers:
        execute(driver, sql)
    for name, sql in kept.indexes.items():
        if None in kept.shapes[name][1]:  # an expression
            try:
                execute(driver, sql)
            except sqlite3.OperationalError as error:
                raise RebuildLossError(
                    f"rebuilding `{kept.table}` would lose the index `{name}`: {error}",
                    hint="drop it before in this migration, and create it again after",
                ) from error


def _correct_index(kept: _Kept, driver: DriverConnection, name: str) -> None:
    """Give an index that the rebuild made again its order and collation, unless the migration made another of it."""
    if name not in kept.indexes:
        return
    (made,) = rows(driver, "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?", (name,))[0]
    if made != kept.indexes[name] and _shape(driver, name, made) == kept.shapes[name]:
        execute(driver, f"DROP INDEX {_quoted(name)}")
        execute(driver, kept.indexes[name])


def _broken(driver: DriverConnection) -> frozenset[str]:
    """Return the views and triggers that SQLite cannot compile, each with why."""
    statements = {f"view {name}": f"SELECT * FROM {_quoted(name)}" for name in _names(driver, "name", "view")}
    for table in _names(driver, "tbl_name", "trigger") - _names(driver, "name", "view"):
        statements |= {f"trigger on {table} ({what})": sql for what, sql in _uses(driver, table)}
    return frozenset(f"{what}: {why}" for what, sql in statements.items() if (why := _why_not(driver, sql)))


def _names(driver: DriverConnection, column: str, kind: str) -> set[str]:
    return {name for (name,) in rows(driver, f"SELECT {column} FROM sqlite_master WHERE type = ?", (kind,))}


def _uses(driver: DriverConnection, table: str) -> Iterator[tuple[str, str]]:
    name = _quoted(table)
    columns = [_quoted(row[1]) for row in rows(driver, f"PRAGMA table_xinfo({name})") if row[6] == 0]
    yield "insert", f"INSERT INTO {name} DEFAULT VALUES"
    yield "update", f"UPDATE {name} SET {', '.join(f'{column} = {column}' for column in columns)}"
    yield "delete", f"DELETE FROM {name}"


def _why_not(driver: DriverConnection, sql: str) -> str:
    try:
        rows(driver, f"EXPLAIN {sql}")
    except sqlite3.Error as error:
        return str(error)
    return ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refuse_loss(driver: DriverConnection, table: str, before: str) -> None:
    (after,) = rows(driver, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", (table,))[
        0
    ]
    columns = _columns(after)
    renamed = columns - _columns(before)  # a column that is gone may be one of these
    lost = sorted(
        f"{table}.{name}: {feature}" if name else f"{table}: {feature}"
        for name, feature in features(before) - features(after)
        if not name or name in columns or renamed
    )
    if lost:
        raise RebuildLossError(
            f"rebuilding `{table}` would lose what Alembic cannot read",
            hint="write this step as SQL: op.execute('CREATE TABLE ...'), copy the rows, drop, rename",
            problems=lost,
        )


def _columns(sql: str) -> set[str]:
    return {name for name, _ in clauses.definitions(sql) if name}


_FEATURES = {
    "AUTOINCREMENT": r"\bAUTOINCREMENT\b",
    "ON CONFLICT": r"\bON\s+CONFLICT\b",
    "GENERATED": r"\bGENERATED\s+ALWAYS\b|\bAS\s*\(",
    "ON DELETE of an inline REFERENCES": r"\bREFERENCES\b.*\bON\s+DELETE\b",
    "ON UPDATE of an inline REFERENCES": r"\bREFERENCES\b.*\bON\s+UPDATE\b",
    "DEFERRABLE of an inline REFERENCES": r"\bREFERENCES\b.*\bDEFERRABLE\b",
}


def features(sql: str) -> set[tuple[str, str]]:
    """Return what a CREATE TABLE text says that a rebuild may lose, as (column or empty, feature)."""
    found: set[tuple[str, str]] = set()
    for name, definition in clauses.definitions(sql):
        bare = clauses.without_strings(definition)
        if name:
            found |= {(name, word) for word, pattern in _FEATURES.items() if re.search(pattern, bare, re.I | re.S)}
            found |= {(name, "COLLATE")} if clauses.collated(definition) else set()
        elif re.search(r"\bON\s+CONFLICT\b", bare, re.I):
            found.add(("", "ON CONFLICT"))
        for check in re.finditer(r"(CONSTRAINT\s+\S+\s+)?\bCHECK\s*\(", bare, re.I):
            if not check[1]:
                found.add((name, "unnamed CHECK"))
    options = clauses.without_strings(sql[clauses.body(sql).stop :])
    return found | {("", word) for word in ("WITHOUT ROWID", "STRICT") if word in " ".join(options.upper().split())}
