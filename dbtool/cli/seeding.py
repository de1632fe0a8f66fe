"""Seed: files into the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import SeedSets, command
from dbtool.cli.session import Session
from dbtool.errors import UsageError
from dbtool.reports import Seeded, SeedReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the command."""

    @command(app, "seed", panel=panel)
    def seed(
        session: Session,
        files: Annotated[
            list[str] | None, typer.Argument(metavar="[FILES]...", help="Only these files. [seed_data/*]")
        ] = None,
        sets: SeedSets = None,
        only: Annotated[
            list[str] | None,
            typer.Option("--only", metavar="TABLE", help="Write only this table; may be given more than once."),
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Do it and roll back; nothing stays.")] = False,
        check: Annotated[bool, typer.Option("--check", help="Only look whether all is right; for CI.")] = False,
        prune: Annotated[
            bool, typer.Option("--prune", help="Delete rows of these tables that the files do not have.")
        ] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before rows are deleted.")] = False,
    ) -> None:
        """Load the seed files: those of seed_data/, and with --set dev those of seed_data/dev/ too.

        YAML holds rows within rows; large tables are CSV, NDJSON or Parquet files with the name of their table. Rows
        are found by their natural key: what is new is inserted, what differs is updated, nothing is deleted without
        --prune. Everything is checked first, all of it lands or nothing does, and running it again changes nothing.

        Example: dbtool seed --dry-run
        """
        if dry_run and check:
            raise UsageError("--check writes nothing, so there is nothing to roll back", hint="dbtool seed --check")
        report = dbtool.seed(
            session.config,
            files=files or (),
            sets=sets,
            only=only or (),
            dry_run=dry_run,
            check=check,
            prune=prune,
            ask=session.ask(yes=yes),
            tell=session.tell,
        )
        session.show(report, seed_lines)


def seed_lines(report: SeedReport) -> Iterator[RenderableType]:
    """Yield what a seed did, table by table."""
    if not report.files:
        yield output.line(("nothing to seed", "green"), (": there are no seed files", ""))
        return
    files = output.counted(len(report.files), "file")
    if report.checked is not None:
        rows = output.counted(report.checked, "row")
        yield output.line(("checked ", "green"), (f"{rows} in {files}: nothing is wrong", ""))
        return
    for table in report.tables:
        yield output.line((f"  {table.table:<24}", ""), (_words(table), "" if report.changed else "dim"))
    if report.changed:
        verb = "would change" if report.dry_run else "seeded"
        changed = output.counted(report.changed, "row")
        yield output.line((f"{verb} ", "green"), (f"{changed} from {files}", ""))
    else:
        yield output.line(("nothing to seed", "green"), (": every row is there already", ""))
    if report.backup:
        yield output.line(("backup ", "dim"), (report.backup, ""))
    if report.dry_run:
        yield output.line(("dry run: ", "yellow"), ("rolled back", ""))


def _words(table: Seeded) -> str:
    done = {
        "inserted": table.inserted,
        "updated": table.updated,
        "unchanged": table.unchanged,
        "deleted": table.deleted,
    }
    return ", ".join(f"{number:,} {word}" for word, number in done.items() if number) or "no rows"
