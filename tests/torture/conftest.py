"""What takes servers of its own, or long: `make torture` runs it, the ordinary command does not look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

collect_ignore_glob = [] if "DBTOOL_TORTURE" in os.environ else ["test_*.py"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user of the machine may enter, for servers that do not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="dbtool-torture-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def program(name: str, *folders: str) -> str:
    """Return where a program is; skip the test where it is not installed."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", *folders]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def as_user(name: str, *command: str) -> list[str]:
    """Return a command as another user runs it, where this is root's process: servers refuse root."""
    return ["runuser", "-u", name, "--", *command] if os.geteuid() == 0 else list(command)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def started(command: Sequence[str], log: Path, answers: Callable[[], bool]) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(list(command), stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + 60
    while not answers():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.1)
    return process


def listens(port: int) -> bool:
    """Whether anybody accepts connections at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
