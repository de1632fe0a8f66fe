/** Elements from data: text is only ever text, so names and values of a database cannot become markup. */

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "tabIndex", "readOnly", "indeterminate"]);

/**
 * Make an element. Functions named `on…` become listeners, `dataset` data attributes; null and false are left out.
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  for (const [name, value] of Object.entries(attributes)) give(element, name, value);
  append(element, children);
  return element;
}

/** Put these children where others were. */
export function replace(element, ...children) {
  element.textContent = "";
  append(element, children);
  return element;
}

/** Draw an icon, which says nothing to a screen reader: its button has a label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const data of PATHS[name] ?? []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}

/** Make a button with an icon; its label is what a screen reader says and the tooltip shows. */
export function iconButton(name, label, onclick, attributes = {}) {
  return h("button", { class: "icon-button", title: label, "aria-label": label, onclick, ...attributes }, icon(name));
}

/** Say something to a screen reader without moving the focus. */
export function announce(text) {
  const region = document.getElementById("live");
  if (region) region.textContent = text;
}

/** Show a message for some seconds; an error stays until it is closed. */
export function toast(text, level = "info") {
  const holder = document.getElementById("toasts");
  if (!holder) return;
  const close = () => element.remove();
  const element = h("div", { class: `toast ${level}`, role: level === "error" ? "alert" : "status" }, h("span", {}, text), iconButton("close", "Close this message", close));
  holder.append(element);
  if (level !== "error") setTimeout(close, 6000);
}

/** Show a dialog; Escape and the backdrop close it, and the focus returns to where it was. Answers what closes it. */
export function dialog(title, body, className = "") {
  const close = () => element.close();
  const before = document.activeElement;
  const closed = () => {
    element.remove();
    before?.focus();
  };
  const element = h("dialog", { class: `dialog ${className}`, "aria-label": title, onclose: closed, onmousedown: (event) => event.target === element && close() },
    h("header", {}, h("h2", {}, title), iconButton("close", "Close", close)), body);
  document.body.append(element);
  element.showModal();
  return close;
}

/** Show something beside an element until Escape or a click elsewhere closes it. Answers what closes it. */
export function popover(element, anchor, onclose = () => {}) {
  const close = () => {
    document.removeEventListener("mousedown", outside, true);
    element.remove();
    onclose();
  };
  const outside = (event) => element.contains(event.target) || anchor.contains(event.target) || close();
  element.classList.add("popover");
  element.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("mousedown", outside, true);
  document.body.append(element);
  const at = anchor.getBoundingClientRect();
  const below = at.bottom + element.offsetHeight < innerHeight || at.top < element.offsetHeight;
  element.style.left = `${Math.max(4, Math.min(at.left, innerWidth - element.offsetWidth - 8))}px`;
  element.style.top = `${Math.max(4, below ? Math.min(at.bottom + 2, innerHeight - element.offsetHeight - 4) : at.top - element.offsetHeight - 2)}px`;
  return close;
}

/** Draw choices into a listbox that a field of type combobox steers; answers what draws them anew. */
export function choices(field, list, { draw, choose }) {
  const state = { items: [], at: 0 };
  const show = () => {
    replace(list, state.items.map((item, at) => h("li", { role: "option", id: `${list.id}-${at}`, "aria-selected": String(at === state.at), onmousedown: (event) => event.preventDefault(), onclick: () => choose(item) }, draw(item))));
    field.setAttribute("aria-activedescendant", state.items.length ? `${list.id}-${state.at}` : "");
    list.children[state.at]?.scrollIntoView({ block: "nearest" });
  };
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": list.id })) field.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (event.key === "Enter" && state.items[state.at]) choose(state.items[state.at]);
    else if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    state.at = Math.max(0, Math.min(state.items.length - 1, state.at + (step ?? 0)));
    show();
  });
  return (items, at = 0) => {
    Object.assign(state, { items, at });
    show();
  };
}

/** Say how many: `1 row`, `9,412 rows`. */
export function counted(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

function give(element, name, value) {
  if (value === null || value === undefined || value === false) return; // so that a condition can stand for an attribute
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

function append(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || typeof child === "boolean") continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Drawings on a field of 16 by 16, stroked in the colour of the text. */
const PATHS = {
  add: ["M8 3v10M3 8h10"],
  asset: ["M3 3h10v10H3zM3 11l3-3 2 2 3-4 2 3", "M6 6h.01"],
  back: ["M10 3 5 8l5 5"],
  check: ["m3 8.5 3.2 3.2L13 5"],
  close: ["m4 4 8 8M12 4l-8 8"],
  columns: ["M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"],
  copy: ["M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"],
  database: ["M3 4c0-2.4 10-2.4 10 0s-10 2.4-10 0v8c0 2.4 10 2.4 10 0V4M3 8c0 2.4 10 2.4 10 0"],
  diagram: ["M2 3h5v4H2zM9 9h5v4H9zM4.5 7v4H9"],
  download: ["M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10"],
  edit: ["m3 13 .6-2.9L10.8 3l2.2 2.2-7.1 7.2z"],
  filter: ["M2.5 4h11M4.5 8h7M6.5 12h3"],
  first: ["M4 3v10M12 3 7 8l5 5"],
  follow: ["M4 12 12 4M6 4h6v6"],
  history: ["M8 4.5V8l2.5 1.5M2.6 8a5.4 5.4 0 1 0 1.6-3.8L2.6 5.7M2.6 2.6v3.1h3.1"],
  key: ["M10.2 2.5a3.3 3.3 0 1 1-2.4 5.6L3 13v.5h2.5V12H7v-1.5h1.2l.9-.9", "M10.8 5h.01"],
  last: ["M12 3v10M4 3l5 5-5 5"],
  link: ["M6.5 9.5 9.5 6.5M7 4.5l1.6-1.6a3.1 3.1 0 0 1 4.4 4.4L11.5 9M9 11.5l-1.6 1.6A3.1 3.1 0 0 1 3 8.7L4.5 7"],
  menu: ["M3 4.5h10M3 8h10M3 11.5h10"],
  migrations: ["M4 2.5v11M4 5h5v3h3v3", "M12 11.5h.01"],
  minus: ["M3 8h10"],
  moon: ["M13 9.4A5.6 5.6 0 0 1 6.6 3 5.6 5.6 0 1 0 13 9.4z"],
  more: ["M3.5 8h.01M8 8h.01M12.5 8h.01"],
  next: ["m6 3 5 5-5 5"],
  open: ["M9 2.5h4.5V7M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4"],
  peek: ["M1.5 8c3-5.4 10-5.4 13 0-3 5.4-10 5.4-13 0z", "M6.2 8a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 1 0-3.6 0z"],
  pin: ["M5.5 2.5h5M6.5 2.5v4l-2 2.5h7l-2-2.5v-4M8 9v4.5"],
  play: ["M4.5 3v10l8-5z"],
  redo: ["M13 4v4H9M13 8c-2-4.5-9.5-4.5-9.5 1.5 0 2 1.5 3.5 3.5 3.5"],
  refresh: ["M13.3 8A5.3 5.3 0 1 1 11.5 4M11.8 1.5v3h-3"],
  save: ["M3 3h8l2 2v8H3zM5.5 3v3.5h4V3M5 13V9.5h6V13"],
  search: ["M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0zM10 10l3.5 3.5"],
  sortDown: ["M8 3v10M4.5 9.5 8 13l3.5-3.5"],
  sortUp: ["M8 13V3M4.5 6.5 8 3l3.5 3.5"],
  sql: ["m3 5 3 3-3 3M8 11.5h5"],
  structure: ["M2.5 3h11v10h-11zM2.5 6.3h11M6.2 6.3V13"],
  table: ["M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11M7 6.3V13"],
  trash: ["M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9"],
  undo: ["M3 4v4h4M3 8c2-4.5 9.5-4.5 9.5 1.5 0 2-1.5 3.5-3.5 3.5"],
  upload: ["M8 11V3M4.5 6 8 2.5 11.5 6M3 13.5h10"],
  view: ["M1.5 8c3-5.4 10-5.4 13 0-3 5.4-10 5.4-13 0z"],
  warning: ["M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8h.01"],
  calendar: ["M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3"],
};
