"""Weigh a difference against the rows of a database: what is asked, what is counted, what a person must accept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtool.conversation import Answers, Ask, Tell, Warn
from dbtool.database import Database
from dbtool.engine import live
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.diff.decisions import Unknown
from dbtool.errors import RowsInTheWayError, UsageError
from dbtool.reports import Change, Risk


@dataclass(frozen=True, slots=True)
class Weighed:
    """A difference, what was decided about it, and what it would do to the rows of a database.

    `counted` is False where there is a database that did not answer.
    """

    draft: Draft
    decisions: Decisions
    changes: tuple[Change, ...]
    risks: tuple[Risk, ...]
    counted: bool

    @property
    def losing(self) -> tuple[Change, ...]:
        """The changes that lose rows or values which are there."""
        return tuple(change for change in self.changes if change.loses_data)

    @property
    def blocking(self) -> tuple[Risk, ...]:
        """What rows would make the database refuse."""
        return tuple(risk for risk in self.risks if risk.blocks)


def weigh(database: Database, ask: Ask, compare: Callable[[Decisions], Draft], *, exists: bool) -> Weighed:
    """Find a difference, ask what only a person can know, and count what it would do to the rows."""
    with live.reading(database, exists=exists) as rows:
        decisions = Decisions(ask, rows or Unknown())
        draft = compare(decisions)
        if draft.unmodelled:
            ask.has_all_models(draft.unmodelled, draft.modelled)
        risks = live.risks(rows, decisions, draft.operations) if rows else ()
        changes = live.marked(draft.changes, risks, rows)
    return Weighed(draft, decisions, changes, risks, rows is not None or not exists)


def warn(weighed: Weighed, tell: Tell) -> None:
    """Say what would be lost or refused, where nothing is changed yet."""
    for text in (*(change.text for change in weighed.losing), *(risk.text for risk in weighed.blocking)):
        tell(Warn(text))


def consent(weighed: Weighed, ask: Ask, where: str) -> bool:
    """Ask before rows are lost `where`; return whether some will be, so that they are copied away first.

    Raises RowsInTheWayError and AnswerError.
    """
    if weighed.blocking:
        raise RowsInTheWayError(
            f"rows that exist are in the way: {', '.join(risk.text for risk in weighed.blocking)}",
            hint="correct them first, or write what becomes of them: dbtool migrate --create-only",
            problems=[f"{risk.subject}: {sample}" for risk in weighed.blocking for sample in risk.samples],
        )
    if weighed.losing:
        ask.accepts_loss(weighed.losing, where)
    return bool(weighed.losing)


def refuse_unused(ask: Ask) -> None:
    """Refuse an answer that nothing asked for: it is a typing error, or meant for another migration."""
    if isinstance(ask, Answers) and ask.unused:
        raise UsageError(f"{ask.unused[0]} answers nothing that was asked", hint="dbtool diff shows what has changed")
