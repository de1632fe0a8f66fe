/** Choose the row that a foreign key points at: search by natural key, connect, or create. */

import { api, isAborted } from "./api.js";
import { choices, h, icon, popover, toast } from "./dom.js";

const PATIENCE = 150; // milliseconds after the last letter

/** Open beside a cell; `done` gets {local column: text, null or {new: id}}, or nothing when it was closed. */
export function picker(app, table, { reference, anchor, text = "", done }) {
  const list = h("ul", { id: "picker-list", "aria-label": `Rows of ${reference.target}` });
  const field = h("input", { value: text, placeholder: `Search in ${reference.target}`, "aria-label": `Search in ${reference.target}` });
  let asking = null;
  let timer = 0;
  let chosen;
  const choose = (row) => {
    chosen = { values: row.create ? row.create() : row.values, label: row.label };
    close();
  };
  const show = choices(field, list, { draw: (row) => [row.create && icon("add"), h("span", {}, row.label), h("span", { class: "dim" }, row.note)], choose });
  const search = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const found = await api("lookup", { table: table.key, reference: reference.name, text: field.value, limit: 20 }, { signal: asking.signal });
      const rows = found.rows.map(({ label, values }) => ({ label: label || "(no name)", note: Object.values(values).join(", "), values }));
      const none = nothing(table, reference);
      show([...none, ...staged(app, reference, field.value), ...rows, ...creation(app, reference)], rows.length ? none.length : 0);
    } catch (error) {
      if (!isAborted(error)) throw error;
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PATIENCE);
  });
  const close = popover(h("div", { class: "picker" }, field, list), anchor, () => {
    asking?.abort();
    clearTimeout(timer);
    done(chosen?.values, chosen?.label);
  });
  field.focus();
  field.setSelectionRange(text.length, text.length);
  search();
}

function each(reference, value) {
  return Object.fromEntries(reference.columns.map((name) => [name, value]));
}

function nothing(table, reference) {
  const nullable = table.columns.every((column) => column.nullable || !reference.columns.includes(column.name));
  return nullable ? [{ label: "NULL", note: "points at nothing", values: each(reference, null) }] : [];
}

/** New rows of the target that are not saved yet can be pointed at as well. */
function staged(app, reference, text) {
  return app.store.of(reference.target).inserts
    .map(({ id, values }) => ({ label: Object.values(values).find((value) => typeof value === "string") ?? id, note: "new, not saved yet", values: each(reference, { new: id }) }))
    .filter((row) => row.label.toLowerCase().includes(text.toLowerCase()));
}

function creation(app, reference) {
  if (app.known(reference.target)?.kind !== "table") return [];
  const create = () => {
    const id = app.store.insert(reference.target);
    toast(`A new row of ${reference.target} is staged; fill it in there before you save.`);
    return each(reference, { new: id });
  };
  return [{ label: `New row of ${reference.target} …`, note: "", create }];
}
