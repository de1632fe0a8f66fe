/** All tables and their foreign keys, drawn by the server; drag to move, wheel to zoom, click to open a table. */

import { api } from "./api.js";
import { h, iconButton } from "./dom.js";

const STEP = 1.25;

/** Make the view. */
export async function view(app) {
  const { svg: text } = await api("diagram");
  const svg = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
  const whole = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  let [x, y, width, height] = whole;
  const show = (...box) => {
    [x, y, width, height] = box;
    svg.setAttribute("viewBox", box.join(" "));
  };
  const zoom = (factor, at = { x: x + width / 2, y: y + height / 2 }) => show(at.x - (at.x - x) * factor, at.y - (at.y - y) * factor, width * factor, height * factor);
  for (const name of ["width", "height"]) svg.removeAttribute(name);
  svg.setAttribute("role", "group");
  const drag = { from: null, moved: false };
  for (const group of svg.querySelectorAll("[data-table]")) {
    const open = () => drag.moved || app.go({ view: "table", table: group.dataset.table });
    for (const [name, value] of Object.entries({ tabindex: "0", role: "link" })) group.setAttribute(name, value);
    group.addEventListener("click", open);
    group.addEventListener("keydown", (event) => event.key === "Enter" && open());
  }
  const act = {
    pointerdown: (event) => Object.assign(drag, { from: [event.clientX, event.clientY, x, y], moved: false }),
    pointermove: (event) => {
      if (!drag.from) return;
      const [left, top, fromX, fromY] = drag.from;
      const scale = Math.max(width / svg.clientWidth, height / svg.clientHeight);
      drag.moved ||= Math.hypot(event.clientX - left, event.clientY - top) > 4;
      show(fromX - (event.clientX - left) * scale, fromY - (event.clientY - top) * scale, width, height);
    },
    pointerup: () => { drag.from = null; },
    pointerleave: () => { drag.from = null; },
    wheel: (event) => {
      event.preventDefault();
      zoom(event.deltaY > 0 ? STEP : 1 / STEP, new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()));
    },
  };
  for (const [name, listener] of Object.entries(act)) svg.addEventListener(name, listener);
  return {
    element: h("section", { class: "page diagram" },
      h("header", { class: "toolbar" }, h("h2", {}, "Diagram"), h("span", { class: "space" }),
        iconButton("add", "Nearer", () => zoom(1 / STEP)), iconButton("minus", "Farther", () => zoom(STEP)), iconButton("refresh", "All of it", () => show(...whole)),
        iconButton("download", "Save as SVG", () => saveAs(text, "diagram.svg"))),
      h("div", { class: "canvas" }, svg)),
  };
}

function saveAs(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
