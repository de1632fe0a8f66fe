/** The SQL console: one statement at a time, read-only unless told otherwise, its history kept in the project. */

import { api, isAborted } from "./api.js";
import { counted, h, icon, replace } from "./dom.js";
import { fixedWindow } from "./window.js";
import "./grid.js";

const DRAFT = "dbtool.sql";
const RIGHT = ["integer", "float", "decimal"];

/** Make the view. */
export async function view(app) {
  const field = h("textarea", { "aria-label": "SQL", spellcheck: "false", rows: 6, placeholder: "select * from …", value: sessionStorage.getItem(DRAFT) ?? "" });
  const write = h("input", { type: "checkbox", disabled: app.schema.read_only });
  const result = h("div", { class: "result" });
  const told = h("span", { class: "dim", role: "status" });
  const past = h("aside", { class: "history", "aria-label": "History" });
  let running = null;
  const put = (sql) => {
    field.value = sql;
    sessionStorage.setItem(DRAFT, sql);
    field.focus();
  };
  const remember = async () => drawHistory(past, (await api("sql/history")).entries, put);
  const run = async () => {
    const sql = (field.value.slice(field.selectionStart, field.selectionEnd) || field.value).trim();
    if (!sql) return field.focus();
    running?.abort();
    running = new AbortController();
    told.textContent = "running …";
    try {
      const found = await api("sql", { sql, write: write.checked, limit: 1000 }, { signal: running.signal });
      told.textContent = summary(found);
      show(result, found);
    } catch (error) {
      told.textContent = isAborted(error) ? "cancelled" : "";
      replace(result, isAborted(error) || h("pre", { class: "error", role: "alert" }, error.text));
    }
    write.checked = false;
    return remember();
  };
  field.addEventListener("input", () => sessionStorage.setItem(DRAFT, field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  });
  await remember();
  return {
    update: () => field.focus(),
    close: () => running?.abort(),
    element: h("section", { class: "page console" },
      h("header", { class: "toolbar" }, h("h2", {}, icon("sql"), "SQL"), h("span", { class: "space" }), app.schema.read_only && h("span", { class: "badge" }, "read-only")),
      h("div", { class: "editor" }, field,
        h("div", { class: "actions" },
          h("button", { class: "primary", title: "Run (Ctrl+Enter)", onclick: run }, icon("play"), "Run"),
          h("button", { onclick: () => running?.abort() }, "Cancel"),
          h("label", { class: "check", title: "Without it, the database itself refuses to change anything" }, write, "May write"),
          h("span", { class: "space" }), told)),
      h("div", { class: "body" }, result, past)),
  };
}

function summary({ rows, more, changed, ms }) {
  const what = typeof changed === "number" ? `${counted(changed, "row")} changed` : `${more ? "the first " : ""}${counted(rows.length, "row")}`;
  return `${what} · ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function show(result, found) {
  const columns = found.columns.map((name, at) => ({ name, kind: found.kinds[at], align: RIGHT.includes(found.kinds[at]) ? "right" : "left", sortable: false, operators: [] }));
  const grid = document.createElement("db-grid");
  replace(result, columns.length > 0 && grid);
  if (columns.length) grid.show({ table: { key: "result", columns, references: [], primary_key: [] }, window: fixedWindow(found.rows.map((cells) => ({ key: null, cells }))), store: null });
}

function drawHistory(past, entries, put) {
  const distinct = entries.filter(({ sql }, at) => sql !== entries[at - 1]?.sql);
  replace(past, h("h3", {}, "History"), distinct.length === 0 && h("p", { class: "dim" }, "What you run is kept in this project, in .dbtool/studio-history.jsonl."),
    h("ul", {}, distinct.map(({ sql, at, error }) => h("li", {}, h("button", { title: `${at}\n${sql}`, onclick: () => put(sql) }, h("code", { class: error && "warn" }, sql.replace(/\s+/g, " ").slice(0, 200)))))));
}
