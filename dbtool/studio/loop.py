"""uvicorn, made prompt and patient no longer than it should be: it ends at once, and leaves who never asks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from socket import socket
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dbtool.studio import guard
from dbtool.studio.library import Library

BEFORE_MODELS = 0.05  # seconds for the page to be answered before the imports of the models slow it down
HEAD_SECONDS = 10.0  # until the head of a request must be there


class Prompt(uvicorn.Server):
    """Ends at once, whatever still runs, and without a traceback."""

    def __init__(self, app: guard.App, library: Library) -> None:
        self.app = app
        self.library = library
        config = uvicorn.Config(
            self.answer,
            interface="asgi3",  # which uvicorn does not see in a bound method
            loop="asyncio",
            http=Patient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        super().__init__(config)

    async def answer(self, scope: guard.Scope, receive: guard.Receive, send: guard.Send) -> None:
        """Answer a request; what the end cuts off is no mistake."""
        try:
            await self.app(scope, receive, send)
        except BaseException:
            if not self.should_exit:
                raise

    async def main_loop(self) -> None:
        """Begin the imports that take long once the page could be answered."""
        asyncio.get_running_loop().call_later(BEFORE_MODELS, self._begin)
        await super().main_loop()

    def _begin(self) -> None:
        """Import what the first page needs, then the models, in a thread that no exit waits for."""

        def prepare() -> None:
            from dbtool.studio import looking  # noqa: F401

            self.library.prepare()

        threading.Thread(target=prepare, name="dbtool-models", daemon=True).start()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Cut everything off: nothing that runs is worth waiting for."""
        self.library.close()
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
        """End with Ctrl-C as with a normal end, unlike uvicorn, which raises the signal again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


class Patient(H11Protocol):
    """One connection, the head of whose request must be there in time; uvicorn itself would wait for ever."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a head that has begun."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._timer is None:
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, with the headers of every answer."""
        sent = [*guard.headers(), (b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        answer = h11.Response(status_code=400, headers=sent, reason=b"Bad Request")
        with contextlib.suppress(h11.LocalProtocolError):  # another answer is under way
            for event in (answer, h11.Data(data=msg.encode("ascii", "replace")), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
