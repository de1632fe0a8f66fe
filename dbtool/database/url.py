"""Database URLs: what people write, mapped to the one driver that dbtool uses for that server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from dbtool.config import Location
from dbtool.errors import UrlError

KINDS = {
    "sqlite": "sqlite",
    "file": "sqlite",
    "postgres": "postgres",
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}
ACCEPTED = "sqlite:///dev.db, postgresql://user:password@host/name, mariadb://user:password@host/name"


@dataclass(frozen=True, slots=True)
class Url:
    """A database address in parts, unquoted. `database` is an absolute path, `:memory:`, or a name."""

    kind: str
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The database alone: of a file its own name."""
        return Path(self.database).name if self.kind == "sqlite" else self.database

    @property
    def file(self) -> Path | None:
        """Where the file is, symbolic links followed; None for a server, and for a database in memory."""
        return Path(self.database).resolve() if self.kind == "sqlite" and self.database != ":memory:" else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it may lead to, in lower case; a socket of this machine is none."""
        if self.kind == "sqlite":
            return ()
        given = [self.host, *(self.query.get(name) for name in ("host", "hostaddr"))]
        if not any(given) and self.kind == "postgres":
            given = [os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR")]
        names = [name.strip().lower() for text in given if text for name in text.split(",")]
        service = [f"service {self.query['service']}"] if "service" in self.query else []
        return tuple(dict.fromkeys([*(name for name in names if name and name[0] not in "/@"), *service]))

    @property
    def safe(self) -> str:
        """The URL as it may be shown: the password, and any in the query, is `***`."""
        if self.kind == "sqlite":
            return f"sqlite:///{self.database}"
        scheme = {"postgres": "postgresql", "mysql": "mariadb"}[self.kind]
        user = quote(self.user, safe="") if self.user else ""
        secret = ":***" if self.password is not None else ""
        at = "@" if user or secret else ""
        port = f":{self.port}" if self.port else ""
        query = "&".join(f"{key}={_shown(key, value)}" for key, value in self.query.items())
        host = self.host or ""
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{user}{secret}{at}{host}{port}/{quote(self.database)}{'?' if query else ''}{query}"


def parse(location: Location) -> Url:
    """Read a URL. Raises UrlError, which never shows the password."""
    text = location.text.strip()
    scheme, separator, rest = text.partition(":")
    kind = KINDS.get(scheme.lower().partition("+")[0])
    if not separator or not rest:
        raise _malformed(location, "it has no scheme such as sqlite:")
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise UrlError(
            f"`{_printable(scheme)}` is no kind of database that dbtool knows ({location.source})",
            hint=f"one of {known}; for example {ACCEPTED}",
        )
    if kind != "sqlite":
        return _server(location, kind, text)
    return _sqlite(location, rest if scheme.lower() != "file" else _without_host(location, rest))


def _without_host(location: Location, rest: str) -> str:
    """Read `file:///x` as the absolute path that it is everywhere else, unlike `sqlite:///x`."""
    if not rest.startswith("//"):
        return rest
    if not rest.startswith("///"):
        raise _malformed(location, "a file: URL names no host, as in file:./dev.db")
    return "/" + rest.lstrip("/")


def _sqlite(location: Location, rest: str) -> Url:
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        if not path.startswith("///") and path != "//":
            raise _malformed(location, "SQLite takes three slashes, or four before an absolute path")
        path = path[3:]
    path = unquote(path)
    options = dict(parse_qsl(query, keep_blank_values=True))
    if path in ("", ":memory:"):
        return Url("sqlite", ":memory:", query=options)
    return Url("sqlite", str((location.base / Path(path)).absolute()), query=options)


def _server(location: Location, kind: str, text: str) -> Url:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise _malformed(location, "its host cannot be read") from error
    port = _port(location, parts)
    name = unquote(parts.path.removeprefix("/"))
    if not parts.netloc and not parts.query:
        raise _malformed(location, "it names no host")
    if not name:
        raise _malformed(location, "it names no database")
    return Url(
        kind,
        name,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
        host=parts.hostname,
        port=port,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _port(location: Location, parts: SplitResult) -> int | None:
    """Return the port; what stands in its place may be half a password, which no error shows."""
    if "@" not in parts.path:
        with suppress(ValueError):
            return parts.port
    raise _malformed(
        location,
        "its port is no number from 0 to 65535, or its password holds one of / ? # that is not percent-encoded",
    )


def _malformed(location: Location, why: str) -> UrlError:
    return UrlError(f"the database URL is malformed: {why} ({location.source})", hint=f"write it like {ACCEPTED}")


def _shown(key: str, value: str) -> str:
    return "***" if "password" in key.lower() or key.lower() in ("passwd", "sslkey") else quote(value, safe="/")


def _printable(text: str) -> str:
    """Return the start of a text; a URL without a scheme may begin with a password."""
    return text if text.isalnum() and len(text) <= 20 else "..."
