// The chain of one expiry: quotes by the socket, Greeks and open interest by REST every few seconds.

import { get } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { isMissing, number, percent } from "./format.js";
import { on, rowsOf, system, wantQuotes } from "./live.js";
import { sayError } from "./toast.js";

const REFRESH = 5000;

const days = (iso) => new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${iso}T12:00Z`));

export class ChainTable {
  // `onPick(symbol, side)` when a price is clicked; `onQuote(symbol, quote)` and `onChain(chain)` when they come.
  constructor(underlying, { onPick, onQuote = () => {}, onChain = () => {} }) {
    Object.assign(this, { underlying, onPick, onQuote, onChain, cells: new Map(), chain: null, shown: "", loads: 0 });
    byId("chain-expiry").addEventListener("change", () => this.load());
    wantQuotes([underlying]);
    on("quotes", ({ changed }) => changed.forEach((row) => this.hear(row)));
    this.load();
    setInterval(() => !document.hidden && this.load(), REFRESH);
  }

  async show(expiry) {
    byId("chain-expiry").value = expiry;
    await this.load();
  }

  async load() {
    const expiry = byId("chain-expiry").value;
    const turn = (this.loads += 1);
    try {
      const chain = await get(`/chains/${this.underlying}/${expiry ? `?expiry=${expiry}` : ""}`);
      if (turn === this.loads) this.paint(chain);
    } catch (error) {
      if (!this.shown) setText(byId("chain-empty").querySelector("strong"), error.message);
      else if (error.status !== 503) sayError("The chain was not read", error);
    }
  }

  paint(chain) {
    this.chain = chain;
    this.paintExpiries();
    this.paintRows();
    this.onChain(chain);
  }

  hear(row) {
    if (row.symbol === this.underlying) this.paintSpot(row);
    else this.paintQuote(row.symbol, row);
  }

  paintExpiries() {
    const select = byId("chain-expiry");
    const key = this.chain.expiries.join();
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      select.replaceChildren(...this.chain.expiries.map((day) => h("option", { value: day }, days(day))));
    }
    select.value = this.chain.expiry ?? "";
  }

  side(cell, right, strike) {
    if (cell === null) return Array.from({ length: 6 }, () => h("td", {}, ""));
    const button = (kind) => h("button", { type: "button", dataset: { symbol: cell.symbol, kind }, "aria-label": `${kind === "bid" ? "Sell" : "Buy"} ${Number(strike)} ${right}` }, "–");
    const [bid, ask] = [button("bid"), button("ask")];
    bid.addEventListener("click", () => this.onPick(cell.symbol, "SELL"));
    ask.addEventListener("click", () => this.onPick(cell.symbol, "BUY"));
    const slots = { bid, ask, iv: h("td"), delta: h("td"), theta: h("td"), interest: h("td") };
    this.cells.set(cell.symbol, slots);
    const outside = [slots.interest, slots.iv, slots.delta, slots.theta];
    const prices = [h("td", {}, bid), h("td", {}, ask)];
    return right === "call" ? [...outside, ...prices] : [...prices, ...outside.reverse()];
  }

  paintRows() {
    const { chain } = this;
    const spot = Number(chain.spot?.last ?? chain.spot?.bid ?? 0);
    const key = `${chain.expiry} ${chain.rows.map((row) => row.strike).join()}`;
    if (key !== this.shown) {
      this.shown = key;
      this.cells.clear();
      const above = chain.rows.findIndex((row) => Number(row.strike) >= spot);
      byId("chain-rows").replaceChildren(...chain.rows.map((row, index) =>
        h("tr", { class: index === above ? "at-money" : null }, this.side(row.call, "call", row.strike), h("th", { class: "strike", scope: "row" }, number(row.strike)), this.side(row.put, "put", row.strike))));
      centre(byId("chain-rows").children[above < 0 ? chain.rows.length - 1 : above]);
    }
    byId("chain-empty").hidden = chain.rows.length > 0;
    setText(byId("chain-empty").querySelector("strong"), "No options of this expiry are listed");
    setText(byId("chain-source"), chain.spot && system().source !== "LIVE" ? (system().source ?? "").toLowerCase() : "");
    for (const row of chain.rows) [row.call, row.put].forEach((cell) => cell && this.paintCell(cell));
    this.paintSpot(chain.spot);
  }

  paintCell({ symbol, quote, greeks, open_interest: interest }) {
    const slots = this.cells.get(symbol);
    this.paintQuote(symbol, rowsOf("quotes").get(symbol) ?? quote);
    setText(slots.iv, greeks ? percent(greeks.iv) : "–");
    setText(slots.delta, greeks ? number(greeks.delta) : "–");
    setText(slots.theta, greeks ? number(greeks.theta, 3) : "–");
    setText(slots.interest, number(interest, 0));
  }

  paintQuote(symbol, quote) {
    if (quote) this.onQuote(symbol, quote);
    const slots = this.cells.get(symbol);
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
  }

  paintSpot(quote) {
    if (!quote) return;
    const value = quote.last ?? (isMissing(quote.bid) ? null : (Number(quote.bid) + Number(quote.ask)) / 2);
    setText(byId("chain-spot"), number(value));
  }

  // Marks the legs of the ticket in the table.
  mark(legs) {
    for (const [symbol, slots] of this.cells) {
      const leg = legs.find((one) => one.symbol === symbol);
      slots.bid.classList.toggle("is-picked", leg?.side === "SELL");
      slots.ask.classList.toggle("is-picked", leg?.side === "BUY");
    }
  }
}

// The money is in the middle when the table is first painted.
function centre(row) {
  if (!row) return;
  const box = row.closest(".chain-scroll");
  const head = row.closest("table").tHead.offsetHeight;
  box.scrollTop = row.offsetTop - head - (box.clientHeight - head - row.offsetHeight) / 2;
}

function flash(element, change) {
  element.classList.remove("flash-up", "flash-down");
  if (!change) return;
  requestAnimationFrame(() => element.classList.add(change > 0 ? "flash-up" : "flash-down"));
}
