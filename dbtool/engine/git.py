"""What git knows of migration files: who changed one last, texts that are gone, which branch a file is of.

Every answer is None or empty where git is not installed, this is no repository, or git does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 20
_PLAIN = re.compile(r"[\w-]+")  # an id that means nothing to git's patterns


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as people name one; `date` is YYYY-MM-DD where its author was."""

    id: str
    author: str
    date: str

    @property
    def words(self) -> str:
        """The commit as part of a sentence."""
        return f"commit {self.id} by {self.author}, {self.date}"


def run(folder: Path, *arguments: str) -> str | None:
    """Run git in a folder and return what it prints; None where it fails or is not there."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", "--no-pager", "--no-optional-locks", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", errors="surrogateescape") if done.returncode == 0 else None


def last_commit(folder: Path, pattern: str) -> Commit | None:
    """Return the newest commit, on any branch, that touched a path; `pattern` may hold `*`, from `folder` on."""
    said = run(folder, "log", "-1", "--all", "--format=%h%x00%an%x00%as", "--", f":(glob){pattern}")
    parts = (said or "").strip("\n").split("\0")
    return Commit(*parts) if len(parts) == 3 else None


def texts(folder: Path, id: str) -> Iterator[tuple[str, bytes]]:
    """Yield each text that a migration's file ever had on any branch, newest first, with the name of the file.

    The file is found by its name, which must hold the id.
    """
    if not _PLAIN.fullmatch(id):
        return
    said = run(
        folder, "log", "--all", "--reflog", "--diff-filter=AMR", "--name-only", "--relative",
        "--format=%x00%H", "--", f":(glob)**/*{id}*.py",
    )  # fmt: skip
    for block in (said or "").split("\0")[1:]:
        commit, *names = block.split()
        for name in names:
            text = run(folder, "show", "--no-textconv", f"{commit}:./{name}")
            if text is not None:
                yield Path(name).name, text.encode("utf-8", errors="surrogateescape")


def remote_with(folder: Path, name: str) -> str | None:
    """Return a branch of a remote, as it was last fetched or pushed, whose history has a file of this name."""
    commit = (run(folder, "log", "--remotes", "-1", "--format=%H", "--", f":(top,glob)**/{name}") or "").strip()
    branches = run(folder, "branch", "-r", "--contains", commit, "--format=%(refname:short)") if commit else None
    return next((each for each in (branches or "").split() if "/" in each), None)


def files(folder: Path, commit: str) -> frozenset[str] | None:
    """Return the paths of a commit's files below a folder; None where there is no such commit."""
    said = run(folder, "ls-tree", "-r", "-z", "--name-only", commit, ".")
    return None if said is None else frozenset(said.rstrip("\0").split("\0"))


def is_replaying(folder: Path) -> bool:
    """Whether commits are being replayed on another branch, by rebase or cherry-pick: HEAD is the other side then."""
    return any(
        run(folder, "rev-parse", "-q", "--verify", name) is not None for name in ("REBASE_HEAD", "CHERRY_PICK_HEAD")
    )


def last_merge(folder: Path) -> str | None:
    """Return the newest merge on this branch's own line."""
    said = run(folder, "rev-list", "--first-parent", "--merges", "-1", "HEAD")
    return (said or "").strip() or None
