"""Review: lint; and how findings are said to people and to GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import Finding, LintReport, Trace

if TYPE_CHECKING:
    from rich.console import RenderableType

Format = Annotated[
    Literal["text", "github"],
    typer.Option("--format", help="github: annotations of a pull request, in a workflow."),
]
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "cyan"}
_ANNOTATIONS = {"error": "error", "warning": "warning", "note": "notice"}


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "lint", panel=panel)
    def lint(
        session: Session,
        revisions: Annotated[
            list[str] | None,
            typer.Argument(metavar="[REV]...", help="Migrations. Default: those that are pending, else the last one."),
        ] = None,
        every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
        trace: Annotated[
            bool, typer.Option("--trace", help="On PostgreSQL, run what is pending, roll back, and show its locks.")
        ] = False,
        format: Format = "text",
    ) -> None:
        """Judge migrations before they run: lost data, locks, code that breaks.

        Each finding says what to write instead. `# dbtool: allow RULE -- reason`, above an operation or at the end of
        its line, silences one. An error ends with exit code 1, a warning or note does not.

        Example: dbtool lint --all --format github
        """
        report = dbtool.lint(session.config, revisions=revisions or (), every=every, trace=trace)
        session.show(report, annotated if format == "github" else judged)


def judged(report: LintReport) -> Iterator[RenderableType]:
    """Say a report to a person."""
    yield from finding_lines(report.findings)
    if not report.replayed:
        yield output.line(("no scratch database: tables are known only as far as the files say\n", "yellow"))
    yield from _trace_lines(report.traces)
    counts = [sum(each.severity == kind for each in report.findings) for kind in _STYLES]
    files = output.counted(len(report.files), "file") if report.files else "nothing is pending: no file"
    if not report.findings:
        yield output.line((f"{files} judged for {report.dialect}, nothing found", "green"))
    else:
        words = ", ".join(output.counted(count, kind) for count, kind in zip(counts, _STYLES, strict=True))
        yield output.line((f"{files} judged for {report.dialect}: {words}", "bold"))


def annotated(report: LintReport) -> Iterator[RenderableType]:
    """Say a report to GitHub: one workflow command for each finding."""
    yield from workflow_commands(report.findings)


def finding_lines(findings: Iterable[Finding]) -> Iterator[RenderableType]:
    """Say findings to a person: where, how bad, which rule, why, and what to write instead."""
    for each in findings:
        yield output.line((f"{each.where}: " if each.where else "", "dim"), (each.severity, _STYLES[each.severity]),
                          (f" {each.code}: {each.message}", ""))  # fmt: skip
        for place, text in enumerate(each.hint.splitlines()):
            yield output.line(("  instead: " if place == 0 else "           ", "cyan"), (text, ""))


def workflow_commands(findings: Iterable[Finding]) -> Iterator[str]:
    """Say findings as workflow commands (https://docs.github.com/actions/reference/workflow-commands-for-github-actions)."""
    for each in findings:
        path, _, line = each.where.rpartition(":")
        place = f"file={_property(path)},line={line}," if path and line.isdigit() else ""
        message = _data(f"{each.message}\ninstead: {each.hint}" if each.hint else each.message)
        yield f"::{_ANNOTATIONS[each.severity]} {place}title={_property(each.code)}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _trace_lines(traces: Iterable[Trace]) -> Iterator[RenderableType]:
    last = ""
    for each in traces:
        if each.revision != last:
            last = each.revision
            yield output.line((f"{each.revision} {each.name}", "bold"))
        yield output.line((f"  {each.statement[:100]}", ""))
        for lock in each.locks:
            yield output.line((f"    {lock}", "red" if lock.startswith("AccessExclusive") else "yellow"))
        for name in each.rewritten:
            yield output.line((f"    writes {name} anew", "bold red"))
