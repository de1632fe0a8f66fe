"""What studio keeps in the project's folder of things that are not committed: where it runs, for the next to read."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from dbtool.config import Config

NOTE = "studio.json"


@contextlib.contextmanager
def noted(config: Config, told: Mapping[str, Any]) -> Iterator[None]:
    """Keep where studio is, with its token, in a file that only this user reads; removed at the end."""
    path = config.make_private() / NOTE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file)
    try:
        yield
    finally:
        if read(config).get("token") == told["token"]:
            path.unlink(missing_ok=True)


def read(config: Config) -> Mapping[str, Any]:
    """Return what the newest studio of this project noted; empty without one."""
    try:
        found = json.loads((config.private / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
