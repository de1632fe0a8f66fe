"""What the scripts and styles of studio may hold: no other host, no markup from text, and no more than was promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dbtool
from dbtool.studio.page import files, lean

STATIC = Path(dbtool.__file__).parent / "studio" / "static"
SCRIPTS = sorted(STATIC.glob("*.js"))
FORBIDDEN = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute(\"style\"",
    "javascript:", "createContextualFragment", "srcdoc",
)  # fmt: skip
BUDGET = 150_000  # bytes, as they are sent, uncompressed


def test_all_scripts_and_styles_together_stay_small() -> None:
    sizes = {name: len(sent.body) for name, sent in files().items() if name.endswith((".js", ".css"))}

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


def test_what_is_sent_has_the_lines_of_the_source_without_comments_and_indentation() -> None:
    source = b"/** What it is\n * for. */\nexport function name() {\n  return 1; // one\n}\n"

    assert lean(source) == b"\n\nexport function name() {\nreturn 1; // one\n}\n"
