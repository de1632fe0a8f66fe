"""Questions at a terminal. Without one, nothing is assumed: each question names the flag that answers it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from dbtool.cli import output
from dbtool.conversation import REFUSE, Answers, unmodelled
from dbtool.errors import DeclinedError, UsageError
from dbtool.reports import Change


def asker(
    clear: Callable[[], None],
    *,
    yes: bool = False,
    accept_data_loss: bool = False,
    renames: Sequence[str] = (),
    fills: Sequence[str] = (),
    as_json: bool = False,
) -> Answers:
    """Return who answers: the flags, then a person if there is one, else nobody.

    `clear` makes room on the terminal before a question. Raises UsageError for a flag that cannot be read.
    """
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    return Answers(
        yes=yes,
        accept_data_loss=accept_data_loss,
        renames=[_pair("--rename", each, ":", "user.name:full_name") for each in renames],
        fills=dict(_pair("--fill", each, "=", "user.age=0") for each in fills),
        otherwise=_Terminal(clear) if at_terminal else REFUSE,
    )


def _pair(flag: str, text: str, mark: str, example: str) -> tuple[str, str]:
    subject, found, value = text.partition(mark)
    if not (subject and found) or (mark == ":" and not value):
        raise UsageError(f"{flag} {text}: this is not like {example}", hint=f"{flag} {example}")
    return subject, value.rpartition(".")[2] if mark == ":" else value


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

    def accepts_loss(self, changes: Sequence[Change], where: str) -> None:
        self.clear()
        output.talk(output.line(("this migration loses data", "bold yellow"), (f" of {where}:", "")))
        for change in changes:
            output.talk(output.line((f"  {change.text}", "")))
        if not _yes("go on? (a backup is taken first)"):
            raise DeclinedError("nothing was changed")

    def has_all_models(self, tables: Sequence[str], modelled: int) -> None:
        self.clear()
        output.talk(output.line((f"{unmodelled(tables, modelled)}.", "yellow")))
        if not _yes("are these tables to be dropped?"):
            raise DeclinedError("nothing was changed")

    def is_rename(self, old: str, new: str, *, likely: bool = True) -> bool:
        if not likely:
            return False
        self.clear()
        return _yes(f"`{old}` is gone and `{new}` is new. Is that the same under a new name?")

    def fill(self, subject: str, kind: str, rows: int) -> str:
        self.clear()
        return _read(f"value of `{subject}` ({kind}) for the {rows:,} {'row' if rows == 1 else 'rows'} that exist: ")


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
