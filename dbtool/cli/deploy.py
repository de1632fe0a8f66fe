"""Deploy: deploy, status, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import Session, command
from dbtool.reports import Applied, DeployReport, HistoryReport, StatusReport

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Deploy"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""

    @command(app, "deploy", panel=PANEL)
    def deploy(
        session: Session,
        to: Annotated[
            str | None,
            typer.Option("--to", metavar="REVISION", help="Stop there: an id, a unique prefix, a name, head, +1."),
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Run it and roll back; nothing stays.")] = False,
    ) -> None:
        """Apply pending migrations.

        Never asks, writes no files, and imports no models: made for production. On SQLite and PostgreSQL all of it
        lands or nothing does.

        Example: dbtool deploy --dry-run
        """
        session.show(dbtool.deploy(session.config, to=to, dry_run=dry_run, tell=session.tell), _deployed)

    @command(app, "status", panel=PANEL)
    def status(session: Session) -> None:
        """Show what is applied, pending, edited and missing.

        Exit code 0 only when the database is at the head, the history is intact, and nobody else changed the schema.

        Example: dbtool status --json
        """
        session.show(dbtool.status(session.config), _status)

    @command(app, "history", panel=PANEL)
    def history(session: Session) -> None:
        """Show what ran on this database, when, and how long it took.

        Example: dbtool history --url postgresql://localhost/app
        """
        session.show(dbtool.history(session.config), _history)


def applied_lines(applied: Sequence[Applied]) -> Iterator[RenderableType]:
    """Yield what ran: one line each, at most 20."""
    if not applied:
        return
    seconds = sum(each.seconds for each in applied)
    verb = "applied" if applied[0].direction == "up" else "took back"
    yield output.line((f"{verb} ", "green"), (f"{output.counted(len(applied), 'migration')} in {seconds:.2f} s", ""))
    yield from output.bullets(f"{each.revision} {each.name}" for each in applied)


def _deployed(report: DeployReport) -> Iterator[RenderableType]:
    if report.database_created:
        yield f"created database {report.database}"
    if not report.planned:
        yield output.line(("nothing to apply", "green"), (f": {report.database} is up to date", ""))
    elif report.dry_run and not report.applied:
        yield f"would apply {output.counted(len(report.planned), 'migration')}"
        yield from output.bullets(revision.label for revision in report.planned)
    else:
        yield from applied_lines(report.applied)
        if report.dry_run:
            yield output.line(("dry run: ", "yellow"), ("everything worked and was rolled back", ""))


def _status(report: StatusReport) -> Iterator[RenderableType]:
    standing = report.standing
    yield output.line(("database  ", "dim"), (report.database, ""))
    yield output.line(("applied   ", "dim"), (output.counted(len(standing.applied), "migration"), ""))
    if standing.applied:
        yield output.line(("at        ", "dim"), (standing.applied[-1].label, ""))
    if report.ok:
        yield output.line(("up to date", "bold green"))
    for finding in report.findings:
        style = {"error": "bold red", "warning": "yellow"}.get(finding.severity, "dim")
        yield output.line((f"{finding.code}: ", style), (finding.message, ""))
        if finding.code == "pending":
            yield from output.bullets(revision.label for revision in standing.pending)
        if finding.code == "drift":
            yield from output.bullets(report.drift or ())
        yield output.line(("  hint: ", "cyan"), (finding.hint, ""))


def _history(report: HistoryReport) -> Iterator[RenderableType]:
    table = output.table("applied (UTC)", "revision", "name", "", "seconds", "by")
    for row in report.rows:
        when = row.applied_at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(
            when,
            row.revision,
            output.clean(row.name),
            row.direction,
            f"{row.seconds:.3f}",
            output.clean(row.applied_by),
        )
    if report.rows:
        yield table
    for revision in report.unrecorded:
        yield output.line((f"{revision.label}: ", ""), ("applied, but not by dbtool; when is not known", "dim"))
    if not report.rows and not report.unrecorded:
        yield f"nothing has run on {report.database}"
