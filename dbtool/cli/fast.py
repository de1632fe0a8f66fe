"""The hottest commands, answered before Typer is imported (110 ms of CPU, where all of `status` takes 20).

Only plain forms are understood here; everything else, and every mistake, is left to the whole command line, which
has the same commands with the same options.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dbtool
from dbtool.cli.session import GIVEN, Session

_FLAGS = {"--json": "json", "-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
_VALUES = {
    "--url": "url",
    "--project": "project",
    "--env": "env",
    "--env-file": "env_file",
    "--confirm": "confirm",
}


def answer(arguments: Sequence[str]) -> bool:
    """Run a hot command and return True; return False, having done nothing, when this is for Typer."""
    if list(arguments) == ["--version"]:
        print(f"dbtool {dbtool.__version__}")
        return True
    command = arguments[0] if arguments else ""
    if command == "status":
        given = _read(arguments[1:], {}, {})
        if given is not None:
            _status(given)
            return True
    if command == "deploy":
        given = _read(arguments[1:], {"--dry-run": "dry_run"}, {"--to": "to"})
        if given is not None:
            _deploy(given)
            return True
    if command == "studio":
        flags = {"--read-only": "read_only", "--no-open": "no_open"}
        given = _read(arguments[1:], flags, {"--port": "port", "-p": "port", "--host": "host"})
        if given is not None and _is_port(given["port"]):
            _studio(given)
            return True
    return False


def _status(given: dict[str, Any]) -> None:
    from dbtool.cli.progress import status_lines

    session = Session("status", given, {})
    with session.running():
        session.show(dbtool.status(session.config), status_lines)


def _deploy(given: dict[str, Any]) -> None:
    from dbtool.cli.progress import deployed

    session = Session("deploy", given, {})
    with session.running():
        report = dbtool.deploy(session.config, to=given["to"], dry_run=given["dry_run"], tell=session.tell)
        session.show(report, deployed)


def _studio(given: dict[str, Any]) -> None:
    from dbtool.cli.serving import serve

    session = Session("studio", given, {})
    with session.running():
        port = None if given["port"] is None else int(given["port"])
        serve(session, port=port, host=given["host"], read_only=given["read_only"], open_browser=not given["no_open"])


def _is_port(text: str | None) -> bool:
    return text is None or (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536)


def _read(arguments: Sequence[str], flags: dict[str, str], values: dict[str, str]) -> dict[str, Any] | None:
    """Return what was given, by parameter name; None when a word is not plainly understood."""
    known_flags, known_values = {**_FLAGS, **flags}, {**_VALUES, **values}
    given: dict[str, Any] = dict.fromkeys([*GIVEN, *values.values()])
    given |= dict.fromkeys([*_FLAGS.values(), *flags.values()], False)
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in known_flags:
            given[known_flags[word]] = True
        elif name in known_values:
            value = value if equals else next(rest, "")
            if not value or (value.startswith("-") and name != "--to"):
                return None
            given[known_values[name]] = value
        else:
            return None
    return given
