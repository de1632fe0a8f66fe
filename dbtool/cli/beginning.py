"""Source: init."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import InitReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "init", panel=panel)
    def init(
        session: Session,
        folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="Where; it is made if missing.")] = None,
        models: Annotated[
            str | None, typer.Option("--models", metavar="MODULE", help="What defines the tables, as app.models.")
        ] = None,
        sample: Annotated[
            bool, typer.Option("--sample", help="Begin with the backend of a language-learning app.")
        ] = False,
    ) -> None:
        """Begin: a new project that works, or the settings of an application that is there.

        In an empty folder it writes models, a first migration, seeds and a database. Where an application is, it
        finds the models and adds [tool.dbtool] to pyproject.toml and lines to .gitignore; nothing else is changed.

        Example: dbtool init blog
        """
        report = dbtool.init(folder or session.folder, models=models, sample=sample, tell=session.tell)
        session.show(report, _begun)


def _begun(report: InitReport) -> Iterator[RenderableType]:
    what = "added dbtool to" if report.existing else "made"
    yield output.line((f"{what} ", "green"), (report.root, "bold"))
    yield from output.bullets(report.written)
    if report.existing and report.models:
        yield f"models: {report.models}"
    if report.revision is not None:
        yield output.line(
            ("migrated and seeded: ", "green"), (f"{report.revision.label}, {output.counted(report.seeded, 'row')}", "")
        )
    yield ""
    yield "Go on:"
    width = max(len(words) for words, _ in report.next)
    for words, meaning in report.next:
        yield output.line((f"  {words:<{width}}", "bold"), (f"   {meaning}", "dim"))
