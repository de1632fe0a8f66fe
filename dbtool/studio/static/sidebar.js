/** The tables with their counts, a field to find one, and the ways to the other views. */

import { api } from "./api.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { format } from "./route.js";

const BATCH = 50;
const VIEWS = [["diagram", "Diagram", "diagram"], ["sql", "SQL", "sql"], ["migrations", "Migrations", "migrations"]];

/** @returns {{element: HTMLElement, mark: (route: any) => void}} */
export function sidebar(app, { theme, palette }) {
  const { schema } = app;
  const counts = new Map();
  const list = h("ul", { class: "tables" });
  const field = h("input", { type: "search", placeholder: `Find in ${schema.tables.length} tables`, "aria-label": "Find a table", oninput: () => draw() });
  const views = h("ul", { class: "views" });
  let current = app.route;

  const draw = () => {
    const wanted = field.value.trim().toLowerCase();
    const shown = schema.tables.filter((table) => matches(table, wanted));
    replace(list, shown.map((table) => item(table, counts.get(table.key), current, app.store)), shown.length === 0 && h("li", { class: "dim" }, "No table is called that"));
    replace(views, VIEWS.map(([view, label, drawing]) => h("li", {}, h("a", { href: format({ view }), "aria-current": current.view === view ? "page" : null }, icon(drawing), label))));
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector("a")?.click();
    if (event.key === "ArrowDown") list.querySelector("a")?.focus();
  });
  list.addEventListener("keydown", (event) => walk(event, list));
  app.store.subscribe(draw);
  readCounts(schema.tables, counts, draw);
  const element = h("nav", { class: "sidebar", "aria-label": "Tables and views" },
    h("header", {}, h("h1", {}, icon("database"), schema.project), h("p", { class: "dim", title: schema.database }, schema.database),
      schema.read_only && h("p", { class: "badge" }, "read-only")),
    h("div", { class: "find" }, field, iconButton("search", "Command palette (Ctrl+K)", palette)),
    list,
    schema.missing.length > 0 && h("p", { class: "dim missing", title: "dbtool migrate" }, `not in the database yet: ${schema.missing.join(", ")}`),
    h("footer", {}, views, iconButton("moon", "Light or dark", theme)));
  return {
    element,
    mark: (route) => {
      current = route;
      draw();
    },
  };
}

function matches(table, wanted) {
  return table.key.toLowerCase().includes(wanted) || (table.model ?? "").toLowerCase().includes(wanted);
}

function item(table, count, route, store) {
  const target = { view: "table", table: table.key };
  const chosen = route.view === "table" && route.table === table.key;
  const staged = changed(store, table.key);
  return h("li", {}, h("a", { href: format(target), title: table.comment ?? table.key, "aria-current": chosen ? "page" : null },
    icon(table.kind === "view" ? "view" : "table"),
    h("span", { class: table.known ? "name" : "name unknown" }, table.key),
    staged > 0 && h("span", { class: "staged", title: `${staged} staged` }, staged),
    h("span", { class: "count" }, words(count))));
}

function changed(store, key) {
  const { inserts, updates, deletes } = store.of(key);
  return inserts.length + updates.size + deletes.size;
}



/** Say a count in few letters: 9,412 or 10k+. */
export function words(count) {
  if (!count) return "";
  return count.exact ? count.count.toLocaleString("en") : `${Math.floor(count.count / 1000)}k+`;
}

async function readCounts(tables, counts, draw) {
  const wanted = tables.filter((table) => table.kind === "table").map((table) => table.key);
  for (let start = 0; start < wanted.length; start += BATCH) {
    try {
      const answer = await api("counts", { tables: wanted.slice(start, start + BATCH) });
      for (const [key, count] of Object.entries(answer.counts)) counts.set(key, count);
      draw();
    } catch {
      return; // counts are a comfort; what is wrong shows where rows are read
    }
  }
}

function walk(event, list) {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined || !links[to]) return;
  event.preventDefault();
  links[to].focus();
}
