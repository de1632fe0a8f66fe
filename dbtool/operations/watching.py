"""When files change: looked for, since no dependency tells it on every system and file system."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from dbtool.codegen import record
from dbtool.config import Config

_IGNORED = {"__pycache__", "node_modules", "site-packages", "versions"}


def changes(config: Config, pause: float) -> Iterator[None]:
    """Yield once now, and once after each change of the Python files around the models, when they are at rest."""
    before: Mapping[str, tuple[int, int]] | None = None
    while True:
        now = _seen(config)
        if now != before:
            time.sleep(pause / 4 if before is not None else 0)
            settled = _seen(config)
            while settled != now:  # an editor that writes several files, or a branch that is switched
                now = settled
                time.sleep(pause / 4)
                settled = _seen(config)
            before = now
            yield
        time.sleep(pause)


def _seen(config: Config) -> Mapping[str, tuple[int, int]]:
    """Return when each file was changed last, and its size, by its path."""
    place = record.folder(config)
    root = place.parent if place is not None and config.generate.output is None else config.root
    found: dict[str, tuple[int, int]] = {}
    for path in _sources(root, place):
        try:
            stat = path.stat()
        except OSError:
            continue
        found[str(path)] = (stat.st_mtime_ns, stat.st_size)
    return found


def _sources(root: Path, generated: Path | None) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if name[0] != "." and name not in _IGNORED and here / name != generated]
        yield from (here / name for name in files if name.endswith(".py"))
