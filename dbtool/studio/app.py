"""The application: what answers which path. Starlette alone, so that the page is there before the models are.

An endpoint is a function of `dbtool.studio.api` that knows nothing of HTTP; it runs in a thread of its own, which no
exit waits for, and its statements end when the client goes away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from threading import Thread
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import dbtool
from dbtool.errors import ConfigError, ConnectError, DbtoolError, RecordNotFoundError, RequestError, TableNotFoundError
from dbtool.studio import api, page
from dbtool.studio.calls import Call
from dbtool.studio.guard import Guard, Rules
from dbtool.studio.library import Library

# A statement that took too long is a 422, too: at a 408 Chromium repeats the request.
_STATUS: tuple[tuple[type[DbtoolError], int], ...] = (
    (TableNotFoundError, 404),
    (RecordNotFoundError, 404),
    (ConfigError, 424),  # the project is broken, and the request is not
    (ConnectError, 424),
)
_AHEAD = 4  # parts of a download that wait for the client
_GIVEN_UP = 300  # looks at a thread that should have ended, a hundredth of a second apart


def create_app(library: Library, rules: Rules) -> Guard:
    """Return the application around an open library, guarded."""
    static = page.Files()
    routes = [
        Route("/", _file(static, "index.html")),
        Route("/static/{path:path}", _file(static)),
        Route("/api/hello", _hello(library)),
        Route("/api/download/{ticket}", _download(library)),
        Route("/api/openapi.json", _openapi),
        *(Route(f"/api/{path}", _endpoint(library, path), methods=["POST"]) for path in api.PLACES),
    ]
    handlers: dict[Any, Any] = {HTTPException: _http_error, DbtoolError: _expected, Exception: _unexpected}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(app, rules)


def identity(library: Library) -> str:
    """Return what tells this project from others on the same machine, without naming it."""
    return hashlib.sha256(str(library.config.root).encode()).hexdigest()[:16]


# What answers


def _hello(library: Library) -> Callable[[Request], Any]:
    async def hello(request: Request) -> Response:
        return _json({"dbtool": dbtool.__version__, "project": identity(library)})

    return hello


def _endpoint(library: Library, path: str) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        body = await request.body()
        call = library.call()
        work = asyncio.ensure_future(_in_thread(lambda: _answered(call, path, body)))
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return Response(work.result(), media_type="application/json")
            return Response(status_code=499)  # nobody reads it
        finally:
            gone.cancel()
            if not work.done():
                call.cancel()
            call.close()

    return answer


def _answered(call: Call, path: str, body: bytes) -> bytes:
    """Answer in a thread; the imports of the first request are here, too."""
    call.library.prepare()
    from dbtool.studio import messages

    return _dumps(api.endpoint(path)(call, messages.read(path, body)))


async def _gone(request: Request) -> None:
    """Wait until the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _openapi(request: Request) -> Response:
    def describe() -> bytes:
        from dbtool.studio import openapi

        return _dumps(openapi.description())

    return Response(await _in_thread(describe), media_type="application/json")


def _download(library: Library) -> Callable[[Request], Any]:
    async def download(request: Request) -> Response:
        wanted = library.tickets.take(request.path_params["ticket"])
        call = library.call()
        parts = _streamed(call, lambda: wanted.parts(call))
        try:
            first = await anext(parts, b"")  # a failure before the first part is still a status
        except BaseException:
            await parts.aclose()
            raise
        plain = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in wanted.name)
        sent = {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(wanted.name)}"}
        return StreamingResponse(_joined(first, parts), media_type=wanted.media_type, headers=sent)

    return download


async def _joined(first: bytes, rest: Any) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for part in rest:
            yield part


def _file(static: page.Files, name: str | None = None) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        found = static.get(name or request.path_params["path"])
        if found is None:
            raise HTTPException(404)
        return found

    return serve


# Threads


async def _in_thread(work: Callable[[], Any]) -> Any:
    """Run what blocks in a thread that no exit waits for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(value)

    def run() -> None:
        value, failed = None, None
        try:
            value = work()
        except BaseException as error:
            failed = error
        with suppress(RuntimeError):  # the loop is closed: studio has ended
            loop.call_soon_threadsafe(settle, value, failed)

    Thread(target=run, daemon=True).start()
    return await done


async def _streamed(call: Call, work: Callable[[], Iterator[bytes]]) -> AsyncGenerator[bytes]:
    """Yield what a thread makes, which waits where the client reads slowly and ends when it goes away."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(_AHEAD)

    def make() -> None:
        for part in work():
            asyncio.run_coroutine_threadsafe(queue.put(part), loop).result()
            call.check()

    async def made() -> None:
        try:
            await _in_thread(make)
        except Exception as error:
            await queue.put(error)
        await queue.put(None)

    making = asyncio.ensure_future(made())
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part
    finally:
        call.cancel()
        for _ in range(_GIVEN_UP):
            if making.done():
                break
            while not queue.empty():  # the thread may be waiting for room
                queue.get_nowait()
            await asyncio.sleep(0.01)
        call.close()


# Failures


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _failure(status, RequestError(f"there is nothing at {request.url.path[:100]}", status=status))


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, DbtoolError)
    return _failure(_status(error), error)


def _unexpected(request: Request, error: Exception) -> Response:
    """Answer a bug; its traceback goes to the terminal, and nothing of it to the browser."""
    return _failure(500, DbtoolError("studio has made a mistake", hint="the terminal shows it"))


def _status(error: DbtoolError) -> int:
    if isinstance(error, RequestError):
        return error.status
    return next((status for known, status in _STATUS if isinstance(error, known)), 422)


def _failure(status: int, error: DbtoolError) -> Response:
    told: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.problems:
        told["problems"] = list(error.problems)
    return _json({"error": told, **getattr(error, "details", {})}, status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(_dumps(value), status, media_type="application/json")


def _dumps(value: Any) -> bytes:
    """Write JSON; half a character that a database holds becomes the sign for one that cannot be shown."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
