"""What the scripts and styles of studio may hold: no other host, no markup from text, and no more than was promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from npm import npm_file
from playwright.sync_api import Page

import dbtool
from dbtool.studio.page import Files

STATIC = Path(dbtool.__file__).parent / "studio" / "static"
SCRIPTS = sorted(STATIC.glob("*.js"))
FORBIDDEN = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute(\"style\"",
    "javascript:", "createContextualFragment", "srcdoc",
)  # fmt: skip
BUDGET = 150_000  # bytes, as they are sent, uncompressed


def test_all_scripts_and_styles_together_stay_small() -> None:
    files = Files()
    sent = {name: files.get(name) for name in files.names if name.endswith((".js", ".css"))}
    sizes = {name: len(answer.body) for name, answer in sent.items() if answer is not None}

    assert sum(sizes.values()) < BUDGET, sorted(sizes.items(), key=lambda each: -each[1])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_makes_no_markup_from_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_no_file_names_another_host(path: Path) -> None:
    hosts = re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8"))

    assert set(hosts) <= {"www.w3.org", "localhost"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_first_what_it_is_for(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("/**")


def test_what_is_sent_means_what_was_written(page: Page, tmp_path: Path) -> None:
    """By the syntax trees of a JavaScript parser: what makes scripts small must not know templates within templates."""
    page.evaluate(npm_file("acorn@8", "dist/acorn.js", tmp_path))
    meaning = """text => JSON.stringify(
        acorn.parse(text, {ecmaVersion: "latest", sourceType: "module"}),
        (key, value) => (key === "start" || key === "end" || key === "raw" ? undefined : value))"""
    files = Files()

    changed = [
        path.name
        for path in SCRIPTS
        if (sent := files.get(path.name)) is not None
        and page.evaluate(meaning, path.read_text(encoding="utf-8"))
        != page.evaluate(meaning, bytes(sent.body).decode())
    ]

    assert changed == []
