"""Words that people bring along from other tools, each with what it is called here."""

from __future__ import annotations

import typer

from dbtool.cli import output
from dbtool.errors import UsageError

WORDS = {
    "upgrade": "deploy",
    "downgrade": "rollback",
    "makemigrations": "migrate --create-only",
    "revision": "migrate --create-only",
    "stamp": "baseline --at",
    "resolve": "repair",
    "current": "status",
    "sqlmigrate": "sql",
    "inspectdb": "pull",
    "dumpdata": "export",
    "loaddata": "seed",
}
MIGRATE_WORDS = {"dev": "migrate", "deploy": "deploy", "reset": "reset", "status": "status", "resolve": "repair"}
DB_WORDS = {"pull": "pull", "push": "push", "seed": "seed", "execute": "query"}
ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Answer each word in one line, with exit code 2."""
    for word, meaning in WORDS.items():
        _register(app, word, meaning)

    @app.command("db", hidden=True, context_settings=dict(ANYTHING))
    def db(context: typer.Context) -> None:
        word = context.args[0] if context.args else ""
        _answer(app, context, f"db {word}".strip(), DB_WORDS.get(word, "--help"))


def explain_migrate(app: typer.Typer, word: str) -> UsageError:
    """Return what to say to `dbtool migrate WORD`."""
    if word in MIGRATE_WORDS:
        return explanation(app, f"migrate {word}", MIGRATE_WORDS[word])
    return UsageError(f"`migrate` takes no `{word}`", hint=f"dbtool migrate --name {word}")


def explanation(app: typer.Typer, word: str, meaning: str) -> UsageError:
    """Return the one line that says what a word is called here, and whether it is here yet."""
    known = {command.name for command in app.registered_commands if not command.hidden}
    target = meaning.partition(" ")[0]
    if target in known or target.startswith("-"):
        return UsageError(f"`{word}` is called `{meaning}` here", hint=f"dbtool {meaning}")
    return UsageError(
        f"`{word}` will be called `{meaning}` here, in a later version", hint="dbtool --help lists what is here"
    )


def _register(app: typer.Typer, word: str, meaning: str) -> None:
    @app.command(word, hidden=True, context_settings=dict(ANYTHING))
    def answer(context: typer.Context) -> None:
        _answer(app, context, word, meaning)


def _answer(app: typer.Typer, context: typer.Context, word: str, meaning: str) -> None:
    error = explanation(app, word, meaning)
    output.fail(word, error, as_json="--json" in context.args)
    raise typer.Exit(error.exit_code)
