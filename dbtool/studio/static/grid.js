/** The spreadsheet: `<db-grid>` draws the rows and columns that can be seen, and knows which are selected. */

import { GUTTER, HeadView, RowView } from "./cells.js";
import { attach } from "./commands.js";
import * as columns from "./columns.js";
import { announce, h } from "./dom.js";
import { follow } from "./pointer.js";
import { Selection } from "./selection.js";
import { Sheet } from "./sheet.js";
import { isInsert } from "./store.js";
import { fixedWindow } from "./window.js";

const SPARE_ROWS = 8;
const SPARE_PIXELS = 240;
const AHEAD = 80;
const FEW = 24; // so many columns are all drawn
let made = 0;

export class Grid extends HTMLElement {
  #views = [];
  #frame = 0;
  #quit = [];
  #number = (made += 1);
  #seen = { inserts: [], rows: [] };
  #failed = 0;
  #stamp = "";
  version = 0;

  connectedCallback() {
    if (this.view) return;
    this.canvas = h("div", { class: "canvas", role: "none" });
    this.view = h("div", { class: "sheet", role: "grid", tabindex: "0", "aria-multiselectable": "true" }, this.canvas);
    this.note = h("p", { class: "note", hidden: true });
    this.handle = h("div", { class: "fill-handle", "aria-hidden": "true", title: "Drag to fill" });
    this.append(this.view, this.note);
    this.view.addEventListener("scroll", () => this.#schedule(), { passive: true });
    new ResizeObserver(() => this.refresh()).observe(this.view);
    follow(this);
    this.acts = attach(this);
    if (!this.sheet) this.show({ table: { key: "", columns: [], primary_key: [] }, window: fixedWindow([]), store: null });
    else this.#begin();
  }

  disconnectedCallback() {
    this.#leave();
  }

  /**
   * Show a table.
   * @param {{table: any, window: import("./window.js").RowWindow, store: import("./store.js").Store|null, layout?: any,
   *   load?: (key: string, column: string) => Promise<{text: string|null, length: number}>}} parts without a store it is read-only
   */
  show(parts) {
    this.#leave();
    this.parts = parts;
    this.sheet = new Sheet(parts);
    this.selection = new Selection();
    if (this.view) this.#begin();
  }

  /** Draw again, soon. */
  refresh() {
    this.version += 1;
    this.#schedule();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** What is selected, for others: rows by position and columns by name. */
  get selected() {
    const { places, count } = this.sheet;
    const ranges = this.selection.bounded(count, places.length).map(({ top, bottom, left, right }) => ({ rows: [top, bottom], columns: places.slice(left, right + 1).map(({ name }) => name) }));
    const { row, column } = this.selection.cell;
    const keys = this.selection.touched(count).map((at) => this.sheet.line(at).key);
    return { ranges, keys, cell: { row, column: places[column]?.name ?? null } };
  }

  selectedKeys() {
    return this.selected.keys.filter((key) => key !== null && !isInsert(key));
  }

  shownColumns() {
    return this.sheet.places.map(({ name }) => name);
  }

  isHidden(name) {
    return this.sheet.layout.hidden.includes(name);
  }

  hide(name, hidden = true) {
    this.arrange((hidden ? columns.hide : columns.reveal)(this.sheet.layout, name));
  }

  isPinned(name) {
    return this.sheet.layout.pinned.includes(name);
  }

  /** Pin a column, or let it go; answers whether it is pinned now. */
  pin(name, pinned = !this.isPinned(name)) {
    this.arrange((pinned ? columns.pin : columns.unpin)(this.sheet.layout, name));
    return pinned;
  }

  resetLayout() {
    this.arrange(null);
  }

  get sort() {
    return this.sheet.window.query?.sort ?? [];
  }

  get columnAt() {
    return this.sheet.places[this.selection.cell.column] ?? null;
  }

  get lineAt() {
    return this.sheet.line(this.selection.cell.row);
  }

  /** Give the focus to a cell; answers whether the row is loaded and the column shown. */
  focusCell(row, name) {
    const column = this.sheet.places.findIndex((place) => place.name === name);
    if (column < 0 || row < 0 || row >= this.sheet.count) return false;
    this.go(row, column);
    this.focus();
    return true;
  }

  /** Give the focus to a row by its key, or the id of a new one. */
  focusKey(key, name = this.sheet.places[0]?.name) {
    return this.focusCell(this.sheet.find(key), name);
  }

  /** Where the window would have to open to show again what is in view. */
  get place() {
    const { sheet, view } = this;
    const first = Math.max(sheet.top, Math.round(view.scrollTop / this.rowHeight));
    const key = first === sheet.top && sheet.window.atStart ? null : sheet.line(first)?.key;
    return key ? { key } : { start: true };
  }

  focus(options) {
    this.view?.focus({ preventScroll: true, ...options });
  }

  /** Stage a new row and go to its first cell that needs a value; answers its id, or null when there can be none. */
  insertRow(values = {}) {
    return this.acts.insert(values);
  }

  /** Select a cell, or let the selection reach to it, and bring it into view. Row -1 is the header. */
  go(row, column, { extend = false, add = false } = {}) {
    const [r, c] = [clamp(row, -1, this.sheet.count - 1), clamp(column, 0, this.sheet.places.length - 1)];
    if (extend) this.selection.extend(Math.max(0, r), c);
    else if (add) this.selection.add(r, c);
    else this.selection.only(r, c);
    this.#chosen(r, c);
  }

  /** Change what is selected without scrolling, and tell. */
  select(change) {
    change(this.selection);
    this.refresh();
    this.tell("select", this.selected);
  }

  /** Change the layout of the columns, and tell. */
  arrange(layout) {
    const name = this.columnAt?.name;
    this.sheet.arrange(layout);
    const column = Math.max(0, this.sheet.places.findIndex((place) => place.name === name));
    this.selection.only(this.selection.cell.row, column);
    this.refresh();
    this.tell("layout", { layout: this.sheet.layout });
  }

  /** Ask for the next order of rows after a click on a column. */
  sortBy(column, add) {
    if (column.sortable === false) return this.say(`${column.name} cannot be sorted by`, "error");
    return this.tell("sort", { column: column.name, add, sort: columns.nextSort(this.sort, column.name, add) });
  }

  /** Go to the first or last page of the table, and to its first or last row. */
  async toEdge(edge, column) {
    const { window } = this.sheet;
    const there = edge === "start" ? window.atStart : window.atEnd;
    if (!there && !(await this.try(() => window.open({ [edge]: true })))) return;
    this.go(edge === "start" ? 0 : this.sheet.count - 1, column);
  }

  /** Do what may be refused by the server, and say so. */
  async try(act) {
    try {
      return await act();
    } catch (error) {
      this.say(error.text ?? error.message, "error");
      return false;
    }
  }

  say(text, level = "info") {
    this.tell("say", { text, level });
  }

  tell(name, detail = {}) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
  }

  cellId(row, column) {
    return `grid${this.#number}-${row}-${column}`;
  }

  rowIndex(at) {
    return at < this.sheet.top ? at + 2 : at + 2 + (this.sheet.window.offset ?? 0);
  }

  /** What the gutter calls a row: its number where that is known. */
  rowNumber(at) {
    const { top, window } = this.sheet;
    return at < top ? "new" : window.offset === null ? "·" : (window.offset + at - top + 1).toLocaleString("en");
  }

  /** A row with what is staged in it, for others. */
  rowOf(line) {
    const { table } = this.sheet;
    return { key: line.key, cells: table.columns.map(({ name }, index) => this.sheet.cell(line, { name, index }).value) };
  }

  /** Where a cell is, in pixels from the corner of the element. */
  box(row, column) {
    const place = this.sheet.places[column];
    const { scrollLeft, scrollTop, offsetLeft, offsetTop } = this.view;
    const left = GUTTER + place.left - (place.pinned ? 0 : scrollLeft);
    return { left: left + offsetLeft, top: this.headHeight + row * this.rowHeight - scrollTop + offsetTop, width: place.width, height: this.rowHeight };
  }

  /** What lies under a point of the screen. Positions outside are drawn to the nearest cell. */
  hit(x, y) {
    const frame = this.view.getBoundingClientRect();
    const [fromLeft, fromTop] = [x - frame.left, y - frame.top];
    const { places, count } = this.sheet;
    const inside = fromLeft - GUTTER < this.pinnedWidth ? fromLeft - GUTTER : fromLeft - GUTTER + this.view.scrollLeft;
    const found = places.findIndex((place) => inside < place.left + place.width);
    const row = Math.floor((fromTop - this.headHeight + this.view.scrollTop) / this.rowHeight);
    const edge = places.findIndex((place) => Math.abs(place.left + place.width - inside) <= 5);
    return {
      row: clamp(row, 0, count - 1), column: found < 0 ? places.length - 1 : Math.max(0, found),
      head: fromTop < this.headHeight, gutter: fromLeft < GUTTER, beyond: row >= count || found < 0, grip: fromTop < this.headHeight ? edge : -1,
    };
  }

  #begin() {
    const { window, store } = this.sheet;
    this.rowHeight = Number.parseFloat(getComputedStyle(this).getPropertyValue("--row-height")) || 28;
    this.headHeight = Math.round(this.rowHeight * 1.6);
    this.head = new HeadView();
    this.head.element.style.height = `${this.headHeight}px`;
    this.#views = [];
    this.canvas.replaceChildren(this.head.element);
    this.view.scrollTo(0, 0);
    this.view.setAttribute("aria-label", this.sheet.table.key || "rows");
    this.#quit = [window.subscribe((event) => this.#windowChanged(event))];
    if (store) this.#quit.push(store.subscribe(() => this.#moved()));
    this.#remember();
    this.acts.begin();
    this.refresh();
  }

  #leave() {
    for (const quit of this.#quit) quit();
    this.#quit = [];
  }

  #windowChanged({ kind, at }) {
    if (kind === "open") this.#opened(at);
    else if (kind === "after" || kind === "before") this.#moved();
    this.refresh();
    this.tell("rows", { kind });
  }

  #opened(at) {
    const last = at?.end === true;
    const { row, column } = this.selection.cell;
    const { inserts, rows } = this.#seen;
    const kept = this.sheet.find(inserts[row] ?? rows[row - inserts.length]?.key ?? null);
    this.sheet.forget();
    this.#remember();
    const first = at?.start ? 0 : this.sheet.top;
    const chosen = row === -1 ? -1 : Math.max(0, last ? this.sheet.count - 1 : kept >= 0 ? kept : first);
    this.selection.only(chosen, Math.min(column, Math.max(0, this.sheet.places.length - 1)));
    this.#size();
    this.view.scrollTop = last ? this.canvas.offsetHeight : at?.start ? 0 : this.sheet.top * this.rowHeight;
  }

  /** Rows have changed their positions: the first row in view and the selection stay on their rows. */
  #moved() {
    const before = this.#seen;
    this.sheet.refresh();
    this.#remember();
    const after = this.#seen;
    this.refresh();
    if (before.rows === after.rows && before.inserts.join() === after.inserts.join()) return;
    const last = Math.max(0, this.sheet.count - 1);
    const first = Math.floor(this.view.scrollTop / this.rowHeight);
    this.selection.follow((row) => clamp(position(before, after, row), 0, last));
    this.#size();
    if (first > 0) this.view.scrollTop += (position(before, after, first) - first) * this.rowHeight;
  }

  #remember() {
    this.#seen = { inserts: this.sheet.staged.inserts.map(({ id }) => id), rows: this.sheet.window.rows };
  }

  #chosen(row, column) {
    this.reveal(row, column);
    const line = this.sheet.line(row);
    const place = this.sheet.places[column];
    const problem = line && place && (this.sheet.problem(line, place) ?? this.sheet.problem(line, null));
    if (problem) announce(problem);
    this.tell("select", this.selected);
  }

  /** Bring a cell into view. */
  reveal(row, column) {
    const { view } = this;
    this.#size();
    this.refresh();
    if (row >= 0) {
      const top = row * this.rowHeight;
      const room = view.clientHeight - this.headHeight - this.rowHeight;
      view.scrollTop = clamp(view.scrollTop, top - room, top);
    }
    const place = this.sheet.places[column];
    if (!place || place.pinned) return;
    const least = place.left + place.width + GUTTER - view.clientWidth;
    view.scrollLeft = clamp(view.scrollLeft, Math.min(least, place.left - this.pinnedWidth), place.left - this.pinnedWidth);
  }

  /** Make the canvas as large as all the rows that are loaded. */
  #size() {
    const { places, count } = this.sheet;
    const last = places.at(-1);
    const wide = `${GUTTER + (last ? last.left + last.width : 0) + 60}px`;
    const high = `${this.headHeight + count * this.rowHeight}px`;
    if (this.canvas.style.width !== wide) this.canvas.style.width = wide;
    if (this.canvas.style.height !== high) this.canvas.style.height = high;
  }

  get pinnedWidth() {
    return this.sheet.places.reduce((sum, place) => sum + (place.pinned ? place.width : 0), 0);
  }

  #draw() {
    if (!this.view?.isConnected) return;
    this.#size();
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.view;
    const { count } = this.sheet;
    const first = clamp(Math.floor(scrollTop / this.rowHeight) - SPARE_ROWS, 0, count);
    const end = clamp(Math.ceil((scrollTop + clientHeight - this.headHeight) / this.rowHeight) + SPARE_ROWS, 0, count);
    const drawn = this.#columns(scrollLeft, clientWidth);
    const stamp = `${this.version} ${drawn.at(0)?.at} ${drawn.at(-1)?.at} ${drawn.length}`;
    if (stamp !== this.#stamp) this.head.draw(this, drawn);
    this.#stamp = stamp;
    this.#drawRows(first, end, drawn, stamp);
    this.#drawState();
    this.#prefetch(first, end);
    this.acts.drawn();
  }

  #columns(scrollLeft, clientWidth) {
    const { places } = this.sheet;
    const all = places.map((place, at) => ({ at, place }));
    if (places.length <= FEW) return all;
    const [first, end] = columns.between(places, scrollLeft + this.pinnedWidth - SPARE_PIXELS, scrollLeft + clientWidth - GUTTER + SPARE_PIXELS);
    return [...all.filter(({ place }) => place.pinned), ...all.slice(first, end)];
  }

  /** A row keeps its element while it stays in view: the element of row n is the one at n modulo their number. */
  #drawRows(first, end, drawn, stamp) {
    const most = Math.ceil(this.view.clientHeight / this.rowHeight) + 2 * SPARE_ROWS + 1;
    if (this.#views.length !== most) {
      for (const view of this.#views) view.element.remove();
      this.#views = Array.from({ length: most }, () => new RowView());
    }
    for (let at = first; at < end; at += 1) {
      const view = this.#views[at % most];
      view.draw(this, at, drawn, stamp);
      if (!view.element.parentNode) this.canvas.append(view.element);
    }
    for (const view of this.#views) if (view.at < first || view.at >= end) view.element.remove();
  }

  #drawState() {
    const { count, places, window } = this.sheet;
    const { row, column } = this.selection.cell;
    const all = window.atEnd && window.offset !== null;
    const id = this.cellId(row, column);
    const attributes = {
      "aria-rowcount": all ? window.offset + count + 1 : -1,
      "aria-colcount": places.length + 1,
      "aria-readonly": String(!this.sheet.editable),
    };
    for (const [name, value] of Object.entries(attributes)) if (this.view.getAttribute(name) !== String(value)) this.view.setAttribute(name, value);
    const active = this.canvas.querySelector(".cell.active");
    if (active) this.view.setAttribute("aria-activedescendant", id);
    else this.view.removeAttribute("aria-activedescendant");
    this.note.hidden = count > 0 || window.loading;
    if (!this.note.hidden) this.note.textContent = this.sheet.table.key ? "No rows" : "";
    this.#drawHandle();
  }

  /** The handle to fill sits in the last cell of the only range. */
  #drawHandle() {
    const [range, more] = this.selection.bounded(this.sheet.count, this.sheet.places.length);
    const corner = range && !more && this.sheet.editable && this.selection.cell.row >= 0 && this.cellElement(range.bottom, range.right);
    if (corner) {
      if (this.handle.parentNode !== corner) corner.append(this.handle);
    } else this.handle.remove();
  }

  /** Return the element that shows a cell now, or null. */
  cellElement(row, column) {
    const view = this.#views[row % this.#views.length];
    return (view && view.at === row && view.cells.find((cell) => cell.column === column)) || null;
  }

  #prefetch(first, end) {
    const { window, top, count } = this.sheet;
    if (window.rows.length === 0) return;
    if (end > count - AHEAD && !window.atEnd) this.#more("after");
    else if (first >= top && first < top + AHEAD && !window.atStart && (this.view.scrollTop > 0 || top === 0)) this.#more("before");
  }

  /** After a refusal wait some seconds, or every frame would ask again. */
  async #more(direction) {
    if (performance.now() < this.#failed) return;
    try {
      await this.sheet.window.more(direction);
    } catch (error) {
      this.#failed = performance.now() + 5000;
      this.say(error.text ?? error.message, "error");
    }
  }
}

/** Return where a row is after rows were added or dropped; one that is gone by the nearest that is left. */
function position(before, after, row) {
  const { length } = before.inserts;
  if (row < length) {
    const at = after.inserts.indexOf(before.inserts[row]);
    return at < 0 ? row : at;
  }
  const at = after.rows.indexOf(before.rows[row - length]);
  if (at >= 0) return at + after.inserts.length;
  return row - length < before.rows.length / 2 ? after.inserts.length : after.inserts.length + after.rows.length - 1;
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

customElements.define("db-grid", Grid);
