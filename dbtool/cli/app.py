"""The command line: five panels of commands, and what stands before a command."""

from __future__ import annotations

from typing import Annotated

import typer

import dbtool
from dbtool.cli import data, deploy, develop, review, source, words
from dbtool.cli.options import EnvFile, Project, Quiet, Verbose

HELP = (
    "Migrations, seeds and inspection for SQLModel.\n\n"
    "Edit your models, then run `dbtool migrate --name what_changed`: the migration is written, proven on a "
    "scratch database, applied, and code is generated. `dbtool deploy` carries it to production."
)

app = typer.Typer(
    name="dbtool",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dbtool {dbtool.__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def before(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
    project: Project = None,
    env_file: EnvFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take what stands before a command."""
    context.obj = {"project": project, "env_file": env_file, "quiet": quiet, "verbose": verbose}


for part in (develop, deploy, review, data, source):
    part.register(app)
words.register(app)


def run() -> None:
    """Run the command that the process was started with."""
    app()
