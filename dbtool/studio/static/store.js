/** Staged edits: what people changed and have not saved, with undo across tables. Pure. */

/**
 * @typedef {string|null|undefined|{new: string}} Value  undefined is DEFAULT, for inserts only; `new` is the id of an inserted row
 * @typedef {string|null|{start: string, length: number}} Old  what was on screen; a long text by its start and length
 * @typedef {{key: string, column: string, value: Value, old?: Old, problem?: string|null}} Cell  `key` is a row's key or an insert's id
 * @typedef {{inserts: Map<string, Object>, updates: Map<string, Object>, deletes: Map<string, Object>}} Part  what is staged for a table
 */

const DEPTH = 200;
const NOWHERE = Object.freeze(Object.create(null));
const NOTHING = Object.freeze({ inserts: new Map(), updates: new Map(), deletes: new Map() });

/** Whether a key is the id of a row that is not in the database yet. */
export function isInsert(key) {
  return typeof key === "string" && key.startsWith("new-");
}

/**
 * Every step keeps the parts as they were before, and a part is copied when it is first touched in a step: undo puts
 * the old ones back.
 */
export class Store {
  /** @type {Map<string, Part>} */
  #parts = new Map();
  #touched = null;
  #past = [];
  #future = [];
  #next = 1;
  #problems = new Map();
  #theirs = new Map();
  #listeners = new Set();
  #lists = new WeakMap();

  /** Stage a new row; columns without a value get their DEFAULT. It comes after the other new rows, or before the one named. */
  insert(table, values = {}, { before = null } = {}) {
    const id = `new-${this.#next++}`;
    this.step("insert", () => {
      const part = this.#touch(table);
      const entries = [...part.inserts];
      const at = before === null ? -1 : entries.findIndex(([each]) => each === before);
      if (at < 0) part.inserts.set(id, record(values));
      else part.inserts = new Map(entries.toSpliced(at, 0, [id, record(values)]));
    });
    return id;
  }

  /**
   * Stage values of cells, as one step. A value that is the old one again is no longer staged.
   * @param {string} table
   * @param {Cell[]} cells
   */
  set(table, cells, label = "edit") {
    this.step(label, () => {
      for (const cell of cells) this.#set(table, cell);
    });
  }

  /** Stage the deletion of rows, each with the values on screen; an inserted row is simply gone. */
  remove(table, rows, label = "delete") {
    this.step(label, () => {
      this.#forget(table, rows.map(({ key }) => key).filter(isInsert));
      for (const { key, old = {} } of rows) {
        if (isInsert(key)) continue;
        const part = this.#touch(table);
        part.updates.delete(key);
        part.deletes.set(key, record(old));
      }
    });
  }

  /** Take back whatever is staged for these rows. */
  revert(table, keys) {
    this.step("revert", () => {
      this.#forget(table, keys.filter(isInsert));
      for (const key of keys) {
        this.#touch(table).updates.delete(key);
        this.#touch(table).deletes.delete(key);
      }
    });
  }

  /** Take back everything, as one step. */
  clear() {
    this.step("discard", () => {
      for (const table of this.tables()) Object.assign(this.#touch(table), { inserts: new Map(), updates: new Map(), deletes: new Map() });
    });
  }

  /** Make one undo step of all that `act` stages; when it raises, nothing is staged. */
  step(label, act) {
    if (this.#touched) return act();
    const before = this.#parts;
    this.#parts = new Map(before);
    this.#touched = new Set();
    try {
      const answer = act();
      this.#close(label, before);
      return answer;
    } catch (error) {
      this.#parts = before;
      throw error;
    } finally {
      this.#touched = null;
    }
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Take back the last step; answers its label, or null when there is none. */
  undo() {
    return this.#travel(this.#past, this.#future);
  }

  redo() {
    return this.#travel(this.#future, this.#past);
  }

  /**
   * Return what is staged for a table.
   * @returns {{inserts: {id: string, values: Object}[], updates: Map<string, Object>, deletes: Map<string, Object>}}
   */
  of(table) {
    const part = this.#parts.get(table) ?? NOTHING;
    if (!this.#lists.has(part) || this.#touched) {
      const inserts = [...part.inserts].map(([id, values]) => ({ id, values }));
      this.#lists.set(part, { inserts, updates: part.updates, deletes: part.deletes });
    }
    return this.#lists.get(part);
  }

  /** Return the keys of tables with staged changes, in the order in which they were first touched. */
  tables() {
    return [...this.#parts.keys()];
  }

  /** Return how many rows are staged. */
  count() {
    let sum = 0;
    for (const { inserts, updates, deletes } of this.#parts.values()) sum += inserts.size + updates.size + deletes.size;
    return sum;
  }

  /** Return the changes to send, each with its table. */
  changes() {
    return this.#all().map(({ op, table, key, content }) => {
      if (op === "insert") return { op, table, id: key, values: { ...content } };
      if (op === "delete") return { op, table, key, old: { ...content } };
      return { op, table, key, values: pluck(content, "value"), old: pluck(content, "old") };
    });
  }

  /** Return which row a position in `changes` is: {table, key}, where key is an insert's id or a row's key. */
  where(index) {
    const found = this.#all()[index];
    return found ? { table: found.table, key: found.key } : null;
  }

  /**
   * Mark what the server refused, and forget earlier marks. A mark is gone as soon as its value is another.
   * @param {{index: number, column: string|null, message: string}[]} list as the server sent it
   */
  problems(list) {
    this.#problems = new Map();
    this.#theirs = new Map();
    for (const { index, column, message } of list) {
      const found = this.where(index);
      if (found) this.#mark(found.table, found.key, column, message);
    }
    this.#tell();
  }

  /**
   * Mark what someone else changed meanwhile.
   * @param {{index: number, gone: boolean, cells: Object<string, string|null>}[]} list as the server sent it
   */
  conflicts(list) {
    this.problems([]);
    for (const { index, gone, cells } of list) {
      const { table, key } = this.where(index) ?? {};
      if (!table) continue;
      this.#theirs.set(id(table, key), { gone, cells });
      if (gone) this.#mark(table, key, null, "someone else deleted this row");
      for (const [column, now] of Object.entries(cells ?? {})) {
        this.#mark(table, key, column, `someone else changed this; it is now ${now === null ? "NULL" : JSON.stringify(now)}`);
      }
    }
    this.#tell();
  }

  /** Decide a conflict: keep what is staged over the values that are there now, or take theirs. */
  settle(table, key, whose) {
    const theirs = this.#theirs.get(id(table, key));
    if (!theirs) return;
    if (whose === "theirs" || theirs.gone) this.revert(table, [key]);
    else this.step("keep", () => this.#rebase(this.#touch(table), key, theirs.cells));
    this.#theirs.delete(id(table, key));
    for (const mark of this.marks()) if (mark.table === table && mark.key === key) this.#problems.delete(id(table, key, mark.column));
    this.#tell();
  }

  /** Return what someone else made of a row meanwhile, {gone, cells}, until it is settled. */
  theirs(table, key) {
    return this.#theirs.get(id(table, key)) ?? null;
  }

  /** Return what is wrong with a cell, or with column null with its row as such; null when nothing is. */
  problem(table, key, column = null) {
    if (this.#problems.size === 0) return null;
    const found = this.#problems.get(id(table, key, column));
    if (!found || found.value === NOWHERE) return null;
    return found.value === this.#staged(table, key, column) ? found.message : null;
  }

  /** Return every mark that still holds: [{table, key, column, message}]. */
  marks() {
    const all = [...this.#problems.keys()].map((each) => JSON.parse(each));
    return all.map(([table, key, column]) => ({ table, key, column, message: this.problem(table, key, column) })).filter((each) => each.message);
  }

  /** Everything is in the database now: nothing is staged, and there is nothing to undo. */
  saved() {
    this.#parts = new Map();
    this.#past = [];
    this.#future = [];
    this.#problems = new Map();
    this.#theirs = new Map();
    this.#tell();
  }

  /** Be told after every step. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a reload must not lose; undo is not part of it. */
  toJSON() {
    const tables = [...this.#parts].map(([table, part]) => [table, { inserts: [...part.inserts], updates: [...part.updates], deletes: [...part.deletes] }]);
    return { next: this.#next, tables };
  }

  /** Stage what `toJSON` wrote; answers false, and stages nothing, when it is no such thing. */
  restore(json) {
    try {
      const read = (pairs) => new Map(pairs.map(([key, content]) => [String(key), record(content)]));
      const parts = json.tables.map(([table, part]) => [table, { inserts: read(part.inserts), updates: read(part.updates), deletes: read(part.deletes) }]);
      this.saved();
      this.#parts = new Map(parts);
      this.#next = json.next;
      this.#tell();
      return true;
    } catch {
      return false;
    }
  }

  #set(table, cell) {
    if (isInsert(cell.key)) this.#setInserted(table, cell);
    else this.#setStored(table, cell);
    if (cell.problem) this.#mark(table, cell.key, cell.column, cell.problem);
  }

  #setInserted(table, { key, column, value }) {
    const values = (this.#parts.get(table) ?? NOTHING).inserts.get(key);
    if (!values || (Object.hasOwn(values, column) ? same(values[column], value) : value === undefined)) return;
    this.#touch(table).inserts.set(key, value === undefined ? omit(values, column) : extended(values, column, value));
  }

  #setStored(table, { key, column, value, old = null }) {
    const known = (this.#parts.get(table) ?? NOTHING).updates.get(key) ?? record();
    const now = known[column];
    if (same(value, now ? now.value : old)) return;
    const first = now ? now.old : old;
    const updated = same(value, first) ? omit(known, column) : extended(known, column, { value, old: first });
    const { updates } = this.#touch(table);
    if (Object.keys(updated).length) updates.set(key, updated);
    else updates.delete(key);
  }

  /** Drop inserted rows, and what other new rows and changes said of them. */
  #forget(table, ids) {
    if (ids.length === 0) return;
    const gone = new Set(ids);
    for (const each of gone) this.#touch(table).inserts.delete(each);
    for (const [other, part] of [...this.#parts]) {
      for (const [key, values] of part.inserts) {
        for (const column of Object.keys(values)) if (gone.has(values[column]?.new)) this.#set(other, { key, column, value: undefined });
      }
      for (const [key, cells] of part.updates) {
        for (const column of Object.keys(cells)) if (gone.has(cells[column].value?.new)) this.#set(other, { key, column, value: cells[column].old });
      }
    }
  }

  #rebase(part, key, cells) {
    if (part.deletes.has(key)) part.deletes.set(key, Object.assign(record(part.deletes.get(key)), cells));
    if (!part.updates.has(key)) return;
    const updated = record(part.updates.get(key));
    for (const [column, old] of Object.entries(cells)) if (Object.hasOwn(updated, column)) updated[column] = { value: updated[column].value, old };
    part.updates.set(key, updated);
  }

  #touch(table) {
    if (!this.#touched.has(table)) {
      const { inserts, updates, deletes } = this.#parts.get(table) ?? NOTHING;
      this.#parts.set(table, { inserts: new Map(inserts), updates: new Map(updates), deletes: new Map(deletes) });
      this.#touched.add(table);
    }
    return this.#parts.get(table);
  }

  #close(label, before) {
    for (const table of this.#touched) {
      const part = this.#parts.get(table);
      if (part.inserts.size + part.updates.size + part.deletes.size === 0) this.#parts.delete(table);
    }
    if (this.#touched.size === 0) {
      this.#parts = before;
      return;
    }
    this.#touched = null;
    this.#past = [...this.#past, { label, parts: before }].slice(-DEPTH);
    this.#future = [];
    this.#tell();
  }

  #travel(from, to) {
    const step = from.pop();
    if (!step) return null;
    to.push({ label: step.label, parts: this.#parts });
    this.#parts = step.parts;
    this.#tell();
    return step.label;
  }

  /** Every staged row in the order of `changes`. */
  #all() {
    const found = [];
    for (const [table, part] of this.#parts) {
      for (const [op, rows] of [["insert", part.inserts], ["update", part.updates], ["delete", part.deletes]]) {
        for (const [key, content] of rows) found.push({ op, table, key, content });
      }
    }
    return found;
  }

  #mark(table, key, column, message) {
    this.#problems.set(id(table, key, column), { message, value: this.#staged(table, key, column) });
  }

  /** What a mark holds on to: the value of a cell, or else its whole staged row, which is another object once it changes. */
  #staged(table, key, column) {
    const { inserts, updates, deletes } = this.#parts.get(table) ?? NOTHING;
    const row = inserts.get(key) ?? updates.get(key) ?? deletes.get(key) ?? NOWHERE;
    if (column === null || !Object.hasOwn(row, column) || deletes.has(key)) return row;
    return inserts.has(key) ? row[column] : row[column].value;
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** Columns are named by people: an object without a prototype has no names of its own. */
function record(values = {}) {
  return Object.assign(Object.create(null), values);
}

function extended(values, column, value) {
  const made = record(values);
  made[column] = value;
  return made;
}

function omit(values, column) {
  const made = record(values);
  delete made[column];
  return made;
}

function pluck(cells, part) {
  return record(Object.fromEntries(Object.entries(cells).map(([column, cell]) => [column, cell[part]])));
}

function same(value, old) {
  return value === old || (value?.new !== undefined && value.new === old?.new);
}

function id(table, key, column = null) {
  return JSON.stringify([table, key, column]);
}
