// An order by hand: one option, or two as a vertical. It takes the same path as any other; risk always runs.

import { accounts, chosenAccount, may } from "./access.js";
import { post } from "./api.js";
import { byId, h, icon, setText } from "./dom.js";
import { number } from "./format.js";
import { isLive, on, rowsOf } from "./live.js";
import { sayError, toast } from "./toast.js";

const MOST_LEGS = 2;

export function sayContract(symbol) {
  const [, root, ymd, right, mills] = /^(.{6})(\d{6})([CP])(\d{8})$/.exec(symbol);
  const day = new Date(Date.UTC(2000 + Number(ymd.slice(0, 2)), Number(ymd.slice(2, 4)) - 1, Number(ymd.slice(4))));
  const said = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(day);
  return `${root.trim()} ${said} ${Number(mills) / 1000} ${right === "C" ? "call" : "put"}`;
}

export class Ticket {
  constructor(underlying) {
    Object.assign(this, { underlying, legs: [], quotes: new Map(), isPriceMine: false });
    on("positions", () => {});
    const select = byId("ticket-account");
    for (const { code } of accounts.filter((account) => may("SEND_ORDER", account.code))) select.append(h("option", { value: code }, code));
    if (may("SEND_ORDER", chosenAccount())) select.value = chosenAccount();
    byId("ticket-clear").addEventListener("click", () => this.clear());
    byId("ticket-price").addEventListener("input", () => { this.isPriceMine = true; this.paint(); });
    byId("ticket").addEventListener("input", () => this.paint());
    byId("ticket").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
  }

  clear() {
    this.legs = [];
    this.isPriceMine = false;
    this.paint();
  }

  add(symbol, side) {
    this.legs = this.legs.filter((leg) => leg.symbol !== symbol);
    if (this.legs.length === MOST_LEGS) this.legs.shift();
    this.legs.push({ symbol, side });
    this.isPriceMine = false;
    this.paint();
  }

  hear(symbol, quote) {
    this.quotes.set(symbol, quote);
    if (!this.isPriceMine && this.legs.some((leg) => leg.symbol === symbol)) this.paint();
  }

  // What one unit pays (+) or costs (−) at the middle of the market.
  middle() {
    let sum = 0;
    for (const { symbol, side } of this.legs) {
      const quote = this.quotes.get(symbol);
      if (!quote || quote.bid === null || quote.ask === null) return null;
      sum += (side === "SELL" ? 1 : -1) * ((Number(quote.bid) + Number(quote.ask)) / 2);
    }
    return sum;
  }

  effect() {
    if (this.legs.length === 1) return this.legs[0].side === "BUY" ? "DEBIT" : "CREDIT";
    return (this.middle() ?? 0) >= 0 ? "CREDIT" : "DEBIT";
  }

  positionEffect({ symbol, side }) {
    const held = Number(rowsOf("positions").get(`${byId("ticket-account").value}:${symbol}`)?.qty ?? 0);
    return (side === "SELL" && held > 0) || (side === "BUY" && held < 0) ? "CLOSE" : "OPEN";
  }

  paint() {
    const has = this.legs.length > 0;
    byId("ticket-fields").hidden = !has || !byId("ticket-account").options.length;
    setText(byId("ticket-hint"), byId("ticket-account").options.length
      ? "Click an ask to buy, a bid to sell. One leg, or two for a vertical." : "Your role does not send orders.");
    byId("ticket-legs").replaceChildren(...this.legs.map((leg) => this.legItem(leg)));
    if (!has) return;
    const middle = this.middle();
    if (!this.isPriceMine && middle !== null) byId("ticket-price").value = (Math.round(Math.abs(middle) * 20) / 20).toFixed(2);
    setText(byId("ticket-price-label"), this.effect() === "DEBIT" ? "Pay at most" : "Take at least");
    byId("ticket-send").disabled = !isLive();
    setText(byId("ticket-sentence"), this.sentence());
  }

  legItem(leg) {
    const remove = h("button", { type: "button", class: "btn-plain", "aria-label": `Remove ${sayContract(leg.symbol)}` }, icon("x"));
    remove.addEventListener("click", () => { this.legs = this.legs.filter((other) => other !== leg); this.paint(); });
    return h("li", { class: "align-items-center" }, h("span", { class: `tag ${leg.side === "BUY" ? "good" : "bad"}` }, leg.side),
      h("span", { class: "flex-fill" }, `${sayContract(leg.symbol)}, to ${this.positionEffect(leg).toLowerCase()}`), remove);
  }

  sentence() {
    const what = this.legs.map((leg) => `${leg.side === "BUY" ? "buy" : "sell"} ${sayContract(leg.symbol)}`).join(" and ");
    const said = `${what} × ${byId("ticket-quantity").value} at ${number(byId("ticket-price").value)} ${this.effect().toLowerCase()}, ${byId("ticket-until").value}`;
    return said.charAt(0).toUpperCase() + said.slice(1);
  }

  async send() {
    const button = byId("ticket-send");
    const wrong = byId("ticket-error");
    wrong.hidden = true;
    button.disabled = true;
    try {
      const order = await post("/orders/", {
        account: byId("ticket-account").value, underlying: this.underlying, quantity: Number(byId("ticket-quantity").value),
        ord_type: "LIMIT", time_in_force: byId("ticket-until").value, price_effect: this.effect(), limit_price: byId("ticket-price").value,
        legs: this.legs.map((leg) => ({ symbol: leg.symbol, side: leg.side, position_effect: this.positionEffect(leg), ratio: 1 })),
      });
      toast("done", "Sent to the broker's queue", this.sentence()).append(h("a", { href: `/orders/${order.id}/` }, "See it"));
      this.clear();
    } catch (error) {
      wrong.hidden = false;
      setText(wrong, error.message);
      sayError("Not sent", error);
    } finally {
      button.disabled = !isLive();
    }
  }
}
