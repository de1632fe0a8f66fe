"""Which tables are known to be what the models want, so that a comparison may leave them out.

Comparing a table that nobody has touched is most of the work of writing a migration. A verdict is a hash over what the
model would create, what the catalogue holds of the table, and the versions of all who took part in the comparison:
whatever changes, the table is compared again. The verdicts lie under `.dbtool/`, where anybody may delete them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database
from dbtool.texts import write_whole

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table

_SAYABLE = re.compile(r"[^.:\0]+")  # other names could be taken for a part of a line of the catalogue


@dataclass(slots=True)
class Verdicts:
    """What is known of the tables of one MetaData on one kind of database.

    `wanted` holds a hash of each table's model by the table's name; a table that is missing there is always compared.
    """

    database: Database
    metadata: MetaData
    path: Path | None = None
    known: set[str] = field(default_factory=set)
    wanted: dict[str, str] | None = None
    found: dict[str, str] = field(default_factory=dict)

    def open_tables(self, connection: Connection) -> frozenset[str]:
        """Return the names of the tables that must be compared: of the database and of the models."""
        self.found = self._hashes(connection)
        there = set(self.database.table_names(_driver(connection))) - set(self.database.own_tables)
        names = there | {table.name for table in self.metadata.tables.values()}
        return frozenset(name for name in names if self.found.get(name) not in self.known)

    def learn(self, differing: Iterable[str] = ()) -> None:
        """Note that the tables last looked at are what the models want, but for these."""
        self.known |= {hash for name, hash in self.found.items() if name not in set(differing)}

    def save(self) -> None:
        """Keep what is known of the tables last looked at, for the next command."""
        if self.path is None:
            return
        with suppress(OSError):
            kept = sorted(hash for hash in self.found.values() if hash in self.known)
            write_whole(self.path, "".join(f"{hash}\n" for hash in kept))

    def _hashes(self, connection: Connection) -> dict[str, str]:
        """Hash each table that is there and wanted, as it is now."""
        driver = _driver(connection)
        texts = self.database.table_texts(driver)
        if self.wanted is None:
            parts = (*_versions(), self.database.version(driver))
            self.wanted = dict(_models(self.metadata, connection.dialect, parts))
        shared = texts.get("", "")
        return {
            name: _hash(wanted, shared, texts[name])
            for name, wanted in self.wanted.items()
            if name in texts and _SAYABLE.fullmatch(name)
        }


def of(config: Config, database: Database, metadata: MetaData) -> Verdicts | None:
    """Return what is known; None where tables of several schemas are compared, whose names could be mistaken."""
    if config.schemas or any(table.schema for table in metadata.tables.values()):
        return None
    path = config.make_private() / f"verdicts-{database.kind}"
    known: set[str] = set()
    with suppress(OSError, UnicodeDecodeError):
        known = set(path.read_text(encoding="ascii").split())
    return Verdicts(database, metadata, path, known)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _models(metadata: MetaData, dialect: Any, parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    from sqlalchemy.exc import SQLAlchemyError

    for table in metadata.tables.values():
        with suppress(SQLAlchemyError):  # what cannot be written down is compared, which says why
            yield table.name, _hash(*parts, *_written(table, dialect))


def _written(table: Table, dialect: Any) -> Iterable[str]:
    """Yield all that a comparison looks at: what would be created, and what is created beside it."""
    from sqlalchemy.schema import CreateIndex, CreateTable

    yield str(CreateTable(table).compile(dialect=dialect))
    yield from sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    yield repr(table.comment)
    for column in table.columns:
        yield repr((column.name, column.comment, getattr(column.type, "enums", None), column.autoincrement))
        yield repr((column.identity, column.computed))
    yield from sorted(str(key.target_fullname) for key in table.foreign_keys)


def _versions() -> tuple[str, ...]:
    import alembic
    import sqlalchemy

    import dbtool

    return (dbtool.__version__, alembic.__version__, sqlalchemy.__version__)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", errors="surrogateescape")).hexdigest()[:32]


def touched(operations: Iterable[Any]) -> frozenset[str] | None:
    """Return the tables that operations change or point at; None where that cannot be told from their names."""
    names: set[str] = set()
    for operation in operations:
        if is_object(operation):
            continue
        mine = _names(operation)
        if not mine:
            return None
        names |= mine
    return frozenset(names)


def is_object(operation: Any) -> bool:
    """Whether an operation is about a view, a trigger or a function, and so about no table."""
    from dbtool.engine.diff.objects import ObjectOp, ReplaceObjectOp

    return isinstance(operation, ObjectOp | ReplaceObjectOp)


def _names(operation: Any) -> set[str]:
    from dbtool.engine.diff.members import EnumMembersOp

    if isinstance(operation, EnumMembersOp):
        return {use.table for use in operation.members.uses}
    if hasattr(operation, "new_table_name"):  # whoever points at a table that gets a new name is touched too
        return set()
    told: Mapping[str, Any] = {
        name: getattr(operation, name, None) for name in ("table_name", "source_table", "referent_table", "table")
    }
    return {str(name) for name in told.values() if name}
