/** Staged changes as SQL, and saving them: all in one transaction or none. */

import { api } from "./api.js";
import { announce, counted, dialog, h, icon, toast } from "./dom.js";

/** Show what saving would run, in order. */
export async function review(app) {
  if (!app.store.count()) return;
  const answer = await send(app, { dry_run: true });
  if (!answer) return;
  const text = answer.sql.map(({ sql }) => `${sql};`).join("\n");
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  };
  const close = dialog("Review", h("div", { class: "review" },
    answer.cascades.length > 0 && h("p", { class: "warn" }, also(answer.cascades)),
    h("p", {}, `${counted(answer.sql.length, "statement")} in one transaction:`),
    h("pre", { tabIndex: 0, "aria-label": "SQL of the staged changes" }, text),
    h("div", { class: "actions" },
      h("button", { onclick: copy }, icon("copy"), "Copy SQL"),
      h("span", { class: "space" }),
      h("button", { class: "primary", onclick: () => [close(), save(app)] }, icon("save"), "Save"))), "wide");
}

/** Save everything that is staged, in all tables; with `cascade` also what the database deletes with it. */
export async function save(app, cascade = false) {
  const number = app.store.count();
  if (!number || !(await send(app, { cascade }))) return;
  app.store.saved();
  await app.view?.reload?.();
  toast(`Saved ${counted(number, "change")}.`, "good");
}

/** Send the staged changes; what is refused is marked and told, and stays staged. */
async function send(app, options) {
  try {
    const answer = await api("changes", { changes: app.store.changes(), ...options });
    if (answer.problems.length) mark(app, answer.problems, "some values do not fit");
    return answer;
  } catch (error) {
    const { problems, conflicts, cascades } = error.body ?? {};
    if (cascades) confirm(app, cascades);
    else if (conflicts) settle(app, conflicts);
    else if (problems) mark(app, problems, error.message);
    else throw error;
    return null;
  }
}

/** Rows that point at deleted ones go with them: say how many, and ask. */
function confirm(app, cascades) {
  const close = dialog("Delete more rows?", h("div", { class: "review" },
    h("p", {}, `Nothing was saved yet. ${also(cascades)}`),
    h("div", { class: "actions" }, h("span", { class: "space" }),
      h("button", { onclick: () => close() }, "Cancel"),
      h("button", { class: "primary", onclick: () => [close(), save(app, true)] }, "Delete them all"))));
}

function also(cascades) {
  const rows = cascades.map(({ table, count }) => `${counted(count, "row")} of ${table}`);
  return `The database deletes with these rows also ${rows.join(", ")}.`;
}

function mark(app, problems, message) {
  app.store.problems(problems);
  const told = problems.slice(0, 5).map(({ index, column, message: why }) => `${[app.store.where(index)?.table, column].filter(Boolean).join(".")}: ${why}`);
  const text = [`Nothing was saved: ${message}`, ...told, problems.length > 5 && `and ${problems.length - 5} more`].filter(Boolean).join("\n");
  announce(text);
  toast(text, "error");
  const first = app.store.where(problems[0]?.index);
  if (first && app.route.table !== first.table) app.go({ view: "table", table: first.table });
  else if (first) app.view.grid?.focusKey(first.key, problems[0].column ?? undefined);
}

/** Somebody else changed rows meanwhile: keep what is staged here, or take theirs. */
function settle(app, conflicts) {
  app.store.conflicts(conflicts);
  const rows = conflicts.map((conflict) => ({ ...conflict, ...app.store.where(conflict.index) }));
  const decide = (whose, told) => async () => {
    for (const { table, key } of rows) app.store.settle(table, key, whose);
    close();
    await app.view?.reload?.();
    toast(told);
  };
  const close = dialog("Changed by someone else", h("div", { class: "review" },
    h("p", {}, "Nothing was saved: these rows are no longer what you saw."),
    h("ul", {}, rows.map(({ table, key, gone, cells }) => h("li", {}, h("strong", {}, `${table} ${key}`), ` ${gone ? "was deleted" : now(cells)}`))),
    h("div", { class: "actions" }, h("span", { class: "space" }),
      h("button", { onclick: decide("theirs", "Took theirs; what was staged for these rows is gone.") }, "Take theirs"),
      h("button", { class: "primary", onclick: decide("mine", "Kept yours; save again to write them over theirs.") }, "Keep mine"))));
}

function now(cells) {
  return Object.entries(cells).map(([column, value]) => `${column} is now ${value === null ? "NULL" : JSON.stringify(value)}`).join(", ");
}
