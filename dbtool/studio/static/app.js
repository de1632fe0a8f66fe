/** Start: the token, the shell, and which view an address means. Everything flows down from the `app` made here. */

import { api, ApiError, forgetToken, hasToken, isAborted, keepToken, readToken, takeToken } from "./api.js";
import { h, icon, replace, toast } from "./dom.js";
import { format, parse } from "./route.js";
import { sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { tableView } from "./tableview.js";

const LAZY = { diagram: "./diagram.js", sql: "./console.js", migrations: "./migrations.js" };
const THEME = "dbtool.theme";
const LOCKED = "The key of this tab is no longer valid: studio was started again. Staged changes are kept.";
const FIRST = "This page shows your data to whoever holds the key that `dbtool studio` printed. This tab has none yet.";
const root = document.getElementById("app");
let stop = () => {};

document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "";
document.addEventListener("locked", () => lock(LOCKED));
window.addEventListener("hashchange", () => /[#&]t=/.test(location.hash) && begin());
window.addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof ApiError) && !isAborted(event.reason)) return;
  event.preventDefault(); // what the server refuses is told; a mistake of the page stays one
  if (event.reason.status !== 401 && !isAborted(event.reason)) toast(event.reason.text, "error");
});
begin();

/** Open the door with the token in the address or in this tab, or ask for it. */
async function begin() {
  takeToken();
  if (!hasToken()) return lock(FIRST);
  stop();
  replace(root, h("p", { class: "loading", role: "status" }, "Loading the models …"));
  try {
    await start(await api("schema"));
  } catch (error) {
    if (error.status === 401) return;
    replace(root, h("main", { class: "gate" }, refusal(error), h("button", { class: "primary", onclick: begin }, "Try again")));
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Show nothing but a field for the token; then go where the address pointed. */
function lock(message) {
  stop();
  forgetToken();
  const field = h("input", { id: "token", autocomplete: "off", spellcheck: "false", placeholder: "http://localhost:5555/#t=…", "aria-describedby": "why" });
  const enter = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    const { token, rest } = readToken(text) ?? { token: text, rest: "" };
    if (!/^[\w-]+$/.test(token)) return field.focus();
    keepToken(token);
    if (rest) history.replaceState(null, "", `#${rest}`);
    return begin();
  };
  replace(root, h("main", { class: "gate" }, h("form", { onsubmit: enter },
    h("h1", {}, icon("database"), "dbtool studio"),
    h("p", { id: "why" }, message),
    h("label", { for: "token" }, "Paste the link from the terminal, or its key"),
    h("div", { class: "actions" }, field, h("button", { type: "submit", class: "primary" }, "Open")))));
  field.focus();
}

/** Build the shell and follow the address from then on. */
async function start(schema) {
  const app = createApp(schema);
  const side = sidebar(app, { theme, palette: () => palette(app) });
  const main = h("main", { id: "main", tabIndex: -1 });
  const skip = (event) => {
    event.preventDefault();
    main.focus();
  };
  replace(root, h("a", { class: "skip", href: "#main", onclick: skip }, "Skip to the rows"), h("div", { class: "shell" }, side.element, main));
  const quit = listen(app, () => show(app, main, side));
  stop = () => {
    quit();
    app.view?.close?.();
    stop = () => {};
  };
  await show(app, main, side);
}

/** What every part of the page is given. */
function createApp(schema) {
  const edits = `dbtool.edits.${schema.id}`;
  const store = new Store();
  const tables = new Map();
  const kept = sessionStorage.getItem(edits);
  if (kept && !store.restore(JSON.parse(kept))) toast("What was staged in this tab could not be read again.", "error");
  store.subscribe(() => sessionStorage.setItem(edits, JSON.stringify(store.toJSON())));
  const app = {
    schema, store, route: parse(location.hash), view: null,
    go: (route, { replace: instead = false } = {}) => {
      const address = format(route);
      if (address === location.hash) return;
      history[instead ? "replaceState" : "pushState"](null, "", address);
      window.dispatchEvent(new Event("routechange"));
    },
    table: (key) => {
      if (!tables.has(key)) tables.set(key, api("table", { table: key }));
      tables.get(key).catch(() => tables.delete(key));
      return tables.get(key);
    },
    known: (key) => schema.tables.find((table) => table.key === key),
    save: async () => (await import("./review.js")).save(app),
    review: async () => (await import("./review.js")).review(app),
    reload: async () => {
      tables.clear();
      Object.assign(schema, await api("schema"));
      window.dispatchEvent(new CustomEvent("routechange", { detail: "anew" }));
    },
    remember: (name, value) => localStorage.setItem(`dbtool.${schema.id}.${name}`, JSON.stringify(value)),
    recall: (name) => JSON.parse(localStorage.getItem(`dbtool.${schema.id}.${name}`)),
  };
  return app;
}

/** Show what the address says; the same table with other filters keeps its view. */
async function show(app, main, side) {
  const route = parse(location.hash);
  if (route.view === "home" && app.schema.tables.length) Object.assign(route, { view: "table", table: app.schema.tables[0].key });
  const before = app.route;
  app.route = route;
  side.mark(route);
  document.title = `${route.table || route.view} · ${app.schema.project} · dbtool studio`;
  if (app.view?.accepts?.(route) && before.table === route.table) return app.view.update(route);
  app.view?.close?.();
  app.view = null;
  try {
    const view = await make(app, route);
    if (app.route !== route) return view.close?.();
    app.view = view;
    replace(main, view.element);
    await view.update?.(route);
  } catch (error) {
    if (!app.view) replace(main, refusal(error));
    throw error;
  }
  return undefined;
}

async function make(app, { view, table, tab }) {
  if (view === "table" && tab === "structure") return (await import("./structure.js")).structureView(await app.table(table));
  if (view === "table") return tableView(app, await app.table(table));
  if (LAZY[view]) return (await import(LAZY[view])).view(app);
  return { element: h("div", { class: "empty" }, h("h1", {}, "No tables yet"), h("p", {}, "Type in a terminal:"), h("pre", {}, "dbtool migrate --name init")) };
}

function refusal({ message, hint }) {
  return h("div", { class: "empty", role: "alert" }, h("h1", {}, icon("warning"), message), hint && h("pre", {}, hint));
}

/** Keys that work wherever the focus is, and the warning before a tab with staged changes is closed. */
function listen(app, follow) {
  const stopping = new AbortController();
  const on = (name, act) => window.addEventListener(name, act, { signal: stopping.signal });
  on("hashchange", follow);
  on("routechange", ({ detail }) => {
    if (detail === "anew") {
      app.view?.close?.();
      app.view = null;
    }
    return follow();
  });
  on("beforeunload", (event) => app.store.count() && event.preventDefault());
  on("keydown", (event) => {
    const act = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && { k: palette, s: app.save, z: undo, y: redo }[event.key.toLowerCase()];
    if (event.key === "?" && !event.target.closest("input, textarea, select, [role=grid]")) import("./palette.js").then(({ help }) => help());
    if (!act || event.defaultPrevented || ((act === undo || act === redo) && event.target.closest("input, textarea"))) return;
    event.preventDefault();
    act(app);
  });
  return () => stopping.abort();
}

function undo(app) {
  app.store.undo();
}

function redo(app) {
  app.store.redo();
}

async function palette(app) {
  (await import("./palette.js")).palette(app, theme);
}

function theme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  localStorage.setItem(THEME, dataset.theme);
}
