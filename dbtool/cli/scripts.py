"""Review: sql."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.errors import UsageError
from dbtool.reports import SqlReport, SqlStep

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "sql", panel=panel)
    def sql(
        session: Session,
        revisions: Annotated[
            str | None,
            typer.Argument(
                metavar="[REV|A:B]", help="One migration, or all after A up to B. Default: what is pending."
            ),
        ] = None,
        down: Annotated[bool, typer.Option("--down", help="The way back.")] = False,
        both: Annotated[bool, typer.Option("--both", help="The way there, then the way back.")] = False,
        dialect: Annotated[
            str | None,
            typer.Option("--dialect", metavar="NAME", help="Another kind of database, by the scheme of its URLs."),
        ] = None,
    ) -> None:
        """Print the SQL of migrations.

        It can be run as it is: transactions and Alembic's version table are part of it. The files run on a scratch
        database, so table rebuilds on SQLite are there too; your own database is not touched.

        Example: dbtool sql add_bio --both
        """
        if down and both:
            raise UsageError("--down and --both exclude each other", hint="dbtool sql --both")
        ways: Literal["up", "down", "both"] = "both" if both else "down" if down else "up"
        session.show(dbtool.sql(session.config, revisions=revisions, ways=ways, dialect=dialect), script)


def script(report: SqlReport) -> Iterator[RenderableType]:
    """Say a report as a script of SQL."""
    if not report.steps:
        yield "-- nothing is pending"
    for sql in report.before:
        yield f"{sql};"
    for step in report.steps:
        yield f"-- {step.revision} {step.name}: {step.direction}"
        if step.refusal is not None:
            yield f"-- cannot be taken back: {' '.join(step.refusal.split()) or 'it gives no reason'}"
        else:
            yield from _statements(step, transactions=report.transactions)
        yield ""


def _statements(step: SqlStep, *, transactions: bool) -> Iterator[RenderableType]:
    inside = False
    for place, sql in enumerate(step.statements):
        alone = place in step.alone or not transactions
        if inside == alone:
            yield "COMMIT;" if inside else "BEGIN;"
            inside = not inside
        yield output.verbatim(f"{tidy(sql)};")
    if inside:
        yield "COMMIT;"


def tidy(sql: str) -> str:
    """Indent what SQLAlchemy wrote by spaces; a text in quotes keeps its tabs."""
    return sql if "'" in sql else "\n".join(line.rstrip() for line in sql.replace("\t", "    ").splitlines())
