"""Transcripts: ```console blocks of Markdown that are run line by line, and compared with what they show.

A line that begins with `$ ` is a command; what follows is its output, stdout and stderr together. `[..]` is any text
within a line, a line of `...` any lines. A comment `<!-- edit FILE: OLD => NEW -->` changes a file in between.
`$ dbtool ...` runs this dbtool, `$ alembic ...` its Alembic; other commands run in a shell. `# exits with 1` at the end
of a command says its exit code, else it is 0. A Python block after `<!-- file FILE -->` is written into that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import forks

EDIT = re.compile(r"^<!-- edit (?P<path>\S+): (?P<old>.+?) => (?P<new>.*?)-->$", re.MULTILINE)
FILE = re.compile(r"^<!-- file (?P<path>\S+) -->\n```python\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```console(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"\s+# exits with (\d+)$")


@dataclass(frozen=True)
class Step:
    """A command, the exit code it must have, and the output it must print."""

    command: str
    code: int
    expected: str
    line: int


@dataclass(frozen=True)
class Edit:
    """A change of a file, that the reader is told of in words."""

    path: str
    old: str
    new: str

    def apply(self, folder: Path) -> None:
        """Replace a text that must be there once."""
        text = (folder / self.path).read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.old!r} is {text.count(self.old)} times in {self.path}"
        (folder / self.path).write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class File:
    """A file that the reader is shown whole."""

    path: str
    text: str

    def apply(self, folder: Path) -> None:
        """Write it."""
        (folder / self.path).write_text(self.text, encoding="utf-8")


def steps(markdown: str) -> Iterator[Step | Edit | File]:
    """Yield the commands of every console block, and the edits and files between them, in order."""
    found = [*BLOCK.finditer(markdown), *EDIT.finditer(markdown), *FILE.finditer(markdown)]
    for block in sorted(found, key=lambda block: block.start()):
        if block.re is FILE:
            yield File(block["path"], block["body"])
        elif block.re is EDIT:
            yield Edit(block["path"], _unescaped(block["old"]), _unescaped(block["new"].removesuffix(" ")))
        else:
            yield from _steps(block["body"], markdown.count("\n", 0, block.start("body")) + 1)


def play(markdown: str, folder: Path, environment: dict[str, str]) -> int:
    """Run a page from top to bottom; return how many commands it has."""
    commands = 0
    for step in steps(markdown):
        if isinstance(step, Edit | File):
            step.apply(folder)
        else:
            run(step, folder, environment)
            commands += 1
    return commands


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n")


def run(step: Step, folder: Path, environment: dict[str, str]) -> str:
    """Run a command and return what it printed. Raises AssertionError on another exit code or other output."""
    whole = {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"}
    arguments = _plain(step.command)
    if arguments is not None and forks.fits(whole):
        done = forks.run(arguments, folder, whole, together=True)
    else:
        done = _in_shell(step.command, folder, whole)
    shown = f"line {step.line}: $ {step.command}\n{done.stdout}"
    assert done.returncode == step.code, f"exit code {done.returncode}, not {step.code}\n{shown}"
    assert matches(step.expected, done.stdout), f"expected\n{step.expected}\n--- but\n{shown}"
    return done.stdout


def _plain(command: str) -> list[str] | None:
    """Return the arguments of a command that is dbtool and nothing that a shell would do something with."""
    if not command.startswith("dbtool ") or re.search(r"[|&;<>$`*?~#(){}\\!]|\[", command):
        return None
    return shlex.split(command)[1:]


def _in_shell(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _shell(command),
        shell=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=240,
    )


def matches(expected: str, actual: str) -> bool:
    """Whether an output is what a transcript shows; spaces at line ends do not count."""
    pattern = "".join(_pattern(line) for line in expected.strip("\n").splitlines())
    lines = "".join(f"{line.rstrip()}\n" for line in actual.strip("\n").splitlines())
    return re.fullmatch(pattern, lines) is not None


def _pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:[^\n]*\n)*?"
    return ".*?".join(re.escape(part) for part in line.rstrip().split("[..]")) + "\n"


def _steps(body: str, line: int) -> Iterator[Step]:
    command, output, at = "", [], 0
    for number, text in enumerate(body.splitlines(), line):
        if text.startswith("$ "):
            if command:
                yield _step(command, output, at)
            command, output, at = text[2:], [], number
        else:
            output.append(text)
    if command:
        yield _step(command, output, at)


def _step(command: str, output: list[str], line: int) -> Step:
    code = EXIT.search(command)
    return Step(EXIT.sub("", command), int(code[1]) if code else 0, "\n".join(output), line)


def _shell(command: str) -> str:
    python = f"'{sys.executable}'"
    command = re.sub(r"(^|(?<=[;&|] ))dbtool\b", lambda _: f"{python} -m dbtool", command)
    return re.sub(r"(^|(?<=[;&|] ))alembic\b", lambda _: f"{python} -m alembic", command)
