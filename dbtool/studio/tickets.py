"""Tickets: a download is asked for with the token and fetched without it, once, within half a minute.

A browser saves to disk only what it fetches itself, and then it sends no header of ours.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from dbtool.errors import RequestError

SECONDS = 30.0
MOST = 100  # that wait at once

Parts = Iterator[bytes]
Work = Callable[..., Parts]


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be made: its name, its media type, and what yields its bytes."""

    name: str
    media_type: str
    parts: Work


class Tickets:
    """The tickets that are out."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._out: dict[str, tuple[float, Download]] = {}

    def issue(self, download: Download) -> str:
        """Return a ticket for a download; the oldest is void when there are too many."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._out = {each: entry for each, entry in self._out.items() if entry[0] > self._now()}
            while len(self._out) >= MOST:
                self._out.pop(next(iter(self._out)))
            self._out[ticket] = (self._now() + SECONDS, download)
        return ticket

    def take(self, ticket: str) -> Download:
        """Return what a ticket stands for, and void it. Raises RequestError."""
        with self._lock:
            until, download = self._out.pop(ticket, (0.0, None))
        if download is None or until <= self._now():
            raise RequestError("this download is over: a ticket is good once, for 30 seconds", status=404)
        return download
