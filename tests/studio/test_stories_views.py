"""Stories of the other views: structure, diagram, SQL, migrations; and of tables that are unlike the sample's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from projects import Project
from studios import Sheet, Studio, Trap

HOSTILE = "<img src=x onerror=alert(1)>"


def test_the_structure_of_a_table_tells_types_keys_and_comments(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/unit"))
    page.get_by_role("link", name="Structure").click()

    row = page.get_by_role("row").filter(has_text="story_id")
    expect(row).to_contain_text("→ story")
    expect(page.get_by_text("A learning module within a story")).to_be_visible()
    row.get_by_role("link", name="→ story").click()
    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()


def test_the_diagram_shows_every_table_and_a_click_opens_it(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/diagram"))
    tables = page.locator("svg [data-table]")
    expect(tables).to_have_count(10)

    page.locator('svg [data-table="story"]').click()

    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()


def test_the_diagram_is_walked_by_keyboard(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/diagram"))
    page.locator('svg [data-table="unit"]').focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="unit", exact=True)).to_be_visible()


def test_the_console_answers_in_the_same_grid_and_keeps_its_history_in_the_project(
    page: Page, studio: Studio, sheet: Sheet
) -> None:
    page.goto(studio.link("/sql"))
    page.get_by_label("SQL", exact=True).fill("select username, 1 + 1 as two from user order by username")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("2 rows")).to_be_visible()
    expect(sheet.cell(0, "username")).to_have_text("janedoe")
    expect(sheet.cell(0, "two")).to_have_text("2")
    kept = (studio.project.root / ".dbtool" / "studio-history.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["sql"] == "select username, 1 + 1 as two from user order by username"
    page.reload()
    expect(page.get_by_role("complementary", name="History")).to_contain_text("select username")


def test_the_console_refuses_to_write_until_it_is_told_to(trap: tuple[Page, Trap], studio: Studio) -> None:
    page, faults = trap
    faults.expects("422")
    page.goto(studio.link("/sql"))
    page.get_by_label("SQL", exact=True).fill("update level set name = 'X'")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".error")).to_be_visible()
    assert studio.rows("select count(*) from level where name = 'X'") == [(0,)]

    page.get_by_label("May write").check()
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("3 rows changed")).to_be_visible()
    assert studio.rows("select count(*) from level where name = 'X'") == [(3,)]


def test_a_mistake_in_sql_shows_the_words_of_the_database(trap: tuple[Page, Trap], studio: Studio) -> None:
    page, faults = trap
    faults.expects("422")
    page.goto(studio.link("/sql"))
    page.get_by_label("SQL", exact=True).fill("select * from nowhere")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".error")).to_contain_text("no such table: nowhere")


def test_migrations_show_what_ran_what_waits_and_what_drifted(page: Page, studio: Studio) -> None:
    studio.project.migration("add_bio", "op.add_column('user', sa.Column('bio', sa.String(500)))")
    studio.execute("create table somebody_elses (id integer)")
    page.goto(studio.link("/migrations"))

    expect(page.get_by_text("needs attention")).to_be_visible()
    expect(page.locator(".revisions > li")).to_have_count(2)
    expect(page.locator(".revisions > li").first).to_contain_text("add_bio")
    expect(page.locator(".revisions > li").first).to_contain_text("bio")
    expect(page.locator(".drift")).to_contain_text("somebody_elses")


def test_a_view_is_read_only_and_says_why(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute("create view learners as select username from user")
    studio = serve(seeded)
    page.goto(studio.link("/table/learners"))

    expect(sheet.cell(0, "username")).to_have_text("janedoe")
    expect(page.locator(".toolbar").get_by_text("read-only")).to_be_visible()
    sheet.cell(0, "username").dblclick()
    expect(page.get_by_role("textbox", name="username")).to_have_count(0)


def test_a_table_that_no_model_knows_without_a_primary_key_is_edited_all_the_same(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute("create table notes (text varchar(50))")
        connection.execute("insert into notes values ('one'), ('one'), ('two')")
    studio = serve(seeded)
    page.goto(studio.link("/table/notes"))
    sheet.type_into(1, "text", "another one")
    sheet.save()

    assert studio.rows("select text from notes order by rowid") == [("one",), ("another one",), ("two",)]


def test_hostile_names_and_contents_are_only_text(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    name = f"{HOSTILE}\"'; drop table user; --"
    quoted = name.replace('"', '""')
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute(f'create table "{quoted}" (id integer primary key, "{quoted}" text)')
        connection.execute(f'insert into "{quoted}" values (1, ?)', (HOSTILE,))
    studio = serve(seeded)
    page.goto(studio.link())
    page.get_by_label("Find a table").fill("onerror")
    page.keyboard.press("Enter")

    expect(sheet.grid.get_by_text(HOSTILE, exact=True)).to_be_visible()
    sheet.grid.get_by_text(HOSTILE, exact=True).click()
    page.keyboard.press("Space")
    expect(page.get_by_role("complementary", name=HOSTILE)).to_be_visible()
    page.get_by_role("link", name="Diagram").click()
    expect(page.locator("svg [data-table]")).to_have_count(11)
    assert page.locator("img").count() == 0
    assert studio.rows("select count(*) from user") == [(2,)]


def test_two_hundred_columns_are_drawn_as_they_come_into_sight(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    columns = ", ".join(f"c{n} integer" for n in range(200))
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute(f"create table wide (id integer primary key, {columns})")
        connection.execute("insert into wide (id, c199) values (1, 42)")
    studio = serve(seeded)
    page.goto(studio.link("/table/wide"))
    expect(sheet.header("c0")).to_be_visible()
    assert sheet.grid.get_by_role("columnheader").count() < 40

    sheet.cell(0, "id").click()
    page.keyboard.press("End")

    expect(sheet.cell(0, "c199")).to_have_text("42")


def test_five_hundred_tables_are_listed_and_counted(page: Page, seeded: Project, serve: Callable[..., Studio]) -> None:
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        for number in range(500):
            connection.execute(f"create table t{number:03} (id integer primary key)")
    studio = serve(seeded)
    page.goto(studio.link())

    expect(page.locator(".tables a")).to_have_count(510)
    page.get_by_label("Find a table").fill("t499")
    expect(page.locator(".tables a")).to_contain_text("0")


def test_a_composite_key_names_its_row_in_links_and_edits(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute(
            "create table word (unit integer, lang varchar(2), text varchar(9), primary key (unit, lang))"
        )
        connection.execute("insert into word values (1, 'de', 'eins'), (1, 'en', 'one'), (2, 'de', 'zwei')")
    studio = serve(seeded)
    page.goto(studio.link('/table/word?row=["1","en"]'))
    expect(page.get_by_role("complementary")).to_contain_text("one")
    page.keyboard.press("Escape")
    sheet.grid.get_by_text("one", exact=True).click()
    page.keyboard.type("uno")
    page.keyboard.press("Enter")
    sheet.save()

    assert studio.rows("select text from word order by unit, lang") == [("eins",), ("uno",), ("zwei",)]


@pytest.mark.parametrize("read_only", [True], ids=["read-only"])
def test_a_read_only_studio_shows_everything_and_changes_nothing(
    page: Page, seeded: Project, serve: Callable[..., Studio], sheet: Sheet, read_only: bool
) -> None:
    studio = serve(seeded, *(["--read-only"] if read_only else []))
    page.goto(studio.link("/table/level"))
    expect(sheet.cell(0, "slug")).to_have_text("beginner")
    expect(page.get_by_role("button", name="Row", exact=True)).to_have_count(0)
    sheet.cell(0, "name").dblclick()
    expect(page.get_by_role("textbox", name="name")).to_have_count(0)

    status, answer = studio.api(
        "changes",
        {"changes": [{"op": "insert", "table": "level", "id": "new-1", "values": {"slug": "x"}}], "dry_run": False},
    )

    assert (status, answer["error"]["code"]) != (200, "")
    assert status == 403
