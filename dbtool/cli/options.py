"""The options that every command has, and the session that a command works in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property, wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

import dbtool
from dbtool.cli import output
from dbtool.cli.ask import asker
from dbtool.config import Config
from dbtool.conversation import Ask, Tell
from dbtool.errors import DbtoolError, UsageError

COMMON = "Common options"

Url = Annotated[
    str | None,
    typer.Option("--url", help="Database URL; wins over every setting.", rich_help_panel=COMMON, show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=COMMON)]
Project = Annotated[
    Path | None,
    typer.Option(
        "--project", metavar="DIR", help="Project folder; default: from here upwards.", rich_help_panel=COMMON
    ),
]
EnvFile = Annotated[
    Path | None,
    typer.Option("--env-file", metavar="FILE", help="Read this file instead of .env.", rich_help_panel=COMMON),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the answer.", rich_help_panel=COMMON)]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show each SQL statement with its time.", rich_help_panel=COMMON)
]
_HINTS: dict[str, Any] = {
    "url": Url,
    "json": Json,
    "project": Project,
    "env_file": EnvFile,
    "quiet": Quiet,
    "verbose": Verbose,
}


class Session:
    """One command while it runs: its configuration, read on first use, and its ways to talk."""

    def __init__(self, command: str, given: dict[str, Any], before: dict[str, Any]) -> None:
        self.command = command
        self.json: bool = given["json"]
        self._given = {name: given[name] or before.get(name) for name in _HINTS}

    @cached_property
    def config(self) -> Config:
        """The project's configuration."""
        given = self._given
        return dbtool.load_config(url=given["url"], project=given["project"], env_file=given["env_file"])

    @cached_property
    def tell(self) -> Tell:
        """What prints progress."""
        return output.teller(quiet=bool(self._given["quiet"]), verbose=bool(self._given["verbose"]), as_json=self.json)

    def ask(self, *, yes: bool = False, accept_data_loss: bool = False) -> Ask:
        """Return who answers questions."""
        return asker(yes=yes, accept_data_loss=accept_data_loss, as_json=self.json)

    def show(self, report: Any, view: output.View[Any]) -> None:
        """Print a report; a report that is not ok ends the command with exit code 1."""
        output.show(self.command, report, view, as_json=self.json)
        if not report.ok:
            raise typer.Exit(1)


def command(app: typer.Typer, name: str, *, panel: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is a Session as a command with the common options.

    Every DbtoolError becomes its message and exit code here; anything else is a bug and stays a traceback.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(context: typer.Context, **arguments: Any) -> None:
            given = {key: arguments.pop(key) for key in _HINTS}
            session = Session(name, given, context.obj or {})
            try:
                function(session, **arguments)
            except DbtoolError as error:
                output.fail(name, error, as_json=session.json)
                raise typer.Exit(error.exit_code) from error
            except KeyboardInterrupt as error:
                output.interrupted(name, as_json=session.json)
                raise typer.Exit(130) from error

        _take_signature(run, function)
        app.command(name, rich_help_panel=panel, no_args_is_help=False)(run)
        return run

    return register


def require_one(choices: dict[str, bool]) -> None:
    """Raise UsageError when more than one of these flags is given."""
    chosen = [flag for flag, given in choices.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other", hint=f"use only {chosen[0]}")


def _take_signature(run: Callable[..., None], function: Callable[..., None]) -> None:
    """Give the wrapper the function's own parameters and the common ones, which Typer reads."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(kind=keyword, annotation=hints[parameter.name])
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    common = [
        inspect.Parameter(name, keyword, annotation=hint, default=False if hint in (Json, Quiet, Verbose) else None)
        for name, hint in _HINTS.items()
    ]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]  # typer would follow it to the function's own signature
