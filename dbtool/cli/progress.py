"""How migrations are told: what ran, what is pending, where a database stands. Without Typer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dbtool.cli import output

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dbtool.reports import Applied, DeployReport, HistoryReport, RepairReport, RollbackReport, StatusReport


def applied_lines(applied: Sequence[Applied]) -> Iterator[RenderableType]:
    """Yield what ran: one line each, at most 20."""
    if not applied:
        return
    seconds = sum(each.seconds for each in applied)
    verb = "applied" if applied[0].direction == "up" else "took back"
    yield output.line((f"{verb} ", "green"), (f"{output.counted(len(applied), 'migration')} in {seconds:.2f} s", ""))
    yield from output.bullets(f"{each.revision} {each.name}" for each in applied)


def deployed(report: DeployReport) -> Iterator[RenderableType]:
    """Tell what a deploy did, or would do."""
    if report.database_created:
        yield f"created database {report.database}"
    if not report.planned and not report.current:
        yield output.line(("there are no migrations yet", "yellow"), (": dbtool migrate", ""))
    elif not report.planned:
        yield output.line(("nothing to apply", "green"), (f": {report.database} is up to date", ""))
    elif report.dry_run and not report.applied:
        yield f"would apply {output.counted(len(report.planned), 'migration')}"
        yield from output.bullets(revision.label for revision in report.planned)
    else:
        yield from applied_lines(report.applied)
        if report.dry_run:
            yield output.line(("dry run: ", "yellow"), ("everything worked and was rolled back", ""))
    if report.backup:
        yield f"backup: {report.backup}"


def repaired(report: RepairReport) -> Iterator[RenderableType]:
    """Tell what was wrong, and what became of it."""
    if not report.findings:
        yield output.line(("nothing to repair", "green"), (f" in {report.database}", ""))
        return
    for finding in report.findings:
        yield output.line((f"{finding.code}: ", "yellow"), (finding.message, ""))
        yield output.line(("  would " if report.dry_run else "  done: ", "cyan"), (finding.hint, ""))
    yield from applied_lines(report.applied)
    if report.dry_run:
        yield "nothing was changed"


def taken_back(report: RollbackReport) -> Iterator[RenderableType]:
    """Tell what a rollback did, or would do."""
    if not report.planned or not (report.applied or report.dry_run):
        yield output.line(("nothing to take back", "green"), (f" on {report.database}", ""))
        return
    if report.dry_run:
        yield f"would take back {output.counted(len(report.planned), 'migration')}"
        yield from output.bullets(revision.label for revision in report.planned)
        yield from _lost(report)
    else:
        if report.backup:
            yield f"backup: {report.backup}"
        yield from applied_lines(report.applied)
    if report.dry_run and report.applied:
        yield output.line(("dry run: ", "yellow"), ("everything worked and was undone", ""))


def _lost(report: RollbackReport) -> Iterator[RenderableType]:
    if not report.counted:
        yield output.line(("what would be lost cannot be counted", "yellow"))
    elif report.risks:
        yield output.line(("what would be lost:", "yellow"))
        yield from output.bullets(f"{risk.subject}: {risk.text}" for risk in report.risks)
    else:
        yield "no rows would be lost"


def status_lines(report: StatusReport) -> Iterator[RenderableType]:
    """Tell where a database stands, and what is wrong."""
    standing = report.standing
    if report.environment:
        yield output.line(("env       ", "dim"), (report.environment, ""))
    yield output.line(("database  ", "dim"), (report.database, ""))
    if report.protected:
        yield output.line(("protected ", "dim"), (report.protected, "yellow"))
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


def history_lines(report: HistoryReport) -> Iterator[RenderableType]:
    """Tell what ran, oldest first."""
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
