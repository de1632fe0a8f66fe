/** What keys and menus do: one table of commands, each with its keys, so that every menu can show them. */

import { EXACT, asJson, asSqlList, exact, format, fromExact, parse } from "./clipboard.js";
import { move, resize } from "./columns.js";
import { announce } from "./dom.js";
import { Editing } from "./editing.js";
import { Edits } from "./edits.js";
import { openMenu } from "./menu.js";
import { fit } from "./pointer.js";

/** label, keys (the first is shown), icon; what they do is below. `cell` commands need one, `edit` ones a table that can be changed. */
const COMMANDS = {
  edit: ["Edit", ["F2"], "edit", "edit"],
  pick: ["Choose …", ["F4", "Alt+ArrowDown"], "search", "edit"],
  peek: ["Peek", ["Space"], "peek"],
  follow: ["Follow the reference", ["Ctrl+Enter"], "follow"],
  setNull: ["Set NULL", ["Delete"], "", "edit"],
  setDefault: ["Set DEFAULT", [], "", "edit"],
  setEmpty: ["Set to empty text", [], "", "edit"],
  filterBy: ["Filter by this value", ["Ctrl+Shift+F"], "filter"],
  filterOut: ["Filter out this value", ["Ctrl+Shift+X"], "filter"],
  copy: ["Copy", ["Ctrl+C"], "copy"],
  copyHeaders: ["Copy with headers", ["Ctrl+Shift+C"], "copy"],
  copyJson: ["Copy as JSON", [], "copy"],
  copySql: ["Copy as SQL list", [], "copy"],
  cut: ["Cut", ["Ctrl+X"], "", "edit"],
  paste: ["Paste", ["Ctrl+V"], "", "edit"],
  fillDown: ["Fill down", ["Ctrl+D"], "", "edit"],
  fillRight: ["Fill right", ["Ctrl+R"], "", "edit"],
  insert: ["New row", ["Ctrl+I"], "add", "edit"],
  duplicate: ["Duplicate rows", ["Ctrl+Shift+D"], "", "edit"],
  deleteRows: ["Delete rows", ["Ctrl+-"], "trash", "edit"],
  revert: ["Revert", ["Ctrl+Alt+Z"], "undo", "edit"],
  upload: ["Upload a file …", [], "upload", "edit"],
  blob: ["Download", [], "download"],
  object: ["Open the object", [], "asset"],
  undo: ["Undo", ["Ctrl+Z"], "undo"],
  redo: ["Redo", ["Ctrl+Shift+Z", "Ctrl+Y"], "redo"],
  save: ["Save", ["Ctrl+S"], "save"],
  selectAll: ["Select all", ["Ctrl+A"]],
  selectRow: ["Select the row", ["Shift+Space"]],
  selectColumn: ["Select the column", ["Ctrl+Space"]],
  menu: ["Menu", ["Shift+F10", "ContextMenu"]],
  sort: ["Sort", ["Enter"]],
  sortMore: ["Sort by this too", ["Shift+Enter"]],
  left: ["Move to the left", ["Alt+ArrowLeft"]],
  right: ["Move to the right", ["Alt+ArrowRight"]],
  narrow: ["Narrower", ["Alt+Shift+ArrowLeft"]],
  wide: ["Wider", ["Alt+Shift+ArrowRight"]],
  pin: ["Pin", [], "pin"],
  hide: ["Hide", [], "close"],
  fit: ["Fit the width", [], "columns"],
  filterColumn: ["Filter …", [], "filter"],
};
const HEADER_ONLY = ["sort", "sortMore", "left", "right", "narrow", "wide"];
const NATIVE = ["copy", "cut", "paste"]; // the browser sends events for these
const CELL_MENU = [
  "edit", "pick", "follow", "peek", "object", null, "setNull", "setDefault", "setEmpty", null, "filterBy", "filterOut", null,
  "copy", "copyHeaders", "copyJson", "copySql", "paste", "fillDown", "fillRight", null, "upload", "blob", null, "insert", "duplicate", "deleteRows", "revert",
];
const HEADER_MENU = ["sort", "sortMore", "filterColumn", null, "pin", "hide", "fit", null, "left", "right", "wide", "narrow", null, "selectColumn"];
const KEYS = Object.entries(COMMANDS).flatMap(([name, [, keys]]) => keys.map((key) => [key, name]));

/** Join the acts to a grid; answers what others may call. */
export async function attach(grid) {
  const acts = new Actions(grid);
  grid.actionsNow = acts;
  grid.command = (name, ...given) => acts.run(name, ...given);
  grid.view.addEventListener("keydown", (event) => acts.key(event));
  grid.view.addEventListener("contextmenu", (event) => acts.context(event));
  for (const name of NATIVE) grid.view.addEventListener(name, (event) => acts[name](event));
  acts.begin();
  return acts;
}

class Actions {
  #override = null;
  #column = null;

  constructor(grid) {
    this.grid = grid;
  }

  /** The grid shows another table. */
  begin() {
    const { grid } = this;
    const load = grid.parts.load ?? (async (key, column) => (await import("./api.js")).api("cell", { table: grid.sheet.table.key, key, column }));
    this.editing?.close();
    this.edits = new Edits({ sheet: grid.sheet, selection: grid.selection, load, say: (text, level) => grid.say(text, level) });
    this.editing = new Editing(grid, this.edits);
  }

  drawn() {
    this.editing.place();
  }

  /** Before the focus goes elsewhere on the sheet: take what is typed. Answers false when that cannot be. */
  leave() {
    return this.editing.commit();
  }

  edit(options) {
    return this.editing.open(options);
  }

  key(event) {
    if (event.target !== this.grid.view || event.isComposing) return;
    const combo = combination(event);
    if (this.navigate(event) || this.command(combo) || this.type(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Run the command of a key; the header has its own. */
  command(combo) {
    const header = this.grid.selection.cell.row === -1;
    const found = KEYS.find(([key, name]) => key === combo && !NATIVE.includes(name) && HEADER_ONLY.includes(name) === (header && HEADER_ONLY.includes(name)));
    if (combo === "Backspace") this.edit({ initial: "" });
    else if (!found) return false;
    else this.run(found[1]);
    return true;
  }

  /** A letter begins to edit, or to search for a row that is referred to. */
  type(event) {
    const plain = event.key.length === 1 && ((!event.ctrlKey && !event.metaKey && !event.altKey) || event.getModifierState("AltGraph"));
    if (!plain || this.grid.selection.cell.row < 0) return false;
    if (this.grid.columnAt?.column.references) this.editing.pick(event.key);
    else this.edit({ initial: event.key });
    return true;
  }

  /** Move or extend; answers whether the key was one for that. */
  navigate(event) {
    const { grid } = this;
    const { key, shiftKey: extend } = event;
    const control = event.ctrlKey || event.metaKey;
    const { row, column } = extend ? grid.selection.head : grid.selection.cell;
    if (event.altKey) return false;
    if ((key === "Enter" || key === "Tab") && !control) return this.#stepOrLeave(key, extend);
    const page = Math.max(1, Math.floor((grid.view.clientHeight - grid.headHeight) / grid.rowHeight) - 1);
    const [last, end] = [grid.sheet.count - 1, grid.sheet.places.length - 1];
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
    this.#column = null;
    const [nextRow, nextColumn, edge] = to;
    if (edge && !extend) grid.toEdge(edge, nextColumn);
    else grid.go(extend ? Math.max(0, nextRow) : nextRow, nextColumn, { extend });
    return true;
  }

  /** Tab and Enter go round in a selection of several cells; else Enter returns below where Tab began. */
  step(key, back) {
    const { grid } = this;
    const { selection, sheet } = grid;
    if (key !== "Tab" && key !== "Enter") return false;
    if (!selection.single && selection.cycle(sheet.count, sheet.places.length, { down: key === "Enter", back })) {
      grid.reveal(selection.cell.row, selection.cell.column);
      return true;
    }
    const { row, column } = selection.cell;
    if (key === "Tab") this.#column ??= column;
    grid.go(key === "Tab" ? row : row + (back ? -1 : 1), key === "Tab" ? column + (back ? -1 : 1) : (this.#column ?? column));
    if (key === "Enter") this.#column = null;
    return true;
  }

  run(name, ...given) {
    return this[name](...given);
  }

  /** Tab at the last column, or before the first, goes on to the rest of the page. */
  #stepOrLeave(key, back) {
    const { selection, sheet } = this.grid;
    const { row, column } = selection.cell;
    if (row === -1 && key === "Enter") return false;
    const leaves = key === "Tab" && selection.single && column === (back ? 0 : sheet.places.length - 1);
    return leaves || row === -1 ? false : this.step(key, back);
  }

  /* Cells */

  setNull() {
    this.edits.clear();
  }

  setDefault() {
    this.edits.setAll(undefined);
  }

  setEmpty() {
    this.edits.setAll("");
  }

  fillDown() {
    return this.edits.fillDown();
  }

  fillRight() {
    return this.edits.fillRight();
  }

  pick() {
    if (this.grid.columnAt?.column.references) this.editing.pick();
    else this.edit();
  }

  async upload() {
    await this.edit();
    this.editing.now?.field.element.querySelector("input[type=file]")?.click();
  }

  /* Rows */

  /** Stage a row and go to the first of its cells that wants a value. */
  insert(values = {}) {
    const id = this.edits.insert(values);
    if (id === null) return null;
    const { grid } = this;
    const wanted = grid.sheet.places.findIndex(({ column, name }) => column.required && !Object.hasOwn(values, name));
    grid.go(grid.sheet.find(id), Math.max(0, wanted));
    grid.focus();
    return id;
  }

  async duplicate() {
    const ids = await this.edits.duplicate();
    if (!ids?.length) return;
    const [first, last] = [this.grid.sheet.find(ids[0]), this.grid.sheet.find(ids.at(-1))];
    this.grid.go(first, this.grid.selection.cell.column);
    this.grid.selection.rows(first, last);
    this.grid.refresh();
  }

  deleteRows() {
    this.edits.deleteRows();
  }

  revert() {
    this.edits.revert();
  }

  undo() {
    this.#told("undone", this.grid.sheet.store?.undo());
  }

  redo() {
    this.#told("done again", this.grid.sheet.store?.redo());
  }

  save() {
    this.grid.tell("save");
  }

  #told(what, label) {
    announce(label ? `${label} ${what}` : "nothing to do");
  }

  /* Selection */

  selectAll() {
    this.grid.selection.all();
    this.grid.refresh();
  }

  selectRow() {
    const { cell, head } = this.grid.selection;
    this.grid.selection.rows(cell.row, head.row);
    this.grid.refresh();
  }

  selectColumn() {
    const { cell, head } = this.grid.selection;
    this.grid.selection.columns(cell.column, head.column);
    this.grid.refresh();
  }

  /* Columns */

  sort(add = false) {
    const { grid } = this;
    if (grid.columnAt) grid.sortBy(grid.columnAt.column, add);
  }

  sortMore() {
    this.sort(true);
  }

  left() {
    this.#shift(-1);
  }

  right() {
    this.#shift(1);
  }

  narrow() {
    this.#widen(-20);
  }

  wide() {
    this.#widen(20);
  }

  pin() {
    this.grid.pin(this.grid.columnAt.name);
  }

  hide() {
    this.grid.hide(this.grid.columnAt.name);
  }

  fit() {
    fit(this.grid, this.grid.columnAt);
  }

  filterColumn() {
    this.grid.tell("filter", { column: this.grid.columnAt.name });
  }

  #shift(by) {
    const { grid } = this;
    const { row, column } = grid.selection.cell;
    const target = column + by;
    if (target < 0 || target >= grid.sheet.places.length) return;
    const before = grid.sheet.places[by > 0 ? target + 1 : target]?.name ?? null;
    grid.arrange(move(grid.sheet.layout, grid.columnAt.name, before));
    grid.go(row, target);
  }

  #widen(by) {
    const { grid } = this;
    grid.arrange(resize(grid.sheet.layout, grid.columnAt.name, grid.columnAt.width + by));
  }

  /* What the application does */

  peek() {
    const { grid } = this;
    if (grid.lineAt && !grid.lineAt.inserted && grid.lineAt.key !== null) grid.tell("peek", { table: grid.sheet.table.key, key: grid.lineAt.key });
    else grid.say("this row is not in the database yet");
  }

  follow() {
    const { grid } = this;
    const reference = grid.columnAt && grid.sheet.reference(grid.columnAt.column);
    if (!grid.selection.single) this.#setAllToFirst();
    else if (reference && grid.lineAt) grid.tell("follow", { reference, row: grid.rowOf(grid.lineAt) });
  }

  /** Ctrl+Enter on several cells sets them all to the one with the focus. */
  async #setAllToFirst() {
    const { row, column } = this.grid.selection.cell;
    if (!(await this.edits.ready([{ top: row, bottom: row, left: column, right: column }]))) return;
    const cell = this.grid.sheet.cell(this.grid.lineAt, this.grid.columnAt);
    this.edits.setAll(cell.value === undefined ? undefined : this.grid.sheet.whole(this.grid.lineAt, this.grid.columnAt));
  }

  filterBy() {
    this.#filter("eq", "null", "empty");
  }

  filterOut() {
    this.#filter("ne", "not_null", "not_empty");
  }

  async #filter(equal, none, empty) {
    const { grid } = this;
    const { row, column } = grid.selection.cell;
    if (!(await this.edits.ready([{ top: row, bottom: row, left: column, right: column }]))) return;
    const value = grid.sheet.whole(grid.lineAt, grid.columnAt);
    const known = new Set(grid.columnAt.column.operators?.map(({ id }) => id));
    const operator = value === null ? none : value === "" && known.has(empty) ? empty : equal;
    grid.tell("filter", { column: grid.columnAt.name, operator, values: operator === equal ? [value] : [] });
  }

  blob() {
    const { grid } = this;
    grid.tell("blob", { key: grid.lineAt.key, column: grid.columnAt.name });
  }

  object() {
    const { grid } = this;
    grid.tell("object", { key: grid.lineAt.key, column: grid.columnAt.name });
  }

  /* The clipboard */

  /** Answer the browser's event, or begin it by a menu: then the event comes from `execCommand`. */
  copy(event) {
    if (!event) return void document.execCommand("copy");
    event.preventDefault();
    const range = this.edits.ranges.at(-1);
    if (this.#override !== null) event.clipboardData.setData("text/plain", this.#override);
    else if (range && this.#complete([range])) {
      const rows = this.grid.sheet.matrix(range);
      event.clipboardData.setData("text/plain", format(rows));
      event.clipboardData.setData(EXACT, exact(rows));
      if (this.edits.ranges.length > 1) this.grid.say("only the last range is copied");
    } else return false;
    return true;
  }

  cut(event) {
    if (!event) return void document.execCommand("cut");
    return this.copy(event) && this.edits.clear("cut");
  }

  async paste(event) {
    if (!event) return this.#pasteFromMenu();
    event.preventDefault();
    const given = event.clipboardData.getData(EXACT);
    const rows = (given && fromExact(given)) || parse(event.clipboardData.getData("text/plain"));
    return this.edits.paste(rows);
  }

  copyHeaders() {
    const columns = (range) => this.grid.sheet.places.slice(range.left, range.right + 1).map(({ name }) => name);
    return this.#copyText((range, rows) => format([columns(range), ...rows]));
  }

  copyJson() {
    return this.#copyText((range, rows) => asJson(this.grid.sheet.places.slice(range.left, range.right + 1).map(({ column }) => column), rows));
  }

  copySql() {
    return this.#copyText((range, rows) => asSqlList(this.grid.sheet.places[range.left].column, rows.map((row) => row[0])));
  }

  async #copyText(write) {
    const range = this.edits.ranges.at(-1);
    if (!range || !(await this.edits.ready([range]))) return;
    this.#override = write(range, this.grid.sheet.matrix(range));
    this.grid.focus();
    if (!document.execCommand("copy")) this.grid.say("the browser did not let us copy; try again", "error");
    this.#override = null;
  }

  /** Whether all texts are here whole; else load them and copy again, which the browser allows for some seconds. */
  #complete(ranges) {
    if (this.grid.sheet.unread(ranges).length === 0) return true;
    this.grid.say("loading long texts …");
    this.edits.ready(ranges).then((ready) => {
      if (ready && !document.execCommand("copy")) this.grid.say("press Ctrl+C once more: the long texts are here now");
    });
    return false;
  }

  /** A page may read the clipboard only where the browser asks people; the key needs no question. */
  async #pasteFromMenu() {
    try {
      await this.edits.paste(parse(await navigator.clipboard.readText()));
    } catch {
      this.grid.say("press Ctrl+V to paste");
    }
  }

  /* Menus */

  context(event) {
    event.preventDefault();
    const { grid } = this;
    if (!this.leave()) return;
    const at = grid.hit(event.clientX, event.clientY);
    if (at.head) grid.go(-1, at.column);
    else if (at.gutter && !grid.selection.hasRow(at.row)) {
      grid.selection.rows(at.row, at.row);
      grid.refresh();
    } else if (!at.gutter && !grid.selection.has(at.row, at.column)) grid.go(at.row, at.column);
    this.#open(event.clientX, event.clientY);
  }

  /** The menu by keyboard, below the cell with the focus. */
  menu() {
    const { grid } = this;
    const frame = grid.getBoundingClientRect();
    const { row, column } = grid.selection.cell;
    const box = grid.box(row, column);
    const top = row < 0 ? grid.headHeight : box.top + box.height;
    this.#open(frame.left + box.left + 8, frame.top + top);
  }

  #open(x, y) {
    const { grid } = this;
    const header = grid.selection.cell.row === -1;
    if (!grid.columnAt || (!header && !grid.lineAt)) return;
    const names = (header ? HEADER_MENU : CELL_MENU).filter((name) => name === null || this.#applies(name));
    const lines = names.filter((name, at) => name !== null || (at > 0 && at < names.length - 1 && names[at - 1] !== null));
    openMenu(lines.map((name) => name && this.#item(name)), { x, y, label: header ? `Column ${grid.columnAt.name}` : "Cell", onclose: () => grid.focus() });
  }

  #item(name) {
    const [label, keys, icon, needs] = COMMANDS[name];
    const shown = name === "pin" && this.grid.isPinned(this.grid.columnAt.name) ? "Unpin" : label;
    return { label: shown, keys: keys[0]?.replace("Arrow", ""), icon, disabled: needs === "edit" && !this.grid.sheet.editable, run: () => this.run(name) };
  }

  /** Whether a command means something for the cell with the focus. */
  #applies(name) {
    const { grid } = this;
    const { column } = grid.columnAt;
    const line = grid.lineAt;
    const value = line && grid.sheet.cell(line, grid.columnAt).value;
    const stored = line && !line.inserted && line.key !== null;
    switch (name) {
      case "pick": return Boolean(column.references);
      case "follow": return Boolean(column.references) && typeof value === "string";
      case "peek": return stored;
      case "setNull": return column.nullable;
      case "setDefault": return Boolean(line?.inserted);
      case "setEmpty": return column.kind === "text";
      case "upload": return column.kind === "bytes";
      case "blob": return column.kind === "bytes" && stored && typeof value === "string";
      case "object": return Boolean(column.media) && stored && typeof value === "string";
      case "sort": case "sortMore": return column.sortable !== false;
      case "filterBy": case "filterOut": return typeof value === "string" ? column.kind !== "bytes" : value === null;
      default: return true;
    }
  }
}

/** Return the name of a key with what is held down, such as Ctrl+Shift+Z. */
function combination(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", key].filter(Boolean).join("+");
}
