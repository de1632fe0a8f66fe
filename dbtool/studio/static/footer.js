/** Below the rows: how many there are, ways through them, and what is staged. */

import { h, icon, iconButton, replace } from "./dom.js";

/** @returns {{element: HTMLElement, draw: () => void, say: (text: string) => void}} */
export function footer(app, { table, rows, open, count }) {
  const position = h("span", { class: "position" });
  const staged = h("div", { class: "staging", role: "group", "aria-label": "Staged changes" });
  const go = goTo(table, open);
  const draw = () => {
    position.textContent = told(rows, count());
    replace(staged, app.schema.read_only ? null : stagedButtons(app));
  };
  const element = h("footer", { class: "footer" },
    h("div", { class: "walk", role: "group", "aria-label": "Places" },
      iconButton("first", "First rows (Ctrl+Home)", () => open({ start: true })),
      iconButton("last", "Last rows (Ctrl+End)", () => open({ end: true })),
      go),
    position,
    h("span", { class: "space" }),
    staged);
  draw();
  return { element, draw, say: (text) => { position.textContent = text; } };
}

/** Go to a value of the first sort column, or with # to the number of a row. */
function goTo(table, open) {
  if (table.kind === "view") return null;
  const submit = (event) => {
    event.preventDefault();
    const text = event.target.elements.goto.value.trim();
    const number = /^#\s*([\d,]+)$/.exec(text);
    if (number) open({ number: Math.max(0, Number(number[1].replaceAll(",", "")) - 1) });
    else if (text) open({ value: text });
  };
  return h("form", { class: "goto", onsubmit: submit },
    h("input", { name: "goto", "aria-label": "Go to a value of the column that is sorted by, or to a row by its number: #500", placeholder: "Go to value or #row", title: "A value of the column that is sorted by, or #500 for row 500" }));
}

function told(rows, count) {
  const total = count ? `${count.exact ? "" : "more than "}${count.count.toLocaleString("en")} ${count.count === 1 ? "row" : "rows"}` : "counting …";
  const slow = rows.page?.indexed === false && (count?.count ?? 0) > 10_000 ? " · sorted without an index" : "";
  const took = rows.page?.ms === undefined ? "" : ` · ${rows.page.ms < 10 ? rows.page.ms.toFixed(1) : Math.round(rows.page.ms)} ms`;
  return total + slow + took;
}

function stagedButtons(app) {
  const { store } = app;
  const number = store.count();
  return [
    number > 0 && h("strong", {}, `${number} ${number === 1 ? "change" : "changes"}`),
    iconButton("undo", "Undo (Ctrl+Z)", () => store.undo(), { disabled: !store.canUndo }),
    iconButton("redo", "Redo (Ctrl+Shift+Z)", () => store.redo(), { disabled: !store.canRedo }),
    number > 0 && [
      h("button", { type: "button", onclick: () => store.clear() }, "Discard"),
      h("button", { type: "button", onclick: () => app.review() }, "Review"),
      h("button", { type: "button", class: "primary", onclick: () => app.save(), title: "Save (Ctrl+S)" }, icon("save"), "Save"),
    ],
  ];
}
