// The chain of one expiry: quotes by the socket, Greeks and open interest by REST every few seconds.

import { get } from "./api.js";
import { drawSmile } from "./charts.js";
import { byId, h, setText } from "./dom.js";
import { isMissing, number, percent } from "./format.js";
import { on, rowsOf, system, wantQuotes } from "./live.js";
import { Ticket } from "./ticket.js";
import { sayError } from "./toast.js";

const REFRESH = 5000;
const underlying = byId("chain").dataset.underlying;
const cells = new Map(); // symbol → {bid, ask}
const ticket = new Ticket(underlying);
let chain = null;
let shown = "";

const days = (iso) => new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${iso}T12:00Z`));

async function load() {
  const expiry = byId("chain-expiry").value;
  try {
    chain = await get(`/chains/${underlying}/${expiry ? `?expiry=${expiry}` : ""}`);
  } catch (error) {
    if (!shown) setText(byId("chain-empty").querySelector("strong"), error.message);
    else if (error.status !== 503) sayError("The chain was not read", error);
    return;
  }
  paintExpiries();
  paintRows();
  paintSmile();
}

function paintExpiries() {
  const select = byId("chain-expiry");
  const key = chain.expiries.join();
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...chain.expiries.map((day) => h("option", { value: day }, days(day))));
  }
  select.value = chain.expiry ?? "";
}

function side(cell, right, strike) {
  if (cell === null) return Array.from({ length: 6 }, () => h("td", {}, ""));
  const button = (kind) => h("button", { type: "button", dataset: { symbol: cell.symbol, kind }, "aria-label": `${kind === "bid" ? "Sell" : "Buy"} ${Number(strike)} ${right}` }, "–");
  const [bid, ask] = [button("bid"), button("ask")];
  bid.addEventListener("click", () => ticket.add(cell.symbol, "SELL"));
  ask.addEventListener("click", () => ticket.add(cell.symbol, "BUY"));
  const slots = { bid, ask, iv: h("td"), delta: h("td"), theta: h("td"), interest: h("td") };
  cells.set(cell.symbol, slots);
  const outside = [slots.interest, slots.iv, slots.delta, slots.theta];
  const prices = [h("td", {}, bid), h("td", {}, ask)];
  return right === "call" ? [...outside, ...prices] : [...prices, ...outside.reverse()];
}

function paintRows() {
  const spot = Number(chain.spot?.last ?? chain.spot?.bid ?? 0);
  const key = `${chain.expiry} ${chain.rows.map((row) => row.strike).join()}`;
  if (key !== shown) {
    shown = key;
    cells.clear();
    const above = chain.rows.findIndex((row) => Number(row.strike) >= spot);
    byId("chain-rows").replaceChildren(...chain.rows.map((row, index) =>
      h("tr", { class: index === above ? "at-money" : null }, side(row.call, "call", row.strike), h("th", { class: "strike", scope: "row" }, number(row.strike)), side(row.put, "put", row.strike))));
    const first = byId("chain-rows").children[Math.max(0, above - 9)];
    if (first) byId("chain-rows").closest(".chain-scroll").scrollTop = first.offsetTop - first.offsetHeight;
  }
  byId("chain-empty").hidden = chain.rows.length > 0;
  setText(byId("chain-empty").querySelector("strong"), "No options of this expiry are listed");
  setText(byId("chain-source"), chain.spot && system().source !== "LIVE" ? (system().source ?? "").toLowerCase() : "");
  for (const row of chain.rows) [row.call, row.put].forEach((cell) => cell && paintCell(cell));
  paintSpot(chain.spot);
}

function paintCell({ symbol, quote, greeks, open_interest: interest }) {
  const slots = cells.get(symbol);
  paintQuote(symbol, rowsOf("quotes").get(symbol) ?? quote);
  setText(slots.iv, greeks ? percent(greeks.iv) : "–");
  setText(slots.delta, greeks ? number(greeks.delta) : "–");
  setText(slots.theta, greeks ? number(greeks.theta, 3) : "–");
  setText(slots.interest, number(interest, 0));
}

function paintQuote(symbol, quote) {
  const slots = cells.get(symbol);
  if (!slots || !quote) return;
  for (const kind of ["bid", "ask"]) {
    const text = number(quote[kind]);
    const before = Number(slots[kind].dataset.value ?? quote[kind]);
    if (slots[kind].textContent === text) continue;
    slots[kind].textContent = text;
    slots[kind].dataset.value = quote[kind] ?? "";
    slots[kind].disabled = isMissing(quote[kind]);
    flash(slots[kind], Number(quote[kind]) - before);
  }
  ticket.hear(symbol, quote);
}

function flash(element, change) {
  element.classList.remove("flash-up", "flash-down");
  if (!change) return;
  requestAnimationFrame(() => element.classList.add(change > 0 ? "flash-up" : "flash-down"));
}

function paintSpot(quote) {
  if (!quote) return;
  const value = quote.last ?? (isMissing(quote.bid) ? null : (Number(quote.bid) + Number(quote.ask)) / 2);
  setText(byId("chain-spot"), number(value));
}

function paintSmile() {
  const rows = chain.rows.filter((row) => row.call?.greeks || row.put?.greeks);
  if (!rows.length) return;
  const iv = (cell) => (cell?.greeks && Math.abs(cell.greeks.delta) <= 0.7 ? cell.greeks.iv : null);
  drawSmile(byId("smile"), rows.map((row) => row.strike), rows.map((row) => iv(row.call)), rows.map((row) => iv(row.put)),
    chain.spot?.last ?? chain.spot?.bid ?? 0);
}

byId("chain-expiry").addEventListener("change", load);
wantQuotes([underlying]);
on("quotes", ({ changed }) => {
  for (const row of changed) {
    if (row.symbol === underlying) paintSpot(row);
    else paintQuote(row.symbol, row);
  }
});
load();
setInterval(() => !document.hidden && load(), REFRESH);
