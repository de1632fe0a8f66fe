"""What an operation says (Tell) and asks (Ask) while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dbtool.errors import AnswerError
from dbtool.reports import Change, Direction


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was done, in a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Something that the reader should know before it matters."""

    text: str


@dataclass(frozen=True, slots=True)
class Running:
    """A migration is about to run: the `number`th of `total`, from 1."""

    revision: str
    name: str
    direction: Direction
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class Working:
    """Long work goes on: `done` of `total` units; a total of 0 is not known."""

    what: str
    done: int
    total: int


Event = Note | Warn | Running | Working
Tell = Callable[[Event], None]


def silent(event: Event) -> None:
    """Say nothing."""


class Ask(Protocol):
    """What only a person can know. Each method returns the answer or raises AnswerError."""

    def confirm(self, question: str, *, flag: str) -> None:
        """Return when the answer is yes; `flag` is what would have said so. Raise DeclinedError on no."""

    def migration_name(self, suggestion: str) -> str:
        """Return the name of a new migration."""

    def accepts_loss(self, changes: Sequence[Change]) -> None:
        """Return when losing the data that these changes lose is meant. Raise DeclinedError on no."""


class Refuse:
    """The answers of nobody: assume nothing, lose nothing, take the suggested name."""

    def confirm(self, question: str, *, flag: str) -> None:
        """Refuse, naming the flag that would have answered."""
        raise AnswerError(f"nobody can be asked: {question}", hint=f"add {flag} to answer yes")

    def migration_name(self, suggestion: str) -> str:
        """Take the suggestion: a name loses nothing."""
        return suggestion

    def accepts_loss(self, changes: Sequence[Change]) -> None:
        """Refuse, naming what would be lost."""
        raise AnswerError(
            "this migration would lose data, and nobody can be asked",
            hint="add --accept-data-loss if that is meant",
            problems=[change.text for change in changes],
        )


REFUSE: Ask = Refuse()
