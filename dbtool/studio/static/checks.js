/** Whether a text can be a value of a column: by its pattern and the column's limits, never through a JavaScript number. Pure. */

const DATE = String.raw`(\d{4})-(\d{2})-(\d{2})`;
const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?`;
const ZONE = String.raw`(?:Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?`;
const PATTERNS = {
  integer: /^[+-]?\d{1,19}$/,
  float: /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)$/i,
  decimal: /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i,
  date: new RegExp(`^${DATE}$`),
  time: new RegExp(`^${TIME}${ZONE}$`),
  datetime: new RegExp(`^${DATE}(?:[T ]${TIME}${ZONE})?$`, "i"),
  duration: /^(?=.)(?:-?\d+ days?(?:,? +|$))?(?:\d+:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/,
  uuid: /^\{?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}\}?$/i,
  bytes: /^(?:\\x|0x)?(?:[\da-f]{2})*$/i,
};
const WORDS = {
  integer: "a whole number, such as 42",
  float: "a number, such as 87.5",
  decimal: "a number, such as 19.90",
  date: "a date, such as 2025-01-31",
  time: "a time of day, such as 18:30:00",
  datetime: "a time, such as 2025-01-31T18:30:00Z",
  duration: "a duration, such as 1 day, 2:30:00",
  uuid: "a UUID, such as 12345678-1234-5678-1234-567812345678",
  bytes: "hexadecimal, two digits for each byte, such as 00ff",
};
const BITS = [[/^(?:tiny|int1)/i, 8n], [/^(?:small|int2)/i, 16n], [/^medium/i, 24n]];
const TRUE = ["true", "t", "yes", "on", "1"];
const FALSE = ["false", "f", "no", "off", "0"];

/** Whether a column takes any text, so that nothing typed is the empty text. */
export function isText(column) {
  return column.kind === "text" || column.kind === "other";
}

/**
 * Read what people typed or pasted for a column.
 * @param {any} column
 * @param {string|null|undefined} text undefined is a cell left empty in a spreadsheet
 * @returns {{value: string|null, problem: string|null}} with a problem, `value` is the text as it was
 */
export function read(column, text) {
  if (text === null) return { value: null, problem: emptiness(column) };
  if (isText(column)) return { value: text ?? "", problem: length(column, text ?? "") };
  const typed = (text ?? "").trim();
  if (typed === "" && column.kind !== "bytes") return { value: null, problem: emptiness(column) };
  if (column.kind === "boolean") return boolean(typed);
  const value = column.kind === "json" || (column.kind === "enum" && column.members?.includes(text)) ? text : typed;
  return { value, problem: problem(column, value) };
}

/** Return why a text is no value of the column, or null when it may be one. */
export function problem(column, text) {
  const { kind } = column;
  if (kind === "enum") return column.members === null || column.members.includes(text) ? null : `must be one of ${column.members.join(", ")}`;
  if (kind === "json") return json(text);
  if (PATTERNS[kind] && !PATTERNS[kind].test(text)) return `must be ${WORDS[kind]}`;
  if (kind === "integer") return bounds(column, text);
  if (kind === "decimal") return digits(column, text);
  if (kind === "date" || kind === "datetime") return day(text);
  return null;
}

function emptiness(column) {
  return column.nullable ? null : `${column.name} cannot be NULL`;
}

/** The limit counts characters, not the halves that JavaScript counts. */
function length(column, text) {
  const most = column.max_length;
  if (!most || text.length <= most) return null;
  const characters = [...text].length;
  return characters > most ? `has ${characters} characters; ${column.name} takes ${most}` : null;
}

function boolean(text) {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return { value: "true", problem: null };
  if (FALSE.includes(word)) return { value: "false", problem: null };
  return { value: text, problem: "must be true or false" };
}

function bounds(column, text) {
  const bits = BITS.find(([words]) => words.test(column.type ?? ""))?.[1] ?? 64n;
  const unsigned = /unsigned/i.test(column.type ?? "");
  const least = unsigned ? 0n : -(2n ** (bits - 1n));
  const most = unsigned && bits < 64n ? 2n ** bits - 1n : 2n ** (bits - 1n) - 1n;
  const value = BigInt(text.replace(/^\+/, ""));
  return value < least || value > most ? `must be between ${least} and ${most}` : null;
}

function digits(column, text) {
  const found = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(column.type ?? "");
  if (!found || /e/i.test(text)) return null;
  const [precision, scale] = [Number(found[1]), Number(found[2] ?? 0)];
  const [whole, fraction = ""] = text.replace(/^[+-]?0*/, "").split(".");
  if (fraction.replace(/0+$/, "").length > scale) return `takes ${scale} digits after the point`;
  return whole.length > precision - scale ? `takes ${precision - scale} digits before the point` : null;
}

function day(text) {
  const [year, month, date] = text.slice(0, 10).split("-").map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return year > 0 && days && date > 0 && date <= days ? null : `${text.slice(0, 10)} is not a day of the calendar`;
}

function json(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `is not JSON: ${error.message}`;
  }
}
