"""A page with the studio's scripts and no server behind it: modules to import, or a grid over made-up rows."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

import dbtool

STATIC = Path(dbtool.__file__).parent / "studio" / "static"
ADDRESS = "http://localhost:1/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HARNESS = Path(__file__).with_name("harness.js")
SHELL = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>harness</title>'
    '<link rel="stylesheet" href="/static/style.css">'
    '<link rel="icon" href="data:,"><main id="main"></main><div id="live" aria-live="polite"></div>{script}</html>'
)


def open_blank(page: Page) -> Page:
    """Go to an empty page from which the scripts can be imported, under the policy of the real one."""
    return _open(page, SHELL.format(script=""))


def open_grid(page: Page, **options: Any) -> Page:
    """Go to a page with a grid over made-up rows; the options are those of `start` in harness.js."""
    _open(page, SHELL.format(script='<script type="module" src="/harness.js"></script>'))
    page.wait_for_function("() => Boolean(window.start)")
    page.evaluate("options => start(options)", options)
    expect(page.get_by_role("grid")).to_have_attribute("data-ready", "true")
    return page


def script(page: Page, code: str, given: Any = None) -> Any:
    """Run the body of an asynchronous function that has `load(name)`, to import a script, and `given`."""
    return page.evaluate(
        "async given => { const load = name => import(`/static/${name}.js`);" + code + "}",
        given,
    )


def _open(page: Page, shell: str) -> Page:
    page.route(f"{ADDRESS}**", lambda route: _answer(route, shell))
    page.goto(ADDRESS)
    return page


def _answer(route: Route, shell: str) -> None:
    name = route.request.url.removeprefix(ADDRESS)
    if name.startswith("static/"):
        path = STATIC / name.removeprefix("static/")
    elif name == HARNESS.name:
        path = HARNESS
    else:
        return route.fulfill(body=shell, headers={"Content-Type": "text/html", "Content-Security-Policy": POLICY})
    if not path.is_file():
        return route.fulfill(status=404)
    kind = {".js": "text/javascript"}.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return route.fulfill(body=path.read_bytes(), headers={"Content-Type": kind})
