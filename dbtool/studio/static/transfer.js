/** Rows out of a table and into it: files are streamed by the server, imports are staged like everything else. */

import { api, download } from "./api.js";
import { counted, dialog, h, icon, replace, toast } from "./dom.js";

const FORMATS = [["csv", "CSV"], ["json", "JSON"], ["ndjson", "NDJSON, a row a line"]];

/** Ask which rows in which form, then let the browser save them. */
export function exportDialog(view) {
  const { table, route, grid } = view;
  const selected = grid.selectedKeys();
  const scopes = [
    selected.length > 0 && ["selection", `Selected rows (${selected.length})`],
    (route.filters.length > 0 || route.search) && ["filtered", "Rows that the filters leave"],
    ["all", "The whole table"],
  ].filter(Boolean);
  const send = async (event) => {
    event.preventDefault();
    const { scope, format, guard, shown } = Object.fromEntries(new FormData(event.target));
    close();
    const ticket = await api("export", {
      table: table.key, format, guard: Boolean(guard), sort: route.sort,
      columns: shown ? grid.shownColumns() : table.columns.map(({ name }) => name),
      filters: scope === "all" ? [] : route.filters, search: scope === "all" ? "" : route.search,
      keys: scope === "selection" ? selected : null,
    });
    download(ticket);
    toast(`${ticket.name}: the browser shows the progress, and can cancel it.`);
  };
  const close = dialog(`Export ${table.key}`, h("form", { class: "fields", onsubmit: send },
    radios("Rows", "scope", scopes), radios("Form", "format", FORMATS),
    check("guard", "Guard cells that a spreadsheet would run as formulas (= + - @), in CSV"),
    check("shown", "Only the columns that are shown", true),
    h("div", { class: "actions" }, h("span", { class: "space" }), h("button", { type: "submit", class: "primary" }, icon("download"), "Export"))));
}

/** Take CSV or JSON, pasted or from a file, show what it would become, and stage it. */
export function importDialog({ app, table }, text = "") {
  const area = h("textarea", { rows: 8, "aria-label": "CSV or JSON", spellcheck: "false", value: text, placeholder: `${table.columns.slice(0, 4).map(({ name }) => name).join(",")}\n…` });
  const file = h("input", { type: "file", accept: ".csv,.tsv,.json,.ndjson,.jsonl,text/*,application/json", "aria-label": "A file" });
  const told = h("div", { class: "told", role: "status" });
  const stage = h("button", { class: "primary", disabled: true }, "Stage rows");
  let rows = [];
  let timer = 0;
  const look = async () => {
    const found = area.value.trim() ? await api("import", { table: table.key, text: area.value, format: "auto" }).catch((error) => ({ error })) : {};
    rows = found.problems?.length === 0 ? found.rows : [];
    stage.disabled = rows.length === 0;
    stage.textContent = rows.length ? `Stage ${counted(rows.length, "row")}` : "Stage rows";
    replace(told, findings(found));
  };
  const close = dialog(`Import into ${table.key}`, h("div", { class: "fields" }, h("p", { class: "dim" }, "CSV with a header, JSON or NDJSON. Rows are staged; nothing is written before you save."), file, area, told, h("div", { class: "actions" }, h("span", { class: "space" }), stage)), "wide");
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  });
  file.addEventListener("change", async () => {
    area.value = (await file.files[0]?.text()) ?? "";
    await look();
  });
  stage.addEventListener("click", () => {
    app.store.step("import", () => rows.forEach((row) => app.store.insert(table.key, row)));
    close();
    toast(`Staged ${counted(rows.length, "row")}; Ctrl+S saves.`);
  });
  look();
}

function findings({ error, rows, columns, ignored = [], problems = [] }) {
  const lines = problems.slice(0, 20).map(({ line, column, message }) => `line ${line}${column ? ", " : ""}${column ?? ""}: ${message}`);
  const warnings = [error?.text, ignored.length > 0 && `no such column, left out: ${ignored.join(", ")}`, ...lines].filter(Boolean);
  return [rows && h("p", {}, `${counted(rows.length, "row")} with ${columns.join(", ") || "no known column"}`), warnings.map((warning) => h("p", { class: "warn" }, icon("warning"), warning))];
}

function check(name, label, checked = false) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, checked }), label);
}

function radios(legend, name, options) {
  return h("fieldset", {}, h("legend", {}, legend), options.map(([value, label], at) => h("label", { class: "check" }, h("input", { type: "radio", name, value, checked: at === 0 }), label)));
}
