/** The panel beside the grid: one row whole, what it points at, and the rows that point at it. */

import { api } from "./api.js";
import { h, icon, iconButton, replace, toast } from "./dom.js";
import { format } from "./route.js";

/** Show a row, `{table, key}` or `{table, match}`; Escape closes the panel and the focus goes back. */
export async function peek(app, side, what) {
  const [table, record] = await Promise.all([app.table(what.table), api("record", what)]);
  const before = document.activeElement;
  const close = () => {
    replace(side);
    if (before?.isConnected) before.focus();
  };
  const panel = h("aside", { class: "peek", tabIndex: -1, "aria-label": `${table.key} ${record.label}` },
    h("header", {},
      h("div", {}, h("p", { class: "dim" }, table.key), h("h3", {}, record.label || record.key || "row")),
      iconButton("link", "Copy a link to this row", () => copyLink(table, record)),
      iconButton("close", "Close (Esc)", close)),
    h("dl", {}, table.columns.map((column, at) => field(app, side, table, record, column, at))),
    record.back.length > 0 && h("h4", {}, "Rows that point here"),
    h("ul", { class: "back" }, record.back.map((relation) => backReference(app, relation))));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  replace(side, panel);
  panel.focus();
}

/** Return the columns that find the row behind a reference, with their values here. */
export function matching(table, reference, cells) {
  return Object.fromEntries(reference.columns.map((name, at) => [reference.target_columns[at], cells[table.columns.findIndex((column) => column.name === name)]]));
}

function field(app, side, table, record, column, at) {
  const value = record.cells[at];
  const label = record.labels[column.name];
  const reference = value !== null && table.references.find((each) => each.columns.includes(column.name));
  const shown = h("span", { class: value ? "value" : "null" }, value === null ? "NULL" : value === "" ? "empty" : (label ?? value));
  const follow = () => peek(app, side, { table: reference.target, match: matching(table, reference, record.cells) });
  return [
    h("dt", { title: column.comment }, column.name, h("span", {}, column.kind)),
    h("dd", {},
      reference ? h("button", { class: "reference", onclick: follow, title: `Show this row of ${reference.target}` }, shown, label && h("span", { class: "dim" }, value), icon("follow")) : shown,
      record.cut[at] && h("span", { class: "dim" }, ` … ${record.cut[at].toLocaleString("en")} ${column.kind === "bytes" ? "bytes" : "characters"}`)),
  ];
}

function backReference(app, { name, table, filters, count, exact }) {
  const add = () => {
    app.store.insert(table, Object.fromEntries(filters.map((filter) => [filter.column, filter.values[0]])));
    app.go({ view: "table", table });
  };
  const direct = filters.length > 0 && filters.every((filter) => filter.operator === "eq");
  return h("li", {},
    h("a", { href: format({ view: "table", table, filters }) }, name, name !== table && h("span", { class: "dim" }, table), h("span", { class: "count" }, `${count.toLocaleString("en")}${exact ? "" : "+"}`)),
    direct && !app.schema.read_only && iconButton("add", `Add a row of ${table} that points here`, add));
}

async function copyLink(table, record) {
  await navigator.clipboard.writeText(`${location.origin}/${format({ view: "table", table: table.key, row: record.key })}`);
  toast("Copied a link to this row; it holds no key.");
}
