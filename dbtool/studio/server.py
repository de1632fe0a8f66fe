"""Serve studio until Ctrl-C: a socket that only this machine reaches, a token for this run, and an end at once."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from socket import socket
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

BEFORE_MODELS = 0.05  # seconds for the page to be answered before the imports of the models slow it down
HEAD_SECONDS = 10.0  # until the head of a request must be there
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
    with notes.noted(config, _note(report, token, sockets[0].getsockname()[1])):
        server = make_server(library, _rules(config, token, host, allow_hosts))
        if open_browser:
            threading.Thread(target=webbrowser.open, args=[report.url], daemon=True).start()
        listening(report)
        server.run(sockets)
    return report


def make_server(library: Library, rules: Rules) -> Server:
    """Return a server of the application that ends at once: with Ctrl-C, or with `should_exit`."""
    import uvicorn

    from dbtool.studio.app import create_app

    app = create_app(library, rules)

    async def ending(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except BaseException:
            if not server.should_exit:  # what is cut off then is no mistake
                raise

    config = uvicorn.Config(
        ending,
        loop="asyncio",
        http=_patient(rules),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    server = _server(config, library)
    return server


def _server(config: Any, library: Library) -> Server:
    import uvicorn

    class Prompt(uvicorn.Server):
        """Ends at once, whatever still runs, and without a traceback."""

        async def main_loop(self) -> None:
            asyncio.get_running_loop().call_later(BEFORE_MODELS, library.begin)
            await super().main_loop()

        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            library.close()
            for server in self.servers:
                server.close()
            for each in sockets or []:
                each.close()
            for connection in list(self.server_state.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            for task in list(self.server_state.tasks):
                task.cancel()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)

    return Prompt(config)


def _patient(rules: Rules) -> Any:
    """Return uvicorn's protocol, with an end to its patience: what begins a request must finish its head in time."""
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        """One connection; uvicorn itself waits for the head of a request as long as it takes."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait_for_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._stop_waiting()
            elif self._timer is None:
                self._wait_for_head()

        def send_400_response(self, msg: str) -> None:
            sent = [*rules.headers, (b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            with contextlib.suppress(h11.LocalProtocolError):  # an answer is under way
                for event in (
                    h11.Response(status_code=400, headers=sent, reason=b"Bad Request"),
                    h11.Data(data=msg.encode("ascii", "replace")),
                    h11.EndOfMessage(),
                ):
                    self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _wait_for_head(self) -> None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Patient


# Who is there


def _require_extra() -> None:
    from importlib.util import find_spec

    def is_missing(name: str) -> bool:
        try:
            return find_spec(name) is None
        except ModuleNotFoundError:
            return True

    missing = list(filter(is_missing, ("starlette", "uvicorn")))
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
        running=running,
    )


def _note(report: StudioReport, token: str, port: int) -> Mapping[str, Any]:
    told = {"address": report.address, "token": token, "port": port}
    return {**told, "database": report.database, "read_only": report.read_only}
