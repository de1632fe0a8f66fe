"""Review: check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.findings import Format, workflow_commands
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import CheckReport

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKS = {True: ("ok  ", "green"), False: ("no  ", "bold red"), None: ("-   ", "dim")}


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "check", panel=panel)
    def check(
        session: Session,
        on: Annotated[
            str | None,
            typer.Option("--on", metavar="URL|BACKUP", help="Rehearse what is pending on a copy of this database."),
        ] = None,
        format: Format = "text",
    ) -> None:
        """Check that models, migrations, generated code and database fit together: for CI.

        Runs the whole history on a scratch database, every file that can be taken back down and up again with rows in
        the tables, and the same on every other kind of database that `dialects` names. No database of your own is
        changed; where there is none, that is no failure.

        Example: dbtool check --format github
        """
        report = dbtool.check(session.config, on=on, tell=session.tell)
        session.show(report, _annotated if format == "github" else _facts)


def _facts(report: CheckReport) -> Iterator[RenderableType]:
    for each in report.checked:
        yield output.line(_MARKS[each.ok], (f"{each.name:<11}", "bold"), (each.text, ""))
    for finding in report.findings:
        yield output.line((f"{finding.where}: " if finding.where else "", "dim"), (finding.message, ""))
        if finding.hint:
            yield output.line(("  hint: ", "cyan"), (finding.hint, ""))


def _annotated(report: CheckReport) -> Iterator[RenderableType]:
    yield from workflow_commands(report.findings)
