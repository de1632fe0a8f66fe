"""Programs and files of npm that tests hold what dbtool writes against."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from projects import REQUIRE


def npm_file(package: str, path: str, folder: Path) -> str:
    """Return a file of an npm package, of which nothing else is needed."""
    _run(["pack", package], package, folder)
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return (folder / "package" / path).read_text(encoding="utf-8")


def node(package: str, script: str, text: str, folder: Path) -> str:
    """Return what a script of Node prints that may `require` a package and reads `text` from its input."""
    if not (folder / "node_modules").exists():
        _run(["install", "--no-audit", "--no-fund", package], package, folder)
    done = subprocess.run(["node", "-e", script], input=text, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(package: str, folder: Path) -> Path:
    """Return the program of an npm package."""
    _run(["install", "--no-audit", "--no-fund", package], package, folder)
    return folder / "node_modules" / ".bin" / package


def _run(arguments: list[str], package: str, folder: Path) -> None:
    """Run npm; skip the test where that cannot be, or fail where tests may not be skipped."""
    program = shutil.which("npm")
    done = program and subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=180)
    if not done or done.returncode:
        words = f"{package} cannot be fetched: {done.stderr if done else 'npm is not installed'}"
        if os.environ.get(REQUIRE):
            pytest.fail(words)
        pytest.skip(words)
