/** Choose the row that a foreign key points at: search by natural key, connect, or create. */

import { api, isAborted } from "./api.js";
import { h, icon, replace, toast } from "./dom.js";

const PATIENCE = 150; // milliseconds after the last letter

/**
 * Open below a cell; `done` gets {local column: text, null or {new: id}}, or nothing when it was closed.
 * @param {{reference: any, anchor: HTMLElement, text?: string, done: (values?: any) => void}} wanted
 */
export function picker(app, table, { reference, anchor, text = "", done }) {
  const state = { rows: [], chosen: 0, asking: null, timer: 0 };
  const list = h("ul", { role: "listbox", id: "picker-list", "aria-label": `Rows of ${reference.target}` });
  const field = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "picker-list", "aria-autocomplete": "list", value: text, placeholder: `Search in ${reference.target}`, "aria-label": `Search in ${reference.target}` });
  const element = h("div", { class: "picker popover" }, field, list);
  const finish = (values) => {
    state.asking?.abort();
    clearTimeout(state.timer);
    document.removeEventListener("mousedown", outside, true);
    element.remove();
    done(values);
  };
  const outside = (event) => {
    if (!element.contains(event.target)) finish();
  };
  const draw = () => drawChoices(list, field, state, finish);
  const search = () => ask(app, table, reference, field.value, state).then(draw);
  field.addEventListener("input", () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(search, PATIENCE);
  });
  element.addEventListener("keydown", (event) => key(event, state, draw, finish));
  document.addEventListener("mousedown", outside, true);
  document.body.append(element);
  place(element, anchor);
  field.focus();
  field.setSelectionRange(text.length, text.length);
  search();
}

async function ask(app, table, reference, text, state) {
  state.asking?.abort();
  state.asking = new AbortController();
  const staged = stagedRows(app, table, reference, text);
  const nullable = reference.columns.every((name) => table.columns.find((column) => column.name === name).nullable);
  try {
    const { rows } = await api("lookup", { table: table.key, reference: reference.name, text, limit: 20 }, { signal: state.asking.signal });
    state.rows = [
      ...(nullable ? [{ label: "NULL", note: "points at nothing", values: Object.fromEntries(reference.columns.map((name) => [name, null])), dim: true }] : []),
      ...staged,
      ...rows.map((row) => ({ label: row.label, note: Object.values(row.values).join(", "), values: row.values })),
      ...creation(app, reference),
    ];
    state.chosen = Math.min(nullable && state.rows.length > 1 ? 1 : 0, state.rows.length - 1);
  } catch (error) {
    if (!isAborted(error)) toast(error.text ?? String(error), "error");
  }
}

/** New rows of the target that are not saved yet can be pointed at as well. */
function stagedRows(app, table, reference, text) {
  return app.store.of(reference.target).inserts
    .map((row) => ({ label: Object.values(row.values).find((value) => typeof value === "string") ?? row.id, note: "new, not saved yet", values: Object.fromEntries(reference.columns.map((name) => [name, { new: row.id }])) }))
    .filter((row) => row.label.toLowerCase().includes(text.toLowerCase()));
}

function creation(app, reference) {
  if (app.known(reference.target)?.kind !== "table") return [];
  const create = () => Object.fromEntries(reference.columns.map((name) => [name, { new: create.id }]));
  return [{ label: `New row of ${reference.target} …`, note: "", create: () => {
    create.id = app.store.insert(reference.target, {});
    toast(`A new row of ${reference.target} is staged; fill it in there before you save.`);
    return create();
  } }];
}

function drawChoices(list, field, state, finish) {
  replace(list, state.rows.map((row, at) => h("li", { role: "option", id: `picker-${at}`, "aria-selected": String(at === state.chosen), class: row.dim ? "dim" : "", onmousedown: (event) => { event.preventDefault(); finish(row.create?.() ?? row.values); } },
    row.create && icon("add"), h("span", {}, row.label || "(no name)"), h("span", { class: "dim" }, row.note))));
  if (state.rows.length === 0) replace(list, h("li", { class: "dim" }, "no row is called that"));
  field.setAttribute("aria-activedescendant", `picker-${state.chosen}`);
  list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
}

function key(event, state, draw, finish) {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (step) {
    state.chosen = Math.max(0, Math.min(state.rows.length - 1, state.chosen + step));
    draw();
  } else if (event.key === "Enter" || event.key === "Tab") {
    const row = state.rows[state.chosen];
    if (row) finish(row.create?.() ?? row.values);
  } else if (event.key === "Escape") finish();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Put a popover below its anchor, or above it where there is no room. */
export function place(element, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const below = at.bottom + height < innerHeight || at.top < height;
  element.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 8))}px`;
  element.style.top = `${Math.max(4, below ? Math.min(at.bottom + 2, innerHeight - height - 4) : at.top - height - 2)}px`;
}
