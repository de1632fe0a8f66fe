/** Editing in place: a field for each kind of column lies over its cell until it is taken or left. Texts stay texts: no value passes through a number. */

import { h, iconButton } from "./dom.js";
import { problem, read } from "./edits.js";
import { clamp } from "./sheet.js";

const MOVES = { Enter: [1, 0], Tab: [0, 1], ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PICKERS = { date: "date", time: "time", datetime: "datetime-local" };
const LONG = 60;
const BIGGEST = 4 * 1024 * 1024;

export class Editing {
  now = null;

  constructor(grid, acts) {
    Object.assign(this, { grid, acts });
  }

  /** Edit the cell with the focus. `initial` was typed and replaces the value; long texts are loaded first. */
  async open(initial = null) {
    const { grid } = this;
    const { lineAt: line, columnAt: place, sheet } = grid;
    if (!line || !place || this.now) return;
    const reason = sheet.refusal(line, place);
    if (reason) return grid.say(reason, "error");
    const { value, cut } = sheet.cell(line, place);
    if (initial !== null || place.column.kind === "bytes") return this.#show(line, place, cut ? "" : value, initial);
    if (sheet.whole(line, place) === undefined && !(await this.acts.edits.ready([[line, place]]))) return;
    if (grid.lineAt?.id === line.id && grid.columnAt?.name === place.name) this.#show(line, place, value?.new ? value : sheet.whole(line, place));
  }

  /** Take what was typed; answers false, with the reason shown, when it is no value of the column. */
  commit(everywhere = false) {
    if (!this.now) return true;
    const { line, place, field } = this.now;
    const { value, problem: refused, changed } = field.result();
    if (refused) {
      field.input.focus();
      return false;
    }
    this.close();
    if (everywhere) this.acts.edits.setAll(value ?? null);
    else if (changed) this.acts.edits.stage([[line, place, value]], "edit");
    return true;
  }

  close() {
    const { now } = this;
    this.now = null;
    if (!now) return;
    const inside = now.field.element.contains(document.activeElement);
    now.field.element.remove();
    if (inside) this.grid.focus();
    this.grid.refresh();
  }

  place() {
    if (!this.now) return;
    const { grid } = this;
    const { element, kind } = this.now.field;
    const column = grid.sheet.places.findIndex(({ name }) => name === this.now.place.name);
    const row = grid.sheet.find(this.now.line.id);
    const box = row >= 0 && column >= 0 && grid.box(row, column);
    element.classList.toggle("away", !box || box.top < grid.headHeight || box.top > grid.clientHeight);
    if (!box) return;
    const { style } = element;
    style.minWidth = `${Math.min(Math.max(box.width, { area: 380, list: 120, line: 90 }[kind]), grid.clientWidth - 8)}px`;
    style.left = `${clamp(box.left, 0, grid.clientWidth - element.offsetWidth - 4)}px`;
    style.top = `${clamp(box.top, 0, grid.clientHeight - element.offsetHeight - 4)}px`;
  }

  #show(line, place, value, initial = null, long = false) {
    const { grid } = this;
    const text = typeof value === "string" ? value : null;
    const field = fieldOf(place.column, text, {
      initial, long,
      take: () => this.#take("Enter", false),
      pick: () => this.pick(),
      download: line.row && text !== null ? () => this.acts.tell("blob") : null,
      fail: (words) => grid.say(words, "error"),
    });
    const { element, input, kind } = field;
    this.now = { line, place, value, field, typed: initial !== null };
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focusout", (event) => this.#left(event));
    element.addEventListener("commit", () => this.commit());
    grid.append(element);
    this.place();
    input.focus();
    if (initial === null && kind === "line") input.select();
    else input.setSelectionRange?.(input.value.length, input.value.length);
  }

  choose() {
    if (this.grid.columnAt?.column.references) this.pick();
    else this.open();
  }

  pick(text = "") {
    const { grid } = this;
    const { lineAt: line, columnAt: place, sheet } = grid;
    const reference = line && sheet.reference(place);
    if (!reference) return;
    const reason = sheet.refusal(line, place);
    if (reason) return grid.say(reason, "error");
    this.close();
    const { row, column } = sheet.selection.cell;
    const done = (values, label) => {
      if (values) this.#picked(line, reference, values, label);
      grid.focus();
    };
    grid.tell("pick", { reference, row: grid.rowOf(line), text, column: place.name, anchor: grid.cellElement(row, column) ?? grid.view, done });
  }

  #picked(line, reference, values, label) {
    const { columns, window } = this.grid.sheet;
    for (const [name, value] of Object.entries(values)) if (label && typeof value === "string") window.know(name, value, label);
    const places = columns.filter(({ name }) => Object.hasOwn(values, name));
    this.acts.edits.stage(places.map((place) => [line, place, values[place.name]]), `choose ${reference.name}`);
  }

  async upload() {
    await this.open();
    this.now?.field.element.querySelector("input[type=file]")?.click();
  }

  #key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const { key, altKey, shiftKey } = event;
    const control = event.ctrlKey || event.metaKey;
    const { field: { kind, input }, typed, place } = this.now;
    if (key === "Escape") this.close();
    else if (key === "Enter" && altKey) this.#newLine();
    else if (key === "Enter" && shiftKey && kind === "area") return;
    else if (key === "Enter" && control) this.commit(true);
    else if (key === "Enter" || key === "Tab") this.#take(key, shiftKey);
    else if (key === "F4" || (altKey && key === "ArrowDown")) place.column.references ? this.pick() : input.openPicker?.();
    else if (typed && kind === "line" && MOVES[key] && !shiftKey && !control) this.#take(key, false);
    else if (control && key.toLowerCase() === "s") this.commit() && this.grid.tell("save");
    else return;
    event.preventDefault();
  }

  #take(key, back) {
    if (!this.commit()) return;
    if (key === "Enter" || key === "Tab") return this.acts.step(key, back);
    const { row, column } = this.grid.sheet.selection.cell;
    this.grid.go(row + MOVES[key][0], column + MOVES[key][1]);
  }

  #newLine() {
    const { field: { input, kind }, line, place, value } = this.now;
    if (kind === "list" || (kind === "line" && place.column.kind !== "text")) return;
    if (kind === "area") return input.setRangeText("\n", input.selectionStart, input.selectionEnd, "end");
    const { value: text, selectionStart: at } = input;
    this.close();
    this.#show(line, place, value, `${text.slice(0, at)}\n${text.slice(at)}`, true);
    this.now.field.input.setSelectionRange(at + 1, at + 1);
  }

  /** The focus went elsewhere on the page: take what is there; what cannot be taken stays open. */
  #left({ relatedTarget: to }) {
    const { now } = this;
    if (now && to && document.hasFocus() && !this.grid.contains(to) && !now.field.result().problem) this.commit();
  }
}

/** Make the field of a column: {element, input, kind: line, list or area, result()}. */
function fieldOf(column, value, options) {
  const members = column.kind === "boolean" ? ["true", "false"] : column.members;
  if (members) return list(column, value, members, options);
  const text = options.initial ?? value ?? "";
  const short = column.kind === "bytes" || PICKERS[column.kind];
  const long = options.long || column.kind === "json" || (!short && (column.multiline || text.length > LONG || /[\n\r]/.test(text)));
  return (long ? area : line)(column, value, text, options);
}

function line(column, value, text, options) {
  const input = h("input", { type: "text", value: text, ...named(column), placeholder: value === null ? "NULL" : "" });
  return field(column, value, input, options, "line", h("div", { class: "fields" }, input, extras(column, input, options)));
}

function area(column, value, text, options) {
  const input = h("textarea", { ...named(column), rows: clamp(text.split("\n").length, 3, 14), value: text });
  const done = h("button", { class: "primary", onclick: options.take }, "Done");
  return field(column, value, input, options, "area", input, h("p", { class: "dim" }, "Enter takes it, Alt+Enter begins a line, Escape leaves it", done));
}

/** The frame that all fields of text share: a reason appears below, and nothing typed means nothing changed. */
function field(column, value, input, { initial }, kind, ...parts) {
  const start = initial === null ? input.value : null;
  const reason = h("p", { class: "reason", role: "alert" });
  const show = (text) => {
    reason.textContent = text ?? "";
    input.setAttribute("aria-invalid", Boolean(text));
  };
  input.addEventListener("input", () => show(column.kind === "json" && input.value.trim() ? problem(column, input.value) : null));
  const result = () => {
    if (input.value === start) return { value, problem: null, changed: false };
    const found = read(column, input.value);
    show(found.problem);
    return { ...found, changed: true };
  };
  return { element: h("div", { class: `editor ${kind}` }, parts, reason), input, kind, result };
}

function list(column, value, members, { initial, take }) {
  const known = value === null || members.includes(value) ? members : [value, ...members];
  const choices = column.nullable ? [...known, null] : known;
  const typed = initial ? choices.findIndex((choice) => choice?.toLowerCase().startsWith(initial.toLowerCase())) : -1;
  const chosen = typed >= 0 ? typed : choices.indexOf(value);
  const options = choices.map((choice, at) => h("option", { selected: at === chosen, class: choice === null && "null" }, choice ?? "NULL"));
  const input = h("select", { size: clamp(options.length, 2, 10), ...named(column), onclick: take }, options);
  const result = () => {
    const taken = input.selectedIndex < 0 ? value : choices[input.selectedIndex];
    return { value: taken, problem: null, changed: taken !== value };
  };
  return { element: h("div", { class: "editor list" }, input), input, kind: "list", result };
}

/** Buttons beside a field: the browser's own calendar, files for bytes, the search for a row that is referred to. */
function extras(column, input, options) {
  if (PICKERS[column.kind]) return calendar(column.kind, input);
  if (column.kind === "bytes") return files(input, options);
  return column.references && iconButton("search", `Choose ${column.name} (F4)`, options.pick);
}

function calendar(kind, input) {
  const native = h("input", { type: PICKERS[kind], tabIndex: -1, "aria-hidden": "true", class: "native" });
  native.addEventListener("input", () => {
    input.value = picked(kind, input.value, native.value);
    input.dispatchEvent(new Event("input"));
    input.focus();
  });
  input.openPicker = () => {
    native.value = input.value.slice(0, { date: 10, time: 5 }[kind] ?? 16).replace(" ", "T");
    native.showPicker();
  };
  return [native, iconButton("calendar", "Open the calendar (Alt+Down)", input.openPicker)];
}

/** Return a text with what was picked in it; seconds, their fraction and the zone stay as they were typed. */
export function picked(kind, text, chosen) {
  if (kind === "date" || !chosen) return chosen || text;
  return chosen + (text.slice(chosen.length) || ":00");
}

function files(input, { take, download, fail }) {
  const chooser = h("input", { type: "file", hidden: true, "aria-label": "File to upload" });
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (!file) return;
    if (file.size > BIGGEST) return fail("a file may have 4 MB at most");
    const bytes = new Uint8Array(await file.arrayBuffer());
    input.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    take();
  });
  return [chooser, iconButton("upload", "Take a file", () => chooser.click()), download && iconButton("download", "Download", download)];
}

function named(column) {
  return { "aria-label": `${column.name}, ${column.kind}`, spellcheck: "false", autocomplete: "off" };
}
