"""Serve studio until Ctrl-C: a socket that only this machine reaches, a token for this run, and an end at once."""

from __future__ import annotations

import secrets
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.conversation import Tell, Warn, silent
from dbtool.errors import ExtraMissingError, PortInUseError
from dbtool.reports import StudioReport
from dbtool.studio import notes, ports
from dbtool.studio.guard import Rules
from dbtool.studio.library import Library

if TYPE_CHECKING:
    from uvicorn import Server

TOKEN_BYTES = 24


def open_studio(
    config: Config,
    *,
    port: int | None = None,
    host: str | None = None,
    read_only: bool = False,
    open_browser: bool = True,
    allow_hosts: Sequence[str] = (),
    listening: Callable[[StudioReport], object] = lambda report: None,
    tell: Tell = silent,
) -> StudioReport:
    """Serve a browser for the project's database until Ctrl-C, and return where it was.

    `listening` is called once it answers. `port` 0 is any free one, None the configured one. Where this project's
    studio already runs, its address is returned at once, with `running`. Raises ExtraMissingError, PortInUseError and
    StudioError.
    """
    _require_extra()
    library = Library(config, read_only=read_only)
    wanted = config.studio.port if port is None else port
    sockets = ports.listen(host, wanted)
    if sockets is None:
        return _already_there(library, host, wanted)
    if not ports.is_loopback(host):
        tell(Warn(f"studio listens on {host}: whoever reaches this machine and has the address can read the database"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    report = _report(library, _address(host, sockets[0].getsockname()[1]), token)
    note = _note(report, token, sockets[0].getsockname()[1])
    with notes.noted(config, note), suppress(KeyboardInterrupt):  # before the server itself listens to signals
        server = make_server(library, _rules(config, token, host, allow_hosts))
        if open_browser:
            threading.Thread(target=webbrowser.open, args=[report.url], daemon=True).start()
        listening(report)
        server.run(sockets)
    return report


def make_server(library: Library, rules: Rules) -> Server:
    """Return a server of the application that ends at once: with Ctrl-C, or with `should_exit`."""
    from dbtool.studio.app import create_app
    from dbtool.studio.loop import Prompt

    return Prompt(create_app(library, rules), library)


# Who is there


def _require_extra() -> None:
    from importlib.util import find_spec

    def is_missing(name: str) -> bool:
        try:
            return find_spec(name) is None
        except ModuleNotFoundError:
            return True

    missing = list(filter(is_missing, ("rcssmin", "rjsmin", "starlette", "uvicorn")))
    if missing:
        raise ExtraMissingError(
            f"studio needs {' and '.join(missing)}, not installed here",
            hint="pip install 'sqlmodel-dbtool[studio]'",
        )


def _already_there(library: Library, host: str | None, port: int) -> StudioReport:
    """Return the address of this project's studio on a port. Raises PortInUseError when it is anything else."""
    from dbtool.studio.app import identity

    said = ports.hello(host if ports.is_loopback(host) else None, port)
    ours = isinstance(said, dict) and said.get("project") == identity(library)
    note = notes.read(library.config) if ours else {}
    same = note.get("port") == port and note.get("database") == library.database.url.safe
    if same and note.get("read_only") == library.read_only:
        return _report(library, note["address"], note["token"], running=True)
    raise _in_use(library, host, port, ours=ours)


def _in_use(library: Library, host: str | None, port: int, *, ours: bool) -> PortInUseError:
    who = ports.holder(port)
    if ours:
        who = f"this project's studio, started with other options, {who}"
    parts = ["dbtool studio", f"--port {ports.next_free(host, port)}"]
    parts += [f"--host {host}"] if host else []
    parts += ["--read-only"] if library.read_only else []
    return PortInUseError(f"port {port} is in use by {who}", hint=" ".join(parts))


def _rules(config: Config, token: str, host: str | None, allow_hosts: Sequence[str]) -> Rules:
    names = [name.lower().rstrip(".") for name in (*allow_hosts, *([host] if host else []))]
    hosts = tuple(f"[{name}]" if ":" in name and not name.startswith("[") else name for name in names)
    return Rules(token, hosts, addresses=not ports.is_loopback(host), images=config.studio.endpoint.rstrip("/"))


def _address(host: str | None, port: int) -> str:
    name = "localhost" if host is None or host in ("0.0.0.0", "::", *ports.LOOPBACK) else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def _report(library: Library, address: str, token: str, *, running: bool = False) -> StudioReport:
    return StudioReport(
        url=f"{address}#t={token}",
        address=address,
        database=library.database.url.safe,
        read_only=library.read_only,
        protected=library.protected,
        running=running,
    )


def _note(report: StudioReport, token: str, port: int) -> Mapping[str, Any]:
    told = {"address": report.address, "token": token, "port": port}
    return {**told, "database": report.database, "read_only": report.read_only}
