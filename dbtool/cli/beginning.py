"""Source: init and pull."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import InitReport, PullReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the commands."""

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

    @command(app, "pull", panel=panel)
    def pull(
        session: Session,
        tables: Annotated[
            str, typer.Option("--tables", metavar="PATTERNS", help="Only these, as orders,order_*, and what they need.")
        ] = "",
        schemas: Annotated[
            str, typer.Option("--schemas", metavar="NAMES", help="Of these schemas, as public,crm.")
        ] = "",
        out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the models go.")] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Print them; write nothing.")] = False,
    ) -> None:
        """Write the models that a database is.

        Models that are there are changed only where the database did: names, methods and comments stay. The result is
        proven: imported, compared with the database, and made on a scratch database. The database is only read.

        Example: dbtool pull
        """
        report = dbtool.pull(
            session.config,
            tables=_names(tables),
            schemas=_names(schemas),
            out=out,
            dry_run=dry_run,
            tell=session.tell,
        )
        session.show(report, _pulled)


def _names(listed: str) -> list[str]:
    return [name for each in listed.split(",") if (name := each.strip())]


def _pulled(report: PullReport) -> Iterator[RenderableType]:
    count = output.counted(len(report.tables), "table")
    if report.dry_run:
        for text in report.texts:
            yield output.verbatim(text)
        yield output.line(("dry run: ", "yellow"), ("nothing was written", ""))
    elif not report.files:
        yield output.line(("nothing to change: ", "green"), (f"the models are {report.database}", ""))
    else:
        word = "wrote " if report.created else "changed "
        yield output.line((word, "green"), (", ".join(report.files), "bold"), (f": {count} of {report.database}", ""))
    yield from output.bullets(report.changes)
    if report.kept:
        yield f"as they were: {report.kept}"
    if report.unsaid:
        yield output.line(("no model says: ", "yellow"), ("dbtool baseline keeps it as SQL", ""))
        yield from output.bullets(report.unsaid)
    if report.differences:
        yield output.line(("the models say more than the database: ", "yellow"), ("dbtool migrate would", ""))
        yield from output.bullets(report.differences)
    elif not report.dry_run:
        yield output.line(("proven: ", "green"), ("imported, no difference, the same when made anew", ""))
    for note in report.notes:
        yield output.line(("note: ", "yellow"), (note, ""))
    yield from _go_on(report.next)


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
    yield from _go_on(report.next)


def _go_on(commands: Sequence[tuple[str, str]]) -> Iterator[RenderableType]:
    yield ""
    yield "Go on:"
    width = max(len(words) for words, _ in commands)
    for words, meaning in commands:
        yield output.line((f"  {words:<{width}}", "bold"), (f"   {meaning}", "dim"))
