"""`make screenshots`: pictures of the main views for the README, of the sample, in light and dark."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from browsers import launch  # noqa: E402
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402
from projects import REPOSITORY, Project, alembic_table  # noqa: E402
from studios import Sheet, Studio, serving  # noqa: E402

FOLDER = REPOSITORY / ".screenshots"
SIZE = {"width": 1280, "height": 720}


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with serving(sample(Path(folder) / "lessons")) as studio:
            for theme in ("light", "dark"):
                context = browser.new_context(viewport=SIZE, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                page = context.new_page()
                page.on("dialog", lambda dialog: dialog.accept())
                for take in (rows, edit, palette, diagram, sql, migrations):
                    take(page, studio)
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=FOLDER / f"{take.__name__}-{theme}.png")
                context.close()
        browser.close()
    print(*sorted(path.relative_to(REPOSITORY).as_posix() for path in FOLDER.iterdir()), sep="\n")


def sample(root: Path) -> Project:
    """Return the repository's sample, migrated and seeded."""
    for folder in ("migrations", "seed_data"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    made = Project(root)
    made.write("pyproject.toml", '[tool.dbtool]\nmodels = "dbtool.models"\n\n' + alembic_table())
    for command in ("deploy", "seed"):
        done = made.run(command)
        assert done.code == 0, done.stderr
    return made


def visit(page: Page, studio: Studio, place: str) -> Sheet:
    """Go to a place and wait until it is drawn."""
    page.goto("about:blank")
    page.goto(studio.link(place))
    expect(page.locator(".toolbar")).to_be_visible()
    return Sheet(page)


def rows(page: Page, studio: Studio) -> None:
    """Rows with filters, an order, and one row's panel."""
    visit(page, studio, '/table/user_progress?filter=score~ge~50&sort=-score&row=["1"]')
    expect(page.get_by_role("complementary")).to_be_visible()


def edit(page: Page, studio: Studio) -> None:
    """Staged changes in their colours."""
    sheet = visit(page, studio, "/table/unit")
    sheet.type_into(1, "title", "Names and Introductions")
    sheet.cell(4, "slug").click()
    page.keyboard.press("Control+-")
    sheet.cell(3, "slug").click()
    page.keyboard.press("Control+Shift+d")
    sheet.type_into(0, "slug", "small-talk")
    sheet.type_into(0, "title", "Small Talk")


def palette(page: Page, studio: Studio) -> None:
    """The command palette."""
    page.evaluate("sessionStorage.clear()")
    visit(page, studio, "/table/story")
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="What to do").fill("s")


def diagram(page: Page, studio: Studio) -> None:
    """All tables."""
    visit(page, studio, "/diagram")
    expect(page.locator("svg [data-table]").first).to_be_visible()


def sql(page: Page, studio: Studio) -> None:
    """The console with an answer."""
    sheet = visit(page, studio, "/sql")
    query = "select u.username, count(*) as attempts, avg(a.score) as average\nfrom pronunciation_attempt a\n"
    page.get_by_label("SQL", exact=True).fill(query + "join user u on u.id = a.user_id\ngroup by u.username")
    page.keyboard.press("Control+Enter")
    expect(sheet.cell(0, "username")).to_be_visible()


def migrations(page: Page, studio: Studio) -> None:
    """The history of the schema."""
    visit(page, studio, "/migrations")
    expect(page.locator(".revisions > li").first).to_be_visible()


if __name__ == "__main__":
    main()
