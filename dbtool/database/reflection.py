"""Read tables as they are: what SQLAlchemy's reflection leaves out of indexes, keys, columns and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dbtool.database import clauses, definitions
from dbtool.database.base import Database, DriverConnection, rows
from dbtool.database.sqlite_rebuild import features
from dbtool.texts import as_text

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table


def complete(database: Database, connection: Connection, metadata: MetaData) -> tuple[str, ...]:
    """Put right what was reflected of tables, and return in words, sorted, what no table of SQLAlchemy can say.

    Parts of a partitioned table are taken out, since they are no tables of their own.
    """
    return tuple(sorted([*_WAYS[database.kind](database, connection, metadata), *_without_dots(metadata)]))


def partitions(database: Database, connection: Connection) -> frozenset[str]:
    """Return the tables that are parts of others, as `MetaData.tables` calls those of the default schema."""
    if database.kind != "postgres":
        return frozenset()
    sql = "SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p', 'f')"
    return frozenset(name for (name,) in rows(connection.connection.driver_connection, sql))


# SQLite


def _sqlite(database: Database, connection: Connection, metadata: MetaData) -> Iterator[str]:
    driver = connection.connection.driver_connection
    texts: dict[str, str] = dict(rows(driver, "SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table in metadata.tables.values():
        sql = texts.get(table.name) or ""
        if "(" in sql:
            _say_collations(table, sql)
            yield from _say_features(table, sql)
        _say_now(table, "CURRENT_TIMESTAMP")
    _replace_indexes(metadata, database.index_texts(connection), _sqlite_index)


def _say_collations(table: Table, sql: str) -> None:
    for name, text in clauses.definitions(sql):
        found = clauses.collated(text) if name else None
        column = table.columns.get(name)
        if found and column is not None and hasattr(column.type, "collation"):
            column.type.collation = found[0].split()[1].strip('"')


def _say_features(table: Table, sql: str) -> Iterator[str]:
    """Set the options of a table, and yield the features that have no place in one."""
    for name, feature in sorted(features(sql)):
        match feature:
            case "AUTOINCREMENT":
                table.dialect_kwargs["sqlite_autoincrement"] = True
            case "WITHOUT ROWID":
                table.dialect_kwargs["sqlite_with_rowid"] = False
            case "STRICT":
                table.dialect_kwargs["sqlite_strict"] = True
            case "ON CONFLICT" | "DEFERRABLE of an inline REFERENCES":
                yield f"{feature} in {table.name}{'.' if name else ''}{name}"


def _sqlite_index(name: str, table: Table, text: str) -> None:
    items, rest = _bracketed(text)
    where = re.match(r"\s*WHERE\s+(.*)", rest, re.IGNORECASE | re.DOTALL)
    _index(name, table, text, items, {"sqlite_where": where[1]} if where else {})


# PostgreSQL

_POSTGRES_INDEXES = """
SELECT n.nspname, t.relname, c.relname, pg_get_indexdef(indexrelid), contype::text
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u', 'x')
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_POSTGRES_COLLATIONS = """
SELECT nspname, relname, attname, collname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_collation l ON l.oid = attcollation
JOIN pg_type y ON y.oid = atttypid
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') AND attcollation <> typcollation
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_POSTGRES_UNSAID = """
SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ': ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'x' AND connamespace::regnamespace::text = ANY(%s)
UNION ALL SELECT 'row security of ' || oid::regclass FROM pg_class
WHERE relrowsecurity AND relnamespace::regnamespace::text = ANY(%s)
UNION ALL SELECT 'policy ' || polname || ' of ' || polrelid::regclass FROM pg_policy JOIN pg_class c ON c.oid = polrelid
WHERE relnamespace::regnamespace::text = ANY(%s)
UNION ALL SELECT 'partition ' || c.oid::regclass || ' of ' || inhparent::regclass
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relispartition AND relkind IN ('r', 'p')
  AND relnamespace::regnamespace::text = ANY(%s)
UNION ALL SELECT c.oid::regclass || ' inherits ' || inhparent::regclass
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE NOT relispartition AND relkind = 'r'
  AND relnamespace::regnamespace::text = ANY(%s)
"""


def _postgres(database: Database, connection: Connection, metadata: MetaData) -> Iterator[str]:
    from sqlalchemy import CheckConstraint
    from sqlalchemy import text as text_of

    driver: DriverConnection = connection.connection.driver_connection
    default = connection.dialect.default_schema_name or ""
    schemas = sorted({table.schema or default for table in metadata.tables.values()})
    for name in partitions(database, connection):
        for table in [table for table in metadata.tables.values() if table.name == name]:
            metadata.remove(table)
    texts: dict[tuple[str, str], str] = {}
    for schema, name, index, text, kind in rows(driver, _POSTGRES_INDEXES):
        owner = _found(metadata, schema, name, default)
        if owner is not None and kind == "x":
            owner.indexes -= {each for each in owner.indexes if each.name == index}
        elif owner is not None and kind is None:
            unique = "UNIQUE " if text.startswith("CREATE UNIQUE") else ""
            texts[owner.key, index] = unique + text.partition(" USING ")[2]
    _replace_indexes(metadata, texts, _postgres_index)
    for schema, name, column, collation in rows(driver, _POSTGRES_COLLATIONS):
        owner = _found(metadata, schema, name, default)
        read: Any = owner.columns[column].type if owner is not None else None
        if hasattr(read, "collation"):
            read.collation = collation
    for table in metadata.tables.values():
        table.dialect_options["postgresql"]["ignore_search_path"] = None
        _say_now(table, "now()")
        for check in [each for each in table.constraints if isinstance(each, CheckConstraint)]:
            check.sqltext = text_of(_listed(str(check.sqltext)))
        _forget_names(table, {"uq": "{table}_{columns}_key", "fk": "{table}_{columns}_fkey", "pk": "{table}_pkey"})
    sql = "SELECT relnamespace::regnamespace::text, relname, pg_get_partkeydef(oid) FROM pg_class WHERE relkind = 'p'"
    for schema, name, by in rows(driver, sql):
        if (owner := _found(metadata, schema, name, default)) is not None:
            owner.dialect_kwargs["postgresql_partition_by"] = by
    return (line for (line,) in rows(driver, _POSTGRES_UNSAID, (schemas,) * 5))


def _found(metadata: MetaData, schema: str, name: str, default: str) -> Table | None:
    return metadata.tables.get(name if schema == default else f"{schema}.{name}")


def _listed(text: str) -> str:
    """Write the long form that the server gives a list of texts, and numbers, as somebody would have written it."""
    found = _ANY.fullmatch(text.strip())
    if found is not None:
        return f"{found[1]} IN ({', '.join(_LITERALS.findall(found[2]))})"
    return "".join(part if place % 2 else _CAST.sub("", part) for place, part in enumerate(_TEXTS.split(text)))


_ANY = re.compile(r"\(?([\w\"]+)\)?(?:::text)? = ANY \(\(?ARRAY\[([^\]]*)\]\)?(?:::text\[\])?\)", re.DOTALL)
_CAST = re.compile(r"(?<=\d)::(numeric|bigint|integer|smallint|double precision|real)\b")
_TEXTS = re.compile(r"('(?:[^']|'')*')")
_LITERALS = re.compile(r"'(?:[^']|'')*'")


def _postgres_index(name: str, table: Table, text: str) -> None:
    method = re.match(r"(?:UNIQUE )?(\w+) ", text)
    items, rest = _bracketed(text)
    options: dict[str, Any] = {}
    if method and method[1] != "btree":
        options["postgresql_using"] = method[1]
    if " NULLS NOT DISTINCT" in rest.partition(" WHERE ")[0]:
        options["postgresql_nulls_not_distinct"] = True
    for word, option in (("INCLUDE", "postgresql_include"), ("WITH", "postgresql_with")):
        if found := re.search(rf"\s{word} \(([^)]*)\)", rest.partition(" WHERE ")[0]):
            listed = [part.strip().strip('"') for part in clauses.parts(found[1])]
            options[option] = (
                listed if word == "INCLUDE" else dict(part.replace("'", "").split("=", 1) for part in listed)
            )
    if where := re.search(r"\sWHERE (.*)", rest, re.DOTALL):
        options["postgresql_where"] = where[1]
    _index(name, table, text, items, options)


# MariaDB


def _mysql(database: Database, connection: Connection, metadata: MetaData) -> Iterator[str]:
    from sqlalchemy import JSON, CheckConstraint

    driver = connection.connection.driver_connection
    for name, column in definitions.json_columns(database, driver):
        if name in metadata.tables:
            table = metadata.tables[name]
            table.columns[column].type = JSON()
            table.constraints -= {
                each for each in table.constraints if str(getattr(each, "sqltext", "")) == f"json_valid(`{column}`)"
            }
    sql = "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints"
    with suppress(Exception):  # MySQL knows no levels
        for name, column, clause in rows(driver, f"{sql} WHERE level = 'Column' AND constraint_schema = database()"):
            if name in metadata.tables and not isinstance(metadata.tables[name].columns[column].type, JSON):
                metadata.tables[name].columns[column].constraints.add(CheckConstraint(clause))
    texts = {key: text for key, text in database.index_texts(connection).items() if " DESC" in text}
    _replace_indexes(metadata, texts, _mysql_index)
    ((collation, charset, engine),) = rows(
        driver, "SELECT @@collation_database, @@character_set_database, @@default_storage_engine"
    )
    usual = {"mysql_collate": collation, "mysql_default charset": charset, "mysql_engine": engine}
    for table in metadata.tables.values():
        for option, value in list(table.dialect_kwargs.items()):
            if option.startswith("mariadb_") or usual.get(option, "").lower() == str(value).lower():
                table.kwargs.pop(option, None)
        _say_plainly(table)
        _say_now(table, "current_timestamp()")
        _say_unique(table)
        _forget_implied(table)
        _forget_names(table, {"uq": "{first}", "fk": r"{table}_ibfk_\d+", "ck": r"CONSTRAINT_\d+"})
    found = rows(driver, "SELECT table_name FROM information_schema.partitions WHERE partition_name IS NOT NULL"
                         " AND table_schema = database() GROUP BY table_name")  # fmt: skip
    return (f"partitions of {name}" for (name,) in found)


def _say_plainly(table: Table) -> None:
    """Leave out of types what says nothing of the values: the width of a display, decimals of a binary number."""
    for column in table.columns:
        read: Any = column.type
        if getattr(read, "display_width", None) not in (None, 1) and not getattr(read, "zerofill", False):
            read.display_width = None
        if type(read).__name__ in ("DOUBLE", "FLOAT"):
            read.asdecimal = False


def _say_unique(table: Table) -> None:
    """Make constraints of unique indexes that have no lengths and no order: to the database they are the same."""
    from sqlalchemy import UniqueConstraint

    for index in [each for each in table.indexes if each.unique and not dict(each.dialect_kwargs)]:
        if len(index.expressions) == len(index.columns):
            table.indexes.discard(index)
            table.append_constraint(UniqueConstraint(*index.columns, name=index.name))


def _forget_implied(table: Table) -> None:
    """Take out the indexes that the database itself makes for foreign keys, which it names after them."""
    for key in table.foreign_key_constraints:
        names = {str(key.name), key.column_keys[0]}
        table.indexes -= {
            each
            for each in table.indexes
            if str(each.name) in names
            and each.columns.keys() == list(key.column_keys)
            and not dict(each.dialect_kwargs)
        }


def _mysql_index(name: str, table: Table, text: str) -> None:
    items, _ = _bracketed(text)
    _index(name, table, text, items, {})


# All of them


def _without_dots(metadata: MetaData) -> Iterator[str]:
    """Take out foreign keys to a name with a dot, which SQLAlchemy takes for that between schema and table."""
    for table in metadata.tables.values():
        for key in [each for each in table.foreign_key_constraints if "." in each.referred_table.name]:
            table.constraints.discard(key)
            for element in key.elements:
                element.parent.foreign_keys.discard(element)
                table.foreign_keys.discard(element)
            yield f"foreign key of {table.name} to {key.referred_table.name}, a name with a dot"


def _say_now(table: Table, spelled: str) -> None:
    from sqlalchemy import DefaultClause, func

    for column in table.columns:
        if str(getattr(getattr(column.server_default, "arg", None), "text", "")) == spelled:
            column.server_default = DefaultClause(func.now())


def _forget_names(table: Table, patterns: dict[str, str]) -> None:
    """Take the names away that the database gives to constraints that have none."""
    import sqlalchemy as sa

    kinds = {
        "uq": sa.UniqueConstraint,
        "fk": sa.ForeignKeyConstraint,
        "pk": sa.PrimaryKeyConstraint,
        "ck": sa.CheckConstraint,
    }
    for kind, pattern in patterns.items():
        for each in table.constraints:
            columns = [column.name for column in getattr(each, "columns", ())]
            words = {"table": table.name, "columns": "_".join(columns), "first": columns[0] if columns else ""}
            expected = pattern.format(**{name: re.escape(word) for name, word in words.items()})
            if isinstance(each, kinds[kind]) and re.fullmatch(expected, str(each.name)):
                each.name = None


def _replace_indexes(
    metadata: MetaData, texts: dict[tuple[str, str], str], make: Callable[[str, Table, str], None]
) -> None:
    """Make each index anew after the text of its definition."""
    for (name, called), text in texts.items():
        table = metadata.tables.get(name)
        if table is not None:
            table.indexes -= {each for each in table.indexes if each.name == called}
            make(called, table, text)


def _index(name: str, table: Table, text: str, items: Sequence[str], options: dict[str, Any]) -> None:
    """Put an index on a table: one of expressions alone knows none by itself."""
    from sqlalchemy import Index
    from sqlalchemy import text as sql

    columns = [table.columns[bare] if (bare := _bare(item)) in table.columns else sql(as_text(item)) for item in items]
    where: dict[str, Any] = {
        key: sql(as_text(value)) if key.endswith("_where") else value for key, value in options.items()
    }
    made = Index(name, *columns, unique=text.startswith("UNIQUE "), **where)
    if made.table is None:
        made._set_parent(table)


def _bare(item: str) -> str:
    quoted = re.fullmatch(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`', item)
    if quoted is None:
        return item
    return (quoted[1] or "").replace('""', '"') or (quoted[2] or "").replace("``", "`")


def _bracketed(text: str) -> tuple[list[str], str]:
    """Return the items of the first list in brackets, and what follows it."""
    depth, start = 0, 0
    for position, token in clauses.tokens(text):
        if token == "(":
            start = start if depth else position + 1
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                return [part.strip() for part in clauses.parts(text[start:position])], text[position + 1 :]
    return [], ""


_WAYS: dict[str, Callable[[Database, Any, Any], Iterator[str]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "mysql": _mysql,
}
