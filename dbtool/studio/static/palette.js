/** The command palette, Ctrl+K: every table, column and action by a few letters of its name. */

import { forgetToken } from "./api.js";
import { dialog, h, icon, replace } from "./dom.js";

export const keys = [
  ["Ctrl+K", "Command palette"], ["?", "This list"], ["Ctrl+S", "Save what is staged"],
  ["Ctrl+Z  Ctrl+Shift+Z", "Undo, redo"], ["Enter  F2", "Edit the cell"], ["Esc", "Cancel; close the panel"],
  ["Delete", "Set NULL"], ["F4", "Choose: the row of a reference, a member, a date"], ["Space", "Peek: the whole row, its relations"],
  ["Ctrl+C  Ctrl+X  Ctrl+V", "Copy, cut, paste; also with a spreadsheet"], ["Ctrl+D  Ctrl+R", "Fill down, fill right"],
  ["Ctrl+Enter", "Set all selected cells"], ["Ctrl+I", "New row"], ["Ctrl+Shift+D", "Duplicate rows"], ["Ctrl+-", "Delete rows"],
  ["Ctrl+Home  Ctrl+End", "First row, last row of the table"], ["Shift+F10", "Menu of the cell"],
];
const SHOWN = 60;

/** Open it. */
export function palette(app, { theme, help }) {
  const field = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "What to do", placeholder: "A table, a column, or something to do" });
  const list = h("ul", { role: "listbox", id: "palette-list", "aria-label": "Choices" });
  const shown = dialog("Command palette", h("div", { class: "palette" }, field, list), { className: "top" });
  const all = [...actions(app, theme, help), ...tables(app), ...columns(app)];
  const state = { found: all.slice(0, SHOWN), chosen: 0 };
  const run = (item) => {
    shown.close();
    item?.act();
  };
  const draw = () => {
    replace(list, state.found.map((item, at) => h("li", { role: "option", id: `palette-${at}`, "aria-selected": String(at === state.chosen), onclick: () => run(item) }, icon(item.icon), h("span", {}, item.label), h("span", { class: "dim" }, item.note))));
    field.setAttribute("aria-activedescendant", state.found.length ? `palette-${state.chosen}` : "");
    list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  };
  field.addEventListener("input", () => {
    Object.assign(state, { found: search(all, field.value), chosen: 0 });
    draw();
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") run(state.found[state.chosen]);
    else if (step) state.chosen = (state.chosen + step + state.found.length) % Math.max(1, state.found.length);
    else return;
    event.preventDefault();
    draw();
  });
  draw();
  field.focus();
}

/** Best first: beginning with the letters, then holding them, then holding them in order. */
export function search(items, typed) {
  const wanted = typed.trim().toLowerCase();
  const ranked = items.map((item) => [rank(item.label.toLowerCase(), wanted), item]).filter(([place]) => place < 3);
  return ranked.sort(([one], [other]) => one - other).slice(0, SHOWN).map(([, item]) => item);
}

function rank(label, wanted) {
  if (label.startsWith(wanted)) return 0;
  if (label.includes(wanted)) return 1;
  let at = 0;
  for (const letter of label) if (letter === wanted[at]) at += 1;
  return at === wanted.length ? 2 : 3;
}

function tables(app) {
  return app.schema.tables.map((table) => ({ icon: table.kind === "view" ? "view" : "table", label: table.key, note: table.comment ?? table.model ?? "", act: () => app.go({ view: "table", table: table.key }) }));
}

function columns(app) {
  const { table, pills } = app.view ?? {};
  if (!table || !pills) return [];
  const sorted = (column, descending) => () => app.go({ ...app.route, sort: [{ column: column.name, descending }], row: null });
  return table.columns.flatMap((column) => [
    ...(column.sortable ? [{ icon: "sortUp", label: `Sort by ${column.name}`, note: "ascending", act: sorted(column, false) }, { icon: "sortDown", label: `Sort by ${column.name}, descending`, note: "", act: sorted(column, true) }] : []),
    ...(column.operators.length ? [{ icon: "filter", label: `Filter by ${column.name}`, note: column.type, act: () => pills.add(column.name) }] : []),
  ]);
}

function actions(app, theme, help) {
  const { view, store } = app;
  const staged = store.count() > 0;
  const rows = view?.exportRows !== undefined;
  const writable = rows && view.table.editable && !app.schema.read_only;
  return [
    staged && ["save", "Save staged changes", "Ctrl+S", () => app.save()],
    staged && ["peek", "Review staged changes", "", () => app.review()],
    staged && ["undo", "Discard staged changes", "", () => store.clear()],
    writable && ["add", "Add a row", "Ctrl+I", () => view.grid.insertRow()],
    rows && ["download", "Export rows", "JSON, NDJSON, CSV", () => view.exportRows()],
    writable && ["upload", "Import rows", "CSV, JSON", () => view.importRows()],
    rows && ["first", "Go to the first rows", "Ctrl+Home", () => view.open({ start: true })],
    rows && ["last", "Go to the last rows", "Ctrl+End", () => view.open({ end: true })],
    view?.table && ["structure", "Structure of this table", "", () => app.go({ ...app.route, view: "table", table: view.table.key, tab: "structure" })],
    ["diagram", "Diagram of all tables", "", () => app.go({ view: "diagram" })],
    ["sql", "SQL console", "", () => app.go({ view: "sql" })],
    ["migrations", "Migrations", "", () => app.go({ view: "migrations" })],
    ["refresh", "Read everything again", "", () => app.reload()],
    ["moon", "Light or dark", "", theme],
    ["key", "Lock this tab", "forget the key", () => { forgetToken(); location.reload(); }],
    ["menu", "Keys", "?", help],
  ].filter(Boolean).map(([drawing, label, note, act]) => ({ icon: drawing, label, note, act }));
}
