"""Data: studio."""

from __future__ import annotations

from typing import Annotated

import typer

from dbtool.cli.options import command
from dbtool.cli.serving import serve
from dbtool.cli.session import Session

PANEL = "Data"


def register(app: typer.Typer) -> None:
    """Add the command of this file."""

    @command(app, "studio", panel=PANEL)
    def studio(
        session: Session,
        port: Annotated[
            int | None, typer.Option("--port", "-p", min=0, max=65535, help="Default: 5555; 0 is any free one.")
        ] = None,
        host: Annotated[
            str | None, typer.Option("--host", metavar="ADDRESS", help="Default: reached from this machine only.")
        ] = None,
        read_only: Annotated[bool, typer.Option("--read-only", help="Look, and change nothing.")] = False,
        no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
        allow_host: Annotated[
            list[str] | None,
            typer.Option("--allow-host", metavar="NAME", help="A further name of this machine, as of a proxy."),
        ] = None,
    ) -> None:
        """Browse and edit the database in a browser.

        Prints an address with a token for this run; who has no token sees nothing. Ctrl-C ends it.

        Example: dbtool studio --read-only
        """
        serve(
            session, port=port, host=host, read_only=read_only, open_browser=not no_open, allow_hosts=allow_host or ()
        )
