/** What keys, the clipboard and menus do: one table of commands, each with its keys, so that every menu can show them. */

import { asJson, asSqlList, format, parse } from "./clipboard.js";
import { announce } from "./dom.js";
import { Editing } from "./editing.js";
import { Edits } from "./edits.js";
import { openMenu } from "./menu.js";
import { fit, follow } from "./pointer.js";
import { move } from "./sheet.js";

const comparable = ({ column, value }) => value === null || (typeof value === "string" && column.kind !== "bytes");
const sortable = ({ column }) => column.sortable !== false;

/** Each command: label, keys (the first is shown), what it does, icon, whether it changes something, for which cells a menu offers it. */
const CELLS = {
  edit: ["Edit", "F2", ({ editing }) => editing.open(), "edit", true],
  pick: ["Choose …", "F4 Alt+ArrowDown", ({ editing }) => editing.choose(), "search", true, ({ column }) => column.references],
  peek: ["Peek", "Space", (acts) => acts.peek(), "peek", false, ({ stored }) => stored],
  follow: ["Follow the reference", "Ctrl+Enter", (acts) => acts.follow(), "follow", false, ({ column, value }) => column.references && typeof value === "string"],
  object: ["Open the object", "", (acts) => acts.tell("object"), "asset", false, ({ column, stored, value }) => column.media && stored && value],
  setNull: ["Set NULL", "Delete", ({ edits }) => edits.clear(), "", true, ({ column }) => column.nullable],
  setDefault: ["Set DEFAULT", "", ({ edits }) => edits.setAll(undefined), "", true, ({ fresh }) => fresh],
  setEmpty: ["Set empty", "", ({ edits }) => edits.setAll(""), "", true, ({ column }) => column.kind === "text"],
  filterBy: ["Filter by this value", "Ctrl+Shift+F", (acts) => acts.filter("eq", "null", "empty"), "filter", false, comparable],
  filterOut: ["Filter out this value", "Ctrl+Shift+X", (acts) => acts.filter("ne", "not_null", "not_empty"), "filter", false, comparable],
  copy: ["Copy", "Ctrl+C", (acts) => acts.send("copy"), "copy"],
  copyHeaders: ["Copy with headers", "Ctrl+Shift+C", (acts) => acts.copyAs((columns, rows) => format([columns.map(({ name }) => name), ...rows])), "copy"],
  copyJson: ["Copy as JSON", "", (acts) => acts.copyAs(asJson), "copy"],
  copySql: ["Copy as SQL list", "", (acts) => acts.copyAs(asSqlList), "copy"],
  paste: ["Paste", "Ctrl+V", (acts) => acts.pasteFromMenu(), "", true],
  fillDown: ["Fill down", "Ctrl+D", ({ edits }) => edits.fillFrom("top", "bottom"), "", true],
  fillRight: ["Fill right", "Ctrl+R", ({ edits }) => edits.fillFrom("left", "right"), "", true],
  upload: ["Upload a file …", "", ({ editing }) => editing.upload(), "upload", true, ({ column }) => column.kind === "bytes"],
  blob: ["Download", "", (acts) => acts.tell("blob"), "download", false, ({ column, stored, value }) => column.kind === "bytes" && stored && value],
  insert: ["New row", "Ctrl+I", ({ grid }) => grid.insertRow(), "add", true],
  duplicate: ["Duplicate rows", "Ctrl+Shift+D", (acts) => acts.duplicate(), "", true],
  deleteRows: ["Delete rows", "Ctrl+-", ({ edits }) => edits.deleteRows(), "trash", true],
  revert: ["Revert", "Ctrl+Alt+Z", ({ edits }) => edits.revert(), "undo", true],
  undo: ["Undo", "Ctrl+Z", ({ store }) => announce(`${store?.undo() ?? "nothing"} undone`)],
  redo: ["Redo", "Ctrl+Shift+Z Ctrl+Y", ({ store }) => announce(`${store?.redo() ?? "nothing"} done again`)],
  empty: ["Edit from nothing", "Backspace", ({ editing }) => editing.open(""), "", true],
  save: ["Save", "Ctrl+S", ({ grid }) => grid.tell("save")],
  selectAll: ["Select all", "Ctrl+A", ({ grid }) => grid.select((selection) => selection.all())],
  selectRow: ["Select the row", "Shift+Space", (acts) => acts.band("row")],
  selectColumn: ["Select the column", "Ctrl+Space", (acts) => acts.band("column")],
  menu: ["Menu", "Shift+F10 ContextMenu", (acts) => acts.menu()],
};
const HEADING = {
  sort: ["Sort", "Enter", ({ grid, place }) => grid.sortBy(place.column, false), "sortUp", false, sortable],
  sortMore: ["Sort by this too", "Shift+Enter", ({ grid, place }) => grid.sortBy(place.column, true), "", false, sortable],
  filterColumn: ["Filter …", "", ({ grid, place }) => grid.tell("filter", { column: place.name }), "filter"],
  pin: ["Pin or unpin", "", ({ grid, place }) => grid.pin(place.name), "pin"],
  hide: ["Hide", "", ({ grid, place }) => grid.hide(place.name), "close"],
  fit: ["Fit the width", "", ({ grid, place }) => fit(grid, place), "columns"],
  left: ["Move to the left", "Alt+ArrowLeft", (acts) => acts.shift(-1)],
  right: ["Move to the right", "Alt+ArrowRight", (acts) => acts.shift(1)],
};
const EVERYWHERE = { ...CELLS, ...HEADING };
const CELL_MENU = `edit pick follow peek object | setNull setDefault setEmpty | filterBy filterOut | copy copyHeaders copyJson copySql paste
  fillDown fillRight | upload blob | insert duplicate deleteRows revert`.split(/\s+/);
const HEADER_MENU = "sort sortMore filterColumn | pin hide fit | left right | selectColumn".split(" ");
const CLIPBOARD = ["copy", "cut", "paste"]; // the browser sends events for these

export function attach(grid) {
  const acts = new Actions(grid);
  for (const name of [...CLIPBOARD, "keydown", "contextmenu"]) grid.view.addEventListener(name, (event) => acts[name](event));
  follow(grid, acts);
  return acts;
}

class Actions {
  #written = null;
  #began = null;

  constructor(grid) {
    this.grid = grid;
    this.edits = new Edits(grid);
    this.editing = new Editing(grid, this);
  }

  get store() {
    return this.grid.sheet.store;
  }

  get place() {
    return this.grid.columnAt;
  }

  /** Do what was done before this was loaded: what was typed goes on into the field that it opened. */
  replay(event, target) {
    const field = this.editing.now?.field.input;
    const typed = event.type === "keydown" && field;
    if (event.type === "copy" || event.type === "cut") this.send(event.type);
    else if ((typed || target).dispatchEvent(event) && typed && isTyped(event)) {
      field.setRangeText?.(event.key, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input"));
    }
  }

  keydown(event) {
    if (event.target !== this.grid.view || event.isComposing) return;
    if (this.#navigate(event) || this.#command(combination(event)) || this.#type(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  #command(keys) {
    const all = this.grid.lineAt ? CELLS : EVERYWHERE;
    const found = Object.keys(all).find((name) => !CLIPBOARD.includes(name) && all[name][1].split(" ").includes(keys));
    if (found) all[found][2](this);
    return found;
  }

  #type(event) {
    if (!isTyped(event) || !this.grid.lineAt) return false;
    if (this.place?.column.references) this.editing.pick(event.key);
    else this.editing.open(event.key);
    return true;
  }

  #navigate(event) {
    const { grid } = this;
    const { key, shiftKey: extend } = event;
    const control = event.ctrlKey || event.metaKey;
    const { selection, count, places } = grid.sheet;
    const { row, column } = extend ? selection.head : selection.cell;
    if (event.altKey) return false;
    if ((key === "Enter" || key === "Tab") && !control) return this.#stepOrLeave(key, extend);
    const page = Math.max(1, Math.floor((grid.view.clientHeight - grid.headHeight) / grid.rowHeight) - 1);
    const [last, end] = [count - 1, places.length - 1];
    const to = {
      ArrowUp: control ? [0, column, "start"] : [row - 1, column],
      ArrowDown: control ? [last, column, "end"] : [row + 1, column],
      ArrowLeft: [row, control ? 0 : column - 1],
      ArrowRight: [row, control ? end : column + 1],
      PageUp: [Math.max(0, row - page), column],
      PageDown: [row + page, column],
      Home: control ? [0, 0, "start"] : [row, 0],
      End: control ? [last, end, "end"] : [row, end],
    }[key];
    if (!to) return false;
    this.#began = null;
    if (to[2] && !extend) grid.toEdge(to[2], to[1]);
    else grid.go(to[0], to[1], { extend });
    return true;
  }

  /** Tab and Enter go round in a selection of several cells; else Enter returns below where Tab began. */
  step(key, back) {
    const { grid } = this;
    const { selection, ranges } = grid.sheet;
    if (!selection.single && ranges.length) {
      selection.cycle(ranges.at(-1), key === "Enter", back);
      return grid.reveal(selection.cell.row, selection.cell.column);
    }
    const { row, column } = selection.cell;
    const by = back ? -1 : 1;
    if (key === "Tab") {
      this.#began ??= column;
      return grid.go(row, column + by);
    }
    grid.go(row + by, this.#began ?? column);
    this.#began = null;
  }

  /** Tab at the last column, or before the first, goes on to the rest of the page; Enter in the header sorts. */
  #stepOrLeave(key, back) {
    const { selection, places } = this.grid.sheet;
    const { row, column } = selection.cell;
    if (row === -1 || (key === "Tab" && selection.single && column === (back ? 0 : places.length - 1))) return false;
    this.step(key, back);
    return true;
  }

  band(axis) {
    this.grid.select((selection) => selection.band(axis, selection.cell[axis], selection.head[axis]));
  }

  async duplicate() {
    const { grid } = this;
    const ids = await this.edits.duplicate();
    if (!ids?.length) return;
    const { sheet } = grid;
    grid.go(sheet.find(ids[0]), sheet.selection.cell.column);
    grid.select((selection) => selection.band("row", sheet.find(ids[0]), sheet.find(ids.at(-1))));
  }

  shift(by) {
    const { grid, place } = this;
    const { places, layout, selection: { cell: { row, column } } } = grid.sheet;
    if (!places[column + by]) return;
    grid.arrange(move(layout, place.name, places[by > 0 ? column + 2 : column - 1]?.name));
    grid.go(row, column + by);
  }

  tell(name) {
    this.grid.tell(name, { key: this.grid.lineAt.key, column: this.place.name });
  }

  peek() {
    const { lineAt: line, sheet } = this.grid;
    if (line?.row && line.key !== null) this.grid.tell("peek", { table: sheet.table.key, key: line.key });
    else this.grid.say("this row is not in the database yet");
  }

  /** Go where a cell refers to; with several cells selected, set them all to the one with the focus. */
  async follow() {
    const { grid, edits } = this;
    const { lineAt: line } = grid;
    const reference = grid.sheet.reference(this.place);
    if (!grid.sheet.selection.single) (await edits.ready([[line, this.place]])) && edits.setAll(grid.sheet.plain(line, this.place));
    else if (reference && line) grid.tell("follow", { reference, row: grid.rowOf(line) });
  }

  async filter(equal, none, empty) {
    const { grid, place } = this;
    const line = grid.lineAt;
    if (!(await this.edits.ready([[line, place]]))) return;
    const value = grid.sheet.whole(line, place);
    const known = place.column.operators?.some(({ id }) => id === empty);
    const operator = value === null ? none : value === "" && known ? empty : equal;
    grid.tell("filter", { column: place.name, operator, values: operator === equal ? [value] : [] });
  }

  /** Long texts are loaded first, and then copied. */
  copy(event) {
    const { sheet } = this.grid;
    const range = sheet.ranges.at(-1);
    event.preventDefault();
    if (!range) return false;
    const late = this.#written === null && sheet.unread(sheet.cells([range])).length > 0;
    if (late) this.copyAs((columns, rows) => format(rows));
    else event.clipboardData.setData("text/plain", this.#written ?? format(sheet.matrix(range)));
    return !late;
  }

  cut(event) {
    if (this.copy(event)) this.edits.clear();
  }

  paste(event) {
    event.preventDefault();
    this.edits.paste(parse(event.clipboardData.getData("text/plain")));
  }

  async copyAs(write) {
    const { grid } = this;
    const { sheet } = grid;
    const range = sheet.ranges.at(-1);
    if (!range || !(await this.edits.ready(sheet.cells([range])))) return;
    this.#written = write(sheet.places.slice(range.left, range.right + 1).map(({ column }) => column), sheet.matrix(range));
    if (!this.send("copy")) grid.say("the browser did not let us copy; try again", "error");
    this.#written = null;
  }

  /** Let the browser begin to copy or cut: it sends its event to wherever its caret is. */
  send(type) {
    const act = (event) => {
      event.stopPropagation();
      this[type](event);
    };
    document.addEventListener(type, act, true);
    const done = document.execCommand(type);
    document.removeEventListener(type, act, true);
    return done;
  }

  /** The browser may ask people first; the key needs no question. */
  async pasteFromMenu() {
    try {
      await this.edits.paste(parse(await navigator.clipboard.readText()));
    } catch {
      this.grid.say("press Ctrl+V to paste");
    }
  }

  contextmenu(event) {
    const { grid } = this;
    event.preventDefault();
    if (!this.editing.commit()) return;
    const at = grid.hit(event.clientX, event.clientY);
    const { selection } = grid.sheet;
    if (at.head) grid.go(-1, at.column);
    else if (at.gutter) selection.hasRow(at.row) || grid.select(() => selection.band("row", at.row, at.row));
    else if (!selection.has(at.row, at.column)) grid.go(at.row, at.column);
    this.#open(event.clientX, event.clientY);
  }

  menu() {
    const { grid } = this;
    const { left, top } = grid.getBoundingClientRect();
    const { row, column } = grid.sheet.selection.cell;
    const box = grid.box(row, column);
    this.#open(left + box.left + 8, top + (row < 0 ? grid.headHeight : box.top + grid.rowHeight));
  }

  #open(x, y) {
    const { grid, place } = this;
    const { lineAt: line, sheet } = grid;
    if (!place || (!line && sheet.selection.cell.row >= 0)) return;
    const about = { column: place.column, value: line && sheet.cell(line, place).value, fresh: line?.inserted, stored: Boolean(line?.row) && line.key !== null };
    const names = (line ? CELL_MENU : HEADER_MENU).filter((name) => name === "|" || !EVERYWHERE[name][5] || EVERYWHERE[name][5](about));
    const shown = names.filter((name, at) => name !== "|" || names[at - 1] !== "|");
    const items = shown.map((name) => name !== "|" && this.#item(EVERYWHERE[name]));
    openMenu(items, { x, y, label: line ? "Cell" : `Column ${place.name}`, onclose: () => grid.focus() });
  }

  #item([label, keys, run, icon, changes]) {
    return { label, keys: keys.split(" ")[0].replace("Arrow", ""), icon, disabled: changes && !this.grid.sheet.editable, run: () => run(this) };
  }
}

/** Whether a key types a letter; AltGraph is Ctrl+Alt on some systems. */
function isTyped(event) {
  return event.key.length === 1 && (!(event.ctrlKey || event.metaKey || event.altKey) || event.getModifierState("AltGraph"));
}

function combination(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", key].filter(Boolean).join("+");
}
