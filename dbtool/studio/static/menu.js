/** A menu at a point of the page; every item shows its key. */

import { h, icon } from "./dom.js";
import { clamp } from "./sheet.js";

/** Open a menu of {label, keys, icon, disabled, run}; false draws a line. */
export function openMenu(items, { x, y, label, onclose }) {
  const over = new AbortController();
  const { signal } = over;
  const close = () => {
    over.abort();
    element.remove();
    onclose();
  };
  const run = (item) => {
    close();
    item.run();
  };
  const element = h("div", { class: "menu", role: "menu", "aria-label": label, onkeydown: (event) => key(event, enabled(element), close) }, items.map((item) => draw(item, run)));
  document.body.append(element);
  element.style.left = `${clamp(x, 4, innerWidth - element.offsetWidth - 4)}px`;
  element.style.top = `${clamp(y, 4, innerHeight - element.offsetHeight - 4)}px`;
  addEventListener("pointerdown", (event) => element.contains(event.target) || close(), { capture: true, signal });
  addEventListener("blur", close, { signal });
  enabled(element)[0]?.focus();
}

function draw(item, run) {
  if (!item) return h("hr", { role: "separator" });
  return h("button", { role: "menuitem", tabindex: "-1", disabled: item.disabled, onclick: () => run(item), "aria-keyshortcuts": item.keys?.replaceAll("Ctrl", "Control") || null },
    item.icon ? icon(item.icon) : h("span", { class: "icon" }), h("span", { class: "label" }, item.label), h("kbd", {}, item.keys));
}

function enabled(element) {
  return [...element.querySelectorAll("[role=menuitem]:not(:disabled)")];
}

function key(event, items, close) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  event.stopPropagation();
  if (to !== undefined) items.at(to % items.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key === " " || event.key === "Enter") return;
  else [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  event.preventDefault();
}
