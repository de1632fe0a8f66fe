"""The command line: five panels of commands, and what stands before a command."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

import dbtool
from dbtool.cli import branches, data, deploy, develop, output, pushing, review, source, squashing, studio, words
from dbtool.cli.options import Confirm, EnvFile, Environment, Project, Quiet, Verbose
from dbtool.errors import UsageError

_TyperUsageError: Any = typer.BadParameter.__mro__[1]  # Click's, which newer Typers carry under a name of their own

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
    env: Environment = None,
    env_file: EnvFile = None,
    confirm: Confirm = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take what stands before a command."""
    context.obj = {
        "project": project,
        "env": env,
        "env_file": env_file,
        "confirm": confirm,
        "quiet": quiet,
        "verbose": verbose,
    }


for part in (develop, pushing, branches, squashing, deploy, review, data, studio, source):
    part.register(app)
words.register(app)


def run() -> None:
    """Run the command that the process was started with."""
    if "--json" in sys.argv[1:]:
        _run_for_a_program()
    else:
        app()


def _run_for_a_program() -> None:
    """Let what the command line itself finds wrong be the one JSON object, too."""
    try:
        code = app(standalone_mode=False)
    except _TyperUsageError as error:
        name = (error.ctx.info_name if error.ctx and error.ctx.parent else None) or ""
        hint = f"dbtool {name} --help".replace("  ", " ")
        output.fail(name, UsageError(error.format_message(), hint=hint), as_json=True)
        raise SystemExit(UsageError.exit_code) from error
    raise SystemExit(code)
