/** Objects of a bucket: opened and previewed through links that the server signs for some minutes. */

import { api } from "./api.js";
import { dialog, h, icon } from "./dom.js";

const PREVIEWS = { image: "img", video: "video", audio: "audio" };

/** Show what an object key stands for. */
export async function openObject(table, { key, column }) {
  const { url, media_type: type, expires, placeholder } = await api("object", { table: table.key, key, column });
  if (placeholder) return dialog("Placeholder", h("p", {}, "This key is a placeholder: no object stands behind it yet."));
  const tag = PREVIEWS[type?.split("/")[0]];
  return dialog(column, h("div", { class: "media" },
    tag && h(tag, { src: url, alt: "Preview", controls: tag !== "img" }),
    h("p", {}, h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, icon("open"), "Open in a new tab"), h("span", { class: "dim" }, ` ${type || "unknown kind"}, the link ends in ${Math.round(expires / 60)} minutes`))), "wide");
}
