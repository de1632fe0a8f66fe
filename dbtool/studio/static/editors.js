/** The fields in which cells are edited, one for each kind of column. Texts stay texts: no value passes through a number. */

import { problem, read } from "./checks.js";
import { h, icon } from "./dom.js";

const PICKERS = { date: "date", time: "time", datetime: "datetime-local" };
const LONG = 60;
const BIGGEST = 4 * 1024 * 1024;

/**
 * @typedef {{element: HTMLElement, input: any, kind: "line"|"list"|"area", result: () => {value: any, problem: string|null, changed: boolean}}} Editor
 */

/**
 * Make the editor of a column.
 * @param {any} column
 * @param {string|null|undefined} value what is there now
 * @param {{initial?: string|null, area?: boolean, ondone?: () => void, onpick?: () => void, ondownload?: () => void, onfail?: (text: string) => void}} [options]
 *   `initial` is what was typed to begin; it replaces the value
 * @returns {Editor}
 */
export function editor(column, value, options = {}) {
  if (column.kind === "enum" && column.members) return list(column, value, column.members, options);
  if (column.kind === "boolean") return list(column, value, ["true", "false"], options);
  const text = options.initial ?? value ?? "";
  const long = options.area || column.kind === "json" || ((column.multiline || text.length > LONG || /[\n\r]/.test(text)) && column.kind !== "bytes" && !PICKERS[column.kind]);
  return long ? area(column, value, text, options) : line(column, value, text, options);
}

function line(column, value, text, options) {
  const input = h("input", { type: "text", value: text, ...named(column), placeholder: value === null ? "NULL" : "" });
  return field(column, value, input, { kind: "line", replaced: typeof options.initial === "string", extras: extras(column, input, options) });
}

function area(column, value, text, options) {
  const shown = column.kind === "json" && options.initial == null ? indented(text) : text;
  const input = h("textarea", { ...named(column), rows: Math.min(14, Math.max(3, shown.split("\n").length)), value: shown });
  const save = h("button", { type: "button", class: "primary", onclick: options.ondone }, "Done");
  return field(column, value, input, { kind: "area", replaced: typeof options.initial === "string", extras: [h("p", { class: "dim" }, "Enter takes it, Alt+Enter begins a line, Escape leaves it", save)], live: column.kind === "json" });
}

/** The frame that all fields of text share: a reason appears below, and nothing typed means nothing changed. */
function field(column, value, input, { kind, replaced, extras: more, live = false }) {
  const start = input.value;
  const reason = h("p", { class: "reason", role: "alert" });
  const element = h("div", { class: `editor ${kind}` }, h("div", { class: "fields" }, input, kind === "line" ? more : null), kind === "area" ? more : null, reason);
  const show = (text) => {
    reason.textContent = text ?? "";
    input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  input.addEventListener("input", () => show(live && input.value.trim() ? problem(column, input.value) : null));
  const result = () => {
    if (!replaced && input.value === start) return { value, problem: null, changed: false };
    const found = read(column, input.value);
    show(found.problem);
    return { ...found, changed: true };
  };
  return { element, input, kind, result };
}

/** Members to choose from, NULL among them where it may be; letters jump. */
function list(column, value, members, { initial = null, ondone }) {
  const known = typeof value !== "string" || members.includes(value) ? members : [value, ...members];
  const choices = column.nullable ? [...known, null] : known;
  const typed = initial ? choices.findIndex((choice) => choice?.toLowerCase().startsWith(initial.toLowerCase())) : -1;
  const chosen = typed >= 0 ? typed : choices.indexOf(value ?? null);
  const options = choices.map((choice, at) => h("option", { selected: at === chosen, class: choice === null ? "null" : "" }, choice ?? "NULL"));
  const input = h("select", { size: Math.max(2, Math.min(10, options.length)), ...named(column), onclick: ondone }, options);
  const result = () => {
    const at = input.selectedIndex;
    return at < 0 || choices[at] === value ? { value, problem: null, changed: false } : { value: choices[at], problem: null, changed: true };
  };
  return { element: h("div", { class: "editor list" }, input), input, kind: "list", result };
}

/** Buttons beside a field: the browser's own calendar, files for bytes, the search for a row that is referred to. */
function extras(column, input, options) {
  if (PICKERS[column.kind]) return calendar(column.kind, input);
  if (column.kind === "bytes") return files(input, options);
  return column.references && options.onpick ? [small("search", `Choose ${column.name} (F4)`, options.onpick)] : [];
}

function calendar(kind, input) {
  const native = h("input", { type: PICKERS[kind], tabIndex: -1, "aria-hidden": "true", class: "native" });
  native.addEventListener("input", () => {
    input.value = picked(kind, input.value, native.value);
    input.dispatchEvent(new Event("input"));
    input.focus();
  });
  const open = () => {
    native.value = kind === "time" ? input.value.slice(0, 5) : input.value.slice(0, kind === "date" ? 10 : 16).replace(" ", "T");
    native.showPicker();
  };
  input.openPicker = open;
  return [native, small("calendar", "Open the calendar (Alt+Down)", open)];
}

/** Return a text with what was picked in it; seconds, their fraction and the zone stay as they were typed. */
export function picked(kind, text, chosen) {
  if (kind === "date" || !chosen) return chosen || text;
  const pattern = kind === "time" ? /^\d{2}:\d{2}(.*)$/ : /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(.*)$/;
  return chosen.slice(0, kind === "time" ? 5 : 16) + (pattern.exec(text)?.[1] ?? ":00");
}

function files(input, { ondone, ondownload, onfail }) {
  const chooser = h("input", { type: "file", hidden: true, "aria-label": "File to upload" });
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (!file) return;
    if (file.size > BIGGEST) return void onfail("a file may have 4 MB at most");
    input.value = hexadecimal(new Uint8Array(await file.arrayBuffer()));
    ondone();
  });
  return [chooser, small("upload", "Take a file", () => chooser.click()), ondownload ? small("download", "Download", ondownload) : null];
}

export function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return JSON with a line for every member; what it says is not touched, so long numbers keep their digits. */
export function indented(text) {
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+|\{\s*\}|\[\s*\]|[{}[\],:]/g, (part) => {
    if (part[0] === '"') return part;
    if (part === "," ) return `,${line()}`;
    if (part === ":") return ": ";
    if (part === "{" || part === "[") return (depth += 1, part + line());
    if (part === "}" || part === "]") return (depth -= 1, line() + part);
    return part.trim() ? part[0] + part.at(-1) : "";
  });
}

function named(column) {
  return { "aria-label": `${column.name}, ${column.kind}`, spellcheck: "false", autocomplete: "off" };
}

function small(name, label, onclick) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, tabIndex: -1, onclick }, icon(name));
}
