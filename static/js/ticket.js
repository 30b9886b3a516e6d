// The ticket: legs by click or template, looked at as it is built, previewed, then sent. Risk always runs.

import { accounts, chosenAccount, may } from "./access.js";
import { ask } from "./api.js";
import { ChainTable } from "./chain-table.js";
import { ConditionBuilder } from "./condition-builder.js";
import { byId, fill, h, icon, setText } from "./dom.js";
import { number, words } from "./format.js";
import { MOST_LEGS, picked, readContract, reversed, roll, sayContract, template } from "./legs.js";
import { isLive, keepWhile, on, onState, rowsOf } from "./live.js";
import { paintChecks, paintMeaning, paintNothing } from "./meaning.js";
import { arrange, beside, takesLimit, terms, waitsFor, wanting } from "./ticket-form.js";
import { offer } from "./ticket-broker.js";
import { arrangeLots } from "./ticket-lots.js";
import { LastLook } from "./ticket-review.js";
import { WhatIf } from "./what-if.js";

const PAUSE = 250; // after the last change, before the desk is asked
const AGAIN = 4000; // how often it is asked while nothing changes
const { underlying } = byId("ticket-page").dataset;
const quotes = new Map();
const start = new URLSearchParams(location.search);
let legs = [];
let seen = null; // the last preview's answer
let isLookWrong = false; // what stands as wrong was found by a look
let isMine = { price: false, effect: false };
let turn = 0;
let timer = null;

const whatIf = new WhatIf(() => soon());
const lastLook = new LastLook({ look: async () => ((await look()) ? seen : null), check: () => builder.check(), paint, wrong, sent: () => setLegs([]) });
const table = new ChainTable(underlying, { onPick: pick, onQuote: (symbol, quote) => { quotes.set(symbol, quote); if (legs.some((leg) => leg.symbol === symbol)) paintMarket(); }, onChain: begin });

const account = () => byId("ticket-account").value;
const held = (symbol) => Number(rowsOf("positions").get(`${account()}:${symbol}`)?.qty ?? 0);
const toClose = ({ symbol, side }) => (side === "SELL" && held(symbol) > 0) || (side === "BUY" && held(symbol) < 0);

const builder = new ConditionBuilder(byId("ticket-condition"), { about: () => {
  if (!legs.length || !account()) return null;
  const { legs: all, price_effect: way } = draft();
  return { account: account(), underlying, legs: all, price_effect: way };
} });
waitsFor(builder);
builder.show(null);

// Per share of one unit: taken above zero, paid below.
function market() {
  const sum = { near: 0, far: 0 };
  for (const { symbol, side, ratio } of legs) {
    const quote = quotes.get(symbol) ?? rowsOf("quotes").get(symbol);
    if (!quote || quote.bid === null || quote.ask === null) return null;
    sum.near += ratio * (side === "SELL" ? Number(quote.bid) : -Number(quote.ask));
    sum.far += ratio * (side === "SELL" ? Number(quote.ask) : -Number(quote.bid));
  }
  return sum;
}

function setLegs(next) {
  legs = next;
  seen = null;
  isMine = { price: false, effect: false };
  whatIf.reset();
  changed();
}

function pick(symbol, side) {
  const next = picked(legs, symbol, side);
  if (next === legs) wrong(`An order has ${MOST_LEGS} legs at most. Take one away first.`);
  else setLegs(next);
}

function wrong(message, field) {
  isLookWrong = false;
  byId("ticket-error").hidden = !message;
  setText(byId("ticket-error"), message);
  for (const marked of byId("ticket").querySelectorAll("[aria-errormessage]")) ["aria-invalid", "aria-errormessage"].forEach((name) => marked.removeAttribute(name));
  if (!field) return;
  byId(field).setAttribute("aria-invalid", "true");
  byId(field).setAttribute("aria-errormessage", "ticket-error");
  byId(field).focus();
}

// What a look found wrong the next look may take back; what a person was told stands until they change something.
function wrongByLook(message) {
  if (!isLookWrong && !byId("ticket-error").hidden) return;
  wrong(message);
  isLookWrong = true;
}

function changed() {
  lastLook.end();
  wrong("");
  paint();
  soon(PAUSE);
}

function soon(pause = 60) {
  clearTimeout(timer);
  timer = setTimeout(look, pause);
}

// A single leg's side says who pays; of several, the market does until a person has said otherwise.
function effect() {
  if (legs.length === 1) return legs[0].side === "BUY" ? "DEBIT" : "CREDIT";
  if (isMine.effect) return byId("ticket-effect").value;
  const now = market();
  if (now === null) return seen?.ticket.price_effect ?? "DEBIT";
  return now.near + now.far >= 0 ? "CREDIT" : "DEBIT";
}

function draft() {
  return {
    ...terms(), underlying, price_effect: effect(),
    legs: legs.map((leg) => ({ symbol: leg.symbol, side: leg.side, ratio: leg.ratio, position_effect: toClose(leg) ? "CLOSE" : "OPEN" })),
  };
}

// Asks the desk what the ticket means; an answer that something newer has overtaken is dropped.
async function look() {
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden || lastLook.isOn ? soon(AGAIN) : look()), AGAIN);
  if (!legs.length || !account() || wanting()) return false;
  const mine = (turn += 1);
  const body = { ...draft(), ...beside(), scenario: whatIf.scenario() };
  if (!isMine.price) body.limit_price = null;
  try {
    const answer = await ask("/orders/preview/", body);
    if (mine !== turn || lastLook.isOn) return false;
    seen = answer;
    offer(answer.at_broker);
    wrongByLook("");
    const price = byId("ticket-price"); // emptied, and about to be typed in: it is not filled under the fingers
    if (!isMine.price && takesLimit() && document.activeElement !== price) price.value = answer.ticket.limit_price;
    paintMeaning(answer);
    paintChecks(answer);
    whatIf.show(answer.payoff);
  } catch (error) {
    if (mine === turn) wrongByLook(error.message);
    return false;
  }
  paint();
  return true;
}

function paint() {
  const allowed = byId("ticket-account").options.length > 0;
  setText(byId("ticket-hint"), allowed ? (legs.length ? "" : "Click an ask to buy, a bid to sell, or start from a template.") : "Your role does not send orders.");
  byId("ticket-hint").hidden = allowed && legs.length > 0;
  fill(byId("ticket-legs"), legs.map(legItem));
  byId("ticket-fields").hidden = !legs.length || !allowed;
  byId("ticket-fields").disabled = lastLook.isOn;
  byId("ticket-preview").hidden = lastLook.isOn;
  byId("ticket-preview").disabled = !legs.length || !allowed || !isLive();
  lastLook.paint(isLive());
  arrange(legs, toClose);
  arrangeLots(account(), legs, toClose);
  if (legs.length) byId("ticket-effect").value = effect();
  table.mark(legs);
  paintMarket();
  if (legs.length) return;
  seen = null;
  paintNothing();
}

function paintMarket() {
  const now = market();
  const credit = byId("ticket-effect").value === "CREDIT";
  if (now === null && seen === null) return setText(byId("ticket-market"), legs.length ? "No two-sided market in every leg" : "");
  const [bid, ask_] = now === null ? [Number(seen.market.bid), Number(seen.market.ask)] : credit ? [now.near, now.far] : [-now.far, -now.near];
  return setText(byId("ticket-market"), `Market ${number(bid)} / ${number(ask_)}, middle ${number((bid + ask_) / 2, 3)}`);
}

function legItem(leg) {
  const said = sayContract(leg.symbol);
  const edit = (next) => () => setLegs(legs.flatMap((one) => (one === leg ? next : [one])));
  const turned = leg.side === "BUY" ? "SELL" : "BUY";
  const more = h("input", { type: "number", min: 1, max: 3, value: leg.ratio, class: "form-control num", "aria-label": `Ratio of ${said}` });
  more.addEventListener("change", () => edit([{ ...leg, ratio: Math.max(1, Math.trunc(Number(more.value)) || 1) }])());
  return h("li", {},
    h("button", { type: "button", class: `tag ${leg.side === "BUY" ? "good" : "bad"}`, "aria-label": `${words(leg.side)} ${said}: change to ${words(turned)}`, onclick: edit([{ ...leg, side: turned }]) }, words(leg.side)),
    h("span", { class: "flex-fill" }, said, h("small", { class: "text-secondary d-block" }, toClose(leg) ? "to close" : "to open")), more,
    h("button", { type: "button", class: "btn-plain", "aria-label": `Remove ${said}`, onclick: edit([]) }, icon("x")));
}

function paintRolls() {
  const positions = [...rowsOf("positions").values()].filter((row) => row.account === account() && row.underlying === underlying && Number(row.qty) && readContract(row.symbol));
  byId("ticket-rolls").hidden = positions.length === 0;
  const key = positions.map((row) => `${row.symbol}${row.qty}`).join();
  if (byId("ticket-rolls").dataset.key === key) return;
  byId("ticket-rolls").dataset.key = key;
  byId("ticket-rolls").replaceChildren(...positions.map((row) => h("option", { value: `roll:${row.symbol}` }, `Roll ${number(Math.abs(row.qty), 0)} ${sayContract(row.symbol)}`)));
}

async function startFrom(name) {
  try {
    if (!table.chain) throw new Error("The chain has not come yet. Try again in a moment.");
    const [kind, symbol] = name.split(":");
    const shares = held(underlying);
    const next = kind === "roll" ? await roll(symbol, held(symbol), table.chain) : await template(kind, table.chain, shares);
    byId("ticket-quantity").value = kind === "roll" ? Math.max(1, Math.abs(held(symbol))) : kind === "covered_call" ? Math.floor(shares / 100) : byId("ticket-quantity").value;
    setLegs(next);
  } catch (error) {
    wrong(error.message);
  }
  byId("ticket-template").value = "";
}

// Once, with the first chain: the expiry and legs that the address names.
function begin() {
  if (start.has("expiry") && start.get("expiry") !== table.chain.expiry) {
    const expiry = start.get("expiry");
    start.delete("expiry");
    if (table.chain.expiries.includes(expiry)) return void table.show(expiry);
  }
  const named = (start.get("legs") ?? "").split(",").filter(Boolean).map((word) => word.split(":"));
  const rolled = start.get("roll");
  ["legs", "roll", "expiry"].forEach((name) => start.delete(name));
  if (named.length) setLegs(named.slice(0, MOST_LEGS).map(([side, symbol, ratio]) => ({ side: side === "SELL" ? "SELL" : "BUY", symbol, ratio: Number(ratio ?? 1) || 1 })));
  else if (rolled) startFrom(`roll:${rolled}`);
  else table.mark(legs);
}

for (const { code } of accounts.filter((one) => may("SEND_ORDER", one.code))) byId("ticket-account").append(h("option", { value: code }, code));
const wanted = start.get("account") ?? chosenAccount();
if (may("SEND_ORDER", wanted)) byId("ticket-account").value = wanted;
byId("ticket-clear").addEventListener("click", () => setLegs([]));
byId("ticket-reverse").addEventListener("click", () => setLegs(reversed(legs)));
byId("ticket-template").addEventListener("change", () => byId("ticket-template").value && startFrom(byId("ticket-template").value));
byId("ticket-price").addEventListener("input", () => { isMine.price = byId("ticket-price").value !== ""; });
byId("ticket-effect").addEventListener("change", () => { isMine.effect = true; isMine.price = true; });
byId("ticket-account").addEventListener("change", paintRolls);
byId("ticket-fields").addEventListener("input", changed);
byId("ticket").addEventListener("submit", (event) => { event.preventDefault(); lastLook.begin(); });
byId("ticket-back").addEventListener("click", () => { lastLook.end(); paint(); soon(); });
keepWhile(() => legs.length > 0);
on("positions", paintRolls);
onState(() => paint());
