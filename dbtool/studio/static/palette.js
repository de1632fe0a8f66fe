/** The command palette, Ctrl+K: every table, column and action by a few letters of its name. */

import { forgetToken } from "./api.js";
import { choices, dialog, h, icon } from "./dom.js";

const KEYS = [
  ["Ctrl+K", "Command palette"], ["?", "This list"], ["Ctrl+S", "Save what is staged"],
  ["Ctrl+Z  Ctrl+Shift+Z", "Undo, redo"], ["Enter  F2", "Edit the cell"], ["Esc", "Cancel; close the panel"],
  ["Delete", "Set NULL"], ["F4", "Choose: the row of a reference, a member, a date"], ["Space", "Peek: the whole row, its relations"],
  ["Ctrl+C  Ctrl+X  Ctrl+V", "Copy, cut, paste; also with a spreadsheet"], ["Ctrl+D  Ctrl+R", "Fill down, fill right"],
  ["Ctrl+Enter", "Set all selected cells"], ["Ctrl+I", "New row"], ["Ctrl+Shift+D", "Duplicate rows"], ["Ctrl+-", "Delete rows"],
  ["Ctrl+Home  Ctrl+End", "First row, last row of the table"], ["Shift+F10", "Menu of the cell"],
];
const SHOWN = 60;

/** List the keys. */
export function help() {
  dialog("Keys", h("dl", { class: "keys" }, KEYS.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])));
}

/** Open it. */
export function palette(app, theme) {
  const field = h("input", { "aria-label": "What to do", placeholder: "A table, a column, or something to do" });
  const list = h("ul", { id: "palette-list", "aria-label": "Choices" });
  const close = dialog("Command palette", h("div", { class: "palette" }, field, list), "top");
  const choose = (item) => {
    close();
    item.act();
  };
  const show = choices(field, list, { draw: (item) => [icon(item.icon), h("span", {}, item.label), h("span", { class: "dim" }, item.note)], choose });
  const all = [...actions(app, theme), ...tables(app), ...columns(app)];
  field.addEventListener("input", () => show(search(all, field.value.trim().toLowerCase())));
  show(all.slice(0, SHOWN));
  field.focus();
}

/** Best first: beginning with the letters, then holding them, then holding them in order. */
function search(items, wanted) {
  const ranked = items.map((item) => [rank(item.label.toLowerCase(), wanted), item]).filter(([place]) => place < 3);
  return ranked.sort(([one], [other]) => one - other).slice(0, SHOWN).map(([, item]) => item);
}

function rank(label, wanted) {
  if (label.includes(wanted)) return label.startsWith(wanted) ? 0 : 1;
  let at = 0;
  for (const letter of label) if (letter === wanted[at]) at += 1;
  return at === wanted.length ? 2 : 3;
}

function tables(app) {
  return app.schema.tables.map(({ key, kind, comment, model }) => ({ icon: kind, label: key, note: comment ?? model, act: () => app.go({ view: "table", table: key }) }));
}

function columns(app) {
  const { table, pills } = app.view ?? {};
  if (!pills) return [];
  const sorted = (column, descending) => () => app.go({ ...app.route, sort: [{ column, descending }], row: null });
  return table.columns.flatMap(({ name, sortable, operators, type }) => [
    sortable && { icon: "sortUp", label: `Sort by ${name}`, act: sorted(name, false) },
    sortable && { icon: "sortDown", label: `Sort by ${name}, descending`, act: sorted(name, true) },
    operators.length > 0 && { icon: "filter", label: `Filter by ${name}`, note: type, act: () => pills.add(name) },
  ].filter(Boolean));
}

function actions(app, theme) {
  const { view, store } = app;
  const staged = store.count() > 0;
  const rows = Boolean(view?.pills);
  const writable = rows && view.table.editable;
  return [
    [staged, "save", "Save staged changes", "Ctrl+S", app.save],
    [staged, "peek", "Review staged changes", "", app.review],
    [staged, "undo", "Discard staged changes", "", () => store.clear()],
    [writable, "add", "Add a row", "Ctrl+I", () => view.grid.insertRow()],
    [rows, "download", "Export rows", "JSON, NDJSON, CSV", () => view.transfer("exportDialog")],
    [writable, "upload", "Import rows", "CSV, JSON", () => view.transfer("importDialog")],
    [rows, "first", "Go to the first rows", "Ctrl+Home", () => view.open({ start: true })],
    [rows, "last", "Go to the last rows", "Ctrl+End", () => view.open({ end: true })],
    [rows, "structure", "Structure of this table", "", () => app.go({ ...app.route, tab: "structure" })],
    [true, "diagram", "Diagram of all tables", "", () => app.go({ view: "diagram" })],
    [true, "sql", "SQL console", "", () => app.go({ view: "sql" })],
    [true, "migrations", "Migrations", "", () => app.go({ view: "migrations" })],
    [true, "refresh", "Read everything again", "", app.reload],
    [true, "moon", "Light or dark", "", theme],
    [true, "key", "Lock this tab", "forget the key", () => [forgetToken(), location.reload()]],
    [true, "menu", "Keys", "?", help],
  ].filter(([possible]) => possible).map(([, drawing, label, note, act]) => ({ icon: drawing, label, note, act }));
}
