// The market of a proposal, live, with its limit on it: one leg's quote, or the net of several.

import { h, setText } from "./dom.js";
import { isMissing, number } from "./format.js";
import { on, rowsOf } from "./live.js";

// What one unit would fetch or cost now: the far side and the near side, per share, as the ticket's own direction.
export function net(ticket, quotes) {
  let near = 0;
  let far = 0;
  for (const leg of ticket.legs) {
    const quote = quotes.get(leg.symbol);
    if (!quote || isMissing(quote.bid) || isMissing(quote.ask)) return null;
    const [bid, ask] = [Number(quote.bid), Number(quote.ask)];
    near += leg.ratio * (leg.side === "SELL" ? bid : -ask); // what crossing the market gives
    far += leg.ratio * (leg.side === "SELL" ? ask : -bid);
  }
  return ticket.price_effect === "DEBIT" ? { bid: -far, ask: -near } : { bid: near, ask: far };
}

export class Nbbo {
  constructor() {
    this.content = null;
    this.mark = h("div", { class: "nbbo-limit" });
    this.left = h("div", { class: "end-left num" });
    this.right = h("div", { class: "end-right num" });
    this.facts = h("div", { class: "text-secondary num" });
    this.element = h("section", {}, h("h3", {}, "Market, and the limit on it"),
      this.bar = h("div", { class: "nbbo live-value" }, h("div", { class: "track" }, this.mark), this.left, this.right), this.facts);
    this.heardAt = null;
    on("quotes", ({ changed }) => this.hear(changed));
    setInterval(() => this.content && this.paint(), 500);
  }

  show(content) {
    this.content = content;
    this.heardAt = null;
    this.paint();
  }

  hear(changed) {
    if (!this.content) return;
    const symbols = this.content.ticket.legs.map((leg) => leg.symbol);
    if (changed.some((row) => symbols.includes(row.symbol))) {
      this.heardAt = Date.now();
      this.paint();
    }
  }

  paint() {
    const { ticket, price } = this.content;
    const live = net(ticket, rowsOf("quotes"));
    const { bid, ask } = live ?? { bid: Number(price.bid), ask: Number(price.ask) };
    const limit = Number(ticket.limit_price);
    const width = ask - bid;
    const low = Math.min(bid, limit) - width * 0.15;
    const high = Math.max(ask, limit) + width * 0.15;
    const place = (at, otherwise) => `${Math.min(93, Math.max(7, high > low ? (100 * (at - low)) / (high - low) : otherwise))}%`;
    this.mark.style.left = place(limit, 50);
    this.bar.style.setProperty("--bid", place(bid, 7));
    this.bar.style.setProperty("--ask", place(ask, 93));
    setText(this.mark, isMissing(ticket.limit_price) ? "market" : `limit ${number(limit)}`);
    setText(this.left, `bid ${number(bid)}`);
    setText(this.right, `ask ${number(ask)}`);
    const age = live && this.heardAt !== null ? `${number((Date.now() - this.heardAt) / 1000, 1)} s ago` : "as proposed";
    setText(this.facts, `Mid ${number((bid + ask) / 2, 3)}, width ${number(width)}, ${age}${live ? drift(price, bid, ask) : ""}`);
  }
}

function drift(price, bid, ask) {
  if (isMissing(price.mid)) return "";
  const moved = (bid + ask) / 2 - Number(price.mid);
  return Math.abs(moved) < 0.005 ? ", unmoved" : `, mid moved ${moved > 0 ? "+" : "−"}${number(Math.abs(moved))}`;
}
