/** The history of the schema: files against what this database ran, newest first, with what each changed. */

import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";

const SIGNS = { applied: "check", pending: "history", edited: "edit", missing: "warning", unlisted: "more" };

/** @returns the view */
export async function view(app) {
  const found = await api("migrations");
  return {
    accepts: (route) => route.view === "migrations",
    update: () => {},
    element: h("section", { class: "page migrations" },
      h("header", { class: "toolbar" }, h("h2", {}, icon("migrations"), "Migrations"), h("span", { class: "space" }),
        h("span", { class: found.ok ? "badge good" : "badge warn" }, found.ok ? "up to date" : "needs attention"),
        iconButton("refresh", "Read again", () => { app.view = null; window.dispatchEvent(new Event("routechange")); })),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Migrations" },
        found.findings.length > 0 && h("ul", { class: "findings" }, found.findings.map(finding)),
        found.drift?.length > 0 && h("details", { class: "drift", open: true }, h("summary", {}, `Drift: ${found.drift.length} objects are not what migrations left behind`), h("pre", { tabIndex: 0 }, found.drift.map(driftLine))),
        found.revisions.length === 0 && h("p", {}, "There are no migrations yet. Type in a terminal: ", h("code", {}, "dbtool migrate --name init")),
        h("ol", { class: "revisions" }, found.revisions.map(revision)))),
  };
}

function driftLine(line) {
  const sign = line[0] === "+" ? "added" : "removed";
  return h("span", { class: sign }, `${line}\n`);
}

function finding({ message, hint, severity }) {
  return h("li", { class: severity }, icon("warning"), h("span", {}, message), hint && h("code", {}, hint));
}

function revision(each) {
  const when = each.applied_at ? `${each.applied_at.replace("T", " ").slice(0, 19)} UTC` : "";
  return h("li", { class: each.state },
    h("details", {},
      h("summary", {}, icon(SIGNS[each.state]), h("strong", {}, each.name || each.id), h("span", { class: "badge" }, each.state), h("span", { class: "dim" }, each.id),
        h("span", { class: "space" }), h("span", { class: "dim" }, [when, each.by, each.seconds === null || each.seconds === undefined ? "" : `${each.seconds.toFixed(3)} s`].filter(Boolean).join(" · "))),
      each.text && h("pre", { tabIndex: 0 }, each.text)),
    each.changes.length > 0 && h("ul", { class: "changes" }, each.changes.map((change) => h("li", {}, change))));
}
