// Short words about what was done, and what was not. Errors stay until they are closed.

import { byId, h, icon } from "./dom.js";

const STAYS = 6000;
const ICONS = { done: "check", refused: "ban", wrong: "alert-triangle", note: "info-circle" };

export function toast(kind, title, text = "", { traceId, lasting } = {}) {
  const close = h("button", { type: "button", class: "btn-close", "aria-label": "Close" });
  const box = h("div", { class: `desk-toast ${kind}`, role: kind === "done" || kind === "note" ? "status" : "alert" },
    icon(ICONS[kind]),
    h("div", { class: "flex-fill" }, h("strong", {}, title), text && h("div", {}, text),
      traceId && h("div", { class: "trace" }, `Trace ${traceId}`)),
    close);
  close.addEventListener("click", () => box.remove());
  byId("toasts").append(box);
  if (kind === "done" || kind === "note" || lasting === false) setTimeout(() => box.remove(), STAYS);
  return box;
}

export function sayError(title, error) {
  const kind = error.status >= 400 && error.status < 500 ? "refused" : "wrong";
  return toast(kind, title, error.message, { traceId: error.traceId });
}
