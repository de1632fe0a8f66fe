// A grid over made-up rows: `start` shows it; `grid`, `store`, `rows` and `told` (the events it sent) are for the tests.
import { Store } from "/static/store.js";
import { RowWindow } from "/static/window.js";
import "/static/grid.js";

const LONG = "long ".repeat(100);
const plain = { nullable: true, editable: true, sortable: true, align: "left", members: null, references: null, max_length: null, type: "", operators: [], pattern: null, expects: "text", example: "text", default: { kind: "none", text: "" } };
const WHOLE = { kind: "integer", align: "right", pattern: "[+-]?[0-9]{1,19}", expects: "a whole number", example: "42" };
const DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

const COLUMNS = [
  { name: "id", ...WHOLE, type: "INTEGER", nullable: false, primary_key: true, default: { kind: "auto", text: "" } },
  { name: "name", kind: "text", nullable: false, required: true, max_length: 20 },
  { name: "note", kind: "text", multiline: true },
  { name: "status", kind: "enum", members: ["open", "done", "late"] },
  { name: "active", kind: "boolean", nullable: false, pattern: "true|false|yes|no", default: { kind: "value", text: "true" } },
  { name: "big", ...WHOLE, type: "BIGINT" },
  { name: "price", kind: "decimal", type: "NUMERIC(8, 2)", align: "right", pattern: "[0-9]+([.][0-9]*)?", expects: "a number", example: "19.90" },
  { name: "at", kind: "datetime", aware: true, pattern: `${DAY}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?`, expects: "a time", example: "2025-01-31T18:30:00Z" },
  { name: "day", kind: "date", pattern: DAY, expects: "a date", example: "2025-01-31" },
  { name: "data", kind: "json" },
  { name: "picture", kind: "bytes", pattern: "([0-9a-fA-F]{2})*", expects: "hexadecimal digits", example: "00ff" },
  { name: "user_id", ...WHOLE, references: "user" },
  { name: "total", ...WHOLE, editable: false, default: { kind: "generated", text: "" } },
].map((column) => ({ ...plain, ...column }));

const REFERENCES = [{ name: "user", columns: ["user_id"], target: "user", target_columns: ["id"] }];

function made(number) {
  const cells = [
    String(number), `name ${number}`, number % 5 === 0 ? null : number % 5 === 1 ? "" : `note ${number}`, ["open", "done", "late"][number % 3],
    String(number % 2 === 0), "9007199254740993", "19.90", "2025-01-31T18:30:00.123456+02:00", "2025-01-31", '{"n":9007199254740993,"a":[]}', "00ff10",
    number % 4 === 0 ? null : String(number % 4), String(number * 2),
  ];
  return { key: JSON.stringify([String(number)]), cells, cut: {} };
}

function wide(count) {
  return Array.from({ length: count }, (_, at) => ({ ...plain, name: `c${at}`, kind: "text", primary_key: at === 0 }));
}

/** What is selected: rows by position and columns by name. */
const selected = (grid) => {
  const { places, ranges, lines, selection: { cell } } = grid.sheet;
  return {
    ranges: ranges.map(({ top, bottom, left, right }) => ({ rows: [top, bottom], columns: places.slice(left, right + 1).map(({ name }) => name) })),
    keys: lines.map(({ key }) => key),
    cell: { row: cell.row, column: places[cell.column]?.name ?? null },
  };
};

/** @param options count of rows, cold (nobody has used the grid yet), readonly, columns (so many texts instead of all kinds), sort, layout */
window.start = async ({ count = 500, cold = false, readonly = false, columns = 0, sort = [], layout = null, values = {} } = {}) => {
  const list = columns ? wide(columns) : COLUMNS;
  const rows = Array.from({ length: count }, (_, at) => (columns ? { key: JSON.stringify([String(at)]), cells: list.map((_, c) => `${at}.${c}`) } : made(at + 1)));
  if (!columns && count > 2) Object.assign(rows[2], { cells: rows[2].cells.with(2, LONG.slice(0, 300)), cut: { 2: 500 } });
  for (const [place, value] of Object.entries(values)) rows[place.split(".")[0]].cells[list.findIndex((column) => column.name === place.split(".")[1])] = value;
  const table = { key: "thing", name: "thing", kind: "table", editable: !readonly, reason: readonly ? "a view is read-only" : null, primary_key: [list[0].name], columns: list, references: REFERENCES };
  const fetch = async ({ at, limit }) => {
    let from = at.end ? Math.max(0, rows.length - limit) : at.after ? Number(at.after) + 1 : at.before ? Math.max(0, Number(at.before) - limit) : at.number ?? 0;
    if (at.key) from = Math.max(0, rows.findIndex((row) => row.key === at.key));
    const end = at.before ? Number(at.before) : Math.min(rows.length, from + limit);
    const labels = { user_id: { 1: "ann", 2: "bob", 3: "eve" } };
    return { rows: rows.slice(from, end), labels, before: from > 0 ? String(from) : null, after: end < rows.length ? String(end - 1) : null };
  };
  const store = new Store();
  const rowWindow = new RowWindow(fetch, { query: { sort } });
  const told = [];
  const grid = document.createElement("db-grid");
  grid.style.height = "600px";
  for (const name of ["sort", "filter", "peek", "follow", "pick", "layout", "blob", "object", "say", "save"]) {
    grid.addEventListener(name, ({ detail }) => told.push({ name, ...detail }));
  }
  grid.addEventListener("sort", ({ detail }) => {
    rowWindow.query = { sort: detail.sort };
    rowWindow.open({ start: true });
  });
  Object.defineProperty(grid, "selected", { get: () => selected(grid) });
  document.getElementById("main").replaceChildren(grid);
  const load = async (key) => ({ text: LONG, length: 500, key });
  grid.show({ table, window: rowWindow, store: readonly ? null : store, layout, load });
  await rowWindow.open({ start: true });
  if (!cold) await grid.wake();
  Object.assign(window, { grid, store, rows, told, table, rowWindow });
  requestAnimationFrame(() => requestAnimationFrame(() => grid.view.setAttribute("data-ready", "true")));
};
