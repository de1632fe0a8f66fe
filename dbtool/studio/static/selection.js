/**
 * What is selected: ranges of rows and columns, and the one cell with the focus. Pure.
 *
 * Rows and columns are positions on the sheet; row -1 is the header. The last range is the one that grows: from the
 * cell to the head.
 */

/** @typedef {{top: number, bottom: number, left: number, right: number}} Range  both ends included; Infinity is "all there are" */

export class Selection {
  constructor() {
    this.cell = { row: 0, column: 0 };
    this.head = { row: 0, column: 0 };
    /** @type {Range[]} */
    this.ranges = [around(this.cell, this.head)];
  }

  /** Select one cell. */
  only(row, column) {
    this.cell = { row, column };
    this.head = { row, column };
    this.ranges = [around(this.cell, this.head)];
  }

  /** Let the last range reach to here. */
  extend(row, column) {
    this.head = { row, column };
    this.ranges.splice(-1, 1, around(this.cell, this.head));
  }

  /** Begin another range here. */
  add(row, column) {
    const kept = this.ranges;
    this.only(row, column);
    this.ranges = [...kept, this.ranges[0]];
  }

  /** Select whole rows; the focus stays in its column. */
  rows(from, to, { add = false } = {}) {
    this.#band({ top: Math.min(from, to), bottom: Math.max(from, to), left: 0, right: Infinity }, add);
    this.cell = { row: from, column: this.cell.column };
    this.head = { row: to, column: this.head.column };
  }

  /** Select whole columns; the focus stays in its row. */
  columns(from, to, { add = false } = {}) {
    this.#band({ top: 0, bottom: Infinity, left: Math.min(from, to), right: Math.max(from, to) }, add);
    this.cell = { row: Math.max(0, this.cell.row), column: from };
    this.head = { row: Math.max(0, this.head.row), column: to };
  }

  all() {
    this.ranges = [{ top: 0, bottom: Infinity, left: 0, right: Infinity }];
  }

  has(row, column) {
    return this.ranges.some((range) => row >= range.top && row <= range.bottom && column >= range.left && column <= range.right);
  }

  /** Whether a row is selected from end to end. */
  hasRow(row) {
    return this.ranges.some((range) => row >= range.top && row <= range.bottom && range.right === Infinity);
  }

  get single() {
    const [range] = this.ranges;
    return this.ranges.length === 1 && range.top === range.bottom && range.left === range.right;
  }

  /** Return the ranges cut to what there is. */
  bounded(rows, columns) {
    return this.ranges
      .map((range) => ({ top: Math.max(0, range.top), bottom: Math.min(rows - 1, range.bottom), left: range.left, right: Math.min(columns - 1, range.right) }))
      .filter((range) => range.top <= range.bottom && range.left <= range.right);
  }

  /** Return the positions of the rows that any range touches, from the top. */
  touched(rows) {
    const found = new Set();
    for (const { top, bottom } of this.bounded(rows, Infinity)) for (let row = top; row <= bottom; row += 1) found.add(row);
    return [...found].sort((one, other) => one - other);
  }

  /** Move the focus within a range of several cells, round its end: what Tab and Enter do there. */
  cycle(rows, columns, { down, back }) {
    const range = this.bounded(rows, columns).at(-1);
    if (!range || (range.top === range.bottom && range.left === range.right)) return false;
    const height = range.bottom - range.top + 1;
    const width = range.right - range.left + 1;
    const { row, column } = this.cell;
    const at = down ? (column - range.left) * height + row - range.top : (row - range.top) * width + column - range.left;
    const next = (at + (back ? -1 : 1) + height * width) % (height * width);
    this.cell = down
      ? { row: range.top + (next % height), column: range.left + Math.floor(next / height) }
      : { row: range.top + Math.floor(next / width), column: range.left + (next % width) };
    return true;
  }

  /**
   * Follow rows that moved.
   * @param {(row: number) => number} to the new position of a row; at least 0
   */
  follow(to) {
    const moved = (row) => (row < 0 || row === Infinity ? row : to(row));
    this.cell = { ...this.cell, row: moved(this.cell.row) };
    this.head = { ...this.head, row: moved(this.head.row) };
    this.ranges = this.ranges.map((range) => (range.bottom === Infinity ? range : { ...range, top: moved(range.top), bottom: moved(range.bottom) }));
  }

  #band(range, add) {
    this.ranges = add ? [...this.ranges, range] : [range];
  }
}

function around(one, other) {
  return {
    top: Math.min(one.row, other.row), bottom: Math.max(one.row, other.row),
    left: Math.min(one.column, other.column), right: Math.max(one.column, other.column),
  };
}
