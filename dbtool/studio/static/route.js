/** Where the page is, as an address: `#/table/user?filter=name~contains~ann&sort=-score&row=["1"]`. Pure. */

const VIEWS = ["diagram", "sql", "migrations"];
const HOME = { view: "home", table: "", tab: "data", filters: [], sort: [], search: "", row: null };

/** Return what an address means: {view, table, tab, filters, sort, search, row}; one that means nothing is home. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, table, tab] = path.split("/").map(decoded);
  const wanted = new URLSearchParams(query);
  if (VIEWS.includes(view)) return { ...HOME, view };
  if (view !== "table" || !table) return { ...HOME };
  return {
    view, table, tab: tab === "structure" ? tab : "data",
    filters: wanted.getAll("filter").map(readFilter),
    sort: wanted.getAll("sort").map((text) => ({ column: text.replace(/^[+ -]/, ""), descending: text.startsWith("-") })),
    search: wanted.get("search") ?? "", row: wanted.get("row"),
  };
}

/** Return the address of a route, of which the parts that are left out are as at home. */
export function format(route) {
  const { view, table, tab, filters, sort, search, row } = { ...HOME, ...route };
  if (view !== "table") return `#/${view === "home" ? "" : view}`;
  const query = [
    ...filters.map((filter) => ["filter", writeFilter(filter)]),
    ...sort.map(({ column, descending }) => ["sort", (descending ? "-" : "+") + column]),
    ...(search ? [["search", search]] : []),
    ...(row ? [["row", row]] : []),
  ].map(([name, text]) => `${name}=${encode(text)}`).join("&");
  return `#/table/${encode(table)}${tab === "structure" ? "/structure" : ""}${query && "?"}${query}`;
}

function readFilter(text) {
  const [column = "", operator = "eq", ...values] = text.split("~").map(decoded);
  return { column, operator, values };
}

function writeFilter({ column, operator, values }) {
  return [column, operator, ...values].map((part) => encode(part).replaceAll("~", "%7E")).join("~");
}

/** Texts of a database may hold half a surrogate pair, which no address can. */
function encode(text) {
  return encodeURIComponent(text.toWellFormed());
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
