/**
 * Cells as spreadsheets exchange them: tab-separated text, with quotes around what holds tabs, quotes or lines. Pure.
 *
 * A pasted cell is a text, null for the bare word NULL, or undefined for nothing between two tabs: what that means
 * depends on the column.
 */

/** The type under which studio also copies exactly, beside the text for other programs. */
export const EXACT = "application/x-dbtool-cells";

/** Read what Excel, LibreOffice, Google Sheets or studio copied: rows of cells. A last line end ends the last row. */
export function parse(text) {
  const rows = [];
  let row = [];
  let at = 0;
  while (at < text.length) {
    const field = text[at] === '"' ? quoted(text, at) ?? bare(text, at) : bare(text, at);
    row.push(field.value);
    at = field.end;
    if (text[at] === "\t") {
      at += 1;
      if (at === text.length) row.push(undefined);
      continue;
    }
    rows.push(row);
    row = [];
    at += text.startsWith("\r\n", at) ? 2 : 1;
  }
  if (row.length) rows.push(row);
  return rows;
}

/** Write rows of cells so that `parse` and spreadsheets read them back. */
export function format(rows) {
  const lines = rows.map((row) => row.map(cell).join("\t"));
  return lines.join("\n") + (lines.at(-1) === "" ? "\n" : "");
}

/** Read a field in quotes; null where the quotes are part of the text, as in `"so" they said`. */
function quoted(text, start) {
  let value = "";
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return null;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return ends(text, quote + 1) ? { value, end: quote + 1 } : null;
    value += '"';
    at = quote + 2;
  }
}

function bare(text, start) {
  let end = start;
  while (!ends(text, end)) end += 1;
  const found = text.slice(start, end);
  return { value: found === "" ? undefined : found === "NULL" ? null : found, end };
}

function ends(text, at) {
  return at >= text.length || text[at] === "\t" || text[at] === "\n" || text[at] === "\r";
}

function cell(value) {
  if (value === null) return "NULL";
  if (value === undefined) return "";
  return value === "NULL" || /[\t\n\r"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const RAW = ["integer", "float", "decimal"];

/** Write rows as a JSON list of objects; numbers keep every digit. DEFAULT is left out. */
export function asJson(columns, rows) {
  const objects = rows.map((row) => {
    const pairs = columns.map((column, at) => [column.name, jsonValue(column, row[at])]).filter(([, value]) => value !== undefined);
    return `  {${pairs.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ")}}`;
  });
  return `[\n${objects.join(",\n")}\n]`;
}

/** Write values as what follows IN in a statement, each once; NULL is never in such a list. */
export function asSqlList(column, values) {
  const known = [...new Set(values)].filter((value) => typeof value === "string");
  return `(${known.map((value) => (RAW.includes(column.kind) && NUMBER.test(value) ? value : `'${value.replaceAll("'", "''")}'`)).join(", ")})`;
}

/** Write rows of values so that DEFAULT and NULL survive exactly. */
export function exact(rows) {
  return JSON.stringify(rows.map((row) => row.map((value) => (value === undefined ? 0 : value))));
}

/** What stands for DEFAULT among cells that were copied exactly. */
export const DEFAULT = Object.freeze({});

/** Read what `exact` wrote, or null when it is nothing such. */
export function fromExact(text) {
  try {
    return JSON.parse(text).map((row) => row.map((value) => (value === null || typeof value === "string" ? value : DEFAULT)));
  } catch {
    return null;
  }
}

function jsonValue(column, value) {
  if (value === null || value === undefined) return value === null ? "null" : undefined;
  const literal = column.kind === "json" || column.kind === "boolean" || (RAW.includes(column.kind) && NUMBER.test(value));
  return literal ? value : JSON.stringify(value);
}
