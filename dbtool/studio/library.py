"""The open database: the models, the tables that it holds, and connections that another thread can end.

What takes long to import (SQLAlchemy, the models) is imported by `prepare`, which runs in a thread of its own while the
page loads; whoever needs it waits in `shelf`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import TYPE_CHECKING, Literal

from dbtool import database
from dbtool.config import Config
from dbtool.engine import protection
from dbtool.errors import RequestError, TableNotFoundError
from dbtool.studio.calls import Call
from dbtool.studio.tickets import Tickets

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData

    from dbtool.rows.contents import Held
    from dbtool.rows.sheet import Sheet

    Purpose = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the database held when it was last looked at, beside what the models say.

    `fingerprint` is that of the catalogue; `sheets` fills up with the tables that were asked for.
    """

    metadata: MetaData
    held: Mapping[str, Held]
    fingerprint: str
    sheets: dict[str, Sheet] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """The tables of the models that the database does not have, by name."""
        return tuple(sorted(self.metadata.tables.keys() - self.held.keys()))


class Library:
    """One project's database, open for as long as studio runs.

    `protected` is why it is read-only although nobody asked for that: nobody confirmed the name of the database.
    """

    def __init__(self, config: Config, *, read_only: bool = False) -> None:
        self.config = config
        self.database = database.of(config)
        confirmed = read_only or protection.is_confirmed(config, self.database)
        self.protected = None if confirmed else protection.reason(config, self.database)
        self.read_only = read_only or self.protected is not None
        self.tickets = Tickets()
        self._lock = RLock()
        self._engines: dict[Purpose, Engine] = {}
        self._metadata: MetaData | None = None
        self._broken: Exception | None = None
        self._shelf: Shelf | None = None
        self._calls: set[Call] = set()
        self._counting = Lock()

    @property
    def why_read_only(self) -> str | None:
        """Return why nothing can be changed; None where it can."""
        if self.protected is not None:
            return f"this database is protected: {self.protected}"
        return "studio was started with --read-only" if self.read_only else None

    def require_writable(self) -> None:
        """Raise RequestError where studio is read-only."""
        why = self.why_read_only
        if why is not None:
            words = protection.option(self.config, self.database) if self.protected else ""
            raise RequestError(why, status=403, hint=f"dbtool studio {words}".strip())

    # What takes long

    def prepare(self) -> None:
        """Import SQLAlchemy and the models; a failure is told to whoever asks for a table."""
        with self._lock:
            if self._metadata is None and self._broken is None:
                try:
                    self._metadata = self._load()
                except Exception as error:
                    self._broken = error

    def _load(self) -> MetaData:
        """Import the models once: a module that failed has left half of its tables behind."""
        sys.setswitchinterval(0.001)  # importing holds the interpreter, and the page is being served meanwhile
        try:
            from sqlalchemy import MetaData

            from dbtool.engine import schema

            return schema.load(self.config) if self.config.models else MetaData()
        finally:
            sys.setswitchinterval(0.005)

    def metadata(self) -> MetaData:
        """Return what the models say. Raises ModelsError."""
        self.prepare()
        if self._broken is not None:
            raise self._broken
        assert self._metadata is not None
        return self._metadata

    # What the database holds

    def shelf(self, call: Call, *, renew: bool = False) -> Shelf:
        """Return what the database holds; looked at anew with `renew`, kept where nothing has changed."""
        metadata = self.metadata()
        with self._lock:
            if self._shelf is None or renew:
                self._shelf = self._look(call, metadata)
            return self._shelf

    def forget(self) -> None:
        """Look at the database anew when next asked: it is not what it was."""
        self._shelf = None

    def _look(self, call: Call, metadata: MetaData) -> Shelf:
        from dbtool.rows.contents import contents

        with call.connect("read") as connection:
            fingerprint = self.database.catalogue(connection.connection.driver_connection).fingerprint
            if self._shelf is not None and self._shelf.fingerprint == fingerprint:
                return self._shelf
            if not self.config.models:
                metadata = self._reflect(connection)
            own = {table.schema for table in metadata.tables.values()}
            held = contents(connection, own | set(self.config.schemas or (None,)), self.database.own_tables)
            return Shelf(metadata, held, fingerprint)

    def _reflect(self, connection: Connection) -> MetaData:
        from dbtool.engine import schema

        return schema.reflect(connection, self.config, self.database.own_tables)

    def sheet(self, call: Call, key: str) -> Sheet:
        """Return a table that the database has, reflected where no model knows it. Raises TableNotFoundError."""
        shelf = self.shelf(call)
        if key not in shelf.held:
            shelf = self.shelf(call, renew=True)
        if key not in shelf.held:
            raise self._not_held(shelf, key)
        with self._lock:
            if key not in shelf.sheets:
                shelf.sheets[key] = self._sheet(call, shelf, shelf.held[key])
            return shelf.sheets[key]

    def _sheet(self, call: Call, shelf: Shelf, held: Held) -> Sheet:
        from dbtool.rows.contents import reflected
        from dbtool.rows.sheet import sheet

        table = shelf.metadata.tables.get(held.key)
        if table is None:
            with call.connect("read") as connection:
                table = reflected(connection, held)
        return sheet(self.database, table, held.kind, self.engine("read").dialect)

    def _not_held(self, shelf: Shelf, key: str) -> TableNotFoundError:
        if key in shelf.metadata.tables:
            return TableNotFoundError(
                f"`{key}` is in the models, but not in {self.database.name} yet", hint="dbtool migrate"
            )
        return TableNotFoundError(f"there is no table `{key[:100]}`", hint="reload the page: the schema has changed")

    # Connections

    def engine(self, purpose: Purpose) -> Engine:
        """Return the engine of a purpose, made on first use; nothing but reading where studio is read-only."""
        if purpose != "read" and self.read_only:
            raise RequestError("studio was started with --read-only", status=403, hint="dbtool studio")
        with self._lock:
            if purpose not in self._engines:
                self._engines[purpose] = self.database.pool(purpose)
            return self._engines[purpose]

    def call(self) -> Call:
        """Begin to answer a request."""
        return Call(self)

    def close(self) -> None:
        """End whatever runs, and let go of the database."""
        with self._counting:
            calls = list(self._calls)
        for call in calls:
            call.cancel()
        for engine in list(self._engines.values()):
            self.database.release(engine)

    def started(self, call: Call) -> None:
        """Count a call among those that `close` ends."""
        with self._counting:
            self._calls.add(call)

    def ended(self, call: Call) -> None:
        """Count a call no longer."""
        with self._counting:
            self._calls.discard(call)
