/** The sheet as people see it: columns as laid out, rows with what is staged laid over, and what is selected. Pure. */

/**
 * A place is a column as laid out; its `index` is where its cells are in a row. A line is a row with what is staged in it.
 * A cell's value undefined is DEFAULT; with `cut` it is the beginning of a text of that length.
 * A range includes both ends; Infinity is "all there are".
 */

const NARROWEST = 44;
const WIDEST = 900;
const WIDTHS = { boolean: 84, integer: 90, float: 110, decimal: 110, enum: 120, date: 116, time: 130, duration: 140, datetime: 252, uuid: 290, bytes: 190, json: 240, text: 210 };
const KEPT = 500; // whole texts of cells that are shown cut
const NOTHING = { inserts: [], updates: new Map(), deletes: new Map() };

export function clamp(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

export function defaultWidth({ references, kind, name }) {
  return clamp(Math.max(references ? 170 : (WIDTHS[kind] ?? 160), 58 + 8 * name.length), NARROWEST, 320);
}

/** Return a layout that names every column of the table once and no other, whatever was remembered. */
export function complete({ columns }, layout) {
  const names = columns.map(({ name }) => name);
  const known = (list) => [...new Set(Array.isArray(list) ? list : [])].filter((name) => names.includes(name));
  const sized = Object.entries(layout?.widths ?? {}).filter(([name, width]) => names.includes(name) && Number.isFinite(width));
  const widths = Object.fromEntries(sized.map(([name, width]) => [name, clamp(width, NARROWEST, WIDEST)]));
  return { order: known([...known(layout?.order), ...names]), hidden: known(layout?.hidden), pinned: known(layout?.pinned), widths };
}

/** Return the visible columns from left to right, the pinned ones first. */
export function places(columns, layout) {
  const shown = layout.order.filter((name) => !layout.hidden.includes(name));
  const pinned = new Set(layout.pinned);
  const sorted = [...shown.filter((name) => pinned.has(name)), ...shown.filter((name) => !pinned.has(name))];
  const indexes = new Map(columns.map(({ name }, index) => [name, index]));
  let left = 0;
  return sorted.map((name) => {
    const index = indexes.get(name);
    const width = Object.hasOwn(layout.widths, name) ? layout.widths[name] : defaultWidth(columns[index]);
    const place = { column: columns[index], name, index, left, width, pinned: pinned.has(name) };
    left += width;
    return place;
  });
}

export function move(layout, name, before) {
  const rest = layout.order.filter((each) => each !== name);
  const at = rest.indexOf(before);
  return { ...layout, order: rest.toSpliced(at < 0 ? rest.length : at, 0, name) };
}

export function resize(layout, name, width) {
  return { ...layout, widths: Object.fromEntries([...Object.entries(layout.widths), [name, Math.round(clamp(width, NARROWEST, WIDEST))]]) };
}

/** Put a column on the list "hidden" or "pinned", or take it off. */
export function listed(layout, list, name, on) {
  const others = layout[list].filter((each) => each !== name);
  return { ...layout, [list]: on ? [...others, name] : others };
}

/** One click sorts, the next turns it round, the third takes it away; with `add` beside the other columns. */
export function nextSort(sort, column, add = false) {
  const now = sort.find((each) => each.column === column);
  const turned = { column, descending: Boolean(now) };
  if (!add) return now?.descending ? [] : [turned];
  return now ? sort.flatMap((each) => (each !== now ? each : now.descending ? [] : turned)) : [...sort, turned];
}

/** What is selected, by positions; row -1 is the header. The last range is the one that grows, from the cell to the head. */
export class Selection {
  constructor() {
    this.only(0, 0);
  }

  only(row, column, kept = []) {
    this.cell = this.head = { row, column };
    this.ranges = [...kept, around(this.cell, this.head)];
  }

  extend(row, column) {
    this.head = { row, column };
    this.ranges.splice(-1, 1, around(this.cell, this.head));
  }

  band(axis, from, to, kept = []) {
    const [least, most] = [Math.min(from, to), Math.max(from, to)];
    const range = axis === "row" ? { top: least, bottom: most, left: 0, right: Infinity } : { top: 0, bottom: Infinity, left: least, right: most };
    const row = Math.max(0, this.cell.row);
    this.ranges = [...kept, range];
    this.cell = { row, column: this.cell.column, [axis]: from };
    this.head = { row, column: this.head.column, [axis]: to };
  }

  all() {
    this.ranges = [{ top: 0, bottom: Infinity, left: 0, right: Infinity }];
  }

  has(row, column) {
    return this.ranges.some((range) => row >= range.top && row <= range.bottom && column >= range.left && column <= range.right);
  }

  hasRow(row) {
    return this.has(row, Infinity);
  }

  get single() {
    const [range] = this.ranges;
    return this.ranges.length === 1 && range.top === range.bottom && range.left === range.right;
  }

  cycle({ top, bottom, left, right }, down, back) {
    const [height, width] = [bottom - top + 1, right - left + 1];
    const [row, column] = [this.cell.row - top, this.cell.column - left];
    const next = ((down ? column * height + row : row * width + column) + (back ? -1 : 1) + height * width) % (height * width);
    this.cell = down
      ? { row: top + (next % height), column: left + Math.floor(next / height) }
      : { row: top + Math.floor(next / width), column: left + (next % width) };
  }

  follow(to) {
    const moved = (row) => (row < 0 ? row : to(row));
    this.cell = { ...this.cell, row: moved(this.cell.row) };
    this.head = { ...this.head, row: moved(this.head.row) };
    this.ranges = this.ranges.map((range) => (range.bottom === Infinity ? range : { ...range, top: moved(range.top), bottom: moved(range.bottom) }));
  }
}

export class Sheet {
  #whole = new Map();

  constructor({ table, window, store, layout }) {
    Object.assign(this, { table, window, store, selection: new Selection() });
    this.columns = table.columns.map((column, index) => ({ column, name: column.name, index }));
    this.references = new Map(table.references?.map((reference) => [reference.name, reference]));
    this.arrange(layout);
    this.refresh();
  }

  get editable() {
    return Boolean(this.store) && this.table.editable;
  }

  arrange(layout) {
    this.layout = complete(this.table, layout);
    this.places = places(this.table.columns, this.layout);
  }

  refresh() {
    this.staged = this.store?.of(this.table.key) ?? NOTHING;
  }

  get count() {
    return this.top + this.window.rows.length;
  }

  get top() {
    return this.staged.inserts.length;
  }

  get ranges() {
    const [last, end] = [this.count - 1, this.places.length - 1];
    return this.selection.ranges
      .map(({ top, bottom, left, right }) => ({ top: Math.max(0, top), bottom: Math.min(last, bottom), left, right: Math.min(end, right) }))
      .filter(({ top, bottom, left, right }) => top <= bottom && left <= right);
  }

  /** The rows that any range touches, from the top. */
  get lines() {
    const found = new Set();
    for (const { top, bottom } of this.ranges) for (let row = top; row <= bottom; row += 1) found.add(row);
    return [...found].sort((one, other) => one - other).map((row) => this.line(row));
  }

  line(at) {
    if (at < 0 || at >= this.count) return null;
    if (at < this.top) {
      const { id, values } = this.staged.inserts[at];
      return { id, key: id, inserted: true, values };
    }
    const row = this.window.rows[at - this.top];
    const { updates, deletes } = this.staged;
    return { id: row.key ?? row, key: row.key, row, deleted: deletes.has(row.key), changes: updates.get(row.key) };
  }

  /** Return where a row is now, by its line's id, or -1. */
  find(id) {
    const inserted = this.staged.inserts.findIndex((each) => each.id === id);
    if (inserted >= 0) return inserted;
    const at = this.window.rows.findIndex((row) => (row.key ?? row) === id);
    return at < 0 ? -1 : at + this.top;
  }

  cell(line, { name, index }) {
    if (line.inserted) return { value: line.values[name] };
    const value = line.row.cells[index] ?? null;
    const cut = line.row.cut?.[index];
    const old = cut ? { start: value, length: cut } : value;
    const change = line.changes?.[name];
    return change ? { value: change.value, old, changed: true } : { value, old, cut };
  }

  /** Return the value of a cell with all of its text, or undefined while only its beginning is here; DEFAULT is null. */
  whole(line, place) {
    const { cut, value } = this.cell(line, place);
    return cut ? this.#whole.get(JSON.stringify([line.key, place.name])) : (value ?? null);
  }

  keep(line, place, text) {
    this.#whole.set(JSON.stringify([line.key, place.name]), text);
    if (this.#whole.size > KEPT) this.#whole.delete(this.#whole.keys().next().value);
  }

  forget() {
    this.#whole.clear();
  }

  cells(ranges) {
    const found = [];
    for (const { top, bottom, left, right } of ranges) {
      const shown = this.places.slice(left, right + 1);
      for (let row = top; row <= bottom; row += 1) found.push(...shown.map((place) => [this.line(row), place]));
    }
    return found;
  }

  unread(cells) {
    return cells.filter(([line, place]) => this.whole(line, place) === undefined);
  }

  /** Return what a cell gives to a copy: a row that refers to a new one has nothing to give yet. */
  plain(line, place) {
    const { value } = this.cell(line, place);
    return value === undefined || value?.new ? undefined : (this.whole(line, place) ?? value);
  }

  matrix({ top, bottom, left, right }) {
    const shown = this.places.slice(left, right + 1);
    return Array.from({ length: bottom - top + 1 }, (_, at) => shown.map((place) => this.plain(this.line(top + at), place)));
  }

  /** Return what was refused in a cell, or without a place in its row as a whole. */
  problem(line, place) {
    return this.store && line.key !== null ? this.store.problem(this.table.key, line.key, place?.name ?? null) : null;
  }

  reference(place) {
    return this.references.get(place?.column.references) ?? null;
  }

  label({ column, name }, value) {
    const label = column.references ? this.window.label(name, value) : undefined;
    return label === value ? undefined : label;
  }

  /** Return why a cell, or with nothing given the table, cannot be changed, or null. */
  refusal(line, place) {
    if (!this.store) return "this is read-only";
    if (!this.table.editable) return this.table.reason ?? `${this.table.key} is read-only`;
    if (line?.deleted) return "this row is to be deleted; revert it first";
    return place?.column.editable === false ? `${place.name} is computed by the database` : null;
  }

  old(line) {
    return Object.fromEntries(this.columns.map((place) => [place.name, this.cell(line, place).old]));
  }
}

function around(one, other) {
  return {
    top: Math.min(one.row, other.row), bottom: Math.max(one.row, other.row),
    left: Math.min(one.column, other.column), right: Math.max(one.column, other.column),
  };
}
