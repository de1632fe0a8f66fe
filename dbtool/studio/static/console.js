/** The SQL console: one statement at a time, read-only unless told otherwise, its history kept in the project. */

import { ApiError, api, isAborted } from "./api.js";
import { h, icon, replace } from "./dom.js";
import "./grid.js";
import { fixedWindow } from "./window.js";

const DRAFT = "dbtool.sql";

/** @returns the view */
export async function view(app) {
  const field = h("textarea", { "aria-label": "SQL", spellcheck: "false", rows: 6, placeholder: "select * from …", value: sessionStorage.getItem(DRAFT) ?? "" });
  const write = h("input", { type: "checkbox", disabled: app.schema.read_only });
  const result = h("div", { class: "result" });
  const told = h("span", { class: "dim", role: "status" });
  const past = h("aside", { class: "history", "aria-label": "History" });
  const state = { running: null };
  const parts = { app, field, write, result, told, past, state };
  field.addEventListener("input", () => sessionStorage.setItem(DRAFT, field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run(parts);
  });
  await drawHistory(parts);
  return {
    accepts: (route) => route.view === "sql",
    update: () => field.focus(),
    close: () => state.running?.abort(),
    element: h("section", { class: "page console" },
      h("header", { class: "toolbar" }, h("h2", {}, icon("sql"), "SQL"), h("span", { class: "space" }), app.schema.read_only && h("span", { class: "badge" }, "read-only")),
      h("div", { class: "editor" }, field,
        h("div", { class: "actions" },
          h("button", { type: "button", class: "primary", title: "Run (Ctrl+Enter)", onclick: () => run(parts) }, icon("play"), "Run"),
          h("button", { type: "button", onclick: () => state.running?.abort() }, "Cancel"),
          h("label", { class: "check", title: "Without it, the database itself refuses to change anything" }, write, "May write"),
          h("span", { class: "space" }), told)),
      h("div", { class: "body" }, result, past)),
  };
}

async function run(parts) {
  const { app, field, write, result, told, state } = parts;
  const sql = field.value.slice(...chosen(field)).trim();
  if (!sql) return field.focus();
  state.running?.abort();
  state.running = new AbortController();
  told.textContent = "running …";
  try {
    const found = await api("sql", { sql, write: write.checked, limit: 1000 }, { signal: state.running.signal });
    told.textContent = summary(found);
    show(result, found);
  } catch (error) {
    if (!isAborted(error) && !(error instanceof ApiError)) throw error;
    told.textContent = isAborted(error) ? "cancelled" : "";
    replace(result, h("pre", { class: "error", role: "alert" }, isAborted(error) ? "" : error.text));
  }
  write.checked = false;
  if (app.view) await drawHistory(parts);
  return undefined;
}

/** Only what is selected runs, where something is. */
function chosen(field) {
  return field.selectionStart === field.selectionEnd ? [0] : [field.selectionStart, field.selectionEnd];
}

function summary({ rows, more, changed, ms }) {
  const took = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (changed !== null && changed !== undefined) return `${changed} ${changed === 1 ? "row" : "rows"} changed · ${took}`;
  return `${more ? "the first " : ""}${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"} · ${took}`;
}

function show(result, found) {
  if (found.columns.length === 0) return replace(result);
  const grid = document.createElement("db-grid");
  const columns = found.columns.map((name, at) => plainColumn(name, found.kinds[at]));
  const window = fixedWindow(found.rows.map((cells) => ({ key: null, cells })));
  replace(result, grid);
  grid.show({ table: { key: "result", columns, references: [], editable: false, primary_key: [], natural_key: [], kind: "view" }, window, store: null, layout: null });
  return grid;
}

function plainColumn(name, kind) {
  const right = ["integer", "float", "decimal"].includes(kind);
  return { name, kind, type: kind, nullable: false, primary_key: false, unique: false, indexed: false, sortable: false, editable: false, required: false, multiline: false, align: right ? "right" : "left", members: null, comment: null, operators: [], references: null, media: false, default: { kind: "none", text: "" } };
}

async function drawHistory({ field, past }) {
  const { entries } = await api("sql/history").catch(() => ({ entries: [] }));
  const put = (entry) => {
    field.value = entry.sql;
    field.dispatchEvent(new Event("input"));
    field.focus();
  };
  replace(past, h("h3", {}, "History"), entries.length === 0 && h("p", { class: "dim" }, "What you run is kept in this project, in .dbtool/studio-history.jsonl."),
    h("ul", {}, entries.map((entry) => h("li", {}, h("button", { type: "button", title: `${entry.at}\n${entry.sql}`, onclick: () => put(entry) }, h("code", { class: entry.error ? "warn" : "" }, entry.sql.replace(/\s+/g, " ").slice(0, 200)))))));
}
