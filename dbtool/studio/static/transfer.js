/** Rows out of a table and into it: files are streamed by the server, imports are staged like everything else. */

import { ApiError, api, download } from "./api.js";
import { dialog, h, icon, replace, toast } from "./dom.js";

const FORMATS = [["csv", "CSV"], ["json", "JSON"], ["ndjson", "NDJSON, a row a line"]];

/** Ask which rows in which form, then let the browser save them. */
export function exportDialog(view) {
  const selected = view.grid.selected.keys.filter(Boolean).filter((key) => key.startsWith("["));
  const filtered = view.route.filters.length > 0 || view.route.search !== "";
  const scopes = [
    ...(selected.length ? [["selection", `Selected rows (${selected.length})`]] : []),
    ...(filtered ? [["filtered", "Rows that the filters leave"]] : []),
    ["all", "The whole table"],
  ];
  const form = h("form", { class: "fields" },
    radios("Rows", "scope", scopes), radios("Form", "format", FORMATS),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "guard" }), "Guard cells that a spreadsheet would run as formulas (= + - @), in CSV"),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "shown", checked: true }), "Only the columns that are shown"),
    h("div", { class: "actions" }, h("span", { class: "space" }), h("button", { class: "primary" }, icon("download"), "Export")));
  const shown = dialog(`Export ${view.table.key}`, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    shown.close();
    await send(view, given, selected);
  });
}

async function send(view, given, selected) {
  const { table, route } = view;
  const scope = given.get("scope");
  const names = given.get("shown") ? view.grid.sheet.places.map((place) => place.name) : table.columns.map((column) => column.name);
  try {
    const { ticket, name } = await api("export", {
      table: table.key, columns: names, format: given.get("format"), guard: given.get("guard") === "on",
      filters: scope === "all" ? [] : route.filters, search: scope === "all" ? "" : route.search, sort: route.sort,
      keys: scope === "selection" ? selected : null,
    });
    download(ticket, name);
    toast(`${name}: the browser shows the progress, and can cancel it.`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.text, "error");
  }
}

/** Take CSV or JSON, pasted or from a file, show what it would become, and stage it. */
export function importDialog(view, text = "") {
  const { app, table } = view;
  const area = h("textarea", { rows: 8, "aria-label": "CSV or JSON", spellcheck: "false", placeholder: `${table.columns.slice(0, 4).map((column) => column.name).join(",")}\n…` });
  const file = h("input", { type: "file", accept: ".csv,.tsv,.json,.ndjson,.jsonl,text/*,application/json", "aria-label": "A file" });
  const told = h("div", { class: "told", role: "status" });
  const stage = h("button", { type: "button", class: "primary", disabled: true }, "Stage rows");
  const state = { rows: [] };
  const look = async () => {
    state.rows = area.value.trim() ? await read(table, area.value, told) : [];
    stage.disabled = state.rows.length === 0;
    stage.textContent = state.rows.length ? `Stage ${state.rows.length} ${state.rows.length === 1 ? "row" : "rows"}` : "Stage rows";
  };
  area.addEventListener("input", debounced(look));
  file.addEventListener("change", async () => { area.value = (await file.files[0]?.text()) ?? ""; await look(); });
  const shown = dialog(`Import into ${table.key}`, h("div", { class: "fields" }, h("p", { class: "dim" }, "CSV with a header, JSON or NDJSON. Rows are staged; nothing is written before you save."), file, area, told, h("div", { class: "actions" }, h("span", { class: "space" }), stage)), { className: "wide" });
  stage.addEventListener("click", () => {
    app.store.step("import", () => state.rows.forEach((row) => app.store.insert(table.key, row)));
    shown.close();
    toast(`Staged ${state.rows.length} rows; Ctrl+S saves them.`);
  });
  area.value = text;
  if (text) look();
}

async function read(table, text, told) {
  try {
    const found = await api("import", { table: table.key, text, format: "auto" });
    replace(told,
      h("p", {}, `${found.rows.length} rows with ${found.columns.join(", ") || "no known column"}`),
      found.ignored.length > 0 && h("p", { class: "warn" }, icon("warning"), `no such column, left out: ${found.ignored.join(", ")}`),
      found.problems.length > 0 && h("ul", { class: "warn" }, found.problems.slice(0, 20).map((problem) => h("li", {}, `line ${problem.line}${problem.column ? `, ${problem.column}` : ""}: ${problem.message}`))));
    return found.problems.length ? [] : found.rows;
  } catch (error) {
    replace(told, h("p", { class: "warn" }, icon("warning"), error.text ?? String(error)));
    return [];
  }
}

function radios(legend, name, options) {
  return h("fieldset", {}, h("legend", {}, legend), options.map(([value, label], at) => h("label", { class: "check" }, h("input", { type: "radio", name, value, checked: at === 0 }), label)));
}

function debounced(act) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, 200);
  };
}
