"""The three type checkers, pyright strict, mypy --strict and ty, run over a folder of files.

    found = checkers.check("mypy", {"app/models.py": ..., "right.py": ..., "wrong.py": ...})
    assert found == {}                      # path -> the errors of that file, by line

`check` writes the files into a folder of their own, runs the checker once and remembers the answer for the session:
checkers are slow, so put many files into one call, and the same files into every call. `CHECKERS` is for
`pytest.mark.parametrize("checker", checkers.CHECKERS)`. A checker that is not installed skips the test, or fails it
when DBTOOL_TEST_REQUIRE is set.

A pair of files says what is right and what is wrong:

    assert checkers.mistakes(checker, files, right="right.py", wrong="wrong.py") == []

`right.py` has no error. In `wrong.py` every statement whose first or last line ends in `# wrong` has an error of every
checker on its lines, and nothing else has one. `# wrong: titel` demands the word in the message too, of pyright and
mypy (ty tells types, not keys). A statement inside a function or a `with` is one of its own.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from projects import REPOSITORY, REQUIRE

CHECKERS = ("pyright", "mypy", "ty")
NAMES_WORDS = ("pyright", "mypy")
MARK = re.compile(r"#\s*wrong(?::\s*(?P<word>\S+))?\s*$")

# A folder says for itself what it is, so that no checker looks for settings in the folders above it.
SETTINGS = (
    ("pyrightconfig.json", '{"typeCheckingMode": "strict", "pythonVersion": "3.11"}'),
    ("pyproject.toml", "[tool.mypy]\nstrict = true\n\n[tool.ty]\n"),
)


@dataclass(frozen=True)
class Complaint:
    """An error that a checker found."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.message}"


def check(checker: str, files: Mapping[str, str]) -> dict[str, tuple[Complaint, ...]]:
    """Return the errors that a checker finds in these files, by path and in order; files without one are left out.

    A module that has a stub beside it is left out as well: its author answers for it.
    """
    found = _checked(checker, tuple(sorted(files.items())))
    return {path: errors for path, errors in found.items() if f"{path}i" not in files}


def mistakes(checker: str, files: Mapping[str, str], *, right: str = "right.py", wrong: str = "wrong.py") -> list[str]:
    """Return what is refused although it is right, and accepted although it is wrong; only `wrong` may have errors."""
    found = check(checker, files)
    refused = [f"{path}:{each}" for path, errors in found.items() if path != wrong for each in errors]
    return [*refused, *_unexpected(files[wrong], found.get(wrong, ()), checker)]


def texts(folder: Path, *patterns: str, at: str = "") -> dict[str, str]:
    """Return the files of a folder that match, by their path below `at`, for `check`."""
    found = sorted(path for pattern in patterns or ("*.py", "*.pyi") for path in folder.rglob(pattern))
    return {f"{at}{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8") for path in found}


def program(name: str) -> str:
    """Return where a checker is: beside this Python, else on PATH; skip the test without one."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None and os.environ.get(REQUIRE):
        pytest.fail(f"{name} is not installed, and {REQUIRE} says that it must be")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@cache
def _checked(checker: str, files: tuple[tuple[str, str], ...]) -> dict[str, tuple[Complaint, ...]]:
    command = program(checker)
    with tempfile.TemporaryDirectory(prefix="dbtool-checkers-") as name:
        folder = Path(name).resolve()
        for path, text in (*SETTINGS, *files):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        found = sorted(set(_RUNS[checker](command, folder)), key=lambda each: (each[0], each[1].line))
    return {path: tuple(error for at, error in found if at == path) for path in dict.fromkeys(at for at, _ in found)}


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=280)
    if done.returncode not in (0, 1):
        raise AssertionError(f"{command[0]} failed ({done.returncode}): {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout


def _pyright(command: str, folder: Path) -> Iterator[tuple[str, Complaint]]:
    answer = json.loads(_run(folder, command, "--outputjson", "--pythonpath", sys.executable))
    for each in answer["generalDiagnostics"]:
        if each["severity"] != "information":
            rule = f" [{each['rule']}]" if "rule" in each else ""
            line = each.get("range", {"start": {"line": -1}})["start"]["line"] + 1
            yield _relative(each["file"], folder), Complaint(line, each["message"] + rule)


def _mypy(command: str, folder: Path) -> Iterator[tuple[str, Complaint]]:
    # The libraries are most of the work: their cache stays, apart for each of the tests' processes.
    cache_folder = REPOSITORY / ".mypy_cache" / f"checkers-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    options = ("--strict", "--cache-dir", str(cache_folder), "--python-executable", sys.executable, "--output", "json")
    for line in _run(folder, command, *options, ".").splitlines():
        each = json.loads(line or '{"severity": ""}')  # no error is an empty line
        if each["severity"] == "error":
            yield _relative(each["file"], folder), Complaint(each["line"], f"{each['message']} [{each['code']}]")


def _ty(command: str, folder: Path) -> Iterator[tuple[str, Complaint]]:
    options = ("--output-format", "gitlab", "--python", sys.executable, "--no-progress")
    for each in json.loads(_run(folder, command, "check", *options, ".") or "[]"):
        place = each["location"]
        line = place["positions"]["begin"]["line"] if "positions" in place else place["lines"]["begin"]
        yield _relative(place["path"], folder), Complaint(line, each["description"])


_RUNS = {"pyright": _pyright, "mypy": _mypy, "ty": _ty}


def _relative(path: str, folder: Path) -> str:
    return (folder / path).resolve().relative_to(folder).as_posix()


def _unexpected(text: str, found: tuple[Complaint, ...], checker: str) -> Iterator[str]:
    lines = text.splitlines()
    expected: set[int] = set()
    for first, last in _statements(text):
        marks = [mark for line in (first, last) if (mark := MARK.search(lines[line - 1]))]
        if not marks:
            continue
        expected.update(range(first, last + 1))
        here = [each for each in found if first <= each.line <= last]
        word = marks[0]["word"]
        if not here:
            yield f"{checker} accepts line {first}: {lines[first - 1].strip()}"
        elif word and checker in NAMES_WORDS and not any(word in each.message for each in here):
            yield f"{checker} does not name {word!r} at line {first}: {here[0].message}"
    yield from (f"{checker} also refuses {each}" for each in found if each.line not in expected)


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of every statement that holds no other."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not getattr(node, "body", None):
            yield node.lineno, node.end_lineno or node.lineno
