"""Stories of people who use studio without a mouse, with a screen reader, enlarged, or with less motion."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from npm import npm_file
from playwright.sync_api import Page, expect
from projects import REQUIRE
from studios import Sheet, Studio

PLACES = {
    "table": "/table/unit_asset",
    "row": '/table/user?row=["1"]',
    "structure": "/table/unit/structure",
    "diagram": "/diagram",
    "sql": "/sql",
    "migrations": "/migrations",
}


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from npm."""
    return npm_file("axe-core@4", "axe.min.js", tmp_path_factory.mktemp("axe"))


def violations(page: Page, axe: str) -> list[str]:
    """Return what axe finds wrong with a page, in words."""
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {json.dumps([node['html'][:160] for node in each['nodes'][:3]])}" for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_every_view_is_accessible_in_both_themes(page: Page, studio: Studio, axe: str, place: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(studio.link(PLACES[place]))
    expect(page.locator(".toolbar")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert violations(page, axe) == []


def test_staged_and_refused_cells_and_dialogs_are_accessible(
    page: Page, studio: Studio, axe: str, sheet: Sheet
) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Novice")
    page.get_by_role("button", name="Row", exact=True).click()
    page.keyboard.press("Escape")
    sheet.cell(3, "slug").click()
    page.keyboard.press("Control+-")
    assert violations(page, axe) == []
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("dialog", name="Review")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="What to do")).to_be_focused()

    assert violations(page, axe) == []


def test_the_door_is_accessible(page: Page, studio: Studio, axe: str) -> None:
    page.goto(studio.address)
    expect(page.get_by_label("Paste the link")).to_be_focused()

    assert violations(page, axe) == []


def test_the_grid_tells_a_screen_reader_where_it_is(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    expect(sheet.cell(0, "slug")).to_have_text("beginner")
    sheet.cell(1, "name").click()

    expect(sheet.grid).to_have_attribute("aria-rowcount", "4")
    expect(sheet.grid).to_have_attribute("aria-colcount", "5")
    active = sheet.grid.locator(".active")
    expect(active).to_have_text("Intermediate")
    expect(sheet.grid).to_have_attribute("aria-activedescendant", active.get_attribute("id") or "")
    expect(sheet.row(1)).to_have_attribute("aria-rowindex", "3")
    expect(sheet.cell(1, "name")).to_have_attribute("aria-selected", "true")


def test_tab_goes_through_the_page_in_reading_order(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/level"))
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the rows")).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.get_by_label("Find a table")).to_be_focused()


def test_at_two_hundred_percent_everything_can_still_be_reached(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.set_viewport_size({"width": 640, "height": 400})  # what 1280 by 800 is, enlarged twice
    page.goto(studio.link("/table/level"))

    expect(sheet.cell(0, "slug")).to_be_visible()
    sheet.type_into(0, "name", "Novice")
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_less_motion_means_none(page: Page, studio: Studio, motion: str) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    page.goto(studio.link())
    expect(page.get_by_role("grid")).to_be_visible()

    duration = page.evaluate("getComputedStyle(document.querySelector('.sidebar a')).transitionDuration")

    assert (duration == "0s") is (motion == "reduce")


def test_a_story_without_a_browser_is_skipped_with_the_reason(serve: Callable[..., Studio]) -> None:
    from browsers import chromium

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        patch.delenv("DBTOOL_CHROMIUM", raising=False)
        patch.delenv(REQUIRE, raising=False)
        with pytest.raises(pytest.skip.Exception, match="no chromium"):
            chromium()
