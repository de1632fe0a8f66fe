/** The rows as people see them: new rows on top, then the loaded ones with what is staged laid over. Pure. */

import { complete, places } from "./columns.js";

/**
 * @typedef {{id: any, key: string|null, inserted: boolean, deleted: boolean, row: any, values: Object|null, changes: Object|null}} Line
 * @typedef {{value: string|null|undefined|{new: string}, old: any, changed: boolean, cut: number}} Cell
 *   `value` undefined is DEFAULT; with `cut` it is only the beginning of a text of that length; `old` is what the store wants as such
 */

const KEPT = 500;

export class Sheet {
  #whole = new Map();

  /** @param {{table: any, window: import("./window.js").RowWindow, store: import("./store.js").Store|null, layout?: any}} parts */
  constructor({ table, window, store, layout }) {
    Object.assign(this, { table, window, store });
    this.references = new Map(table.references?.map((reference) => [reference.name, reference]));
    this.arrange(layout);
    this.refresh();
  }

  get editable() {
    return Boolean(this.store) && this.table.editable;
  }

  /** Take over a layout of the columns. */
  arrange(layout) {
    this.layout = complete(this.table, layout);
    this.places = places(this.table, this.layout);
  }

  /** Look again at what is staged. */
  refresh() {
    this.staged = this.store ? this.store.of(this.table.key) : { inserts: [], updates: new Map(), deletes: new Map() };
  }

  get count() {
    return this.staged.inserts.length + this.window.rows.length;
  }

  /** How many of the first rows are new ones. */
  get top() {
    return this.staged.inserts.length;
  }

  /** @returns {Line|null} */
  line(at) {
    if (at < 0 || at >= this.count) return null;
    if (at < this.top) {
      const { id, values } = this.staged.inserts[at];
      return { id, key: id, inserted: true, deleted: false, row: null, values, changes: null };
    }
    const row = this.window.rows[at - this.top];
    const { updates, deletes } = this.staged;
    return { id: row.key ?? row, key: row.key, inserted: false, deleted: deletes.has(row.key), row, values: null, changes: updates.get(row.key) ?? null };
  }

  /** Return where a row is now, by its line's id, or -1. */
  find(id) {
    const inserted = this.staged.inserts.findIndex((each) => each.id === id);
    if (inserted >= 0) return inserted;
    const at = this.window.rows.findIndex((row) => (row.key ?? row) === id);
    return at < 0 ? -1 : at + this.top;
  }

  /** @returns {Cell} */
  cell(line, { name, index }) {
    if (line.inserted) return { value: line.values[name], old: undefined, changed: false, cut: 0 };
    const value = line.row.cells[index] ?? null;
    const cut = line.row.cut?.[index] ?? 0;
    const old = cut ? { start: value, length: cut } : value;
    if (line.changes && Object.hasOwn(line.changes, name)) return { value: line.changes[name].value, old, changed: true, cut: 0 };
    return { value, old, changed: false, cut };
  }

  /** Return the value of a cell with all of its text, or undefined while only its beginning is here; DEFAULT is null. */
  whole(line, place) {
    const cell = this.cell(line, place);
    return cell.cut ? this.#whole.get(name(line, place)) : (cell.value ?? null);
  }

  /** Keep the whole text of a cell that is cut; the oldest are forgotten. */
  keep(line, place, text) {
    this.#whole.set(name(line, place), text);
    if (this.#whole.size > KEPT) this.#whole.delete(this.#whole.keys().next().value);
  }

  /** Forget whole texts: the rows are read anew. */
  forget() {
    this.#whole.clear();
  }

  /** Return the positions of the cells of some ranges that are only cut texts so far. */
  unread(ranges) {
    const found = [];
    for (const [line, place] of this.each(ranges)) if (this.whole(line, place) === undefined) found.push([line, place]);
    return found;
  }

  /** Yield the [line, place] of ranges, row by row. */
  *each(ranges) {
    for (const { top, bottom, left, right } of ranges) {
      for (let row = top; row <= bottom; row += 1) {
        const line = this.line(row);
        if (line) for (const place of this.places.slice(left, right + 1)) yield [line, place];
      }
    }
  }

  /** Return the values of a range as rows of cells. */
  matrix({ top, bottom, left, right }) {
    const rows = [];
    for (let row = top; row <= bottom; row += 1) {
      const line = this.line(row);
      rows.push(this.places.slice(left, right + 1).map((place) => plain(this.cell(line, place), this.whole(line, place))));
    }
    return rows;
  }

  /** Return what the server refused in a cell, or in its row as a whole. */
  problem(line, place) {
    return this.store && line.key !== null ? this.store.problem(this.table.key, line.key, place ? place.name : null) : null;
  }

  /** Return the reference that a column belongs to, or null. */
  reference(column) {
    return (column.references && this.references.get(column.references)) || null;
  }

  /** Return what the target of a reference is called, where that is known. */
  label({ column, name }, value) {
    if (!column.references || typeof value !== "string") return undefined;
    const label = this.window.label(name, value);
    return label === value ? undefined : label;
  }

  /** Return why a cell cannot be changed, or null. */
  refusal(line, place) {
    if (!this.store) return "this is read-only";
    if (!this.table.editable) return this.table.reason ?? `${this.table.key} is read-only`;
    if (line.deleted) return "this row is to be deleted; revert it first";
    return place && place.column.editable === false ? `${place.name} is computed by the database` : null;
  }

  /** Return the values of a row by column, as staged; a cut text by its beginning. */
  values(line) {
    return Object.fromEntries(this.table.columns.map((column, index) => [column.name, this.cell(line, { name: column.name, index }).value]));
  }

  /** Return what the store wants as old values of a row. */
  old(line) {
    return Object.fromEntries(this.table.columns.map((column, index) => [column.name, this.cell(line, { name: column.name, index }).old]));
  }
}

function name(line, place) {
  return JSON.stringify([line.key, place.name]);
}

/** A row that refers to a new one has no value to copy yet. */
function plain(cell, whole) {
  return cell.value === undefined || cell.value?.new ? undefined : (whole ?? cell.value);
}
