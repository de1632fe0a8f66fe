"""What an operation says (Tell) and asks (Ask) while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dbtool.errors import AnswerError, UnmodelledError
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


_SHOWN = 3  # tables that a sentence names


def unmodelled(tables: Sequence[str], modelled: int) -> str:
    """Return a sentence for many tables without a model beside few that have one."""
    names = ", ".join(tables[:_SHOWN]) + (", ..." if len(tables) > _SHOWN else "")
    models = "1 table has a model" if modelled == 1 else f"{modelled} tables have models"
    return f"{models} and {len(tables)} have none ({names}): their models are probably not imported"


class Ask(Protocol):
    """What only a person can know. Each method returns the answer or raises AnswerError."""

    def confirm(self, question: str, *, flag: str) -> None:
        """Return when the answer is yes; `flag` is what would have said so. Raise DeclinedError on no."""

    def migration_name(self, suggestion: str) -> str:
        """Return the name of a new migration."""

    def accepts_loss(self, changes: Sequence[Change], where: str) -> None:
        """Return when losing the data that these changes lose is meant. Raise DeclinedError on no.

        `where` is the database, with its environment where one is named.
        """

    def has_all_models(self, tables: Sequence[str], modelled: int) -> None:
        """Return when no model of these many tables is meant, beside the few that are modelled; raise if not."""

    def is_rename(self, old: str, new: str, *, likely: bool = True) -> bool:
        """Whether `old`, which is gone, is called `new` now: a table, `table.column`, or `table.column.member`.

        `new` is the last part alone. What is not `likely` need not be asked: only who has said it before says yes.
        """

    def fill(self, subject: str, kind: str, rows: int) -> str:
        """Return what rows that exist get, as text: in a new column `table.column` of an SQL type `kind`.

        For `table.column.member`, a member of an enum that is going, it is the member that takes its place.
        """


class Refuse:
    """The answers of nobody: assume nothing, lose nothing, take the suggested name."""

    def confirm(self, question: str, *, flag: str) -> None:
        """Refuse, naming the flag that would have answered."""
        raise AnswerError(f"nobody can be asked: {question}", hint=f"add {flag} to answer yes")

    def migration_name(self, suggestion: str) -> str:
        """Take the suggestion: a name loses nothing."""
        return suggestion

    def accepts_loss(self, changes: Sequence[Change], where: str) -> None:
        """Refuse, naming what would be lost, and where."""
        raise AnswerError(
            f"this migration would lose data of {where}, and nobody can be asked",
            hint="add --accept-data-loss if that is meant",
            problems=[change.text for change in changes],
        )

    def has_all_models(self, tables: Sequence[str], modelled: int) -> None:
        """Refuse: models that are not imported look like tables that are to go."""
        raise UnmodelledError(
            unmodelled(tables, modelled),
            hint='models = "..." in [tool.dbtool] names the module that imports all; add --accept-data-loss to drop',
        )

    def is_rename(self, old: str, new: str, *, likely: bool = True) -> bool:
        """Refuse, naming both ways out: neither keeping nor losing values may be a guess."""
        if not likely:
            return False
        raise AnswerError(
            f"`{old}` is gone and `{new}` is new: is that one thing with a new name? nobody can be asked",
            hint=f"add --rename {old}:{new} if it is, or --accept-data-loss to drop the one and add the other",
        )

    def fill(self, subject: str, kind: str, rows: int) -> str:
        """Refuse, naming the flag that would have answered."""
        these = f"the {rows:,} rows" if rows != 1 else "the one row"
        raise AnswerError(
            f"`{subject}` ({kind}) needs a value for {these} that exist, and nobody can be asked",
            hint=f"add --fill {subject}=VALUE, or give the model a default",
        )


REFUSE: Ask = Refuse()


class Answers:
    """Answers that were given before, and somebody who is asked for the rest.

    `renames` are pairs such as `("user.name", "full_name")`, `fills` values by `table.column`. What answered nothing
    is in `unused` at the end.
    """

    def __init__(
        self,
        *,
        yes: bool = False,
        accept_data_loss: bool = False,
        renames: Sequence[tuple[str, str]] = (),
        fills: Mapping[str, str] | None = None,
        otherwise: Ask = REFUSE,
    ) -> None:
        self.yes = yes
        self.accept_data_loss = accept_data_loss
        self.renames = dict(renames)
        self.fills = dict(fills or {})
        self.otherwise = otherwise
        self._used: set[str] = set()

    @property
    def unused(self) -> tuple[str, ...]:
        """The renames and fills that nothing asked for, as they were given."""
        renames = (f"--rename {old}:{new}" for old, new in self.renames.items() if old not in self._used)
        fills = (f"--fill {subject}={value}" for subject, value in self.fills.items() if subject not in self._used)
        return (*renames, *fills)

    def confirm(self, question: str, *, flag: str) -> None:
        """Say yes to everything, or ask."""
        if not self.yes:
            self.otherwise.confirm(question, flag=flag)

    def migration_name(self, suggestion: str) -> str:
        """Ask."""
        return self.otherwise.migration_name(suggestion)

    def accepts_loss(self, changes: Sequence[Change], where: str) -> None:
        """Accept every loss, or ask."""
        if not self.accept_data_loss:
            self.otherwise.accepts_loss(changes, where)

    def has_all_models(self, tables: Sequence[str], modelled: int) -> None:
        """Let what is lost be lost, or ask."""
        if not self.accept_data_loss:
            self.otherwise.has_all_models(tables, modelled)

    def is_rename(self, old: str, new: str, *, likely: bool = True) -> bool:
        """Say what was given; with every loss accepted, what was not given is none."""
        if old in self.renames:
            self._used.add(old)
            return self.renames[old] == new
        if new in self._new_names(old) or self.accept_data_loss:
            return False
        return self.otherwise.is_rename(old, new, likely=likely)

    def _new_names(self, old: str) -> set[str]:
        """The new names that are taken beside this one, in the same table or enum."""
        beside = old.rpartition(".")[0]
        return {new for each, new in self.renames.items() if each.rpartition(".")[0] == beside}

    def fill(self, subject: str, kind: str, rows: int) -> str:
        """Say what was given, or ask."""
        if subject in self.fills:
            self._used.add(subject)
            return self.fills[subject]
        return self.otherwise.fill(subject, kind, rows)
