/**
 * Where the page is, as an address: `#/table/user?filter=name~contains~ann&sort=-score&row=["1"]`. Pure.
 *
 * @typedef {{column: string, operator: string, values: string[]}} Filter
 * @typedef {{column: string, descending: boolean}} Sort
 * @typedef {{view: "home"|"table"|"diagram"|"sql"|"migrations", table: string, tab: "data"|"structure",
 *   filters: Filter[], sort: Sort[], search: string, row: string|null}} Route
 */

const VIEWS = ["diagram", "sql", "migrations"];

/** @returns {Route} what an address means; one that means nothing is home */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, table, tab] = path.split("/").map(decoded);
  const wanted = new URLSearchParams(query);
  const route = { ...HOME, filters: wanted.getAll("filter").map(readFilter), sort: wanted.getAll("sort").map(readSort), search: wanted.get("search") ?? "", row: wanted.get("row") };
  if (VIEWS.includes(view)) return { ...route, view };
  if (view === "table" && table) return { ...route, view, table, tab: tab === "structure" ? "structure" : "data" };
  return { ...HOME };
}

/** @param {Partial<Route>} route @returns {string} its address, beginning with # */
export function format(route) {
  if (route.view !== "table") return `#/${route.view === "home" ? "" : (route.view ?? "")}`;
  const query = [
    ...(route.filters ?? []).map((filter) => `filter=${encode(writeFilter(filter))}`),
    ...(route.sort ?? []).map((sort) => `sort=${encode((sort.descending ? "-" : "+") + sort.column)}`),
    ...(route.search ? [`search=${encode(route.search)}`] : []),
    ...(route.row ? [`row=${encode(route.row)}`] : []),
  ].join("&");
  const tab = route.tab === "structure" ? "/structure" : "";
  return `#/table/${encode(route.table ?? "")}${tab}${query ? `?${query}` : ""}`;
}

const HOME = { view: "home", table: "", tab: "data", filters: [], sort: [], search: "", row: null };

function readFilter(text) {
  const [column = "", operator = "eq", ...values] = text.split("~").map(decoded);
  return { column, operator, values };
}

function writeFilter({ column, operator, values }) {
  return [column, operator, ...values].map((part) => encode(part).replaceAll("~", "%7E")).join("~");
}

function readSort(text) {
  return { column: text.replace(/^[+ -]/, ""), descending: text.startsWith("-") };
}

function encode(text) {
  return encodeURIComponent(text.toWellFormed ? text.toWellFormed() : text);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
