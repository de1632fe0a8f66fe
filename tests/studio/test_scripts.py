# ruff: noqa: E501 (lines of JavaScript, as they would stand in a script)
"""The scripts that do not touch the page: staged edits, the window of rows, the clipboard, columns, checks."""

from __future__ import annotations

from typing import Any

import pytest
from browser import open_blank, script
from playwright.sync_api import Page


@pytest.fixture
def blank(page: Page) -> Page:
    return open_blank(page)


STORE = """
const { Store } = await load("store");
const store = new Store();
const edit = (table, key, column, value, old = "old") => store.set(table, [{ key, column, value, old }]);
const { changes } = store;
"""


def test_edits_are_undone_and_done_again_across_tables(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        edit("a", '["1"]', "x", "new");
        edit("b", '["2"]', "y", null);
        const seen = [store.count()];
        seen.push(store.undo(), store.changes().map((change) => change.table), store.undo(), store.count(), store.canUndo, store.undo());
        store.redo(); store.redo();
        return [...seen, store.changes().map((change) => [change.table, change.key, change.values, change.old])];
        """,
    )

    assert found == [
        2, "edit", ["a"], "edit", 0, False, None,
        [["a", '["1"]', {"x": "new"}, {"x": "old"}], ["b", '["2"]', {"y": None}, {"y": "old"}]],
    ]  # fmt: skip


def test_a_paste_of_many_cells_is_one_step_and_so_is_what_is_grouped(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        store.step("paste", () => {
          const id = store.insert("a", { x: "1" });
          store.set("a", [{ key: id, column: "y", value: "2" }, { key: '["1"]', column: "x", value: "3", old: "0" }]);
        });
        const before = store.count();
        store.undo();
        const after = store.count();
        store.redo();
        let told = 0;
        store.subscribe(() => { told += 1; });
        try { store.step("bad", () => { store.insert("a"); throw new Error("no"); }); } catch { /* as expected */ }
        return [before, after, store.count(), told, store.changes()];
        """,
    )

    assert found == [
        2, 0, 2, 0,
        [
            {"op": "insert", "table": "a", "id": "new-1", "values": {"x": "1", "y": "2"}},
            {"op": "update", "table": "a", "key": '["1"]', "values": {"x": "3"}, "old": {"x": "0"}},
        ],
    ]  # fmt: skip


def test_a_value_that_is_the_old_one_again_is_not_staged(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        edit("a", '["1"]', "x", "new", "old");
        edit("a", '["1"]', "x", "newer", "ignored");
        const kept = store.of("a").updates.get('["1"]').x;
        edit("a", '["1"]', "x", "old", "ignored");
        const steps = store.canUndo;
        edit("a", '["1"]', "x", "old", "old");
        store.undo();
        return [kept, store.changes()[0].values, steps];
        """,
    )

    assert found == [{"value": "newer", "old": "old"}, {"x": "newer"}, True]


def test_new_rows_leave_out_defaults_and_keep_their_order(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        const first = store.insert("a", { x: "1" });
        const second = store.insert("a", { x: "2" });
        store.set("a", [{ key: first, column: "x", value: undefined }, { key: second, column: "y", value: null }]);
        store.insert("b", { a_id: { new: first } });
        store.remove("a", [{ key: first }]);
        return store.changes();
        """,
    )

    assert found == [
        {"op": "insert", "table": "a", "id": "new-2", "values": {"x": "2", "y": None}},
        {"op": "insert", "table": "b", "id": "new-3", "values": {}},
    ]


def test_a_deleted_row_forgets_its_edits_and_a_revert_takes_all_back(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        edit("a", '["1"]', "x", "new");
        store.remove("a", [{ key: '["1"]', old: { x: "old" } }]);
        const deleted = store.changes();
        store.revert("a", ['["1"]']);
        const reverted = store.count();
        store.undo(); store.undo();
        return [deleted, reverted, store.changes()[0].op];
        """,
    )

    assert found == [[{"op": "delete", "table": "a", "key": '["1"]', "old": {"x": "old"}}], 0, "update"]


def test_what_is_staged_survives_a_reload(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        edit("a", '["1"]', "__proto__", "new", { start: "lo", length: 400 });
        store.insert("a", { x: null });
        store.remove("b", [{ key: '["7"]', old: { y: "1" } }]);
        const other = new Store();
        const taken = other.restore(JSON.parse(JSON.stringify(store)));
        const same = JSON.stringify(other) === JSON.stringify(store);
        return [taken, same, other.insert("a"), other.count(), new Store().restore({ tables: 1 })];
        """,
    )

    assert found == [True, True, "new-2", 4, False]


def test_what_the_server_refused_is_marked_until_it_is_another_value(blank: Page) -> None:
    found = script(
        blank,
        STORE
        + """
        store.insert("a", {});
        edit("a", '["1"]', "x", "bad");
        store.problems([{ index: 0, column: "x", message: "needs a value" }, { index: 1, column: "x", message: "too bad" }, { index: 0, column: null, message: "row" }]);
        const seen = [store.problem("a", "new-1", "x"), store.problem("a", '["1"]', "x"), store.problem("a", "new-1", null)];
        edit("a", '["1"]', "x", "good");
        store.set("a", [{ key: "new-1", column: "x", value: "1" }]);
        seen.push(store.problem("a", '["1"]', "x"), store.problem("a", "new-1", "x"), store.problem("a", "new-1", null));
        store.undo();
        return [...seen, store.problem("a", "new-1", "x"), store.where(1)];
        """,
    )

    assert found == [
        "needs a value", "too bad", "row", None, None, None, "needs a value", {"table": "a", "key": '["1"]'},
    ]  # fmt: skip


@pytest.mark.parametrize(("whose", "left"), [("mine", [{"x": "theirs"}]), ("theirs", [])])
def test_a_conflict_is_settled_by_keeping_mine_or_taking_theirs(
    blank: Page, whose: str, left: list[dict[str, str]]
) -> None:
    found = script(
        blank,
        STORE
        + """
        edit("a", '["1"]', "x", "mine", "old");
        store.conflicts([{ index: 0, gone: false, cells: { x: "theirs" } }]);
        const message = store.problem("a", '["1"]', "x");
        store.settle("a", '["1"]', given);
        return [message, store.problem("a", '["1"]', "x"), store.changes().map((change) => change.old)];
        """,
        whose,
    )

    assert found == ['someone else changed this; it is now "theirs"', None, left]


CLIPBOARD = """const { parse, format, asJson, asSqlList } = await load("clipboard");"""
NOTHING = "<nothing>"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a\tb\nc\td", [["a", "b"], ["c", "d"]]),
        ("a\tb\r\nc\td\r\n", [["a", "b"], ["c", "d"]]),
        ('"line 1\nline 2"\tb\r\n', [["line 1\nline 2", "b"]]),
        ('"a\tb"\tc', [["a\tb", "c"]]),
        ('"say ""hi"""\tc\n', [['say "hi"', "c"]]),
        ('"so" they said\tx', [['"so" they said', "x"]]),
        ('5" pipe\tx', [['5" pipe', "x"]]),
        ('"never closed\tx', [['"never closed', "x"]]),
        ('NULL\t"NULL"\t""\t', [[None, "NULL", "", NOTHING]]),
        ("\n\n", [[NOTHING], [NOTHING]]),
        ("", []),
        ("one", [["one"]]),
    ],
    ids=[
        "plain",
        "excel",
        "lines",
        "tab",
        "quotes",
        "libreoffice quote",
        "inch",
        "unclosed",
        "null",
        "blank",
        "empty",
        "one",
    ],
)
def test_what_spreadsheets_copy_is_read(blank: Page, text: str, rows: list[list[str | None]]) -> None:
    found = script(
        blank,
        CLIPBOARD + "return parse(given).map((row) => row.map((cell) => cell === undefined ? '<nothing>' : cell));",
        text,
    )

    assert found == rows


def test_what_is_copied_is_pasted_as_it_was(blank: Page) -> None:
    rows: list[list[str | None]] = [
        ['"quoted"', "tab\there", "line\nbreak\r\n"],
        [None, "NULL", "ok"],
        ['"a', 'b"', "ä😀"],
    ]

    found = script(
        blank,
        CLIPBOARD
        + """
        const odd = [["a"], [""]];
        return [parse(format(given)), parse(format(odd)).length];
        """,
        rows,
    )

    assert found == [rows, 2]


def test_cells_are_copied_as_json_and_sql_with_every_digit(blank: Page) -> None:
    found = script(
        blank,
        CLIPBOARD
        + """
        const columns = [{ name: "n", kind: "decimal" }, { name: "t", kind: "text" }, { name: "b", kind: "boolean" }, { name: "j", kind: "json" }];
        return [
          asJson(columns, [["9007199254740993.10", 'a"b', "true", "[1]"], [null, undefined, null, null]]),
          asSqlList(columns, ["1", "1", null, "2.50", "NaN"].map((value) => [value])), asSqlList(columns.slice(1), [["it's"], ["1"]]),
        ];
        """,
    )

    assert found == [
        '[\n  {"n": 9007199254740993.10, "t": "a\\"b", "b": true, "j": [1]},\n  {"n": null, "b": null, "j": null}\n]',
        "(1, 2.50, 'NaN')",
        "('it''s', '1')",
    ]


WHOLE = "[+-]?[0-9]{1,19}"
YES_OR_NO = "[yY]es|[nN]o|true|false|[01]"


@pytest.mark.parametrize(
    ("column", "text", "value", "refused"),
    [
        ({"kind": "integer", "pattern": WHOLE}, " 42 ", "42", False),
        ({"kind": "integer", "pattern": WHOLE}, "9223372036854775807", "9223372036854775807", False),
        ({"kind": "integer", "pattern": WHOLE}, "1.5", "1.5", True),
        ({"kind": "integer", "pattern": "a|[0-9]+"}, "a1", "a1", True),
        ({"kind": "uuid", "pattern": None}, "anything", "anything", False),
        ({"kind": "bytes", "pattern": "([0-9a-f]{2})*"}, "00f", "00f", True),
        ({"kind": "bytes", "pattern": "([0-9a-f]{2})*"}, "", "", False),
        ({"kind": "json"}, '"foo"', '"foo"', False),
        ({"kind": "json"}, "{foo}", "{foo}", True),
        ({"kind": "boolean", "pattern": YES_OR_NO}, "Yes", "true", False),
        ({"kind": "boolean", "pattern": YES_OR_NO}, "0", "false", False),
        ({"kind": "boolean", "pattern": YES_OR_NO}, "maybe", "maybe", True),
        ({"kind": "enum", "members": ["a", " b "]}, " b ", " b ", False),
        ({"kind": "enum", "members": ["a", " b "]}, " a", "a", False),
        ({"kind": "enum", "members": ["a"]}, "z", "z", True),
        ({"kind": "text", "max_length": 2}, "😀😀", "😀😀", False),
        ({"kind": "text", "max_length": 2}, "abc", "abc", True),
        ({"kind": "text"}, "", "", False),
        ({"kind": "text"}, " x ", " x ", False),
        ({"kind": "integer"}, "", None, False),
        ({"kind": "integer", "nullable": False}, "", None, True),
        ({"kind": "text", "nullable": False}, None, None, True),
    ],
)  # fmt: skip
def test_a_text_is_checked_by_the_pattern_and_limits_of_its_column(
    blank: Page, column: dict[str, Any], text: str | None, value: str | None, refused: bool
) -> None:
    column = {"name": "x", "nullable": True, "type": "", **column}

    found = script(
        blank, "return (await load('edits')).read(given.column, given.text);", {"column": column, "text": text}
    )

    assert (found["value"], found["problem"] is not None) == (value, refused)


def test_columns_are_ordered_hidden_pinned_and_sized(blank: Page) -> None:
    found = script(
        blank,
        """
        const columns = await load("sheet");
        const table = { columns: ["a", "b", "c", "__proto__"].map((name) => ({ name, kind: "text" })) };
        let layout = columns.complete(table, { order: ["c", "gone"], hidden: ["gone"], pinned: [], widths: { a: 5, b: 200.4, c: "wide" } });
        const start = [layout.order, layout.hidden, { ...layout.widths }];
        layout = columns.resize(columns.move(columns.listed(columns.listed(layout, "hidden", "a", true), "pinned", "b", true), "__proto__", "c"), "__proto__", 99);
        const places = columns.places(table.columns, layout);
        return [start, places.map(({ name, index, left, width, pinned }) => [name, index, left, width, pinned]), JSON.parse(JSON.stringify(layout)).order];
        """,
    )

    assert found == [
        [["c", "a", "b", "__proto__"], [], {"a": 44, "b": 200.4}],
        [["b", 1, 0, 200.4, True], ["__proto__", 3, 200.4, 99, False], ["c", 2, 299.4, 210, False]],
        ["__proto__", "c", "a", "b"],
    ]


def test_clicks_on_a_header_go_through_three_orders(blank: Page) -> None:
    found = script(
        blank,
        """
        const { nextSort } = await load("sheet");
        const up = nextSort([], "a"), down = nextSort(up, "a"), none = nextSort(down, "a");
        const two = nextSort(down, "b", true);
        return [up, down, none, two, nextSort(two, "b", true), nextSort(two, "c")].map((sort) => sort.map(({ column, descending }) => column + (descending ? "-" : "+")).join(" "));
        """,
    )

    assert found == ["a+", "a-", "", "a- b+", "a- b-", "c+"]


WINDOW = """
const { RowWindow } = await load("window");
const all = Array.from({ length: 10000 }, (_, n) => ({ key: String(n), cells: [String(n)] }));
const asked = [];
const slow = { ms: 0 };
const fetch = async ({ at, limit, sort }, { signal }) => {
  asked.push(Object.keys(at)[0]);
  if (slow.ms) await new Promise((resolve) => setTimeout(resolve, slow.ms));
  if (signal.aborted) throw new DOMException("stop", "AbortError");
  const list = sort ? all.toReversed() : all;
  const place = (key) => list.findIndex((row) => row.key === key);
  const from = at.start ? 0 : at.end ? list.length - limit : at.after ? place(at.after) + 1 : at.before ? Math.max(0, place(at.before) - limit) : at.number ?? place(at.key);
  const end = at.before ? place(at.before) : Math.min(list.length, from + limit);
  const rows = list.slice(from, end);
  return { rows, labels: { c: { [rows[0]?.key]: "label" } }, before: from > 0 ? rows[0].key : null, after: end < list.length ? rows.at(-1).key : null };
};
const view = new RowWindow(fetch);
const seen = () => [view.rows[0]?.key, view.rows.at(-1)?.key, view.rows.length, view.offset];
"""


def test_a_window_grows_down_and_drops_what_is_far_above(blank: Page) -> None:
    found = script(
        blank,
        WINDOW
        + """
        await view.open({ start: true });
        const sizes = [];
        while (await view.more("after")) sizes.push(view.rows.length);
        const consecutive = view.rows.every((row, at) => Number(row.key) === view.offset + at);
        return [Math.max(...sizes), seen(), view.atStart, view.atEnd, consecutive, view.label("c", "9800"), view.label("c", "0")];
        """,
    )

    assert found == [4000, ["6000", "9999", 4000, 6000], False, True, True, "label", None]


def test_a_window_grows_up_from_the_end_and_knows_its_place_at_last(blank: Page) -> None:
    found = script(
        blank,
        WINDOW
        + """
        await view.open({ end: true });
        const places = [view.offset];
        view.total = 10000;
        places.push(view.offset);
        let most = 0;
        while (await view.more("before")) most = Math.max(most, view.rows.length);
        return [places, most, seen(), view.atStart, view.atEnd];
        """,
    )

    assert found == [[None, 9800], 4000, ["0", "3999", 4000, 0], True, False]


def test_a_window_opens_at_a_number_and_goes_both_ways(blank: Page) -> None:
    found = script(
        blank,
        WINDOW
        + """
        await view.open({ number: 5000 });
        await Promise.all([view.more("before"), view.more("after"), view.more("after")]);
        return [seen(), asked];
        """,
    )

    assert found == [["4800", "5399", 600, 4800], ["number", "before", "after"]]


def test_an_answer_to_an_old_question_is_dropped(blank: Page) -> None:
    found = script(
        blank,
        WINDOW
        + """
        await view.open({ start: true });
        slow.ms = 30;
        const late = [view.more("after"), view.open({ number: 300 })];
        view.query = { sort: [{ column: "c", descending: true }] };
        const newest = view.open({ start: true });
        return [await Promise.all(late), await newest, seen()];
        """,
    )

    assert found == [[False, False], True, ["9999", "9800", 200, 0]]


def test_a_refused_question_is_told_and_leaves_the_rows(blank: Page) -> None:
    found = script(
        blank,
        """
        const { RowWindow } = await load("window");
        let fail = false;
        const page = { rows: [{ key: "1", cells: [] }], before: null, after: "x" };
        const view = new RowWindow(async () => { if (fail) throw new Error("too slow"); return page; });
        await view.open({ start: true });
        fail = true;
        const words = [];
        await view.more("after").catch((error) => words.push(error.message));
        await view.open({ end: true }).catch((error) => words.push(error.message));
        return [words, view.rows.length, view.loading];
        """,
    )

    assert found == [["too slow", "too slow"], 1, False]


def test_a_picked_time_keeps_the_seconds_and_the_zone(blank: Page) -> None:
    found = script(
        blank,
        """
        const { picked } = await load("editing");
        return [picked("datetime", "2025-01-31T18:30:00.123456+02:00", "2026-02-03T04:05"), picked("datetime", "", "2026-02-03T04:05"), picked("time", "10:11:12Z", "04:05"), picked("date", "", "2026-02-03")];
        """,
    )

    assert found == ["2026-02-03T04:05:00.123456+02:00", "2026-02-03T04:05:00", "04:05:12Z", "2026-02-03"]
