/** Filter pills: column, operator, value. The value has the focus at once, Enter applies, Escape takes back. */

import { h, icon, iconButton, replace } from "./dom.js";

/** Draw pills into a bar; `onchange` is told of every change, `add` begins a filter, `set` shows others. */
export function filterBar(element, table, onchange) {
  const state = { filters: [], editing: -1, draft: null };
  const draw = (change = {}) => {
    Object.assign(state, change);
    const shown = state.filters.map((filter, at) => (at === state.editing ? form(table, state.draft, done(at), cancel) : pill(table, filter, () => draw({ editing: at, draft: { ...filter } }), () => apply(state.filters.toSpliced(at, 1)))));
    replace(element, shown,
      state.editing === state.filters.length && form(table, state.draft, done(state.editing), cancel),
      h("button", { class: "quiet", onclick: () => add() }, icon("filter"), "Filter"),
      state.filters.length > 1 && h("button", { class: "quiet", onclick: () => apply([]) }, "Clear"));
    element.querySelector("[data-first]")?.focus();
  };
  const apply = (next) => {
    draw({ filters: next, editing: -1 });
    onchange(next);
  };
  const done = (at) => (filter) => apply(state.filters.toSpliced(at, 1, filter));
  const cancel = () => {
    draw({ editing: -1 });
    element.querySelector("button.quiet").focus();
  };
  const add = (name) => {
    const column = table.columns.find((each) => each.name === name) ?? likely(table);
    draw({ editing: state.filters.length, draft: { column: column.name, operator: column.operators[0].id, values: [] } });
  };
  return { add, set: (next) => draw({ filters: next, editing: -1 }) };
}

/** What can be filtered by: the columns, and the relations by the natural keys of their rows. */
function subjects({ columns, references, reference_operators: operators }) {
  const relations = references.filter(({ name }) => !columns.some((column) => column.name === name));
  return [...columns.map((column) => ({ ...column, label: column.name })), ...relations.map(({ name }) => ({ name, label: `${name} →`, operators }))].filter((subject) => subject.operators.length > 0);
}

function likely({ columns, natural_key: names }) {
  return columns.find(({ name, references }) => names.includes(name) && !references) ?? columns.find(({ kind }) => kind === "text") ?? columns[0];
}

function pill(table, { column, operator: id, values }, onedit, onremove) {
  const operator = subjects(table).find(({ name }) => name === column)?.operators.find((each) => each.id === id);
  const text = `${column} ${operator?.label ?? id} ${values.join(operator?.values === 2 ? " and " : ", ")}`.trim();
  return h("span", { class: "pill" }, h("button", { title: "Change this filter", onclick: onedit }, text), iconButton("close", `Remove the filter ${text}`, onremove));
}

function form(table, draft, ondone, oncancel) {
  const all = subjects(table);
  const subject = () => all.find(({ name }) => name === draft.column) ?? all[0];
  const operator = () => subject().operators.find(({ id }) => id === draft.operator) ?? subject().operators[0];
  const read = () => {
    const values = [...element.querySelectorAll("[data-value]")].map(({ value }) => value);
    return operator().values === -1 ? values[0].split(",").map((part) => part.trim()).filter(Boolean) : values;
  };
  const submit = (event) => {
    event.preventDefault();
    ondone({ ...draft, values: read() });
  };
  const draw = (change = {}) => {
    Object.assign(draft, change);
    draft.operator = operator().id;
    const none = operator().values === 0 && { first: "" };
    replace(element,
      select("Column", all.map(({ name, label }) => [name, label]), draft.column, (column) => draw({ column })),
      select("Operator", subject().operators.map(({ id, label }) => [id, label]), draft.operator, (id) => draw({ operator: id })),
      Array.from({ length: Math.abs(operator().values) }, (_, at) => field(subject(), operator(), draft.values, at)),
      h("button", { type: "submit", class: "icon-button", title: "Apply (Enter)", "aria-label": "Apply", dataset: none || {} }, icon("check")),
      iconButton("close", "Do not filter (Esc)", oncancel));
    element.querySelector("[data-first]")?.focus();
  };
  const element = h("form", { class: "pill editing", onsubmit: submit, onkeydown: (event) => event.key === "Escape" && oncancel() });
  draw();
  return element;
}

function field({ kind, members }, { id, values: count }, values, at) {
  const many = count === -1;
  const attributes = { "aria-label": many ? "Values, separated by commas" : at ? "and" : "Value", dataset: at ? { value: "" } : { value: "", first: "" } };
  const known = members ?? (kind === "boolean" && ["true", "false"]);
  if (known && ["eq", "ne"].includes(id)) return select(attributes["aria-label"], known.map((member) => [member, member]), values[at] ?? known[0], () => {}, attributes.dataset);
  return h("input", { ...attributes, placeholder: many ? "a, b, c" : "", value: many ? values.join(", ") : (values[at] ?? "") });
}

function select(label, options, chosen, onchange, dataset = {}) {
  return h("select", { "aria-label": label, dataset, onchange: (event) => onchange(event.target.value) }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}
