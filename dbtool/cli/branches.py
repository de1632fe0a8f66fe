"""Develop: rebase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.develop import PANEL
from dbtool.cli.options import command
from dbtool.cli.progress import applied_lines
from dbtool.cli.session import Session
from dbtool.reports import Moved, RebaseReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""

    @command(app, "rebase", panel=PANEL)
    def rebase(
        session: Session,
        onto: Annotated[
            str | None,
            typer.Option("--onto", metavar="REVISION", help="What comes first: all that it does not follow is yours."),
        ] = None,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        no_backup: Annotated[bool, typer.Option("--no-backup", help="Take no backup first.")] = False,
    ) -> None:
        """Put your migrations on top of those of another branch.

        For a merge in which both sides added migrations: resolves the conflict in migrations/dbtool.lock, lets yours
        follow theirs, and proves them again. git tells which are yours. Where yours already ran on this database, it
        says what would be lost, asks, takes a backup, takes yours back, applies theirs, and applies yours again.

        Example: dbtool rebase --onto add_prices
        """
        report = dbtool.rebase(
            session.config, onto=onto, backup=not no_backup, ask=session.ask(yes=yes), tell=session.tell
        )
        session.show(report, _rebased)


def _rebased(report: RebaseReport) -> Iterator[RenderableType]:
    if not report.moved and not report.lock_resolved:
        yield output.line(("nothing to rebase", "green"), (": there is one head", ""))
        return
    if report.lock_resolved:
        yield "resolved the conflict in the lock"
    if report.moved:
        yield output.line((f"{output.counted(len(report.moved), 'migration')} now on top of {report.onto}", ""))
        yield from output.bullets(_moved(each) for each in report.moved)
    yield output.line(("proven: ", "green"), (", ".join(report.proof), ""))
    if report.backup:
        yield f"backup: {report.backup}"
    back = [each for each in report.applied if each.direction == "down"]
    yield from applied_lines(back)
    yield from applied_lines(report.applied[len(back) :])
    if not report.applied:
        yield output.line(("not applied yet: ", "yellow"), ("dbtool migrate", ""))


def _moved(each: Moved) -> str:
    return f"{each.path}" + (f"   (was {each.old_id})" if each.id != each.old_id else "   (its id stays)")
