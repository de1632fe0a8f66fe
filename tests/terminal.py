"""A real pseudo-terminal: a command runs in it, is answered as a person would, and leaves a screen behind."""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

from projects import Project

PATIENCE = 60.0  # seconds until a command that says nothing is called hung; no test waits for it to pass
CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def at_terminal(project: Project, *arguments: str, stdout: int | None = None, **environment: str) -> Terminal:
    """Run dbtool at a terminal with colours, or whatever `environment` says; `stdout` may go somewhere else."""
    mine = {name: text for name, text in project.environment().items() if name not in ("NO_COLOR", "COLUMNS")}
    mine |= {"TERM": "xterm-256color", **environment}
    return Terminal([sys.executable, "-m", "dbtool", *arguments], project.root, mine, stdout)


class Terminal:
    """A command that runs at a terminal 100 columns wide; `raw` is what reached the terminal until now."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str], stdout: int | None) -> None:
        self.environment = environment
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
        self.raw = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._handle = ours
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that ^C typed here is a SIGINT there
        )
        os.close(theirs)

    def wait_for(self, text: str) -> None:
        """Read until the screen shows a text."""
        while text not in self.raw:
            assert self._read(), f"{text!r} never came; the terminal showed\n{self.raw}"

    def type(self, keys: str) -> None:
        """Press keys; a person takes a moment: C's fgets() goes on where ^C comes between a prompt and its reading."""
        if "\x03" in keys:
            time.sleep(0.2)
        os.write(self._handle, keys.encode())

    def end(self) -> int:
        """Read until the command has ended; return its exit code, negative where a signal killed it."""
        while self._read():
            pass
        os.close(self._handle)
        return self.process.wait(PATIENCE)

    @property
    def screen(self) -> list[str]:
        """The lines that are left to read once everything that moves the cursor has been obeyed."""
        return screen(self.raw)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._handle], [], [], PATIENCE)
        if not ready:
            self.process.kill()
            raise AssertionError(f"nothing for {PATIENCE} s; the terminal showed\n{self.raw}")
        data = b""
        with suppress(OSError):  # Linux says EIO when the last process has closed its end
            data = os.read(self._handle, 65536)
        self.raw += self._decoder.decode(data)
        return bool(data)


def screen(raw: str) -> list[str]:
    """Obey what moves the cursor or erases, as far as a command line uses it; return the lines without styles."""
    lines, row, column, position = [""], 0, 0, 0
    while position < len(raw):
        control = CONTROL.match(raw, position)
        letter = raw[position]
        position = control.end() if control else position + 1
        if control is None and letter == "\r":
            column = 0
        elif control is None and letter == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif control is None:
            lines[row] = lines[row][:column].ljust(column) + letter + lines[row][column + 1 :]
            column += 1
        elif control[2] == "A":
            row = max(0, row - int(control[1] or 1))
        elif control[2] == "K":
            lines[row] = lines[row] if control[1] in ("", "0") and column >= len(lines[row]) else lines[row][:0]
        else:
            assert control[2] == "m" or control[0] in ("\x1b[?25l", "\x1b[?25h"), f"unexpected {control[0]!r}"
    return [line.rstrip() for line in lines]
