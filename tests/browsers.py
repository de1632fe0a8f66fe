"""The browser that stories drive."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import Browser, Playwright
from projects import REQUIRE

CHROMIUM = "DBTOOL_CHROMIUM"


def chromium() -> str:
    """Return the browser to drive; skip the test without one, or fail where tests may not be skipped."""
    path = os.environ.get(CHROMIUM) or shutil.which("chromium") or shutil.which("google-chrome")
    if path:
        return path
    words = f"no chromium: install Debian's `chromium`, or set {CHROMIUM}"
    if os.environ.get(REQUIRE):
        pytest.fail(words)
    pytest.skip(words)


def launch(playwright: Playwright) -> Browser:
    """Start the browser; root, as in containers, has no sandbox."""
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium(), args=flags)
