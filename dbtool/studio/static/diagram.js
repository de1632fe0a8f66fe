/** All tables and their foreign keys, drawn by the server; drag to move, wheel to zoom, click to open a table. */

import { api } from "./api.js";
import { h, iconButton } from "./dom.js";

const STEP = 1.25;

/** @returns the view */
export async function view(app) {
  const { svg: text } = await api("diagram");
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const svg = /** @type {SVGSVGElement} */ (document.importNode(parsed, true));
  const [, , width, height] = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  const box = { x: 0, y: 0, width, height };
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("aria-label", `Diagram of ${app.schema.tables.length} tables`);
  const show = () => svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  const zoom = (factor, at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }) => {
    Object.assign(box, { x: at.x - (at.x - box.x) * factor, y: at.y - (at.y - box.y) * factor, width: box.width * factor, height: box.height * factor });
    show();
  };
  const whole = () => {
    Object.assign(box, { x: 0, y: 0, width, height });
    show();
  };
  tables(app, svg);
  move(svg, box, show, zoom);
  return {
    accepts: (route) => route.view === "diagram",
    update: () => {},
    element: h("section", { class: "page diagram" },
      h("header", { class: "toolbar" }, h("h2", {}, "Diagram"), h("span", { class: "space" }),
        iconButton("add", "Nearer", () => zoom(1 / STEP)), iconButton("minus", "Farther", () => zoom(STEP)), iconButton("refresh", "All of it", whole),
        iconButton("download", "Save as SVG", () => saveAs(text, "diagram.svg"))),
      h("div", { class: "canvas" }, svg)),
  };
}

function tables(app, svg) {
  for (const group of svg.querySelectorAll("[data-table]")) {
    const open = () => app.go({ view: "table", table: group.dataset.table });
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "link");
    group.setAttribute("aria-label", group.dataset.table);
    group.addEventListener("click", () => !svg.dataset.moved && open());
    group.addEventListener("keydown", (event) => event.key === "Enter" && open());
  }
}

function move(svg, box, show, zoom) {
  const scale = () => box.width / svg.clientWidth > box.height / svg.clientHeight ? box.width / svg.clientWidth : box.height / svg.clientHeight;
  let from = null;
  svg.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, left: box.x, top: box.y };
    delete svg.dataset.moved;
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(x, y) > 4) svg.dataset.moved = "yes";
    Object.assign(box, { x: from.left - x * scale(), y: from.top - y * scale() });
    show();
  });
  for (const name of ["pointerup", "pointerleave"]) svg.addEventListener(name, () => { from = null; });
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    zoom(event.deltaY > 0 ? STEP : 1 / STEP, point);
  }, { passive: false });
}

function saveAs(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const link = h("a", { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
