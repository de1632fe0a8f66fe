"""Deploy: deploy, status, history, rollback, repair."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

import dbtool
from dbtool.cli import adopting, fleet
from dbtool.cli.options import LockTimeout, command
from dbtool.cli.progress import deployed, history_lines, repaired, status_lines, taken_back
from dbtool.cli.session import Session
from dbtool.errors import UsageError

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
        lock_timeout: LockTimeout = None,
        wait: Annotated[
            float, typer.Option("--wait", metavar="SECONDS", min=0, help="Wait for a server that does not answer yet.")
        ] = 0,
        backup: Annotated[bool, typer.Option("--backup", help="Copy the database away first.")] = False,
        transaction: Annotated[
            Literal["run", "migration"],
            typer.Option("--transaction", help="One for the whole run, or one for each migration."),
        ] = "run",
        targets: Annotated[
            str | None,
            typer.Option("--targets", metavar="FILE", help="Many databases, one URL a line; - reads the input."),
        ] = None,
        jobs: Annotated[
            int, typer.Option("--jobs", "-j", metavar="N", min=1, help="With --targets: so many at a time.")
        ] = 1,
        keep_going: Annotated[
            bool, typer.Option("--keep-going", help="With --targets: a failure stops no other database.")
        ] = False,
    ) -> None:
        """Apply pending migrations.

        Never asks, writes no files but copies of what ran into .dbtool/, and imports no models: made for production.
        On SQLite and PostgreSQL all of it lands or nothing does. On MariaDB, where each change of a table is committed
        at once, a run that was stopped goes on from the statement where it stopped.

        One process deploys at a time: others wait, and find nothing left to do.

        With --targets it goes to many databases, or schemas such as postgresql://host/db?schema=tenant_1: each by
        itself, those that are up to date in passing. Run it again after a failure. --json prints one object a line.

        Example: dbtool deploy --wait 30 --lock-timeout 300
        """
        wishes: dict[str, Any] = {
            "to": to,
            "dry_run": dry_run,
            "lock_timeout": lock_timeout,
            "wait": wait,
            "backup": backup,
            "transaction": transaction,
        }
        if targets is not None:
            fleet.deploy_to(session, targets, {**wishes, "jobs": jobs, "keep_going": keep_going})
            return
        if keep_going or jobs > 1:
            raise UsageError(
                "--jobs and --keep-going need --targets", hint="dbtool deploy --targets tenants.txt --jobs 4"
            )
        session.show(dbtool.deploy(session.config, **wishes, tell=session.tell), deployed)

    @command(app, "status", panel=PANEL)
    def status(
        session: Session,
        wait: Annotated[
            float,
            typer.Option("--wait", metavar="SECONDS", min=0, help="Look again until all is well, at most so long."),
        ] = 0,
    ) -> None:
        """Show what is applied, pending, edited and missing.

        Exit code 0 only when the database is at the head, the history is intact, and nobody else changed the schema.

        An application that must not start before its database is ready: dbtool status --wait 60 && start

        Example: dbtool status --json
        """
        session.show(dbtool.status(session.config, wait=wait, tell=session.tell), status_lines)

    @command(app, "history", panel=PANEL)
    def history(session: Session) -> None:
        """Show what ran on this database, when, and how long it took.

        Example: dbtool history --url postgresql://localhost/app
        """
        session.show(dbtool.history(session.config), history_lines)

    @command(app, "rollback", panel=PANEL)
    def rollback(
        session: Session,
        steps: Annotated[
            int | None, typer.Option("--steps", metavar="N", min=1, help="How many to take back; 1 if not given.")
        ] = None,
        to: Annotated[
            str | None,
            typer.Option("--to", metavar="REVISION", help="Take back all after it: an id, a name, base, -1."),
        ] = None,
        missing: Annotated[
            bool, typer.Option("--missing", help="Take back what another branch applied, whose files are not here.")
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Run it and undo it; nothing stays.")] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        no_backup: Annotated[bool, typer.Option("--no-backup", help="Take no backup first.")] = False,
        lock_timeout: LockTimeout = None,
    ) -> None:
        """Take the newest migration back.

        Says first what would be lost: each table and column that goes, with its rows counted. Asks, takes a backup
        into .dbtool/backups/ where rows would be lost, and runs the downgrades. The files stay: `dbtool deploy`
        applies them again.

        After a change of branches, --missing takes back what the other branch applied: its files are kept in
        .dbtool/applied/, and else git is asked.

        Example: dbtool rollback --dry-run
        """
        if (steps is not None) + (to is not None) + missing > 1:
            raise UsageError("--steps, --to and --missing exclude each other", hint="dbtool rollback --help")
        report = dbtool.rollback(
            session.config,
            steps=steps or 1,
            to=to,
            missing=missing,
            dry_run=dry_run,
            backup=not no_backup,
            lock_timeout=lock_timeout,
            ask=session.ask(yes=yes),
            tell=session.tell,
        )
        session.show(report, taken_back)

    @command(app, "repair", panel=PANEL)
    def repair(
        session: Session,
        undo: Annotated[
            bool, typer.Option("--undo", help="Take back the migration that stopped halfway, instead of going on.")
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Name what is wrong, and change nothing.")] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    ) -> None:
        """Mend what a crash, or another tool, has left behind.

        On MariaDB a migration that stopped halfway goes on from its last statement, or is taken back with --undo. On
        PostgreSQL indexes that CREATE INDEX CONCURRENTLY left invalid are dropped. The ledger gets what ran without
        it, and the text of files that were edited after they ran. Each is named first, and asked about.

        Example: dbtool repair --dry-run
        """
        report = dbtool.repair(session.config, undo=undo, dry_run=dry_run, ask=session.ask(yes=yes), tell=session.tell)
        session.show(report, repaired)

    adopting.register(app, PANEL)
