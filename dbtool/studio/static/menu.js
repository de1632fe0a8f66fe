/** A menu at a point of the page; every item shows its key. */

import { h, icon } from "./dom.js";

/**
 * Open a menu; arrows and first letters move in it, Escape and a press elsewhere close it.
 * @param {({label: string, keys?: string, icon?: string, disabled?: boolean, run: () => void}|null)[]} items null draws a line
 * @param {{x: number, y: number, label: string, onclose?: () => void}} where
 */
export function openMenu(items, { x, y, label, onclose = () => {} }) {
  const close = () => {
    removeEventListener("pointerdown", outside, true);
    removeEventListener("blur", close);
    if (element.isConnected) element.remove();
    onclose();
  };
  const run = (item) => {
    close();
    item.run();
  };
  const outside = (event) => element.contains(event.target) || close();
  const element = h("div", { class: "menu", role: "menu", "aria-label": label, onkeydown: (event) => key(event, element, close) }, items.map((item) => draw(item, run)));
  document.body.append(element);
  element.style.left = `${Math.max(4, Math.min(x, innerWidth - element.offsetWidth - 4))}px`;
  element.style.top = `${Math.max(4, Math.min(y, innerHeight - element.offsetHeight - 4))}px`;
  addEventListener("pointerdown", outside, true);
  addEventListener("blur", close);
  enabled(element)[0]?.focus();
  return element;
}

function draw(item, run) {
  if (!item) return h("hr", { role: "separator" });
  const keys = item.keys ? { "aria-keyshortcuts": item.keys.replaceAll("Ctrl", "Control") } : {};
  return h("button", { type: "button", role: "menuitem", tabindex: "-1", disabled: item.disabled, onclick: () => run(item), ...keys },
    item.icon ? icon(item.icon) : h("span", { class: "icon" }), h("span", { class: "label" }, item.label), h("kbd", {}, item.keys ?? ""));
}

function enabled(element) {
  return [...element.querySelectorAll("[role=menuitem]:not(:disabled)")];
}

function key(event, element, close) {
  const items = enabled(element);
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  event.stopPropagation();
  if (to !== undefined) items.at(to % items.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key.length === 1 && event.key !== " ") {
    const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    after.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  } else return;
  event.preventDefault();
}
