"""Which migrations are mine where two branches both added some, and what puts mine on top."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from dbtool.config import Config
from dbtool.engine import git, plan
from dbtool.engine import history as histories
from dbtool.engine.history import History
from dbtool.reports import Revision


@dataclass(frozen=True, slots=True)
class Move:
    """A migration that gets another place: its file as it was, and what it will be called and follow."""

    revision: Revision
    id: str
    parent: str

    @property
    def file_name(self) -> str:
        """The name of its file from now on."""
        name = Path(self.revision.path).name
        if self.id == self.revision.id:
            return name
        return f"{self.id}{name.removeprefix(self.revision.id)}" if self.revision.id in name else name


def mine(config: Config, history: History) -> frozenset[str]:
    """Return the migrations of this side of a merge, by what git knows; empty where it cannot be known.

    While a merge goes on, the other side is what is merged; while commits are replayed, what they are replayed on.
    After it, files that are not committed are mine, then those that the upstream branch does not have, then those
    of the first parent of the last merge.
    """
    for theirs in _sides(config.root):
        names = {path.rpartition("/")[2] for path in theirs}
        found = frozenset(each.id for each in history.revisions if Path(each.path).name not in names)
        if is_a_side(history, found):
            return found
    return frozenset()


def is_a_side(history: History, ids: Collection[str]) -> bool:
    """Whether these migrations can be put on top of the others, which must have one head."""
    others = [each for each in history.revisions if each.id not in ids]
    followed = {parent for each in others for parent in (*each.parents, *each.depends_on)}
    return bool(ids) and not followed & set(ids) and len([each for each in others if each.id not in followed]) == 1


def _sides(root: Path) -> Iterator[frozenset[str]]:
    """Yield what may be the other side, as the paths of its files, the likeliest first."""
    merged = git.files(root, "MERGE_HEAD")
    if merged is not None:
        yield merged
        return
    here = git.files(root, "HEAD")
    if here is not None:
        yield here
    if git.is_replaying(root):
        return
    for commit in ("@{upstream}", "origin/HEAD"):
        upstream = git.files(root, commit)
        if upstream is not None:
            yield upstream
    last = git.last_merge(root)
    second = git.files(root, f"{last}^2") if last else None
    if second is not None:
        yield second


def moves(history: History, ids: Collection[str], now: datetime) -> tuple[Move, ...]:
    """Put these migrations in a row on top of the others, oldest first.

    An id is a time, by which files are sorted: one that would not sort after what it follows gets a new one.
    """
    below = History(tuple(each for each in history.revisions if each.id not in ids), history.host)
    parent = below.heads[0]
    found = []
    for revision in history.revisions:
        if revision.id in ids:
            id = revision.id
            if _is_time(id) and _is_time(parent) and id <= parent:
                id = histories.next_id(below, now)
            found.append(Move(revision, id, parent))
            below = below.followed_by(replace(revision, id=id, parents=(parent,), depends_on=()))
            parent = id
    return tuple(move for move in found if move.revision.parents != (move.parent,) or move.id != move.revision.id)


def rewritten(move: Move, ids: Mapping[str, str]) -> str:
    """Return the text of a moved file: its id, what it follows, and the lines of its docstring that say so.

    `ids` maps those that have changed. Everything else stays letter for letter.
    """
    with Path(move.revision.path).open(encoding="utf-8", newline="") as file:
        text = file.read()
    values = {"revision": repr(move.id), "down_revision": repr(move.parent)}
    if set(move.revision.depends_on) & ids.keys():
        values["depends_on"] = repr(tuple(ids.get(each, each) for each in move.revision.depends_on))
    text = _with_values(text, values)
    text = re.sub(r"^(Revises:[ \t]*)[^\r\n]*", lambda found: f"{found[1]}{move.parent}", text, count=1, flags=re.M)
    return re.sub(r"^(Revision ID:[ \t]*)[^\r\n]*", lambda found: f"{found[1]}{move.id}", text, count=1, flags=re.M)


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """Replace the values of assignments at the left margin."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    for name, node in reversed(list(_assigned(ast.parse(text.removeprefix("\ufeff"))))):
        if name in values and node.end_lineno is not None and node.end_col_offset is not None:
            first, last = node.lineno - 1, node.end_lineno - 1
            before = _cut(lines[first], first, node.col_offset)[0]
            after = _cut(lines[last], last, node.end_col_offset)[1]
            mark = '"' if lines[first].startswith('"', len(before)) else "'"
            lines[first : last + 1] = [before + values[name].replace("'", mark) + after]
    return "".join(lines)


def _cut(line: str, number: int, offset: int) -> tuple[str, str]:
    """Cut a line at an offset in bytes, which do not count the mark at the beginning of a file."""
    mark = "\ufeff" if number == 0 and line.startswith("\ufeff") else ""
    content = line.removeprefix(mark).encode()
    return mark + content[:offset].decode(), content[offset:].decode()


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                yield target.id, value


def _is_time(id: str) -> bool:
    return len(id) == 14 and id.isdigit()


def above(history: History, onto: str) -> frozenset[str]:
    """Return all migrations that a revision does not follow, however far back."""
    return frozenset(each.id for each in history.revisions) - plan.ancestors(history, [onto])


def labels(revisions: Sequence[Revision]) -> str:
    """Name migrations in a sentence."""
    return ", ".join(revision.label for revision in revisions)
