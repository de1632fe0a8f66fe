/** What people do to the selected cells and rows: every act is one step that can be undone. No page. */

import { DEFAULT } from "./clipboard.js";
import { clamp } from "./sheet.js";

const TOGETHER = 4; // long texts that are loaded at a time
const MOST_LONG = 400;

/** Whether a column takes any text, so that nothing typed is the empty text. */
function isText({ kind }) {
  return kind === "text" || kind === "other";
}

/** Return why a text is no value of the column, or null when it may be one. */
export function problem({ name, kind, members, max_length: most, pattern, expects, example }, text) {
  if (kind === "enum" && members && !members.includes(text)) return `must be one of ${members.join(", ")}`;
  if (kind === "json") return syntax(text);
  const length = [...text].length; // characters, not the halves that JavaScript counts
  if (most && length > most) return `has ${length} characters; ${name} takes ${most}`;
  return pattern && !new RegExp(`^(?:${pattern})$`).test(text) ? `must be ${expects}, such as ${example}` : null;
}

/**
 * Read what people typed or pasted for a column; undefined is a cell left empty in a spreadsheet.
 * @returns {{value: string|null, problem: string|null}} with a problem, `value` is the text as it was
 */
export function read(column, text) {
  const typed = isText(column) || column.members?.includes(text) ? (text ?? null) : (text?.trim() ?? null);
  if (isText(column) && text !== null) return { value: text ?? "", problem: problem(column, text ?? "") };
  if (typed === null || (typed === "" && column.kind !== "bytes")) return { value: null, problem: column.nullable ? null : `${column.name} cannot be NULL` };
  const refused = problem(column, typed);
  if (column.kind === "boolean" && !refused) return { value: String(/^([ty1]|on)/i.test(typed)), problem: null };
  return { value: column.kind === "json" ? text : typed, problem: refused };
}

function syntax(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `is not JSON: ${error.message}`;
  }
}

export class Edits {
  constructor(grid) {
    this.grid = grid;
  }

  get sheet() {
    return this.grid.sheet;
  }

  /** Say why nothing of the table can be changed, if so. */
  #refused() {
    const reason = this.sheet.refusal();
    if (reason) this.grid.say(reason, "error");
    return reason;
  }

  /** Stage values, leaving out cells that cannot be changed; says why when there are such. */
  stage(entries, label) {
    const { sheet, grid } = this;
    const cells = [];
    let refused = null;
    for (const { line, place, value, problem: wrong } of entries) {
      const reason = sheet.refusal(line, place) ?? (value === undefined && !line.inserted ? "only a new row can have DEFAULT" : null);
      if (reason) refused = reason;
      else cells.push({ key: line.key, column: place.name, value, old: sheet.cell(line, place).old, problem: wrong });
    }
    if (cells.length) sheet.store.set(sheet.table.key, cells, label);
    const left = entries.length - cells.length;
    if (refused) grid.say(cells.length ? `${left} of the cells stay as they are: ${refused}` : refused, "error");
  }

  /** The selected cells. */
  get #cells() {
    return this.sheet.cells(this.sheet.ranges);
  }

  /** Give every selected cell one value: a text as typed, null, or undefined for DEFAULT. */
  setAll(value) {
    this.stage(this.#cells.map(([line, place]) => ({ line, place, value })), "set");
  }

  /** Make the selected cells NULL, or the empty text where a text cannot be NULL. */
  clear(label = "clear") {
    const stubborn = ({ column }) => !column.nullable && !isText(column);
    const found = this.#cells.find(([, place]) => stubborn(place));
    if (found) this.grid.say(`${found[1].name} cannot be NULL`, "error");
    this.stage(this.#cells.filter(([, place]) => !stubborn(place)).map(([line, place]) => ({ line, place, value: place.column.nullable ? null : "" })), label);
  }

  /** Paste rows of cells over the selection: one cell fills it all, a pattern that fits is repeated. */
  async paste(rows) {
    if (rows.length === 0 || this.#refused()) return;
    const range = this.sheet.ranges.at(-1) ?? { top: 0, left: 0, bottom: 0, right: 0 };
    const wide = Math.max(...rows.map((row) => row.length));
    if (rows.length === 1 && wide === 1 && this.sheet.count) {
      this.stage(this.#cells.flatMap(([line, place]) => this.#entry(line, place, rows[0][0], true)), "paste");
    } else {
      const [down, right] = [(range.bottom - range.top + 1) / rows.length, (range.right - range.left + 1) / wide];
      const whole = Number.isInteger(down) && Number.isInteger(right);
      await this.#pasteRows(whole ? Array.from({ length: down }, () => rows).flat() : rows, range, wide * (whole ? right : 1), wide);
    }
  }

  /** Repeat the cells of one range over another. */
  async fill(from, to) {
    const { sheet } = this;
    if (!(await this.ready(sheet.cells([from])))) return;
    const source = sheet.matrix(from);
    const entries = [];
    for (let row = to.top; row <= to.bottom; row += 1) {
      for (let column = to.left; column <= to.right; column += 1) {
        if (row === clamp(row, from.top, from.bottom) && column === clamp(column, from.left, from.right)) continue;
        const value = source.at((row - from.top) % source.length).at((column - from.left) % source[0].length);
        entries.push(...this.#entry(sheet.line(row), sheet.places[column], value));
      }
    }
    this.stage(entries, "fill");
  }

  /** Fill every selected range from its first row ("top", "bottom") or column ("left", "right"); a single one takes what is before it. */
  async fillFrom(start, end) {
    for (const range of this.sheet.ranges) {
      const first = range[start] - (range[start] === range[end] ? 1 : 0);
      if (first >= 0) await this.fill({ ...range, [start]: first, [end]: first }, range);
    }
  }

  /** Stage a copy of every selected row, without what the database makes itself. Answers the ids. */
  async duplicate() {
    const { sheet } = this;
    if (this.#refused()) return undefined;
    const { lines, table } = sheet;
    const made = ({ primary_key: key, default: { kind } = {} }) => key && (table.primary_key.length === 1 || kind === "auto");
    const copied = sheet.columns.filter(({ column }) => column.editable !== false && !made(column));
    if (!(await this.ready(lines.flatMap((line) => copied.map((place) => [line, place]))))) return undefined;
    const ids = [];
    sheet.store.step("duplicate", () => {
      for (const line of lines) {
        const value = (place) => sheet.plain(line, place) ?? sheet.cell(line, place).value;
        const pairs = copied.map((place) => [place.name, value(place)]).filter((pair) => pair[1] !== undefined);
        ids.push(sheet.store.insert(table.key, Object.fromEntries(pairs)));
      }
    });
    return ids;
  }

  /** Stage the deletion of the selected rows. */
  deleteRows() {
    const { sheet } = this;
    if (this.#refused()) return;
    const lines = sheet.lines.filter((line) => !line.deleted);
    sheet.store.remove(sheet.table.key, lines.map((line) => ({ key: line.key, old: sheet.old(line) })));
  }

  /** Take back what is staged for the selected cells, or for whole rows that are new or to be deleted. */
  revert() {
    const { sheet } = this;
    const { store, lines, table } = sheet;
    store?.step("revert", () => {
      store.revert(table.key, lines.filter((line) => line.inserted || line.deleted).map(({ key }) => key));
      const changed = sheet.cells(sheet.ranges).filter(([{ changes }, { name }]) => changes?.[name]);
      store.set(table.key, changed.map(([{ key, changes }, { name }]) => ({ key, column: name, value: changes[name].old })));
    });
  }

  /** Load the whole texts of cells; answers whether all are here. */
  async ready(cells) {
    const cut = this.sheet.unread(cells);
    if (cut.length > MOST_LONG) {
      this.grid.say(`${cut.length} cells are longer than what is loaded; take at most ${MOST_LONG} such cells at once, or export`, "error");
      return false;
    }
    for (let at = 0; at < cut.length; at += TOGETHER) {
      const loaded = await Promise.all(cut.slice(at, at + TOGETHER).map((cell) => this.grid.attempt(() => this.#load(...cell))));
      if (loaded.includes(undefined)) return false;
    }
    return true;
  }

  async #load(line, place) {
    const { sheet, grid } = this;
    const ask = grid.parts.load ?? (async (key, column) => (await import("./api.js")).api("cell", { table: sheet.table.key, key, column }));
    const { text } = await ask(line.key, place.name);
    if (text === null) throw new Error(`${place.name} is too long to be shown; download it`);
    sheet.keep(line, place, text);
    return true;
  }

  /** Paste rows one below the other, the last ones as new rows where there are no more; `wide` cells are repeated. */
  async #pasteRows(rows, range, width, wide) {
    const { sheet } = this;
    const start = sheet.line(range.top);
    if (start?.row && !(await this.#reach(range.top + rows.length, start))) return;
    const top = start ? sheet.find(start.id) : 0;
    const there = start ? Math.min(rows.length, (start.inserted ? sheet.top : sheet.count) - top) : 0;
    const columns = sheet.places.slice(range.left, range.left + width);
    sheet.store.step("paste", () => {
      const lines = Array.from({ length: there }, (_, at) => sheet.line(top + at));
      const ids = rows.slice(there).map(() => sheet.store.insert(sheet.table.key));
      sheet.refresh();
      lines.push(...ids.map((id) => sheet.line(sheet.find(id))));
      const entries = rows.flatMap((row, at) => columns.flatMap((place, column) => (column % wide < row.length ? this.#entry(lines[at], place, row[column % wide], true) : [])));
      this.stage(entries, "paste");
    });
    this.#tellPaste(rows.length, rows.length - there, width - columns.length);
  }

  #tellPaste(count, added, lost) {
    const words = [`${count} ${count === 1 ? "row" : "rows"} pasted`];
    if (added) words.push(added === count ? "all as new rows" : `${added} of them as new rows`);
    if (lost) words.push(`${lost} columns did not fit`);
    if (words.length > 1) this.grid.say(words.join(", "), lost ? "error" : "info");
  }

  /** Load further rows until there are so many, or all; answers whether the first one is still there. */
  async #reach(count, start) {
    const { sheet, grid } = this;
    while (sheet.count < count && (await grid.attempt(() => sheet.window.more("after")))) {
      if (sheet.find(start.id) >= 0) continue;
      grid.say("that is more than fits at once; import it instead", "error");
      return false;
    }
    return true;
  }

  /** Return a list of what to stage in a cell, marked when it does not fit; an empty list leaves the cell alone. */
  #entry(line, place, value, pasted = false) {
    if (value !== DEFAULT && (value !== undefined || pasted)) return [{ line, place, ...read(place.column, value) }];
    return line.inserted ? [{ line, place, value: undefined }] : [];
  }
}
