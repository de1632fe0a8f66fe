/** Filter pills: column, operator, value. The value has the focus at once, Enter applies, Escape takes back. */

import { h, icon, iconButton, replace } from "./dom.js";

/**
 * @param {{table: any, filters: any[], onchange: (filters: any[]) => void}} given
 * @returns {{element: HTMLElement, add: (column?: string) => void, set: (filters: any[]) => void}}
 */
export function filterBar({ table, filters, onchange }) {
  const element = h("div", { class: "filters", role: "group", "aria-label": "Filters" });
  const state = { filters, editing: -1, draft: null };

  const draw = () => {
    replace(element,
      state.filters.map((filter, at) => (at === state.editing ? form(table, state.draft, done(at), cancel) : pill(table, filter, () => edit(at), () => apply(state.filters.filter((_, other) => other !== at))))),
      state.editing === state.filters.length && form(table, state.draft, done(state.filters.length), cancel),
      h("button", { type: "button", class: "quiet", onclick: () => add() }, icon("filter"), "Filter"),
      state.filters.length > 1 && h("button", { type: "button", class: "quiet", onclick: () => apply([]) }, "Clear"));
    element.querySelector("[data-first]")?.focus();
  };
  const apply = (next) => {
    Object.assign(state, { filters: next, editing: -1, draft: null });
    draw();
    onchange(next);
  };
  const done = (at) => (filter) => apply([...state.filters.slice(0, at), filter, ...state.filters.slice(at + 1)]);
  const cancel = () => {
    Object.assign(state, { editing: -1, draft: null });
    draw();
    element.querySelector("button.quiet")?.focus();
  };
  const edit = (at) => {
    Object.assign(state, { editing: at, draft: { ...state.filters[at] } });
    draw();
  };
  const add = (name) => {
    const column = table.columns.find((each) => each.name === name) ?? firstColumn(table);
    if (!column) return;
    Object.assign(state, { editing: state.filters.length, draft: { column: column.name, operator: column.operators[0].id, values: [] } });
    draw();
  };
  draw();
  return { element, add, set: (next) => { Object.assign(state, { filters: next, editing: -1 }); draw(); } };
}

/** What can be filtered: the columns, and the relations by the natural keys of their rows. */
function choices(table) {
  const relations = table.references.filter((reference) => !table.columns.some((column) => column.name === reference.name));
  const operators = [["eq", "=", 1], ["ne", "≠", 1], ["contains", "contains", 1], ["null", "is NULL", 0], ["not_null", "is not NULL", 0]];
  return [
    ...table.columns.map((column) => ({ name: column.name, label: column.name, column, operators: column.operators })),
    ...relations.map((reference) => ({ name: reference.name, label: `${reference.name} →`, column: null, operators: operators.map(([id, label, values]) => ({ id, label, values })) })),
  ].filter((choice) => choice.operators.length > 0);
}

function firstColumn(table) {
  const named = table.natural_key.map((name) => table.columns.find((column) => column.name === name && !column.references));
  return named.find(Boolean) ?? table.columns.find((column) => column.kind === "text") ?? table.columns[0];
}

function pill(table, filter, onedit, onremove) {
  const choice = choices(table).find((each) => each.name === filter.column);
  const operator = choice?.operators.find((each) => each.id === filter.operator);
  const text = `${filter.column} ${operator?.label ?? filter.operator} ${filter.values.join(operator?.values === 2 ? " and " : ", ")}`.trim();
  return h("span", { class: "pill" },
    h("button", { type: "button", title: "Change this filter", onclick: onedit }, text),
    iconButton("close", `Remove the filter ${text}`, onremove));
}

function form(table, draft, ondone, oncancel) {
  const known = choices(table);
  const element = h("form", { class: "pill editing", onsubmit: (event) => { event.preventDefault(); ondone({ ...draft, values: read() }); } });
  const choice = () => known.find((each) => each.name === draft.column) ?? known[0];
  const operator = () => choice().operators.find((each) => each.id === draft.operator) ?? choice().operators[0];
  const read = () => {
    const fields = [...element.querySelectorAll("[data-value]")].map((field) => field.value);
    return operator().values === -1 ? fields[0].split(",").map((part) => part.trim()).filter(Boolean) : fields;
  };
  const draw = () => {
    draft.operator = operator().id;
    replace(element,
      select("Column", known.map((each) => [each.name, each.label]), draft.column, (name) => { draft.column = name; draw(); }),
      select("Operator", choice().operators.map((each) => [each.id, each.label]), draft.operator, (id) => { draft.operator = id; draw(); }),
      fields(choice(), operator(), draft.values),
      h("button", { class: "icon-button", title: "Apply (Enter)", "aria-label": "Apply", dataset: operator().values === 0 ? { first: "" } : {} }, icon("check")),
      iconButton("close", "Do not filter (Esc)", oncancel));
    element.querySelector("[data-first]")?.focus();
  };
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      oncancel();
    }
  });
  draw();
  return element;
}

function fields(choice, operator, values) {
  const count = operator.values === -1 ? 1 : operator.values;
  return Array.from({ length: count }, (_, at) => field(choice, operator, values, at));
}

function field(choice, operator, values, at) {
  const first = at === 0 ? { first: "" } : {};
  const label = operator.values === -1 ? "Values, separated by commas" : at ? "and" : "Value";
  const members = choice.column?.members ?? (choice.column?.kind === "boolean" ? ["true", "false"] : null);
  if (members && operator.values === 1 && ["eq", "ne"].includes(operator.id)) {
    const chosen = values[at] ?? members[0];
    return h("select", { "aria-label": label, dataset: { value: "", ...first } }, members.map((member) => h("option", { value: member, selected: member === chosen }, member)));
  }
  const text = operator.values === -1 ? values.join(", ") : (values[at] ?? "");
  return h("input", { type: "text", "aria-label": label, placeholder: operator.values === -1 ? "a, b, c" : "", value: text, dataset: { value: "", ...first } });
}

function select(label, options, chosen, onchange) {
  return h("select", { "aria-label": label, onchange: (event) => onchange(event.target.value) },
    options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}
