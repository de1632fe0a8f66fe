"""What Alembic's table rebuild on SQLite would lose: kept where it can be, refused where it cannot.

A rebuild makes `_alembic_tmp_X`, copies the rows, drops X and renames. Triggers, expression indexes and the order
and collation of indexes go with X; they are put back at the end of the migration. What stands in the text of
CREATE TABLE and SQLAlchemy does not read (AUTOINCREMENT, COLLATE, unnamed CHECK, inline ON DELETE, ON CONFLICT)
cannot be put back, so such a migration is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.database.base import DriverConnection, execute, rows
from dbtool.errors import HistoryError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

TEMPORARY = "_alembic_tmp_"
_NAME = r"(?:\"(?P<quoted>(?:[^\"]|\"\")+)\"|(?P<bare>[^\s(\"]+))"
_CREATE = re.compile(rf"\s*CREATE TABLE {_NAME}", re.IGNORECASE)
_RENAME = re.compile(rf"\s*ALTER TABLE \"?{TEMPORARY}", re.IGNORECASE)
_DROP = re.compile(rf"\s*DROP (?:INDEX|TRIGGER) (?:IF EXISTS )?{_NAME}", re.IGNORECASE)


class RebuildLossError(HistoryError):
    """A rebuild of a table would lose what Alembic cannot read."""

    code = "DB312"


@dataclass(slots=True)
class _Kept:
    """What belonged to the tables that one migration rebuilds, before it did."""

    tables: dict[str, str] = field(default_factory=dict)
    objects: dict[tuple[str, str], str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)


def watch(engine: Engine | Connection) -> None:
    """Follow the statements of a connection, or of an engine's connections, so that `put_back` knows what was there."""
    from sqlalchemy import event

    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def put_back(connection: Connection) -> None:
    """Restore what rebuilds since the last call took away. Raises RebuildLossError when something cannot be."""
    kept = _kept(connection)
    driver = connection.connection.driver_connection
    for table, sql in kept.tables.items():
        _refuse_loss(driver, table, sql)
    for (kind, name), sql in kept.objects.items():
        if name not in kept.dropped:
            _restore_object(driver, kind, name, sql)
    connection.info["dbtool.kept"] = _Kept()


def _kept(connection: Connection) -> _Kept:
    kept: _Kept = connection.info.setdefault("dbtool.kept", _Kept())
    return kept


def _before(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
    created = _CREATE.match(statement)
    if created and _name(created).startswith(TEMPORARY):
        _remember(_kept(connection), cursor.connection, _name(created).removeprefix(TEMPORARY))
    elif _RENAME.match(statement):
        # views that name the table would stop the rename; left on, it would break later renames of real tables
        execute(cursor.connection, "PRAGMA legacy_alter_table = ON")
    elif dropped := _DROP.match(statement):
        _kept(connection).dropped.add(_name(dropped))


def _after(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
    if _RENAME.match(statement):
        execute(cursor.connection, "PRAGMA legacy_alter_table = OFF")


def _name(match: re.Match[str]) -> str:
    quoted = match["quoted"]
    return quoted.replace('""', '"') if quoted else match["bare"]


def _remember(kept: _Kept, driver: DriverConnection, table: str) -> None:
    if table in kept.tables:
        return
    found = rows(driver, "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,))
    for kind, name, sql in found:
        if kind == "table":
            kept.tables[table] = sql
        elif kind in ("index", "trigger"):
            kept.objects[kind, name] = sql


def _restore_object(driver: DriverConnection, kind: str, name: str, sql: str) -> None:
    found = rows(driver, "SELECT sql FROM sqlite_master WHERE type = ? AND name = ?", (kind, name))
    if found and found[0][0] == sql:
        return
    if found:
        execute(driver, f"DROP {kind.upper()} {_quoted(name)}")
    try:
        execute(driver, sql)
    except Exception as error:
        if kind == "index" and "no such column" in str(error):
            return  # the migration dropped the column, and the index with it
        raise


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refuse_loss(driver: DriverConnection, table: str, before: str) -> None:
    found = rows(driver, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    if not found:
        return  # the migration dropped or renamed it
    after = found[0][0]
    columns = {name for name, _ in _definitions(after) if name}
    lost = sorted(
        f"{table}.{name}: {feature}" if name else f"{table}: {feature}"
        for name, feature in features(before) - features(after)
        if not name or name in columns
    )
    if lost:
        raise RebuildLossError(
            f"rebuilding `{table}` would lose what Alembic cannot read",
            hint="write this step as SQL: op.execute('CREATE TABLE ...'), copy the rows, drop, rename",
            problems=lost,
        )


_FEATURES = {
    "AUTOINCREMENT": r"\bAUTOINCREMENT\b",
    "COLLATE": r"\bCOLLATE\b",
    "ON CONFLICT": r"\bON\s+CONFLICT\b",
    "GENERATED": r"\bGENERATED\s+ALWAYS\b|\bAS\s*\(",
    "ON DELETE of an inline REFERENCES": r"\bREFERENCES\b.*\bON\s+DELETE\b",
    "ON UPDATE of an inline REFERENCES": r"\bREFERENCES\b.*\bON\s+UPDATE\b",
    "DEFERRABLE of an inline REFERENCES": r"\bREFERENCES\b.*\bDEFERRABLE\b",
}


def features(sql: str) -> set[tuple[str, str]]:
    """Return what a CREATE TABLE text says that a rebuild may lose, as (column or empty, feature)."""
    found: set[tuple[str, str]] = set()
    for name, definition in _definitions(sql):
        bare = _without_strings(definition)
        if name:
            found |= {(name, word) for word, pattern in _FEATURES.items() if re.search(pattern, bare, re.I | re.S)}
        elif re.search(r"\bON\s+CONFLICT\b", bare, re.I):
            found.add(("", "ON CONFLICT"))
        for check in re.finditer(r"(CONSTRAINT\s+\S+\s+)?\bCHECK\s*\(", bare, re.I):
            if not check[1]:
                found.add((name, "unnamed CHECK"))
    if re.search(r"\)[^)]*\bWITHOUT\s+ROWID\b[^)]*$", sql, re.I):
        found.add(("", "WITHOUT ROWID"))
    if re.search(r"\)[^)]*\bSTRICT\b[^)]*$", sql, re.I):
        found.add(("", "STRICT"))
    return found


def _definitions(sql: str) -> Iterator[tuple[str, str]]:
    """Split the body of a CREATE TABLE at its outer commas: (column name, or empty for a constraint; text)."""
    for part in _parts(sql[sql.index("(") + 1 : sql.rindex(")")]):
        match = re.match(rf"\s*(?:{_NAME}|\[(?P<bracket>[^\]]+)\]|`(?P<tick>[^`]+)`)", part)
        if match is None:
            continue
        bare = match["bare"] or ""
        if bare.upper() in ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"):
            yield "", part
        else:
            yield match["bracket"] or match["tick"] or _name(match).strip("`[]"), part


def _parts(body: str) -> Iterator[str]:
    depth, start = 0, 0
    for position, token in _tokens(body):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif token == "," and depth == 0:
            yield body[start:position]
            start = position + 1
    yield body[start:]


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Yield each bracket and comma outside quotes and comments, with its position."""
    pattern = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?P<token>[(),])"
    for match in re.finditer(pattern, text, re.S):
        if match["token"]:
            yield match.start(), match["token"]


def _without_strings(text: str) -> str:
    return re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
