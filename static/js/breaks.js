// The break desk: differences, requests in doubt, orders from elsewhere, reports set aside; each with what may be done.

import { isShown, may, mayAnywhere, onAccount } from "./access.js";
import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, icon, setText } from "./dom.js";
import { moment, number, words } from "./format.js";
import { isLive, on, onState } from "./live.js";
import { toast } from "./toast.js";

const KINDS = { POSITION: "Position", PRICE: "Average price", CASH: "Cash", ORDER: "Order" };
const ADJUSTABLE = new Set(["POSITION", "CASH"]);
const PAUSE = 300; // milliseconds in which several changes are one
let desk = { breaks: [], resolved: [], quarantine: [], in_doubt: [], external: [] };
let waiting = 0;

async function load() {
  try {
    desk = await get("/breaks/");
    paint();
  } catch (error) {
    setText(byId("breaks-empty").querySelector("strong"), error.message);
  }
}

function loadSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(load, PAUSE);
}

function paint() {
  paintBreaks(desk.breaks.filter((row) => isShown(row.account)));
  cards("doubt-rows", desk.in_doubt.filter((row) => isShown(row.order.account)), doubtCard, "Every request has its answer.");
  cards("external-rows", desk.external.filter((row) => isShown(row.order.account)), externalCard, "No order works at the broker that is not from here.");
  cards("quarantine-rows", desk.quarantine, reportCard, "Every report was applied.");
  cards("resolved-rows", desk.resolved.filter((row) => isShown(row.account)), resolvedCard, "Nothing was resolved yet.");
}

const cards = (id, rows, card, none) =>
  fill(byId(id), rows.length ? rows.map(card) : h("p", { class: "text-secondary mb-0" }, none));

function button(text, kind, act, { label, allowed = true } = {}) {
  return allowed && h("button", { type: "button", class: `btn btn-sm ${kind}`, "aria-label": label, "data-needs-live": true, disabled: !isLive(), onclick: act }, text);
}

const what = (row) => `${KINDS[row.kind]} ${row.subject}`;

function paintBreaks(rows) {
  const empty = byId("breaks-empty");
  empty.hidden = rows.length > 0;
  setText(empty.querySelector("strong"), "The books agree");
  setText(byId("breaks-count"), rows.length ? `${rows.length} open` : "");
  const halted = [...new Set(rows.filter((row) => row.halted).map((row) => `${row.halted} on ${row.account}`))];
  byId("breaks-halted").hidden = halted.length === 0;
  setText(byId("breaks-halted"), `Nothing is opened in ${halted.join(", ")} until this is resolved. Closing and cancelling go on.`);
  fill(byId("breaks-rows"), rows.map((row) => h("tr", { dataset: { id: row.id } },
    h("td", {}, row.account),
    h("td", {}, h("div", {}, what(row)), row.code && h("div", { class: "text-secondary" }, words(row.code)),
      row.order_id && h("a", { href: `/orders/${row.order_id}/` }, "The order"), row.proposal_id && h("span", { class: "tag warn ms-2" }, "Offset proposed")),
    h("td", { class: "r num", "data-name": "We say" }, row.ours), h("td", { class: "r num", "data-name": "The broker says" }, row.theirs),
    h("td", { class: "text-nowrap", "data-name": "Since" }, moment(row.found_at, { day: true })),
    h("td", { "data-name": "Halted" }, row.halted ? h("span", { class: "tag bad" }, icon("hand-stop"), ` Opening ${row.halted}`) : h("span", { class: "text-secondary" }, "Nothing")),
    h("td", { class: "r" }, button("Resolve", "", () => askResolution(row), { label: `Resolve ${what(row)} on ${row.account}`, allowed: may("RESOLVE_BREAK", row.account) })))));
}

function askResolution(row) {
  const dialog = byId("resolve-dialog");
  setText(dialog.querySelector(".about"), `${what(row)} on ${row.account}. We say ${row.ours}, the broker says ${row.theirs}.`);
  const { adjusts, price, reason } = dialog.querySelector("form").elements;
  adjusts.checked = false;
  price.value = row.details.avg_px ?? "";
  reason.value = "";
  byId("resolve-adjust").hidden = !ADJUSTABLE.has(row.kind);
  const asksPrice = () => { byId("resolve-price").hidden = !(adjusts.checked && row.kind === "POSITION"); };
  adjusts.onchange = asksPrice;
  asksPrice();
  open(dialog, async () => {
    await post(`/breaks/${row.id}/resolution/`, { reason: reason.value, adjusts: adjusts.checked, price: adjusts.checked && price.value !== "" ? price.value : null });
    toast("done", adjusts.checked ? "Booked and resolved" : "Resolved", adjusts.checked ? "The adjustment is marked as reconciliation." : "If the books still differ, it opens again.");
    await load();
  });
}

// One dialog for the rest: what it is about, an id to type where that is the second step, and a reason.
function ask(title, about, path, done, confirmId = "") {
  const dialog = byId("decide-dialog");
  const { confirm, reason } = dialog.querySelector("form").elements;
  setText(byId("decide-title"), title);
  setText(byId("decide-act"), title);
  setText(dialog.querySelector(".about"), about);
  setText(byId("decide-id"), confirmId);
  byId("decide-confirm").hidden = confirmId === "";
  confirm.required = confirmId !== "";
  confirm.value = "";
  reason.value = "";
  open(dialog, async () => {
    await post(path, confirmId ? { reason: reason.value, confirm: confirm.value } : { reason: reason.value });
    toast("done", done);
    await load();
  });
  if (!confirmId) reason.focus();
}

const orderLink = (order) => h("a", { href: `/orders/${order.id}/` }, order.description || order.cl_ord_id);

function doubtCard(row) {
  const { order } = row;
  const about = `${words(row.kind)} ${row.cl_ord_id} on ${order.account}. Look at the broker's own screen first: if it turns up after all, it is booked and works on.`;
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, orderLink(order)), h("span", { class: "tag warn" }, words(row.kind)), h("span", { class: "text-secondary" }, order.account)),
    h("div", {}, "Sent ", moment(row.sent_at), `, asked ${number(row.queries, 0)} times`, row.last_query_at && [", last ", moment(row.last_query_at)], ". What it may use stays reserved."),
    h("div", { class: "dialog-actions mt-2" }, button("Declare not found", "btn-danger", () => ask("Declare not found", about, `/orders/${order.id}/not-found/`, "Taken as never arrived", row.cl_ord_id),
      { label: `Declare ${row.cl_ord_id} not found`, allowed: may("RESOLVE_BREAK", order.account) })));
}

const STATES = { OBSERVED: "Watched", ADOPTED: "Adopted", CANCELING: "Cancel asked for" };

function externalCard(row) {
  const { order } = row;
  const said = `${words(order.side)} ${order.order_qty} ${row.symbols.join(", ")}, ${order.cum_qty} filled, on ${order.account}.`;
  const allowed = row.state === "OBSERVED" && may("RESOLVE_BREAK", order.account);
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, orderLink(order)), h("span", { class: `tag ${row.state === "OBSERVED" ? "warn" : ""}` }, STATES[row.state])),
    h("div", {}, said, " The broker calls it ", h("span", { class: "num" }, row.theirs), "."),
    row.reason && h("div", { class: "text-secondary" }, row.reason),
    h("div", { class: "dialog-actions mt-2" },
      button("Cancel it", "", () => ask("Cancel it", said, `/orders/${order.id}/external-cancel/`, "Cancellation asked for"), { label: `Cancel ${row.theirs}`, allowed }),
      button("Adopt", "btn-primary", () => ask("Adopt", `${said} It is treated as the desk's own from now on.`, `/orders/${order.id}/adoption/`, "Adopted"), { label: `Adopt ${row.theirs}`, allowed })));
}

function reportCard(row) {
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, words(row.code)), h("span", { class: "text-secondary" }, `${row.connection} ${row.account}`), moment(row.received_at, { day: true })),
    h("div", {}, row.message),
    h("details", {}, h("summary", {}, "What the broker said"), h("pre", { class: "num mb-0", tabindex: "0" }, JSON.stringify(row.report, null, 1))),
    h("div", { class: "dialog-actions mt-2" }, button("Put away", "", () => ask("Put away", `${row.message} It stays unapplied.`, `/quarantine/${row.id}/resolution/`, "Put away"),
      { label: `Put report ${row.id} away`, allowed: mayAnywhere("RESOLVE_BREAK") })));
}

function resolvedCard(row) {
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2" }, h("strong", { class: "flex-fill" }, `${what(row)} on ${row.account}`), moment(row.resolved_at, { day: true })),
    h("div", { class: "text-secondary" }, `${row.resolved_by ?? "By itself"}: ${row.resolution}`));
}

on("breaks", loadSoon);
on("orders", ({ whole }) => !whole && loadSoon());
onAccount(paint);
onState(({ live }) => live && loadSoon());
load();
