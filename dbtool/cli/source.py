"""Source: generate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import GenerateReport

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Source"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""

    @command(app, "generate", panel=PANEL)
    def generate(session: Session) -> None:
        """Write what follows from the models: the JSON Schema of the seed files.

        Needs no database and no migrations. With it, editors complete and check seed_data/*.yaml.

        Example: dbtool generate
        """
        session.show(dbtool.generate(session.config), generated_lines)


def generated_lines(report: GenerateReport, *, only_written: bool = False) -> Iterator[RenderableType]:
    """Yield a line for each output."""
    for output_ in report.outputs:
        if output_.written:
            yield output.line(("generated ", "green"), (f"{output_.path} ({output_.kind})", ""))
        elif not only_written:
            yield output.line(("unchanged ", "dim"), (f"{output_.path} ({output_.kind})", ""))
    if not report.outputs:
        yield "every output is off in [tool.dbtool.generate]"
