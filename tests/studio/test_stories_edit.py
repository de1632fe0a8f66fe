"""Stories of editing: typed cells, staged in colour, undone, reviewed, saved in one transaction or refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from projects import Project, drop, new_url
from studios import Sheet, Studio, Trap

KINDS = """
create table thing (
  id integer primary key, big bigint, exact numeric(30, 10), flag boolean, day date, at datetime, data json,
  note text, raw blob, short varchar(20) not null default 'hello'
)
"""


@pytest.fixture
def things(seeded: Project, serve: Callable[..., Studio]) -> Studio:
    """A studio with a table of every kind of column that the sample lacks."""
    with sqlite3.connect(seeded.root / "dev.db") as connection:
        connection.execute(KINDS)
        connection.execute(
            "insert into thing (id, big, exact, flag, day, at, data, note, raw) values"
            " (1, 9007199254740993, 1.5, 1, '2025-01-31', '2025-01-31 18:30:00.000000', '{\"a\": 1}', ?, ?)",
            ("long " * 400, b"\x00\x01\xff" * 5),
        )
    return serve(seeded)


def test_typing_stages_a_cell_in_colour_and_ctrl_s_saves_it(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Novice")

    expect(sheet.cell(0, "name")).to_have_class("cell changed")
    expect(sheet.cell(0, "name")).to_have_attribute("title", "was: Beginner")
    assert studio.rows("select name from level where id = 1") == [("Beginner",)]
    sheet.save()

    assert studio.rows("select name from level where id = 1") == [("Novice",)]
    expect(sheet.cell(0, "name")).not_to_have_class("changed")


def test_undo_and_redo_walk_through_steps_in_several_tables(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Novice")
    page.get_by_role("link", name="story", exact=False).first.click()
    expect(page.get_by_role("heading", name="story", exact=True)).to_be_visible()
    sheet.type_into(0, "title", "First words")
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()

    page.keyboard.press("Control+z")
    expect(sheet.cell(0, "title")).to_have_text("Meeting Basics")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")

    expect(sheet.cell(0, "title")).to_have_text("First words")


def test_an_enum_is_chosen_from_its_members(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user_progress"))
    sheet.cell(1, "status").click()
    page.keyboard.press("F4")
    page.get_by_role("option", name="done", exact=True).click()
    expect(sheet.cell(1, "status")).to_have_text("done")
    sheet.save()

    assert studio.rows("select status from user_progress where id = 2") == [("done",)]


def test_a_boolean_is_turned_round(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user"))
    sheet.type_into(0, "is_active", "false")
    sheet.save()

    assert studio.rows("select is_active from user where id = 1") == [(0,)]


def test_a_number_beyond_what_a_browser_counts_stays_exact(page: Page, things: Studio, sheet: Sheet) -> None:
    page.goto(things.link("/table/thing"))
    expect(sheet.cell(0, "big")).to_have_text("9007199254740993")
    sheet.type_into(0, "big", "9007199254740995")
    sheet.save()

    assert things.rows("select big from thing") == [(9007199254740995,)]


def test_what_is_no_number_is_refused_in_place(page: Page, things: Studio, sheet: Sheet) -> None:
    page.goto(things.link("/table/thing"))
    sheet.cell(0, "big").click()
    page.keyboard.type("many")
    page.keyboard.press("Enter")

    expect(page.get_by_role("textbox", name="big")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Escape")
    expect(sheet.cell(0, "big")).to_have_text("9007199254740993")


def test_dates_and_times_keep_what_was_typed(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user_progress"))
    sheet.type_into(1, "completed_at", "2025-03-30T02:30:00.123456+02:00")
    sheet.save()

    expect(sheet.cell(1, "completed_at")).to_have_text("2025-03-30T00:30:00.123456Z")


def test_json_is_checked_while_it_is_typed(page: Page, things: Studio, sheet: Sheet) -> None:
    page.goto(things.link("/table/thing"))
    sheet.cell(0, "data").dblclick()
    field = page.get_by_role("textbox", name="data")
    field.fill('{"a": ')
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill('{"a": 12345678901234567890}')
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+Enter")
    sheet.save()

    assert things.rows("select data from thing") == [('{"a": 12345678901234567890}',)]


def test_a_long_text_is_read_whole_before_it_is_edited(page: Page, things: Studio, sheet: Sheet) -> None:
    page.goto(things.link("/table/thing"))
    sheet.cell(0, "note").dblclick()
    field = page.get_by_role("textbox", name="note")
    expect(field).to_have_value("long " * 400)
    field.press("Control+End")
    page.keyboard.type("and the end")
    page.keyboard.press("Control+Enter")
    sheet.save()

    assert things.rows("select note from thing") == [("long " * 400 + "and the end",)]


def test_bytes_are_downloaded_and_uploaded(page: Page, things: Studio, sheet: Sheet, tmp_path: Path) -> None:
    page.goto(things.link("/table/thing"))
    expect(sheet.cell(0, "raw")).to_contain_text("15 B")
    sheet.cell(0, "raw").click(button="right")
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Download").click()
    waiting.value.save_as(tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == b"\x00\x01\xff" * 5

    (tmp_path / "new").write_bytes(b"\xff\x00new")
    sheet.cell(0, "raw").click(button="right")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("menuitem", name="Upload").click()
    choosing.value.set_files(tmp_path / "new")
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()
    sheet.save()

    assert things.rows("select raw from thing") == [(b"\xff\x00new",)]


def test_null_empty_and_default_are_three_things(page: Page, things: Studio, sheet: Sheet) -> None:
    page.goto(things.link("/table/thing"))
    expect(sheet.cell(0, "short")).to_have_text("hello")
    page.get_by_role("button", name="Row", exact=True).click()
    page.keyboard.press("Escape")
    expect(sheet.cell(0, "short")).to_contain_text("DEFAULT")
    sheet.cell(0, "note").click(button="right")
    page.get_by_role("menuitem", name="Set empty").click()
    expect(sheet.cell(0, "note")).to_have_text("empty")
    sheet.cell(0, "big").click()
    page.keyboard.press("Delete")
    expect(sheet.cell(0, "big")).to_have_text("NULL")
    sheet.save()

    assert things.rows("select short, note, big from thing where id = 2") == [("hello", "", None)]


def test_a_new_row_gets_the_defaults_of_its_model(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/user"))
    page.get_by_role("grid").focus()
    page.keyboard.press("Control+i")
    page.keyboard.press("Escape")
    sheet.type_into(0, "email", "new@example.com")
    sheet.type_into(0, "username", "newcomer")
    sheet.type_into(0, "password_hash", "x")
    sheet.save()

    ((active, made),) = studio.rows("select is_active, created_at is not null from user where username = 'newcomer'")
    assert (active, made) == (1, 1)


def test_rows_are_duplicated_and_deleted(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.cell(2, "slug").click()
    page.keyboard.press("Control+Shift+d")
    sheet.type_into(0, "slug", "copy")
    sheet.save()
    expect(sheet.cell(3, "slug")).to_have_text("copy")
    sheet.cell(3, "slug").click()
    page.keyboard.press("Control+-")
    expect(sheet.row(3)).to_have_class("row deleted odd")
    assert studio.rows("select name from level where slug = 'copy'") == [("Advanced",)]
    sheet.save()

    assert studio.rows("select count(*) from level") == [(3,)]


def test_what_a_deletion_takes_with_it_is_counted_and_asked(
    trap: tuple[Page, Trap], studio: Studio, sheet: Sheet
) -> None:
    page, faults = trap
    faults.expects("409")
    page.goto(studio.link("/table/level"))
    sheet.cell(0, "slug").click()
    page.keyboard.press("Control+-")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Delete more rows?")
    expect(dialog).to_contain_text("2 rows of story")
    expect(dialog).to_contain_text("3 rows of unit")
    assert studio.rows("select count(*) from level") == [(3,)]
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()

    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Delete them all").click()
    expect(page.get_by_text("Saved 1 change")).to_be_visible()

    assert studio.rows("select count(*) from level") == [(2,)]
    assert studio.rows("select count(*) from story") == [(2,)]


def test_a_range_is_filled_down_as_one_step(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.cell(0, "position").click()
    sheet.cell(2, "position").click(modifiers=["Shift"])
    page.keyboard.press("Control+d")
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()

    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.keyboard.press("Control+y")
    sheet.save()

    assert studio.rows("select position from level") == [(1,), (1,), (1,)]


def test_cells_are_copied_to_and_pasted_from_a_spreadsheet(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.cell(0, "slug").click()
    sheet.cell(1, "name").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    wanted = "beginner\tBeginner\nintermediate\tIntermediate"
    page.wait_for_function("wanted => navigator.clipboard.readText().then((text) => text === wanted)", arg=wanted)

    page.evaluate('navigator.clipboard.writeText("one\\tOne\\r\\ntwo\\t\\"Two\\nlines\\"\\r\\n")')
    sheet.cell(1, "slug").click()
    page.keyboard.press("Control+v")
    expect(sheet.cell(2, "name")).to_have_text("Two↵lines")
    sheet.save()

    assert studio.rows("select slug, name from level where id > 1") == [("one", "One"), ("two", "Two\nlines")]


def test_pasting_more_rows_than_there_are_adds_the_rest(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    page.evaluate('navigator.clipboard.writeText("last\\tLast\\nnew1\\tNew 1\\nnew2\\tNew 2")')
    sheet.cell(2, "slug").click()
    page.keyboard.press("Control+v")
    expect(page.get_by_text("3 changes", exact=True)).to_be_visible()
    sheet.save()

    assert studio.rows("select slug, name from level where id > 2 order by id") == [
        ("last", "Last"),
        ("new1", "New 1"),
        ("new2", "New 2"),
    ]


def test_the_review_shows_the_sql_that_saving_runs(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "It's new")
    page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog", name="Review")
    expect(dialog).to_contain_text("UPDATE level SET name = 'It''s new' WHERE id = 1")

    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved 1 change")).to_be_visible()

    assert studio.rows("select name from level where id = 1") == [("It's new",)]


def test_a_row_that_someone_else_changed_is_a_conflict_to_decide(
    trap: tuple[Page, Trap], studio: Studio, sheet: Sheet
) -> None:
    page, faults = trap
    faults.expects("409")
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Mine")
    studio.execute("update level set name = 'Theirs' where id = 1")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Changed by someone else")
    expect(dialog).to_contain_text('name is now "Theirs"')
    assert studio.rows("select name from level where id = 1") == [("Theirs",)]

    dialog.get_by_role("button", name="Keep mine").click()
    sheet.save()

    assert studio.rows("select name from level where id = 1") == [("Mine",)]


def test_a_deleted_row_that_someone_else_changed_is_a_conflict_too(
    trap: tuple[Page, Trap], studio: Studio, sheet: Sheet
) -> None:
    page, faults = trap
    faults.expects("409")
    page.goto(studio.link("/table/aggregate_score"))
    sheet.cell(0, "period").click()
    page.keyboard.press("Control+-")
    studio.execute("update aggregate_score set score = 1 where id = 1")
    page.keyboard.press("Control+s")

    dialog = page.get_by_role("dialog", name="Changed by someone else")
    dialog.get_by_role("button", name="Take theirs").click()

    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert studio.rows("select score from aggregate_score where id = 1") == [(1.0,)]


def test_what_the_model_refuses_is_told_at_the_cell(trap: tuple[Page, Trap], studio: Studio, sheet: Sheet) -> None:
    page, faults = trap
    faults.expects("422")
    page.goto(studio.link("/table/user_progress"))
    sheet.type_into(0, "score", "101")
    page.keyboard.press("Control+s")

    expect(sheet.cell(0, "score")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("user_progress.score")
    assert studio.rows("select score from user_progress where id = 1") == [(92.5,)]


def test_when_the_database_refuses_one_row_nothing_is_written_and_all_stays_staged(
    trap: tuple[Page, Trap], studio: Studio, sheet: Sheet
) -> None:
    page, faults = trap
    faults.expects("422")
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Fine")
    sheet.type_into(1, "slug", "beginner")
    page.keyboard.press("Control+s")

    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()
    expect(sheet.cell(1, "slug")).to_have_attribute("aria-invalid", "true")
    assert studio.rows("select name from level where id = 1") == [("Beginner",)]


def test_a_reload_loses_nothing_that_was_staged(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Novice")
    sheet.cell(2, "slug").click()
    page.keyboard.press("Control+-")
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()

    page.reload()

    expect(sheet.cell(0, "name")).to_have_text("Novice")
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()


def test_discard_takes_everything_back_and_undo_brings_it_again(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    sheet.type_into(0, "name", "Novice")
    page.get_by_role("button", name="Discard").click()
    expect(sheet.cell(0, "name")).to_have_text("Beginner")

    page.get_by_role("button", name="Undo").click()

    expect(sheet.cell(0, "name")).to_have_text("Novice")


@pytest.fixture(params=["postgres", "mysql"])
def on_a_server(request: pytest.FixtureRequest, seeded: Project, tmp_path: Path) -> Iterator[Project]:
    """The sample on a server, in a database that is dropped when nobody uses it any more."""
    seeded.url = new_url(request.param, tmp_path)
    for command in ("deploy", "seed"):
        assert seeded.run(command).code == 0
    yield seeded
    drop(seeded.url, tmp_path)


def test_the_same_story_on_a_server(
    on_a_server: Project, page: Page, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    studio = serve(on_a_server)
    page.goto(studio.link("/table/user_progress?sort=-score"))
    expect(sheet.cell(0, "user_id")).to_contain_text("doe")
    first = sheet.cell(0, "id").inner_text()
    sheet.type_into(0, "score", "99.25")
    page.get_by_role("grid").focus()
    page.keyboard.press("Control+i")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    sheet.save()

    status, answer = studio.api("cell", {"table": "user_progress", "key": f'["{first}"]', "column": "score"})

    assert (status, answer["text"]) == (200, "99.25")
    studio.stop()
