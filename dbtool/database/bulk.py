"""Rows by the thousand: read as they are kept, and written by the fastest way that each database has.

Reading leaves out SQLAlchemy's types, and PostgreSQL sends text: a time of `infinity`, a zero date, an array of a type
that nobody knows come out as they lie there, and go into a database of the same kind without becoming anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from dbtool.database.base import Database, execute, rows

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

SNAPSHOT = {"sqlite": "SERIALIZABLE", "postgres": "REPEATABLE READ", "mysql": "REPEATABLE READ"}
EPOCH = datetime(1970, 1, 1)  # since which SQLAlchemy counts an Interval that a database has no type for


def of(database: Database, connection: Connection) -> Bulk:
    """Return how a database's rows are read and written by the thousand, over an open connection."""
    return {"sqlite": _Sqlite, "postgres": _Postgres, "mysql": _Mysql}[database.kind](database, connection)


class Bulk:
    """One side of a move of rows."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._quote = connection.dialect.identifier_preparer.format_table

    # Reading

    def prepare(self) -> None:
        """Let values be spelled the same whatever the server's settings are."""

    def partitions(self) -> frozenset[str]:
        """Return the tables whose rows another table holds, too."""
        return frozenset()

    def expression(self, column: Column[Any], *, for_same_kind: bool) -> str:
        """Return SQL that reads a value with all that is in it."""
        return self.name(column)

    def next_number(self, column: Column[Any]) -> int | None:
        """Return what the database would give a counted key next; None where it counts nothing."""
        return None

    # Writing

    @contextmanager
    def loading(self, tables: Sequence[Table]) -> Iterator[None]:
        """Let rows come before those they point at, and wake no trigger, until the end of the context.

        Foreign keys are looked at when it ends, by SQLite at the commit, and by MariaDB not at all. What was written
        must be right by then: on MariaDB the end commits. An exception takes all of it back.
        """
        yield

    def load(self, table: Table, columns: Sequence[Column[Any]], batch: Sequence[tuple[Any, ...]]) -> None:
        """Write rows; their values stand in the order of the columns."""
        names = ", ".join(self.name(column) for column in columns).replace("%", self._percent)
        places = ", ".join([self.database.placeholder] * len(columns))
        target = self.table(table).replace("%", self._percent)
        cursor = self._driver.cursor()
        try:
            cursor.executemany(f"INSERT INTO {target} ({names}) VALUES ({places})", batch)
        finally:
            cursor.close()

    def spelling(self, column: Column[Any]) -> Callable[[Any], Any] | None:
        """Return what spells a column's values for the driver, as SQLAlchemy's types do; None where nothing must."""
        dialect = self.connection.dialect
        return column.type.dialect_impl(dialect).bind_processor(dialect)

    def insert(self, table: Table, columns: Sequence[Column[Any]], batch: Sequence[tuple[Any, ...]]) -> None:
        """Write rows whose values are spelled already."""
        Bulk.load(self, table, columns, batch)

    _percent: ClassVar[str] = "%"

    def count_from(self, column: Column[Any], number: int) -> None:
        """Let the next key that the database gives be at least this number."""

    def refresh(self) -> None:
        """Bring what keeps a copy of rows up to date with them."""

    # Names

    def table(self, table: Table) -> str:
        """Return a table's name as SQL."""
        return self._quote(table).replace("%%", "%")

    def name(self, column: Column[Any]) -> str:
        """Return a column's name as SQL."""
        return self.connection.dialect.identifier_preparer.quote(column.name).replace("%%", "%")

    def quoted(self, name: str) -> str:
        """Return any other name as SQL."""
        return self.connection.dialect.identifier_preparer.quote_identifier(name).replace("%%", "%")


class _Sqlite(Bulk):
    def partitions(self) -> frozenset[str]:
        """Return the tables in which virtual ones keep what they hold, as far as this SQLite tells them (3.37)."""
        return frozenset(row[1] for row in rows(self._driver, "PRAGMA table_list") if row[2] == "shadow")

    def next_number(self, column: Column[Any]) -> int | None:
        """Read `sqlite_sequence`, which only a table with AUTOINCREMENT has."""
        if not rows(self._driver, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
            return None
        found = rows(self._driver, "SELECT seq FROM sqlite_sequence WHERE name = ?", (column.table.name,))
        return int(found[0][0]) + 1 if found else None

    def count_from(self, column: Column[Any], number: int) -> None:
        """Write `sqlite_sequence`, where the table counts by it."""
        made = rows(self._driver, "SELECT sql FROM sqlite_master WHERE name = ?", (column.table.name,))
        if made and "autoincrement" in str(made[0][0]).lower():
            name = column.table.name
            execute(self._driver, "DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            execute(self._driver, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number - 1))

    @contextmanager
    def loading(self, tables: Sequence[Table]) -> Iterator[None]:
        """Defer all foreign keys to the commit, and take the triggers away; all of it ends with the transaction."""
        execute(self._driver, "PRAGMA defer_foreign_keys = ON")
        triggers = rows(self._driver, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid")
        for name, _ in triggers:
            execute(self._driver, f"DROP TRIGGER {self.quoted(name)}")
        yield
        for _, statement in triggers:
            execute(self._driver, statement)

    def spelling(self, column: Column[Any]) -> Callable[[Any], Any] | None:
        """Spell times in a tenth of the time that SQLAlchemy takes for the same."""
        from sqlalchemy import DateTime

        return _moment if type(column.type) is DateTime else super().spelling(column)

    def load(self, table: Table, columns: Sequence[Column[Any]], batch: Sequence[tuple[Any, ...]]) -> None:
        """Spell values the way SQLAlchemy keeps them in a file that knows numbers, texts and bytes."""
        spelled = [
            tuple([_SPELLED[type(each)](each) if type(each) in _SPELLED else each for each in row]) for row in batch
        ]
        super().load(table, columns, spelled)


_SPELLED: Mapping[type, Callable[[Any], Any]] = {
    bool: int,
    Decimal: float,
    datetime: lambda value: value.strftime("%Y-%m-%d %H:%M:%S.%f") if value.year > 999 else _early(value),
    date: date.isoformat,
    time: lambda value: value.strftime("%H:%M:%S.%f"),
    timedelta: lambda value: str(_SPELLED[datetime](EPOCH + value)),
    UUID: lambda value: value.hex,
}


def _moment(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _early(value: datetime) -> str:
    """Spell a year with four digits, which the C library may not."""
    return f"{value.year:04}-{value:%m-%d %H:%M:%S.%f}"


_TRIGGERS = """
SELECT c.oid::regclass::text, quote_ident(tgname), tgenabled::text FROM pg_trigger t
JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND c.oid = ANY (%s::regclass[])
"""
_AGAIN = {"O": "ENABLE", "A": "ENABLE ALWAYS"}
_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
WHERE contype = 'f' AND NOT condeferrable AND conparentid = 0 AND conrelid = ANY (%s::regclass[])
"""
_SEQUENCE = """
SELECT coalesce(pg_get_serial_sequence(%s, %s), substring(pg_get_expr(adbin, adrelid) FROM '''(.+)'''))
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %s::regclass AND attname = %s
"""
_STALE = "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'm' AND relispopulated ORDER BY c.oid"


class _Postgres(Bulk):
    def prepare(self) -> None:
        """Set how times, intervals, numbers and bytes are spelled, until the end of the transaction."""
        for setting in (
            "datestyle = 'ISO, YMD'", "intervalstyle = postgres", "timezone = 'UTC'", "extra_float_digits = 1",
            "bytea_output = hex",
        ):  # fmt: skip
            execute(self._driver, f"SET LOCAL {setting}")

    def partitions(self) -> frozenset[str]:
        """Ask the catalogue."""
        return frozenset(name for (name,) in rows(self._driver, "SELECT relname FROM pg_class WHERE relispartition"))

    def expression(self, column: Column[Any], *, for_same_kind: bool) -> str:
        """Read everything but bytes as text; an array becomes JSON for a database that has none."""
        from sqlalchemy.types import ARRAY, _Binary

        name = self.name(column)
        if isinstance(column.type, _Binary):
            return name
        if isinstance(column.type, ARRAY) and not for_same_kind:
            return f"array_to_json({name})::text"
        return f"{name}::text"

    def _sequence(self, column: Column[Any]) -> str | None:
        table = self.table(column.table)
        found = rows(self._driver, _SEQUENCE, (table, column.name, table, column.name))
        return found[0][0] if found else None

    def next_number(self, column: Column[Any]) -> int | None:
        """Read the sequence behind the column."""
        sequence = self._sequence(column)
        if sequence is None:
            return None
        found = rows(
            self._driver, f"SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {sequence}"
        )
        return int(found[0][0])

    def count_from(self, column: Column[Any], number: int) -> None:
        """Set the sequence behind the column."""
        sequence = self._sequence(column)
        if sequence is not None:
            execute(self._driver, "SELECT setval(%s::regclass, %s, false)", (sequence, number))

    @contextmanager
    def loading(self, tables: Sequence[Table]) -> Iterator[None]:
        """Defer the foreign keys of these tables, and switch their triggers off; both need to own the tables."""
        names = [self.table(table) for table in tables]
        keys, triggers = (rows(self._driver, sql, (names,)) for sql in (_KEYS, _TRIGGERS))
        for table, key in keys:
            execute(self._driver, f"ALTER TABLE {table} ALTER CONSTRAINT {key} DEFERRABLE INITIALLY DEFERRED")
        for table, trigger, _ in triggers:
            execute(self._driver, f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        execute(self._driver, "SET CONSTRAINTS ALL DEFERRED")
        yield
        execute(self._driver, "SET CONSTRAINTS ALL IMMEDIATE")
        for table, key in keys:
            execute(self._driver, f"ALTER TABLE {table} ALTER CONSTRAINT {key} NOT DEFERRABLE")
        for table, trigger, mode in triggers:
            execute(self._driver, f"ALTER TABLE {table} {_AGAIN[mode]} TRIGGER {trigger}")

    def load(self, table: Table, columns: Sequence[Column[Any]], batch: Sequence[tuple[Any, ...]]) -> None:
        """Run COPY, which gives identities their values whatever they are declared as."""
        names = ", ".join(self.name(column) for column in columns)
        with self._driver.cursor() as cursor, cursor.copy(f"COPY {self.table(table)} ({names}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(row)

    def insert(self, table: Table, columns: Sequence[Column[Any]], batch: Sequence[tuple[Any, ...]]) -> None:
        """Run COPY here too."""
        self.load(table, columns, batch)

    def refresh(self) -> None:
        """Fill the materialised views again, each after those that are older."""
        for (name,) in rows(self._driver, _STALE):
            execute(self._driver, f"REFRESH MATERIALIZED VIEW {name}")


class _Mysql(Bulk):
    _percent = "%%"

    def prepare(self) -> None:
        """Take times as UTC, refuse what does not fit, and keep a zero in a counted key a zero."""
        execute(self._driver, "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'")

    def expression(self, column: Column[Any], *, for_same_kind: bool) -> str:
        """Read FLOAT in double precision."""
        return self.database.exact(column, self.name(column))

    def next_number(self, column: Column[Any]) -> int | None:
        """Read the table's AUTO_INCREMENT."""
        found = rows(
            self._driver,
            "SELECT auto_increment FROM information_schema.tables WHERE table_schema = database() AND table_name = %s",
            (column.table.name,),
        )
        return int(found[0][0]) if found and found[0][0] is not None else None

    def count_from(self, column: Column[Any], number: int) -> None:
        """Set AUTO_INCREMENT, which commits: it is for a table that is still empty."""
        if self.next_number(column) is not None:
            execute(self._driver, f"ALTER TABLE {self.table(column.table)} AUTO_INCREMENT = {int(number)}")

    @contextmanager
    def loading(self, tables: Sequence[Table]) -> Iterator[None]:
        """Let the session look at no foreign key, and take the triggers away, which commits."""
        execute(self._driver, "SET foreign_key_checks = 0")
        names = [name for (name,) in rows(self._driver, _MYSQL_TRIGGERS)]
        triggers = [(name, rows(self._driver, f"SHOW CREATE TRIGGER {self.quoted(name)}")[0]) for name in names]
        for name in names:
            execute(self._driver, f"DROP TRIGGER {self.quoted(name)}")
        try:
            yield
        except BaseException:
            self._driver.rollback()  # creating a trigger would commit
            raise
        finally:
            for _, shown in triggers:
                execute(self._driver, "SET sql_mode = %s", (shown[1],))
                execute(self._driver, shown[2])
            execute(self._driver, "SET foreign_key_checks = 1")


_MYSQL_TRIGGERS = (
    "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
    " ORDER BY event_object_table, action_timing, event_manipulation, action_order"
)
