/** The loaded part of a table: chunks of rows between two cursors, with the far end dropped as it grows. Pure. */

const CHUNK = 200;
const MOST = 4000;

export class RowWindow {
  #chunks = [];
  #told = { labels: Object.create(null) };
  #listeners = new Set();
  #pending = new Map();
  #opening = null;
  #total = null;
  #query = {};

  /** `fetch(request, {signal})` is given the query with `at` and `limit` and promises what /api/rows answers. */
  constructor(fetch, { query = {}, most = MOST } = {}) {
    Object.assign(this, { fetch, most, page: null, offset: null, rows: [], query });
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
    return this.#chunks.at(0)?.before === null;
  }

  get atEnd() {
    return this.#chunks.at(-1)?.after === null;
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
      const page = await this.#ask(at, stop);
      if (!page) return false;
      this.#chunks = [page];
      this.#told.labels = Object.create(null);
      this.offset = page.before === null ? 0 : (at?.number ?? null);
      this.#settle(page);
      this.#opening = null;
      this.#tell({ kind: "open", at });
      return true;
    } finally {
      if (stop === this.#opening) this.#opening = null;
    }
  }

  /** Load the next chunk "before" or "after", once at a time. Answers whether rows came. */
  async more(direction) {
    const cursor = this.#edge(direction)?.[direction] ?? null;
    if (cursor === null || this.#opening) return false;
    if (!this.#pending.has(direction)) {
      const stop = new AbortController();
      const promise = this.#extend(direction, cursor, stop).finally(() => {
        if (this.#pending.get(direction)?.stop === stop) this.#pending.delete(direction);
      });
      this.#pending.set(direction, { stop, promise });
    }
    return this.#pending.get(direction).promise;
  }

  abort() {
    this.#opening?.abort();
    this.#opening = null;
    for (const { stop } of this.#pending.values()) stop.abort();
    this.#pending.clear();
  }

  label(column, text) {
    const knows = ({ labels }) => labels && Object.hasOwn(labels, column) && Object.hasOwn(labels[column], text);
    return [this.#told, ...this.#chunks].find(knows)?.labels[column][text];
  }

  /** Remember what a value is called that did not come with the rows: one that was just picked. */
  know(column, text, label) {
    (this.#told.labels[column] ??= Object.create(null))[text] = label;
  }

  /** Be told of every change: {kind: "loading" | "open" | "after" | "before" | "total"}. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #ask(at, { signal }) {
    try {
      const page = await this.fetch({ ...this.query, at, limit: CHUNK }, { signal });
      return signal.aborted ? null : page;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  async #extend(direction, cursor, stop) {
    const page = await this.#ask({ [direction]: cursor }, stop);
    if (!page) return false;
    if (page.rows.length === 0) this.#edge(direction)[direction] = null;
    else if (direction === "after") this.#chunks.push(page);
    else this.#chunks.unshift(page);
    const dropped = this.#drop(direction === "after" ? "before" : "after");
    if (this.offset !== null) this.offset += direction === "after" ? dropped : -page.rows.length;
    this.#settle(page);
    this.#tell({ kind: direction });
    return page.rows.length > 0;
  }

  #drop(far) {
    let rows = this.#chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0);
    let dropped = 0;
    while (rows - dropped > this.most && this.#chunks.length > 1) {
      dropped += (far === "before" ? this.#chunks.shift() : this.#chunks.pop()).rows.length;
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
  }

  #edge(direction) {
    return this.#chunks.at(direction === "after" ? -1 : 0);
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
  const window = new RowWindow(async () => ({ rows, labels, before: null, after: null }), { most: Infinity });
  window.open({ start: true });
  return window;
}
