// Short words about what was done, and what was not. Errors stay until they are closed.

import { byId, h, icon } from "./dom.js";

const STAYS = 6000;
const ICONS = { done: "check", refused: "ban", wrong: "alert-triangle", note: "info-circle" };

export function toast(kind, title, text = "", { traceId, lasting, link } = {}) {
  const passes = kind === "done" || kind === "note" || lasting === false;
  const key = `${kind} ${title} ${text}`;
  const stands = passes ? null : [...byId("toasts").children].find((box) => box.dataset.key === key);
  if (stands) return stands; // what is tried every few seconds must not fill the screen with one sentence
  const close = h("button", { type: "button", class: "btn-close", "aria-label": "Close" });
  const box = h("div", { class: `desk-toast ${kind}`, dataset: { key }, role: kind === "done" || kind === "note" ? "status" : "alert" },
    icon(ICONS[kind]),
    h("div", { class: "flex-fill" }, h("strong", {}, title), text && h("div", {}, text), link && h("a", { href: link.href, target: link.target ?? null }, link.says),
      traceId && h("div", { class: "trace" }, `Trace ${traceId}`)),
    close);
  close.addEventListener("click", () => box.remove());
  byId("toasts").append(box);
  if (passes) setTimeout(() => box.remove(), STAYS);
  return box;
}

export function sayError(title, error) {
  const kind = error.status >= 400 && error.status < 500 ? "refused" : "wrong";
  const link = error.code === "SIGNED_OUT" ? { href: "/accounts/login/", target: "_blank", says: "Sign in" } : null;
  return toast(kind, title, error.message, { traceId: error.traceId, link });
}
