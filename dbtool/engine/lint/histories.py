"""Rules about the files as a whole, and about what this database ran of them."""

from __future__ import annotations

from collections.abc import Iterator

from dbtool.engine.lint.rules import Rule
from dbtool.errors import DuplicateError, ForkedError, HistoryError
from dbtool.reports import Revision, Standing

RULES = (
    Rule("two-heads", "EEE", "two files follow the same one", "dbtool rebase"),
    Rule("dup-revision", "EEE", "two files have the same id", "give one of them an id of its own"),
    Rule(
        "orphan-parent", "EEE", "a file follows one that is not there", "restore it with git, or correct down_revision"
    ),
    Rule("edited-applied", "EEE", "a file was changed after it ran", "git checkout -- <path>"),
    Rule("missing-applied", "EEE", "a file that ran, or is listed, is gone", "git checkout -- <path>"),
    Rule("out-of-order", "EEE", "a file is older than one that has run", "dbtool rebase"),
    Rule(
        "allow-without-reason",
        "EEE",
        "a rule is silenced without a reason",
        "# dbtool: allow <rule> -- why this is safe here",
    ),
    Rule("allow-unknown", "WWW", "a rule is silenced that there is not", "dbtool lint prints the names of rules"),
)


def of_error(error: HistoryError) -> str:
    """Return the name of the rule that an unreadable history breaks."""
    if isinstance(error, ForkedError):
        return "two-heads"
    return "dup-revision" if isinstance(error, DuplicateError) else "orphan-parent"


def of_standing(standing: Standing) -> Iterator[tuple[str, Revision | None, str]]:
    """Yield what this database tells: the rule, the file if there is one, and a message."""
    for revision in standing.edited:
        yield "edited-applied", revision, f"{revision.label} was changed after this database ran it"
    for id in standing.missing:
        yield "missing-applied", None, f"the file of migration {id} is gone"
    newest = max((revision.id for revision in standing.applied), default="")
    for revision in standing.pending:
        if revision.id < newest and revision.id.isdigit() and newest.isdigit():
            yield "out-of-order", revision, f"{revision.label} is older than {newest}, which has run"
