"""Review: doctor, and the commands of the modules beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

import dbtool
from dbtool.cli import checking, comparing, findings, output, scripts
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import DoctorReport

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Review"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    checking.register(app, PANEL)
    comparing.register(app, PANEL)
    findings.register(app, PANEL)
    scripts.register(app, PANEL)

    @command(app, "doctor", panel=PANEL)
    def doctor(session: Session) -> None:
        """Show what dbtool sees, and what is wrong with it.

        Every setting with the place it came from, the database (its password hidden), and the versions.

        Example: dbtool doctor
        """
        session.show(dbtool.doctor(session.config), _examined)


def _examined(report: DoctorReport) -> Iterator[RenderableType]:
    topic = ""
    for fact in report.facts:
        if fact.topic != topic:
            topic = fact.topic
            yield output.line((topic, "bold"))
        yield output.line(
            (f"  {fact.name:<12}", "dim"), (fact.value, ""), (f"  ({fact.source})" if fact.source else "", "dim")
        )
    if not report.findings:
        yield output.line(("no problems found", "bold green"))
    for finding in report.findings:
        style = {"error": "bold red", "warning": "bold yellow"}.get(finding.severity, "cyan")
        yield output.line((finding.severity, style), (f" {finding.code}: {finding.message}", ""))
        yield output.line(("  hint: ", "cyan"), (finding.hint, ""))
