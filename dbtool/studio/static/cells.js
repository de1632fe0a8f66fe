/** How rows, cells and the header are drawn: elements are made once and given other texts as the sheet moves under them. */

import { h, icon } from "./dom.js";

/** The width of the row numbers at the left, in pixels. */
export const GUTTER = 64;

const SHOWN = 300;
const SIGNS = { inserted: ["+", "new"], changed: ["~", "changed"], deleted: ["−", "to be deleted"], refused: ["!", "refused"] };

/** Return what a cell shows: [class, text, dim text]. Words that stand for a value look unlike a text that spells the same. */
function look(sheet, place, { value, cut }) {
  const { column } = place;
  if (value === undefined) return ["word default", "DEFAULT", defaultWords(column)];
  if (value === null) return ["word null", "NULL"];
  if (value.new) return ["word", value.new];
  if (column.kind === "bytes") return ["bytes", byteWords(value, cut)];
  if (value === "") return ["word blank", "empty"];
  const label = sheet.label(place, value);
  if (label !== undefined) return ["reference", label, value];
  const text = value.slice(0, SHOWN).replace(/\r\n|\n|\r/g, "↵");
  return [{ boolean: `boolean ${value}`, json: "json" }[column.kind], cut || value.length > SHOWN ? `${text}…` : text];
}

function words(value) {
  if (value === null) return "NULL";
  return value === "" ? "empty text" : (value.new ?? (value.start ? `${value.start}…` : value));
}

export class RowView {
  gutter = h("div", { role: "rowheader", "aria-colindex": "1" });
  element = h("div", { role: "row" }, this.gutter);
  cells = [];

  draw(grid, at, drawn, stamp) {
    if (this.at === at && this.stamp === stamp) return;
    Object.assign(this, { at, stamp });
    const { sheet } = grid;
    const line = sheet.line(at);
    const problem = sheet.problem(line, null);
    const state = ["deleted", "inserted", "changes"].find((name) => line[name])?.replace("changes", "changed") ?? "";
    this.element.className = `row ${problem ? "refused " : ""}${state}${at % 2 ? " odd" : ""}`;
    this.element.style.top = `${grid.headHeight + at * grid.rowHeight}px`;
    attribute(this.element, "aria-rowindex", grid.rowIndex(at));
    this.#drawGutter(grid, at, problem || (state && sheet.places.some((place) => sheet.problem(line, place))) ? "refused" : state);
    this.cells = assign(this.element, this.cells, drawn, "gridcell");
    drawn.forEach((column, index) => drawCell(grid, this.cells[index], at, line, column, problem));
  }

  #drawGutter(grid, at, state) {
    const [sign, word] = SIGNS[state] ?? ["", null];
    const number = grid.rowNumber(at);
    const { selection } = grid.sheet;
    this.gutter.className = classes("gutter", selection.hasRow(at) && "selected", at === selection.cell.row && "here");
    content(this.gutter, `${sign} ${number}`, () => [h("span", { class: classes("sign", word === "refused" && "bad"), title: word, "aria-label": word }, sign), number]);
  }
}

export class HeadView {
  element = h("div", { class: "head", role: "row", "aria-rowindex": "1" }, h("div", { class: "gutter", role: "columnheader", "aria-colindex": "1" }, h("span", { class: "unseen" }, "Rows")));
  cells = [];

  draw(grid, drawn) {
    this.cells = assign(this.element, this.cells, drawn, "columnheader");
    drawn.forEach((column, index) => drawHead(grid, this.cells[index], column));
  }
}

function drawHead(grid, element, { at, place }) {
  const { column, name } = place;
  const { cell, ranges } = grid.sheet.selection;
  const number = grid.sort.findIndex((each) => each.column === name);
  const direction = number < 0 ? "none" : grid.sort[number].descending ? "descending" : "ascending";
  const active = cell.row === -1 && cell.column === at;
  const selected = ranges.some(({ bottom, left, right }) => bottom === Infinity && at >= left && at <= right);
  element.className = classes("cell heading", place.pinned && "pinned", active && "active", selected && "selected");
  put(grid, element, place, at, active && -1);
  attribute(element, "aria-sort", direction);
  attribute(element, "title", [column.type, column.comment].filter(Boolean).join("\n"));
  const count = grid.sort.length > 1 ? number + 1 : null;
  content(element, JSON.stringify([column, direction, count]), () => headParts(column, direction, count));
}

function headParts(column, direction, count) {
  return [
    h("span", { class: "name" }, column.primary_key && icon("key"), column.references && icon("link"), h("b", {}, column.name),
      direction !== "none" && h("span", { class: "sort" }, icon(direction === "ascending" ? "sortUp" : "sortDown"), count)),
    h("span", { class: "kind" }, column.kind, column.nullable && " or NULL"),
    h("span", { class: "grip", "aria-hidden": "true" }),
  ];
}

function drawCell(grid, element, row, line, { at, place }, refused) {
  const { sheet } = grid;
  const { column, pinned } = place;
  const cell = sheet.cell(line, place);
  const [state, text, dim] = look(sheet, place, cell);
  const active = sheet.selection.cell.row === row && sheet.selection.cell.column === at;
  const selected = sheet.selection.has(row, at);
  const problem = sheet.problem(line, place);
  const right = column.align === "right" && !column.references;
  element.className = classes("cell", state, right && "right", pinned && "pinned", cell.changed && "changed", problem && "refused", selected && "selected", active && "active");
  put(grid, element, place, at, active && row);
  attribute(element, "aria-selected", selected);
  attribute(element, "aria-readonly", sheet.refusal(line, place) && true);
  attribute(element, "aria-invalid", problem && true);
  attribute(element, "title", [problem ?? refused, cell.changed && `was: ${words(cell.old)}`].filter(Boolean).join("\n"));
  content(element, `${text}\0${dim}`, () => (dim ? [h("span", {}, text), h("span", { class: "dim" }, dim)] : [text]));
}

/** Put an element in its column; only the active one has an id, which the grid's aria-activedescendant names. */
function put(grid, element, place, at, row) {
  element.style.left = `${GUTTER + place.left}px`;
  element.style.width = `${place.width}px`;
  attribute(element, "aria-colindex", at + 2);
  element.column = at;
  attribute(element, "id", row === false ? null : grid.cellId(row, at));
}

function defaultWords({ default: { kind, text } = { kind: "none" }, nullable }) {
  if (kind === "null" || (kind === "none" && nullable)) return "NULL";
  return { none: "needs a value", auto: "automatic", generated: "computed" }[kind] ?? text;
}

function byteWords(digits, cut) {
  const count = cut || digits.length / 2;
  const power = count < 1024 ? 0 : count < 1024 ** 2 ? 1 : 2;
  const first = digits.slice(0, 16).replace(/..(?=.)/g, "$& ");
  const size = `${power ? (count / 1024 ** power).toFixed(1) : count} ${["B", "KB", "MB"][power]}`;
  return [size, first && " · ", first, count > 8 && " …"].filter(Boolean).join("");
}

function classes(...names) {
  return names.filter(Boolean).join(" ");
}

export function attribute(element, name, value) {
  if (value === null || value === "") element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function content(element, key, make) {
  if (element.shown === key) return;
  element.shown = key;
  const parts = make();
  if (parts.length === 1 && element.childNodes.length === 1 && element.firstChild.data !== undefined) element.firstChild.data = parts[0];
  else element.replaceChildren(...parts);
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
