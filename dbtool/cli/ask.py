"""Questions at a terminal. Without one, nothing is assumed: each question names the flag that answers it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from dbtool.cli import output
from dbtool.conversation import REFUSE, Ask
from dbtool.errors import DeclinedError
from dbtool.reports import Change


def asker(
    clear: Callable[[], None], *, yes: bool = False, accept_data_loss: bool = False, as_json: bool = False
) -> Ask:
    """Return who answers: the flags, then a person if there is one, else nobody.

    `clear` makes room on the terminal before a question.
    """
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    return _Answers(yes, accept_data_loss, _Terminal(clear) if at_terminal else REFUSE)


class _Answers:
    """Answers by flag, and passes on what no flag answers."""

    def __init__(self, yes: bool, accept_data_loss: bool, otherwise: Ask) -> None:
        self.yes = yes
        self.accept_data_loss = accept_data_loss
        self.otherwise = otherwise

    def confirm(self, question: str, *, flag: str) -> None:
        if not self.yes:
            self.otherwise.confirm(question, flag=flag)

    def migration_name(self, suggestion: str) -> str:
        return self.otherwise.migration_name(suggestion)

    def accepts_loss(self, changes: Sequence[Change]) -> None:
        if not self.accept_data_loss:
            self.otherwise.accepts_loss(changes)


class _Terminal:
    """A person."""

    def __init__(self, clear: Callable[[], None]) -> None:
        self.clear = clear

    def confirm(self, question: str, *, flag: str) -> None:
        self.clear()
        if not _yes(question):
            raise DeclinedError("nothing was changed")

    def migration_name(self, suggestion: str) -> str:
        self.clear()
        return _read(f"name of the migration [{suggestion}]: ") or suggestion

    def accepts_loss(self, changes: Sequence[Change]) -> None:
        self.clear()
        output.talk(output.line(("this migration loses data:", "bold yellow")))
        for change in changes:
            output.talk(output.line((f"  {change.text}", "")))
        if not _yes("go on? (a backup is taken first)"):
            raise DeclinedError("nothing was changed")


def _yes(question: str) -> bool:
    return _read(f"{question} [y/N] ").lower() in ("y", "yes")


def _read(prompt: str) -> str:
    try:
        sys.stderr.write(output.clean(prompt))
        sys.stderr.flush()
        return input().strip()
    except EOFError:
        sys.stderr.write("\n")
        return ""
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise
