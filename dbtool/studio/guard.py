"""Who may talk to studio: a pure ASGI layer that refuses before anything is read, and marks every response.

What it holds off: a page on another site that calls this port (Origin, Fetch-Metadata, content type, token), a name
that was pointed at this machine (Host), a page that frames or reads studio (the headers of every response), and
bodies that are too large or never end. Only responses and refusals are made here; no data is seen.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN = b"x-dbtool-token"
OPEN = ("/api/hello", "/api/download/")  # answered without a token: who is there, and what a ticket stands for
READ = ("GET", "HEAD")
BODY_LIMIT = 10 * 1024 * 1024  # bytes
BODY_SECONDS = 20.0
SEND_SECONDS = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run of studio permits.

    `hosts` are further names by which this machine may be called, `addresses` permits any address in their place
    (a name can be pointed at this machine by anybody, an address cannot), `images` is where pictures may come from.
    """

    token: str
    hosts: tuple[str, ...] = ()
    addresses: bool = False
    images: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", headers(self.images))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    message: str
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Guard:
    """The layer around the application."""

    def __init__(self, app: App, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":  # no websockets at all
            return
        marked = _marking(send, self.rules.headers)
        refusal = refuse(scope["method"], scope["path"], scope["headers"], self.rules)
        if refusal is not None:
            await _answer(marked, refusal, scope["method"])
            return
        if scope["method"] == "POST":
            body = await _body(receive)
            if isinstance(body, Refusal):
                await _answer(marked, body, "POST")
                return
            receive = _replaying(body, receive)
        await self.app(scope, receive, marked)


def headers(images: str = "") -> tuple[tuple[bytes, bytes], ...]:
    """Return what every response carries; `images` is one more origin for pictures, sound and video."""
    media = f"; media-src {images}" if images else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self'{' ' if images else ''}{images}{media}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return (
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    )


def refuse(method: str, path: str, sent: Iterable[tuple[bytes, bytes]], rules: Rules) -> Refusal | None:
    """Return why a request may not pass, or None. Decided from its first lines alone."""
    found = _Headers(sent)
    return (
        _wrong_host(found, rules)
        or _wrong_site(method, path, found)
        or _wrong_origin(found, rules)
        or _wrong_method(method, path)
        or _wrong_token(path, found, rules)
        or _wrong_content(method, found)
    )


class _Headers:
    """The headers of a request, as text; what is no ASCII fits nothing."""

    def __init__(self, sent: Iterable[tuple[bytes, bytes]]) -> None:
        self.found: dict[bytes, list[bytes]] = {}
        for name, value in sent:
            self.found.setdefault(name.lower(), []).append(value)

    def one(self, name: str) -> str | None:
        """Return a header that was sent once; sent twice it is what nothing equals."""
        values = self.found.get(name.encode())
        if values is None:
            return None
        return values[0].decode("ascii", "replace").strip() if len(values) == 1 else "\0"


def _wrong_host(found: _Headers, rules: Rules) -> Refusal | None:
    """A name that an attacker pointed at 127.0.0.1 stands in Host; nothing else shows it."""
    name = _name((found.one("host") or "").lower())
    if name in (*_LOOPBACK, *rules.hosts) or (rules.addresses and _is_address(name)):
        return None
    return Refusal(421, "studio does not answer to this name", "dbtool studio --allow-host NAME permits another name")


def _wrong_site(method: str, path: str, found: _Headers) -> Refusal | None:
    """Browsers say where a request comes from; from elsewhere only a link to the empty page may lead here."""
    site = found.one("sec-fetch-site")
    if site in (None, "same-origin", "none"):
        return None
    linked = method == "GET" and path == "/" and found.one("sec-fetch-mode") == "navigate"
    if linked and found.one("sec-fetch-dest") == "document":
        return None
    return Refusal(403, "this request comes from another site", "open the address that `dbtool studio` printed")


def _wrong_origin(found: _Headers, rules: Rules) -> Refusal | None:
    origin = found.one("origin")
    if origin is None or origin.lower() == f"http://{(found.one('host') or '').lower()}":
        return None
    scheme, _, rest = origin.lower().partition("://")
    if scheme in ("http", "https") and _name(rest) in rules.hosts:  # a proxy in front may speak TLS
        return None
    return Refusal(403, "this request comes from another site", "open the address that `dbtool studio` printed")


def _wrong_method(method: str, path: str) -> Refusal | None:
    allowed = methods(path)
    if method in allowed:
        return None
    return Refusal(405, f"{path[:80]} takes {' or '.join(allowed)}", headers={"allow": ", ".join(allowed)})


def methods(path: str) -> tuple[str, ...]:
    """Return the methods that a path takes."""
    reading = not path.startswith("/api/") or path.startswith(OPEN) or path == "/api/openapi.json"
    return READ if reading else ("POST",)


def _wrong_token(path: str, found: _Headers, rules: Rules) -> Refusal | None:
    if not path.startswith("/api/") or path == OPEN[0] or path.startswith(OPEN[1]):
        return None
    sent = found.found.get(TOKEN, [])
    if len(sent) == 1 and hmac.compare_digest(sent[0], rules.token.encode()):
        return None
    return Refusal(401, "the token is missing or not this run's", "open the address that `dbtool studio` printed")


def _wrong_content(method: str, found: _Headers) -> Refusal | None:
    if method != "POST":
        return None
    kind, _, parameters = (found.one("content-type") or "").lower().partition(";")
    plain = parameters.strip() in ("", "charset=utf-8", 'charset="utf-8"')
    if kind.strip() == "application/json" and plain and found.one("content-encoding") is None:
        return None
    return Refusal(415, "a request is JSON", "content-type: application/json")


def _name(host: str) -> str:
    """Return a host without its port, which tunnels and containers change; empty when it is no host."""
    found = _HOST.fullmatch(host)
    return found["name"] if found else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


# What goes in and out


async def _body(receive: Receive) -> bytes | Refusal:
    """Read a body that ends in time and is not too large, whatever its length was said to be."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return Refusal(400, "the request ended early")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > BODY_LIMIT:
                    return Refusal(413, f"a request holds at most {BODY_LIMIT // 1024 // 1024} MB")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        return Refusal(408, "the request did not arrive in time")


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Hand on the body that was read, then what follows: the word that the client has gone."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _marking(send: Send, extra: tuple[tuple[bytes, bytes], ...]) -> Send:
    """Add the headers to every response, and give up on a client that no longer reads."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in extra}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
            message = {**message, "headers": [*kept, *extra]}
        async with asyncio.timeout(SEND_SECONDS):
            await send(message)

    return marked


async def _answer(send: Send, refusal: Refusal, method: str) -> None:
    error = {"code": "DB702", "message": refusal.message, "hint": refusal.hint}
    body = json.dumps({"error": error}).encode()
    sent = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    sent += [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    sent += [(b"connection", b"close")] if refusal.status in (400, 408, 413) else []  # the rest of the body is not read
    await send({"type": "http.response.start", "status": refusal.status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
