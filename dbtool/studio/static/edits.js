/** What people do to the selected cells and rows: every act is one step that can be undone. No page. */

import { clamp } from "./sheet.js";

const MOST_LONG = 400;

const isText = ({ kind }) => kind === "text" || kind === "other";

export function problem({ name, kind, members, max_length: most, pattern, expects, example }, text) {
  if (kind === "json") return syntax(text);
  if (members && !members.includes(text)) return `must be one of ${members.join(", ")}`;
  const length = [...text].length; // characters, not the halves that JavaScript counts
  if (most && length > most) return `has ${length} characters; ${name} takes ${most}`;
  return pattern && !new RegExp(`^(?:${pattern})$`).test(text) ? `must be ${expects}, such as ${example}` : null;
}

/** Read what was typed or pasted for a column as {value, problem}; undefined is a cell left empty in a spreadsheet. */
export function read(column, text) {
  const { kind, members, name, nullable } = column;
  const kept = isText(column) || kind === "json" || members?.includes(text);
  const value = text === null || kept ? text : (text ?? "").trim();
  if (value === null || (!value && !isText(column) && kind !== "bytes")) return { value: null, problem: nullable ? null : `${name} cannot be NULL` };
  const refused = problem(column, value ?? "");
  return { value: kind === "boolean" && !refused ? String(/^([ty1]|on)/i.test(value)) : (value ?? ""), problem: refused };
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

  get #cells() {
    return this.sheet.cells(this.sheet.ranges);
  }

  #refused() {
    const reason = this.sheet.refusal();
    if (reason) this.grid.say(reason, "error");
    return reason;
  }

  /** Stage [line, place, value, problem] as one step, but for cells that cannot be changed; says why when there are such. */
  stage(entries, label) {
    const { sheet, grid } = this;
    const reason = ([line, place, value]) => sheet.refusal(line, place) ?? (value === undefined && !line.inserted ? "only a new row can have DEFAULT" : null);
    const left = entries.filter(reason);
    const cells = entries.filter((entry) => !reason(entry)).map(([line, place, value, wrong]) => ({ key: line.key, column: place.name, value, old: sheet.cell(line, place).old, problem: wrong }));
    if (cells.length) sheet.store.set(sheet.table.key, cells, label);
    if (left.length) grid.say((cells.length ? `${left.length} of the cells stay as they are: ` : "") + reason(left[0]), "error");
  }

  setAll(value) {
    this.stage(this.#cells.map((cell) => [...cell, value]), "set");
  }

  /** Make the selected cells NULL, or the empty text where a text cannot be NULL. */
  clear() {
    const stubborn = ([, { column }]) => !column.nullable && !isText(column);
    const found = this.#cells.find(stubborn);
    if (found) this.grid.say(`${found[1].name} cannot be NULL`, "error");
    this.stage(this.#cells.filter((cell) => !stubborn(cell)).map(([line, place]) => [line, place, place.column.nullable ? null : ""]), "clear");
  }

  /** Paste rows of cells over the selection: one cell fills it all, a pattern that fits is repeated. */
  async paste(rows) {
    const { sheet } = this;
    if (rows.length === 0 || this.#refused()) return;
    const { top, bottom, left, right } = sheet.ranges.at(-1) ?? { top: 0, bottom: 0, left: 0, right: 0 };
    const wide = Math.max(...rows.map((row) => row.length));
    if (rows.length === 1 && wide === 1 && sheet.count) return this.stage(this.#cells.map((cell) => entry(...cell, rows[0][0])), "paste");
    const [down, across] = [(bottom - top + 1) / rows.length, (right - left + 1) / wide];
    const repeated = (list, times, other) => (Number.isInteger(times) && (other <= 1 || Number.isInteger(other)) ? Array.from({ length: times }, () => list).flat() : list);
    const lines = repeated(rows, down, across).map((row) => repeated(row, across, down));
    await this.#pasteRows(lines, top, left, Math.max(...lines.map((row) => row.length)));
  }

  async fill(from, to) {
    const { sheet } = this;
    if (!(await this.ready(sheet.cells([from])))) return;
    const source = sheet.matrix(from);
    const entries = [];
    for (let row = to.top; row <= to.bottom; row += 1) {
      for (let column = to.left; column <= to.right; column += 1) {
        const value = source.at((row - from.top) % source.length).at((column - from.left) % source[0].length);
        const inside = row === clamp(row, from.top, from.bottom) && column === clamp(column, from.left, from.right);
        if (!inside) entries.push(entry(sheet.line(row), sheet.places[column], value));
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

  async duplicate() {
    const { store, table, lines, columns } = this.sheet;
    if (this.#refused()) return [];
    const made = ({ primary_key: key, default: { kind } = {} }) => key && (table.primary_key.length === 1 || kind === "auto");
    const copied = columns.filter(({ column }) => column.editable !== false && !made(column));
    if (!(await this.ready(lines.flatMap((line) => copied.map((place) => [line, place]))))) return [];
    const ids = [];
    store.step("duplicate", () => {
      for (const line of lines) {
        const pairs = copied.map((place) => [place.name, this.sheet.plain(line, place) ?? this.sheet.cell(line, place).value]);
        ids.push(store.insert(table.key, Object.fromEntries(pairs.filter(([, value]) => value !== undefined))));
      }
    });
    return ids;
  }

  deleteRows() {
    const { store, table, lines } = this.sheet;
    if (!this.#refused()) store.remove(table.key, lines.filter((line) => !line.deleted).map((line) => ({ key: line.key, old: this.sheet.old(line) })));
  }

  /** Take back what is staged for the selected cells, or for whole rows that are new or to be deleted. */
  revert() {
    const { store, lines, table } = this.sheet;
    const cells = this.#cells.filter(([{ changes }, { name }]) => changes?.[name]);
    store?.step("revert", () => {
      store.revert(table.key, lines.filter((line) => line.inserted || line.deleted).map(({ key }) => key));
      store.set(table.key, cells.map(([{ key, changes }, { name }]) => ({ key, column: name, value: changes[name].old })));
    });
  }

  async ready(cells) {
    const { sheet, grid } = this;
    const cut = sheet.unread(cells);
    const ask = grid.parts.load ?? (async (key, column) => (await import("./api.js")).api("cell", { table: sheet.table.key, key, column }));
    const loaded = await grid.attempt(async () => {
      if (cut.length > MOST_LONG) throw new Error(`${cut.length} cells are longer than what is loaded; take at most ${MOST_LONG} such cells at once, or export`);
      for (const [line, place] of cut) {
        const { text } = await ask(line.key, place.name);
        if (text === null) throw new Error(`${place.name} is too long to be shown; download it`);
        sheet.keep(line, place, text);
      }
      return true;
    });
    return Boolean(loaded);
  }

  /** Paste rows one below the other, the last ones as new rows where there are no more. */
  async #pasteRows(rows, row, left, width) {
    const { sheet } = this;
    const start = sheet.line(row);
    if (start?.row && !(await this.#reach(row + rows.length, start))) return;
    const top = start ? sheet.find(start.id) : 0;
    const there = start ? Math.min(rows.length, (start.inserted ? sheet.top : sheet.count) - top) : 0;
    const columns = sheet.places.slice(left, left + width);
    sheet.store.step("paste", () => {
      const lines = Array.from({ length: there }, (_, at) => sheet.line(top + at));
      const ids = rows.slice(there).map(() => sheet.store.insert(sheet.table.key));
      sheet.refresh();
      lines.push(...ids.map((id) => sheet.line(sheet.find(id))));
      this.stage(lines.flatMap((line, at) => columns.slice(0, rows[at].length).map((place, column) => entry(line, place, rows[at][column]))), "paste");
    });
    this.#tellPaste(rows.length, rows.length - there, width - columns.length);
  }

  #tellPaste(count, added, lost) {
    const words = [`${count} rows pasted`, added && `${added} of them as new rows`, lost && `${lost} columns did not fit`].filter(Boolean);
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
}

/** Return what to stage in a cell, marked when it does not fit; nothing is the DEFAULT of a new row. */
function entry(line, place, text) {
  if (text === undefined && line.inserted) return [line, place, undefined];
  const { value, problem: wrong } = read(place.column, text);
  return [line, place, value, wrong];
}
