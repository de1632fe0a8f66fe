/** One table: its filters, its grid, its footer, and the panel beside it. */

import { api, download, isAborted } from "./api.js";
import { announce, counted, h, icon, iconButton, replace, toast } from "./dom.js";
import { format } from "./route.js";
import { RowWindow } from "./window.js";
import "./grid.js";

/** Make the view of a table's rows; `update` follows the address. */
export function tableView(app, table) {
  const rows = new RowWindow((query, { signal }) => api("rows", { table: table.key, ...query }, { signal }));
  const view = { app, table, rows, route: null, count: null, counting: null };
  view.grid = document.createElement("db-grid");
  view.side = h("div", { class: "side" });
  view.search = searchField(view);
  view.pills = pillBar(view);
  view.foot = footer(view);
  const body = h("div", { class: "body" }, view.grid, view.side);
  const element = h("section", { class: "tableview" }, toolbar(view), view.pills.element, body, view.foot.element);
  connect(view, element);
  const forget = app.store.subscribe(view.foot.draw);
  return Object.assign(view, {
    element,
    accepts: (route) => route.view === "table" && route.tab === "data",
    update: (route) => update(view, route),
    reload: () => open(view, view.grid.place ?? { start: true }),
    open: (at) => open(view, at),
    transfer: (name, text) => transfer(view, name, text),
    close: () => [forget(), rows.abort(), view.counting?.abort()],
  });
}

/** The two tabs of a table. */
export function tabs(key, chosen) {
  const tab = (name, label) => h("a", { href: format({ view: "table", table: key, tab: name }), "aria-current": name === chosen && "page" }, label);
  return h("nav", { class: "tabs", "aria-label": "Views of this table" }, tab("data", "Data"), tab("structure", "Structure"));
}

function toolbar(view) {
  const { app, table } = view;
  return h("header", { class: "toolbar" },
    h("h2", { title: table.comment }, icon(table.kind), table.key),
    tabs(table.key, "data"),
    h("p", { class: "comment dim" }, table.comment),
    h("span", { class: "space" }),
    view.search,
    !table.editable && h("span", { class: "badge", title: table.reason }, "read-only"),
    table.editable && h("button", { onclick: () => view.grid.insertRow(), title: "Add a row (Ctrl+I)" }, icon("add"), "Row"),
    iconButton("columns", "Columns", async (event) => (await import("./columnmenu.js")).columnsMenu(view, event.target.closest("button"))),
    iconButton("download", "Export", () => transfer(view, "exportDialog")),
    table.editable && iconButton("upload", "Import", () => transfer(view, "importDialog")),
    iconButton("refresh", "Read again", () => app.reload()));
}

function searchField(view) {
  let timer = 0;
  const apply = ({ target, type }) => {
    clearTimeout(timer);
    timer = setTimeout(() => navigate(view, { search: target.value }, { replace: true }), type === "change" ? 0 : 250);
  };
  return h("input", { type: "search", class: "search", placeholder: "Search in this table", "aria-label": "Search in this table", oninput: apply, onchange: apply });
}

/** The pills; what draws them is loaded when there is a filter to show or to make. */
function pillBar(view) {
  let loading = null;
  const load = () => (loading ??= import("./filters.js").then(({ filterBar }) => filterBar(element, view.table, (filters) => navigate(view, { filters }))));
  const add = async (name) => (await load()).add(name);
  const element = h("div", { class: "filters", role: "group", "aria-label": "Filters" }, h("button", { class: "quiet", onclick: () => add() }, icon("filter"), "Filter"));
  return { element, add, set: async (filters) => (loading || filters.length > 0) && (await load()).set(filters) };
}

function navigate({ app, route }, change, options) {
  app.go({ ...route, row: null, ...change }, options);
}

/** Follow the address: other filters, order, search or row. */
async function update(view, route) {
  const before = view.route;
  const { filters, sort, search, row } = route;
  const same = before && JSON.stringify([before.filters, before.sort, before.search]) === JSON.stringify([filters, sort, search]);
  view.route = route;
  if (!before) view.grid.show({ table: view.table, window: view.rows, store: view.table.editable ? view.app.store : null, layout: view.app.recall(`layout.${view.table.key}`) });
  if (same && before.row === row) return;
  view.pills.set(filters);
  if (document.activeElement !== view.search) view.search.value = search;
  view.rows.query = { filters, sort, search };
  await open(view, row ? { key: row } : { start: true }, { recount: !same });
  if (row) await peek(view, { table: view.table.key, key: row });
}

/** Open the window of rows at a place of the table, and count anew. */
async function open(view, at, { recount = true } = {}) {
  const { count } = view;
  view.grid.setAttribute("aria-busy", "true");
  try {
    await view.rows.open(at);
    if (recount) recountRows(view);
    else if (count?.exact) view.rows.total = count.count;
    view.failed = "";
  } catch (error) {
    if (isAborted(error)) return;
    view.failed = error.message; // the rows that are still there are those of before
    throw error;
  } finally {
    view.grid.removeAttribute("aria-busy");
    view.grid.toggleAttribute("data-stale", Boolean(view.failed));
    view.foot.draw();
  }
}

async function recountRows(view) {
  const { rows } = view;
  const { filters, search } = rows.query;
  view.counting?.abort();
  view.counting = new AbortController();
  view.count = null;
  const all = rows.atStart && rows.atEnd && { count: rows.rows.length, exact: true };
  const count = all || (await api("count", { table: view.table.key, filters, search }, { signal: view.counting.signal }));
  view.count = count;
  if (count.exact) view.rows.total = count.count;
  view.foot.draw();
  announce(total(count));
}

/** What the grid asks for. */
function connect(view, element) {
  const { app, table } = view;
  const acts = {
    sort: ({ sort }) => navigate(view, { sort }),
    filter: (filter) => (filter.values ? navigate(view, { filters: [...view.route.filters, filter] }) : view.pills.add(filter.column)),
    peek: ({ key }) => peek(view, { table: table.key, key }),
    follow: async ({ reference, row }) => peek(view, { table: reference.target, match: (await import("./peek.js")).matching(table, reference, row.cells) }),
    pick: async (detail) => (await import("./picker.js")).picker(app, table, detail),
    layout: ({ layout }) => app.remember(`layout.${table.key}`, layout),
    say: ({ text, level }) => toast(text, level),
    blob: async ({ key, column }) => download(await api("blob", { table: table.key, key, column })),
    object: async (detail) => (await import("./media.js")).openObject(table, detail),
    rows: view.foot.draw,
    save: () => app.save(),
  };
  for (const [name, act] of Object.entries(acts)) {
    element.addEventListener(name, (event) => {
      event.stopPropagation();
      act(event.detail);
    });
  }
  element.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
  element.addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file || !table.editable) return;
    event.preventDefault();
    transfer(view, "importDialog", await file.text());
  });
}

async function peek(view, what) {
  await (await import("./peek.js")).peek(view.app, view.side, what);
}

async function transfer(view, name, text) {
  (await import("./transfer.js"))[name](view, text);
}

/* Below the rows: how many there are, ways through them, and what is staged. */

function footer(view) {
  const { app, table } = view;
  const position = h("span", { class: "position" });
  const staged = h("div", { class: "staging", role: "group", "aria-label": "Staged changes" });
  const element = h("footer", { class: "footer" },
    h("div", { class: "walk", role: "group", "aria-label": "Places" },
      iconButton("first", "First rows (Ctrl+Home)", () => open(view, { start: true }, { recount: false })),
      iconButton("last", "Last rows (Ctrl+End)", () => open(view, { end: true }, { recount: false })),
      table.kind === "table" && goTo(view)),
    position, h("span", { class: "space" }), staged);
  const draw = () => {
    position.textContent = told(view);
    replace(staged, app.schema.read_only || stagedButtons(app));
  };
  return { element, draw };
}

/** Go to a value of the first sort column, or with # to the number of a row. */
function goTo(view) {
  const submit = (event) => {
    event.preventDefault();
    const text = event.target.elements.place.value.trim();
    const number = /^#\s*([\d,]+)$/.exec(text);
    const at = number ? { number: Math.max(0, Number(number[1].replaceAll(",", "")) - 1) } : { value: text };
    if (text) open(view, at, { recount: false });
  };
  const label = "Go to a value of the column that is sorted by, or to a row by its number: #500";
  return h("form", { class: "goto", onsubmit: submit }, h("input", { name: "place", "aria-label": label, title: label, placeholder: "Go to value or #row" }));
}

function total(count) {
  return `${count.exact ? "" : "more than "}${counted(count.count, "row")}`;
}

function told({ rows, count, failed }) {
  if (failed) return failed;
  const { indexed, ms } = rows.page ?? {};
  const slow = indexed === false && (count?.count ?? 0) > 10_000 && "sorted without an index";
  return [count ? total(count) : "counting …", slow, ms !== undefined && `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`].filter(Boolean).join(" · ");
}

function stagedButtons(app) {
  const { store } = app;
  const number = store.count();
  return [
    number > 0 && h("strong", {}, counted(number, "change")),
    iconButton("undo", "Undo (Ctrl+Z)", () => store.undo(), { disabled: !store.canUndo }),
    iconButton("redo", "Redo (Ctrl+Shift+Z)", () => store.redo(), { disabled: !store.canRedo }),
    number > 0 && [
      h("button", { onclick: () => store.clear() }, "Discard"),
      h("button", { onclick: () => app.review() }, "Review"),
      h("button", { class: "primary", onclick: () => app.save(), title: "Save (Ctrl+S)" }, icon("save"), "Save"),
    ],
  ];
}
