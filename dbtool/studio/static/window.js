/** The loaded part of a table: chunks of rows between two cursors, with the far end dropped as it grows. Pure. */

/**
 * @typedef {{key: string|null, cells: (string|null)[], cut?: Object<string, number>}} Row
 * @typedef {{rows: Row[], labels?: Object<string, Object<string, string>>, before: string|null, after: string|null}} Page
 * @typedef {"before"|"after"} Direction
 */

const CHUNK = 200;
const MOST = 4000;

export class RowWindow {
  #chunks = [];
  #labels = new Map();
  #told = new Map();
  #listeners = new Set();
  #pending = new Map();
  #opening = null;
  #total = null;
  #query = {};

  /**
   * @param {(request: any, options: {signal: AbortSignal}) => Promise<Page>} fetch is given the query with `at` and `limit`
   * @param {{query?: any, chunk?: number, most?: number}} [options]
   */
  constructor(fetch, { query = {}, chunk = CHUNK, most = MOST } = {}) {
    Object.assign(this, { fetch, chunk, most, page: null, offset: null });
    this.query = query;
    /** @type {Row[]} */
    this.rows = [];
  }

  /** What is asked for: table, filters, search, sort; the next `open` follows a new one. */
  get query() {
    return this.#query;
  }

  set query(query) {
    this.#query = query;
    this.#total = null;
  }

  get atStart() {
    return this.#chunks.length > 0 && this.#chunks[0].before === null;
  }

  get atEnd() {
    return this.#chunks.length > 0 && this.#chunks.at(-1).after === null;
  }

  get loading() {
    return this.#opening !== null || this.#pending.size > 0;
  }

  /** How many rows the table has under this query, if that is known; it tells the place of the last page. */
  get total() {
    return this.#total;
  }

  set total(count) {
    this.#total = count;
    this.#place();
    this.#tell({ kind: "total" });
  }

  /** Start anew at a place of the table. Answers false when something newer was asked for meanwhile; raises what fetch raises. */
  async open(at) {
    this.abort();
    const stop = (this.#opening = new AbortController());
    this.#tell({ kind: "loading" });
    try {
      const page = await this.fetch({ ...this.query, at, limit: this.chunk }, { signal: stop.signal });
      if (stop !== this.#opening) return false;
      this.#chunks = [page];
      this.#told.clear();
      this.offset = startOf(at, page);
      this.#settle(page);
      this.#opening = null;
      this.#tell({ kind: "open", at });
      return true;
    } catch (error) {
      if (stop !== this.#opening) return false;
      throw error;
    } finally {
      if (stop === this.#opening) this.#opening = null;
    }
  }

  /**
   * Load the next chunk in a direction, once at a time. Answers whether rows came.
   * @param {Direction} direction
   */
  more(direction) {
    const cursor = this.#edge(direction)?.[direction] ?? null;
    if (cursor === null || this.#opening) return Promise.resolve(false);
    if (!this.#pending.has(direction)) {
      const stop = new AbortController();
      const promise = this.#extend(direction, cursor, stop).finally(() => {
        if (this.#pending.get(direction)?.stop === stop) this.#pending.delete(direction);
      });
      this.#pending.set(direction, { stop, promise });
    }
    return this.#pending.get(direction).promise;
  }

  /** Stop whatever is on its way. */
  abort() {
    this.#opening?.abort();
    this.#opening = null;
    for (const { stop } of this.#pending.values()) stop.abort();
    this.#pending.clear();
  }

  /** Return what a value of a column that refers elsewhere is called there, or undefined. */
  label(column, text) {
    return this.#told.get(column)?.get(text) ?? this.#labels.get(column)?.get(text);
  }

  /** Remember what a value is called that did not come with the rows: one that was just picked. */
  know(column, text, label) {
    if (!this.#told.has(column)) this.#told.set(column, new Map());
    this.#told.get(column).set(text, label);
  }

  /** Be told of every change: {kind: "loading" | "open" | "after" | "before" | "total", added, dropped}. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #extend(direction, cursor, stop) {
    try {
      const page = await this.fetch({ ...this.query, at: { [direction]: cursor }, limit: this.chunk }, { signal: stop.signal });
      if (stop.signal.aborted || this.#edge(direction)?.[direction] !== cursor) return false;
      this.#add(direction, page);
      return page.rows.length > 0;
    } catch (error) {
      if (stop.signal.aborted) return false;
      throw error;
    }
  }

  #add(direction, page) {
    const far = direction === "after" ? "before" : "after";
    if (page.rows.length === 0) this.#edge(direction)[direction] = null;
    else if (direction === "after") this.#chunks.push(page);
    else this.#chunks.unshift(page);
    const dropped = this.#drop(far);
    if (this.offset !== null) this.offset += direction === "after" ? dropped : -page.rows.length;
    this.#settle(page);
    this.#tell({ kind: direction, added: page.rows.length, dropped });
  }

  /** Forget chunks at the far end until the rest fits, and what was on its way there. */
  #drop(far) {
    let rows = this.#chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0);
    let dropped = 0;
    while (rows > this.most && this.#chunks.length > 1) {
      const gone = far === "before" ? this.#chunks.shift() : this.#chunks.pop();
      rows -= gone.rows.length;
      dropped += gone.rows.length;
    }
    if (dropped) {
      this.#pending.get(far)?.stop.abort();
      this.#pending.delete(far);
    }
    return dropped;
  }

  #settle(page) {
    this.page = page;
    this.rows = this.#chunks.flatMap((chunk) => chunk.rows);
    this.#place();
    this.#labels = new Map();
    for (const { labels } of this.#chunks) {
      for (const [column, known] of Object.entries(labels ?? {})) {
        const all = this.#labels.get(column) ?? new Map();
        for (const [text, label] of Object.entries(known)) all.set(text, label);
        this.#labels.set(column, all);
      }
    }
  }

  #edge(direction) {
    return direction === "after" ? this.#chunks.at(-1) : this.#chunks[0];
  }

  #place() {
    if (this.atStart) this.offset = 0;
    else if (this.offset === null && this.atEnd && this.#total !== null) this.offset = Math.max(0, this.#total - this.rows.length);
  }

  #tell(event) {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Return a window over rows that are all there, such as the answer of a statement. */
export function fixedWindow(rows, labels = {}) {
  const page = { rows, labels, before: null, after: null };
  const window = new RowWindow(async () => page, { most: Math.max(rows.length, MOST) });
  window.open({ start: true });
  return window;
}

function startOf(at, page) {
  if (page.before === null) return 0;
  return at && typeof at.number === "number" ? at.number : null;
}
