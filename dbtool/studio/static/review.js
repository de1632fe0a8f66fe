/** Staged changes as SQL, and saving them: all in one transaction or none. */

import { ApiError, api } from "./api.js";
import { announce, dialog, h, icon, toast } from "./dom.js";

/** Show what saving would run, in order. */
export async function review(app) {
  if (!app.store.count()) return toast("Nothing is staged.");
  let answer;
  try {
    answer = await api("changes", { changes: app.store.changes(), dry_run: true });
  } catch (error) {
    return refused(app, error);
  }
  const text = answer.sql.map((statement) => `${statement.sql};`).join("\n");
  const save = async () => {
    shown.close();
    await saveAll(app);
  };
  const shown = dialog("Review", h("div", { class: "review" },
    h("p", {}, `${answer.sql.length} statements in one transaction:`),
    h("pre", { tabIndex: 0, "aria-label": "SQL of the staged changes" }, text),
    h("div", { class: "actions" },
      h("button", { type: "button", onclick: () => copy(text) }, icon("copy"), "Copy SQL"),
      h("span", { class: "space" }),
      h("button", { type: "button", class: "primary", onclick: save }, icon("save"), "Save"))), { className: "wide" });
  return undefined;
}

/** Save everything that is staged, in all tables. */
export async function save(app) {
  if (!app.store.count()) return;
  await saveAll(app);
}

async function saveAll(app) {
  const number = app.store.count();
  document.activeElement?.dispatchEvent(new CustomEvent("commit", { bubbles: true }));
  try {
    const answer = await api("changes", { changes: app.store.changes(), dry_run: false });
    app.store.saved();
    await app.view?.reload?.();
    toast(`Saved ${number} ${number === 1 ? "change" : "changes"}.`, "good");
  } catch (error) {
    refused(app, error);
  }
}

/** Mark the cells that were refused, and say what to do; everything stays staged. */
function refused(app, error) {
  if (!(error instanceof ApiError)) throw error;
  const { problems = [], conflicts = [] } = error.body ?? {};
  announce(`Nothing was saved: ${error.message}`);
  if (conflicts.length) return settle(app, conflicts);
  const rows = problems.map((problem) => ({ ...app.store.where(problem.index), ...problem }));
  app.store.problems(problems);
  const told = rows.slice(0, 5).map(({ table, column, message }) => [table, column].filter(Boolean).join(".") + `: ${message}`);
  toast([`Nothing was saved: ${error.message}`, ...told, ...(rows.length > 5 ? [`and ${rows.length - 5} more`] : [])].join("\n"), "error");
  if (rows[0]?.table) show(app, rows[0]);
  return undefined;
}

/** Bring the first cell that was refused into view. */
function show(app, { table, key, column }) {
  if (app.route.table !== table) return app.go({ view: "table", table });
  const { grid } = app.view ?? {};
  const row = grid?.sheet.lines?.findIndex?.((line) => line.key === key) ?? -1;
  if (row >= 0) grid.focusCell(row, column ?? grid.sheet.places[0].name);
  return undefined;
}

/** Somebody else changed rows meanwhile: for each, keep what is staged here or take theirs. */
function settle(app, conflicts) {
  app.store.conflicts(conflicts);
  const rows = conflicts.map((conflict) => ({ ...conflict, ...app.store.where(conflict.index) }));
  const decide = (whose) => () => {
    for (const { table, key } of rows) app.store.settle(table, key, whose);
    shown.close();
    app.view?.reload?.();
    toast(whose === "mine" ? "Kept yours; save again to write them over theirs." : "Took theirs; what you had staged for these rows is gone.");
  };
  const shown = dialog("Changed by someone else", h("div", { class: "review" },
    h("p", {}, "Nothing was saved: these rows are no longer what you saw."),
    h("ul", {}, rows.map(conflictLine)),
    h("div", { class: "actions" }, h("span", { class: "space" }),
      h("button", { type: "button", onclick: decide("theirs") }, "Take theirs"),
      h("button", { type: "button", class: "primary", onclick: decide("mine") }, "Keep mine"))));
}

function conflictLine({ table, key, gone, cells }) {
  const now = Object.entries(cells ?? {}).map(([column, value]) => `${column} is now ${value === null ? "NULL" : JSON.stringify(value)}`);
  return h("li", {}, h("strong", {}, `${table} ${key}`), ` ${gone ? "was deleted" : now.join(", ")}`);
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast("Copied.");
}
