"""Every page of tests/transcripts is run: a golden file for each command and each kind of bad input."""

from __future__ import annotations

from pathlib import Path

import pytest
import transcript
from projects import Project

PAGES = sorted((Path(__file__).parent / "transcripts").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_transcript_prints_what_it_shows(page: Path, project: Project) -> None:
    """A page starts in a fresh small application; its commands run one after the other."""
    commands = transcript.play(page.read_text(encoding="utf-8"), project.root, project.environment())

    assert commands > 0
