"""Seeds: files into the database, and the database into files."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import SeedSets, command
from dbtool.cli.session import Session
from dbtool.errors import UsageError
from dbtool.reports import ExportReport, Seeded, SeedReport

if TYPE_CHECKING:
    from rich.console import RenderableType


class Form(StrEnum):
    """The formats of an export."""

    yaml = "yaml"
    json = "json"
    ndjson = "ndjson"
    csv = "csv"


def register(app: typer.Typer, panel: str) -> None:
    """Add the commands."""

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
        fake: Annotated[
            list[str] | None,
            typer.Option("--fake", metavar="TABLE=N", help="Make up N rows from the model instead of loading files."),
        ] = None,
        scale: Annotated[
            int, typer.Option("--scale", metavar="N", min=1, help="Multiply the counts of !generate blocks.")
        ] = 1,
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
            scale=scale,
            fake=[_fake(each) for each in fake or ()],
            ask=session.ask(yes=yes),
            tell=session.tell,
        )
        session.show(report, seed_lines)

    @command(app, "export", panel=panel)
    def export(
        session: Session,
        tables: Annotated[
            list[str] | None, typer.Argument(metavar="[TABLE]...", help="Only these tables: units, unit or Unit.")
        ] = None,
        where: Annotated[
            list[str] | None,
            typer.Option(
                "--where", "-w", metavar="CONDITION", help="Which rows of one table: score>=90, user=johndoe."
            ),
        ] = None,
        related: Annotated[
            bool, typer.Option("--related", help="With the rows that these need: a part that stands by itself.")
        ] = False,
        format: Annotated[
            Form, typer.Option("--format", "-f", help="csv and ndjson hold one table a file, with every column.")
        ] = Form.yaml,
        mask: Annotated[
            list[str] | None,
            typer.Option("--mask", metavar="COLUMNS", help="Make values up instead: email,password_hash or user.*name"),
        ] = None,
        out: Annotated[
            str | None, typer.Option("--out", "-o", metavar="PATH", help="A file, or a folder for one file a table.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    ) -> None:
        """Write what the database holds as seeds: nested, by natural keys, always the same bytes for the same rows.

        What is exported, seeded into an empty database and exported again is the same file. Masked values are made
        up from the real ones and a key of this project: the same each time, and nobody can turn them back.

        Example: dbtool export user --where email=ann@example.com --related --mask email,password_hash
        """
        if session.json and out is None:
            raise UsageError(
                "--json needs --out: the rows go to the terminal otherwise", hint="--out seed_data/all.yaml"
            )
        report = dbtool.export(
            session.config,
            tables or (),
            where=where or (),
            related=related,
            format=format.value,
            mask=mask or (),
            out=out,
            force=force,
            write=output.stdout().file.write,
        )
        if report.files:
            session.show(report, export_lines)


def _fake(text: str) -> tuple[str, int]:
    table, mark, count = text.partition("=")
    if not mark or not count.isascii() or not count.isdigit():
        raise UsageError(f"--fake {text}: this is not like User=1000", hint="--fake User=1000")
    return table, int(count)


def export_lines(report: ExportReport) -> Iterator[RenderableType]:
    """Yield what was exported, table by table."""
    for table in report.tables:
        yield output.line((f"  {table.table:<24}", ""), (output.counted(table.rows, "row"), ""))
    rows = output.counted(report.rows, "row")
    yield output.line(("exported ", "green"), (f"{rows} to {', '.join(report.files)}", ""))


def seed_lines(report: SeedReport) -> Iterator[RenderableType]:
    """Yield what a seed did, table by table."""
    if not report.files and not report.tables:
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
        origin = f"from {files}" if report.files else "that were made up"
        yield output.line((f"{verb} ", "green"), (f"{changed} {origin}", ""))
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
