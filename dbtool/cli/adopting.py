"""Deploy: baseline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import BaselineReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "baseline", panel=panel)
    def baseline(
        session: Session,
        at: Annotated[
            str | None,
            typer.Option("--at", metavar="REVISION", help="Record the files up to this one; no file is written."),
        ] = None,
        name: Annotated[str, typer.Option("--name", "-n", help="Name of the new migration.")] = "baseline",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Prove it and print the file; write nothing.")] = False,
    ) -> None:
        """Adopt a database that is there already.

        Writes a first migration that makes what the database is, proves on a scratch database that it does, and
        records it as applied. Nothing of the schema or the rows is changed. With --at the files are there already:
        their schema is compared with that of the database.

        Example: dbtool baseline --at head
        """
        report = dbtool.baseline(session.config, at=at, name=name, dry_run=dry_run, tell=session.tell)
        session.show(report, _adopted)


def _adopted(report: BaselineReport) -> Iterator[RenderableType]:
    if report.text:
        yield output.verbatim(report.text)
    if report.created:
        yield output.line(("wrote ", "green"), (", ".join(report.created), ""))
    if report.revision is not None and not report.dry_run:
        yield output.line(("wrote ", "green"), (output.file_name(report.revision.path), "bold"))
    if report.proof:
        yield output.line(("proven: ", "green"), (", ".join(report.proof), ""))
    count = output.counted(len(report.recorded), "migration")
    if report.dry_run:
        yield output.line(("dry run: ", "yellow"), ("nothing was written", ""))
    elif report.recorded:
        yield output.line(("recorded ", "green"), (f"{count} as applied to {report.database}", ""))
    else:
        yield output.line(("nothing to record", "green"), (f": {report.database} has run these migrations", ""))
    for note in report.notes:
        yield output.line(("note: ", "yellow"), (note, ""))
