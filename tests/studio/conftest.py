"""What stories of the studio share: a project, a running studio, a browser that forgives nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browsers import launch
from playwright.sync_api import Browser, Page, sync_playwright
from projects import REPOSITORY, Project, alembic_table
from studios import Sheet, Studio, Trap, serving

SIZE = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, one for each file of tests: while it runs, nothing else in the process can run an event loop."""
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Studio]]:
    """Start studios that end with the story: `serve(project, "--read-only")`."""
    with ExitStack() as stack:
        yield lambda project, *options, **environment: stack.enter_context(serving(project, *options, **environment))


@pytest.fixture
def trap(browser: Browser, serve: Callable[..., Studio]) -> Iterator[tuple[Page, Trap]]:
    """A fresh tab in a fresh profile, and what it must not do; it is closed before the studios are."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    set_up = Trap(context)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    yield page, set_up
    context.close()
    set_up.check()


@pytest.fixture
def page(trap: tuple[Page, Trap]) -> Page:
    """A tab; an error in it, a violation of its policy or a request to another host fails the story."""
    return trap[0]


@pytest.fixture
def sheet(page: Page) -> Sheet:
    """The grid of the tab."""
    return Sheet(page)


@pytest.fixture(scope="session")
def sample_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's sample, migrated and seeded once."""
    root = tmp_path_factory.mktemp("sample")
    for folder in ("migrations", "seed_data"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    made = Project(root)
    media = '[tool.dbtool.studio]\nmedia = ["*.object_key"]\n'
    made.write("pyproject.toml", f'[tool.dbtool]\nmodels = "dbtool.models"\n\n{media}\n{alembic_table()}')
    for command in ("deploy", "seed"):
        done = made.run(command)
        assert done.code == 0, done.stderr
    return root


@pytest.fixture
def seeded(sample_template: Path, tmp_path: Path) -> Project:
    """A copy of the seeded sample."""
    shutil.copytree(sample_template, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


@pytest.fixture
def studio(seeded: Project, serve: Callable[..., Studio]) -> Studio:
    """Studio on the seeded sample."""
    return serve(seeded)
