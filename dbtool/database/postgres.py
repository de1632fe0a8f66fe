"""PostgreSQL through psycopg 3: DDL is transactional, schemas and roles are real."""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.database.base import (
    LEDGER,
    Catalogue,
    Database,
    DriverConnection,
    Numbering,
    Purpose,
    Refusal,
    Rule,
    execute,
    find_program,
    insert_counted,
    load_driver,
    one_line,
    rows,
    sequence_name,
)
from dbtool.database.conversions import Conversion, closed_set, family, generally_lost
from dbtool.database.server import ServerDatabase, pooling
from dbtool.errors import (
    AccessError,
    ConnectError,
    DatabaseMissingError,
    DbtoolError,
    DiskFullError,
    LockedError,
    ReadOnlyError,
    StoppedError,
)
from dbtool.tables import sql_type

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Engine, Table
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

# Every object that migrations can make, in the wanted schemas, as (kind, name, definition). A temporary schema
# and what an extension owns are somebody else's.
_CATALOGUE = """
WITH wanted AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname = ANY(%(schemas)s::text[])
       OR (%(schemas)s::text[] = '{}'::text[] AND nspname = ANY(current_schemas(false)))
), owned AS (
    SELECT objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
    SELECT c.oid, c.relname, c.relkind, wanted.nspname,
           CASE WHEN wanted.nspname = current_schema() THEN '' ELSE wanted.nspname || '.' END || c.relname AS name
    FROM pg_class c JOIN wanted ON wanted.oid = c.relnamespace
    WHERE c.relname <> ALL(%(own)s::text[]) AND c.oid NOT IN (SELECT objid FROM owned)
)
SELECT 'table', name, coalesce(obj_description(oid, 'pg_class'), '')
FROM relation WHERE relkind IN ('r', 'p')
UNION ALL
SELECT 'column', name || '.' || attname,
       format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
       || CASE WHEN attidentity <> '' THEN ' IDENTITY ' || attidentity::text ELSE '' END
       || CASE WHEN attgenerated <> '' THEN ' GENERATED' ELSE '' END
       || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
       || CASE WHEN attcollation <> 0 AND collname <> 'default' THEN ' COLLATE ' || collname ELSE '' END
       || coalesce(' COMMENT ' || col_description(oid_, attnum), '')
FROM (SELECT oid AS oid_, name FROM relation WHERE relkind IN ('r', 'p')) AS t
JOIN pg_attribute ON attrelid = oid_ AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = oid_ AND adnum = attnum
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
UNION ALL
SELECT 'constraint', name || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN relation ON conrelid = relation.oid
UNION ALL
SELECT 'index', name, pg_get_indexdef(relation.oid)
FROM relation WHERE relkind IN ('i', 'I')
  AND relation.oid NOT IN (SELECT indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                           WHERE c.relname = ANY(%(own)s::text[]))
UNION ALL
SELECT CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, name, pg_get_viewdef(oid)
FROM relation WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'sequence', name, format_type(seqtypid, NULL) || ' ' || seqincrement || ' ' || seqstart
FROM relation JOIN pg_sequence ON seqrelid = oid
WHERE relkind = 'S' AND NOT EXISTS (
    SELECT FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
    WHERE d.objid = relation.oid AND d.deptype IN ('a', 'i') AND c.relname = ANY(%(own)s::text[]))
UNION ALL
SELECT 'trigger', name || '.' || tgname, pg_get_triggerdef(pg_trigger.oid)
FROM pg_trigger JOIN relation ON tgrelid = relation.oid WHERE NOT tgisinternal
UNION ALL
SELECT 'enum', typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
FROM pg_type JOIN wanted ON wanted.oid = typnamespace JOIN pg_enum ON enumtypid = pg_type.oid
WHERE pg_type.oid NOT IN (SELECT objid FROM owned) GROUP BY typname
UNION ALL
SELECT 'function', proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
       pg_get_functiondef(pg_proc.oid)
FROM pg_proc JOIN wanted ON wanted.oid = pronamespace
WHERE prokind IN ('f', 'p') AND pg_proc.oid NOT IN (SELECT objid FROM owned)
"""

_LOCK_WAIT = 2.0  # seconds that a statement of a migration waits for a lock before its run is begun again

# A server that refuses a connection says so in words alone.
_REFUSED = re.compile(r"authentication failed|role .* (does not exist|is not permitted to log in)|no pg_hba.conf entry")

_RULES: Mapping[str, Rule] = {
    "23502": "null",
    "23503": "reference",
    "23505": "unique",
    "23514": "check",
    "23P01": "other",
    "P0001": "other",  # a trigger's RAISE
}
_KEY_OF_DETAIL = re.compile(r"\((.+?)\)=\(")  # Key (a, b)=(1, 2) already exists, in any language

_SEQUENCE = """
SELECT coalesce(pg_get_serial_sequence(:table, :column), substring(pg_get_expr(adbin, adrelid) FROM '''(.+)'''))
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = CAST(:table AS regclass) AND attname = :column
"""

_SURVIVES = """
CREATE OR REPLACE FUNCTION pg_temp.dbtool_survives(value {old}) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN value IS NULL OR (({using}) IS NOT NULL AND {comes_back});
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END $$
"""

_MINE = """
SELECT format('DROP %%s IF EXISTS %%I.%%I CASCADE',
              CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                             WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname = ANY(%(schemas)s::text[])
  AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype IN ('e', 'i'))
UNION ALL
SELECT format('DROP ROUTINE IF EXISTS %%I.%%I(%%s) CASCADE', n.nspname, proname,
              pg_get_function_identity_arguments(p.oid))
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
WHERE n.nspname = ANY(%(schemas)s::text[]) AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
UNION ALL
SELECT format('DROP %%s IF EXISTS %%I.%%I CASCADE',
              CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, typname)
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
WHERE n.nspname = ANY(%(schemas)s::text[]) AND typtype IN ('e', 'd')
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
"""

_NUMBERING = """
SELECT CASE attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' ELSE CASE
           WHEN NOT atthasdef THEN 'none'
           WHEN pg_get_serial_sequence(quote_ident(nspname) || '.' || quote_ident(relname), attname) IS NOT NULL
           THEN 'counts' ELSE 'other' END END
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE attname = %s AND relname = %s AND pg_table_is_visible(pg_class.oid)
"""
_COUNTER = """
SELECT s.relname FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid AND pg_table_is_visible(t.oid)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND t.relname = %s AND a.attname = %s
"""
_DEPENDENTS = """
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', t.relname, c.conname),
    format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', t.relname, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid AND pg_table_is_visible(t.oid)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey)
WHERE c.contype = 'c' AND t.relname = %s AND a.attname = %s
UNION ALL
SELECT format('DROP INDEX %%I', i.relname),
    replace(pg_get_indexdef(i.oid), format(' ON %%I.', n.nspname), ' ON ')
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid AND pg_table_is_visible(t.oid) JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid
WHERE (x.indpred IS NOT NULL OR x.indexprs IS NOT NULL) AND t.relname = %s AND a.attname = %s
AND EXISTS (
    SELECT FROM pg_depend d WHERE d.objid = i.oid AND d.refobjid = t.oid AND d.refobjsubid = a.attnum
)
"""


class Postgres(ServerDatabase):
    """A PostgreSQL database, or where the URL says `?schema=`, one schema of it, and nothing beside it."""

    kind = "postgres"
    extra = "postgres"
    application_driver = async_driver = "postgresql+psycopg"
    port = 5432
    current_name = "current_database()"
    placeholder = "%s"
    insert_unless_there = "INSERT INTO {} ON CONFLICT DO NOTHING"
    transactional_ddl = True
    nulls_first = False
    now = "clock_timestamp()"  # now() is the start of the transaction
    create_ledger = f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
        id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        revision VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        direction VARCHAR(8) NOT NULL,
        applied_at TIMESTAMPTZ NOT NULL,
        seconds DOUBLE PRECISION NOT NULL,
        steps INTEGER NOT NULL,
        applied_by VARCHAR(255) NOT NULL,
        version VARCHAR(32) NOT NULL,
        fingerprint VARCHAR(64),
        catalogue BYTEA
    )"""

    # Life

    def create(self) -> None:
        """Create the database, and the schema in it."""
        from psycopg import errors

        if self._schema and self.sibling(self.url.database).exists():
            pass  # a role that may make a schema need not be one that may make databases
        else:
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                self._on_server("CREATE DATABASE {}")
        for name in (self._schema,) if self._schema else self.schemas:
            self._run_about(name, "CREATE SCHEMA IF NOT EXISTS {}", where=self.url.database)

    def drop(self) -> None:
        """Drop the database, or the one schema."""
        if not self._schema:
            mine = " WITH (FORCE)" if not self.traced else ""  # where a pooler keeps connections of its own to it
            self._on_server(f"DROP DATABASE IF EXISTS {{}}{mine}")
        elif self.exists():
            self._run_about(self._schema, "DROP SCHEMA {} CASCADE", where=self.url.database)

    @property
    def _schema(self) -> str | None:
        return self.url.query.get("schema")

    def sibling(self, name: str) -> ServerDatabase:
        """Return another database, whole."""
        query = {key: value for key, value in self.url.query.items() if key != "schema"}
        url = replace(self.url, database=name, query=query)
        return Postgres(url, schemas=self.schemas, version_table=self.version_table)

    def clear(self) -> None:
        """Drop and create the database, or drop the objects of the schemas that are meant."""
        if self._schema or self.schemas:
            self.drop_objects()
        else:
            super().clear()

    def may_create(self) -> bool:
        """Whether the role may create databases and owns this one."""
        with self.reading() as connection:
            found = rows(
                connection,
                "SELECT r.rolsuper OR (r.rolcreatedb AND pg_has_role(d.datdba, 'USAGE'))"
                " FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()",
            )
        return bool(found[0][0])

    @contextmanager
    def scratch(self) -> Iterator[Database]:
        """Lend a temporary database, or where the role may not create one, a temporary schema of this one.

        Raises AccessError when the role may create neither.
        """
        lend = super().scratch if self._role_may_create() else self._scratch_schema
        with lend() as lent:
            yield lent

    def _role_may_create(self) -> bool:
        try:
            connection = self._connect("postgres")
        except DatabaseMissingError:
            connection = self._connect("template1")
        with closing(connection), self.translated():
            sql = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            return bool(rows(connection, sql)[0][0])

    @contextmanager
    def _scratch_schema(self) -> Iterator[Database]:
        from psycopg import sql

        name = f"dbtool_scratch_{secrets.token_hex(6)}"
        connection = self._connect(self.url.database, autocommit=True)
        url = replace(self.url, query={**self.url.query, "schema": name})
        lent = Postgres(url, version_table=self.version_table)
        lent.traced = False
        with closing(connection):
            with self.translated():
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
            try:
                yield lent
            finally:
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))

    def drop_objects(self) -> None:
        """Drop all that the wanted schemas hold, in one transaction."""
        connection = self._open()
        with self.translated(), connection:
            schemas = list(self.schemas) or [row[0] for row in rows(connection, "SELECT current_schema()")]
            cursor = connection.execute(_MINE, {"schemas": schemas})
            for (statement,) in cursor.fetchall():
                execute(connection, statement)

    def other_sessions(self, connection: DriverConnection) -> list[tuple[Any, ...]]:
        """Read who else is connected to this database, and from where."""
        return rows(
            connection,
            "SELECT coalesce(nullif(application_name, ''), usename), coalesce(host(client_addr), 'local')"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

    # The bare driver

    def driver(self) -> Any:
        """Import psycopg 3."""
        return load_driver("psycopg", "PostgreSQL needs the driver psycopg", self.extra)

    @contextmanager
    def reading(self) -> Iterator[DriverConnection]:
        """Connect for reading only."""
        connection = self._open()
        try:
            with self.translated():
                connection.read_only = True
                yield connection
        finally:
            connection.close()

    def catalogue(self, connection: DriverConnection) -> Catalogue:
        """Read the catalogue of the configured schemas, by default of the search path."""
        with self.translated():
            cursor = connection.cursor()
            cursor.execute(_CATALOGUE, {"schemas": list(self.schemas), "own": list(self.own_tables)})
            found = cursor.fetchall()
        return Catalogue(tuple(sorted(f"{kind} {name}: {one_line(text)}" for kind, name, text in found)))

    def table_names(self, connection: DriverConnection) -> frozenset[str]:
        """Return the names of the tables on the search path."""
        with self.translated():
            sql = "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p')"
            return frozenset(name for (name,) in rows(connection, f"{sql} AND nspname = ANY (current_schemas(false))"))

    def table_texts(self, connection: DriverConnection) -> Mapping[str, str]:
        """Return each table's own part of the catalogue; the line of an index does not begin with its table's name."""
        texts = dict(super().table_texts(connection))
        with self.translated():
            owners = rows(
                connection,
                "SELECT i.relname, t.relname FROM pg_index JOIN pg_class i ON i.oid = indexrelid"
                " JOIN pg_class t ON t.oid = indrelid WHERE pg_table_is_visible(t.oid)",
            )
        for index, table in owners:
            text = texts.pop(index, "")
            if text and table in texts:
                texts[table] = "\n".join((texts[table], text))
        return texts

    def version(self, connection: DriverConnection) -> str:
        """Return the server's version."""
        return f"PostgreSQL {rows(connection, 'SHOW server_version')[0][0]}"

    def sizes(self, connection: DriverConnection) -> Mapping[str, int | None]:
        """Return each table's size with its indexes and TOAST."""
        sql = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind IN ('r', 'p', 'm')"
        return dict(rows(connection, f"{sql} AND relnamespace = current_schema()::regnamespace"))

    # The turn to migrate

    def lacks_locks(self, connection: DriverConnection) -> bool:
        """Know CockroachDB, whose advisory locks lock nothing, and YugabyteDB, which had none for long."""
        told = connection.info.parameter_status
        return bool(told("crdb_version")) or "-YB-" in (told("server_version") or "")

    def try_turn(self, connection: DriverConnection) -> bool:
        """Take an advisory lock for one transaction, which stays open: a pooler keeps its connection lent that long.

        The transaction must hold no snapshot, for which CREATE INDEX CONCURRENTLY would wait. A statement with
        parameters leaves a portal open that holds one, so the numbers stand in the text.
        """
        execute(connection, "SET LOCAL idle_in_transaction_session_timeout = 0")
        first, second = self._turn_numbers
        return bool(rows(connection, f"SELECT pg_try_advisory_xact_lock({first}, {second})")[0][0])

    def turn_holder(self, connection: DriverConnection) -> str:
        """Ask `pg_locks`; another role's session tells only its number."""
        first, second = (number % 2**32 for number in self._turn_numbers)
        found = rows(
            connection,
            "SELECT a.pid, a.usename, coalesce(host(a.client_addr), 'local') FROM pg_locks JOIN pg_stat_activity a"
            f" USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = {first}"
            f" AND objid = {second}",
        )
        return ", ".join(f"{user} from {host} (process {pid})" for pid, user, host in found) or "another process"

    def before_step(self, connection: DriverConnection) -> None:
        """Wait shortly for a lock, behind which all others would wait; the run is begun again."""
        seconds = min(self.patience, _LOCK_WAIT)
        execute(connection, f"SET LOCAL lock_timeout = {max(1, round(seconds * 1000))}")

    @property
    def _turn_numbers(self) -> tuple[int, int]:
        first, second = struct.unpack(">ii", self.turn_key[:8])
        return int(first), int(second)

    # SQLAlchemy

    def engine(self, purpose: Purpose, *, kept: int = 0) -> Engine:
        """Make an engine that connects the way the bare driver does."""
        from sqlalchemy import create_engine

        self.driver()
        from dbtool.database.dialects import COMPILED, NAME

        def connect() -> Any:
            connection = self._open()
            if purpose == "read":
                connection.read_only = True
            return connection

        shared: dict[str, Any] = {} if kept else {"execution_options": {"compiled_cache": COMPILED}}
        return create_engine(f"{NAME}://", creator=connect, **shared, **pooling(kept))

    def follow_sequences(self, connection: Connection, table: Table, column: Column[Any]) -> None:
        """Set the sequence behind a column, if there is one, to the largest value in it."""
        from sqlalchemy import func, select, text

        name = connection.dialect.identifier_preparer.format_table(table).replace("%%", "%")  # here it is a value
        sequence = connection.execute(text(_SEQUENCE), {"table": name, "column": column.name}).scalar()
        if sequence:
            largest = select(func.max(column)).scalar_subquery()
            setval = func.setval(text(":name").bindparams(name=sequence), largest)
            connection.execute(select(setval).where(largest > 0))  # the rows of labels have negative keys

    # Limits

    def set_limit(self, connection: Connection, seconds: float) -> Callable[[], None]:
        """Set `statement_timeout` until the end of the transaction."""
        milliseconds = max(1, round(seconds * 1000))
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        driver = connection.connection.driver_connection

        def undo() -> None:
            with suppress(Exception):  # the transaction is over, and the limit with it
                if driver is not None and driver.info.transaction_status.name == "INTRANS":
                    execute(driver, "SET LOCAL statement_timeout TO DEFAULT")

        return undo

    def canceller(self, connection: Connection) -> Callable[[], None]:
        """Ask the server over a connection of libpq's own."""
        driver: Any = connection.connection.driver_connection

        def cancel() -> None:
            with suppress(Exception):  # it has ended
                driver.cancel()

        return cancel

    # Rows

    def address(self, table: Table) -> str | None:
        """Return `ctid`, which changes with every update of its row."""
        return "ctid"

    def exact(self, column: Column[Any], name: str) -> str:
        """Read REAL in double precision: its text has fewer digits than its comparison."""
        from sqlalchemy import Double, Float

        single = isinstance(sql_type(column), Float) and not isinstance(sql_type(column), Double)
        return f"{name}::float8" if single else name

    def as_text(self, name: str) -> str:
        """Cast, since JSON is a type of its own."""
        return f"{name}::text"

    def refusal(self, error: BaseException) -> Refusal | None:
        """Read SQLSTATE and the fields beside it."""
        state = getattr(error, "sqlstate", None) or ""
        if not type(error).__module__.startswith("psycopg"):
            return None
        words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if state not in _RULES:
            data = state.startswith("22") or (not state and type(error).__name__ in ("DataError", "ProgrammingError"))
            return Refusal("value", words) if data else None
        told: Any = getattr(error, "diag", None)
        detail = _KEY_OF_DETAIL.search(told.message_detail or "")
        columns = (told.column_name,) if told.column_name else tuple(detail[1].split(", ")) if detail else ()
        return Refusal(_RULES[state], words, columns, told.constraint_name or "")

    def rounding(self, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
        """Give a REAL the digits of single precision."""
        from sqlalchemy import REAL

        return _single if isinstance(kind, REAL) else None

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Do nothing on a conflict."""
        from sqlalchemy.dialects.postgresql import insert

        return insert_counted(connection, insert(table), rows)

    # Migrations

    def rename_statement(self, kind: str, table: str, old: str, new: str) -> str | None:
        """Return ALTER; a unique key is a constraint."""
        match kind:
            case "index" | "sequence":
                return f"ALTER {kind.upper()} {old} RENAME TO {new}"
            case "constraint" | "unique":
                return f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
            case "column":
                return f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"
        return None

    def index_texts(self, connection: Connection) -> dict[tuple[str, str], str]:
        """Return the definition from USING on, with UNIQUE in front."""
        sql = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        found = rows(connection.connection.driver_connection, sql)
        return {
            (table, name): f"{'UNIQUE ' if text.startswith('CREATE UNIQUE') else ''}{text.partition(' USING ')[2]}"
            for table, name, text in found
        }

    def invalid_indexes(self, connection: DriverConnection) -> tuple[str, ...]:
        """Ask the catalogue; one that is being built at the moment is none."""
        sql = (
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
            " WHERE NOT indisvalid AND pg_table_is_visible(c.oid) AND relkind = 'i'"
            " AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index) ORDER BY 1"
        )
        return tuple(name for (name,) in rows(connection, sql))

    def drop_invalid(self, names: Sequence[str]) -> None:
        """Drop them concurrently; the names come quoted."""
        with closing(self._open(autocommit=True)) as connection, self.translated():
            for name in names:
                execute(connection, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def primary_key_statement(
        self, table: str, old: tuple[str, Sequence[str]], new: tuple[str, Sequence[str]]
    ) -> str | None:
        """Do both at once."""
        parts = [f"DROP CONSTRAINT {old[0]}"] if old[1] else []
        parts += [f"ADD CONSTRAINT {new[0]} PRIMARY KEY ({', '.join(new[1])})"] if new[1] else []
        return f"ALTER TABLE {table} {', '.join(parts)}"

    def counter_statement(self, connection: Connection, table: str, column: str, spelled: str) -> str | None:
        """Ask for the sequence that a column owns; one of an identity follows by itself."""
        found = rows(connection.connection.driver_connection, _COUNTER, (table, column))
        quote = connection.dialect.identifier_preparer.quote
        return f"ALTER SEQUENCE {quote(found[0][0])} AS {spelled}" if found else None

    def numbering(self, connection: Connection, table: str, column: str) -> Numbering | None:
        """Look for an identity, then for a sequence that the column owns, then for any default."""
        found = rows(connection.connection.driver_connection, _NUMBERING, (column, table))
        return found[0][0] if found else None

    def numbering_statements(
        self,
        connection: Connection,
        names: tuple[str, str, str, str],
        spelled: tuple[str, str | None],
        old: Numbering,
        new: Numbering,
    ) -> Iterator[str]:
        """Drop what counts, and make what will; an identity only changes who may give a number."""
        table, column, quoted, quoted_column = names
        alter = f"ALTER TABLE {quoted} ALTER COLUMN {quoted_column}"
        identity = ("by default", "always")
        owned = rows(connection.connection.driver_connection, _COUNTER, (table, column))
        sequence = _quoted(owned[0][0] if owned and old == "counts" else sequence_name(table, column))
        if old in identity and new in identity:
            yield f"{alter} SET GENERATED {new.upper()}"
            return
        if old == "counts":
            yield f"{alter} DROP DEFAULT"
            yield f"DROP SEQUENCE {sequence}"
        elif old in identity:
            yield f"{alter} DROP IDENTITY"
        if new == "counts":
            yield f"CREATE SEQUENCE {sequence} AS {spelled[0]} OWNED BY {quoted}.{quoted_column}"
            yield f"{alter} SET DEFAULT nextval({_literal(sequence)}::regclass)"
        elif new in identity:
            yield f"{alter} ADD GENERATED {new.upper()} AS IDENTITY"
        if new != "none":
            counter = f"pg_get_serial_sequence({_literal(quoted)}, {_literal(column)})"
            yield f"SELECT setval({counter}, greatest(max({quoted_column}), 0) + 1, false) FROM {quoted}"

    def enum_dependents(self, connection: Connection, table: str, column: str) -> list[tuple[str, str]]:
        """Name checks, and indexes with conditions or expressions: they compare with members of the type."""
        found = rows(connection.connection.driver_connection, _DEPENDENTS, (table, column) * 2)
        return [(drop, create) for drop, create in found]

    def enum_statements(self, dialect: Dialect, change: Mapping[str, Any]) -> list[tuple[str, bool]]:
        """Rename or add values; what neither says takes a new type in the old one's place."""
        quote = dialect.identifier_preparer.quote
        name, after = quote(change["name"]), list(change["after"])
        if change["only_renames"]:
            renames = change["moved"].items()
            return [
                (f"ALTER TYPE {name} RENAME VALUE {_literal(old)} TO {_literal(new)}", False) for old, new in renames
            ]
        if change["only_adds"]:
            added = [each for each in after if each not in change["before"]]
            return [
                (f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {_placed(each, after, change['before'])}", True)
                for each in added
            ]
        before = quote(f"{change['name']}_before")
        statements = [
            f"ALTER TYPE {name} RENAME TO {before}",
            f"CREATE TYPE {name} AS ENUM ({', '.join(map(_literal, after))})",
            *(drop for drop, _ in change["around"]),
        ]
        for (table, column, schema, _, default, new_default), _ in change["uses"]:
            where = f"{quote(schema)}." if schema else ""
            alter = f"ALTER TABLE {where}{quote(table)} ALTER COLUMN {quote(column)}"
            using = f"({_moved(quote(column), change['moved'])})::{name}"
            statements += [f"{alter} DROP DEFAULT"] if default else []
            statements.append(f"{alter} TYPE {name} USING {using}")
            statements += [f"{alter} SET DEFAULT {new_default}"] if new_default else []
        statements += [create for _, create in change["around"]]
        return [(each, False) for each in (*statements, f"DROP TYPE {before}")]

    def conversion(self, name: str, old: TypeEngine[Any], new: TypeEngine[Any], spelled: str) -> Conversion:
        """Return USING, which PostgreSQL wants wherever a value would not go by itself."""
        before, after = family(old), family(new)
        if before == after and before != "enum":
            return Conversion(using=_between_zones(name, old, new))
        if after == "truth" and before in ("integer", "number"):
            return Conversion(using=f"{name} <> 0")
        if before == "truth" and after in ("integer", "number"):
            return Conversion(using=f"{name}::integer::{spelled}")
        if (before, after) == ("time", "moment"):
            return Conversion(using=f"DATE '1970-01-01' + {name}")
        if after == "bytes" and before == "text":
            return Conversion(using=f"convert_to({name}, 'UTF8')")
        if before == "bytes" and after == "text":
            return Conversion(using=f"convert_from({name}, 'UTF8')")
        through = "::text" if before in ("enum", "json") or after in ("enum", "json") else ""
        return Conversion(using=f"{name}{through}::{spelled}")

    def count_misfits(self, connection: Connection, column: Column[Any], new: TypeEngine[Any]) -> int:
        """Try each value in a function of this session, and compare it with what comes back."""
        from sqlalchemy import text

        prepare = connection.dialect.identifier_preparer
        old, spelled = (kind.compile(dialect=connection.dialect) for kind in (column.type, new))
        using = self.conversion("value", column.type, new, spelled).using or f"value::{spelled}"
        comes_back = "true" if family(column.type) in ("text", "truth", "json") else f"({using})::{old} = value"
        where = [f"NOT pg_temp.dbtool_survives({prepare.format_column(column)})"]
        name = prepare.format_column(column)
        members = closed_set(new)
        if members is not None:
            listed = ", ".join(map(_literal, members))
            sql = f"SELECT count(*) FROM {prepare.format_table(column.table)} WHERE {name}::text NOT IN ({listed})"
            return int(connection.execute(text(sql.replace(":", "\\:"))).scalar_one())
        where += generally_lost(name, column.type, new, length=f"length({name}::text)", exact=f"{name}::numeric")
        connection.execute(text(_SURVIVES.format(old=old, using=using, comes_back=comes_back).replace(":", "\\:")))
        sql = f"SELECT count(*) FROM {prepare.format_table(column.table)} WHERE {' OR '.join(where)}"
        return int(connection.execute(text(sql.replace(":", "\\:"))).scalar_one())

    # Copies

    def backup(self, target: Path) -> Path:
        """Run pg_dump in its custom format."""
        return self.dump(target)

    def dump(self, target: Path, *options: str) -> Path:
        """Run pg_dump with further options of its own."""
        program = find_program(("pg_dump",), "postgresql-client")
        target = target.with_suffix(".dump")
        unfinished = target.with_name(f"{target.name}.part")
        schemas = (name.replace('"', '""') for name in self._wanted_schemas)  # a pattern, unless it is quoted
        command = [program, "--format=custom", f"--file={unfinished}", *(f'--schema="{name}"' for name in schemas)]
        self.run_program([*command, *options, *self._program_arguments()], self._program_environment())
        unfinished.replace(target)
        return target

    def backup_fault(self, source: Path) -> str:
        """Look for the mark of pg_dump's custom format."""
        with source.open("rb") as file:
            return "" if file.read(5) == b"PGDMP" else "is no backup that `pg_dump --format=custom` wrote"

    def restore(self, source: Path) -> None:
        """Clear the database, and run pg_restore in one transaction."""
        program = find_program(("pg_restore",), "postgresql-client")
        self.empty()
        command = [program, "--exit-on-error", "--single-transaction", "--clean", "--if-exists"]
        command += [f"--schema={name}" for name in self._wanted_schemas]
        self.run_program([*command, *self._program_arguments(), str(source)], self._program_environment())

    @property
    def _wanted_schemas(self) -> tuple[str, ...]:
        return (self._schema,) if self._schema else self.schemas

    def _program_arguments(self) -> list[str]:
        name = self.url.database.replace("\\", "\\\\").replace("'", "\\'")
        return [f"--dbname=dbname='{name}'"]  # a name alone would be read as more than a name where it holds `=`

    def _program_environment(self) -> dict[str, str]:
        """Say the address the way libpq reads it (https://www.postgresql.org/docs/current/libpq-envars.html)."""
        wanted = {
            "PGHOST": self.url.host or self.url.query.get("host"),
            "PGPORT": str(self.url.port) if self.url.port else self.url.query.get("port"),
            "PGUSER": self.url.user,
            "PGPASSWORD": self.url.password,
            "PGSSLMODE": self.url.query.get("sslmode"),
            "PGSSLROOTCERT": self.url.query.get("sslrootcert"),
        }
        return {name: value for name, value in wanted.items() if value is not None}

    # Connecting

    def _open(self, *, autocommit: bool = False) -> Any:
        connection = self._connect(self.url.database, autocommit=autocommit)
        with self.translated():
            if self._schema and not rows(connection, "SELECT FROM pg_namespace WHERE nspname = %s", (self._schema,)):
                connection.close()
                raise DatabaseMissingError(f"there is no schema {self._schema} in {self.name}", hint="dbtool migrate")
            connection.rollback()
        return connection

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the URL for libpq, the schema as an option."""
        found = {"connect_timeout": "15", **self.url.query}  # libpq itself would wait for ever
        schema = found.pop("schema", None)
        if schema:
            quoted = '"' + schema.replace('"', '""') + '"'
            escaped = quoted.replace("\\", "\\\\").replace(" ", "\\ ")
            found["options"] = f"{found.get('options', '')} -csearch_path={escaped}".strip()
        return found

    def _connect(self, database: str, *, autocommit: bool = False) -> Any:
        psycopg = self.driver()
        parts = {
            "host": self.url.host,
            "port": self.url.port,
            "user": self.url.user,
            "password": self.url.password,
            "dbname": database,
            "application_name": "dbtool",
            **self.parameters,
        }
        with self.translated():
            try:
                return psycopg.connect(
                    autocommit=autocommit,
                    # A prepared statement leaves a portal open that holds a snapshot, for which CREATE INDEX
                    # CONCURRENTLY would wait; and a transaction pooler lends the next transaction another session.
                    prepare_threshold=None,
                    **{key: value for key, value in parts.items() if value},
                )
            except psycopg.ProgrammingError as error:
                raise ConnectError(f"{self.name}: {error}".strip(), hint="correct the URL's parameters") from error

    def _on_server(self, statement: str) -> None:
        """Run a statement about this database from another one of the server."""
        try:
            self._run_about(self.url.database, statement, where="postgres")
        except DatabaseMissingError:
            self._run_about(self.url.database, statement, where="template1")

    def _run_about(self, name: str, statement: str, *, where: str) -> None:
        from psycopg import sql

        with closing(self._connect(where, autocommit=True)) as connection, self.translated():
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    # Errors

    def translate(self, error: BaseException) -> DbtoolError | None:
        """Read SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
        if not type(error).__module__.startswith("psycopg"):
            return None
        state = getattr(error, "sqlstate", None)
        words = str(error).strip()
        if state == "3D000" or (state is None and f'database "{self.url.database}" does not exist' in words):
            return DatabaseMissingError(f"there is no database {self.name}", hint="dbtool migrate")
        if state in ("28P01", "28000") or (state is None and _REFUSED.search(words)):
            return AccessError(
                f"{self.name} refuses this user or password", hint="correct the user and password in the URL"
            )
        if state == "42501" or (state is None and "permission denied for database" in words):
            said = words.rpartition("FATAL: ")[2].splitlines()[0].strip()
            return AccessError(f"{self.name}: {said}", hint="GRANT the right named above to this role")
        if state == "25006":
            return ReadOnlyError(
                f"{self.name} is read-only: {words.splitlines()[0]}", hint="use the primary server's URL"
            )
        if state == "57014":
            return StoppedError("the statement was stopped", hint="run it again")
        if state in ("55P03", "55006", "40001", "40P01"):
            return LockedError(f"{self.name} is in use: {words.splitlines()[0]}", hint="wait until it has finished")
        if state == "53200" and "max_locks_per_transaction" in str(getattr(error.diag, "message_hint", "")):  # type: ignore[attr-defined]
            return ConnectError(
                f"{self.name} has no room for the locks of one transaction",
                hint="dbtool deploy --transaction migration",
            )
        if state in ("53100", "53200", "53300", "53400"):
            return DiskFullError(
                f"{self.name} has run out of room: {words.splitlines()[0]}", hint="make room on the server"
            )
        return self._lost_or_refused(error, state, words)

    def _lost_or_refused(self, error: BaseException, state: str | None, words: str) -> DbtoolError | None:
        """Read what stands between this process and the server."""
        if state is None and "unsupported startup parameter" in words:
            return ConnectError(
                f"{self.name} is a pooler, which takes no schema or options",
                hint="DIRECT_URL=<URL of the server itself>",
            )
        if state is None and type(error).__name__ in ("OperationalError", "ConnectionTimeout"):
            said = words.splitlines()[0].removeprefix("connection failed: ") if words else "the connection was lost"
            return ConnectError(f"{self.name} does not answer: {said}", hint="start the server, or correct the URL")
        if state and state.startswith(("08", "57P")):
            return ConnectError(
                f"{self.name} went away: {words.splitlines()[0]}", hint="check the server, then try again"
            )
        return None


def _between_zones(name: str, old: TypeEngine[Any], new: TypeEngine[Any]) -> str:
    """Say that a time without a zone is UTC: PostgreSQL would take the session's zone."""
    zones = [bool(getattr(getattr(each, "impl_instance", each), "timezone", False)) for each in (old, new)]
    return f"{name} AT TIME ZONE 'UTC'" if family(old) == "moment" and zones[0] != zones[1] else ""


def _single(value: float) -> float:
    """Return what single precision leaves of a number, in the fewest digits that tell it from its neighbours."""
    try:
        packed = struct.pack("f", value)
    except OverflowError:
        return value
    for digits in range(6, 10):
        found = float(f"{struct.unpack('f', packed)[0]:.{digits}g}")
        if struct.pack("f", found) == packed:
            return found
    return value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _placed(member: str, after: Sequence[str], before: Sequence[str]) -> str:
    """Say where a new member stands: after the one in front of it, which is there by then, or before the first old."""
    place = list(after).index(member)
    if place:
        return f"{_literal(member)} AFTER {_literal(after[place - 1])}"
    return f"{_literal(member)} BEFORE {_literal(before[0])}"


def _moved(column: str, moved: Mapping[str, str]) -> str:
    """Return a member as text, or what became of it."""
    if not moved:
        return f"{column}::text"
    cases = " ".join(f"WHEN {_literal(old)} THEN {_literal(new)}" for old, new in moved.items())
    return f"CASE {column}::text {cases} ELSE {column}::text END"
