/** The history of the schema: files against what this database ran, newest first, with what each changed. */

import { api } from "./api.js";
import { counted, h, icon, iconButton } from "./dom.js";

const SIGNS = { applied: "check", pending: "history", edited: "edit", missing: "warning", unlisted: "more" };

/** Make the view. */
export async function view(app) {
  const { ok, findings, drift, revisions } = await api("migrations");
  return {
    element: h("section", { class: "page migrations" },
      h("header", { class: "toolbar" }, h("h2", {}, icon("migrations"), "Migrations"), h("span", { class: "space" }),
        h("span", { class: `badge ${ok ? "good" : "warn"}` }, ok ? "up to date" : "needs attention"),
        iconButton("refresh", "Read again", () => app.reload())),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Migrations" },
        h("ul", { class: "findings" }, findings.map(({ severity, message, hint }) => h("li", { class: severity }, icon("warning"), message, hint && h("code", {}, hint)))),
        drift?.length > 0 && h("details", { class: "drift", open: true }, h("summary", {}, `Drift: ${counted(drift.length, "line")} of the schema are not what migrations left behind`),
          h("pre", { tabIndex: 0 }, drift.map((line) => h("span", { class: line[0] === "+" ? "added" : "removed" }, `${line}\n`)))),
        revisions.length === 0 && h("p", {}, "There are no migrations yet. Type in a terminal: ", h("code", {}, "dbtool migrate --name init")),
        h("ol", { class: "revisions" }, revisions.map(revision)))),
  };
}

function revision({ state, name, id, applied_at: at, by, seconds, text, changes }) {
  const when = [at && `${at.replace("T", " ").slice(0, 19)} UTC`, by, typeof seconds === "number" && `${seconds.toFixed(3)} s`].filter(Boolean);
  return h("li", { class: state },
    h("details", {},
      h("summary", {}, icon(SIGNS[state]), h("strong", {}, name || id), h("span", { class: "badge" }, state), h("span", { class: "dim" }, id), h("span", { class: "space" }), h("span", { class: "dim" }, when.join(" · "))),
      text && h("pre", { tabIndex: 0 }, text)),
    h("ul", { class: "changes" }, changes.map((change) => h("li", {}, change))));
}
