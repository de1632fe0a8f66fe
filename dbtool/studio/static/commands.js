/** What keys and menus do: one table of commands, each with its keys, so that every menu can show them. */

import { EXACT, asJson, asSqlList, exact, format, fromExact, parse } from "./clipboard.js";
import { move, resize } from "./columns.js";
import { announce } from "./dom.js";
import { Editing } from "./editing.js";
import { Edits } from "./edits.js";
import { openMenu } from "./menu.js";
import { fit } from "./pointer.js";

/**
 * Each command: label, keys (the first is shown), icon, whether it changes something, what it does, and for which cells a
 * menu offers it: those are asked with the column, the value, and whether the row is new or stored.
 */
const COMMANDS = {
  edit: ["Edit", "F2", "edit", true, (acts) => acts.edit()],
  pick: ["Choose …", "F4 Alt+ArrowDown", "search", true, (acts) => (acts.grid.columnAt?.column.references ? acts.editing.pick() : acts.edit()), ({ column }) => column.references],
  peek: ["Peek", "Space", "peek", false, (acts) => acts.peek(), ({ stored }) => stored],
  follow: ["Follow the reference", "Ctrl+Enter", "follow", false, (acts) => acts.follow(), ({ column, value }) => column.references && typeof value === "string"],
  setNull: ["Set NULL", "Delete", "", true, ({ edits }) => edits.clear(), ({ column }) => column.nullable],
  setDefault: ["Set DEFAULT", "", "", true, ({ edits }) => edits.setAll(undefined), ({ fresh }) => fresh],
  setEmpty: ["Set empty", "", "", true, ({ edits }) => edits.setAll(""), ({ column }) => column.kind === "text"],
  filterBy: ["Filter by this value", "Ctrl+Shift+F", "filter", false, (acts) => acts.filter("eq", "null", "empty"), comparable],
  filterOut: ["Filter out this value", "Ctrl+Shift+X", "filter", false, (acts) => acts.filter("ne", "not_null", "not_empty"), comparable],
  copy: ["Copy", "Ctrl+C", "copy", false, () => document.execCommand("copy")],
  copyHeaders: ["Copy with headers", "Ctrl+Shift+C", "copy", false, (acts) => acts.copyAs((columns, rows) => format([columns.map(({ name }) => name), ...rows]))],
  copyJson: ["Copy as JSON", "", "copy", false, (acts) => acts.copyAs(asJson)],
  copySql: ["Copy as SQL list", "", "copy", false, (acts) => acts.copyAs((columns, rows) => asSqlList(columns[0], rows.map((row) => row[0])))],
  cut: ["Cut", "Ctrl+X", "", true, () => document.execCommand("cut")],
  paste: ["Paste", "Ctrl+V", "", true, (acts) => acts.pasteFromMenu()],
  fillDown: ["Fill down", "Ctrl+D", "", true, ({ edits }) => edits.fillDown()],
  fillRight: ["Fill right", "Ctrl+R", "", true, ({ edits }) => edits.fillRight()],
  insert: ["New row", "Ctrl+I", "add", true, (acts) => acts.insert()],
  duplicate: ["Duplicate rows", "Ctrl+Shift+D", "", true, (acts) => acts.duplicate()],
  deleteRows: ["Delete rows", "Ctrl+-", "trash", true, ({ edits }) => edits.deleteRows()],
  revert: ["Revert", "Ctrl+Alt+Z", "undo", true, ({ edits }) => edits.revert()],
  upload: ["Upload a file …", "", "upload", true, (acts) => acts.upload(), ({ column }) => column.kind === "bytes"],
  blob: ["Download", "", "download", false, (acts) => acts.tell("blob"), ({ column, stored, value }) => column.kind === "bytes" && stored && typeof value === "string"],
  object: ["Open the object", "", "asset", false, (acts) => acts.tell("object"), ({ column, stored, value }) => column.media && stored && typeof value === "string"],
  undo: ["Undo", "Ctrl+Z", "", false, (acts) => acts.told("undone", acts.grid.sheet.store?.undo())],
  redo: ["Redo", "Ctrl+Shift+Z Ctrl+Y", "", false, (acts) => acts.told("done again", acts.grid.sheet.store?.redo())],
  save: ["Save", "Ctrl+S", "", false, (acts) => acts.grid.tell("save")],
  selectAll: ["Select all", "Ctrl+A", "", false, ({ grid }) => grid.select((selection) => selection.all())],
  selectRow: ["Select the row", "Shift+Space", "", false, ({ grid }) => grid.select((selection) => selection.rows(selection.cell.row, selection.head.row))],
  selectColumn: ["Select the column", "Ctrl+Space", "", false, ({ grid }) => grid.select((selection) => selection.columns(selection.cell.column, selection.head.column))],
  menu: ["Menu", "Shift+F10 ContextMenu", "", false, (acts) => acts.menu()],
  filterColumn: ["Filter …", "", "filter", false, ({ grid }) => grid.tell("filter", { column: grid.columnAt.name })],
  pin: ["Pin or unpin", "", "pin", false, ({ grid }) => grid.pin(grid.columnAt.name)],
  hide: ["Hide", "", "close", false, ({ grid }) => grid.hide(grid.columnAt.name)],
  fit: ["Fit the width", "", "columns", false, ({ grid }) => fit(grid, grid.columnAt)],
};
/** What keys do in the header. */
const HEADING = {
  sort: ["Sort", "Enter", "sortUp", false, ({ grid }) => grid.sortBy(grid.columnAt.column, false), sortable],
  sortMore: ["Sort by this too", "Shift+Enter", "", false, ({ grid }) => grid.sortBy(grid.columnAt.column, true), sortable],
  left: ["Move to the left", "Alt+ArrowLeft", "", false, (acts) => acts.shift(-1)],
  right: ["Move to the right", "Alt+ArrowRight", "", false, (acts) => acts.shift(1)],
  wide: ["Wider", "Alt+Shift+ArrowRight", "", false, (acts) => acts.widen(20)],
  narrow: ["Narrower", "Alt+Shift+ArrowLeft", "", false, (acts) => acts.widen(-20)],
};
const ALL = { ...COMMANDS, ...HEADING };
const CELL_MENU = `edit pick follow peek object | setNull setDefault setEmpty | filterBy filterOut | copy copyHeaders copyJson copySql paste
  fillDown fillRight | upload blob | insert duplicate deleteRows revert`.split(/\s+/);
const HEADER_MENU = "sort sortMore filterColumn | pin hide fit | left right wide narrow | selectColumn".split(" ");
const NATIVE = ["copy", "cut", "paste"]; // the browser sends events for these
const keysOf = (table) => new Map(Object.entries(table).flatMap(([name, [, keys]]) => (NATIVE.includes(name) ? [] : keys.split(" ").map((key) => [key, name]))));
const KEYS = keysOf(COMMANDS);
const HEADER_KEYS = keysOf(ALL);

/** Join the acts to a grid; answers what others may call. */
export function attach(grid) {
  const acts = new Actions(grid);
  grid.view.addEventListener("keydown", (event) => acts.key(event));
  grid.view.addEventListener("contextmenu", (event) => acts.context(event));
  for (const name of NATIVE) grid.view.addEventListener(name, (event) => acts[name](event));
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
    const name = (this.grid.selection.cell.row === -1 ? HEADER_KEYS : KEYS).get(combo);
    if (combo === "Backspace") this.edit({ initial: "" });
    else if (name) this.run(name);
    return Boolean(name) || combo === "Backspace";
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

  run(name) {
    return ALL[name][4](this);
  }

  /** Tab at the last column, or before the first, goes on to the rest of the page. */
  #stepOrLeave(key, back) {
    const { selection, sheet } = this.grid;
    const { row, column } = selection.cell;
    if (row === -1 && key === "Enter") return false;
    const leaves = key === "Tab" && selection.single && column === (back ? 0 : sheet.places.length - 1);
    return leaves || row === -1 ? false : this.step(key, back);
  }

  async upload() {
    await this.edit();
    this.editing.now?.field.element.querySelector("input[type=file]")?.click();
  }

  /** Stage a row and go to the first of its cells that wants a value. */
  insert(values = {}) {
    const { grid } = this;
    const id = this.edits.insert(values);
    if (id === null) return null;
    const wanted = grid.sheet.places.findIndex(({ column, name }) => column.required && !Object.hasOwn(values, name));
    grid.go(grid.sheet.find(id), Math.max(0, wanted));
    grid.focus();
    return id;
  }

  async duplicate() {
    const { grid } = this;
    const ids = await this.edits.duplicate();
    if (!ids?.length) return;
    const [first, last] = [grid.sheet.find(ids[0]), grid.sheet.find(ids.at(-1))];
    grid.go(first, grid.selection.cell.column);
    grid.select((selection) => selection.rows(first, last));
  }

  told(what, label) {
    announce(label ? `${label} ${what}` : "nothing to do");
  }

  shift(by) {
    const { grid } = this;
    const { row, column } = grid.selection.cell;
    const target = column + by;
    if (target < 0 || target >= grid.sheet.places.length) return;
    const before = grid.sheet.places[by > 0 ? target + 1 : target]?.name ?? null;
    grid.arrange(move(grid.sheet.layout, grid.columnAt.name, before));
    grid.go(row, target);
  }

  widen(by) {
    const { grid } = this;
    grid.arrange(resize(grid.sheet.layout, grid.columnAt.name, grid.columnAt.width + by));
  }

  /** Ask the application for something about the stored cell with the focus. */
  tell(name) {
    const { grid } = this;
    grid.tell(name, { key: grid.lineAt.key, column: grid.columnAt.name });
  }

  peek() {
    const { lineAt: line, sheet } = this.grid;
    if (line && !line.inserted && line.key !== null) this.grid.tell("peek", { table: sheet.table.key, key: line.key });
    else this.grid.say("this row is not in the database yet");
  }

  /** Go where a cell refers to; with several cells selected, set them all to the one with the focus. */
  async follow() {
    const { grid } = this;
    const reference = grid.columnAt && grid.sheet.reference(grid.columnAt.column);
    if (!grid.selection.single) {
      const value = await this.#whole();
      if (value !== false) this.edits.setAll(value);
    } else if (reference && grid.lineAt) grid.tell("follow", { reference, row: grid.rowOf(grid.lineAt) });
  }

  async filter(equal, none, empty) {
    const { grid } = this;
    const value = await this.#whole();
    if (value === false) return;
    const known = grid.columnAt.column.operators?.some(({ id }) => id === empty);
    const operator = value === null ? none : value === "" && known ? empty : equal;
    grid.tell("filter", { column: grid.columnAt.name, operator, values: operator === equal ? [value] : [] });
  }

  /** Return all of the cell with the focus, undefined for DEFAULT, or false when it cannot be loaded. */
  async #whole() {
    const { grid } = this;
    const { row, column } = grid.selection.cell;
    if (!(await this.edits.ready([{ top: row, bottom: row, left: column, right: column }]))) return false;
    const { value } = grid.sheet.cell(grid.lineAt, grid.columnAt);
    return value === undefined ? undefined : grid.sheet.whole(grid.lineAt, grid.columnAt);
  }

  /* The clipboard */

  /** Answer the browser's event; a menu begins it by `execCommand`. */
  copy(event) {
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
    return this.copy(event) && this.edits.clear("cut");
  }

  paste(event) {
    event.preventDefault();
    const given = event.clipboardData.getData(EXACT);
    return this.edits.paste((given && fromExact(given)) || parse(event.clipboardData.getData("text/plain")));
  }

  /** Copy the last range in another form. */
  async copyAs(write) {
    const range = this.edits.ranges.at(-1);
    if (!range || !(await this.edits.ready([range]))) return;
    const columns = this.grid.sheet.places.slice(range.left, range.right + 1).map(({ column }) => column);
    this.#override = write(columns, this.grid.sheet.matrix(range));
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
  async pasteFromMenu() {
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
    const about = this.#about();
    const names = (header ? HEADER_MENU : CELL_MENU).filter((name) => name === "|" || (ALL[name][5] ?? Boolean)(about));
    const lines = names.filter((name, at) => name !== "|" || (at > 0 && at < names.length - 1 && names[at - 1] !== "|"));
    openMenu(lines.map((name) => (name === "|" ? null : this.#item(name))), { x, y, label: header ? `Column ${grid.columnAt.name}` : "Cell", onclose: () => grid.focus() });
  }

  #item(name) {
    const [label, keys, icon, changes] = ALL[name];
    return { label, keys: keys.split(" ")[0].replace("Arrow", ""), icon, disabled: changes && !this.grid.sheet.editable, run: () => this.run(name) };
  }

  /** What decides whether a command means something for the cell with the focus. */
  #about() {
    const { lineAt: line, columnAt: place, sheet } = this.grid;
    const stored = Boolean(line) && !line.inserted && line.key !== null;
    return { column: place.column, value: line && sheet.cell(line, place).value, fresh: Boolean(line?.inserted), stored };
  }
}

function comparable({ column, value }) {
  return value === null || (typeof value === "string" && column.kind !== "bytes");
}

function sortable({ column }) {
  return column.sortable !== false;
}

/** Return the name of a key with what is held down, such as Ctrl+Shift+Z. */
function combination(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", key].filter(Boolean).join("+");
}
