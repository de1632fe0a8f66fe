"""Deploy: deploy, status, history."""

from __future__ import annotations

from typing import Annotated

import typer

import dbtool
from dbtool.cli.options import command
from dbtool.cli.progress import deployed, history_lines, status_lines
from dbtool.cli.session import Session

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
        session.show(dbtool.deploy(session.config, to=to, dry_run=dry_run, tell=session.tell), deployed)

    @command(app, "status", panel=PANEL)
    def status(session: Session) -> None:
        """Show what is applied, pending, edited and missing.

        Exit code 0 only when the database is at the head, the history is intact, and nobody else changed the schema.

        Example: dbtool status --json
        """
        session.show(dbtool.status(session.config), status_lines)

    @command(app, "history", panel=PANEL)
    def history(session: Session) -> None:
        """Show what ran on this database, when, and how long it took.

        Example: dbtool history --url postgresql://localhost/app
        """
        session.show(dbtool.history(session.config), history_lines)
