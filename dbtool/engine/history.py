"""What is recorded: the migration files and the lock that lists them, read without running any of them."""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from dbtool.config import Config
from dbtool.errors import ConflictError, DuplicateError, ForkedError, HistoryError, UnreadableFileError
from dbtool.reports import Revision
from dbtool.texts import normalised, text_hash, write_whole

Host = Literal["dbtool", "alembic"]

MARKER = "DBTOOL_ENVIRONMENT"
LOCK_HEADER = (
    "# Every migration in order: id, parent, hash of its text, hash of its meaning.\n"
    "# dbtool writes this file and git should hold it: two branches that both add a migration conflict here.\n"
)


@dataclass(frozen=True, slots=True)
class LockLine:
    """One migration as the lock lists it; `into` is the one that it was squashed into."""

    id: str
    parents: tuple[str, ...]
    text_hash: str
    meaning_hash: str
    into: str = ""


UNPROVEN = "Not proven: written with --no-proof."  # the last line of such a file's docstring


@dataclass(frozen=True, slots=True)
class History:
    """All migration files, parents before children, and what the lock lists beyond them.

    `host` says whose env.py it is: dbtool's generated one, which need not run, or a foreign one. `gone` holds the
    lock lines whose file is missing; `locked` is whether there is a lock. `conflict` is the line, from 1, at which
    the lock holds a marker of an unfinished merge; its lines are then those of both sides. `squashed` are the lock
    lines of migrations whose file is gone since another one does their work, oldest first.
    """

    revisions: tuple[Revision, ...] = ()
    host: Host = "dbtool"
    gone: tuple[LockLine, ...] = ()
    locked: bool = False
    conflict: int | None = None
    squashed: tuple[LockLine, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids that nothing follows, oldest first; a missing file in between still follows its parents."""
        followed = {parent for revision in self.revisions for parent in (*revision.parents, *revision.depends_on)}
        for line in reversed(self.gone):
            followed |= set(line.parents) if line.id in followed else set()
        return tuple(revision.id for revision in self.revisions if revision.id not in followed)

    @property
    def is_chain(self) -> bool:
        """Whether each file follows the one before it, and nothing else."""
        parents: list[tuple[str, ...]] = [(), *((each.id,) for each in self.revisions)]
        return all(
            each.parents == parent and not each.depends_on
            for each, parent in zip(self.revisions, parents, strict=False)
        )

    @property
    def own(self) -> History:
        """These files as dbtool itself runs them: a foreign env.py may not follow to a scratch database."""
        return replace(self, host="dbtool")

    def followed_by(self, revision: Revision) -> History:
        """Return this history with one more file at its end."""
        return replace(self, revisions=(*self.revisions, revision))

    def with_files(self, found: Iterable[Revision]) -> History:
        """Return this history with files that were missing, in their places."""
        revisions = _in_order([*self.revisions, *found])
        ids = {revision.id for revision in revisions}
        return replace(self, revisions=revisions, gone=tuple(line for line in self.gone if line.id not in ids))


def read(config: Config, *, split: bool = False) -> History:
    """Read the files and the lock.

    A file whose text hashes as the lock says is not parsed. Raises UnreadableFileError and DuplicateError; where
    dbtool keeps the history, ConflictError, and ForkedError where two files follow the same one without
    `branch_labels` that say so. With `split` a history whose branches are not joined yet is returned as it is.
    """
    host = host_of(config)
    lines, conflict, squashed = _read_lock(config.lock) if host == "dbtool" else ({}, None, ())
    if conflict is not None and not split:
        raise ConflictError(
            f"{config.lock}:{conflict}: two branches both added a migration, and their merge is not finished",
            hint="dbtool rebase",
        )
    found = [_read_file(path, lines) for folder in config.versions for path in _files(folder, config.recursive)]
    _refuse_duplicates(found)
    revisions = _in_order(found)
    ids = {revision.id for revision in revisions}
    history = History(
        revisions,
        host,
        tuple(line for line in lines.values() if line.id not in ids),
        locked=config.lock.exists(),
        conflict=conflict,
        squashed=squashed,
    )
    _refuse_gaps(history)
    fork = None if split or host == "alembic" else forked(history)
    if fork is not None:
        raise fork
    return history


def host_of(config: Config) -> Host:
    """Return whose env.py the migrations folder holds; a folder without one will be dbtool's."""
    path = config.migrations / "env.py"
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return "dbtool"
    if MARKER not in text:
        return "alembic"
    return "dbtool" if any(name == MARKER for name, _ in _assignments(_parse(path, text))) else "alembic"


def describe(path: Path) -> Revision:
    """Read one migration file by its syntax tree."""
    content = normalised(path.read_bytes())
    tree = _parse(path, content.decode("utf-8", errors="surrogateescape"))
    values = dict(_assignments(tree))
    if not isinstance(values.get("revision"), str):
        raise UnreadableFileError(f'{path} says no `revision = "..."`', hint="correct the file, or move it away")
    id = str(values["revision"])
    return Revision(
        id=id,
        name=_name(path.name, id),
        parents=_ids(values.get("down_revision")),
        path=str(path),
        text_hash=text_hash(content),
        meaning_hash=meaning_hash(tree),
        listed=False,
        depends_on=_ids(values.get("depends_on")),
    )


def drops(revision: Revision) -> bool:
    """Whether going up drops a table or a column, as far as the file's own calls tell."""
    tree = _parse(Path(revision.path), normalised(Path(revision.path).read_bytes()).decode("utf-8", errors="replace"))
    upgrades = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    calls = (node for upgrade in upgrades for node in ast.walk(upgrade) if isinstance(node, ast.Attribute))
    return any(call.attr in ("drop_table", "drop_column") for call in calls)


def is_unproven(revision: Revision) -> bool:
    """Whether a file says that nobody has proven it."""
    return UNPROVEN.encode() in Path(revision.path).read_bytes()


def write_lock(config: Config, revisions: Iterable[Revision], *, squashed: Iterable[LockLine] | None = None) -> None:
    """List these revisions, in this order, in one step that a crash cannot cut in half.

    What the lock says of squashed migrations stays, as long as there is the file that they went into.
    """
    listed = tuple(revisions)
    ids = {each.id for each in listed}
    before = _read_lock(config.lock)[2] if squashed is None else squashed
    lines: list[tuple[LockLine | Revision, str]]
    lines = [(each, f"{_INTO}{each.into}") for each in before if each.into in ids]
    lines += [(each, ",".join(each.parents) or "base") for each in listed]
    texts = (f"{each.id} {second} {each.text_hash} {each.meaning_hash}\n" for each, second in lines)
    write_whole(config.lock, LOCK_HEADER + "".join(texts))


def meaning_hash(tree: ast.Module) -> str:
    """Return the hash of what a file does, 32 hex digits: comments, docstrings and formatting do not count.

    The walk is our own, since the text of `ast.dump` and `ast.unparse` changes between versions of Python.
    """
    return hashlib.sha256("\n".join(_walk(tree)).encode("utf-8", errors="surrogateescape")).hexdigest()[:32]


_IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores", "lineno", "col_offset"})


def _walk(node: ast.AST) -> Iterator[str]:
    yield type(node).__name__
    for name in sorted(node._fields):
        value = getattr(node, name, None)
        if name == "body" and isinstance(value, list) and _has_docstring(node):
            value = value[1:]
        if isinstance(node, ast.JoinedStr) and isinstance(value, list):
            value = [part for part in value if not (isinstance(part, ast.Constant) and part.value == "")]  # 3.12's
        if name not in _IGNORED and value not in (None, []):
            yield f".{name}"
            yield from _walk_value(value)
    yield "/"


def _walk_value(value: object) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield from _walk(value)
    elif isinstance(value, list):
        yield "["
        for item in value:
            yield from _walk_value(item)
        yield "]"
    else:
        yield f"{type(value).__name__} {value!a}"  # what repr() escapes changes with Unicode


def _has_docstring(node: ast.AST) -> bool:
    if not isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not node.body:
        return False
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _files(folder: Path, recursive: bool) -> Iterator[str]:
    """Yield the paths of a folder's migrations by name, and those of the folders in it."""
    if recursive:
        for place, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            yield from (os.path.join(place, name) for name in sorted(names) if _is_migration(name))
        return
    try:
        names = sorted(name for name in os.listdir(folder) if _is_migration(name))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        yield os.path.join(folder, name)


def _is_migration(name: str) -> bool:
    return name.endswith(".py") and name != "__init__.py" and not name.startswith(".")


_DEPENDS = re.compile(rb"^depends_on\b[^=\n]*=(?!\s*None\b)", re.MULTILINE)  # the one thing that no lock line says


def _read_file(path: str, lines: Mapping[str, LockLine]) -> Revision:
    name = os.path.basename(path)
    line = lines.get(name.partition("_")[0])
    if line is not None:
        with open(path, "rb", buffering=0) as file:
            content = normalised(file.read())
        if text_hash(content) == line.text_hash and not _DEPENDS.search(content):
            return Revision(line.id, _name(name, line.id), line.parents, path, line.text_hash, line.meaning_hash)
    revision = describe(Path(path))
    line = lines.get(revision.id)
    if line is None:
        return revision
    same = line.meaning_hash == revision.meaning_hash and line.parents == revision.parents
    return replace(revision, listed=True, stale=not same)


def _parse(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise UnreadableFileError(
            f"{path}{f':{line}' if line else ''} is not valid Python: {getattr(error, 'msg', error)}",
            hint="correct the file, or restore it with git",
        ) from error


def _assignments(tree: ast.Module) -> Iterator[tuple[str, object]]:
    """Yield each `name = literal` of a module; what is no literal is yielded as None."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                try:
                    yield target.id, ast.literal_eval(node.value)
                except (ValueError, TypeError):
                    yield target.id, None


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, tuple | list | set) else ()


def _name(file_name: str, id: str) -> str:
    stem = file_name.removesuffix(".py")
    return stem.removeprefix(id).strip("_-") or stem


_INTO = "squashed:"


def _read_lock(path: Path) -> tuple[dict[str, LockLine], int | None, tuple[LockLine, ...]]:
    """Return the lines by id, the first one that holds a marker of an unfinished merge, and those of squashed files."""
    try:
        text = normalised(path.read_bytes()).decode("utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return {}, None, ()
    lines: list[LockLine] = []
    conflict = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            conflict = conflict or number
        elif line.strip() and not line.startswith("#"):
            lines.append(_lock_line(path, number, line))
    squashed = {(each.id, each.meaning_hash): each for each in lines if each.into}
    listed = {each.id: each for each in lines if (each.id, each.meaning_hash) not in squashed}
    return listed, conflict, tuple(squashed.values())


def _lock_line(path: Path, number: int, line: str) -> LockLine:
    parts = line.split()
    if len(parts) != 4:
        raise HistoryError(f"{path}:{number}: this is no line of a lock", hint=f"git checkout -- {path.name}")
    id, parents, text, meaning = parts
    if parents.startswith(_INTO):
        return LockLine(id, (), text, meaning, parents.removeprefix(_INTO))
    return LockLine(id, () if parents == "base" else tuple(parents.split(",")), text, meaning)


def _in_order(found: list[Revision]) -> tuple[Revision, ...]:
    """Sort parents before children; among equals, by id."""
    waiting = sorted(found, key=lambda revision: revision.id)
    known = {revision.id for revision in found}
    placed: dict[str, Revision] = {}
    while waiting:
        later = []
        for revision in waiting:
            needed = {parent for parent in (*revision.parents, *revision.depends_on) if parent in known}
            if needed <= placed.keys():
                placed[revision.id] = revision
            else:
                later.append(revision)
        if len(later) == len(waiting):
            labels = ", ".join(revision.label for revision in later)
            raise HistoryError(
                f"these migrations follow each other in a circle: {labels}", hint="correct down_revision"
            )
        waiting = later
    return tuple(placed.values())


def _refuse_duplicates(found: list[Revision]) -> None:
    seen: dict[str, Revision] = {}
    for revision in found:
        if revision.id in seen:
            names = f"{Path(seen[revision.id].path).name} and {Path(revision.path).name}"
            raise DuplicateError(f"{names} both say revision {revision.id}", hint="give one of them an id of its own")
        seen[revision.id] = revision


def _refuse_gaps(history: History) -> None:
    """Refuse a file that follows one which neither a file nor the lock knows."""
    gone = (*history.gone, *history.squashed)
    known = {*(revision.id for revision in history.revisions), *(line.id for line in gone)}
    for revision in history.revisions:
        for parent in revision.parents:
            if parent not in known:
                raise HistoryError(
                    f"{Path(revision.path).name} follows {parent}, and no file says `revision = {parent!r}`",
                    hint="restore the missing file with git, or correct down_revision",
                )


def forked(history: History) -> ForkedError | None:
    """Return what is wrong with a history of several heads; None for one head, or branches with labels of their own."""
    if len(history.heads) < 2 or _is_meant(history):
        return None
    by_parent: dict[tuple[str, ...], list[Revision]] = {}
    for revision in history.revisions:
        by_parent.setdefault(revision.parents, []).append(revision)
    for parents, children in by_parent.items():
        if len(children) > 1:
            labels = " and ".join(child.label for child in children)
            return ForkedError(f"{labels} both follow {', '.join(parents) or 'base'}", hint="dbtool rebase")
    return ForkedError(f"there is more than one head: {', '.join(history.heads)}", hint="dbtool rebase")


_LABELS = re.compile(rb"^branch_labels\b[^=\n]*=(?!\s*None\b)", re.MULTILINE)


def _is_meant(history: History) -> bool:
    """Whether every branch but one has `branch_labels`, by which Alembic tells branches apart that are to stay."""
    parents = {revision.id: (*revision.parents, *revision.depends_on) for revision in history.revisions}
    labelled = {each.id for each in history.revisions if _LABELS.search(Path(each.path).read_bytes())}
    own = [_followed(parents, head) for head in history.heads]
    return sum(1 for branch in own if not branch & labelled) < 2


def has_labels(revision: Revision) -> bool:
    """Whether a file gives its branch a name."""
    return _LABELS.search(Path(revision.path).read_bytes()) is not None


def _followed(parents: Mapping[str, tuple[str, ...]], head: str) -> set[str]:
    found: set[str] = set()
    waiting = [head]
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += parents.get(id, ())
    return found


def next_id(history: History, now: datetime) -> str:
    """Return a new revision's id, 14 digits: the time in UTC, or one second after the head's when clocks differ."""
    ids = [revision.id for revision in history.revisions if len(revision.id) == 14 and revision.id.isdigit()]
    wanted = now.astimezone(UTC)
    if ids:
        with suppress(ValueError):
            newest = datetime.strptime(max(ids), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            wanted = max(wanted, newest + timedelta(seconds=1))
    return wanted.strftime("%Y%m%d%H%M%S")
