"""Attacks, each with its refusal: who may talk to studio, and what every answer carries."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from asking import PAGE, TOKEN, Studio
from projects import Project

from dbtool.studio import guard, loop, ports, server
from dbtool.studio.guard import Rules, refuse
from dbtool.studio.library import Library

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.fixture
def studio(migrated: Project) -> Studio:
    return Studio(migrated)


def refused(method: str, path: str, rules: Rules | None = None, **sent: str | None) -> int:
    """Return the status of a refusal, or 0; a header of None is not sent."""
    usual = {"host": "localhost:5555", "content_type": "application/json", "x_dbtool_token": TOKEN}
    given = {**usual, **sent}
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items() if value is not None]
    found = refuse(method, path, headers, rules or Rules(TOKEN))
    return found.status if found else 0


# Every combination of what an attacker can choose, and what must be said to it

HOSTS = {"localhost:5555": True, "127.0.0.1": True, "[::1]:9": True, "evil.example": False, "": False}
ORIGINS = {None: True, "own": True, "http://evil.example": False, "null": False, "https://localhost:5555": False}
SITES = {None: True, "same-origin": True, "none": True, "same-site": False, "cross-site": False}
TOKENS = {TOKEN: True, None: False, "": False, TOKEN[:-1]: False, f"{TOKEN} ": False}
TYPES = {
    "application/json": True,
    "application/json; charset=utf-8": True,
    None: False,
    "text/plain": False,
    "application/x-www-form-urlencoded": False,
    "multipart/form-data; boundary=x": False,
    "application/json, text/plain": False,
    "application/json; charset=utf-7": False,
}


def test_only_what_is_right_in_every_way_passes() -> None:
    passed, wrong = 0, []
    for host, origin, site, token, kind in product(HOSTS, ORIGINS, SITES, TOKENS, TYPES):
        sent = f"http://{host}" if origin == "own" else origin
        status = refused(
            "POST", "/api/rows", host=host, origin=sent, sec_fetch_site=site, x_dbtool_token=token, content_type=kind
        )
        right = (
            (421, HOSTS[host]),
            (403, SITES[site]),
            (403, ORIGINS[origin]),
            (401, TOKENS[token]),
            (415, TYPES[kind]),
        )
        expected = next((code for code, fine in right if not fine), 0)
        passed += status == 0
        if status != expected:
            wrong.append((host, origin, site, token, kind, status, expected))

    assert wrong == []
    assert passed == 3 * 2 * 3 * 1 * 2


@pytest.mark.parametrize(
    "host",
    [
        "localhost.evil.example", "evil.localhost", "127.0.0.1.nip.io", "localhost@evil.example", "127.1", "2130706433",
        "0x7f.1", "[::ffff:127.0.0.1]", "localhost:5555:5555", "localhost:x", "localhost ", "LOCALHOST:5555\t,evil",
        "192.168.1.5:5555", "0.0.0.0:5555", "☺", None,
    ],
)  # fmt: skip
def test_a_name_that_only_looks_like_this_machine_is_none(host: str | None) -> None:
    status = refused("GET", "/", host=host)

    assert status == (0 if host == "localhost " else 421)  # HTTP itself strips spaces


def test_a_header_that_is_sent_twice_fits_nothing() -> None:
    sent = [(b"host", b"localhost"), (b"x-dbtool-token", TOKEN.encode()), (b"content-type", b"application/json")]

    for name, value, status in (
        (b"host", b"evil", 421),
        (b"x-dbtool-token", b"x", 401),
        (b"content-type", b"a/b", 415),
    ):
        found = refuse("POST", "/api/rows", [*sent, (name, value)], Rules(TOKEN))
        assert found is not None
        assert found.status == status
    twice = [*sent, (b"origin", b"http://localhost"), (b"origin", b"http://evil.example")]
    assert refuse("POST", "/api/rows", twice, Rules(TOKEN)).status == 403  # type: ignore[union-attr]


def test_from_another_site_only_a_link_to_the_empty_page_leads_here() -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}

    assert refused("GET", "/", **link) == 0
    assert refused("GET", "/", **{**link, "sec_fetch_dest": "iframe"}) == 403
    assert refused("GET", "/", **{**link, "sec_fetch_mode": "no-cors"}) == 403
    assert refused("POST", "/", **link) == 403
    for path in ("/static/app.js", "/api/hello", "/api/download/x", "/api/rows"):
        assert refused("GET", path, **link) == 403


def test_methods_are_those_of_the_path() -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "X"):
        assert refused(method, "/api/rows") == 405, method
    for method in ("POST", "PUT", "OPTIONS", "DELETE"):
        for path in ("/", "/static/app.js", "/api/hello", "/api/download/x", "/api/openapi.json"):
            assert refused(method, path) == 405, (method, path)


def test_only_who_is_there_and_tickets_need_no_token(studio: Studio) -> None:
    without = {name: value for name, value in PAGE.items() if name != "X-Dbtool-Token"}

    assert studio.client.get("/api/hello", headers=without).status_code == 200
    assert studio.client.get("/", headers=without).status_code == 200
    assert studio.client.get("/api/openapi.json", headers=without).status_code == 401
    assert studio.client.get("/api/openapi.json", headers=PAGE).status_code == 200
    assert studio.client.get("/api/download/x", headers=without).status_code == 404
    assert studio.client.post("/api/schema", json={}, headers=without).status_code == 401
    assert studio.client.post("/api/unheard-of", json={}, headers=without).status_code == 401


def test_a_token_in_the_address_or_a_cookie_is_none(studio: Studio) -> None:
    without = {name: value for name, value in PAGE.items() if name != "X-Dbtool-Token"}

    for path, headers in (
        (f"/api/schema?t={TOKEN}", {}),
        ("/api/schema", {"Cookie": f"t={TOKEN}; X-Dbtool-Token={TOKEN}"}),
    ):
        assert studio.client.post(path, json={}, headers={**without, **headers}).status_code == 401


def test_an_allowed_name_passes_also_behind_a_proxy_that_speaks_tls() -> None:
    rules = Rules(TOKEN, hosts=("box.example",))

    assert refused("POST", "/api/rows", rules, host="box.example", origin="https://box.example") == 0
    assert refused("POST", "/api/rows", rules, host="localhost:5555", origin="https://box.example") == 0
    assert refused("POST", "/api/rows", rules, host="box.example", origin="https://evil.example") == 403
    assert refused("POST", "/api/rows", rules, host="evil.box.example") == 421


def test_where_addresses_are_permitted_names_still_are_not() -> None:
    rules = Rules(TOKEN, addresses=True)

    assert refused("GET", "/", rules, host="192.168.1.5:5555") == 0
    assert refused("GET", "/", rules, host="[fe80::1]:5555") == 0
    assert refused("GET", "/", rules, host="evil.example:5555") == 421


# Every answer


def test_every_answer_carries_the_headers_and_none_permits_another_site(studio: Studio) -> None:
    answers = [
        studio.client.get("/"),
        studio.client.request("HEAD", "/"),
        studio.client.get("/static/nothing.js"),
        studio.client.get("/api/hello"),
        studio.client.get("/api/download/x"),
        studio.client.get("/", headers={"Host": "evil.example"}),
        studio.client.request("OPTIONS", "/api/rows", headers={"Origin": "http://evil.example"}),
        studio.client.post("/api/rows", content=b"{", headers={**PAGE, "content-type": "application/json"}),
        studio.post("nothing"),
        studio.post("schema"),
        studio.post("rows", {"table": "author"}),
        studio.post("rows", {"table": "nope"}),
    ]

    for answer in answers:
        found = {name: answer.headers.get(name) for name in HEADERS}
        assert found == HEADERS, answer.request.url
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "set-cookie"]
        assert "server" not in answer.headers
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 404, 421, 403, 422, 404, 200, 200, 404]


def test_a_refusal_says_no_more_than_it_must(studio: Studio) -> None:
    answer = studio.client.post("/api/rows", json={"table": "author"}, headers={**PAGE, "X-Dbtool-Token": "wrong"})

    assert answer.json() == {
        "error": {
            "code": "DB702",
            "message": "the token is missing or not this run's",
            "hint": "open the address that `dbtool studio` printed",
        }
    }


def test_a_mistake_of_studio_shows_nothing_of_itself(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(call: object, wanted: object) -> dict[str, Any]:
        raise ZeroDivisionError("a secret")

    from dbtool.studio import api

    monkeypatch.setattr(api, "endpoint", lambda path: broken)

    answer = studio.post("schema")

    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "studio has made a mistake"
    assert "secret" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path",
    [
        "../app.py", "..%2fapp.py", "%2e%2e/app.py", "..\\app.py", "/etc/passwd", "//etc/passwd",
        "index.html/../../app.py",
        "%00", "index.html%00.js", "static", ".", "", "....//app.py", "index.html/", "~/.ssh/id_rsa", "C:\\windows",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_static_files(studio: Studio, path: str) -> None:
    answer = studio.client.get(f"http://localhost:5555/static/{path}")

    assert answer.status_code == 404
    assert "import" not in answer.text


def test_the_static_files_have_types_that_are_not_guessed_from_their_contents(studio: Studio) -> None:
    assert studio.client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    assert studio.client.get("/static/api.js").headers["content-type"] == "text/javascript; charset=utf-8"


# Bodies and sockets


def test_a_body_that_is_too_large_is_refused_whatever_its_length_was_said_to_be(studio: Studio) -> None:
    sent = {**PAGE, "content-type": "application/json"}
    large = b" " * (guard.BODY_LIMIT + 1)

    assert studio.client.post("/api/rows", content=large, headers=sent).status_code == 413
    assert studio.client.post("/api/rows", content=large, headers={**sent, "content-length": "2"}).status_code == 413
    fits = b'{"table":"author"}'.ljust(guard.BODY_LIMIT)
    assert studio.client.post("/api/rows", content=fits, headers=sent).status_code == 200


def test_a_packed_body_is_not_unpacked(studio: Studio) -> None:
    answer = studio.client.post("/api/rows", json={"table": "author"}, headers={**PAGE, "content-encoding": "gzip"})

    assert answer.status_code == 415


@pytest.fixture
def running(migrated: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A studio on a real socket, whose patience is short."""
    monkeypatch.setattr(loop, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.5)
    with serving(migrated) as port:
        yield port


@contextlib.contextmanager
def serving(project: Project) -> Iterator[int]:
    sockets = ports.listen(None, 0)
    assert sockets
    port = sockets[0].getsockname()[1]
    made = server.make_server(Library(project.config), Rules(TOKEN))
    thread = threading.Thread(target=made.run, args=[sockets], daemon=True)
    thread.start()
    try:
        yield port
    finally:
        made.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def talk(port: int, *parts: bytes, pause: float = 0.0, patience: float = 10.0) -> bytes:
    """Send parts with pauses between them, and return all that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as made:
        for part in parts:
            with contextlib.suppress(OSError):
                made.sendall(part)
            time.sleep(pause)
        answer = b""
        with contextlib.suppress(OSError):
            while part := made.recv(65536):
                answer += part
    return answer


def test_a_client_that_never_ends_its_head_is_left(running: int) -> None:
    started = time.monotonic()

    silent = talk(running)
    dripping = talk(running, b"GET / HTTP/1.1\r\n", *([b"X: y\r\n"] * 8), pause=0.1)

    assert silent == dripping == b""
    assert time.monotonic() - started < 5


def test_a_client_that_drips_its_body_is_told_so(running: int) -> None:
    head = (
        f"POST /api/rows HTTP/1.1\r\nHost: localhost:{running}\r\nX-Dbtool-Token: {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    ).encode()

    answer = talk(running, head, *([b" "] * 8), pause=0.1)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"content-security-policy" in answer


def test_many_silent_clients_keep_nobody_waiting(running: int) -> None:
    held = [socket.create_connection(("127.0.0.1", running)) for _ in range(100)]

    answer = talk(running, f"GET / HTTP/1.1\r\nHost: localhost:{running}\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 200 ")
    for each in held:
        each.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/rows HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["tls", "two hosts", "nul", "a long head", "two lengths", "a negative length"],
)
def test_what_is_no_http_is_refused_with_the_headers(running: int, sent: bytes) -> None:
    answer = talk(running, sent, patience=1)

    assert answer.startswith(b"HTTP/1.1 4")
    assert b"content-security-policy: default-src 'none'" in answer
    assert b"Traceback" not in answer


def test_a_websocket_is_not_opened(running: int) -> None:
    head = (
        f"GET / HTTP/1.1\r\nHost: localhost:{running}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()

    answer = talk(running, head, patience=1)

    assert b"101" not in answer.split(b"\r\n")[0]
