"""Source: generate, erd."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import beginning, output
from dbtool.cli.data import complete_table
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.errors import DbtoolError
from dbtool.reports import ErdReport, GenerateReport, Output

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Source"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    beginning.register(app, PANEL)

    @command(app, "generate", panel=PANEL)
    def generate(
        session: Session,
        check: Annotated[
            bool, typer.Option("--check", help="Write nothing; exit 1 when a file is missing or stale.")
        ] = False,
        watch: Annotated[
            bool, typer.Option("--watch", "-w", help="Stay, and write again whenever the models change.")
        ] = False,
    ) -> None:
        """Write the code that follows from the models.

        Type stubs beside the models, and into generated/: Create, Update and Public classes, a typed client and
        diagrams; the JSON Schema of the seed files. [tool.dbtool.generate] switches each on or off. The files are
        committed; the same models always give the same text. Needs no database and no migrations.

        Example: dbtool generate --check
        """
        if watch:
            _watch(session)
        else:
            session.show(dbtool.generate(session.config, check=check), generated_lines)

    @command(app, "erd", panel=PANEL)
    def erd(
        session: Session,
        tables: Annotated[
            list[str] | None,
            typer.Argument(metavar="[TABLE]...", help="Tables or models; default: all.", autocompletion=complete_table),
        ] = None,
        format: Annotated[
            Format | None, typer.Option("--format", "-f", help="Default: what --output ends with, else mermaid.")
        ] = None,
        path: Annotated[
            Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file: .svg, .mmd or .dbml.")
        ] = None,
        open_it: Annotated[bool, typer.Option("--open", help="Show the picture in the browser.")] = False,
    ) -> None:
        """Draw the models and their foreign keys, as a picture, as Mermaid or as DBML.

        The picture is an SVG with a light and a dark face. Without models the database itself is drawn.

        Example: dbtool erd --open
        """
        if open_it and path is None:
            path, format = session.config.make_private() / "erd.svg", format or Format.svg
        report = dbtool.erd(session.config, format=format.value if format else None, names=tables or (), output=path)
        session.show(report, _drawn)
        if open_it:
            webbrowser.open(Path(report.path or "").absolute().as_uri())


class Format(StrEnum):
    """What a diagram is written as."""

    svg = "svg"
    mermaid = "mermaid"
    dbml = "dbml"


def _watch(session: Session) -> None:
    """Generate after each change, until Ctrl-C."""
    for outcome in dbtool.watch(session.config):
        if isinstance(outcome, DbtoolError):
            output.fail("generate", outcome, as_json=session.json)
        else:
            output.show("generate", outcome, generated_lines, as_json=session.json)
        sys.stdout.flush()


def generated_line(report: GenerateReport) -> Iterator[RenderableType]:
    """Yield one line that names what was written, folders for what lies in them; none where nothing was."""
    written = [each for each in report.outputs if each.written]
    places = dict.fromkeys(_place(each) for each in written)
    count = f" ({len(written)} files)" if len(written) > len(places) else ""
    if written:
        yield output.line(("generated ", "green"), (", ".join(places) + count, ""))


def _place(written: Output) -> str:
    """Return where a file was written: the package of generated code as a whole, anything else by its name."""
    folder, slash, _ = written.path.rpartition("/")
    return written.path if written.kind in ("stub", "seed schema") or not slash else f"{folder}/"


def generated_lines(report: GenerateReport) -> Iterator[RenderableType]:
    """Yield a line for each output."""
    for each in report.outputs:
        told = (f"{each.path} ({each.kind})", "")
        if each.written:
            yield output.line(("generated ", "green"), told)
        elif each.found != "fresh":
            yield output.line((f"{each.found:<9} ", "bold red"), told)
        else:
            yield output.line(("unchanged ", "dim"), told)
    if not report.outputs:
        yield "every output is off in [tool.dbtool.generate]"
    if not report.ok:
        yield output.line(("to write them: ", ""), ("dbtool generate", "bold"))


def _drawn(report: ErdReport) -> Iterator[RenderableType]:
    if report.path is None:
        yield from (output.line((each, "")) for each in report.text.splitlines())
    else:
        count = output.counted(len(report.tables), "table")
        yield output.line(("wrote ", "green"), (report.path, "bold"), (f" ({report.format}, {count})", ""))
