// The approval queue, soonest expiry first. A card under the pointer never moves: new ones wait behind a pill.

import { isShown, onAccount } from "./access.js";
import { byId, h, icon, serverNow, setText } from "./dom.js";
import { seconds, words } from "./format.js";
import { on } from "./live.js";

const OPEN = new Set(["PENDING", "HELD", "PARTIAL"]);
const SHORT = 60000;

export const isOpen = (row) => OPEN.has(row.status) && Date.parse(row.expires_at) > serverNow();

export function paintCountdown(element, expiresAt) {
  const left = Date.parse(expiresAt) - serverNow();
  setText(element, left > 0 ? seconds(left) : "expired");
  element.classList.toggle("is-short", left > 0 && left <= SHORT);
  element.classList.toggle("is-over", left <= 0);
}

export class Queue {
  constructor({ onSelect }) {
    this.list = byId("queue-list");
    this.pill = byId("queue-pill");
    this.onSelect = onSelect;
    this.rows = new Map();
    this.shown = [];
    this.selected = null;
    this.isBusy = false;
    const box = byId("queue");
    box.addEventListener("pointerenter", () => { this.isBusy = true; });
    box.addEventListener("pointerleave", () => { this.isBusy = false; this.settle(); });
    this.pill.addEventListener("click", () => this.settle());
    on("proposals", ({ changed, whole }, rows) => this.hear(changed, whole, rows));
    onAccount(() => this.settle());
    setInterval(() => this.tick(), 500);
  }

  hear(changed, whole, rows) {
    this.rows = rows;
    if (!whole) this.announce(changed);
    if (this.isBusy && !whole) this.wait();
    else this.settle();
    const current = this.rows.get(this.selected);
    if (current) this.onSelect(current, { byHand: false });
  }

  announce(changed) {
    const fresh = changed.filter((row) => row.status === "PENDING" && !this.shown.includes(row.id) && isShown(row.account));
    if (fresh.length) setText(byId("queue-announcer"), `New proposal: ${fresh[0].sentence}`);
  }

  waiting() {
    return [...this.rows.values()]
      .filter((row) => isOpen(row) && isShown(row.account))
      .sort((a, b) => a.expires_at.localeCompare(b.expires_at) || a.id.localeCompare(b.id));
  }

  // While the pointer is over the queue: count what is new, grey what is gone, move nothing.
  wait() {
    const fresh = this.waiting().filter((row) => !this.shown.includes(row.id)).length;
    this.pill.hidden = fresh === 0;
    setText(this.pill, `${fresh} new`);
    this.paintAll();
  }

  settle() {
    this.pill.hidden = true;
    this.shown = this.waiting().map((row) => row.id);
    this.arrange();
    byId("queue-empty").hidden = this.shown.length > 0;
    setText(byId("queue-count"), String(this.shown.length));
    const selected = this.rows.get(this.selected);
    if (!selected && this.shown.length) this.select(this.shown[0], { byHand: false });
    else this.paintAll();
  }

  // Cards that stay are not touched, so that one with the focus keeps it; of one that leaves its neighbour takes it.
  arrange() {
    const before = document.activeElement.closest("#queue-list li");
    const place = [...this.list.children].indexOf(before);
    const old = new Map([...this.list.children].map((item) => [item.dataset.key, item]));
    const items = this.shown.map((id) => old.get(`${id} ${this.rows.get(id).content_hash}`) ?? this.item(this.rows.get(id)));
    for (const item of old.values()) if (!items.includes(item)) item.remove();
    items.forEach((item, index) => { if (this.list.children[index] !== item) this.list.insertBefore(item, this.list.children[index] ?? null); });
    if (before && !before.contains(document.activeElement)) (items[Math.min(place, items.length - 1)]?.firstElementChild ?? byId("main")).focus({ preventScroll: true });
  }

  item(row) {
    return h("li", { dataset: { key: `${row.id} ${row.content_hash}` } }, this.card(row));
  }

  card(row) {
    const button = h("button", { type: "button", class: "queue-card", dataset: { id: row.id } },
      h("span", { class: "row-1" }, h("span", {}, `${row.account} · ${words(row.strategy)}`), h("span", { class: "countdown" })),
      h("span", { class: "said d-block" }, row.sentence),
      h("span", { class: "row-1" }, h("span", { class: "card-state" }), h("span", { class: "card-outcome" })));
    button.addEventListener("click", () => this.select(row.id, { byHand: true }));
    return button;
  }

  paintAll() {
    for (const button of this.list.querySelectorAll(".queue-card")) {
      const row = this.rows.get(button.dataset.id);
      if (!row) continue;
      button.setAttribute("aria-current", String(row.id === this.selected));
      button.classList.toggle("is-done", !isOpen(row));
      paintCountdown(button.querySelector(".countdown"), row.expires_at);
      setText(button.querySelector(".card-state"), stateOf(row));
      paintOutcome(button.querySelector(".card-outcome"), row.outcome);
    }
  }

  tick() {
    const gone = this.shown.some((id) => this.rows.has(id) && !isOpen(this.rows.get(id)));
    if (gone && !this.isBusy) this.settle();
    else this.paintAll();
  }

  select(id, { byHand }) {
    this.selected = id;
    this.paintAll();
    this.onSelect(this.rows.get(id), { byHand });
  }

  step(by) {
    if (!this.shown.length) return;
    const at = this.shown.indexOf(this.selected);
    const next = at === -1 ? 0 : Math.min(this.shown.length - 1, Math.max(0, at + by));
    this.select(this.shown[next], { byHand: true });
    const card = this.list.querySelector(`[data-id="${CSS.escape(this.shown[next])}"]`);
    card?.focus();
    card?.scrollIntoView({ block: "nearest" });
  }

  next() {
    const open = this.waiting().filter((row) => row.id !== this.selected);
    if (open.length) this.select(open[0].id, { byHand: true });
  }

  successor(row) {
    return this.waiting().find((other) =>
      other.account === row.account && other.underlying === row.underlying && other.id !== row.id);
  }
}

function stateOf(row) {
  if (row.status === "PARTIAL") return `${row.approvals.length} of ${row.approvals_needed} approved: ${row.approvals.join(", ")}`;
  if (row.status === "HELD") return `Held by ${row.held_by}`;
  if (!OPEN.has(row.status)) return words(row.status) + (row.decided_by ? ` by ${row.decided_by}` : "");
  return row.approvals_needed > 1 ? `${row.approvals_needed} approvals needed` : "";
}

const OUTCOMES = { PASS: ["good", "check", "Risk passes"], WARN: ["warn", "alert-triangle", "Warnings"], SOFT_BLOCK: ["warn", "alert-triangle", "Soft breach"], HARD_BLOCK: ["bad", "ban", "Blocked"] };

export function paintOutcome(element, outcome) {
  if (element.dataset.outcome === outcome) return;
  element.dataset.outcome = outcome;
  const [kind, name, text] = OUTCOMES[outcome] ?? ["", "info-circle", words(outcome)];
  element.replaceChildren(h("span", { class: `tag ${kind}` }, icon(name), text));
}
