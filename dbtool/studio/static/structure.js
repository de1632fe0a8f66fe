/** A table in words: columns, keys, constraints, and where it leads. */

import { h, icon } from "./dom.js";
import { format } from "./route.js";
import { tabs } from "./tableview.js";

/** Make the view of a table's structure. */
export function structureView(table) {
  const relations = [...table.references.map(({ name, target, columns }) => [name, target, columns.join(", ")]), ...table.back.map((back) => [back.name, back.table, back.many ? "many" : "one"])];
  return {
    element: h("section", { class: "page structure" },
      h("header", { class: "toolbar" }, h("h2", {}, icon(table.kind), table.key), tabs(table.key, "structure"), h("span", { class: "space" }), table.model && h("span", { class: "badge" }, `model ${table.model}`)),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": `Structure of ${table.key}` },
        h("p", {}, table.comment),
        table.reason && h("p", { class: "dim" }, `read-only: ${table.reason}`),
        columns(table),
        list("Relations", relations.map(([name, target, note]) => [`${name} → `, link(target, target), h("span", { class: "dim" }, ` ${note}`)])),
        list("Constraints", table.constraints.map((text) => h("code", {}, text))),
        list("Indexes", table.indexes.map((text) => h("code", {}, text))))),
  };
}

function columns(table) {
  const head = ["column", "type", "null", "default", "keys", "comment"];
  return h("table", {}, h("caption", { class: "unseen" }, `Columns of ${table.key}`),
    h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, table.columns.map((column) => h("tr", {},
      h("th", { scope: "row" }, column.name),
      [h("code", {}, column.type), column.nullable ? "NULL" : "not null", column.default.text && h("code", {}, column.default.text), marks(column, table), column.comment].map((cell) => h("td", {}, cell))))));
}

function marks(column, { references }) {
  const reference = references.find(({ columns: names }) => names.includes(column.name));
  const mark = column.primary_key ? "primary key" : column.unique ? "unique" : column.indexed && "index";
  return [mark && h("span", { class: "badge" }, mark), reference && link(reference.target, `→ ${reference.target}`, "badge")];
}

function link(table, text, name = "") {
  return h("a", { class: name, href: format({ view: "table", table, tab: "structure" }) }, text);
}

function list(title, items) {
  return items.length > 0 && [h("h3", {}, title), h("ul", {}, items.map((item) => h("li", {}, item)))];
}
