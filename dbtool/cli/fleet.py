"""Deploy to many databases, from a list."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dbtool
from dbtool.cli import output
from dbtool.cli.session import Session
from dbtool.errors import InterruptedCommandError, UsageError
from dbtool.reports import FleetReport, TargetReport

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN = 50  # databases that are named in the answer


def deploy_to(session: Session, targets: str, wishes: dict[str, Any]) -> None:
    """Deploy to each database of a file, or of the input, and print what became of each.

    In JSON each is an object on a line of its own, printed when it is there.
    """
    text, source = _read(targets)
    report = dbtool.deploy_fleet(
        session.config, text, source=source, done=_print_json if session.json else None, tell=session.tell, **wishes
    )
    session.progress.clear()
    if not session.json:
        for part in _lines(report):
            output.answer(part)
    sys.stdout.flush()
    if report.interrupted:
        raise SystemExit(InterruptedCommandError.exit_code)
    if not report.ok:
        raise SystemExit(1)


def _read(targets: str) -> tuple[str, str]:
    if targets == "-":
        return sys.stdin.read(), "the input"
    try:
        return Path(targets).read_text(encoding="utf-8"), targets
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "it is not UTF-8"
        hint = "a file with one URL a line, or - for the input"
        raise UsageError(f"{targets} cannot be read: {words}", hint=hint) from error


def _print_json(report: TargetReport) -> None:
    output.print_json({"command": "deploy", "ok": report.ok, "report": output.plain(report)}, in_a_line=True)


def _lines(report: FleetReport) -> Iterator[RenderableType]:
    told = [each for each in report.targets if each.outcome not in ("current", "not reached")]
    for each in [*(one for one in told if one.ok), *(one for one in told if not one.ok)][-_SHOWN:]:
        yield from _told(each)
    if len(told) > _SHOWN:
        yield output.line((f"the last {_SHOWN} of {len(told)} are shown; --json tells of each", "dim"))
    counts = {
        "applied": ("brought up to date", "green"),
        "would apply": ("would be brought up to date", "yellow"),
        "current": ("up to date already", ""),
        "failed": ("failed", "bold red"),
        "not reached": ("not reached", "yellow"),
    }
    for outcome, (words, style) in counts.items():
        count = sum(each.outcome == outcome for each in report.targets)
        if count:
            yield output.line((f"{count:>6,} ", style), (words, style))
    yield output.line((f"{output.counted(len(report.targets), 'database')} in {report.seconds:.1f} s", "dim"))
    if not report.ok:
        yield output.line(("hint: ", "cyan"), ("run this again: what is up to date is passed over", ""))


def _told(report: TargetReport) -> Iterator[RenderableType]:
    if report.failure is not None:
        why = report.failure
        yield output.line(("failed   ", "bold red"), (f"{report.database}  [{why.code}] {why.message}", ""))
        yield from (output.line((f"           {problem}", "")) for problem in why.problems[:5])
    elif report.outcome == "would apply":
        count = output.counted(len(report.planned), "migration")
        yield output.line(("would    ", "yellow"), (f"{report.database}  {count}", ""))
    else:
        count = output.counted(len(report.applied), "migration")
        yield output.line(("applied  ", "green"), (f"{report.database}  {count} in {report.seconds:.2f} s", ""))
