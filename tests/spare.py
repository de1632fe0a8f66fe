"""Databases on the test servers that are cleared and lent again: making and dropping one waits for the disk.

A database that comes back is emptied, and then looked at: only one that cannot be told from a new one, and that nobody
is connected to, is kept. Every other is dropped, so that a test which leaves something behind leaves it to nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from projects import at, drop, new_url

from dbtool.config import Config
from dbtool.database import Database, rows
from dbtool.database.server import ServerDatabase
from dbtool.engine import proof

FOLDER = Path(__file__).parent  # where no project is

# What a new database never has, beside the objects in its schemas.
LOOKS = {
    "postgres": (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SELECT datdba, datacl::text, datconnlimit, datallowconn, encoding, datcollate FROM pg_database"
        " WHERE datname = current_database()",
        "SELECT setdatabase, setconfig::text FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase"
        " WHERE datname = current_database()",
        "SELECT count(*) FROM pg_shdepend JOIN pg_database d ON d.oid = dbid WHERE datname = current_database()",
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
        "SELECT nspname, nspowner, nspacl::text, obj_description(oid) FROM pg_namespace WHERE nspname !~ '^pg_'",
    ),
    "mysql": (
        "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = database()",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = database()",
        "SELECT count(*) FROM information_schema.routines WHERE routine_schema = database()",
        "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database()",
        "SELECT count(*) FROM information_schema.events WHERE event_schema = database()",
        "SELECT count(*) FROM information_schema.schema_privileges WHERE table_schema = database()",
    ),
}
CATALOGUES = """
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'oid'
WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared ORDER BY relname
"""


class Stock:
    """The databases of one process of tests that wait to be lent."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {kind: [] for kind in LOOKS}
        self._new: dict[str, object] = {}
        self._counts = ""

    def take(self, kind: str) -> str:
        """Return the URL of an empty database."""
        if self._waiting[kind]:
            return self._waiting[kind].pop()
        url = new_url(kind, FOLDER)
        made = self._at(url)
        made.create()
        self._new.setdefault(kind, self._look(made))
        return url

    def give_back(self, url: str) -> None:
        """Clear a database and keep it, or drop it when a trace of its use remains."""
        found = self._at(url)
        if not found.exists():
            return
        if self._is_used(found) or not self._is_cleared(found):
            found.drop()
        else:
            self._waiting[found.kind].append(url)

    def drop(self) -> None:
        """Drop all that wait."""
        for urls in self._waiting.values():
            while urls:
                drop(urls.pop(), FOLDER)

    def _at(self, url: str) -> ServerDatabase:
        return cast("ServerDatabase", at(url, FOLDER))

    def _is_used(self, found: ServerDatabase) -> bool:
        """Whether anybody is connected; a server takes a moment to notice that a connection is closed."""
        for _ in range(10):
            with found.reading() as connection:
                if not rows(connection, LOOKS[found.kind][0])[0][0]:
                    return False
            time.sleep(0.02)
        return True

    def _is_cleared(self, found: ServerDatabase) -> bool:
        found.drop_objects()
        return self._look(found) == self._new[found.kind]

    def _look(self, found: ServerDatabase) -> object:
        with found.reading() as connection:
            seen = [list(rows(connection, sql)) for sql in LOOKS[found.kind]]
            return [*seen, self._objects(connection)] if found.kind == "postgres" else seen

    def _objects(self, connection: Any) -> object:
        """Count what is not PostgreSQL's own in each of its catalogues."""
        if not self._counts:
            names = [name for (name,) in rows(connection, CATALOGUES)]
            self._counts = " UNION ALL ".join(
                f"SELECT '{name}', count(*) FROM {name} WHERE oid >= 16384" for name in names
            )
        return sorted(rows(connection, self._counts))


STOCK = Stock()


@contextmanager
def scratch(config: Config, database: Database) -> Iterator[Database]:
    """Lend what `proof.scratch` lends: an empty database of the same kind."""
    if not isinstance(database, ServerDatabase):
        with proof.scratch(config, database) as lent:
            yield lent
        return
    url = STOCK.take(database.kind)
    lent = database.sibling(at(url, config.root).url.database or "")
    lent.traced = False
    try:
        yield lent
    finally:
        STOCK.give_back(url)
