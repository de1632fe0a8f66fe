"""Commands in processes of their own that need not import the libraries first, which is most of a command's time.

    done = forks.run(["migrate", "--name", "init"], folder, environment)

A process that has imported the libraries, and nothing of dbtool, waits; each command is a fork of it that moves to the
folder, takes its own arguments, environment and streams, and runs `python -m dbtool` from the start. The libraries read
settings of the environment when they are imported, so that this is only for commands whose environment differs from the
waiting process's in dbtool's own variables; `fits` says so.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = (
    *("alembic.autogenerate", "alembic.command", "alembic.op", "psycopg", "pymysql", "rich.console", "rich.table"),
    *("sqlalchemy.dialects.mysql", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite", "sqlmodel"),
    *("typer", "yaml"),
)
OWN = ("DBTOOL_", "DATABASE_", "PYTEST_")
AVAILABLE = hasattr(os, "fork") and hasattr(socket, "send_fds")


class Waiting:
    """The process that waits, started when it is first needed; it ends with the one that started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._environment: Mapping[str, str] = {}

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether a command with this environment may be a fork."""
        with self._lock:
            if AVAILABLE and self._socket is None:
                self._start(environment)
        return AVAILABLE and _others(environment) == self._environment

    def send(self, request: bytes, streams: Sequence[int]) -> None:
        """Ask for a fork with these streams: what it reads and prints, its errors, and how it ends."""
        assert self._socket is not None
        socket.send_fds(self._socket, [request], streams)

    def _start(self, environment: Mapping[str, str]) -> None:
        self._environment = _others(environment)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        silent = subprocess.DEVNULL
        command = [sys.executable, __file__, str(theirs.fileno())]
        subprocess.Popen(
            command, env=self._environment, pass_fds=[theirs.fileno()], stdin=silent, stdout=silent, stderr=silent
        )
        theirs.close()


_WAITING = Waiting()
fits = _WAITING.fits


def run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdin: str = "",
    timeout: float = 240,
    together: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run dbtool in a folder; `fits(environment)` was true. Raises TimeoutExpired after so many seconds.

    `together` puts its errors among what it prints, in the order in which it wrote them.
    """
    request = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as errors:
        given.write(stdin.encode())
        given.seek(0)
        second = printed if together else errors
        code = _ended(request, [given.fileno(), printed.fileno(), second.fileno()], arguments, timeout)
        texts = [_text(stream.fileno()) for stream in (printed, errors)]
    return subprocess.CompletedProcess(["dbtool", *arguments], code, *texts)


def _ended(request: bytes, streams: list[int], arguments: Sequence[str], timeout: float) -> int:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        _WAITING.send(request, [*streams, theirs.fileno()])
        theirs.close()
        mine.settimeout(timeout)
        with mine.makefile("r") as told:
            process = int(told.readline())
            try:
                return int(told.readline())
            except TimeoutError as error:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), timeout) from error


def _others(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if not name.startswith(OWN)}


def _text(stream: int) -> str:
    os.lseek(stream, 0, os.SEEK_SET)
    with open(stream, encoding="utf-8", closefd=False) as reader:
        return reader.read()


# In the process that waits


def serve(requests: socket.socket) -> None:
    """Fork for every request until nobody can ask any more; returns in a fork too, when its command is done."""
    while True:
        request, streams, _, _ = socket.recv_fds(requests, 1 << 20, 4)
        if not request:
            return
        watcher = os.fork()
        if not watcher:
            requests.close()
            watch(request, streams)
            return
        for stream in streams:
            os.close(stream)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def watch(request: bytes, streams: Sequence[int]) -> None:
    """Fork the command, and say its number and how it ended; commands may run at the same time."""
    process = os.fork()
    if not process:
        os.close(streams[3])
        command(request, streams[:3])
        return
    os.write(streams[3], f"{process}\n".encode())
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.write(streams[3], f"{ended}\n".encode())
    os._exit(0)


def command(request: bytes, streams: Sequence[int]) -> None:
    """Be `python -m dbtool`."""
    arguments, folder, environment = json.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.path[0] = ["dbtool", *arguments], str(Path.cwd())
    runpy.run_module("dbtool", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
