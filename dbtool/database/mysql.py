"""MariaDB and MySQL through PyMySQL: a schema is a database, and every DDL statement commits."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.database.base import (
    LEDGER,
    Catalogue,
    DriverConnection,
    Numbering,
    Purpose,
    Refusal,
    Rule,
    execute,
    find_program,
    load_driver,
    one_line,
    rows,
)
from dbtool.database.conversions import Conversion, closed_set, family, generally_lost, is_safe, whole_range
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
    TimeLimitError,
)
from dbtool.tables import sql_type

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Engine, Table
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

_CATALOGUE = (
    ("table", "SELECT table_name, concat_ws(' ', table_type, engine, table_collation, nullif(table_comment, 'VIEW'))"
              " FROM information_schema.tables WHERE table_schema = database()"),
    ("column", "SELECT concat(table_name, '.', column_name), concat_ws(' ', column_type, collation_name,"
               " if(is_nullable = 'NO', 'NOT NULL', NULL), concat('DEFAULT ', column_default), nullif(extra, ''),"
               " nullif(column_comment, ''), generation_expression)"
               " FROM information_schema.columns WHERE table_schema = database()"),
    ("index", "SELECT concat(table_name, '.', index_name), concat(min(non_unique), ' ', group_concat("
              "concat_ws(' ', column_name, sub_part, collation) ORDER BY seq_in_index))"
              " FROM information_schema.statistics WHERE table_schema = database() GROUP BY table_name, index_name"),
    ("foreign key", "SELECT concat(k.table_name, '.', k.constraint_name), concat(group_concat(k.column_name"
                    " ORDER BY k.ordinal_position), ' -> ', min(k.referenced_table_name), '.',"
                    " group_concat(k.referenced_column_name ORDER BY k.ordinal_position), ' ',"
                    " min(r.delete_rule), ' ', min(r.update_rule))"
                    " FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r"
                    " ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name"
                    " AND r.table_name = k.table_name"
                    " WHERE k.table_schema = database() AND k.referenced_table_name IS NOT NULL"
                    " GROUP BY k.table_name, k.constraint_name"),
    ("view", "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = database()"),
    ("trigger", "SELECT concat(event_object_table, '.', trigger_name), concat_ws(' ', action_timing,"
                " event_manipulation, action_statement)"
                " FROM information_schema.triggers WHERE trigger_schema = database()"),
    ("routine", "SELECT routine_name, routine_definition FROM information_schema.routines"
                " WHERE routine_schema = database()"),
)  # fmt: skip
_CHECKS = (
    "SELECT concat(table_name, '.', constraint_name), check_clause FROM information_schema.check_constraints"
    " WHERE constraint_schema = database()"
)

_RULES: Mapping[int, Rule] = {
    **dict.fromkeys((1048, 1364, 1263), "null"),
    **dict.fromkeys((1062, 1586), "unique"),
    **dict.fromkeys((1216, 1217, 1451, 1452), "reference"),
    **dict.fromkeys((4025, 3819), "check"),
    **dict.fromkeys((1264, 1265, 1292, 1366, 1406, 1411, 1416, 1690, 3140), "value"),
    1644: "other",  # a trigger's SIGNAL
}
_DONE_ALREADY = frozenset((1050, 1051, 1054, 1060, 1061, 1068, 1091, 1146, 1359, 1360, 1826, 4092))
_COLUMN = re.compile(r"(?:[Cc]olumn|Field) [`']?(?:`?\w+`?\.)*[`']?([^`']+)[`']")
_KEY = re.compile(r"(?:for key|CONSTRAINT|constraint) [`']([^`']+)[`']")
_KEY_COLUMNS = re.compile(r"FOREIGN KEY \((.+?)\) REFERENCES")
_FORMS = {  # what a text must look like to become a value of another kind
    "integer": "^ *[-+]?[0-9]+ *$",
    "number": "^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$",
    "truth": "^ *([01]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]) *$",
    "uuid": "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$",
    "time": "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$",
}
_PREFIX = 255  # letters of a TEXT that are ordered: sorting sees 1,024 bytes of it (max_sort_length)


class Mysql(ServerDatabase):
    """A MariaDB or MySQL database."""

    kind = "mysql"
    extra = "mysql"
    application_driver = "mysql+pymysql"
    async_driver = "mysql+aiomysql"
    port = 3306
    current_name = "database()"
    placeholder = "%s"
    insert_unless_there = "INSERT IGNORE INTO {}"
    transactional_ddl = False
    nulls_first = True
    keys_hold_types = True
    leaves_type_checks = True
    unreadable = "`"
    characters = "char_length"
    now = "UTC_TIMESTAMP(6)"
    create_ledger = f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
        id BIGINT AUTO_INCREMENT PRIMARY KEY,
        revision VARCHAR(255) NOT NULL,
        name VARCHAR(255) NOT NULL,
        checksum VARCHAR(64) NOT NULL,
        direction VARCHAR(8) NOT NULL,
        applied_at DATETIME(6) NOT NULL,
        seconds DOUBLE NOT NULL,
        steps INTEGER NOT NULL,
        applied_by VARCHAR(255) NOT NULL,
        version VARCHAR(32) NOT NULL,
        fingerprint VARCHAR(64),
        catalogue LONGBLOB
    )"""

    # Life

    def create(self) -> None:
        """Create the database, in UTF-8."""
        self._on_server(f"CREATE DATABASE IF NOT EXISTS {_quoted(self.url.database)} CHARACTER SET utf8mb4")

    def drop(self) -> None:
        """Drop the database."""
        self._on_server(f"DROP DATABASE IF EXISTS {_quoted(self.url.database)}")

    def may_create(self) -> bool:
        """Whether a grant on everything, or on this database, says so."""
        with self.reading() as connection:
            grants = [row[0] for row in rows(connection, "SHOW GRANTS")]
        words = ("ALL PRIVILEGES ON *.*", "CREATE,", "CREATE ON", f"ALL PRIVILEGES ON `{self.url.database}`.*")
        return any(word in grant for grant in grants for word in words)

    def drop_objects(self) -> None:
        """Drop all that the database holds."""
        connection = self._open()
        kinds = (
            ("VIEW", "views", "table_name"),
            ("TABLE", "tables", "table_name"),
            ("ROUTINE", "routines", "routine_name"),
        )
        with self.translated():
            try:
                execute(connection, "SET foreign_key_checks = 0")
                for kind, source, column in kinds:
                    schema = "routine_schema" if source == "routines" else "table_schema"
                    word = "routine_type" if kind == "ROUTINE" else f"'{kind}'"
                    sql = f"SELECT {word}, {column} FROM information_schema.{source} WHERE {schema} = database()"
                    for what, name in rows(connection, sql):
                        execute(connection, f"DROP {what} IF EXISTS {_quoted(name)}")
            finally:
                connection.close()

    def other_sessions(self, connection: DriverConnection) -> list[tuple[Any, ...]]:
        """Read who else is connected to this database, and from where, as far as this role may see them."""
        return rows(
            connection,
            "SELECT user, substring_index(host, ':', 1) FROM information_schema.processlist"
            " WHERE db = database() AND id <> connection_id() AND command <> 'Killed'",
        )

    # The bare driver

    def driver(self) -> Any:
        """Import PyMySQL."""
        return load_driver("pymysql", "MariaDB needs the driver PyMySQL", self.extra)

    @contextmanager
    def reading(self) -> Iterator[DriverConnection]:
        """Connect for reading only; a table that is made meanwhile could not be read in a transaction (1412)."""
        connection = self._open(autocommit=True)
        try:
            with self.translated():
                execute(connection, "SET SESSION TRANSACTION READ ONLY")
                yield connection
        finally:
            connection.close()

    def catalogue(self, connection: DriverConnection) -> Catalogue:
        """Read what `information_schema` knows of this database."""
        with self.translated():
            queries = [*_CATALOGUE, ("check", _CHECKS)] if _is_mariadb(connection) else list(_CATALOGUE)
            found = [(kind, *row) for kind, sql in queries for row in rows(connection, sql)]
        here = f"`{self.url.database}`."  # views spell out the database, whose name is no part of the schema
        lines = (
            f"{kind} {name}: {one_line((text or '').replace(here, ''))}"
            for kind, name, text in found
            if name.partition(".")[0] not in self.own_tables
        )
        return Catalogue(tuple(sorted(lines)))

    def table_names(self, connection: DriverConnection) -> frozenset[str]:
        """Return the names of all tables."""
        with self.translated():
            sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
            return frozenset(name for (name,) in rows(connection, f"{sql} AND table_type = 'BASE TABLE'"))

    def version(self, connection: DriverConnection) -> str:
        """Return the server's version."""
        text = rows(connection, "SELECT version()")[0][0]
        return f"MariaDB {text.partition('-')[0]}" if "mariadb" in text.lower() else f"MySQL {text}"

    def sizes(self, connection: DriverConnection) -> Mapping[str, int | None]:
        """Return each table's size with its indexes, as InnoDB last counted it."""
        sql = "SELECT table_name, data_length + index_length FROM information_schema.tables"
        found = rows(connection, f"{sql} WHERE table_schema = database() AND table_type = 'BASE TABLE'")
        return {name: int(size) if size is not None else None for name, size in found}

    # The turn to migrate

    def lacks_locks(self, connection: DriverConnection) -> bool:
        """Know a Galera cluster, where each node has locks of its own."""
        return ("wsrep_on", "ON") in rows(connection, "SHOW VARIABLES LIKE 'wsrep_on'")

    def try_turn(self, connection: DriverConnection) -> bool:
        """Take a lock by name, which the server knows apart from any transaction."""
        return bool(rows(connection, "SELECT GET_LOCK(%s, 0)", (self._turn_name,))[0][0])

    def turn_holder(self, connection: DriverConnection) -> str:
        """Ask for the connection that has the lock; another user's tells only its number."""
        number = rows(connection, "SELECT IS_USED_LOCK(%s)", (self._turn_name,))[0][0]
        found = rows(connection, "SELECT user, host FROM information_schema.processlist WHERE id = %s", (number,))
        return next((f"{user} from {host} (connection {number})" for user, host in found), f"connection {number}")

    def is_done_already(self, error: Exception) -> bool:
        """Read the number: what should be made is there, or what should go is not."""
        return bool(error.args) and error.args[0] in _DONE_ALREADY

    def before_step(self, connection: DriverConnection) -> None:
        """Wait for a table as long as was said; the server's own limit is a day."""
        execute(connection, f"SET SESSION lock_wait_timeout = {max(1, round(self.patience))}")

    @property
    def _turn_name(self) -> str:
        return f"dbtool.{self.turn_key.hex()[:40]}"

    # SQLAlchemy

    def engine(self, purpose: Purpose, *, kept: int = 0) -> Engine:
        """Make an engine that connects the way the bare driver does."""
        from sqlalchemy import create_engine

        self.driver()

        def connect() -> Any:
            connection = self._open()
            if purpose == "read":
                execute(connection, "SET SESSION TRANSACTION READ ONLY")
            return connection

        return create_engine(f"{self.application_driver}://", creator=connect, **pooling(kept))

    # Applications

    def prepare(self, engine: Engine) -> None:
        """Mend aiomysql."""
        from sqlalchemy import event

        if engine.dialect.driver == "aiomysql":
            event.listen(engine, "connect", _write_bytes_in_hexadecimal)

    # Limits

    def set_limit(self, connection: Connection, seconds: float) -> Callable[[], None]:
        """Set MariaDB's `max_statement_time`, or MySQL's `max_execution_time`, which is for reading alone."""
        driver: Any = connection.connection.driver_connection
        if _is_mariadb(driver):
            name, limit = "max_statement_time", f"{seconds:f}"
        else:
            name, limit = "max_execution_time", str(max(1, round(seconds * 1000)))
        execute(driver, f"SET SESSION {name} = {limit}")

        def undo() -> None:
            with suppress(Exception):  # the connection is gone
                execute(driver, f"SET SESSION {name} = DEFAULT")

        return undo

    def canceller(self, connection: Connection) -> Callable[[], None]:
        """Run KILL QUERY over a connection of its own."""
        driver: Any = connection.connection.driver_connection
        number = int(driver.thread_id())

        def cancel() -> None:
            with suppress(Exception), closing(self._open(autocommit=True)) as other:  # it has ended
                execute(other, f"KILL QUERY {number}")

        return cancel

    # Rows

    def exact(self, column: Column[Any], name: str) -> str:
        """Read FLOAT in double precision: its text has fewer digits than its comparison."""
        from sqlalchemy import Double, Float

        single = isinstance(sql_type(column), Float) and not isinstance(sql_type(column), Double)
        return f"({name} + 0e0)" if single else name

    def sorted_by(self, column: Column[Any], name: str) -> str:
        """Take the number of an ENUM, which orders by it and compares as text; of long texts take the beginning."""
        from sqlalchemy import Enum, String
        from sqlalchemy.dialects.mysql import SET
        from sqlalchemy.types import _Binary

        kind = sql_type(column)
        if isinstance(kind, SET) or (isinstance(kind, Enum) and kind.native_enum):
            return f"({name} + 0)"
        long = isinstance(kind, String | _Binary) and not 0 < (getattr(kind, "length", None) or 0) <= _PREFIX
        return f"LEFT({name}, {_PREFIX})" if long else name

    def told_apart(self, name: str) -> str:
        """Compare bytes: the usual collations know neither case nor accents."""
        return f"BINARY {name}"

    def sorted_value(self, column: Column[Any], value: Any) -> Any:
        """Return the number of a member of an ENUM, and the beginning of a long text."""
        from sqlalchemy import Enum

        kind = sql_type(column)
        if isinstance(kind, Enum) and kind.native_enum and value in kind.enums:
            return list(kind.enums).index(value) + 1
        return value[:_PREFIX] if isinstance(value, str | bytes) else value

    def refusal(self, error: BaseException) -> Refusal | None:
        """Read MariaDB's error numbers and the names in its words."""
        if not type(error).__module__.startswith("pymysql") or not error.args or error.args[0] not in _RULES:
            return None
        words = str(error.args[-1])
        column, key, columns = _COLUMN.search(words), _KEY.search(words), _KEY_COLUMNS.search(words)
        named = tuple(name.strip(" `") for name in columns[1].split(",")) if columns else ()
        if column and not named:
            named = (column[1],)
        return Refusal(_RULES[error.args[0]], words, named, key[1].rpartition(".")[2] if key else "")

    def rounding(self, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
        """Cut fractions of a second, and give a FLOAT six digits, unless the type says otherwise."""
        from sqlalchemy import DateTime, Double, Float, Interval, Time

        if isinstance(kind, DateTime | Time):
            step = 10 ** (6 - (getattr(kind, "fsp", None) or 0))
            return lambda value: value.replace(microsecond=value.microsecond // step * step)
        if isinstance(kind, Interval):
            return lambda value: timedelta(days=value.days, seconds=value.seconds)
        if isinstance(kind, Float) and not isinstance(kind, Double) and (kind.precision or 0) <= 24:
            return _single
        return None

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Leave a duplicate as it is, and count it in a variable.

        IGNORE would also swallow wrong values and missing parents, and the number of rows affected is the same for a
        new row as for one that was there (CLIENT_FOUND_ROWS).
        """
        from sqlalchemy import text
        from sqlalchemy.dialects.mysql import insert

        column = next(iter((*table.primary_key.columns, *table.columns)))
        name = connection.dialect.identifier_preparer.format_column(column)
        kept = text(f"IF((@dbtool_skipped := @dbtool_skipped + 1) > 0, {name}, {name})")
        connection.exec_driver_sql("SET @dbtool_skipped = 0")
        connection.execute(insert(table).on_duplicate_key_update({column.key: kept}), rows)
        skipped = connection.exec_driver_sql("SELECT @dbtool_skipped").scalar() or 0
        return len(rows) - int(skipped)

    # Migrations

    def rename_statement(self, kind: str, table: str, old: str, new: str) -> str | None:
        """Return ALTER TABLE; a unique key is an index, and other constraints keep their names."""
        match kind:
            case "index" | "unique":
                return f"ALTER TABLE {table} RENAME INDEX {old} TO {new}"
            case "column":
                return f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"
        return None

    def index_texts(self, connection: Connection) -> dict[tuple[str, str], str]:
        """Return columns with length and order; a temporary table's are not among them."""
        sql = (
            "SELECT table_name, index_name, non_unique, column_name, sub_part, collation"
            " FROM information_schema.statistics WHERE table_schema = database()"
            " ORDER BY table_name, index_name, seq_in_index"
        )
        found = rows(connection.connection.driver_connection, sql)
        grouped = groupby(found, key=lambda each: (str(each[0]), str(each[1])))
        return {key: _index_text([each[2:] for each in parts]) for key, parts in grouped}

    def indexes_of(self, connection: Connection, table: str) -> dict[str, str]:
        """Ask for the indexes of one table, which may be temporary."""
        found = rows(connection.connection.driver_connection, f"SHOW INDEX FROM {_quoted(table)}")
        grouped = groupby(found, key=lambda each: str(each[2]))
        return {name: _index_text([(each[1], each[4], each[7], each[5]) for each in parts]) for name, parts in grouped}

    def index_statement(self, connection: Connection, table: str, name: str) -> str | None:
        """Return CREATE INDEX where a column falls: SQLAlchemy reads lengths, but not the order."""
        text = self.indexes_of(connection, table).get(name, "")
        if " DESC" not in text:
            return None
        unique, _, columns = text.partition("(`")
        return f"CREATE {unique}INDEX {_quoted(name)} ON {_quoted(table)} (`{columns}"

    def enum_statements(self, dialect: Dialect, change: Mapping[str, Any]) -> list[tuple[str, bool]]:
        """Change the column; where members move, allow both for as long as it takes to move them."""
        quote = dialect.identifier_preparer.quote
        (((table, column, _, nullable, default, new_default), (collation, comment)),) = change["uses"]
        moved = change["moved"]

        def modify(members: Sequence[str], filled: str) -> str:
            folded = {each.casefold() for each in members}
            listed = f"ENUM ({', '.join(map(_literal, members))})"
            parts = [
                listed if len(folded) == len(members) else f"VARCHAR({max(map(len, members))})",
                f"COLLATE {quote(collation)}" if collation else "",
                "NULL" if nullable else "NOT NULL",
                f"DEFAULT {filled}" if filled else "",
                f"COMMENT {_literal(comment)}" if comment else "",
            ]
            return f"ALTER TABLE {quote(table)} MODIFY {quote(column)} {' '.join(filter(None, parts))}"

        if not moved:
            return [(modify(change["after"], new_default), False)]
        both = [*change["before"], *(each for each in change["after"] if each not in change["before"])]
        update = f"UPDATE {quote(table)} SET {quote(column)} ="
        moves = [f"{update} {_literal(new)} WHERE {quote(column)} = {_literal(old)}" for old, new in moved.items()]
        return [(each, False) for each in (modify(both, default), *moves, modify(change["after"], new_default))]

    def primary_key_statement(
        self, table: str, old: tuple[str, Sequence[str]], new: tuple[str, Sequence[str]]
    ) -> str | None:
        """Do both at once: a column that counts must be a key all the time."""
        parts = ["DROP PRIMARY KEY"] if old[1] else []
        parts += [f"ADD PRIMARY KEY ({', '.join(new[1])})"] if new[1] else []
        return f"ALTER TABLE {table} {', '.join(parts)}"

    def drop_key_statement(self, table: str, name: str) -> str | None:
        """Drop the index, too, that MariaDB makes for a foreign key where there is none and then keeps."""
        return f"ALTER TABLE {table} DROP FOREIGN KEY {name}, DROP INDEX IF EXISTS {name}"

    def count_misfits(self, connection: Connection, column: Column[Any], new: TypeEngine[Any]) -> int:
        """Ask for each value what its form is: MariaDB's own CAST answers everything."""
        from sqlalchemy import text

        prepare = connection.dialect.identifier_preparer
        name = prepare.format_column(column)
        where = generally_lost(name, column.type, new, length=f"char_length({name})", exact=name)
        before, after = family(column.type), family(new)
        members = closed_set(new)
        if members is not None:
            where = [f"{name} NOT IN ({', '.join(map(_literal, members))})"]
        if before in ("text", "enum") and after in _FORMS:
            where.append(f"{name} NOT REGEXP '{_FORMS[after]}'")
        if before == "text" and after == "integer":
            low, high = whole_range(new)
            where.append(f"CAST({name} AS DECIMAL(65, 0)) NOT BETWEEN {low} AND {high}")
        if before == "text" and after in ("date", "moment"):
            where.append(f"CAST({name} AS DATETIME) IS NULL")
        if after == "json" and before == "text":
            where.append(f"NOT JSON_VALID({name})")
        if before == "moment" and after == "date":
            where.append(f"TIME({name}) <> '00:00:00'")
        if not where and before != after and not is_safe(column.type, new):
            where.append("1 = 1")  # nothing is known of these two
        if not where:
            return 0
        condition = f"{name} IS NOT NULL AND ({' OR '.join(where)})"
        sql = f"SELECT count(*) FROM {prepare.format_table(column.table)} WHERE {condition}"
        return int(connection.execute(text(sql.replace(":", "\\:"))).scalar_one())

    def numbering(self, connection: Connection, table: str, column: str) -> Numbering | None:
        """Ask whether the column is AUTO_INCREMENT."""
        sql = (
            "SELECT extra LIKE '%%auto_increment%%' FROM information_schema.columns"
            " WHERE table_schema = database() AND table_name = %s AND column_name = %s"
        )
        found = rows(connection.connection.driver_connection, sql, (table, column))
        return None if not found else "counts" if found[0][0] else "none"

    def numbering_statements(
        self,
        connection: Connection,
        names: tuple[str, str, str, str],
        spelled: tuple[str, str | None],
        old: Numbering,
        new: Numbering,
    ) -> Iterator[str]:
        """Say the column anew; a row that has 0 keeps it, where MariaDB would give it the next number."""
        *_, table, column = names
        kind, comment = spelled
        told = f" COMMENT {_literal(comment)}" if comment else ""
        if new == "none":
            yield f"ALTER TABLE {table} MODIFY {column} {kind} NOT NULL{told}"
            return
        yield "SET SESSION sql_mode = concat(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"
        yield f"ALTER TABLE {table} MODIFY {column} {kind} NOT NULL AUTO_INCREMENT{told}"
        yield "SET SESSION sql_mode = replace(@@sql_mode, 'NO_AUTO_VALUE_ON_ZERO', '')"

    def conversion(self, name: str, old: TypeEngine[Any], new: TypeEngine[Any], spelled: str) -> Conversion:
        """Let words for a truth be numbers first: MariaDB makes 0 of every word, or refuses it."""
        if (family(old), family(new)) == ("text", "truth"):
            return Conversion(before=f"CASE WHEN {name} IS NOT NULL THEN lower(trim({name})) IN ('true', '1') END")
        return Conversion()

    # Copies

    def backup(self, target: Path) -> Path:
        """Run mariadb-dump in one transaction."""
        program = find_program(("mariadb-dump", "mysqldump"), "mariadb-client")
        target = target.with_suffix(".sql")
        unfinished = target.with_name(f"{target.name}.part")
        options = ["--single-transaction", "--routines", "--triggers", "--hex-blob", f"--result-file={unfinished}"]
        self.run_program([program, *self._program_arguments(), *options, self.url.database], self._secret())
        unfinished.replace(target)
        return target

    def backup_fault(self, source: Path) -> str:
        """Look for the first and the last words of a dump: one that was cut off lacks the last."""
        with source.open("rb") as file:
            first = file.read(4096)
            file.seek(max(source.stat().st_size - 4096, 0))
            last = file.read()
        if not re.search(rb"^-- (MariaDB|MySQL) dump", first, re.MULTILINE):
            return "is no backup that `mariadb-dump` wrote"
        return "" if b"-- Dump completed" in last else "is cut off"

    def restore(self, source: Path) -> None:
        """Clear the database, and feed the dump to the client."""
        program = find_program(("mariadb", "mysql"), "mariadb-client")
        self.empty()
        self.run_program([program, *self._program_arguments(), self.url.database], self._secret(), read=source)

    def _program_arguments(self) -> list[str]:
        wanted = {
            "host": self.url.host,
            "port": self.url.port,
            "user": self.url.user,
            "socket": self.url.query.get("unix_socket"),
            "ssl-ca": self.url.query.get("ssl_ca"),
        }
        return ["--no-defaults", *(f"--{name}={value}" for name, value in wanted.items() if value)]

    def _secret(self) -> dict[str, str]:
        return {"MYSQL_PWD": self.url.password} if self.url.password else {}

    # Connecting

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the URL; text is UTF-8 unless they say otherwise."""
        return {"charset": "utf8mb4", **self.url.query}

    def _open(self, *, with_database: bool = True, autocommit: bool = False) -> Any:
        self.driver()
        options: dict[str, Any] = dict(self.parameters)
        parts = {
            "host": self.url.host,
            "port": self.url.port or 0,
            "user": self.url.user or os.environ.get("USER"),
            "password": self.url.password or "",
            "database": self.url.database if with_database else None,
        }
        with self.translated():
            try:
                for name in options.keys() & {"connect_timeout", "read_timeout", "write_timeout"}:
                    options[name] = int(options[name])
                return _connection_class()(
                    autocommit=autocommit, **{key: value for key, value in parts.items() if value}, **options
                )
            except (TypeError, ValueError) as error:
                raise ConnectError(f"{self.name}: {error}", hint="correct the URL's parameters") from error

    def _on_server(self, statement: str) -> None:
        connection = self._open(with_database=False, autocommit=True)
        with self.translated():
            try:
                execute(connection, statement)
            finally:
                connection.close()

    # Errors

    def translate(self, error: BaseException) -> DbtoolError | None:
        """Read MariaDB's error numbers (https://mariadb.com/kb/en/mariadb-error-code-reference/)."""
        if not type(error).__module__.startswith("pymysql") or not error.args or not isinstance(error.args[0], int):
            return None
        number, words = error.args[0], str(error.args[1] if len(error.args) > 1 else error)
        if number == 1049:
            return DatabaseMissingError(f"there is no database {self.name}", hint="dbtool migrate")
        if number in (1045, 1698):
            return AccessError(
                f"{self.name} refuses this user or password", hint="correct the user and password in the URL"
            )
        if number in (1044, 1142, 1227, 1370):
            return AccessError(f"{self.name}: {words}", hint="GRANT the right named above to this user")
        if number in (1290, 1792, 1836):
            return ReadOnlyError(f"{self.name} is read-only: {words}", hint="use the primary server's URL")
        if number in (1969, 3024):
            return TimeLimitError("this took longer than it may", hint="filter more, or sort by an indexed column")
        if number == 1317:
            return StoppedError("the statement was stopped", hint="run it again")
        if number in (1205, 1213):
            return LockedError(f"{self.name} is locked: {words}", hint="wait until the other transaction has finished")
        if number in (1021, 1114, 3):
            return DiskFullError(f"{self.name} has run out of room: {words}", hint="make room on the server")
        if number in (2003, 2002, 2005):
            return ConnectError(f"{self.name} does not answer: {words}", hint="start the server, or correct the URL")
        if number in (2006, 2013, 1053, 1927):
            return ConnectError(f"{self.name} went away: {words}", hint="check the server, then try again")
        return None


def _index_text(parts: Sequence[tuple[Any, ...]]) -> str:
    """Write an index of (not unique, column, length, order) as it could be created, without names."""
    columns = [
        f"{_quoted(str(name))}{f'({length})' if length else ''}{' DESC' if order == 'D' else ''}"
        for _, name, length, order in parts
    ]
    return f"{'' if parts[0][0] else 'UNIQUE '}({', '.join(columns)})"


def _single(value: float) -> float:
    """Return what is left of a number in single precision, as MariaDB writes it."""
    try:
        (stored,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return value
    return float(f"{stored:.6g}")


def _write_bytes_in_hexadecimal(connection: Any, record: object) -> None:
    """Keep aiomysql from a function that PyMySQL 1.2 took away (aiomysql 0.3.2, `Connection.escape`)."""
    driver = connection.driver_connection
    usual = driver.escape
    driver.escape = lambda value: f"x'{value.hex()}'" if isinstance(value, bytes) else usual(value)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@cache
def _connection_class() -> Any:
    """Return PyMySQL's connection, which reads the certificates of this machine once, and not each time (40 ms)."""
    from pymysql.connections import Connection

    usual: Any = getattr(Connection, "_create_ssl_ctx", None)
    contexts: dict[str, Any] = {}

    def context(self: Any, options: Any) -> Any:
        if options:
            return usual(self, options)
        if "usual" not in contexts:
            contexts["usual"] = usual(self, options)
        return contexts["usual"]

    return type("Connection", (Connection,), {"_create_ssl_ctx": context})


def _is_mariadb(connection: DriverConnection) -> bool:
    return "mariadb" in connection.get_server_info().lower()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
