"""One command while it runs. Without Typer, so that the hottest commands can do without it too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dbtool
from dbtool.cli import output
from dbtool.errors import DbtoolError, InterruptedCommandError

if TYPE_CHECKING:
    from dbtool.config import Config
    from dbtool.conversation import Answers, Tell

GIVEN = ("url", "json", "project", "env", "env_file", "confirm", "quiet", "verbose")


class Session:
    """One command while it runs: its configuration, read on first use, and its ways to talk."""

    def __init__(self, command: str, given: dict[str, Any], before: dict[str, Any]) -> None:
        self.command = command
        self.json: bool = given["json"]
        self.progress = output.Progress()
        self._given = {name: given[name] or before.get(name) for name in GIVEN}

    @cached_property
    def config(self) -> Config:
        """The project's configuration."""
        given = self._given
        return dbtool.load_config(
            url=given["url"],
            project=given["project"],
            env_file=given["env_file"],
            environment=given["env"],
            confirm=given["confirm"],
        )

    @property
    def folder(self) -> str | None:
        """The folder that was named, for a command that needs no project."""
        return self._given["project"]

    @cached_property
    def tell(self) -> Tell:
        """What prints progress."""
        quiet, verbose = bool(self._given["quiet"]), bool(self._given["verbose"])
        return output.teller(self.progress, quiet=quiet, verbose=verbose, as_json=self.json)

    def ask(
        self,
        *,
        yes: bool = False,
        accept_data_loss: bool = False,
        renames: Sequence[str] = (),
        fills: Sequence[str] = (),
    ) -> Answers:
        """Return who answers questions."""
        from dbtool.cli.ask import asker

        return asker(
            self.progress.clear,
            yes=yes,
            accept_data_loss=accept_data_loss,
            renames=renames,
            fills=fills,
            as_json=self.json,
        )

    def show(self, report: Any, view: output.View[Any]) -> None:
        """Print a report; a report that is not ok ends the command with exit code 1."""
        self.progress.clear()
        output.show(self.command, report, view, as_json=self.json)
        if not report.ok:
            sys.stdout.flush()
            raise SystemExit(1)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Turn every DbtoolError into its message and exit code; anything else is a bug and stays a traceback."""
        if self._given["verbose"]:
            output.show_statements()
        try:
            with self._clearing():
                yield
            sys.stdout.flush()
        except DbtoolError as error:
            output.fail(self.command, error, as_json=self.json)
            raise SystemExit(error.exit_code) from error
        except KeyboardInterrupt as error:
            output.fail(self.command, InterruptedCommandError(), as_json=self.json)
            raise SystemExit(130) from error
        except BrokenPipeError as error:  # the reader, such as `head`, has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(141) from error

    @contextmanager
    def _clearing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.progress.clear()
