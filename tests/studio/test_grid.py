# ruff: noqa: E501 (lines of JavaScript, as they would stand in a script)
"""The spreadsheet alone, over made-up rows: keys, mouse, editors, clipboard, colours, roles."""

from __future__ import annotations

from typing import Any

import pytest
from browser import open_grid
from playwright.sync_api import Locator, Page, Route, expect
from studios import Sheet


@pytest.fixture
def shown(page: Page) -> Page:
    """A grid of 500 rows with a column of every kind, and the focus on its first cell."""
    open_grid(page)
    page.get_by_role("grid").focus()
    return page


def at(page: Page) -> list[Any]:
    """Return the row and the column of the cell with the focus."""
    return page.evaluate("[grid.selected.cell.row, grid.selected.cell.column]")


def ranges(page: Page) -> list[Any]:
    return page.evaluate("grid.selected.ranges.map(({ rows, columns }) => [...rows, columns.join()])")


def staged(page: Page) -> list[dict[str, Any]]:
    return page.evaluate("store.changes()")


def values(page: Page) -> list[Any]:
    """Return the values of what is staged, one dictionary for each row."""
    return [change.get("values") for change in staged(page)]


def told(page: Page, name: str) -> list[dict[str, Any]]:
    return page.evaluate("name => JSON.parse(JSON.stringify(told.filter((each) => each.name === name)))", name)


def said(page: Page) -> str:
    return page.evaluate("told.findLast((each) => each.name === 'say')?.text ?? ''")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def go(page: Page, row: int, column: str) -> None:
    page.evaluate("([row, column]) => grid.focusCell(row, column)", [row, column])


def field(page: Page) -> Locator:
    return page.locator(".editor :is(input[type=text], textarea, select)")


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          grid.view.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize(
    ("keys", "cell"),
    [
        (["ArrowDown", "ArrowRight"], [1, "name"]),
        (["End"], [0, "total"]),
        (["End", "Home"], [0, "id"]),
        (["Control+ArrowRight", "Control+ArrowLeft"], [0, "id"]),
        (["Control+End"], [199, "total"]),
        (["Control+End", "Control+Home"], [0, "id"]),
        (["Control+ArrowDown"], [199, "id"]),
        (["Tab", "Tab", "Enter"], [1, "id"]),
        (["Tab", "Shift+Tab"], [0, "id"]),
        (["Enter", "Shift+Enter"], [0, "id"]),
        (["ArrowUp"], [-1, "id"]),
        (["ArrowUp", "ArrowRight", "ArrowDown"], [0, "name"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value[0], str) else "",
)
def test_keys_move_the_focus(shown: Page, keys: list[str], cell: list[Any]) -> None:
    for key in keys:
        press(shown, key)
        shown.wait_for_timeout(20)

    assert at(shown) == cell
    active = shown.get_by_role("grid").get_attribute("aria-activedescendant")
    expect(shown.locator(f"[id='{active}']")).to_be_visible()


class Cold:
    """A grid that nobody has used: the script of the commands is asked for at the first sign, and comes when a test lets it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: list[Route] = []
        open_grid(page, cold=True)
        page.route("**/static/commands.js", lambda route: self.held.append(route))

    def arrive(self) -> None:
        self.page.wait_for_timeout(50)
        assert self.page.evaluate("grid.acts === undefined")
        (route,) = self.held
        route.fallback()
        self.page.wait_for_function("() => Boolean(grid.acts)")


@pytest.fixture
def cold(page: Page) -> Cold:
    return Cold(page)


def test_a_page_that_only_shows_rows_loads_five_scripts_of_the_grid(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    open_grid(page, cold=True)

    assert set(asked) == {
        "",
        "style.css",
        "harness.js",
        "dom.js",
        "grid.js",
        "cells.js",
        "sheet.js",
        "window.js",
        "store.js",
    }


def test_what_is_typed_before_the_commands_are_there_is_done_in_order(cold: Cold, sheet: Sheet) -> None:
    sheet.cell(1, "name").click()
    assert at(cold.page) == [1, "name"]
    cold.page.keyboard.type("Ada L.")
    press(cold.page, "Enter", "ArrowRight", "Delete")
    cold.arrive()

    assert values(cold.page) == [{"name": "Ada L."}, {"note": None}]
    assert at(cold.page) == [2, "note"]


def test_what_is_typed_goes_on_in_the_field_that_it_opened(cold: Cold, sheet: Sheet) -> None:
    sheet.cell(1, "name").click()
    cold.page.keyboard.type("Ad")
    cold.arrive()
    cold.page.keyboard.type("a")
    press(cold.page, "Enter")

    assert values(cold.page) == [{"name": "Ada"}]


def test_the_mouse_before_the_commands_are_there(cold: Cold, sheet: Sheet) -> None:
    sheet.cell(1, "name").hover()
    cold.page.mouse.down()
    sheet.cell(3, "note").hover()
    cold.page.mouse.up()
    sheet.cell(5, "id").click(modifiers=["Control"])
    cold.arrive()

    assert ranges(cold.page) == [[1, 3, "name,note"], [5, 5, "id"]]


def test_a_double_click_before_the_commands_are_there(cold: Cold, sheet: Sheet) -> None:
    sheet.cell(4, "name").dblclick()
    cold.arrive()

    expect(field(cold.page)).to_have_value("name 5")


def test_the_clipboard_before_the_commands_are_there(cold: Cold) -> None:
    go(cold.page, 1, "name")
    press(cold.page, "Control+c", "ArrowDown")
    paste(cold.page, "pasted")
    cold.arrive()

    assert values(cold.page) == [{"name": "pasted"}]
    assert (clipboard(cold.page), at(cold.page)) == ("name 2", [2, "name"])


def test_a_menu_before_the_commands_are_there(cold: Cold, sheet: Sheet) -> None:
    sheet.cell(1, "note").click(button="right")
    cold.arrive()
    cold.page.get_by_role("menuitem", name="Set empty").click()

    assert values(cold.page) == [{"note": ""}]


def test_page_down_moves_by_what_is_in_view(shown: Page) -> None:
    press(shown, "PageDown", "PageDown", "PageUp")

    assert at(shown) == [18, "id"]


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (["Shift+ArrowDown", "Shift+ArrowRight"], [[0, 1, "id,name"]]),
        (
            ["Shift+Control+ArrowRight"],
            [[0, 0, "id,name,note,status,active,big,price,at,day,data,picture,user_id,total"]],
        ),
        (["Shift+Space", "Shift+ArrowDown"], [[0, 1, "id"]]),
        (["Control+Space"], [[0, 199, "id"]]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value[0], str) else "",
)
def test_keys_select(shown: Page, keys: list[str], selected: list[Any]) -> None:
    press(shown, *keys)

    assert ranges(shown) == selected


def test_control_a_selects_all(shown: Page) -> None:
    press(shown, "Control+a")

    ((top, bottom, columns),) = ranges(shown)
    assert (top, bottom, columns.count(",")) == (0, 199, 12)


def test_the_mouse_selects_ranges_rows_and_columns(shown: Page, sheet: Sheet) -> None:
    sheet.cell(1, "name").click()
    sheet.cell(3, "status").click(modifiers=["Shift"])
    sheet.cell(5, "id").click(modifiers=["Control"])
    assert ranges(shown) == [[1, 3, "name,note,status"], [5, 5, "id"]]

    sheet.cell(2, "id").hover()
    shown.mouse.down()
    sheet.cell(4, "note").hover()
    shown.mouse.up()
    assert ranges(shown) == [[2, 4, "id,name,note"]]

    sheet.row(2).get_by_role("rowheader").click()
    sheet.row(4).get_by_role("rowheader").click(modifiers=["Shift"])
    assert shown.evaluate("grid.selectedKeys()") == ['["3"]', '["4"]', '["5"]']

    sheet.header("name").click(modifiers=["Control"])
    expect(sheet.cell(9, "name")).to_have_attribute("aria-selected", "true")


def test_tab_and_enter_go_round_in_a_selection(shown: Page) -> None:
    press(shown, "Shift+ArrowDown", "Shift+ArrowRight")
    seen = []
    for key in ("Tab", "Tab", "Tab", "Tab", "Enter"):
        press(shown, key)
        seen.append(at(shown))

    assert seen == [[0, "name"], [1, "id"], [1, "name"], [0, "id"], [1, "id"]]
    assert ranges(shown) == [[0, 1, "id,name"]]


def test_tab_at_the_last_cell_leaves_the_grid(shown: Page) -> None:
    press(shown, "End", "Tab")

    assert shown.evaluate("document.activeElement === grid.view") is False


def test_typing_replaces_enter_takes_and_moves_down_escape_leaves(shown: Page, sheet: Sheet) -> None:
    go(shown, 0, "name")
    shown.keyboard.type("Ada")
    press(shown, "Enter")
    press(shown, "F2")
    expect(field(shown)).to_have_value("name 2")
    shown.keyboard.type("gone")
    press(shown, "Escape")

    assert at(shown) == [1, "name"]
    assert staged(shown) == [
        {"op": "update", "table": "thing", "key": '["1"]', "values": {"name": "Ada"}, "old": {"name": "name 1"}}
    ]
    expect(sheet.cell(0, "name")).to_have_class("cell changed")
    expect(sheet.cell(0, "name")).to_have_attribute("title", "was: name 1")
    expect(sheet.row(0).get_by_role("rowheader")).to_contain_text("~")


def test_tab_takes_and_moves_right_and_backspace_empties(shown: Page) -> None:
    go(shown, 1, "name")
    shown.keyboard.type("x")
    press(shown, "Tab")
    shown.wait_for_timeout(50)
    press(shown, "Backspace")
    expect(field(shown)).to_have_value("")
    press(shown, "Enter")

    assert values(shown) == [{"name": "x", "note": ""}]
    assert at(shown) == [2, "name"]


def test_a_double_click_edits_and_a_click_elsewhere_takes(shown: Page, sheet: Sheet) -> None:
    sheet.cell(2, "name").dblclick()
    field(shown).fill("clicked")
    sheet.cell(6, "note").click()

    assert (values(shown), at(shown)) == ([{"name": "clicked"}], [6, "note"])


def test_nothing_typed_changes_nothing(shown: Page) -> None:
    for column in ("name", "note", "status", "active", "big", "at", "data", "picture"):
        go(shown, 4, column)
        press(shown, "F2")
        expect(field(shown)).to_be_visible()
        press(shown, "Enter")
        expect(field(shown)).to_have_count(0)

    assert staged(shown) == []


def test_delete_makes_null_or_the_empty_text_or_says_why_not(shown: Page, sheet: Sheet) -> None:
    go(shown, 1, "name")
    press(shown, "Delete")
    go(shown, 1, "note")
    press(shown, "Delete")
    go(shown, 1, "active")
    press(shown, "Delete")
    go(shown, 1, "total")
    press(shown, "Delete", "Home")

    assert values(shown) == [{"name": "", "note": None}]
    expect(sheet.cell(1, "note")).to_have_text("NULL")
    expect(sheet.cell(1, "name")).to_have_text("empty")
    words = shown.evaluate("told.filter((each) => each.name === 'say').map((each) => each.text)")
    assert words == ["active cannot be NULL", "total is computed by the database"]


def test_undo_and_redo(shown: Page, sheet: Sheet) -> None:
    go(shown, 0, "name")
    shown.keyboard.type("a")
    press(shown, "Enter")
    press(shown, "Control+z")
    expect(sheet.cell(0, "name")).to_have_text("name 1")
    press(shown, "Control+Shift+z")
    expect(sheet.cell(0, "name")).to_have_text("a")
    press(shown, "Control+z", "Control+y")

    assert values(shown) == [{"name": "a"}]


def test_null_empty_and_a_text_that_spells_null_look_different(page: Page, sheet: Sheet) -> None:
    open_grid(page, values={"0.note": "NULL", "1.note": None, "3.note": "", "4.note": "two\nlines"})

    expect(sheet.cell(0, "note")).to_have_class("cell")
    expect(sheet.cell(1, "note")).to_have_class("cell word null")
    expect(sheet.cell(3, "note")).to_have_class("cell word blank")
    expect(sheet.cell(4, "note")).to_have_text("two↵lines")
    expect(sheet.cell(0, "active")).to_have_class("cell boolean false")
    go(page, 0, "user_id")
    expect(sheet.cell(0, "picture")).to_have_text("3 B · 00 ff 10")
    expect(sheet.cell(0, "user_id")).to_have_text("ann1")


@pytest.mark.parametrize(
    ("column", "typed", "reason"),
    [
        ("big", "92233720368547758070", "must be a whole number, such as 42"),
        ("price", "1,5", "must be a number, such as 19.90"),
        ("at", "tomorrow", "must be a time"),
        ("day", "2025-02", "must be a date, such as 2025-01-31"),
        ("name", "x" * 21, "has 21 characters"),
        ("data", "{no}", "is not JSON"),
        ("picture", "abc", "hexadecimal"),
    ],
)
def test_what_is_no_value_is_refused_in_place(shown: Page, column: str, typed: str, reason: str) -> None:
    go(shown, 0, column)
    press(shown, "F2")
    field(shown).fill(typed)
    press(shown, "Enter")

    expect(shown.locator(".editor .reason")).to_contain_text(reason)
    expect(field(shown)).to_be_focused()
    expect(field(shown)).to_have_attribute("aria-invalid", "true")
    press(shown, "Escape")
    assert staged(shown) == []


@pytest.mark.parametrize(
    ("column", "typed", "value"),
    [
        ("big", "9007199254740995", "9007199254740995"),
        ("price", "0.10", "0.10"),
        ("at", "2026-01-01T00:00:00.000001-05:00", "2026-01-01T00:00:00.000001-05:00"),
        ("data", '"foo"', '"foo"'),
        ("data", '{"n": 12345678901234567890}', '{"n": 12345678901234567890}'),
        ("picture", "CAFE", "CAFE"),
        ("user_id", "3", "3"),
        ("note", "", ""),
        ("day", "", None),
    ],
)
def test_values_stay_as_they_are_typed(shown: Page, column: str, typed: str, value: str | None) -> None:
    go(shown, 1, column)
    press(shown, "F2")
    field(shown).fill(typed)
    press(shown, "Enter")

    assert values(shown) == [{column: value}]


def test_members_are_chosen_by_their_first_letter_and_null_is_one_of_them(shown: Page) -> None:
    go(shown, 0, "status")
    press(shown, "l", "Enter")
    go(shown, 1, "status")
    press(shown, "F2", "End", "Enter")
    go(shown, 2, "active")
    press(shown, "t", "Enter")

    assert values(shown) == [{"status": "late"}, {"status": None}, {"active": "true"}]


def test_alt_enter_begins_a_line(shown: Page) -> None:
    go(shown, 1, "name")
    shown.keyboard.type("one")
    press(shown, "Alt+Enter")
    shown.keyboard.type("two")
    press(shown, "Alt+Enter", "Enter")

    assert values(shown) == [{"name": "one\ntwo\n"}]


def test_a_cut_text_is_loaded_whole_before_it_is_edited(shown: Page, sheet: Sheet) -> None:
    expect(sheet.cell(2, "note")).to_contain_text("…")
    go(shown, 2, "note")
    press(shown, "F2")

    expect(field(shown)).to_have_value("long " * 100)
    press(shown, "Control+End")
    shown.keyboard.type("end")
    press(shown, "Enter")
    ((change),) = staged(shown)
    assert change["values"]["note"] == "long " * 100 + "end"
    assert change["old"]["note"] == {"start": ("long " * 100)[:300], "length": 500}


def test_control_enter_sets_all_selected_cells(shown: Page) -> None:
    go(shown, 0, "note")
    press(shown, "Shift+ArrowDown", "Shift+ArrowDown")
    shown.keyboard.type("same")
    press(shown, "Control+Enter")

    assert values(shown) == [{"note": "same"}] * 3
    press(shown, "Control+z")
    assert staged(shown) == []


def test_fill_down_right_and_by_the_handle(shown: Page, sheet: Sheet) -> None:
    go(shown, 1, "name")
    press(shown, "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    assert values(shown) == [{"name": "name 2"}, {"name": "name 2"}]
    go(shown, 1, "note")
    press(shown, "Control+r")
    assert values(shown)[2] == {"note": "name 2"}
    press(shown, "Control+z", "Control+z")

    go(shown, 3, "name")
    press(shown, "Shift+ArrowDown")
    shown.locator(".fill-handle").hover()
    shown.mouse.down()
    sheet.cell(8, "name").hover()
    shown.mouse.up()

    shown.wait_for_function("() => store.count() === 4")
    assert [each["name"] for each in values(shown)] == ["name 4", "name 5", "name 4", "name 5"]


def test_copy_and_paste_through_the_clipboard_of_the_system(shown: Page) -> None:
    go(shown, 0, "name")
    press(shown, "Shift+ArrowDown", "Shift+ArrowRight", "Control+c")
    assert clipboard(shown) == "name 1\t\nname 2\tnote 2"
    go(shown, 3, "name")
    press(shown, "Control+v")

    shown.wait_for_function("() => store.count() === 2")
    assert values(shown) == [{"name": "name 1", "note": ""}, {"name": "name 2", "note": "note 2"}]


def test_cut_empties_what_it_copied(shown: Page) -> None:
    go(shown, 1, "note")
    press(shown, "Control+x")

    assert (clipboard(shown), values(shown)) == ("note 2", [{"note": None}])


def test_a_cut_off_text_is_copied_whole(shown: Page) -> None:
    go(shown, 2, "note")
    press(shown, "Control+c")

    shown.wait_for_function("async () => (await navigator.clipboard.readText()).length === 500")


def test_one_value_fills_a_selection_and_a_pattern_is_repeated(shown: Page) -> None:
    go(shown, 1, "name")
    press(shown, "Shift+ArrowDown", "Shift+ArrowDown")
    paste(shown, "all\n")
    assert values(shown) == [{"name": "all"}] * 3
    press(shown, "Control+z")
    go(shown, 1, "name")
    press(shown, "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
    paste(shown, "a\tx\nb\ty\n")

    assert values(shown) == [{"name": "a", "note": "x"}, {"name": "b", "note": "y"}] * 2


def test_a_pasted_value_that_does_not_fit_is_staged_and_marked(shown: Page, sheet: Sheet) -> None:
    go(shown, 0, "status")
    paste(shown, "nope\tyes\t1x\nNULL\tfalse\t\n")

    assert values(shown) == [
        {"status": "nope", "active": "true", "big": "1x"},
        {"status": None, "active": "false", "big": None},
    ]
    expect(sheet.cell(0, "status")).to_have_attribute("aria-invalid", "true")
    expect(sheet.cell(0, "status")).to_have_attribute("title", "must be one of open, done, late\nwas: done")
    go(shown, 0, "big")
    expect(shown.locator("#live")).to_have_text("must be a whole number, such as 42")


def test_rows_pasted_beyond_the_end_become_new_rows_in_one_step(page: Page, sheet: Sheet) -> None:
    open_grid(page, count=3)
    go(page, 1, "name")
    paste(page, "a\nb\nc\nd\n")

    assert [each["op"] for each in staged(page)] == ["insert", "insert", "update", "update"]
    assert values(page) == [{"name": "c"}, {"name": "d"}, {"name": "a"}, {"name": "b"}]
    assert said(page) == "4 rows pasted, 2 of them as new rows"
    expect(sheet.row(0)).to_have_class("row inserted")
    page.get_by_role("grid").focus()
    press(page, "Control+z")
    assert staged(page) == []


def test_a_paste_into_an_empty_table_makes_rows(page: Page) -> None:
    open_grid(page, count=0)
    page.get_by_role("grid").focus()
    expect(page.get_by_text("No rows")).to_be_visible()
    paste(page, "1\tAda\n2\tBob\n")

    assert values(page) == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]


def test_a_paste_goes_on_into_rows_that_were_not_loaded_yet(shown: Page) -> None:
    go(shown, 198, "name")
    paste(shown, "\n".join(f"p{n}" for n in range(10)))

    shown.wait_for_function("() => store.count() === 10")
    assert {each["op"] for each in staged(shown)} == {"update"}


def test_new_rows_show_defaults_and_go_to_what_needs_a_value(shown: Page, sheet: Sheet) -> None:
    press(shown, "Control+i")

    assert at(shown) == [0, "name"]
    expect(sheet.cell(0, "name")).to_have_text("DEFAULTneeds a value")
    expect(sheet.cell(0, "id")).to_have_text("DEFAULTautomatic")
    expect(sheet.cell(0, "active")).to_have_text("DEFAULTtrue")
    expect(sheet.row(0).get_by_role("rowheader")).to_contain_text("+")
    shown.keyboard.type("new one")
    press(shown, "Enter")
    assert values(shown) == [{"name": "new one"}]


def test_rows_are_duplicated_deleted_and_reverted(shown: Page, sheet: Sheet) -> None:
    go(shown, 1, "name")
    press(shown, "Control+Shift+d")
    shown.wait_for_function("() => store.count() === 1")
    ((copy),) = values(shown)
    assert (copy["name"], copy["big"], "id" in copy, "total" in copy) == ("name 2", "9007199254740993", False, False)
    press(shown, "Control+-")
    assert staged(shown) == []

    go(shown, 3, "name")
    press(shown, "Shift+ArrowDown", "Control+-")
    assert [(each["op"], each["key"]) for each in staged(shown)] == [("delete", '["4"]'), ("delete", '["5"]')]
    expect(sheet.row(3)).to_have_class("row deleted odd")
    expect(sheet.row(3).get_by_role("rowheader")).to_contain_text("\N{MINUS SIGN}")
    press(shown, "Delete")
    assert "revert it first" in said(shown)
    press(shown, "Control+Alt+z")
    assert staged(shown) == []


def test_a_reference_asks_for_a_row_and_takes_the_answer(shown: Page, sheet: Sheet) -> None:
    shown.evaluate("grid.addEventListener('pick', ({ detail }) => { window.picked = detail; })")
    go(shown, 0, "user_id")
    press(shown, "b")
    assert [(each["text"], each["column"], each["reference"]["target"]) for each in told(shown, "pick")] == [
        ("b", "user_id", "user")
    ]
    shown.evaluate("picked.done({ user_id: '9' }, 'zoe')")

    expect(sheet.cell(0, "user_id")).to_have_text("zoe9")
    press(shown, "Control+Enter", "F4", "Alt+ArrowDown")
    assert len(told(shown, "pick")) == 3
    assert told(shown, "follow")[0]["row"]["cells"][11] == "9"


def test_space_peeks_and_control_s_saves(shown: Page) -> None:
    press(shown, "ArrowDown", "Space", "Control+s")

    assert told(shown, "peek") == [{"name": "peek", "table": "thing", "key": '["2"]'}]
    assert len(told(shown, "save")) == 1


def test_the_menu_of_a_cell_shows_keys_and_acts(shown: Page, sheet: Sheet) -> None:
    sheet.cell(1, "note").click(button="right")
    menu = shown.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Set NULL")).to_contain_text("Delete")
    menu.get_by_role("menuitem", name="Set empty").click()
    go(shown, 1, "status")
    press(shown, "Shift+F10")
    expect(shown.get_by_role("menuitem", name="Edit")).to_be_focused()
    shown.get_by_role("menuitem", name="Filter out this value").click()

    assert values(shown) == [{"note": ""}]
    assert told(shown, "filter") == [{"name": "filter", "column": "status", "operator": "ne", "values": ["late"]}]
    expect(shown.get_by_role("grid")).to_be_focused()


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("Copy with headers", "name\tbig\nname 1\t9007199254740993\nname 2\t9007199254740993"),
        (
            "Copy as JSON",
            '[\n  {"name": "name 1", "big": 9007199254740993},\n  {"name": "name 2", "big": 9007199254740993}\n]',
        ),
        ("Copy as SQL list", "('name 1', 'name 2')"),
    ],
)
def test_the_menu_copies_in_other_forms(page: Page, item: str, text: str) -> None:
    open_grid(page, layout={"hidden": ["note", "status", "active"]})
    go(page, 0, "name")
    press(page, "Shift+ArrowDown", "Shift+ArrowRight", "Shift+F10")
    page.get_by_role("menuitem", name=item, exact=False).click()

    page.wait_for_function("async text => (await navigator.clipboard.readText()) === text", arg=text)


def test_the_header_sorts_by_key_and_mouse(shown: Page, sheet: Sheet) -> None:
    sheet.header("name").click()
    expect(sheet.header("name")).to_have_attribute("aria-sort", "ascending")
    sheet.header("big").click(modifiers=["Shift"])
    expect(sheet.header("big").locator(".sort")).to_have_text("2")
    go(shown, 0, "name")
    press(shown, "ArrowUp", "Enter")

    assert [each["sort"] for each in told(shown, "sort")][-1] == [{"column": "name", "descending": True}]


def test_columns_are_resized_reordered_hidden_and_pinned(shown: Page, sheet: Sheet) -> None:
    box = sheet.header("name").bounding_box()
    assert box
    shown.mouse.move(box["x"] + box["width"] - 2, box["y"] + 10)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] + 58, box["y"] + 10)
    shown.mouse.up()
    assert told(shown, "layout")[-1]["layout"]["widths"] == {"name": box["width"] + 60}
    shown.mouse.dblclick(box["x"] + box["width"] + 58, box["y"] + 10)
    assert told(shown, "layout")[-1]["layout"]["widths"]["name"] < box["width"]

    sheet.header("status").drag_to(sheet.header("name"))
    assert told(shown, "layout")[-1]["layout"]["order"][:3] == ["id", "status", "name"]
    expect(sheet.header("status")).to_have_attribute("aria-colindex", "3")
    sheet.header("note").click(button="right")
    shown.get_by_role("menuitem", name="Hide").click()
    expect(sheet.header("note")).to_have_count(0)
    sheet.header("day").click(button="right")
    shown.get_by_role("menuitem", name="Pin").click()
    go(shown, 0, "total")
    expect(sheet.header("day")).to_have_attribute("aria-colindex", "2")
    expect(sheet.cell(0, "day")).to_be_in_viewport()
    press(shown, "ArrowUp", "Alt+ArrowLeft")
    assert told(shown, "layout")[-1]["layout"]["order"][-2:] == ["total", "user_id"]


def test_a_pinned_column_and_the_header_stay_in_sight(page: Page, sheet: Sheet) -> None:
    open_grid(page, columns=200, layout={"pinned": ["c0"]})
    frame = page.get_by_role("grid").bounding_box()
    page.get_by_role("grid").hover()
    page.mouse.wheel(20_000, 2_000)
    expect(sheet.grid.get_by_role("gridcell", name="80.0", exact=True)).to_be_visible()
    pinned = sheet.grid.get_by_role("gridcell", name="80.0", exact=True).bounding_box()
    head = page.get_by_role("columnheader", name="c0", exact=False).first.bounding_box()

    assert frame and pinned and head
    assert (pinned["x"], head["x"], head["y"]) == (frame["x"] + 64, frame["x"] + 64, frame["y"])
    assert page.locator("[role=gridcell]").count() < 48 * 16
    assert page.locator("[role=row]").count() <= 49


def test_scrolling_loads_on_and_back_without_a_jump(page: Page, sheet: Sheet) -> None:
    open_grid(page, count=10_000)
    page.get_by_role("grid").focus()
    for _ in range(40):
        page.evaluate("grid.view.scrollTop = grid.view.scrollHeight")
        page.wait_for_timeout(30)
    assert page.evaluate("[rowWindow.rows.length, rowWindow.offset > 3000]") == [4000, True]
    first = page.evaluate(
        "[...document.querySelectorAll('.row .cell')].map((cell) => cell.textContent).find((text) => text)"
    )
    assert int(first) > 4000

    for _ in range(60):
        page.evaluate("grid.view.scrollTop = 0")
        page.wait_for_timeout(20)
    expect(sheet.cell(0, "name")).to_have_text("name 1")


def test_staged_rows_and_the_selection_stay_on_their_rows_as_others_load(page: Page) -> None:
    open_grid(page, count=2000)
    page.evaluate("rowWindow.open({ number: 1000 })")
    page.wait_for_function("() => rowWindow.rows.length > 200")
    go(page, 250, "name")
    before = page.evaluate("grid.lineAt.key")
    for _ in range(3):
        page.evaluate("rowWindow.more('before')")
        page.wait_for_timeout(20)
    page.evaluate("store.insert('thing', {})")

    assert page.evaluate("[grid.lineAt.key, grid.selected.keys]") == [before, [before]]


def test_a_read_only_table_says_so(page: Page, sheet: Sheet) -> None:
    open_grid(page, readonly=True)
    go(page, 0, "name")
    press(page, "x")

    expect(page.get_by_role("grid")).to_have_attribute("aria-readonly", "true")
    assert said(page) == "this is read-only"
    sheet.cell(0, "name").click(button="right")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_disabled()


def test_the_grid_has_its_roles_and_one_tab_stop(shown: Page, sheet: Sheet) -> None:
    grid = shown.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "-1")
    expect(grid).to_have_attribute("aria-colcount", "14")
    expect(sheet.cell(0, "id")).to_have_attribute("aria-selected", "true")
    press(shown, "End")
    expect(sheet.cell(4, "total")).to_have_attribute("aria-readonly", "true")
    press(shown, "Control+End")
    expect(grid).to_have_attribute("aria-rowcount", "-1")

    assert shown.locator("db-grid [tabindex='0']").count() == 1


def test_a_row_number_is_known_at_the_end_once_the_count_is(shown: Page) -> None:
    press(shown, "Control+End")
    expect(shown.locator(".gutter.here")).to_have_text("·")
    shown.evaluate("rowWindow.total = 500")

    expect(shown.locator(".gutter.here")).to_have_text("500")
    expect(shown.get_by_role("grid")).to_have_attribute("aria-rowcount", "501")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read_in_both_themes(page: Page, sheet: Sheet, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_grid(page)
    page.evaluate(
        """() => {
          store.insert("thing", { name: "n" });
          store.set("thing", [{ key: '["1"]', column: "note", value: "x", old: null }, { key: '["2"]', column: "note", value: null, old: "", problem: "bad" }]);
          store.remove("thing", [{ key: '["3"]', old: {} }]);
          grid.go(1, 2); grid.go(4, 5, { extend: true });
        }"""
    )
    expect(page.locator(".row.deleted")).to_be_visible()

    poor = page.evaluate(CONTRAST)

    assert poor == []


CONTRAST = """() => {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const rgb = (...colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const cell of document.querySelectorAll(".cell, .gutter, .cell .dim, .sign, .kind")) {
    if (!cell.textContent.trim()) continue;
    const behind = [];
    for (let each = cell; each; each = each.parentElement) behind.unshift(getComputedStyle(each).backgroundColor);
    const [one, two] = [light(rgb("white", ...behind)), light(rgb(getComputedStyle(cell).color))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < 4.5) found.push(`${cell.className} ${cell.textContent} ${ratio.toFixed(2)}`);
  }
  return [...new Set(found)];
}"""
