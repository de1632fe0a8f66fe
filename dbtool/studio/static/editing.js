/** Editing in place: the field lies over its cell until it is taken or left. */

import { editor } from "./editors.js";

const MOVES = { Enter: [1, 0], Tab: [0, 1], ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Editing {
  /** @type {{line: any, place: any, value: any, typed: boolean, field: import("./editors.js").Editor}|null} */
  now = null;

  constructor(grid, edits) {
    Object.assign(this, { grid, edits });
  }

  /** Edit the cell with the focus. `initial` was typed and replaces the value; long texts are loaded first. */
  async open({ initial = null, area = false } = {}) {
    const { grid } = this;
    const { lineAt: line, columnAt: place } = grid;
    if (!line || !place || this.now) return;
    const reason = grid.sheet.refusal(line, place);
    if (reason) return void grid.say(reason, "error");
    const value = await this.#value(line, place, initial);
    if (value !== false && grid.lineAt?.id === line.id && grid.columnAt?.name === place.name) this.#show(line, place, value, { initial, area });
  }

  /** Take what was typed; answers false, with the reason shown, when it is no value of the column. */
  commit({ everywhere = false } = {}) {
    if (!this.now) return true;
    const { line, place, field } = this.now;
    const { value, problem, changed } = field.result();
    if (problem) {
      field.input.focus();
      return false;
    }
    this.close();
    if (everywhere) this.edits.setAll(value ?? null, { label: "set" });
    else if (changed) this.edits.stage([{ line, place, value }], "edit");
    return true;
  }

  /** Leave the cell as it is. */
  close() {
    const { now } = this;
    this.now = null;
    if (!now) return;
    const inside = now.field.element.contains(document.activeElement);
    now.field.element.remove();
    if (inside) this.grid.focus();
    this.grid.refresh();
  }

  /** Keep the field over its cell while the sheet moves. */
  place() {
    if (!this.now) return;
    const { grid } = this;
    const { element, kind } = this.now.field;
    const column = grid.sheet.places.findIndex(({ name }) => name === this.now.place.name);
    const row = grid.sheet.find(this.now.line.id);
    const box = row < 0 || column < 0 ? null : grid.box(row, column);
    element.classList.toggle("away", !box || box.top < grid.headHeight || box.top > grid.clientHeight);
    if (!box) return;
    const width = kind === "area" ? Math.max(box.width, 380) : Math.max(box.width, kind === "list" ? 120 : 90);
    element.style.minWidth = `${Math.min(width, grid.clientWidth - 8)}px`;
    element.style.left = `${Math.max(0, Math.min(box.left, grid.clientWidth - element.offsetWidth - 4))}px`;
    element.style.top = `${Math.max(0, Math.min(box.top, grid.clientHeight - element.offsetHeight - 4))}px`;
  }

  async #value(line, place, initial) {
    const { sheet } = this.grid;
    const cell = sheet.cell(line, place);
    if (initial !== null || place.column.kind === "bytes") return cell.cut ? "" : cell.value;
    const unread = sheet.whole(line, place) === undefined;
    const range = { top: this.grid.selection.cell.row, left: this.grid.selection.cell.column };
    if (unread && !(await this.edits.ready([{ ...range, bottom: range.top, right: range.left }]))) return false;
    return sheet.whole(line, place);
  }

  #show(line, place, value, { initial, area }) {
    const { grid } = this;
    const plain = typeof value === "string" ? value : null;
    const stored = !line.inserted && typeof value === "string";
    const field = editor(place.column, plain, {
      initial, area,
      ondone: () => this.#take("Enter", false),
      onpick: () => this.pick(),
      ondownload: stored ? () => grid.tell("blob", { key: line.key, column: place.name }) : null,
      onfail: (text) => grid.say(text, "error"),
    });
    this.now = { line, place, value, field, typed: initial !== null };
    field.element.addEventListener("keydown", (event) => this.#key(event));
    field.element.addEventListener("focusout", (event) => this.#left(event));
    field.element.addEventListener("commit", () => this.commit());
    grid.append(field.element);
    this.place();
    field.input.focus();
    if (field.kind === "list") return;
    const end = field.input.value.length;
    if (initial === null && field.kind === "line") field.input.select();
    else field.input.setSelectionRange(end, end);
  }

  /** Ask for a row to refer to; the values come back for all columns of the reference. */
  pick(text = "") {
    const { grid } = this;
    const { lineAt: line, columnAt: place } = grid;
    const reference = place && grid.sheet.reference(place.column);
    const reason = line && grid.sheet.refusal(line, place);
    if (!reference || reason) return void (reason && grid.say(reason, "error"));
    this.close();
    const { row, column } = grid.selection.cell;
    const done = (values, label) => {
      if (values) this.#picked(line, reference, values, label);
      grid.focus();
    };
    grid.tell("pick", { reference, row: grid.rowOf(line), text, column: place.name, anchor: grid.cellElement(row, column) ?? grid.view, done });
  }

  #picked(line, reference, values, label) {
    const { places, window, table } = this.grid.sheet;
    const all = table.columns.map((column, index) => ({ column, name: column.name, index }));
    const entries = Object.entries(values).map(([name, value]) => {
      if (label && typeof value === "string") window.know(name, value, label);
      return { line, place: places.find((place) => place.name === name) ?? all.find((place) => place.name === name), value };
    });
    this.edits.stage(entries.filter(({ place }) => place), `choose ${reference.name}`);
  }

  #key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const { key, altKey, shiftKey } = event;
    const control = event.ctrlKey || event.metaKey;
    const { field, typed } = this.now;
    if (key === "Escape") this.close();
    else if (key === "Enter" && altKey) this.#newLine();
    else if (key === "Enter" && shiftKey && field.kind === "area") return;
    else if (key === "Enter" && control) this.commit({ everywhere: true });
    else if (key === "Enter" || key === "Tab") this.#take(key, shiftKey);
    else if (key === "F4" || (altKey && key === "ArrowDown")) this.#help();
    else if (typed && field.kind === "line" && MOVES[key] && !shiftKey && !control) this.#take(key, false);
    else if (control && key.toLowerCase() === "s") this.commit() && this.grid.tell("save");
    else return;
    event.preventDefault();
  }

  #take(key, back) {
    if (!this.commit()) return;
    const { grid } = this;
    if (grid.acts.step(key, back)) return;
    const [down, right] = MOVES[key];
    grid.go(grid.selection.cell.row + (back ? -down : down), grid.selection.cell.column + (back ? -right : right));
  }

  #help() {
    if (this.now.place.column.references) this.pick();
    else this.now.field.input.openPicker?.();
  }

  /** Begin a line; a field of one line becomes one of several. */
  #newLine() {
    const { field, line, place, value } = this.now;
    if (field.kind === "area") return field.input.setRangeText("\n", field.input.selectionStart, field.input.selectionEnd, "end");
    if (field.kind === "list" || place.column.kind === "bytes" || place.column.kind !== "text") return undefined;
    const text = field.input.value;
    const at = field.input.selectionStart;
    this.close();
    this.#show(line, place, value, { initial: `${text.slice(0, at)}\n${text.slice(at)}`, area: true });
    return this.now.field.input.setSelectionRange(at + 1, at + 1);
  }

  /** The focus went elsewhere on the page: take what is there; what cannot be taken stays open. */
  #left(event) {
    const { now } = this;
    const to = event.relatedTarget;
    if (!now || now.field.element.contains(to) || !document.hasFocus() || !to || this.grid.contains(to)) return;
    if (now.field.result().problem) return;
    this.commit();
  }
}
