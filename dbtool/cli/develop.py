"""Develop: migrate, reset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import dbtool
from dbtool.cli import output, words
from dbtool.cli.options import AcceptLoss, Fill, NoGenerate, Rename, SeedSets, command
from dbtool.cli.progress import applied_lines
from dbtool.cli.seeding import seed_lines
from dbtool.cli.session import Session
from dbtool.cli.source import generated_line
from dbtool.errors import UsageError
from dbtool.reports import MigrateReport, ResetReport

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Develop"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""

    @command(app, "migrate", panel=PANEL)
    def migrate(
        session: Session,
        word: Annotated[str | None, typer.Argument(hidden=True, metavar="")] = None,
        name: Annotated[
            str | None,
            typer.Option("--name", "-n", help="Name of the migration; derived from the change if not given."),
        ] = None,
        create_only: Annotated[
            bool, typer.Option("--create-only", help="Write the file; change nothing in the database.")
        ] = False,
        amend: Annotated[
            bool, typer.Option("--amend", help="Write the last migration anew, in place of the one that is there.")
        ] = False,
        empty: Annotated[
            bool, typer.Option("--empty", help="Write a file that changes rows, for you to fill in, and nothing else.")
        ] = False,
        no_proof: Annotated[
            bool, typer.Option("--no-proof", help="Keep the file as it is written, though nobody has proven it.")
        ] = False,
        drift: Annotated[
            Literal["adopt", "revert", "ignore"],
            typer.Option("--drift", help="What becomes of what somebody changed in the database by hand."),
        ] = "ignore",
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before something is reverted.")] = False,
        no_generate: NoGenerate = False,
        rename: Rename = None,
        fill: Fill = None,
        accept_data_loss: AcceptLoss = False,
    ) -> None:
        """Write a migration from your models, prove it, and apply it.

        Creates the database if it is missing, applies what is pending, compares the models with the migration
        files replayed on a scratch database, and writes a reversible migration if they differ. Without a
        difference nothing is written. What only you can know is asked: whether something was renamed, what rows get
        in a new required column, whether rows may be lost. Without a terminal the options answer.

        Example: dbtool migrate --name add_bio
        """
        if word is not None:
            raise words.explain_migrate(app, word)
        if empty and amend:
            raise UsageError("--empty and --amend exclude each other", hint="dbtool migrate --help")
        report = dbtool.migrate(
            session.config,
            name=name,
            create_only=create_only,
            amend=amend,
            empty=empty,
            prove=not no_proof,
            drift=drift,
            generate=not no_generate,
            ask=session.ask(yes=yes, accept_data_loss=accept_data_loss, renames=rename or (), fills=fill or ()),
            tell=session.tell,
        )
        session.show(report, _migrated)

    @command(app, "reset", panel=PANEL)
    def reset(
        session: Session,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        no_seed: Annotated[bool, typer.Option("--no-seed", help="Leave the new database empty.")] = False,
        sets: SeedSets = None,
        no_backup: Annotated[bool, typer.Option("--no-backup", help="Take no backup first.")] = False,
    ) -> None:
        """Delete the database, migrate it from nothing, and seed it.

        Asks first and takes a backup into .dbtool/backups/, of which the newest 5 are kept. If anything fails,
        the database is as it was.

        Example: dbtool reset --yes
        """
        report = dbtool.reset(
            session.config,
            seed=not no_seed,
            sets=sets,
            backup=not no_backup,
            ask=session.ask(yes=yes),
            tell=session.tell,
        )
        session.show(report, _was_reset)


def _migrated(report: MigrateReport) -> Iterator[RenderableType]:
    if report.database_created:
        yield f"created database {report.database}"
    if report.created:
        yield "wrote " + ", ".join(report.created)
    for drifted in report.drift[:10]:
        yield output.line(("drift: the schema is not what migrations left behind: ", "yellow"), (drifted, ""))
    if report.drift:
        yield output.line(("  hint: ", "bold cyan"), ("dbtool migrate --drift adopt, or --drift revert", ""))
    if report.adopted:
        yield output.line(
            ("adopted what was changed by hand: ", "green"), (output.file_name(report.adopted.path), "bold")
        )
    for statement in report.reverted:
        yield output.line(("reverted: ", "green"), (statement, ""))
    if report.adopted:
        yield from applied_lines(report.applied)
        yield "now say it in the models too: dbtool diff --from files --to models"
    elif report.amended and report.revision is None:
        yield output.line(("took away ", "green"), (output.file_name(report.amended.path), "bold"))
        yield "models and the migrations before it agree"
        yield from applied_lines(report.applied)
        yield from _recorded(report)
    elif report.revision is None:
        yield from applied_lines(report.applied)
        yield from _recorded(report)
        yield output.line(("models and migrations agree; nothing to write", "green"))
    else:
        yield from _written(report)
        yield from applied_lines(report.applied)
        yield from _recorded(report)
    for note in report.notes:
        yield output.line(("note: ", "yellow"), (note, ""))
    if report.backup:
        yield f"backup: {report.backup}"
    if report.generated:
        yield from generated_line(report.generated)
    if report.generate_error:
        yield output.line(("generate failed, the migration stays: ", "bold red"), (report.generate_error, ""))


def _written(report: MigrateReport) -> Iterator[Any]:
    assert report.revision is not None
    verb = "amended " if report.amended else "wrote "
    yield output.line((verb, "green"), (output.file_name(report.revision.path), "bold"))
    yield from output.bullets(change.text for change in report.changes)
    if not report.counted:
        yield output.line(("not counted: ", "yellow"), ("the database did not answer, so nobody knows of its rows", ""))
    if report.proof:
        yield output.line(("proven: ", "green"), (", ".join(report.proof), ""))
    elif report.changes:
        yield output.line(("not proven: ", "yellow"), ("nobody knows whether it works, and can be taken back", ""))
    else:
        yield "say in it which rows get what; as it is it changes nothing"
    if report.changes:
        yield output.line(("its SQL: ", "dim"), (f"dbtool sql {report.revision.id}", ""))
    if report.revision.id not in {*(each.revision for each in report.applied), *report.recorded}:
        yield output.line(("not applied yet: ", "yellow"), ("dbtool migrate", ""))


def _recorded(report: MigrateReport) -> Iterator[Any]:
    """Yield what the ledger says although no file ran."""
    count = output.counted(len(report.recorded), "migration")
    if report.statements:
        yield output.line(("brought ", "green"), (f"{report.database} to the models, keeping its rows", ""))
    if report.recorded and report.amended:
        yield output.line(("recorded ", "green"), (f"{count} as applied in place of the old one", ""))
    elif report.recorded:
        yield output.line(("recorded ", "green"), (f"{count} as applied: the database has the changes", ""))


def _was_reset(report: ResetReport) -> Iterator[RenderableType]:
    if report.rows_deleted or report.backup:
        yield f"deleted {output.counted(report.rows_deleted, 'row')} of {report.database}"
    if report.backup:
        yield f"backup: {report.backup}"
    yield from applied_lines(report.applied)
    if report.seeded:
        yield from seed_lines(report.seeded)
