/** How rows, cells and the header are drawn: elements are made once and given other texts as the sheet moves under them. */

import { h, icon } from "./dom.js";

/** The width of the row numbers at the left, in pixels. */
export const GUTTER = 64;

const SHOWN = 300;
const UNITS = ["B", "KB", "MB", "GB"];
const SIGNS = { inserted: ["+", "new"], changed: ["~", "changed"], deleted: ["−", "to be deleted"], refused: ["!", "refused"] };

/**
 * Return what a cell shows. Words that stand for a value (NULL, empty, DEFAULT) carry their state, so that a text which
 * spells the same looks different.
 * @returns {{text: string, dim: string, state: string}}
 */
export function look(sheet, line, place) {
  const { column } = place;
  const { value, cut } = sheet.cell(line, place);
  if (value === undefined) return { text: "DEFAULT", dim: defaultWords(column), state: "word default" };
  if (value === null) return { text: "NULL", dim: "", state: "word null" };
  if (value.new) return { text: value.new, dim: "", state: "word" };
  if (column.kind === "bytes") return { text: byteWords(value, cut), dim: "", state: "bytes" };
  if (value === "") return { text: "empty", dim: "", state: "word blank" };
  const label = sheet.label(place, value);
  if (label !== undefined) return { text: label, dim: value, state: "reference" };
  if (column.kind === "boolean" && (value === "true" || value === "false")) return { text: value, dim: "", state: `boolean ${value}` };
  return { text: oneLine(value, cut), dim: "", state: column.kind === "json" ? "json" : "" };
}

/** Return what a cell has to tell beside its text: why it was refused, what it was, all of what is cut off. */
export function tooltip(sheet, line, place) {
  const cell = sheet.cell(line, place);
  const problem = sheet.problem(line, place) ?? sheet.problem(line, null);
  const was = cell.changed ? `was: ${words(cell.old)}` : null;
  return [problem, was].filter(Boolean).join("\n");
}

/** Return a value in a line of words. */
export function words(value) {
  if (value === undefined) return "DEFAULT";
  if (value === null) return "NULL";
  if (value === "") return "empty text";
  return typeof value === "string" ? value : value.new ?? `${value.start}…`;
}

/** One row on the screen; `draw` shows another row of the sheet with the same elements. */
export class RowView {
  constructor() {
    this.gutter = h("div", { class: "gutter", role: "rowheader", "aria-colindex": "1" });
    this.element = h("div", { class: "row", role: "row" }, this.gutter);
    this.cells = [];
  }

  draw(grid, at, drawn, stamp) {
    if (this.at === at && this.stamp === stamp) return;
    Object.assign(this, { at, stamp });
    const { sheet } = grid;
    const line = sheet.line(at);
    const state = lineState(sheet, line);
    set(this.element, "className", `row ${state}${at % 2 ? " odd" : ""}`);
    place(this.element, "top", grid.headHeight + at * grid.rowHeight);
    attribute(this.element, "aria-rowindex", grid.rowIndex(at));
    this.#drawGutter(grid, at, refused(sheet, line) ? "refused" : state);
    this.cells = assign(this.element, this.cells, drawn, "gridcell");
    drawn.forEach((column, index) => drawCell(grid, this.cells[index], at, line, column));
  }

  #drawGutter(grid, at, state) {
    const [sign, word] = SIGNS[state.split(" ")[0]] ?? ["", ""];
    const number = grid.rowNumber(at);
    set(this.gutter, "className", `gutter${grid.selection.hasRow(at) ? " selected" : ""}${at === grid.selection.cell.row ? " here" : ""}`);
    content(this.gutter, `${sign} ${number}`, () => [h("span", { class: word === "refused" ? "sign bad" : "sign", title: word, "aria-label": word || null }, sign), number]);
  }
}

/** The header; the same elements show other columns as the sheet moves sideways. */
export class HeadView {
  constructor() {
    this.corner = h("div", { class: "gutter corner", role: "columnheader", "aria-colindex": "1", "aria-label": "Rows" });
    this.element = h("div", { class: "head", role: "row", "aria-rowindex": "1" }, this.corner);
    this.cells = [];
  }

  draw(grid, drawn) {
    this.cells = assign(this.element, this.cells, drawn, "columnheader");
    drawn.forEach((column, index) => drawHead(grid, this.cells[index], column));
  }
}

function drawHead(grid, element, { at, place: column }) {
  const sorted = grid.sort.findIndex((each) => each.column === column.name);
  const direction = sorted < 0 ? "none" : grid.sort[sorted].descending ? "descending" : "ascending";
  const active = grid.selection.cell.row === -1 && grid.selection.cell.column === at;
  const selected = grid.selection.ranges.some((range) => range.bottom === Infinity && at >= range.left && at <= range.right);
  set(element, "className", `cell heading${column.pinned ? " pinned" : ""}${active ? " active" : ""}${selected ? " selected" : ""}`);
  put(grid, element, column, at, active ? -1 : null);
  attribute(element, "aria-sort", direction);
  const mark = sorted < 0 ? "" : `${direction}${grid.sort.length > 1 ? sorted + 1 : ""}`;
  content(element, JSON.stringify([column.name, column.column, mark]), () => headParts(column.column, direction, sorted, grid.sort.length));
  attribute(element, "title", headTitle(column.column));
}

function headParts(column, direction, sorted, count) {
  const marks = [column.primary_key && "key", column.references && "link"].filter(Boolean);
  const sort = sorted >= 0 && h("span", { class: "sort" }, icon(direction === "ascending" ? "sortUp" : "sortDown"), count > 1 ? sorted + 1 : null);
  return [
    h("span", { class: "name" }, ...marks.map(icon), h("b", {}, column.name), sort),
    h("span", { class: "kind" }, column.kind, column.nullable ? h("span", { class: "nullable" }, " or NULL") : null),
    h("span", { class: "grip", "aria-hidden": "true" }),
  ];
}

function headTitle(column) {
  const facts = [
    `${column.name}: ${column.type ?? column.kind}`,
    column.nullable ? "may be NULL" : "not NULL",
    column.primary_key && "primary key",
    column.unique && "unique",
    column.references && `refers to ${column.references}`,
    defaultWords(column) && `default ${defaultWords(column)}`,
    column.comment,
  ];
  return facts.filter(Boolean).join("\n");
}

function drawCell(grid, element, row, line, { at, place: column }) {
  const { sheet, selection } = grid;
  const { text, dim, state } = look(sheet, line, column);
  const cell = sheet.cell(line, column);
  const active = selection.cell.row === row && selection.cell.column === at;
  const selected = selection.has(row, at);
  const problem = sheet.problem(line, column);
  const names = ["cell", state, column.column.align === "right" && "right", column.pinned && "pinned", cell.changed && "changed", problem && "refused", selected && "selected", active && "active"];
  set(element, "className", names.filter(Boolean).join(" "));
  put(grid, element, column, at, active ? row : null);
  attribute(element, "aria-selected", String(selected));
  attribute(element, "aria-readonly", sheet.refusal(line, column) ? "true" : null);
  attribute(element, "aria-invalid", problem ? "true" : null);
  attribute(element, "title", cell.changed || problem || sheet.problem(line, null) ? tooltip(sheet, line, column) : null);
  if (dim) content(element, `${text}\0${dim}`, () => [h("span", {}, text), h("span", { class: "dim" }, dim)]);
  else content(element, text, () => [text]);
}

/** Put an element in its column; only the active one has an id, which the grid's aria-activedescendant names. */
function put(grid, element, column, at, active) {
  place(element, "left", GUTTER + column.left);
  place(element, "width", column.width);
  attribute(element, "aria-colindex", at + 2);
  element.column = at;
  set(element, "id", active === null ? "" : grid.cellId(active, at));
}

function lineState(sheet, line) {
  if (sheet.problem(line, null)) return line.deleted ? "refused deleted" : line.inserted ? "refused inserted" : "refused";
  if (line.deleted) return "deleted";
  if (line.inserted) return "inserted";
  return line.changes ? "changed" : "";
}

/** Whether anything in a row was refused. */
function refused(sheet, line) {
  if (!line.inserted && !line.changes && !line.deleted) return false;
  return [null, ...sheet.places].some((place) => sheet.problem(line, place) !== null);
}

function defaultWords(column) {
  const { kind = "none", text = "" } = column.default ?? {};
  if (kind === "none") return column.nullable ? "NULL" : "needs a value";
  return kind === "null" ? "NULL" : kind === "auto" ? "automatic" : kind === "generated" ? "computed" : (text ?? "");
}

function byteWords(hex, cut) {
  const count = cut || hex.length / 2;
  const first = hex.slice(0, 16).replace(/..(?=.)/g, "$& ");
  return `${size(count)}${first ? ` · ${first}${count > 8 ? " …" : ""}` : ""}`;
}

function size(bytes) {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${power ? (bytes / 1024 ** power).toFixed(1) : bytes} ${UNITS[power]}`;
}

function oneLine(text, cut) {
  const start = text.length > SHOWN ? text.slice(0, SHOWN) : text;
  const line = /[\n\r]/.test(start) ? start.replace(/\r\n|\n|\r/g, "↵") : start;
  return cut || start !== text ? `${line}…` : line;
}

/* What is as it should be is left alone: writing the same again would cost a layout. */

function set(element, property, value) {
  if (element[property] !== value) element[property] = value;
}

function attribute(element, name, value) {
  if (value === null || value === undefined || value === "") {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

function place(element, side, pixels) {
  const wanted = `${pixels}px`;
  if (element.style[side] !== wanted) element.style[side] = wanted;
}

function content(element, key, make) {
  if (element.shown === key) return;
  element.shown = key;
  const [first, ...rest] = make();
  if (rest.length === 0 && element.childNodes.length === 1 && element.firstChild.nodeType === Node.TEXT_NODE) element.firstChild.data = first;
  else element.replaceChildren(...[first, ...rest].filter((part) => part !== false && part !== null));
}

/** Return an element for each column, in their order: a column keeps its own, another takes one that is free. */
function assign(row, elements, drawn, role) {
  if (elements.length === drawn.length && elements.every((element, index) => element.name === drawn[index].place.name)) return elements;
  const wanted = new Set(drawn.map(({ place }) => place.name));
  const own = new Map(elements.filter(({ name }) => wanted.has(name)).map((element) => [element.name, element]));
  const free = elements.filter(({ name }) => !wanted.has(name));
  const made = drawn.map(({ place: { name } }) => Object.assign(own.get(name) ?? free.pop() ?? h("div", { role }), { name }));
  row.replaceChildren(row.firstChild, ...made);
  return made;
}
