"""A studio in a process of its own, and what a story does with it."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from projects import Project

PATIENCE = 15_000  # milliseconds that a browser waits for what must appear; a busy machine is slow
expect.set_options(timeout=PATIENCE)


@dataclass
class Studio:
    """A running `dbtool studio`."""

    project: Project
    process: subprocess.Popen[str]
    url: str
    address: str
    token: str

    def link(self, place: str = "") -> str:
        """Return the address of a place, with the token: `#/table/user`."""
        return f"{self.address}#t={self.token}" + (f"&to={urllib.request.quote(place, safe='')}" if place else "")  # type: ignore[attr-defined]

    def api(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        """Ask the server as the page does; return the status and the answer."""
        sent = {"Content-Type": "application/json", "X-Dbtool-Token": self.token, **headers}
        request = urllib.request.Request(f"{self.address}api/{path}", json.dumps(body or {}).encode(), sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read the SQLite database behind it, past studio."""
        with sqlite3.connect(self.project.root / "dev.db") as connection:
            return connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, *parameters: object) -> None:
        """Change the SQLite database behind it, past studio."""
        with sqlite3.connect(self.project.root / "dev.db", timeout=20) as connection:
            connection.execute(sql, parameters)

    def stop(self) -> int:
        """Press Ctrl-C and return how it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()


@contextmanager
def serving(project: Project, *options: str, **environment: str) -> Iterator[Studio]:
    """Run studio in a project until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtool", "studio", "--no-open", "--json", "--port", "0", *options],
        cwd=project.root,
        env=project.environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    said = "".join(iter(process.stdout.readline, "}\n"))
    if not said.endswith("\n"):
        pytest.fail(f"studio did not start: {process.stderr.read()}")
    report = json.loads(said + "}")["report"]
    studio = Studio(project, process, report["url"], report["address"], report["url"].partition("#t=")[2])
    try:
        yield studio
    finally:
        studio.stop()


class Trap:
    """What no story may cause: an error in the page, a violation of its policy, a request to another host."""

    def __init__(self, context: BrowserContext, *hosts: str) -> None:
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.expected: list[str] = []
        self.hosts = ("http://localhost:", "http://127.0.0.1:", "blob:", "data:", *hosts)
        context.on("request", lambda request: self._request(request.url))
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))

    def expects(self, *words: str) -> None:
        """Say which messages of the browser belong to the story, such as the status of a refused request."""
        self.expected += words

    def check(self) -> None:
        """Fail for what was caught."""
        found = [fault for fault in self.faults if not any(words in fault for words in self.expected)]
        if found:
            pytest.fail("\n".join(found))

    def _request(self, url: str) -> None:
        self.requests.append(url)
        if not url.startswith(self.hosts):
            self.faults.append(f"request to {url}")

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"{kind}: {text}")


class Sheet:
    """The grid of a page, in the words of a person who uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.grid = page.get_by_role("grid")

    def header(self, column: str) -> Locator:
        """Return the header of a column."""
        name = self.page.locator("b", has_text=re.compile(f"^{re.escape(column)}$"))
        return self.grid.get_by_role("columnheader").filter(has=name)

    def row(self, row: int) -> Locator:
        """Return a row by its place, 0 at the top; what is staged to be new comes first."""
        return self.grid.locator(f'[role=row][aria-rowindex="{row + 2}"]')

    def cell(self, row: int, column: str) -> Locator:
        """Return a cell by the place of its row and the name of its column."""
        index = self.header(column).get_attribute("aria-colindex")
        return self.row(row).locator(f'[role=gridcell][aria-colindex="{index}"]')

    def column(self, column: str, rows: int) -> list[str]:
        """Return the first texts of a column."""
        return [self.cell(row, column).inner_text() for row in range(rows)]

    def ready(self) -> None:
        """Wait until rows are there, or it is known that there are none."""
        expect(self.grid).not_to_have_attribute("aria-busy", "true")

    def type_into(self, row: int, column: str, text: str) -> None:
        """Replace what a cell holds, as in a spreadsheet."""
        self.cell(row, column).click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def save(self) -> None:
        """Press Ctrl+S and wait until nothing is staged."""
        button = self.page.locator(".staging").get_by_role("button", name="Save")
        expect(button).to_be_visible()
        self.page.keyboard.press("Control+s")
        expect(button).to_have_count(0)
        self.ready()
