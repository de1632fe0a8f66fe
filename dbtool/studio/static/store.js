/** Staged edits: what people changed and have not saved, with undo across tables. Pure. */

/**
 * @typedef {string|null|undefined|{new: string}} Value  undefined is DEFAULT, for inserts only; `new` is the id of an inserted row
 * @typedef {string|null|{start: string, length: number}} Old  what was on screen; a long text by its start and length
 * @typedef {{key: string, column: string, value: Value, old?: Old, problem?: string|null}} Cell  `key` is a row's key or an insert's id
 */

const DEPTH = 200;
const NOTHING = { inserts: new Map(), updates: new Map(), deletes: new Map() };

/** A table's part is copied when a step first touches it: undo puts the old ones back. */
export class Store {
  #parts = new Map();
  #touched = null;
  #past = [];
  #future = [];
  #next = 1;
  #problems = new Map();
  #theirs = new Map();
  #listeners = new Set();

  /** Stage a new row; columns without a value get their DEFAULT. Answers its id. */
  insert(table, values = {}) {
    const id = `new-${this.#next++}`;
    this.step("insert", () => this.#touch(table).inserts.set(id, record(values)));
    return id;
  }

  /** Stage values of cells (Cell[]), as one step. A value that is the old one again is no longer staged. */
  set(table, cells, label = "edit") {
    this.step(label, () => cells.forEach((cell) => this.#set(table, cell)));
  }

  remove(table, rows) {
    this.step("delete", () => {
      this.#drop(table, rows.map(({ key }) => key));
      for (const { key, old } of rows) if (!isInsert(key)) this.#touch(table).deletes.set(key, record(old));
    });
  }

  revert(table, keys) {
    this.step("revert", () => this.#drop(table, keys));
  }

  clear() {
    this.step("discard", () => {
      for (const table of this.#parts.keys()) Object.values(this.#touch(table)).forEach((rows) => rows.clear());
    });
  }

  /** Make one undo step of all that `act` stages; when it raises, nothing is staged. */
  step(label, act) {
    if (this.#touched) return act();
    const before = this.#parts;
    this.#parts = new Map(before);
    this.#touched = new Set();
    try {
      act();
      this.#close(label, before);
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

  undo() {
    return this.#travel(this.#past, this.#future);
  }

  redo() {
    return this.#travel(this.#future, this.#past);
  }

  /** Return what is staged for a table: {inserts: [{id, values}], updates: Map, deletes: Map}. */
  of(table) {
    const { inserts, updates, deletes } = this.#part(table);
    return { inserts: [...inserts].map(([id, values]) => ({ id, values })), updates, deletes };
  }

  count() {
    return this.#all().length;
  }

  changes() {
    const pluck = (cells, part) => each(cells, (cell) => cell[part]);
    return this.#all().map(({ op, table, key, content }) => {
      if (op === "insert") return { op, table, id: key, values: { ...content } };
      if (op === "delete") return { op, table, key, old: { ...content } };
      return { op, table, key, values: pluck(content, "value"), old: pluck(content, "old") };
    });
  }

  /** Return which row a position in `changes` is: {table, key}, where key is an insert's id or a row's key. */
  where(index) {
    const { table, key } = this.#all()[index] ?? {};
    return table === undefined ? null : { table, key };
  }

  /** Mark what the server refused, as it sent it, and forget earlier marks. A mark is gone as soon as its value is another. */
  problems(list) {
    this.#problems.clear();
    this.#theirs.clear();
    for (const { index, column, message } of list) {
      const found = this.where(index);
      if (found) this.#mark(found.table, found.key, column, message);
    }
    this.#tell();
  }

  /** Mark what someone else changed meanwhile, as the server sent it. */
  conflicts(list) {
    const words = (now) => `someone else changed this; it is now ${now === null ? "NULL" : JSON.stringify(now)}`;
    this.problems(list.flatMap(({ index, gone, cells }) => [
      ...(gone ? [{ index, column: null, message: "someone else deleted this row" }] : []),
      ...Object.entries(cells ?? {}).map(([column, now]) => ({ index, column, message: words(now) })),
    ]));
    for (const { index, gone, cells } of list) {
      const { table, key } = this.#all()[index] ?? {};
      this.#theirs.set(id(table, key), { gone, cells: cells ?? {} });
    }
  }

  /** Decide a conflict: keep what is staged over the values that are there now ("mine"), or take theirs. */
  settle(table, key, whose) {
    const theirs = this.#theirs.get(id(table, key));
    if (!theirs) return;
    if (whose === "theirs" || theirs.gone) this.revert(table, [key]);
    else this.step("keep", () => this.#rebase(this.#touch(table), key, theirs.cells));
    this.#theirs.delete(id(table, key));
    for (const column of Object.keys(theirs.cells)) this.#problems.delete(id(table, key, column));
    this.#tell();
  }

  /** Return what is wrong with a cell, or with column null with its row as such; null when nothing is. */
  problem(table, key, column = null) {
    const found = this.#problems.size ? this.#problems.get(id(table, key, column)) : null;
    return found && found.value !== NOTHING && found.value === this.#staged(table, key, column) ? found.message : null;
  }

  saved() {
    this.#parts = new Map();
    this.#past = [];
    this.#future = [];
    this.problems([]);
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a reload must not lose; undo is not part of it. */
  toJSON() {
    return { next: this.#next, tables: [...this.#parts].map(([table, part]) => [table, each(part, (rows) => [...rows])]) };
  }

  /** Stage what `toJSON` wrote; answers false, and stages nothing, when it is no such thing. */
  restore(json) {
    try {
      const read = (rows) => new Map(rows.map(([key, content]) => [key, record(content)]));
      const parts = new Map(json.tables.map(([table, part]) => [table, each(part, read)]));
      this.saved();
      this.#parts = parts;
      this.#next = json.next;
      this.#tell();
      return true;
    } catch {
      return false;
    }
  }

  #set(table, { key, column, value, old = null, problem }) {
    const { inserts, updates } = this.#part(table);
    if (isInsert(key)) {
      const values = inserts.get(key);
      if (values && !same(values[column], value)) this.#touch(table).inserts.set(key, changed(values, column, value));
    } else {
      const cells = updates.get(key) ?? record();
      const first = cells[column] ? cells[column].old : old;
      if (!same(value, cells[column] ? cells[column].value : old)) {
        const now = changed(cells, column, same(value, first) ? undefined : { value, old: first });
        if (Object.keys(now).length) this.#touch(table).updates.set(key, now);
        else this.#touch(table).updates.delete(key);
      }
    }
    if (problem) this.#mark(table, key, column, problem);
  }

  #drop(table, keys) {
    const gone = new Set(keys.filter(isInsert));
    for (const rows of Object.values(this.#touch(table))) keys.forEach((key) => rows.delete(key));
    if (gone.size === 0) return;
    for (const [other, { inserts, updates }] of [...this.#parts]) {
      for (const [key, values] of inserts) {
        for (const [column, value] of Object.entries(values)) if (gone.has(value?.new)) this.#set(other, { key, column });
      }
      for (const [key, cells] of updates) {
        for (const [column, { value, old }] of Object.entries(cells)) if (gone.has(value?.new)) this.#set(other, { key, column, value: old });
      }
    }
  }

  /** Take what is in the database now as the old values of a row. */
  #rebase({ updates, deletes }, key, now) {
    if (deletes.has(key)) deletes.set(key, Object.assign(record(deletes.get(key)), now));
    const cells = record(updates.get(key));
    for (const column of Object.keys(cells)) if (Object.hasOwn(now, column)) cells[column] = { value: cells[column].value, old: now[column] };
    if (updates.has(key)) updates.set(key, cells);
  }

  #part(table) {
    return this.#parts.get(table) ?? NOTHING;
  }

  #touch(table) {
    if (!this.#touched.has(table)) {
      this.#parts.set(table, each(this.#part(table), (rows) => new Map(rows)));
      this.#touched.add(table);
    }
    return this.#parts.get(table);
  }

  #close(label, before) {
    if (this.#touched.size === 0) return;
    for (const table of this.#touched) if (Object.values(this.#part(table)).every((rows) => rows.size === 0)) this.#parts.delete(table);
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

  #all() {
    const rows = (table, [name, part]) => [...part].map(([key, content]) => ({ op: name.slice(0, -1), table, key, content }));
    return [...this.#parts].flatMap(([table, part]) => Object.entries(part).flatMap((named) => rows(table, named)));
  }

  #mark(table, key, column, message) {
    this.#problems.set(id(table, key, column), { message, value: this.#staged(table, key, column) });
  }

  /** What a mark holds on to: the value of a cell, or else its whole staged row, which is another object once it changes. */
  #staged(table, key, column) {
    const { inserts, updates, deletes } = this.#part(table);
    const row = inserts.get(key) ?? updates.get(key) ?? deletes.get(key) ?? NOTHING;
    if (column === null || !Object.hasOwn(row, column) || deletes.has(key)) return row;
    return inserts.has(key) ? row[column] : row[column].value;
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

function isInsert(key) {
  return typeof key === "string" && key.startsWith("new-");
}

/** Columns are named by people: an object without a prototype has no names of its own. */
function record(values = {}) {
  return Object.assign(Object.create(null), values);
}

function changed(values, column, value) {
  const made = record(values);
  if (value === undefined) delete made[column];
  else made[column] = value;
  return made;
}

function each(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

function same(value, old) {
  return value === old || (value?.new !== undefined && value.new === old?.new);
}

function id(table, key, column = null) {
  return JSON.stringify([table, key, column]);
}
