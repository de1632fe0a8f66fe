"""The options that every command has, and how a function becomes a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from dbtool.cli.session import Session

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
Environment = Annotated[
    str | None,
    typer.Option(
        "--env", metavar="NAME", help="Environment, as production: .env.NAME over .env.", rich_help_panel=COMMON
    ),
]
Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="NAME", help="Change this protected database or environment.", rich_help_panel=COMMON
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the answer.", rich_help_panel=COMMON)]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show each SQL statement with its time.", rich_help_panel=COMMON)
]

SeedSets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME", help="Also the files of seed_data/NAME/; may be given more than once."),
]

# What answers the questions of a change of the schema

LockTimeout = Annotated[
    float | None,
    typer.Option(
        "--lock-timeout", metavar="SECONDS", min=0, help="How long to wait for another deployer, and for locks. [60]"
    ),
]

Rename = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="OLD:NEW", help="What has a new name, as user.name:full_name or user:account."),
]
Fill = Annotated[
    list[str] | None,
    typer.Option("--fill", metavar="COLUMN=VALUE", help="What rows get in a new required column, as user.age=0."),
]
AcceptLoss = Annotated[
    bool, typer.Option("--accept-data-loss", help="Apply changes that drop tables or columns with rows.")
]
NoGenerate = Annotated[bool, typer.Option("--no-generate", help="Do not generate code at the end.")]

_HINTS: dict[str, Any] = {
    "url": Url,
    "json": Json,
    "project": Project,
    "env": Environment,
    "env_file": EnvFile,
    "confirm": Confirm,
    "quiet": Quiet,
    "verbose": Verbose,
}


def command(app: typer.Typer, name: str, *, panel: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is a Session as a command with the common options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(context: typer.Context, **arguments: Any) -> None:
            given = {key: arguments.pop(key) for key in _HINTS}
            session = Session(name, given, context.obj or {})
            with session.running():
                function(session, **arguments)

        _take_signature(run, function)
        app.command(name, help=_unwrapped(function), rich_help_panel=panel)(run)
        return run

    return register


def _unwrapped(function: Callable[..., None]) -> str:
    """Return a docstring with each paragraph on one line, for the terminal to wrap."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


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
