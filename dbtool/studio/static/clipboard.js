/** Cells as spreadsheets exchange them: a text, null for the bare word NULL, undefined for nothing between two tabs. Pure. */

const FIELD = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Read what Excel, LibreOffice, Google Sheets or studio copied: rows of cells. A last line end ends the last row. */
export function parse(text) {
  const rows = [];
  let row = [];
  for (const [, quoted, bare, end] of text.matchAll(FIELD)) {
    row.push(quoted?.replaceAll('""', '"') ?? (bare === "NULL" ? null : bare || undefined));
    if (end === "\t") continue;
    rows.push(row);
    row = [];
  }
  return text.endsWith("\t") ? rows : rows.slice(0, -1); // but for a last tab, what is left at the end is no row
}

/** Write rows of cells so that `parse` and spreadsheets read them back. */
export function format(rows) {
  const lines = rows.map((row) => row.map(cell).join("\t"));
  return lines.join("\n") + (lines.at(-1) === "" ? "\n" : "");
}

function cell(value) {
  if (value === null) return "NULL";
  return value === "NULL" || /[\t\n\r"]/.test(value ?? "") ? `"${value.replaceAll('"', '""')}"` : (value ?? "");
}

function isNumber({ kind }, value) {
  return ["integer", "float", "decimal"].includes(kind) && NUMBER.test(value);
}

/** Write rows as a JSON list of objects; numbers keep every digit. DEFAULT is left out. */
export function asJson(columns, rows) {
  const literal = (column, value) => value === null || ["json", "boolean"].includes(column.kind) || isNumber(column, value);
  const objects = rows.map((row) => {
    const known = columns.map((column, at) => ({ column, value: row[at] })).filter(({ value }) => value !== undefined);
    const members = known.map(({ column, value }) => `${JSON.stringify(column.name)}: ${literal(column, value) ? value : JSON.stringify(value)}`);
    return `  {${members.join(", ")}}`;
  });
  return `[\n${objects.join(",\n")}\n]`;
}

/** Write the values of the first column as what follows IN in a statement, each once; NULL is never in such a list. */
export function asSqlList([column], rows) {
  const known = [...new Set(rows.map(([value]) => value))].filter((value) => typeof value === "string");
  const literals = known.map((value) => (isNumber(column, value) ? value : `'${value.replaceAll("'", "''")}'`));
  return `(${literals.join(", ")})`;
}
