/** The tables with their counts, a field to find one, and the ways to the other views. */

import { api } from "./api.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { format } from "./route.js";

const BATCH = 50; // tables that are counted in one request
const VIEWS = [["diagram", "Diagram"], ["sql", "SQL"], ["migrations", "Migrations"]];

/** Make the sidebar; `mark` shows where the page is. */
export function sidebar({ schema, store, route: first }, { theme, palette }) {
  const counts = new Map();
  const list = h("ul", { class: "tables", onkeydown: (event) => walk(event, list) });
  const views = h("ul", { class: "views" });
  let route = first;
  const draw = () => {
    const wanted = field.value.trim().toLowerCase();
    const shown = schema.tables.filter(({ key, model }) => [key, model].some((name) => name?.toLowerCase().includes(wanted)));
    replace(list, shown.map((table) => item(table, counts.get(table.key), route.table === table.key, store)), shown.length === 0 && h("li", { class: "dim" }, "No table is called that"));
    replace(views, VIEWS.map(([view, label]) => h("li", {}, h("a", { href: format({ view }), "aria-current": route.view === view && "page" }, icon(view), label))));
  };
  const find = ({ key }) => {
    const link = list.querySelector("a");
    if (key === "Enter") link?.click();
    if (key === "ArrowDown") link?.focus();
  };
  const field = h("input", { type: "search", placeholder: `Find in ${schema.tables.length} tables`, "aria-label": "Find a table", oninput: draw, onkeydown: find });
  store.subscribe(draw);
  readCounts(schema.tables, counts, draw);
  return {
    element: h("nav", { class: "sidebar", "aria-label": "Tables and views" },
      h("header", {}, h("h1", {}, icon("database"), schema.project), h("p", { class: "dim", title: schema.database }, schema.environment ? `${schema.environment}: ${schema.database}` : schema.database), schema.read_only && h("p", { class: "badge", title: schema.protected || "" }, schema.protected ? "protected: read-only" : "read-only")),
      h("div", { class: "find" }, field, iconButton("search", "Command palette (Ctrl+K)", palette)),
      list,
      schema.missing.length > 0 && h("p", { class: "dim missing", title: "dbtool migrate" }, `not in the database yet: ${schema.missing.join(", ")}`),
      h("footer", {}, views, iconButton("moon", "Light or dark", theme))),
    mark: (now) => {
      route = now;
      draw();
    },
  };
}

function item({ key, kind, comment, known }, count, chosen, store) {
  const { inserts, updates, deletes } = store.of(key);
  const staged = inserts.length + updates.size + deletes.size;
  return h("li", {}, h("a", { href: format({ view: "table", table: key }), title: comment ?? key, "aria-current": chosen && "page" },
    icon(kind),
    h("span", { class: known ? "name" : "name unknown" }, key),
    staged > 0 && h("span", { class: "staged", title: `${staged} staged` }, staged),
    h("span", { class: "count" }, count && (count.exact ? count.count.toLocaleString("en") : `${Math.floor(count.count / 1000)}k+`))));
}

async function readCounts(tables, counts, draw) {
  const wanted = tables.filter(({ kind }) => kind === "table").map(({ key }) => key);
  for (let start = 0; start < wanted.length; start += BATCH) {
    const answer = await api("counts", { tables: wanted.slice(start, start + BATCH) });
    for (const [key, count] of Object.entries(answer.counts)) counts.set(key, count);
    draw();
  }
}

function walk(event, list) {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (!links[to]) return;
  event.preventDefault();
  links[to].focus();
}
