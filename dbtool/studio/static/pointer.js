/** The mouse on the sheet: select, fill, resize, reorder. What lies under it is computed, so a repaint loses no click. */

import { GUTTER } from "./cells.js";
import { defaultWidth, move, resize } from "./columns.js";

const FAR = 4; // pixels after which a press is a drag

/** Follow the mouse on a grid. */
export function follow(grid) {
  grid.view.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && overSheet(grid, event)) press(grid, event);
  });
  grid.view.addEventListener("dblclick", (event) => {
    if (overSheet(grid, event)) double(grid, grid.hit(event.clientX, event.clientY));
  });
  grid.view.addEventListener("pointermove", (event) => {
    if (!event.buttons) grid.view.style.cursor = grid.hit(event.clientX, event.clientY).grip >= 0 ? "col-resize" : "";
  });
}

/** A press on a scroll bar is none on the sheet. */
function overSheet(grid, event) {
  const frame = grid.view.getBoundingClientRect();
  return event.clientX - frame.left < grid.view.clientWidth && event.clientY - frame.top < grid.view.clientHeight;
}

function press(grid, event) {
  if (!grid.acts.leave()) return event.preventDefault();
  const at = grid.hit(event.clientX, event.clientY);
  const add = event.ctrlKey || event.metaKey;
  if (event.target === grid.handle) return fillFrom(grid, event);
  if (at.grip >= 0) return resizeFrom(grid, event, grid.sheet.places[at.grip]);
  if (at.head && at.gutter) return grid.select((selection) => selection.all());
  if (at.head) return head(grid, event, at.column);
  if (at.beyond && !at.gutter) return undefined;
  if (at.gutter) return selectFrom(grid, event, at.row, (to, from) => grid.selection.rows(from, to, { add }), "row");
  grid.go(at.row, at.column, { extend: event.shiftKey, add });
  return drag(event, (to) => {
    const { row, column } = nearest(grid, to);
    grid.go(row, column, { extend: true });
  }, { grid });
}

/** Select whole rows or columns, from where Shift began to where the mouse goes. */
function selectFrom(grid, event, start, select, axis) {
  const from = event.shiftKey ? grid.selection.cell[axis] : start;
  const kept = event.ctrlKey || event.metaKey ? grid.selection.ranges : [];
  const reach = (to) => {
    grid.selection.ranges = kept;
    grid.select(() => select(to, from));
  };
  reach(start);
  drag(event, (to) => reach(nearest(grid, to)[axis]), { grid });
}

/** A click sorts; a drag moves the column; Ctrl selects it. */
function head(grid, event, column) {
  const place = grid.sheet.places[column];
  if (event.ctrlKey || event.metaKey) return selectFrom(grid, event, column, (to, from) => grid.selection.columns(from, to, { add: true }), "column");
  let moved = false;
  return drag(event, (to) => {
    moved ||= Math.abs(to.clientX - event.clientX) > FAR;
    if (moved) showTarget(grid, grid.hit(to.clientX, to.clientY).column);
  }, {
    done: (to) => {
      showTarget(grid, -1);
      if (!moved) return grid.sortBy(place.column, event.shiftKey);
      const target = grid.hit(to.clientX, to.clientY).column;
      const before = target > column ? grid.sheet.places[target + 1]?.name ?? null : grid.sheet.places[target].name;
      return target === column ? undefined : grid.arrange(move(grid.sheet.layout, place.name, before));
    },
  });
}

function showTarget(grid, column) {
  for (const cell of grid.head.cells) cell.classList.toggle("target", cell.column === column);
}

function resizeFrom(grid, event, place) {
  drag(event, (to) => {
    grid.sheet.arrange(resize(grid.sheet.layout, place.name, place.width + to.clientX - event.clientX));
    grid.refresh();
  }, { done: (to) => to.clientX !== event.clientX && grid.tell("layout", { layout: grid.sheet.layout }) });
}

/** Make a column as wide as what is loaded in it near by. */
export function fit(grid, place) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(grid.view).font;
  const texts = [...grid.querySelectorAll(".row .cell")].filter((cell) => grid.sheet.places[cell.column] === place).map((cell) => cell.textContent);
  const widest = Math.max(0, ...texts.map((text) => pen.measureText(text).width + 26));
  const heading = pen.measureText(place.name).width * 1.1 + 58;
  grid.arrange(resize(grid.sheet.layout, place.name, Math.min(600, Math.max(widest, heading) || defaultWidth(place.column))));
}

function fillFrom(grid, event) {
  const [from] = grid.selection.bounded(grid.sheet.count, grid.sheet.places.length);
  let to = from;
  drag(event, (now) => {
    to = stretched(from, nearest(grid, now));
    grid.selection.ranges = [to];
    grid.refresh();
  }, { grid, done: () => grid.acts.edits.fill(from, to) });
}

/** A fill goes down, up, right or left, whichever is farther. */
function stretched(range, { row, column }) {
  const down = Math.max(range.top - row, row - range.bottom, 0);
  const across = Math.max(range.left - column, column - range.right, 0);
  if (down >= across) return { ...range, top: Math.min(range.top, row), bottom: Math.max(range.bottom, row) };
  return { ...range, left: Math.min(range.left, column), right: Math.max(range.right, column) };
}

function nearest(grid, event) {
  const frame = grid.view.getBoundingClientRect();
  const x = Math.max(frame.left + GUTTER + 1, Math.min(event.clientX, frame.right - 20));
  const y = Math.max(frame.top + grid.headHeight + 1, Math.min(event.clientY, frame.bottom - 20));
  return grid.hit(x, y);
}

/** Call back while the button is down; at the edge of the grid the sheet scrolls along. */
function drag(event, moved, { done = () => {}, grid = null } = {}) {
  let last = event;
  const timer = grid && setInterval(() => scrollAlong(grid, last) && moved(last), 40);
  const follow = (next) => moved((last = next));
  const end = (next) => {
    clearInterval(timer);
    removeEventListener("pointermove", follow);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    done(next);
  };
  addEventListener("pointermove", follow);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

function scrollAlong(grid, { clientX, clientY }) {
  const frame = grid.view.getBoundingClientRect();
  const past = (at, least, most) => (at < least ? at - least : at > most ? at - most : 0);
  const [x, y] = [past(clientX, frame.left, frame.right), past(clientY, frame.top + grid.headHeight, frame.bottom)];
  grid.view.scrollBy(x, y);
  return x !== 0 || y !== 0;
}

function double(grid, at) {
  if (at.grip >= 0) fit(grid, grid.sheet.places[at.grip]);
  else if (!at.head && !at.gutter && !at.beyond) grid.acts.edit();
}
