/** Start: the token, the shell, and which view an address means. Everything flows down from the `app` made here. */

import { api, forgetToken, hasToken, keepToken, readToken, takeToken } from "./api.js";
import { dialog, h, icon, replace, toast } from "./dom.js";
import { format, parse } from "./route.js";
import { Store } from "./store.js";
import { sidebar } from "./sidebar.js";
import { tableView } from "./tableview.js";

/**
 * What every part of the page is given.
 * @typedef {{schema: any, store: Store, route: import("./route.js").Route, view: any,
 *   go: (route: Partial<import("./route.js").Route>, options?: {replace?: boolean}) => void,
 *   table: (key: string) => Promise<any>, known: (key: string) => any, save: () => Promise<void>, review: () => Promise<void>,
 *   reload: () => Promise<void>, remember: (name: string, value: any) => void, recall: (name: string) => any}} App
 */

const root = document.getElementById("app");
const LAZY = { diagram: "./diagram.js", sql: "./console.js", migrations: "./migrations.js" };
let stop = () => {};

theme(localStorage.getItem("dbtool.theme"));
document.addEventListener("locked", () => lock("The key of this tab is no longer valid: studio was started again. Staged changes are kept."));
window.addEventListener("hashchange", () => {
  if (/[#&]t=/.test(location.hash)) begin();
});
begin();

/** Open the door with the token in the address or in this tab, or ask for it. */
async function begin() {
  takeToken();
  if (!hasToken()) return lock("");
  stop();
  replace(root, h("p", { class: "loading", role: "status" }, "Loading the models …"));
  try {
    await start(await api("schema"));
  } catch (error) {
    if (error.status !== 401) fail(error);
  }
}

/** Show nothing but a field for the token; then go where the address pointed. */
function lock(message) {
  stop();
  forgetToken();
  const field = h("input", { id: "token", type: "text", autocomplete: "off", spellcheck: "false", placeholder: "http://localhost:5555/#t=…", "aria-describedby": "why" });
  const enter = (event) => {
    event.preventDefault();
    const found = readToken(field.value.trim()) ?? { token: field.value.trim(), rest: "" };
    if (!/^[\w-]+$/.test(found.token)) return field.focus();
    keepToken(found.token);
    if (found.rest) history.replaceState(null, "", `#${found.rest}`);
    return begin();
  };
  replace(root, h("main", { class: "gate" },
    h("form", { onsubmit: enter },
      h("h1", {}, icon("database"), "dbtool studio"),
      h("p", { id: "why" }, message || "This page shows your data to whoever holds the key that `dbtool studio` printed. This tab has none yet."),
      h("label", { for: "token" }, "Paste the link from the terminal, or its key"),
      h("div", { class: "row" }, field, h("button", { class: "primary" }, "Open")))));
  field.focus();
}

function fail(error) {
  replace(root, h("main", { class: "gate" }, h("div", { role: "alert" },
    h("h1", {}, icon("warning"), error.message),
    error.hint && h("pre", {}, error.hint),
    h("button", { class: "primary", onclick: begin }, "Try again"))));
}

/** Build the shell and follow the address from then on. */
async function start(schema) {
  const app = createApp(schema);
  const side = sidebar(app, { theme: toggleTheme, palette: () => openPalette(app) });
  const main = h("main", { id: "main", tabIndex: -1 });
  replace(root, h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, "Skip to the rows"), h("div", { class: "shell" }, side.element, main));
  const follow = () => show(app, main, side);
  const stopKeys = listen(app, follow);
  stop = () => {
    stopKeys();
    app.view?.close?.();
    stop = () => {};
  };
  await follow();
}

/** @returns {App} */
function createApp(schema) {
  const store = new Store();
  const home = `${schema.project}\n${schema.database}`;
  const edits = `dbtool.edits\n${home}`;
  const tables = new Map();
  restore(store, edits);
  store.subscribe(() => sessionStorage.setItem(edits, JSON.stringify(store.toJSON())));
  const app = {
    schema, store, route: parse(location.hash), view: null,
    go: (route, { replace: instead = false } = {}) => {
      const address = format({ ...route });
      if (address === location.hash) return;
      if (instead) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
      window.dispatchEvent(new Event("routechange"));
    },
    table: (key) => {
      if (!tables.has(key)) tables.set(key, api("table", { table: key }));
      const wanted = tables.get(key);
      wanted.catch(() => tables.delete(key));
      return wanted;
    },
    known: (key) => schema.tables.find((table) => table.key === key),
    save: async () => (await import("./review.js")).save(app),
    review: async () => (await import("./review.js")).review(app),
    reload: async () => {
      tables.clear();
      Object.assign(schema, await api("schema"));
      await app.view?.reload?.();
    },
    remember: (name, value) => localStorage.setItem(`dbtool.${name}\n${home}`, JSON.stringify(value)),
    recall: (name) => parsed(localStorage.getItem(`dbtool.${name}\n${home}`)),
  };
  return app;
}

function restore(store, key) {
  const found = parsed(sessionStorage.getItem(key));
  try {
    if (found) store.restore(found);
  } catch {
    toast("What was staged in this tab could not be read again.", "error");
  }
}

function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** Show what the address says; the same table with other filters keeps its view. */
async function show(app, main, side) {
  const route = parse(location.hash);
  if (route.view === "home" && app.schema.tables.length) return app.go({ view: "table", table: app.schema.tables[0].key }, { replace: true });
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
    replace(main, refusal(error));
  }
  return undefined;
}

async function make(app, route) {
  if (route.view === "table" && route.tab === "structure") return (await import("./structure.js")).structureView(app, await app.table(route.table));
  if (route.view === "table") return tableView(app, await app.table(route.table));
  if (LAZY[route.view]) return (await import(LAZY[route.view])).view(app);
  return { element: h("div", { class: "empty" }, h("h1", {}, "No tables yet"), h("p", {}, "Type in a terminal: "), h("pre", {}, "dbtool migrate --name init")) };
}

function refusal(error) {
  return h("div", { class: "empty", role: "alert" }, h("h1", {}, error.message), error.hint && h("pre", {}, error.hint));
}

/** Keys that work wherever the focus is, and the warning before a tab with staged changes is closed. */
function listen(app, follow) {
  const stopping = new AbortController();
  const { signal } = stopping;
  for (const name of ["hashchange", "routechange"]) window.addEventListener(name, follow, { signal });
  window.addEventListener("beforeunload", (event) => {
    if (app.store.count()) event.preventDefault();
  }, { signal });
  window.addEventListener("keydown", (event) => {
    const action = (event.ctrlKey || event.metaKey) && !event.altKey && { k: () => openPalette(app), s: () => app.save() }[event.key.toLowerCase()];
    if (event.key === "?" && !typing(event.target)) help();
    if (!action) return;
    event.preventDefault();
    action();
  }, { signal });
  return () => stopping.abort();
}

function typing(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.closest?.("[role=grid]");
}

async function openPalette(app) {
  (await import("./palette.js")).palette(app, { theme: toggleTheme, help });
}

async function help() {
  const { keys } = await import("./palette.js");
  dialog("Keys", h("dl", { class: "keys" }, keys.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])));
}

function toggleTheme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  theme(dark ? "light" : "dark");
  localStorage.setItem("dbtool.theme", dark ? "light" : "dark");
}

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
}
