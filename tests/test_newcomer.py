"""What somebody sees who has just cloned the repository: `make demo`, from nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from projects import Project, pip_settings, require_index

UNITS = ["greeting-phrases", "name-introduction", "shopping-vocabulary", "meeting-scheduling", "abstract-concepts"]


def test_make_demo_works_from_nothing_and_again(clone: Project, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(shutil.which("python3", path=os.defpath) or sys.executable)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "COLUMNS": "120",
        **pip_settings(),
    }

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=clone.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
        )

    first = run("make demo")
    require_index(first.returncode, first.stdout + first.stderr)
    again = run("make demo")
    entered = run(". .venv/bin/activate && dbtool status && dbtool show users")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("setting up .venv (once) ...\n")
    assert [word for word in first.stdout.split() if word in UNITS] == UNITS
    assert first.stdout.splitlines()[-4:] == [
        "Go on:",
        "  . .venv/bin/activate      then: dbtool --help, dbtool status, dbtool show users",
        "  .venv/bin/dbtool studio   browse and edit it in a browser",
        "  uv run dbtool ...         works too",
    ]
    assert (again.returncode, again.stderr) == (0, "")
    assert "nothing to apply: " in again.stdout
    assert "nothing to seed: every row is there already" in again.stdout
    assert again.stdout.splitlines()[-13:] == first.stdout.splitlines()[-13:]
    assert (entered.returncode, entered.stderr) == (0, "")
    assert "up to date" in entered.stdout
    assert "johndoe" in entered.stdout
