"""Review: diff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.scripts import tidy
from dbtool.cli.session import Session
from dbtool.reports import DiffReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "diff", panel=panel)
    def diff(
        session: Session,
        source: Annotated[
            str, typer.Option("--from", metavar="X", help="models, files, database, a revision, or a URL.")
        ] = "files",
        target: Annotated[str, typer.Option("--to", metavar="Y", help="The same.")] = "models",
        sql: Annotated[bool, typer.Option("--sql", help="Print the SQL that would bring X to Y.")] = False,
        exit_code: Annotated[bool, typer.Option("--exit-code", help="End with exit code 1 if they differ.")] = False,
    ) -> None:
        """Show what is different between two schemas.

        By default between the migration files and the models: what `migrate` would write. Nothing is changed.

        Example: dbtool diff --from database --to files
        """
        report = dbtool.diff(session.config, source=source, target=target, sql=sql, exit_code=exit_code)
        session.show(report, _script if sql else _different)


def _different(report: DiffReport) -> Iterator[RenderableType]:
    if not report.changes:
        yield output.line((f"{report.source} and {report.target} are the same", "green"))
    else:
        yield output.line((f"from {report.source} to {report.target}:", "bold"))
        yield from output.bullets((change.text for change in report.changes), most=1000)
    for note in report.notes:
        yield output.line((note, "yellow"))


def _script(report: DiffReport) -> Iterator[RenderableType]:
    if not report.changes:
        yield f"-- {report.source} and {report.target} are the same"
    for sql in report.statements:
        yield output.verbatim(f"{tidy(sql)};")
