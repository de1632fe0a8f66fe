/** Which columns are shown, and which stay in sight. */

import { complete, hide, pin, reveal, unpin } from "./columns.js";
import { h, iconButton } from "./dom.js";
import { place } from "./picker.js";

/** Open the list below its button. */
export function columnsMenu({ grid, table }, anchor) {
  const rows = table.columns.map((column) => item(grid, column.name));
  const find = (event) => rows.forEach((row, at) => { row.hidden = !table.columns[at].name.includes(event.target.value); });
  const show = (layout) => () => {
    grid.arrange(layout());
    close();
  };
  const element = h("div", { class: "popover columnmenu", role: "dialog", "aria-label": "Columns" },
    h("input", { type: "search", placeholder: "Find a column", "aria-label": "Find a column", oninput: find }),
    h("ul", {}, rows),
    h("div", { class: "actions" },
      h("button", { type: "button", onclick: show(() => ({ ...grid.sheet.layout, hidden: [] })) }, "Show all"),
      h("button", { type: "button", onclick: show(() => complete(table, null)) }, "Reset")));
  const close = () => {
    document.removeEventListener("mousedown", outside, true);
    element.remove();
    anchor.focus();
  };
  const outside = (event) => {
    if (!element.contains(event.target) && !anchor.contains(event.target)) close();
  };
  element.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("mousedown", outside, true);
  document.body.append(element);
  place(element, anchor);
  element.querySelector("input").focus();
}

function item(grid, name) {
  const { layout } = grid.sheet;
  const shown = (event) => grid.arrange((event.target.checked ? reveal : hide)(grid.sheet.layout, name));
  const pinned = (event) => {
    const now = grid.sheet.layout.pinned.includes(name);
    grid.arrange((now ? unpin : pin)(grid.sheet.layout, name));
    event.currentTarget.setAttribute("aria-pressed", String(!now));
  };
  return h("li", {},
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: !layout.hidden.includes(name), onchange: shown }), name),
    iconButton("pin", `Pin ${name}`, pinned, { "aria-pressed": String(layout.pinned.includes(name)) }));
}
