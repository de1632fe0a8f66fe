"""What the files make of an empty database, kept under `.dbtool/`, so that only new files run on a scratch one.

A state is found by a hash over the files before it, each by its id, its parents and its meaning, so that none is ever
taken for another. It is kept only where these files can do nothing but what they say: they import no code of the
project and read no file. Databases that cannot be kept in a file are built from nothing each time.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine.history import History
from dbtool.reports import Revision

KEPT = 3
_KNOWN = {
    *("__future__", "typing", "collections", "datetime", "decimal", "uuid", "json", "logging", "textwrap", "enum"),
    *("alembic", "sqlalchemy", "sqlmodel"),
}
_REACHING_OUT = {"open", "__import__", "exec", "eval", "compile", "__file__", "globals", "get_x_argument"}


def take(config: Config, scratch: Database, history: History) -> int:
    """Let an empty scratch database be what the longest known part of the history makes; return how many files."""
    folder = config.private / "state"
    names = _names(scratch, history)
    for count in range(len(names), 0, -1):
        path = folder / names[count - 1]
        if path.is_file() and scratch.take_state(path):
            return count
    return 0


def keep(config: Config, scratch: Database, history: History, known: int) -> None:
    """Keep what all files made of a scratch database, where the first `known` were kept before."""
    names = _names(scratch, history)
    if len(names) < len(history.revisions) or known == len(names) or not names:
        return
    if not all(_is_plain(revision) for revision in history.revisions[known:]):
        return
    with suppress(OSError):
        folder = config.make_private() / "state"
        folder.mkdir(exist_ok=True)
        if scratch.keep_state(folder / names[-1]):
            _forget(folder)


def _names(scratch: Database, history: History) -> list[str]:
    """Return the name of the state after each file, in order; none where files are no chain or run as env.py likes."""
    if history.host != "dbtool" or not history.is_chain:
        return []
    with scratch.reading() as connection:
        hash = hashlib.sha256(f"{scratch.version(connection)} {scratch.version_table}".encode())
    names = []
    for each in history.revisions:
        hash.update(f"{each.id} {each.parents} {each.meaning_hash}\n".encode())
        names.append(f"{scratch.kind}-{hash.hexdigest()[:32]}")
    return names


def _is_plain(revision: Revision) -> bool:
    """Whether a file can do nothing but what its own text says."""
    tree = ast.parse(Path(revision.path).read_bytes())
    return all(module.partition(".")[0] in _KNOWN for module in _imported(tree)) and not any(
        isinstance(node, ast.Name | ast.Attribute) and _name(node) in _REACHING_OUT for node in ast.walk(tree)
    )


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module or "."


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _forget(folder: Path) -> None:
    """Let go of all but the newest states."""
    found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in found[:-KEPT]:
        path.unlink(missing_ok=True)
