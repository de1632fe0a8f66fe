/** Which columns are shown, and which stay in sight. */

import { h, iconButton, popover } from "./dom.js";

/** Open the list below its button. */
export function columnsMenu({ grid, table }, anchor) {
  const rows = table.columns.map(({ name }) => h("li", {},
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: !grid.isHidden(name), onchange: (event) => grid.hide(name, !event.target.checked) }), name),
    iconButton("pin", `Pin ${name}`, (event) => event.currentTarget.setAttribute("aria-pressed", String(grid.pin(name))), { "aria-pressed": String(grid.isPinned(name)) })));
  const field = h("input", { type: "search", placeholder: "Find a column", "aria-label": "Find a column", oninput: () => rows.forEach((row, at) => { row.hidden = !table.columns[at].name.includes(field.value); }) });
  const act = (change) => () => {
    change();
    close();
  };
  const close = popover(h("div", { class: "columnmenu", role: "dialog", "aria-label": "Columns" }, field, h("ul", {}, rows),
    h("div", { class: "actions" },
      h("button", { onclick: act(() => table.columns.forEach(({ name }) => grid.hide(name, false))) }, "Show all"),
      h("button", { onclick: act(() => grid.resetLayout()) }, "Reset"))), anchor, () => anchor.focus());
  field.focus();
}
