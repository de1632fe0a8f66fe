/** The mouse on the sheet: select, fill, resize, reorder. What lies under it is computed, so a repaint loses no click. */

import { GUTTER } from "./cells.js";
import { clamp, move, resize } from "./sheet.js";

const FAR = 4; // pixels after which a press is a drag

export function follow(grid, acts) {
  const { view } = grid;
  view.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !onSheet(grid, event)) return;
    if (acts.editing.commit()) press(grid, event, acts);
    else event.preventDefault();
  });
  view.addEventListener("dblclick", (event) => {
    const at = grid.hit(event.clientX, event.clientY);
    if (at.grip >= 0) fit(grid, grid.sheet.places[at.grip]);
    else if (!at.head && !at.gutter && !at.beyond && onSheet(grid, event)) acts.editing.open();
  });
  view.addEventListener("pointermove", (event) => {
    if (!event.buttons) view.style.cursor = grid.hit(event.clientX, event.clientY).grip >= 0 ? "col-resize" : "";
  });
}

/** A press on a scroll bar is none on the sheet. */
function onSheet({ view }, event) {
  const frame = view.getBoundingClientRect();
  return event.clientX - frame.left < view.clientWidth && event.clientY - frame.top < view.clientHeight;
}

function press(grid, event, acts) {
  const at = grid.hit(event.clientX, event.clientY);
  const add = event.ctrlKey || event.metaKey;
  if (event.target === grid.handle) fill(grid, event, acts);
  else if (at.grip >= 0) widen(grid, event, grid.sheet.places[at.grip]);
  else if (at.head && at.gutter) grid.select((selection) => selection.all());
  else if (at.head && add) band(grid, event, "column", at.column);
  else if (at.head) head(grid, event, at.column);
  else if (at.gutter) band(grid, event, "row", at.row);
  else if (!at.beyond) {
    grid.go(at.row, at.column, { extend: event.shiftKey, add });
    drag(grid, event, (to) => grid.go(nearest(grid, to).row, nearest(grid, to).column, { extend: true }));
  }
}

function band(grid, event, axis, start) {
  const { selection } = grid.sheet;
  const from = event.shiftKey ? selection.cell[axis] : start;
  const kept = event.ctrlKey || event.metaKey ? selection.ranges : [];
  const reach = (to) => grid.select(() => selection.band(axis, from, to, kept));
  reach(start);
  drag(grid, event, (to) => reach(nearest(grid, to)[axis]));
}

/** A click sorts; a drag moves the column. */
function head(grid, event, column) {
  const { places, layout } = grid.sheet;
  let target = null;
  const show = (at) => grid.head.cells.forEach((cell) => cell.classList.toggle("target", cell.column === at));
  const reach = (to) => {
    if (target === null && Math.abs(to.clientX - event.clientX) <= FAR) return;
    target = grid.hit(to.clientX, to.clientY).column;
    show(target);
  };
  drag(grid, event, reach, () => {
    show(-1);
    if (target === null) grid.sortBy(places[column].column, event.shiftKey);
    else if (target !== column) grid.arrange(move(layout, places[column].name, places[target > column ? target + 1 : target]?.name));
  });
}

function widen(grid, event, place) {
  const { sheet } = grid;
  const reach = (to) => {
    sheet.arrange(resize(sheet.layout, place.name, place.width + to.clientX - event.clientX));
    grid.refresh();
  };
  drag(grid, event, reach, (to) => to.clientX !== event.clientX && grid.tell("layout", { layout: sheet.layout }));
}

export function fit(grid, place) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(grid.view).font;
  const shown = [...grid.querySelectorAll(".row .cell")].filter((cell) => grid.sheet.places[cell.column] === place);
  const widths = shown.map((cell) => pen.measureText(cell.textContent).width + 26);
  grid.arrange(resize(grid.sheet.layout, place.name, Math.min(600, Math.max(pen.measureText(place.name).width * 1.1 + 58, ...widths))));
}

function fill(grid, event, acts) {
  const { ranges: [from], selection } = grid.sheet;
  let to = from;
  const reach = (now) => {
    to = stretched(from, nearest(grid, now));
    selection.ranges = [to];
    grid.refresh();
  };
  drag(grid, event, reach, () => acts.edits.fill(from, to));
}

/** A fill goes down, up, right or left, whichever is farther. */
function stretched(range, { row, column }) {
  const down = Math.abs(row - clamp(row, range.top, range.bottom));
  const across = Math.abs(column - clamp(column, range.left, range.right));
  if (down >= across) return { ...range, top: Math.min(range.top, row), bottom: Math.max(range.bottom, row) };
  return { ...range, left: Math.min(range.left, column), right: Math.max(range.right, column) };
}

function nearest(grid, { clientX, clientY }) {
  const { left, top, right, bottom } = grid.view.getBoundingClientRect();
  return grid.hit(clamp(clientX, left + GUTTER + 1, right - 20), clamp(clientY, top + grid.headHeight + 1, bottom - 20));
}

/** Call back while the button is down; at the edge of the grid the sheet scrolls along. */
function drag(grid, event, moved, done = () => {}) {
  let last = event;
  const over = new AbortController();
  const { signal } = over;
  const timer = setInterval(() => scrollAlong(grid, last) && moved(last), 40);
  const end = (next) => {
    over.abort();
    clearInterval(timer);
    done(next);
  };
  addEventListener("pointermove", (next) => (next.buttons ? moved((last = next)) : end(next)), { signal });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, { signal });
}

function scrollAlong({ view, headHeight }, { clientX, clientY }) {
  const { left, right, top, bottom } = view.getBoundingClientRect();
  const across = clientX - clamp(clientX, left, right);
  const down = clientY - clamp(clientY, top + headHeight, bottom);
  view.scrollBy(across, down);
  return across !== 0 || down !== 0;
}
