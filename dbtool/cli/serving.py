"""How studio is started and told of. Without Typer, so that the page is there sooner."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dbtool
from dbtool.cli import output
from dbtool.cli.session import Session
from dbtool.reports import StudioReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def serve(
    session: Session,
    *,
    port: int | None = None,
    host: str | None = None,
    read_only: bool = False,
    open_browser: bool = True,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve studio until Ctrl-C, and print where it is as soon as it answers."""
    report = dbtool.open_studio(
        session.config,
        port=port,
        host=host,
        read_only=read_only,
        open_browser=open_browser,
        allow_hosts=allow_hosts,
        listening=lambda report: _show(session, report),
        tell=session.tell,
    )
    if report.running:
        _show(session, report)


def _show(session: Session, report: StudioReport) -> None:
    session.show(report, _lines)
    sys.stdout.flush()  # whoever started this process waits for the address


def _lines(report: StudioReport) -> Iterator[RenderableType]:
    yield output.line(("studio  ", "dim"), (report.url, "bold"))
    if report.running:
        yield output.line(("it runs already", "green"), (f": {report.database}", ""))
        return
    why = f": {report.protected}; --confirm NAME to change it" if report.protected else ""
    only = f" (read-only{why})" if report.read_only else ""
    yield output.line((f"        {report.database}{only}; Ctrl-C ends it", "dim"))
