"""Data: query."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.errors import UsageError
from dbtool.reports import QueryReport

if TYPE_CHECKING:
    from rich.console import RenderableType

LIMIT = 100


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "query", panel=panel)
    def query(
        session: Session,
        statement: Annotated[str, typer.Argument(metavar="SQL", help="One statement; - reads it from the input.")],
        write: Annotated[bool, typer.Option("--write", help="Let it change something, and commit it.")] = False,
        limit: Annotated[
            int | None,
            typer.Option("--limit", metavar="N", min=0, help=f"Rows; 0 is all. Default: {LIMIT}, with --csv all."),
        ] = None,
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
    ) -> None:
        """Run one SQL statement.

        The session is read-only, and the database sees to it: --write is for a statement that changes rows, which has
        a transaction of its own. In --json a row is a list, since names of columns may repeat.

        Example: dbtool query "select status, count(*) from user_progress group by status"
        """
        text = sys.stdin.read() if statement == "-" else statement
        if csv and (write or session.json):
            raise UsageError(f"--csv takes no {'--write' if write else '--json'}", hint='dbtool query "select 1" --csv')
        if csv:
            dbtool.query_csv(session.config, text, write=output.stdout().file.write, limit=limit or None)
            return
        most = LIMIT if limit is None else limit or None
        session.show(dbtool.query(session.config, text, write=write, limit=most), _answered)


def _answered(report: QueryReport) -> Iterator[RenderableType]:
    if not report.columns:
        yield output.line(("done: ", "green"), (f"{output.counted(report.changed or 0, 'row')} changed", ""))
        return
    from dbtool.cli import grid

    names = _apart(report.columns)
    rows = [dict(zip(names, row, strict=True)) for row in report.rows]
    made = grid.rows_table(names, rows, [{}] * len(rows), output.stdout().width)
    yield made.table
    yield ""
    if made.left_out:
        yield output.line(("no room for ", "yellow"), (f"{', '.join(made.left_out)}; --csv has all", ""))
    count = output.counted(len(rows), "row")
    yield output.line((f"the first {count}; --limit 0 shows all" if report.more else count, "dim"))


def _apart(names: Sequence[str]) -> list[str]:
    """Return names of which none repeats: the second `id` becomes `id 2`."""
    found: list[str] = []
    for name in names:
        number, apart = 1, name
        while apart in found:
            number += 1
            apart = f"{name} {number}"
        found.append(apart)
    return found
