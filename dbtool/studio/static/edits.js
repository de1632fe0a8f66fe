/** What people do to the selected cells and rows: every act is one step that can be undone. No page. */

import { DEFAULT } from "./clipboard.js";
import { isText, read } from "./checks.js";

const TOGETHER = 4;
const MOST_LONG = 400;

export class Edits {
  /**
   * @param {{sheet: import("./sheet.js").Sheet, selection: import("./selection.js").Selection,
   *   load: (key: string, column: string) => Promise<{text: string|null, length: number}>, say: (text: string, level?: string) => void}} parts
   */
  constructor(parts) {
    Object.assign(this, parts);
  }

  get ranges() {
    return this.selection.bounded(this.sheet.count, this.sheet.places.length);
  }

  get table() {
    return this.sheet.table.key;
  }

  /** Stage values, leaving out cells that cannot be changed; says why when there are such. Answers how many were staged. */
  stage(entries, label) {
    const cells = [];
    let refused = null;
    let left = 0;
    for (const { line, place, value, problem = null } of entries) {
      const reason = this.sheet.refusal(line, place) ?? (value === undefined && !line.inserted ? "only a new row can have DEFAULT" : null);
      if (reason) {
        refused = reason;
        left += 1;
      } else cells.push({ key: line.key, column: place.name, value, old: this.sheet.cell(line, place).old, problem });
    }
    if (cells.length) this.sheet.store.set(this.table, cells, label);
    if (refused) this.say(cells.length ? `${left} of the cells stay as they are: ${refused}` : refused, "error");
    return cells.length;
  }

  /** Give every selected cell one value: a text as typed, null, or undefined for DEFAULT. */
  setAll(value, { problem = null, label = "set" } = {}) {
    return this.stage([...this.sheet.each(this.ranges)].map(([line, place]) => ({ line, place, value, problem })), label);
  }

  /** Make the selected cells NULL, or the empty text where a text cannot be NULL. */
  clear(label = "clear") {
    const entries = [];
    let stubborn = null;
    for (const [line, place] of this.sheet.each(this.ranges)) {
      if (place.column.nullable) entries.push({ line, place, value: null });
      else if (isText(place.column)) entries.push({ line, place, value: "" });
      else stubborn = place.name;
    }
    if (stubborn !== null) this.say(`${stubborn} cannot be NULL`, "error");
    return this.stage(entries, label);
  }

  /** Paste rows of cells over the selection: one cell fills it all, a pattern that fits is repeated. */
  async paste(rows) {
    if (rows.length === 0) return;
    const reason = this.sheet.refusal({ deleted: false }, null);
    if (reason) return void this.say(reason, "error");
    const range = this.ranges.at(-1) ?? { top: 0, left: 0, bottom: 0, right: 0 };
    const wide = Math.max(...rows.map((row) => row.length));
    if (rows.length === 1 && wide === 1 && this.sheet.count) return void this.#pasteOne(rows[0][0]);
    const times = fits(range, rows.length, wide);
    const lines = Array.from({ length: rows.length * times.down }, (_, at) => rows[at % rows.length]);
    await this.#pasteRows(lines, range, wide * times.right, wide);
  }

  /** Repeat the cells of one range over another, in the direction in which that is larger. */
  async fill(from, to, label = "fill") {
    if (!(await this.ready([from]))) return;
    const source = this.sheet.matrix(from);
    const entries = [];
    for (let row = to.top; row <= to.bottom; row += 1) {
      for (let column = to.left; column <= to.right; column += 1) {
        if (within(from, row, column)) continue;
        const value = source[modulo(row - from.top, source.length)][modulo(column - from.left, source[0].length)];
        entries.push(this.#entry(this.sheet.line(row), this.sheet.places[column], value));
      }
    }
    this.stage(entries.filter(Boolean), label);
  }

  /** Fill every selected range from its first row; a single row takes what is above it. */
  async fillDown() {
    for (const range of this.ranges) {
      const top = range.top === range.bottom ? range.top - 1 : range.top;
      if (top >= 0) await this.fill({ ...range, top, bottom: top }, { ...range, top }, "fill down");
    }
  }

  async fillRight() {
    for (const range of this.ranges) {
      const left = range.left === range.right ? range.left - 1 : range.left;
      if (left >= 0) await this.fill({ ...range, left, right: left }, { ...range, left }, "fill right");
    }
  }

  /** Stage a new row; answers its id, or null. */
  insert(values = {}) {
    const reason = this.sheet.refusal({ deleted: false }, null);
    if (reason) this.say(reason, "error");
    return reason ? null : this.sheet.store.insert(this.table, values);
  }

  /** Stage a copy of every selected row, without what the database makes itself. Answers the ids. */
  async duplicate() {
    const reason = this.sheet.refusal({ deleted: false }, null);
    if (reason) return void this.say(reason, "error");
    const lines = this.lines();
    const all = this.sheet.table.columns.map((column, index) => ({ column, name: column.name, index })).filter(({ column }) => this.#copied(column));
    const cells = lines.flatMap((line) => all.map((place) => [line, place]));
    if (!(await this.#load(cells.filter(([line, place]) => this.sheet.whole(line, place) === undefined)))) return undefined;
    const ids = [];
    this.sheet.store.step("duplicate", () => {
      for (const line of lines) {
        const pairs = all.map((place) => [place.name, this.#value(line, place)]).filter(([, value]) => value !== undefined);
        ids.push(this.sheet.store.insert(this.table, Object.fromEntries(pairs)));
      }
    });
    return ids;
  }

  /** Stage the deletion of the selected rows. */
  deleteRows() {
    const reason = this.sheet.refusal({ deleted: false }, null);
    if (reason) return void this.say(reason, "error");
    const lines = this.lines().filter((line) => !line.deleted);
    this.sheet.store.remove(this.table, lines.map((line) => ({ key: line.key, old: this.sheet.old(line) })));
  }

  /** Take back what is staged for the selected cells, or for whole rows that are new or to be deleted. */
  revert() {
    if (!this.sheet.store) return;
    this.sheet.store.step("revert", () => {
      const rows = this.lines().filter((line) => line.inserted || line.deleted);
      this.sheet.store.revert(this.table, rows.map((line) => line.key));
      const cells = [...this.sheet.each(this.ranges)].filter(([line]) => line.changes);
      this.sheet.store.set(this.table, cells.map(([line, place]) => ({ key: line.key, column: place.name, value: this.sheet.cell(line, place).old, old: this.sheet.cell(line, place).old })));
    });
  }

  /** Return the selected rows. */
  lines() {
    return this.selection.touched(this.sheet.count).map((row) => this.sheet.line(row)).filter(Boolean);
  }

  /** Load the whole texts of cut cells in ranges; answers whether all are here. */
  ready(ranges) {
    return this.#load(this.sheet.unread(ranges));
  }

  async #load(cells) {
    if (cells.length > MOST_LONG) {
      this.say(`${cells.length} cells are longer than what is loaded; take at most ${MOST_LONG} such cells at once, or export`, "error");
      return false;
    }
    for (let at = 0; at < cells.length; at += TOGETHER) {
      const loaded = await Promise.all(cells.slice(at, at + TOGETHER).map((cell) => this.#loadOne(...cell)));
      if (loaded.includes(false)) return false;
    }
    return true;
  }

  async #loadOne(line, place) {
    try {
      const { text } = await this.load(line.key, place.name);
      if (text === null) throw new Error(`${place.name} is too long to be shown; download it`);
      this.sheet.keep(line, place, text);
      return true;
    } catch (error) {
      this.say(error.text ?? error.message, "error");
      return false;
    }
  }

  #pasteOne(text) {
    const entries = [...this.sheet.each(this.ranges)].map(([line, place]) => this.#entry(line, place, text, { pasted: true }));
    this.stage(entries.filter(Boolean), "paste");
  }

  async #pasteRows(rows, range, width, wide) {
    const start = this.sheet.line(range.top);
    if (start && !start.inserted && !(await this.#reach(range.top + rows.length, start))) return;
    const top = start ? this.sheet.find(start.id) : 0;
    const end = start?.inserted ? this.sheet.top : this.sheet.count;
    const there = start ? Math.min(rows.length, end - top) : 0;
    const columns = this.sheet.places.slice(range.left, range.left + width);
    this.sheet.store.step("paste", () => {
      const keys = rows.slice(there).map(() => this.sheet.store.insert(this.table));
      this.sheet.refresh();
      const shifted = start?.inserted ? top : top + keys.length;
      const fresh = this.sheet.top - keys.length - there;
      const lines = rows.map((_, at) => this.sheet.line(at < there ? shifted + at : fresh + at));
      const entries = rows.flatMap((row, at) => columns.map((place, column) => (column % wide < row.length ? this.#entry(lines[at], place, row[column % wide], { pasted: true }) : null)));
      this.stage(entries.filter(Boolean), "paste");
    });
    this.#tellPaste(rows, there, width - columns.length);
  }

  #tellPaste(rows, there, lost) {
    const added = rows.length - there;
    const words = [`${rows.length} ${rows.length === 1 ? "row" : "rows"} pasted`];
    if (added) words.push(added === rows.length ? "all as new rows" : `${added} of them as new rows`);
    if (lost > 0) words.push(`${lost} columns did not fit`);
    if (added || lost > 0) this.say(words.join(", "), lost > 0 ? "error" : "info");
  }

  /** Load further rows until there are so many, or all. */
  async #reach(count, start) {
    const { window } = this.sheet;
    while (this.sheet.count < count && !window.atEnd) {
      if (!(await window.more("after"))) break;
      if (this.sheet.find(start.id) < 0) {
        this.say("that is more than fits at once; import it instead", "error");
        return false;
      }
    }
    return true;
  }

  /** Return what to stage in a cell, marked when it does not fit; null leaves the cell alone. */
  #entry(line, place, value, { pasted = false } = {}) {
    if (!line || !place) return null;
    if (value === DEFAULT || (value === undefined && !pasted)) return line.inserted ? { line, place, value: undefined } : null;
    return { line, place, ...read(place.column, value) };
  }

  #copied(column) {
    if (column.editable === false) return false;
    const alone = this.sheet.table.primary_key.length === 1;
    return !(column.primary_key && (alone || column.default?.kind === "auto"));
  }

  #value(line, place) {
    const { value } = this.sheet.cell(line, place);
    return value === undefined || value?.new ? value : this.sheet.whole(line, place);
  }
}

/** How often a pattern fits into a range, when it does without a rest; else once. */
function fits({ top, bottom, left, right }, height, width) {
  const rows = bottom - top + 1;
  const columns = right - left + 1;
  const whole = rows % height === 0 && columns % width === 0;
  if (whole) return { down: rows / height, right: columns / width };
  return { down: rows % height === 0 && columns <= width ? rows / height : 1, right: columns % width === 0 && rows <= height ? columns / width : 1 };
}

function within({ top, bottom, left, right }, row, column) {
  return row >= top && row <= bottom && column >= left && column <= right;
}

function modulo(value, by) {
  return ((value % by) + by) % by;
}
