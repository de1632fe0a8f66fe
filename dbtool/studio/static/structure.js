/** A table in words: columns, keys, constraints, and where it leads. */

import { h, icon } from "./dom.js";
import { format } from "./route.js";
import { tabs } from "./tableview.js";

/** @returns the view of a table's structure */
export function structureView(app, table) {
  return {
    table,
    accepts: (route) => route.view === "table" && route.tab === "structure",
    update: () => {},
    element: h("section", { class: "page structure" },
      h("header", { class: "toolbar" }, h("h2", {}, icon("table"), table.key), tabs(table.key, "structure"), h("span", { class: "space" }), table.model && h("span", { class: "badge" }, `model ${table.model}`)),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": `Structure of ${table.key}` },
        table.comment && h("p", {}, table.comment),
        table.reason && h("p", { class: "dim" }, `read-only: ${table.reason}`),
        columns(table),
        list("Relations", [...table.references.map((reference) => relation(reference.name, reference.target, reference.columns.join(", "))), ...table.back.map((back) => relation(back.name, back.table, back.many ? "many" : "one"))]),
        list("Constraints", table.constraints.map((text) => h("code", {}, text))),
        list("Indexes", table.indexes.map((text) => h("code", {}, text))))),
  };
}

function columns(table) {
  const head = ["column", "type", "null", "default", "", "comment"];
  return h("table", {}, h("caption", { class: "unseen" }, `Columns of ${table.key}`),
    h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text || h("span", { class: "unseen" }, "keys"))))),
    h("tbody", {}, table.columns.map((column) => h("tr", {},
      h("th", { scope: "row" }, column.name), h("td", {}, h("code", {}, column.type)), h("td", { class: "dim" }, column.nullable ? "NULL" : "not null"),
      h("td", {}, column.default.text && h("code", {}, column.default.text)), h("td", {}, marks(column, table)), h("td", { class: "dim" }, column.comment ?? "")))));
}

function marks(column, table) {
  const reference = table.references.find((each) => each.columns.includes(column.name));
  return [
    column.primary_key && h("span", { class: "badge" }, "primary key"),
    column.unique && !column.primary_key && h("span", { class: "badge" }, "unique"),
    column.indexed && !column.unique && !column.primary_key && h("span", { class: "badge" }, "index"),
    reference && h("a", { class: "badge", href: format({ view: "table", table: reference.target, tab: "structure" }) }, `→ ${reference.target}`),
  ];
}

function relation(name, target, note) {
  return [h("span", {}, name), " → ", h("a", { href: format({ view: "table", table: target, tab: "structure" }) }, target), h("span", { class: "dim" }, ` ${note}`)];
}

function list(title, items) {
  return items.length > 0 && [h("h3", {}, title), h("ul", {}, items.map((item) => h("li", {}, item)))];
}
