"""Stories of relations: rows named by their natural keys, followed both ways, connected and created."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from studios import Sheet, Studio


def test_a_foreign_key_shows_the_natural_key_of_its_row(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user_progress"))

    expect(sheet.cell(0, "user_id")).to_contain_text("johndoe")
    expect(sheet.cell(0, "unit_id")).to_contain_text("greeting-phrases")


def test_the_panel_follows_a_reference_and_then_another(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit_asset"))
    sheet.cell(0, "kind").click()
    page.keyboard.press("Space")
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="greeting-phrases").click()
    expect(panel.get_by_role("heading", name="greeting-phrases")).to_be_visible()

    panel.get_by_role("button", name="meeting-basics").click()

    expect(panel.get_by_role("heading", name="meeting-basics")).to_be_visible()


def test_back_references_are_counted_and_lead_to_their_rows(page: Page, studio: Studio) -> None:
    page.goto(studio.link('/table/user?row=["1"]'))
    panel = page.get_by_role("complementary")
    ((count,),) = studio.rows("select count(*) from user_progress where user_id = 1")
    expect(panel.get_by_role("link", name="progress")).to_contain_text(str(count))

    panel.get_by_role("link", name="progress").click()

    expect(page.get_by_role("heading", name="user_progress", exact=True)).to_be_visible()
    expect(page.locator(".position")).to_contain_text(f"{count} row")


def test_the_picker_finds_a_row_by_its_natural_key_and_connects_it(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit"))
    sheet.cell(0, "story_id").click()
    page.keyboard.press("F4")
    field = page.get_by_role("combobox")
    expect(page.get_by_role("option").filter(has_text="meeting-basics")).to_be_visible()
    field.fill("business")
    expect(page.get_by_role("option").filter(has_text="business-communication")).to_be_visible()
    expect(page.get_by_role("option").filter(has_text="meeting-basics")).to_have_count(0)
    page.keyboard.press("Enter")

    expect(sheet.cell(0, "story_id")).to_contain_text("business-communication")
    sheet.save()
    assert studio.rows("select s.slug from unit u join story s on s.id = u.story_id where u.id = 1") == [
        ("business-communication",)
    ]


def test_a_row_that_points_here_is_created_from_the_panel(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link('/table/level?row=["3"]'))
    page.get_by_role("button", name="Add a row of story that points here").click()
    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()
    expect(sheet.row(0)).to_have_class("row inserted")
    sheet.type_into(0, "slug", "debates")
    sheet.type_into(0, "title", "Debates")
    sheet.save()

    assert studio.rows("select level_id, title from story where slug = 'debates'") == [(3, "Debates")]


def test_a_new_row_points_at_another_new_row_and_both_are_saved_in_order(
    page: Page, studio: Studio, sheet: Sheet
) -> None:
    page.goto(studio.link("/table/level"))
    expect(sheet.cell(0, "slug")).to_have_text("beginner")
    page.get_by_role("button", name="Row", exact=True).click()
    page.keyboard.press("Escape")
    sheet.type_into(0, "slug", "native")
    sheet.type_into(0, "name", "Native")
    page.get_by_role("link", name="story", exact=False).first.click()
    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()
    sheet.cell(0, "level_id").click()
    page.keyboard.press("F4")
    page.get_by_role("option").filter(has_text="native").click()
    sheet.save()

    assert studio.rows(
        "select l.slug from story s join level l on l.id = s.level_id where s.slug = 'meeting-basics'"
    ) == [("native",)]


def test_a_link_to_a_row_can_be_copied_and_opens_it(page: Page, studio: Studio) -> None:
    page.goto(studio.link('/table/user?row=["2"]'))
    page.get_by_role("button", name="Copy a link to this row").click()
    expect(page.get_by_text("Copied a link")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    page.goto("about:blank")
    page.goto(link)

    expect(page.get_by_role("complementary")).to_contain_text("janedoe")


def test_only_a_reference_offers_to_follow_and_to_choose(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/story"))
    sheet.cell(0, "slug").click(button="right")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Follow the reference")).to_have_count(0)
    page.keyboard.press("Escape")

    sheet.cell(0, "level_id").click(button="right")
    page.get_by_role("menuitem", name="Follow the reference").click()

    expect(page.get_by_role("complementary", name="level beginner")).to_be_visible()
