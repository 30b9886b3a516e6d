// What the desk holds: what each order waits for, what it sees now and how old that is, and how far the count is.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { on, onState } from "./live.js";

const PAUSE = 250; // after an order moved, before the desk is asked: orders of a list move together
const AGAIN = 2000; // how often what is seen is read while something is looking

let shown = { results: [], blind: "" };
let timer = null;
const listeners = new Set();

export const heldOrders = () => shown.results;
export const blind = () => shown.blind;

async function read() {
  clearTimeout(timer);
  if (document.hidden) {
    timer = setTimeout(read, AGAIN);
    return;
  }
  try {
    shown = await get("/orders/held/");
  } catch (error) {
    shown = { ...shown, results: shown.results.map((row) => ({ ...row, sights: [] })), blind: error.message };
  }
  listeners.forEach((listener) => listener());
  paintSights();
  if (shown.results.length) timer = setTimeout(read, AGAIN);
}

// Calls back whenever what is held was read anew; the first call starts the reading.
export function onHeld(listener) {
  listeners.add(listener);
  if (listeners.size > 1) return;
  on("orders", () => { clearTimeout(timer); timer = setTimeout(read, PAUSE); });
  onState(({ live }) => live && read());
}

// What an order sees is painted wherever the page has a place for it, without touching what has the focus.
export function paintSights(root = document) {
  for (const place of root.querySelectorAll("[data-sights]")) {
    const row = shown.results.find(({ id }) => id === place.dataset.sights);
    const sights = row?.sights ?? [];
    place.hidden = !row || (!sights.length && !(shown.blind && row.hold.state === "ARMED"));
    fill(place, sights.length ? sights.map(sight) : shown.blind && h("div", { class: "sight is-old" }, `Nothing is seen, so nothing is set off. ${shown.blind}`));
  }
}

function age({ age: seconds, is_believed: believed, seen }) {
  if (seen === null) return "not seen: cannot set it off";
  if (seconds === null) return "";
  const said = seconds < 120 ? `${number(seconds, 1)} s old` : `${number(seconds / 60, 0)} min old`;
  return believed ? said : `${said}: cannot set it off`;
}

function counting({ count, needed, holds }) {
  if (needed < 2) return null;
  const said = holds ? "confirmed" : count ? `counting: ${count} of ${needed}` : `0 of ${needed} in a row`;
  return h("span", { class: `tag ${holds ? "good" : count ? "warn" : ""}` }, said);
}

function sight(one) {
  const isCount = one.says === "all of it";
  return h("div", { class: `sight${one.is_believed ? "" : " is-old"}` },
    h("span", {}, isCount ? "All of it" : `${one.says.charAt(0).toUpperCase()}${one.says.slice(1)} `, !isCount && h("strong", { class: "num" }, one.seen ?? "–")),
    !isCount && h("span", { class: "text-secondary" }, `wanted ${one.wanted}`),
    h("span", { class: "text-secondary num" }, age(isCount ? { ...one, seen: "", age: null } : one)), counting(one),
    !isCount && one.needed < 2 && one.holds && h("span", { class: "tag good" }, "holds"));
}
