/** The panel beside the grid: one row whole, what it points at, and the rows that point at it. */

import { ApiError, api } from "./api.js";
import { h, icon, iconButton, replace, toast } from "./dom.js";
import { format } from "./route.js";

/**
 * Show a row beside the grid; Escape closes it, and the focus goes back.
 * @param {{table: string, key?: string, match?: Object<string, string>}} what
 */
export async function peek(app, side, what) {
  try {
    const [table, record] = await Promise.all([app.table(what.table), api("record", what)]);
    draw(app, side, table, record);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.text, "error");
  }
}

function draw(app, side, table, record) {
  const before = document.activeElement;
  const close = () => {
    replace(side);
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
  const panel = h("aside", { class: "peek", tabIndex: -1, "aria-label": `${table.key} ${record.label}` },
    h("header", {},
      h("div", {}, h("p", { class: "dim" }, table.key), h("h3", {}, record.label || record.key || "row")),
      iconButton("link", "Copy a link to this row", () => copyLink(table, record)),
      iconButton("close", "Close (Esc)", close)),
    h("dl", {}, table.columns.map((column, at) => field(app, side, table, record, column, at))),
    record.back.length > 0 && h("h4", {}, "Rows that point here"),
    h("ul", { class: "back" }, record.back.map((relation) => backReference(app, table, record, relation))));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  replace(side, panel);
  panel.focus();
}

function field(app, side, table, record, column, at) {
  const value = record.cells[at];
  const reference = table.references.find((each) => each.columns.includes(column.name));
  const label = record.labels[column.name];
  const shown = value === null ? h("span", { class: "null" }, "NULL") : value === "" ? h("span", { class: "null" }, "empty") : h("span", { class: "value" }, label ?? value);
  const length = record.cut?.[at];
  const follow = () => peek(app, side, { table: reference.target, match: Object.fromEntries(reference.columns.map((name, index) => [reference.target_columns[index], record.cells[table.columns.findIndex((each) => each.name === name)]])) });
  return [
    h("dt", { title: column.comment ?? "" }, column.name, h("span", { class: "kind" }, column.kind)),
    h("dd", {}, reference && value !== null ? h("button", { type: "button", class: "reference", onclick: follow, title: `Show this row of ${reference.target}` }, shown, label && h("span", { class: "dim" }, value), icon("follow")) : shown,
      length && h("span", { class: "dim" }, ` … ${length.toLocaleString("en")} ${column.kind === "bytes" ? "bytes" : "characters"}`)),
  ];
}

function backReference(app, table, record, relation) {
  const number = `${relation.count.toLocaleString("en")}${relation.exact ? "" : "+"}`;
  const add = () => {
    const values = Object.fromEntries(relation.filter.filter((filter) => filter.operator === "eq").map((filter) => [filter.column, filter.values[0]]));
    app.store.insert(relation.table, values);
    app.go({ view: "table", table: relation.table });
  };
  const target = app.known(relation.table);
  const direct = relation.filter.length > 0 && relation.filter.every((filter) => filter.operator === "eq");
  return h("li", {},
    h("a", { href: format({ view: "table", table: relation.table, filters: relation.filter }) },
      h("span", {}, relation.name), relation.name !== relation.table && h("span", { class: "dim" }, relation.table), h("span", { class: "count" }, number)),
    direct && target?.kind === "table" && !app.schema.read_only && iconButton("add", `Add a row of ${relation.table} that points here`, add));
}

async function copyLink(table, record) {
  const address = `${location.origin}/${format({ view: "table", table: table.key, row: record.key })}`;
  try {
    await navigator.clipboard.writeText(address);
    toast("Copied a link to this row; it holds no key.");
  } catch {
    toast(address);
  }
}
