"""Ports of this machine: taken, and when somebody else has one, said who."""

from __future__ import annotations

import contextlib
import errno
import http.client
import ipaddress
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbtool.errors import StudioError

LOOPBACK = ("127.0.0.1", "::1")
_TRIED = 100  # ports after the one that is taken
_LISTENS = "0A"  # in /proc/net/tcp


def listen(host: str | None, port: int) -> list[socket.socket] | None:
    """Listen on a port: of both loopback addresses, or of one host. None when somebody else does.

    Raises StudioError when this machine has no such address, or the port needs rights.
    """
    made: list[socket.socket] = []
    for address in [host] if host else LOOPBACK:
        try:
            made.append(_listening(address, port or (made[0].getsockname()[1] if made else 0)))
        except OSError as error:
            if address == LOOPBACK[1] and error.errno != errno.EADDRINUSE and made:
                continue  # a machine without IPv6
            for each in made:
                each.close()
            if error.errno == errno.EADDRINUSE:
                return None
            raise StudioError(
                f"cannot listen on {address} port {port}: {error.strerror}", hint=_way_out(error)
            ) from error
    return made


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches a host."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def next_free(host: str | None, port: int) -> int:
    """Return the next port that nobody listens on."""
    for candidate in range(port + 1, min(port + _TRIED, 65536)):
        found = listen(host, candidate)
        if found is not None:
            for each in found:
                each.close()
            return candidate
    return 0  # which the system replaces by a free one


def hello(host: str | None, port: int) -> Any:
    """Return what whoever listens on a port says of itself, or None when it is no studio."""
    connection = http.client.HTTPConnection(host or LOOPBACK[0], port, timeout=1.0)
    try:
        connection.request("GET", "/api/hello", headers={"Host": f"localhost:{port}"})
        return json.loads(connection.getresponse().read(1000))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def holder(port: int) -> str:
    """Name the process that listens on a port, as far as this system and its rights show (Linux)."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted and any(str(entry.readlink()) in wanted for entry in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
    return "another program"


def _listening(address: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(place)
        made.listen(128)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _way_out(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "dbtool studio --port 5555   (ports below 1024 need rights)"
    return "dbtool studio   (without --host it is reached from this machine only)"


def _inodes(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == _LISTENS and int(parts[1].rpartition(":")[2], 16) == port:
                    yield parts[9]
