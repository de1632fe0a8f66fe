"""What a database holds beside tables, as statements that make it anew: views, triggers, functions, extensions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dbtool.database.base import Database, DriverConnection, rows

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

Place = Literal["before", "function", "after"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One object: the statement that makes it, and the one that drops it; None where it goes with something else.

    `place` is before the tables, after them, or for a function either, since a table may use one. `file` is where a
    project keeps the statement, empty where the database alone does.
    """

    kind: str
    name: str
    create: str
    drop: str | None = None
    place: Place = "after"
    file: str = ""


def of(database: Database) -> tuple[Definition, ...]:
    """Return all of them, each after what it uses; the names of the database itself are left out of the texts."""
    with database.reading() as connection:
        return _in_order(list(_WAYS[database.kind](database, connection)))


def json_columns(database: Database, connection: DriverConnection) -> frozenset[tuple[str, str]]:
    """Return the columns, as table and name, that are JSON although reading them says that they are texts."""
    if database.kind != "mysql":
        return frozenset()
    sql = "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints"
    with suppress(Exception):  # MySQL has other columns there, and a JSON of its own
        found = rows(connection, f"{sql} WHERE constraint_schema = database()")
        return frozenset((table, name) for table, name, clause in found if clause == f"json_valid(`{name}`)")
    return frozenset()


def plain_type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any] | None:
    """Return a type that every database has, for one that was read from this one; None where there is none.

    It may be spelled in another way here, so that whoever uses it must look at what became of it.
    """
    from sqlalchemy import Boolean, Enum
    from sqlalchemy.exc import CompileError

    if isinstance(type_, Enum):
        return Enum(*type_.enums, name=type_.name)
    if getattr(type_, "display_width", None) == 1 and type(type_).__name__ == "TINYINT":
        return Boolean()
    try:
        found = type_.as_generic()
        found.compile(dialect)
    except (NotImplementedError, CompileError):
        return None
    return found


def next_number(database: Database, table: Table, column: str, last: int) -> str | None:
    """Return the statement after which a column counts on from a number; None where it follows its rows by itself."""
    if database.kind != "postgres":
        return None
    name = ".".join('"' + part.replace('"', '""') + '"' for part in (table.schema, table.name) if part)
    return f"SELECT setval(pg_get_serial_sequence({_text(name)}, {_text(column)}), {last})"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sqlite(database: Database, connection: DriverConnection) -> Iterator[Definition]:
    sql = (
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') AND sql IS NOT NULL ORDER BY rowid"
    )
    for kind, name, text in rows(connection, sql):
        quoted = '"' + name.replace('"', '""') + '"'
        yield Definition(kind, name, text, f"DROP VIEW {quoted}" if kind == "view" else None)


def _mysql(database: Database, connection: DriverConnection) -> Iterator[Definition]:
    here = f"`{database.url.database}`."
    for kind, place, names in _MYSQL:
        for (name,) in rows(connection, names):
            quoted = f"`{name.replace('`', '``')}`"
            told = next(text for text in rows(connection, f"SHOW CREATE {kind} {quoted}")[0][1:] if _CREATE.match(text))
            text = _OWNER.sub("", told.replace(here, ""), count=1)
            drop = None if kind == "TRIGGER" else f"DROP {kind} {quoted}"
            yield Definition(kind.lower(), name, text, drop, place)


_CREATE = re.compile(r"\s*CREATE\b")
_OWNER = re.compile(r"(?<=CREATE )(?:ALGORITHM=UNDEFINED )?DEFINER=`[^`]*`@`[^`]*` (?:SQL SECURITY DEFINER (?=VIEW))?")
_ROUTINES = "SELECT routine_name FROM information_schema.routines WHERE routine_schema = database() AND routine_type = "
_MYSQL: tuple[tuple[str, Place, str], ...] = (
    ("FUNCTION", "function", f"{_ROUTINES} 'FUNCTION' ORDER BY created"),
    ("PROCEDURE", "after", f"{_ROUTINES} 'PROCEDURE' ORDER BY created"),
    ("VIEW", "after", "SELECT table_name FROM information_schema.views WHERE table_schema = database()"),
    (
        "TRIGGER",
        "after",
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
        " ORDER BY event_object_table, event_manipulation, action_timing, action_order",
    ),
    ("EVENT", "after", "SELECT event_name FROM information_schema.events WHERE event_schema = database()"),
)


def _postgres(database: Any, connection: DriverConnection) -> Iterator[Definition]:
    for kind, name, create, drop, place in rows(connection, _POSTGRES):
        yield Definition(kind, name, create.strip().rstrip(";"), drop, place)


_NOT_OWNED = "NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')"
_HERE = "= current_schema()::regnamespace"
_POSTGRES = f"""
SELECT kind, name, text, gone, place FROM (
SELECT 1 AS number, oid, 'extension' AS kind, extname::text AS name,
       'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(extname) AS text, NULL AS gone, 'before' AS place
FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL
SELECT 2, oid, 'sequence', relname, 'CREATE SEQUENCE ' || quote_ident(relname) || ' AS ' || format_type(seqtypid, NULL)
       || ' INCREMENT ' || seqincrement || ' MINVALUE ' || seqmin || ' MAXVALUE ' || seqmax || ' START ' || seqstart,
       'DROP SEQUENCE ' || quote_ident(relname), 'before'
FROM pg_class JOIN pg_sequence ON seqrelid = oid WHERE relnamespace {_HERE} AND oid {_NOT_OWNED}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype IN ('a', 'i'))
UNION ALL
SELECT 3, oid, CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, proname,
       regexp_replace(pg_get_functiondef(oid), '(FUNCTION|PROCEDURE) [^(]*?\\.', '\\1 '),
       'DROP ' || CASE prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident(proname)
       || '(' || pg_get_function_identity_arguments(oid) || ')', 'function'
FROM pg_proc WHERE pronamespace {_HERE} AND prokind IN ('f', 'p') AND oid {_NOT_OWNED}
UNION ALL
SELECT 4, oid, CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, relname,
       'CREATE ' || CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END || quote_ident(relname)
       || E' AS\\n' || pg_get_viewdef(oid),
       'DROP ' || CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END || quote_ident(relname), 'after'
FROM pg_class WHERE relnamespace {_HERE} AND relkind IN ('v', 'm') AND oid {_NOT_OWNED}
UNION ALL
SELECT 5, i.oid, 'index', i.relname, pg_get_indexdef(i.oid, 0, true), NULL, 'after'
FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class v ON v.oid = indrelid
WHERE v.relnamespace {_HERE} AND v.relkind = 'm'
UNION ALL
SELECT 6, pg_trigger.oid, 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid, true), NULL, 'after'
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE relnamespace {_HERE} AND NOT tgisinternal
) AS found ORDER BY number, oid
"""


def _in_order(found: list[Definition]) -> tuple[Definition, ...]:
    """Put views after those whose names they hold, since no database says who came first, and what is on them last."""
    waiting = [each for each in found if each.kind in _VIEWS]
    views: list[Definition] = []
    while waiting:
        ready = [each for each in waiting if not any(_uses(each, other) for other in waiting)] or waiting
        views += ready
        waiting = [each for each in waiting if each not in ready]
    last = [each for each in found if each.kind in ("trigger", "index")]
    first = [each for each in found if each not in views and each not in last]
    return (*first, *views, *last)


_VIEWS = ("view", "materialized view")


def _uses(one: Definition, other: Definition) -> bool:
    return one is not other and bool(re.search(rf"(?<!\w){re.escape(other.name)}(?!\w)", one.create))


_WAYS: dict[str, Callable[[Any, DriverConnection], Iterator[Definition]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "mysql": _mysql,
}
