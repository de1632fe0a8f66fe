"""Develop: push."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.develop import PANEL
from dbtool.cli.options import AcceptLoss, Fill, NoGenerate, Rename, command
from dbtool.cli.scripts import tidy
from dbtool.cli.session import Session
from dbtool.cli.source import generated_line
from dbtool.reports import PushReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""

    @command(app, "push", panel=PANEL)
    def push(
        session: Session,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say what it would do, with the SQL; nothing changes.")
        ] = False,
        no_generate: NoGenerate = False,
        rename: Rename = None,
        fill: Fill = None,
        accept_data_loss: AcceptLoss = False,
    ) -> None:
        """Bring a development database to your models, without a migration file.

        For trying out: compares the models with the database itself and changes it at once, with the questions that
        migrate asks. When the models are as you want them, `dbtool migrate` writes one migration for all of it, and
        finds that this database has it already.

        Example: dbtool push --dry-run
        """
        report = dbtool.push(
            session.config,
            dry_run=dry_run,
            generate=not no_generate,
            ask=session.ask(accept_data_loss=accept_data_loss, renames=rename or (), fills=fill or ()),
            tell=session.tell,
        )
        session.show(report, _pushed)


def _pushed(report: PushReport) -> Iterator[RenderableType]:
    if report.database_created:
        yield f"created database {report.database}"
    if not report.changes:
        yield output.line(("the database is what the models say", "green"), ("; nothing to push", ""))
    elif report.dry_run:
        yield output.line((f"would change {report.database}:", "bold"))
        yield from output.bullets((change.text for change in report.changes), most=1000)
        yield from _risks(report)
        for sql in report.statements:
            yield output.verbatim(f"{tidy(sql)};")
    else:
        count = output.counted(len(report.changes), "change")
        yield output.line(("pushed ", "green"), (f"{count} to {report.database}, without a migration", ""))
    for note in report.notes:
        yield output.line(("note: ", "yellow"), (note, ""))
    if report.backup:
        yield f"backup: {report.backup}"
    if report.changes and not report.dry_run:
        yield "when the models are done: dbtool migrate"
    if report.generated:
        yield from generated_line(report.generated)
    if report.generate_error:
        yield output.line(("generate failed, the database stays: ", "bold red"), (report.generate_error, ""))


def _risks(report: PushReport) -> Iterator[RenderableType]:
    for risk in report.risks:
        words = "in the way: " if risk.blocks else "lost: "
        yield output.line((words, "bold yellow"), (f"{risk.subject}: {risk.text}", ""))
