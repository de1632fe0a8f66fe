/** Objects of a bucket: opened and previewed through links that the server signs for some minutes. */

import { api } from "./api.js";
import { dialog, h, icon, toast } from "./dom.js";

/** Show what an object key stands for. */
export async function openObject(table, { key, column }) {
  try {
    const found = await api("object", { table: table.key, key, column });
    if (found.placeholder) return dialog("Placeholder", h("p", {}, "This key is a placeholder: no object stands behind it yet."));
    return dialog(column, h("div", { class: "media" }, preview(found),
      h("p", {}, h("a", { href: found.url, target: "_blank", rel: "noreferrer noopener" }, icon("open"), "Open in a new tab"), h("span", { class: "dim" }, ` ${found.media_type || "unknown kind"}, the link ends in ${Math.round(found.expires / 60)} minutes`))), { className: "wide" });
  } catch (error) {
    return toast(error.text ?? String(error), "error");
  }
}

function preview({ url, media_type: type = "" }) {
  if (type.startsWith("image/")) return h("img", { src: url, alt: "Preview" });
  if (type.startsWith("video/")) return h("video", { src: url, controls: true });
  if (type.startsWith("audio/")) return h("audio", { src: url, controls: true });
  return null;
}
