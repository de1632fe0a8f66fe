/** One table: its filters, its grid, its footer, and the panel beside it. */

import { ApiError, api, download, isAborted } from "./api.js";
import { announce, h, icon, iconButton, replace, toast } from "./dom.js";
import { filterBar } from "./filters.js";
import { footer } from "./footer.js";
import { format } from "./route.js";
import { RowWindow } from "./window.js";
import "./grid.js";

/** @returns the view of a table's rows; `update` follows the address */
export function tableView(app, table) {
  const grid = document.createElement("db-grid");
  const window_ = new RowWindow(request(table));
  const side = h("div", { class: "side" });
  const view = { app, table, grid, window: window_, side, route: null, counting: null };
  const search = searchField(view);
  const pills = filterBar({ table, filters: [], onchange: (filters) => navigate(view, { filters, row: null }) });
  const foot = footer(app, { table, rows: window_, open: (at) => open(view, at), count: () => view.count });
  Object.assign(view, { search, pills, foot });
  const element = h("section", { class: "tableview" },
    toolbar(view),
    pills.element,
    h("div", { class: "body" }, grid, side),
    foot.element);
  connect(view, element);
  const forget = app.store.subscribe(() => { grid.refresh(); foot.draw(); });
  return {
    element, table, grid, window: window_, pills,
    accepts: (route) => route.view === "table" && route.tab === "data",
    update: (route) => update(view, route),
    reload: () => reload(view),
    open: (at) => open(view, at),
    exportRows: () => transfer(view, "exportDialog"),
    importRows: () => transfer(view, "importDialog"),
    peek: (key) => peek(view, { table: table.key, key }),
    close: () => { forget(); window_.abort?.(); view.counting?.abort(); },
  };
}

function toolbar(view) {
  const { app, table } = view;
  return h("header", { class: "toolbar" },
    h("h2", { title: table.comment ?? "" }, icon(table.kind === "view" ? "view" : "table"), table.key),
    tabs(table.key, "data"),
    table.comment && h("p", { class: "comment dim" }, table.comment),
    h("span", { class: "space" }),
    view.search,
    !table.editable && h("span", { class: "badge", title: table.reason ?? "" }, "read-only"),
    table.editable && h("button", { type: "button", onclick: () => view.grid.insertRow(), title: "Add a row (Ctrl+I)" }, icon("add"), "Row"),
    iconButton("columns", "Columns", (event) => columnsMenu(view, event.currentTarget), { "aria-haspopup": "dialog" }),
    iconButton("download", "Export", () => transfer(view, "exportDialog")),
    table.editable && iconButton("upload", "Import", () => transfer(view, "importDialog")),
    iconButton("refresh", "Read again", () => app.reload()));
}

/** The two tabs of a table. */
export function tabs(key, chosen) {
  const tab = (name, label) => h("a", { href: format({ view: "table", table: key, tab: name }), "aria-current": name === chosen ? "page" : null }, label);
  return h("nav", { class: "tabs", "aria-label": "Views of this table" }, tab("data", "Data"), tab("structure", "Structure"));
}

function searchField(view) {
  let timer = 0;
  const apply = (event) => {
    clearTimeout(timer);
    const search = event.target.value;
    timer = setTimeout(() => navigate(view, { search, row: null }, { replace: true }), event.type === "change" ? 0 : 250);
  };
  return h("input", { type: "search", class: "search", placeholder: "Search in this table", "aria-label": "Search in this table", oninput: apply, onchange: apply });
}

/** How the window of rows asks for its chunks. */
function request(table) {
  return (query, { signal }) => api("rows", { table: table.key, ...query }, { signal });
}

function navigate(view, change, options) {
  view.app.go({ ...view.route, ...change }, options);
}

/** Follow the address: other filters, order, search or row. */
async function update(view, route) {
  const before = view.route;
  view.route = route;
  if (!before) view.grid.show({ table: view.table, window: view.window, store: view.app.schema.read_only ? null : view.app.store, layout: view.app.recall(`layout.${view.table.key}`) });
  if (before && same(before, route) && before.row === route.row) return;
  view.pills.set(route.filters);
  if (document.activeElement !== view.search) view.search.value = route.search;
  const query = { filters: route.filters, sort: route.sort, search: route.search };
  await open(view, route.row ? { key: route.row } : { start: true }, query);
  if (!before || !same(before, route)) count(view, query);
  if (route.row) peek(view, { table: view.table.key, key: route.row });
}

function same(one, other) {
  const relevant = ({ filters, sort, search }) => JSON.stringify([filters, sort, search]);
  return relevant(one) === relevant(other);
}

/** Open the window at a place of the table. */
async function open(view, at, query = null) {
  try {
    view.grid.setAttribute("aria-busy", "true");
    if (query) view.window.query = query;
    await view.window.open(at);
    view.grid.refresh();
    view.foot.draw();
  } catch (error) {
    if (!isAborted(error)) refuse(view, error);
  } finally {
    view.grid.removeAttribute("aria-busy");
  }
}

function refuse(view, error) {
  if (!(error instanceof ApiError)) throw error;
  toast(error.text, "error");
  view.foot.say(error.message);
}

async function count(view, query) {
  view.counting?.abort();
  view.counting = new AbortController();
  view.count = null;
  view.foot.draw();
  try {
    view.count = await api("count", { table: view.table.key, filters: query.filters, search: query.search }, { signal: view.counting.signal });
    if (view.count.exact) view.window.total = view.count.count;
    view.foot.draw();
    announce(`${view.count.exact ? "" : "more than "}${view.count.count} rows`);
  } catch {
    // the rows themselves have said what is wrong
  }
}

async function reload(view) {
  view.table = await view.app.table(view.table.key);
  const { filters, sort, search } = view.route;
  await open(view, { start: true }, { filters, sort, search });
  count(view, { filters, sort, search });
}

/** What the grid asks for. */
function connect(view, element) {
  const { app, table } = view;
  const on = (name, act) => element.addEventListener(name, (event) => { event.stopPropagation(); act(event.detail, event); });
  on("sort", ({ sort }) => navigate(view, { sort, row: null }));
  on("filter", (filter) => (filter.values ? navigate(view, { filters: [...view.route.filters, filter], row: null }) : view.pills.add(filter.column)));
  on("peek", ({ key }) => peek(view, { table: table.key, key }));
  on("follow", ({ reference, row }) => peek(view, { table: reference.target, match: matching(table, reference, row) }));
  on("pick", async (detail) => (await import("./picker.js")).picker(app, table, detail));
  on("layout", ({ layout }) => app.remember(`layout.${table.key}`, layout));
  on("say", ({ text, level }) => toast(text, level));
  on("blob", async (detail) => blob(table, detail));
  on("object", async (detail) => (await import("./media.js")).openObject(table, detail));
  on("rows", () => view.foot.draw());
  on("save", () => app.save());
  element.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  element.addEventListener("drop", (event) => drop(view, event));
}

function matching(table, reference, row) {
  const value = (name) => row.cells[table.columns.findIndex((column) => column.name === name)];
  return Object.fromEntries(reference.columns.map((name, at) => [reference.target_columns[at], value(name)]));
}

async function peek(view, what) {
  (await import("./peek.js")).peek(view.app, view.side, what);
}

async function blob(table, { key, column }) {
  try {
    const { ticket, name } = await api("blob", { table: table.key, key, column });
    download(ticket, name);
  } catch (error) {
    toast(error.text ?? String(error), "error");
  }
}

async function transfer(view, name) {
  (await import("./transfer.js"))[name](view);
}

async function drop(view, event) {
  const file = event.dataTransfer?.files[0];
  if (!file || !view.table.editable || view.app.schema.read_only) return;
  event.preventDefault();
  (await import("./transfer.js")).importDialog(view, await file.text());
}

async function columnsMenu(view, anchor) {
  (await import("./columnmenu.js")).columnsMenu(view, anchor);
}
