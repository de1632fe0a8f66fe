"""Develop: squash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.develop import PANEL
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import SquashReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""

    @command(app, "squash", panel=PANEL)
    def squash(
        session: Session,
        through: Annotated[
            str | None,
            typer.Option("--through", metavar="REVISION", help="The last one that goes in; default: the head."),
        ] = None,
        name: Annotated[str, typer.Option("--name", "-n", help="Name of the new migration.")] = "squash",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Prove it and print the file; write nothing.")] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the old files are deleted.")] = False,
    ) -> None:
        """Put many migrations into one that makes the same.

        The new file has the tables, views, triggers and functions that the old ones leave behind, and the rows that
        they put in; that is proven on a scratch database. It has the id of the last one, so databases that ran the
        old files are where they were, also for plain Alembic.

        Example: dbtool squash --through add_prices
        """
        report = dbtool.squash(
            session.config, through=through, name=name, dry_run=dry_run, ask=session.ask(yes=yes), tell=session.tell
        )
        session.show(report, _squashed)


def _squashed(report: SquashReport) -> Iterator[RenderableType]:
    if report.revision is None:
        there = f": there is only {report.squashed[0].label}" if report.squashed else ": there are no migrations"
        yield output.line(("nothing to squash", "green"), (there, ""))
        return
    if report.dry_run:
        yield output.verbatim(report.text)
    verb = "would put " if report.dry_run else "put "
    yield output.line((verb, "green"), (f"{output.counted(len(report.squashed), 'migration')} into one:", ""))
    yield from output.bullets(each.label for each in report.squashed)
    if not report.dry_run:
        yield output.line(("wrote ", "green"), (output.file_name(report.revision.path), "bold"))
    yield output.line(("proven: ", "green"), (", ".join(report.proof), ""))
    for note in report.notes:
        yield output.line(("not in it: ", "yellow"), (f"{note}   (nothing of the schema shows it)", ""))
