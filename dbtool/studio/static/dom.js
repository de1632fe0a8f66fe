/** Elements from data: text is only ever text, so names and values of a database cannot become markup. */

import { paths } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "tabIndex", "readOnly", "indeterminate"]);

/**
 * Make an element. Functions named `on…` become listeners, `dataset` data attributes, null and false are left out.
 * @param {string} tag
 * @param {Object<string, any>} [attributes]
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
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

/** Draw an icon of 16 pixels, which says nothing to a screen reader: its button has a label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const data of paths[name] ?? []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}

/** Make a button with an icon; its label is what a screen reader says and the tooltip shows. */
export function iconButton(name, label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...attributes }, icon(name));
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

/**
 * Show a dialog in front of everything; Escape and the backdrop close it, and the focus returns to where it was.
 * @returns {{close: () => void, element: HTMLDialogElement}}
 */
export function dialog(title, body, { className = "", onclose = () => {} } = {}) {
  const close = () => element.close();
  const element = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: `dialog ${className}`, "aria-label": title },
      h("header", {}, h("h2", {}, title), iconButton("close", "Close", close)),
      body)
  );
  const before = document.activeElement;
  element.addEventListener("close", () => {
    element.remove();
    onclose();
    if (before instanceof HTMLElement) before.focus();
  });
  element.addEventListener("mousedown", (event) => {
    if (event.target === element) close();
  });
  document.body.append(element);
  element.showModal();
  return { close, element };
}

function give(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

function append(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
