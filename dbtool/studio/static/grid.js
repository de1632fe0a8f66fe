/** The spreadsheet: `<db-grid>` draws the rows and columns that can be seen. What only its users need comes with the first sign of one. */

import { GUTTER, HeadView, RowView, attribute } from "./cells.js";
import { announce, h } from "./dom.js";
import { Sheet, clamp, listed, nextSort } from "./sheet.js";
import { fixedWindow } from "./window.js";

const SPARE_ROWS = 8;
const SPARE_PIXELS = 240;
const AHEAD = 80; // so many rows before the end the next ones are asked for
const FEW = 24; // so many columns are all drawn
const PAUSE = 5000; // milliseconds after a refusal, or every frame would ask again
const DEEDS = ["pointerdown", "pointermove", "pointerup", "dblclick", "contextmenu", "keydown", "copy", "cut", "paste"];
const BROWSERS = /^F(1|3|[5-9]|1[12])$/; // keys that are not ours

export class Grid extends HTMLElement {
  #views = [];
  #frame = 0;
  #quit = [];
  #seen = []; // the ids of new rows, then the rows that are loaded
  #pause = 0;
  #stamp = "";
  #version = 0;
  #waking = null;
  #kept = [];

  connectedCallback() {
    if (this.view) return;
    this.canvas = h("div", { class: "canvas", role: "none" });
    this.view = h("div", { class: "sheet", role: "grid", tabindex: "0", "aria-multiselectable": "true" }, this.canvas);
    this.note = h("p", { class: "note", hidden: true });
    this.handle = h("div", { class: "fill-handle", "aria-hidden": "true", title: "Drag to fill" });
    this.append(this.view, this.note);
    this.view.addEventListener("scroll", () => this.#schedule(), { passive: true });
    for (const sign of ["pointerenter", "focus"]) this.view.addEventListener(sign, () => this.wake());
    for (const deed of DEEDS) this.view.addEventListener(deed, this.#keep);
    new ResizeObserver(() => this.refresh()).observe(this.view);
    if (this.sheet) this.#begin();
    else this.show({ table: { key: "", columns: [] }, window: fixedWindow([]), store: null });
  }

  disconnectedCallback() {
    this.#leave();
  }

  /** Show a table: {table, window, store (null: read-only), layout, load(key, column)}. */
  show(parts) {
    this.#leave();
    this.#kept = [];
    this.parts = parts;
    this.sheet = new Sheet(parts);
    if (this.view) this.#begin();
  }

  refresh() {
    this.#version += 1;
    this.#schedule();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Load what is needed to do more than look; what people do meanwhile is done then. */
  async wake() {
    this.#waking ??= this.attempt(() => import("./commands.js"));
    const loaded = await this.#waking;
    if (!loaded) this.#waking = null;
    if (!loaded || this.acts) return;
    for (const deed of DEEDS) this.view.removeEventListener(deed, this.#keep);
    this.acts = loaded.attach(this);
    for (const [event, target] of this.#kept.splice(0)) this.acts.replay(event, target);
  }

  #keep = (event) => {
    const { type, target, clientX, clientY, shiftKey, key } = event;
    const control = event.ctrlKey || event.metaKey;
    if (type === "pointermove" && !event.buttons) return;
    if (type === "pointerdown" && event.button === 0 && !control && !this.#kept.length) {
      const at = this.hit(clientX, clientY);
      if (!at.head && !at.gutter && !at.beyond) this.go(at.row, at.column, { extend: shiftKey });
    }
    const ours = type === "keydown" && !BROWSERS.test(key) && !(control && /^[cxv]$/i.test(key));
    if (ours || type === "contextmenu" || type === "paste") event.preventDefault();
    if (!type.startsWith("pointer")) event.stopPropagation();
    this.#kept.push([copyOf(event), target]);
    this.wake();
  };

  selectedKeys() {
    return this.sheet.lines.filter(({ row }) => row?.key).map(({ key }) => key);
  }

  shownColumns() {
    return this.sheet.places.map(({ name }) => name);
  }

  isHidden(name) {
    return this.sheet.layout.hidden.includes(name);
  }

  isPinned(name) {
    return this.sheet.layout.pinned.includes(name);
  }

  resetLayout() {
    this.arrange(null);
  }

  hide(name, hidden = true) {
    this.arrange(listed(this.sheet.layout, "hidden", name, hidden));
  }

  pin(name, pinned = !this.isPinned(name)) {
    this.arrange(listed(this.sheet.layout, "pinned", name, pinned));
    return pinned;
  }

  get sort() {
    return this.sheet.window.query.sort ?? [];
  }

  get columnAt() {
    return this.sheet.places[this.sheet.selection.cell.column] ?? null;
  }

  get lineAt() {
    return this.sheet.line(this.sheet.selection.cell.row);
  }

  focusCell(row, name) {
    const column = this.sheet.places.findIndex((place) => place.name === name);
    if (column < 0 || row < 0 || row >= this.sheet.count) return false;
    this.go(row, column);
    this.focus();
    return true;
  }

  focusKey(key, name = this.sheet.places[0]?.name) {
    return this.focusCell(this.sheet.find(key), name);
  }

  /** Where the window would have to open to show again what is in view. */
  get place() {
    const { top, window } = this.sheet;
    const first = Math.max(top, Math.round(this.view.scrollTop / this.rowHeight));
    const key = first === top && window.atStart ? null : this.sheet.line(first)?.key;
    return key ? { key } : { start: true };
  }

  focus() {
    this.view?.focus({ preventScroll: true });
  }

  /** Stage a new row and go to its first cell that needs a value. */
  insertRow() {
    const { sheet } = this;
    const reason = sheet.refusal();
    if (reason) return this.say(reason, "error");
    const id = sheet.store.insert(sheet.table.key);
    this.go(sheet.find(id), Math.max(0, sheet.places.findIndex(({ column }) => column.required)));
    this.focus();
  }

  /** Select a cell, or let the selection reach to it, and bring it into view. Row -1 is the header. */
  go(row, column, { extend = false, add = false } = {}) {
    const { selection, count, places } = this.sheet;
    const [down, right] = [clamp(row, extend ? 0 : -1, count - 1), clamp(column, 0, places.length - 1)];
    if (extend) selection.extend(down, right);
    else selection.only(down, right, add ? selection.ranges : []);
    this.reveal(down, right);
    const line = this.sheet.line(down);
    const problem = line && (this.sheet.problem(line, places[right]) ?? this.sheet.problem(line));
    if (problem) announce(problem);
  }

  select(change) {
    change(this.sheet.selection);
    this.refresh();
  }

  /** Change the layout of the columns, with null to the first one, and tell. */
  arrange(layout) {
    const { sheet } = this;
    const name = this.columnAt?.name;
    sheet.arrange(layout);
    sheet.selection.only(sheet.selection.cell.row, Math.max(0, sheet.places.findIndex((place) => place.name === name)));
    this.refresh();
    this.tell("layout", { layout: sheet.layout });
  }

  sortBy({ name, sortable }, add) {
    if (sortable === false) this.say(`${name} cannot be sorted by`, "error");
    else this.tell("sort", { column: name, add, sort: nextSort(this.sort, name, add) });
  }

  /** Go to the first or last page of the table, and to its first or last row. */
  async toEdge(edge, column) {
    const { window } = this.sheet;
    const there = edge === "start" ? window.atStart : window.atEnd;
    if (there || (await this.attempt(() => window.open({ [edge]: true })))) this.go(edge === "start" ? 0 : this.sheet.count - 1, column);
  }

  /** Do what may be refused, and say so; answers undefined then. */
  async attempt(act) {
    try {
      return await act();
    } catch (error) {
      return this.say(error.text ?? error.message, "error");
    }
  }

  say(text, level = "info") {
    this.tell("say", { text, level });
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  cellId(row, column) {
    return `cell-${row}-${column}`;
  }

  rowIndex(at) {
    return at + 2 + (at < this.sheet.top ? 0 : (this.sheet.window.offset ?? 0));
  }

  rowNumber(at) {
    const { top, window } = this.sheet;
    return at < top ? "new" : window.offset === null ? "·" : (window.offset + at - top + 1).toLocaleString("en");
  }

  rowOf(line) {
    return { key: line.key, cells: this.sheet.columns.map((place) => this.sheet.cell(line, place).value) };
  }

  box(row, column) {
    const place = this.sheet.places[column];
    const { scrollLeft, scrollTop } = this.view;
    return { left: GUTTER + place.left - (place.pinned ? 0 : scrollLeft), top: this.headHeight + row * this.rowHeight - scrollTop, width: place.width };
  }

  /** What lies under a point of the screen; outside of the cells it is the nearest one, and `beyond`. */
  hit(x, y) {
    const frame = this.view.getBoundingClientRect();
    const [left, top] = [x - frame.left - GUTTER, y - frame.top - this.headHeight];
    const { places, count } = this.sheet;
    const inside = left < this.pinnedWidth ? left : left + this.view.scrollLeft;
    const found = places.findIndex((place) => inside < place.left + place.width);
    const row = Math.floor((top + this.view.scrollTop) / this.rowHeight);
    return {
      row: clamp(row, 0, count - 1), column: found < 0 ? places.length - 1 : found,
      head: top < 0, gutter: left < 0, beyond: row >= count || found < 0,
      grip: top < 0 ? places.findIndex((place) => Math.abs(place.left + place.width - inside) <= 5) : -1,
    };
  }

  #begin() {
    const { window, store, table } = this.sheet;
    this.rowHeight = Number.parseFloat(getComputedStyle(this).getPropertyValue("--row-height")) || 28;
    this.headHeight = Math.round(this.rowHeight * 1.6);
    this.head = new HeadView();
    this.head.element.style.height = `${this.headHeight}px`;
    this.#views = [];
    this.canvas.replaceChildren(this.head.element);
    this.view.scrollTo(0, 0);
    this.view.setAttribute("aria-label", table.key || "rows");
    this.#quit = [window.subscribe((event) => this.#windowChanged(event))];
    if (store) this.#quit.push(store.subscribe(() => this.#moved()));
    this.#remember();
    this.acts?.editing.close();
    this.refresh();
  }

  #leave() {
    for (const quit of this.#quit.splice(0)) quit();
  }

  #windowChanged({ kind, at }) {
    if (kind === "open") this.#opened(at);
    else if (kind === "after" || kind === "before") this.#moved({ byWindow: true });
    this.refresh();
    this.tell("rows", { kind });
  }

  /** The window shows another part of the table: the selection stays on its row where that is still there. */
  #opened(at) {
    const { sheet } = this;
    const { row, column } = sheet.selection.cell;
    const before = this.#seen[row];
    const kept = sheet.find(before?.key ?? before ?? null);
    sheet.forget();
    this.#remember();
    if (row >= 0) sheet.selection.only(Math.max(0, at?.end ? sheet.count - 1 : kept >= 0 ? kept : at?.start ? 0 : sheet.top), column);
    this.#size();
    this.view.scrollTop = at?.end ? this.canvas.offsetHeight : at?.start ? 0 : sheet.top * this.rowHeight;
  }

  /** Rows have changed their positions: the first row in view and the selection stay on their rows, or the nearest that is left. */
  #moved({ byWindow = false } = {}) {
    const { sheet, view } = this;
    const before = this.#seen;
    sheet.refresh();
    this.#remember();
    this.refresh();
    const after = new Map(this.#seen.map((row, at) => [row, at]));
    if (before.length === after.size && before.every((row, at) => row === this.#seen[at])) return;
    const to = (row) => after.get(before[row]) ?? Math.max(0, row < before.length / 2 ? Math.min(row, sheet.top) : sheet.count - 1);
    const first = Math.floor(view.scrollTop / this.rowHeight);
    sheet.selection.follow(to);
    this.#size();
    if (first > 0 || byWindow) view.scrollTop += (to(first) - first) * this.rowHeight; // a new row at the very top is to be seen
  }

  #remember() {
    this.#seen = [...this.sheet.staged.inserts.map(({ id }) => id), ...this.sheet.window.rows];
  }

  reveal(row, column) {
    const { view, rowHeight, headHeight } = this;
    this.#size();
    this.refresh();
    const top = row * rowHeight;
    if (row >= 0) view.scrollTop = clamp(view.scrollTop, top + headHeight + rowHeight - view.clientHeight, top);
    const place = this.sheet.places[column];
    if (!place || place.pinned) return;
    const most = place.left - this.pinnedWidth;
    view.scrollLeft = clamp(view.scrollLeft, Math.min(most, place.left + place.width + GUTTER - view.clientWidth), most);
  }

  #size() {
    const { places, count } = this.sheet;
    const { left, width } = places.at(-1) ?? { left: 0, width: 0 };
    this.canvas.style.width = `${GUTTER + left + width + 60}px`;
    this.canvas.style.height = `${this.headHeight + count * this.rowHeight}px`;
  }

  get pinnedWidth() {
    return this.sheet.places.reduce((sum, place) => sum + (place.pinned ? place.width : 0), 0);
  }

  #draw() {
    if (!this.view?.isConnected) return;
    this.#size();
    const { scrollTop, clientHeight } = this.view;
    const { count } = this.sheet;
    const first = clamp(Math.floor(scrollTop / this.rowHeight) - SPARE_ROWS, 0, count);
    const end = clamp(Math.ceil((scrollTop + clientHeight - this.headHeight) / this.rowHeight) + SPARE_ROWS, 0, count);
    const drawn = this.#columns();
    const stamp = `${this.#version} ${drawn.at(0)?.at} ${drawn.at(-1)?.at} ${drawn.length}`;
    if (stamp !== this.#stamp) this.head.draw(this, drawn);
    this.#stamp = stamp;
    this.#drawRows(first, end, drawn, stamp);
    this.#drawState();
    this.#prefetch(first, end);
    this.acts?.editing.place();
  }

  #columns() {
    const { scrollLeft, clientWidth } = this.view;
    const { places } = this.sheet;
    const [from, to] = [scrollLeft + this.pinnedWidth - SPARE_PIXELS, scrollLeft + clientWidth - GUTTER + SPARE_PIXELS];
    const seen = ({ pinned, left, width }) => places.length <= FEW || pinned || (left + width > from && left < to);
    return places.map((place, at) => ({ at, place })).filter(({ place }) => seen(place));
  }

  /** A row keeps its element while it stays in view: the element of row n is the one at n modulo their number. */
  #drawRows(first, end, drawn, stamp) {
    const most = Math.ceil(this.view.clientHeight / this.rowHeight) + 2 * SPARE_ROWS + 1;
    if (this.#views.length !== most) {
      for (const { element } of this.#views) element.remove();
      this.#views = Array.from({ length: most }, () => new RowView());
    }
    for (let at = first; at < end; at += 1) {
      const view = this.#views[at % most];
      view.draw(this, at, drawn, stamp);
      if (!view.element.parentNode) this.canvas.append(view.element);
    }
    for (const { at, element } of this.#views) if (at < first || at >= end) element.remove();
  }

  #drawState() {
    const { view, note } = this;
    const { count, places, window, editable, table, selection: { cell } } = this.sheet;
    attribute(view, "aria-rowcount", window.atEnd && window.offset !== null ? window.offset + count + 1 : -1);
    attribute(view, "aria-colcount", places.length + 1);
    attribute(view, "aria-readonly", !editable);
    attribute(view, "aria-activedescendant", this.canvas.querySelector(".cell.active") && this.cellId(cell.row, cell.column));
    note.hidden = count > 0 || window.loading;
    note.textContent = note.hidden || !table.key ? "" : "No rows";
    this.#drawHandle();
  }

  #drawHandle() {
    const { ranges: [range, more], editable, selection } = this.sheet;
    const corner = range && !more && editable && selection.cell.row >= 0 && this.cellElement(range.bottom, range.right);
    if (!corner) this.handle.remove();
    else if (this.handle.parentNode !== corner) corner.append(this.handle);
  }

  cellElement(row, column) {
    return this.#views.find((view) => view.at === row)?.cells.find((cell) => cell.column === column);
  }

  #prefetch(first, end) {
    const { window, top, count } = this.sheet;
    if (window.rows.length === 0) return;
    if (end > count - AHEAD && !window.atEnd) this.#more("after");
    else if (first >= top && first < top + AHEAD && !window.atStart && (this.view.scrollTop > 0 || top === 0)) this.#more("before");
  }

  async #more(direction) {
    if (performance.now() < this.#pause) return;
    if ((await this.attempt(() => this.sheet.window.more(direction))) === undefined) this.#pause = performance.now() + PAUSE;
  }
}

/** Return an event that can be sent later. What was copied can be read only now. */
function copyOf(event) {
  if (event.type !== "paste") return new event.constructor(event.type, event);
  const clipboardData = new DataTransfer();
  for (const type of event.clipboardData.types) clipboardData.setData(type, event.clipboardData.getData(type));
  return new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
}

customElements.define("db-grid", Grid);
