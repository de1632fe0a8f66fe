"""Data: backup, restore, copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.reports import BackupReport, CopyReport, RestoreReport

if TYPE_CHECKING:
    from rich.console import RenderableType


def register(app: typer.Typer, panel: str) -> None:
    """Add the commands."""

    @command(app, "backup", panel=panel)
    def backup(
        session: Session,
        file: Annotated[
            str | None, typer.Argument(metavar="[FILE]", help="Where to. Default: .dbtool/backups/, the newest 5.")
        ] = None,
    ) -> None:
        """Copy the database into a file, while it is in use.

        SQLite's own backup, pg_dump or mariadb-dump. Its SHA-256 stands in a file beside it, which `restore` compares
        and `sha256sum -c` reads.

        Example: dbtool backup before-launch.db
        """
        session.show(dbtool.backup(session.config, file=file, tell=session.tell), _backed_up)

    @command(app, "restore", panel=panel)
    def restore(
        session: Session,
        file: Annotated[str, typer.Argument(metavar="FILE", help="A backup of this kind of database.")],
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        no_backup: Annotated[bool, typer.Option("--no-backup", help="Take no backup of what is there.")] = False,
    ) -> None:
        """Replace what the database holds by what a backup holds.

        Looks at the file first, asks, and copies away what is there. If anything fails, the database is as it was.

        Example: dbtool restore .dbtool/backups/dev-20260101120000.db
        """
        report = dbtool.restore(session.config, file, backup=not no_backup, ask=session.ask(yes=yes), tell=session.tell)
        session.show(report, _restored)

    @command(app, "copy", panel=panel)
    def copy(
        session: Session,
        to: Annotated[
            str, typer.Option("--to", metavar="URL", help="The other database, or the name of an environment.")
        ],
    ) -> None:
        """Copy the database into another one, of whichever kind.

        The schema is made by the migrations, then come the rows, read in one moment while the database stays in use.
        Each table is read again and compared before anything is kept. The other database is made where it is missing,
        and must hold no rows.

        Example: dbtool copy --to postgresql://localhost/shop
        """
        session.show(dbtool.copy(session.config, to, tell=session.tell), _copied)


def _backed_up(report: BackupReport) -> Iterator[RenderableType]:
    yield output.line(("wrote ", "green"), (report.path, "bold"), (f", {report.bytes:,} bytes", ""))
    yield output.line(("sha256 ", "dim"), (report.checksum, "dim"))


def _restored(report: RestoreReport) -> Iterator[RenderableType]:
    yield output.line(("restored ", "green"), (report.source, "bold"), (f" into {report.database}", ""))
    yield f"{output.counted(report.rows, 'row')}, where {report.rows_before:,} were before"
    if report.backup:
        yield f"backup: {report.backup}"


def _copied(report: CopyReport) -> Iterator[RenderableType]:
    table = output.table("Table", "Rows", "Checksum")
    table.columns[1].justify = "right"
    for each in report.tables:
        table.add_row(output.clean(each.name), f"{each.rows:,}", each.checksum[:12])
    yield table
    rows = sum(each.rows for each in report.tables)
    yield output.line(
        ("copied ", "green"),
        (f"{output.counted(rows, 'row')} of {output.counted(len(report.tables), 'table')} into ", ""),
        (report.target, "bold"),
        (f" in {report.seconds:.1f} s; each table was read again and is the same", ""),
    )
    for note in report.notes:
        yield output.line(("note: ", "yellow"), (note, ""))
