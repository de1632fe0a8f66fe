"""Stories of looking: the tables, the grid, filters, order, search, links and keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from projects import Project
from studios import Sheet, Studio, Trap


@pytest.fixture
def crowded(seeded: Project, serve: Callable[..., Studio]) -> Studio:
    """A studio on the sample with 30,000 users."""
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.executemany(
            "INSERT INTO user (email, username, password_hash, is_active, created_at, updated_at)"
            " VALUES (?, ?, 'x', ?, '2025-01-01 00:00:00', '2025-01-01 00:00:00')",
            ((f"u{n}@example.com", f"user{n:05}", n % 3 > 0) for n in range(30_000)),
        )
    return serve(seeded)


def test_the_sidebar_counts_tables_and_finds_them_by_letters(page: Page, studio: Studio) -> None:
    page.goto(studio.link())
    tables = page.get_by_role("navigation", name="Tables and views")
    expect(tables.get_by_role("link", name="unit_asset")).to_contain_text("9")

    page.get_by_label("Find a table").fill("plan")

    expect(tables.locator(".tables a")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="daily_plan", exact=True)).to_be_visible()


def test_the_end_of_a_large_table_is_one_key_away_and_so_is_its_start(
    page: Page, crowded: Studio, sheet: Sheet
) -> None:
    page.goto(crowded.link("/table/user"))
    expect(page.locator(".position")).to_contain_text("30,002 rows")
    sheet.cell(0, "username").click()

    page.keyboard.press("Control+End")
    expect(sheet.grid.get_by_text("user29999", exact=True)).to_be_visible()
    page.keyboard.press("Control+Home")

    expect(sheet.cell(0, "username")).to_have_text("johndoe")


def test_scrolling_walks_through_many_pages_and_draws_few_rows(page: Page, crowded: Studio, sheet: Sheet) -> None:
    page.goto(crowded.link("/table/user"))
    expect(sheet.cell(0, "username")).to_have_text("johndoe")

    page.mouse.move(700, 400)
    for place in range(1_000, 6_000, 1_000):
        while int(sheet.grid.get_by_role("rowheader").last.inner_text().replace(",", "")) < place:
            page.mouse.wheel(0, 3_000)
            page.wait_for_timeout(20)

    assert sheet.grid.locator("[role=row]").count() < 80


def test_go_to_a_value_of_the_order_and_to_a_row_by_its_number(page: Page, crowded: Studio, sheet: Sheet) -> None:
    page.goto(crowded.link("/table/user?sort=%2Busername"))
    field = page.get_by_label("Go to a value")
    field.fill("user20000")
    field.press("Enter")
    expect(sheet.grid.get_by_text("user20000", exact=True)).to_be_visible()

    field.fill("#10,101")
    field.press("Enter")

    expect(sheet.grid.get_by_text("user10098", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(sheet.grid.get_by_role("rowheader", name="10,101")).to_be_in_viewport()


def test_a_click_on_a_header_sorts_and_shift_adds_a_second_column(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit_asset"))
    sheet.header("kind").click()
    expect(sheet.header("kind")).to_have_attribute("aria-sort", "ascending")
    sheet.header("object_key").click(modifiers=["Shift"])
    sheet.header("object_key").click(modifiers=["Shift"])
    expect(sheet.header("object_key")).to_have_attribute("aria-sort", "descending")

    rows = studio.rows("select object_key from unit_asset order by kind, object_key desc limit 3")

    expect(sheet.cell(0, "object_key")).to_have_text(rows[0][0])
    assert sheet.column("object_key", 3) == [key for (key,) in rows]
    assert "sort=%2Bkind&sort=-object_key" in page.url


def test_a_filter_pill_takes_a_value_at_once_and_enter_applies_it(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit"))
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Column", exact=True).select_option("title")
    page.get_by_label("Operator", exact=True).select_option("contains")
    expect(page.get_by_label("Value", exact=True)).to_be_focused()
    page.keyboard.type("greet")
    page.keyboard.press("Enter")

    expect(page.locator(".position")).to_contain_text("1 row")
    expect(sheet.cell(0, "title")).to_have_text("Greeting Phrases")
    page.get_by_role("button", name="Remove the filter").click()
    expect(page.locator(".position")).to_contain_text("5 rows")


@pytest.mark.parametrize(
    ("table", "filter", "where"),
    [
        ("user_progress", "status~eq~done", "status = 'done'"),
        ("user_progress", "score~ge~80", "score >= 80"),
        ("user_progress", "score~between~50~90", "score between 50 and 90"),
        ("user_progress", "score~null", "score is null"),
        ("user_progress", "completed_at~not_null", "completed_at is not null"),
        ("user", "is_active~eq~true", "is_active"),
        ("unit", "slug~in~greeting-phrases~abstract-concepts", "slug in ('greeting-phrases', 'abstract-concepts')"),
        ("unit", "title~starts~Meet", "title like 'Meet%'"),
        ("unit", "title~not_contains~e", "title not like '%e%'"),
        ("daily_plan", "day~gt~2025-01-01", "day > '2025-01-01'"),
        ("user_progress", "user~eq~johndoe", "user_id = 1"),
    ],
    ids=lambda value: value if "~" in value else "",
)
def test_operators_fit_the_column(page: Page, studio: Studio, table: str, filter: str, where: str) -> None:
    ((count,),) = studio.rows(f"select count(*) from {table} where {where}")

    page.goto(studio.link(f"/table/{table}?filter={filter}"))

    expect(page.locator(".position")).to_contain_text(f"{count} row")


def test_rows_of_before_are_not_taken_for_those_of_a_filter_that_fails(trap: tuple[Page, Trap], studio: Studio) -> None:
    page, faults = trap
    faults.expects("422")
    page.goto(studio.link("/table/user_progress"))
    expect(page.locator(".position")).to_contain_text("4 rows")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Column", exact=True).select_option("score")
    page.get_by_label("Operator", exact=True).select_option("ge")
    page.get_by_label("Value", exact=True).fill("many")
    page.keyboard.press("Enter")

    expect(page.locator(".position")).to_contain_text("`many` does not fit `user_progress.score`")
    expect(page.locator("db-grid")).to_have_attribute("data-stale", "")
    page.get_by_role("button", name="Remove the filter").click()
    expect(page.locator(".position")).to_contain_text("4 rows")
    expect(page.locator("db-grid")).not_to_have_attribute("data-stale", "")


def test_filter_by_this_cell(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit_asset"))
    sheet.cell(0, "kind").click(button="right")
    page.get_by_role("menuitem", name="Filter by this value").click()

    expect(page.get_by_role("button", name="kind = video", exact=True)).to_be_visible()
    ((count,),) = studio.rows("select count(*) from unit_asset where kind = 'video'")
    expect(page.locator(".position")).to_contain_text(f"{count} row")


def test_search_looks_into_every_text_of_a_table(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user"))
    page.get_by_label("Search in this table").fill("jane@")

    expect(page.locator(".position")).to_contain_text("1 row")
    expect(sheet.cell(0, "username")).to_have_text("janedoe")
    assert "search=jane" in page.url


def test_a_deep_link_opens_table_filters_order_search_and_row(page: Page, studio: Studio, sheet: Sheet) -> None:
    place = "/table/unit_asset?filter=kind~ne~video&sort=-object_key&row=%5B%222%22%5D"
    page.goto(studio.link(place))

    expect(page.get_by_role("button", name="kind ≠ video", exact=True)).to_be_visible()
    expect(sheet.header("object_key")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("complementary", name="unit_asset")).to_be_visible()


def test_going_back_returns_to_the_table_before(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/user"))
    page.get_by_role("link", name="story", exact=False).first.click()
    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="user", exact=True)).to_be_visible()


def test_columns_are_hidden_pinned_and_resized_and_remembered(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user"))
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="password_hash").uncheck()
    page.get_by_role("button", name="Pin username").click()
    page.keyboard.press("Escape")
    expect(sheet.header("password_hash")).to_have_count(0)
    before = sheet.header("email").bounding_box()
    assert before is not None
    edge = before["x"] + before["width"]
    page.mouse.move(edge - 1, before["y"] + 10)
    page.mouse.down()
    page.mouse.move(edge + 79, before["y"] + 10, steps=4)
    page.mouse.up()

    page.reload()

    expect(sheet.header("password_hash")).to_have_count(0)
    expect(sheet.header("username")).to_have_attribute("aria-colindex", "2")
    after = sheet.header("email").bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(before["width"] + 80, abs=3)


def test_a_column_is_dragged_to_another_place(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    expect(sheet.header("name")).to_have_attribute("aria-colindex", "4")
    sheet.header("name").drag_to(sheet.header("slug"), target_position={"x": 4, "y": 10})

    expect(sheet.header("name")).to_have_attribute("aria-colindex", "3")


def test_light_and_dark_are_remembered(page: Page, studio: Studio) -> None:
    page.goto(studio.link())
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(background)

    page.reload()

    assert light == "rgb(255, 255, 255)" != dark
    assert page.evaluate(background) == dark


def test_everything_is_a_palette_away(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user"))
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_label("What to do").fill("aggr")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="aggregate_score", exact=True)).to_be_visible()
    sheet.ready()

    page.keyboard.press("Control+k")
    page.get_by_label("What to do").fill("Sort by score, desc")
    page.keyboard.press("Enter")

    expect(sheet.header("score")).to_have_attribute("aria-sort", "descending")


def test_the_keyboard_alone_reaches_a_cell_and_opens_its_row(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.ready()
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")

    expect(page.get_by_role("complementary", name="level intermediate")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid")).to_be_focused()


def test_question_mark_lists_the_keys(page: Page, studio: Studio) -> None:
    page.goto(studio.link())
    expect(page.get_by_role("grid")).to_be_visible()
    page.locator("#main").focus()
    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Command palette")
