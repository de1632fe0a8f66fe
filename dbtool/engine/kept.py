"""The files that databases ran, kept under `.dbtool/applied/`: a way back when a branch was left with them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dbtool.config import Config
from dbtool.engine import history as histories
from dbtool.errors import UnreadableFileError
from dbtool.reports import Revision
from dbtool.texts import normalised, text_hash

_OWN_NAME = re.compile(r"\.[0-9a-f]{12}$")


def keep(config: Config, revisions: Iterable[Revision]) -> None:
    """Copy the files of migrations that ran; nothing is kept in a foreign project, or where nothing can be written."""
    if histories.host_of(config) == "alembic":
        return
    with suppress(OSError):
        folder = config.make_private() / "applied"
        folder.mkdir(exist_ok=True)
        for revision in revisions:
            path = Path(revision.path)
            if path.parent != folder:
                _keep(folder, path.name, path.read_bytes())


def find(config: Config, id: str, meaning: str | None = None) -> Revision | None:
    """Return the file of a migration that ran: with the meaning that the ledger holds, else the newest text."""
    found = sorted(_kept(config, id), key=lambda each: Path(each.path).stat().st_mtime, reverse=True)
    same = [each for each in found if each.meaning_hash == meaning]
    return next(iter(same or found), None)


def recover(config: Config, id: str, meaning: str | None = None) -> Revision | None:
    """Return the same, from git's history of all branches where it was not kept, and keep it."""
    from dbtool.engine import git

    found = find(config, id, meaning)
    if found is not None and meaning in (None, found.meaning_hash):
        return found
    folder = config.make_private() / "applied"
    folder.mkdir(exist_ok=True)
    for name, text in git.texts(config.root, id):
        path = _keep(folder, name, text)
        described = _described(path)
        if described is not None and described.id == id and meaning in (None, described.meaning_hash):
            return described
    return find(config, id, meaning)


def _keep(folder: Path, name: str, text: bytes) -> Path:
    """Write a text, under a name of its own where another text has that name; return the path."""
    for path in (folder / name, folder / f"{name.removesuffix('.py')}.{text_hash(normalised(text))[:12]}.py"):
        if not path.exists():
            path.write_bytes(text)
            return path
        if path.read_bytes() == text:
            os.utime(path)
            return path
    return path


def _kept(config: Config, id: str) -> Iterator[Revision]:
    folder = config.private / "applied"
    with suppress(OSError):
        for path in folder.iterdir():
            described = _described(path) if id in path.name else None
            if described is not None and described.id == id:
                yield described


def _described(path: Path) -> Revision | None:
    with suppress(UnreadableFileError, OSError):
        described = histories.describe(path)
        return replace(described, name=_OWN_NAME.sub("", described.name))
    return None
