"""Decide, touch nothing: files against ledger, and which migrations a move takes. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from dbtool.engine.history import History
from dbtool.errors import EditedError, HistoryError, MissingFileError, RevisionError, SquashedError
from dbtool.reports import Revision, Standing

BASE = "base"


def standing(history: History, heads: Sequence[str], checksums: Mapping[str, str]) -> Standing:
    """Compare the files with what a database has run; `checksums` is what its ledger holds of each revision.

    Edited means that the ledger of this database holds another meaning; stale that a file is not what the lock
    says, and that this database has not run it or ran it as it is; missing that it ran, or the lock lists, a file
    that is gone.
    """
    known = {revision.id for revision in history.revisions}
    ran = ancestors(history, heads)
    gone = {line.id for line in history.squashed} - known
    if not all(head in known or any(line.id == head for line in history.gone) for head in heads):
        ran |= checksums.keys()  # nobody knows what a lost head followed, but the ledger knows what ran
    applied = tuple(revision for revision in history.revisions if revision.id in ran)
    pending = tuple(revision for revision in history.revisions if revision.id not in ran)
    before = {(line.id, line.meaning_hash) for line in history.squashed}
    edited = tuple(
        revision
        for revision in applied
        if _edited(revision, checksums) and (revision.id, checksums.get(revision.id)) not in before
    )
    missing = [
        *(id for id in sorted(ran) if id not in known and id not in gone),
        *(line.id for line in history.gone if line.id not in ran),
    ]
    return Standing(
        current=tuple(heads),
        heads=history.heads,
        applied=applied,
        pending=pending,
        edited=edited,
        missing=tuple(missing),
        stale=tuple(revision for revision in history.revisions if revision.stale and revision not in edited),
        unlisted=tuple(revision for revision in history.revisions if history.locked and not revision.listed),
        elsewhere=tuple(id for id in missing if not any(line.id == id for line in history.gone)),
        left_behind=left_behind(history, heads),
    )


def require_intact(found: Standing, folder: str) -> None:
    """Raise EditedError or MissingFileError when the files in `folder` are not what was run or listed.

    Raise SquashedError where the database stopped in the middle of what is one file now.
    """
    if found.left_behind:
        raise stopped(found.current, found.left_behind)
    if found.missing:
        raise MissingFileError(
            f"the file of migration {', '.join(found.missing)} is gone", hint=find_again(found, folder)
        )
    if found.edited:
        raise EditedError(f"{_labels(found.edited)} was changed after this database ran it", hint=restore(folder))
    if found.stale:
        raise EditedError(f"{_labels(found.stale)} is not what {folder}/dbtool.lock lists", hint="dbtool migrate")


def find_again(found: Standing, folder: str) -> str:
    """Return the hint for files that are gone: of another branch, or deleted from this one."""
    if not found.elsewhere:
        return f"git checkout -- {folder}"
    return "dbtool rollback --missing   (takes back what another branch applied; or switch to that branch)"


def left_behind(history: History, heads: Sequence[str]) -> tuple[str, ...]:
    """Return the squashed migrations that a database has not run, where it stopped in the middle of them, in order."""
    known = {revision.id for revision in history.revisions}
    for head in heads:
        ids = [line.id for line in history.squashed]
        if head not in known and head in ids:
            into = history.squashed[ids.index(head)].into
            rest = (line for line in history.squashed[ids.index(head) + 1 :] if line.into == into)
            return tuple(dict.fromkeys(line.id for line in rest))
    return ()


def stopped(heads: Sequence[str], rest: Sequence[str]) -> SquashedError:
    """Return what is wrong with such a database, and how to find the files that finish what it began."""
    return SquashedError(
        f"this database stopped at {', '.join(heads)}, and {', '.join(rest)} were to follow:"
        " all of them are one file now",
        hint=f"git log --all --oneline -- '*{heads[0]}*.py'   (dbtool deploy from the commit before the last one;"
        " copies of the files are in .dbtool/applied/)",
    )


def restore(path: str, *, last: bool = False) -> str:
    """Return the hint for a file that was changed too late; the last one may be written anew."""
    amending = ", or, while nobody else ran it, dbtool migrate --amend" if last else ""
    return f"git checkout -- {path}   (a change belongs in a new migration: dbtool migrate{amending})"


def ancestors(history: History, ids: Iterable[str]) -> frozenset[str]:
    """Return these revisions and everything they follow, by files and lock."""
    parents = {line.id: line.parents for line in history.gone}
    parents |= {revision.id: (*revision.parents, *revision.depends_on) for revision in history.revisions}
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting.extend(parents.get(id, ()))
    return frozenset(found)


def forward(history: History, heads: Sequence[str], target: str | None = None) -> tuple[Revision, ...]:
    """Return what must run to bring a database from `heads` to the target, in order; None means every head.

    Raises SquashedError where the database stopped in the middle of what is one file now.
    """
    rest = left_behind(history, heads)
    if rest:
        raise stopped(heads, rest)
    ran = ancestors(history, heads)
    wanted = ancestors(history, history.heads if target is None else [target])
    return tuple(revision for revision in history.revisions if revision.id in wanted and revision.id not in ran)


def backward(history: History, heads: Sequence[str], target: str) -> tuple[Revision, ...]:
    """Return what must be taken back to bring a database from `heads` to the target, in order."""
    kept = ancestors(history, () if target == BASE else [target])
    ran = ancestors(history, heads)
    return tuple(revision for revision in reversed(history.revisions) if revision.id in ran and revision.id not in kept)


def last(applied: Sequence[Revision], count: int) -> tuple[Revision, ...]:
    """Return the newest `count` of what a database has run, newest first. Raises RevisionError where it ran fewer."""
    if not 1 <= count <= len(applied):
        raise RevisionError(f"{count} cannot be taken back: this database has run {len(applied)}", hint="dbtool status")
    return tuple(reversed(applied[-count:]))


def among(history: History, heads: Sequence[str], ids: Iterable[str]) -> tuple[Revision, ...]:
    """Return those of `ids` that a database at `heads` has run, newest first.

    Raises HistoryError where it has run something beyond them: they were chosen before somebody else deployed.
    """
    ran = ancestors(history, heads)
    wanted = ran & set(ids)
    known = {revision.id: revision for revision in history.revisions}
    beyond = [id for id in sorted(ran - wanted) if id not in known and id in heads]
    beyond += [
        id for id in sorted(ran - wanted) if id in known and wanted & {*known[id].parents, *known[id].depends_on}
    ]
    if beyond:
        raise HistoryError(f"{', '.join(beyond)} ran meanwhile, and nothing was taken back", hint="dbtool status")
    return tuple(revision for revision in reversed(history.revisions) if revision.id in wanted)


def resolve(history: History, word: str, heads: Sequence[str]) -> str:
    """Return the id that a person means by an id, a unique prefix of one, a name, `base`, `head`, `-1` or `+1`.

    `-1` counts back from where the database is. Raises RevisionError naming the nearest ones.
    """
    if word == BASE:
        return BASE
    if word in ("head", "heads"):
        return _only(history.heads, word) if history.revisions else BASE
    if word[:1] in "+-" and word[1:].isdigit():
        return _relative(history, int(word), heads)
    exact = [revision for revision in history.revisions if word in (revision.id, revision.name, revision.label)]
    matches = exact or [revision for revision in history.revisions if word and revision.id.startswith(word)]
    if not matches:
        raise RevisionError(f"no migration is called `{word}`", hint=_suggestion(history, word))
    if len(matches) > 1:
        raise RevisionError(
            f"`{word}` names {len(matches)} migrations",
            hint="say the whole id",
            problems=[revision.label for revision in matches],
        )
    return matches[0].id


def _relative(history: History, distance: int, heads: Sequence[str]) -> str:
    ran = ancestors(history, heads)
    order = [revision.id for revision in history.revisions]
    done = sum(1 for id in order if id in ran)
    position = done + distance
    if not 0 <= position <= len(order):
        raise RevisionError(
            f"there are only {done} migrations behind and {len(order) - done} ahead", hint="dbtool status"
        )
    return order[position - 1] if position else BASE


def _edited(revision: Revision, checksums: Mapping[str, str]) -> bool:
    recorded = checksums.get(revision.id)
    return revision.stale if recorded is None else recorded != revision.meaning_hash


def _only(ids: Sequence[str], word: str) -> str:
    if len(ids) > 1:
        raise RevisionError(f"`{word}` names {len(ids)} migrations: {', '.join(ids)}", hint="say the whole id")
    return ids[0]


def _suggestion(history: History, word: str) -> str:
    words = [revision.name for revision in history.revisions] + [revision.id for revision in history.revisions]
    near = get_close_matches(word, words, n=1)
    return f"did you mean `{near[0]}`?" if near else "dbtool status lists them"


def _labels(revisions: Sequence[Revision]) -> str:
    return ", ".join(revision.label for revision in revisions)
