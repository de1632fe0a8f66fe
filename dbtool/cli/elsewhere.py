"""A dbtool of its own (pipx, uv tool) cannot import an application: it hands over to the dbtool beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dbtool.config import virtual_environments

RECEIPTS = ("pipx_metadata.json", "uv-receipt.toml")  # what pipx and uv leave in a tool's environment


def hand_over(arguments: Sequence[str]) -> None:
    """Run in the application's virtual environment instead, where this dbtool stands apart and that one has dbtool.

    Returns when there is nothing to hand over to.
    """
    if not any((Path(sys.prefix) / receipt).exists() for receipt in RECEIPTS):
        return
    for environment in virtual_environments(_project(arguments)):
        python = _python(environment)
        if python is not None and _has_dbtool(environment):
            _become([str(python), "-m", "dbtool", *arguments])


def _project(arguments: Sequence[str]) -> str | None:
    """Return what `--project` says, wherever it stands."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--project":
            return following
        if word.startswith("--project="):
            return word.partition("=")[2]
    return None


def _python(environment: Path) -> Path | None:
    names = (environment / "bin" / "python", environment / "Scripts" / "python.exe")
    return next((path for path in names if path.exists()), None)


def _has_dbtool(environment: Path) -> bool:
    patterns = ("lib/python*/site-packages/sqlmodel_dbtool-*", "Lib/site-packages/sqlmodel_dbtool-*")
    return any(True for pattern in patterns for _ in environment.glob(pattern))


def _become(command: list[str]) -> None:
    if os.name == "nt":  # there, exec returns to the shell at once
        sys.exit(os.spawnv(os.P_WAIT, command[0], command))
    os.execv(command[0], command)
