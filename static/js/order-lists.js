// Lists of orders: each with its members, where each is and what it waits for; cancelled whole.

import { isShown, may, onAccount } from "./access.js";
import { get, post } from "./api.js";
import { statusTag } from "./blotter.js";
import { byId, fill, h } from "./dom.js";
import { moment, number, words } from "./format.js";
import { paintSights } from "./held.js";
import { isLive, on, onState } from "./live.js";
import { askRevision } from "./revise.js";
import { sayError, toast } from "./toast.js";

const PAUSE = 250;
const KINDS = { BRACKET: "Bracket", OCO: "One cancels the other", OUO: "One updates the other", OTO: "One triggers the others", OTOCO: "One triggers a pair: one of it cancels the other" };
const PLACES = { DESK: ["held at the desk", "warn"], OUTBOX: ["on its way", "info"], BROKER: ["at the broker", "info"], DONE: ["done", ""] };
const ALARMS = { LINKED_ORDERS_BOTH_FILLED: "Linked orders filled against each other", EXITS_GONE: "Every exit has ended; part is still held", LIST_ORDER_REFUSED: "The broker refused an order of it", LIST_ORDER_GONE: "The broker took an order of it off the market" };
const ROLES = { ENTRY: "Entry", TARGET: "Target", STOP: "Stop", MEMBER: "Member" };

let lists = [];
let painted = "";
let isOpen = true;
let timer = null;
let named = location.hash.slice(1); // the list that the address names, until it has been shown

async function read() {
  clearTimeout(timer);
  try {
    lists = (await get(`/order-lists/?is_open=${isOpen}&limit=${isOpen ? 100 : 20}`)).results;
    byId("lists-wrong").hidden = true;
  } catch (error) {
    byId("lists-wrong").hidden = false;
    byId("lists-wrong").textContent = `The lists were not read: ${error.message}`;
  }
  paint();
}

function paint() {
  const shown = lists.filter(({ account }) => isShown(account));
  const now = JSON.stringify([shown, isLive()]);
  byId("lists-empty").hidden = shown.length > 0;
  byId("lists-empty").textContent = isOpen ? "No open lists. Give a ticket a target and a stop to make one." : "No closed lists.";
  if (now === painted) return;
  painted = now;
  fill(byId("list-rows"), shown.map(card));
  paintSights(byId("list-rows"));
  if (named && byId(named)) {
    byId(named).scrollIntoView({ block: "nearest" });
    named = "";
  }
}

function card(list) {
  const canCancel = isOpen && may("CANCEL_ORDER", list.account);
  const title = `${KINDS[list.kind] ?? list.kind}, ${list.orders[0].order.underlying}`;
  return h("article", { class: "order-list", id: `list-${list.id}`, "aria-label": title },
    h("header", {}, h("h3", {}, title), h("span", { class: "text-secondary" }, list.account), h("span", { class: "text-secondary" }, moment(list.created_at, { day: true })),
      list.policy === "FULL" && list.orders.some(({ role }) => role === "ENTRY") && h("span", { class: "tag" }, "after the whole entry"),
      list.alarms.map((alarm) => h("span", { class: "tag bad" }, ALARMS[alarm] ?? words(alarm))),
      canCancel && h("button", { type: "button", class: "btn btn-sm btn-danger", dataset: { key: `cancel-${list.id}` }, disabled: !isLive(), onclick: () => cancelList(list, title) }, "Cancel list")),
    h("p", { class: "held-by text-secondary mb-1" }, list.held_says),
    h("table", { class: "table-desk table-stack" },
      h("thead", {}, h("tr", {}, ["Role", "Order", "State", "Where", "Filled", "Waits for", ""].map((name) => h("th", { scope: "col", class: name === "Filled" ? "r" : "" }, name || h("span", { class: "visually-hidden-live" }, "Change"))))),
      h("tbody", {}, list.orders.map((member) => line(list, member)))));
}

function line(list, { role, where, order, hold }) {
  const [said, kind] = PLACES[where];
  const canChange = (where === "DESK" ? hold?.state !== "FIRED" : where === "BROKER") && may("SEND_ORDER", list.account);
  return h("tr", {},
    h("td", { dataset: { name: "Role" } }, ROLES[role] ?? words(role)),
    h("td", {}, h("a", { href: `/orders/${order.id}/`, title: "Its timeline" }, order.description)),
    h("td", { dataset: { name: "State" } }, statusTag(order.status)),
    h("td", { dataset: { name: "Where" } }, h("span", { class: `tag ${kind}` }, said)),
    h("td", { class: "r num", dataset: { name: "Filled" } }, `${number(order.cum_qty, 0)} / ${number(order.order_qty, 0)}`),
    h("td", { class: "waits" }, waits(list, role, where, order, hold), where === "DESK" && h("div", { class: "sights", dataset: { sights: order.id } })),
    h("td", { class: "r" }, canChange && h("button", { type: "button", class: "btn btn-sm", dataset: { key: `change-${order.id}` }, disabled: !isLive(), "aria-label": `Change ${order.description}`, onclick: () => askRevision(order.id) }, "Change")));
}

function waits(list, role, where, order, hold) {
  if (where === "DESK") return hold.waits_for;
  if (where === "DONE") return order.status === "FILLED" ? "–" : order.reason || hold?.waits_for || "–";
  if (where === "OUTBOX") return "Goes to the broker";
  return list.held_locally ? "Works at the broker" : `At the broker, which ${role === "ENTRY" ? "sets its exits free once it has filled" : "ends it with its list"}`;
}

async function cancelList(list, title) {
  try {
    await post(`/order-lists/${list.id}/cancel/`);
    toast("note", "Cancellation asked for", `${title}: what is held ends here; what is at the broker ends when it says so.`);
  } catch (error) {
    sayError("Not cancelled", error);
  }
  read();
}

export function startLists() {
  for (const button of byId("lists-which").querySelectorAll("button")) {
    button.addEventListener("click", () => {
      isOpen = button.value === "open";
      for (const other of byId("lists-which").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      read();
    });
  }
  on("orders", () => { clearTimeout(timer); timer = setTimeout(read, PAUSE); });
  onAccount(paint);
  onState(({ live }) => (live ? read() : paint()));
}
