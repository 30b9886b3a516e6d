// The book of one contract: asked for by REST, which also keeps it on the feed's line, and followed by the socket.

import { get } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { number } from "./format.js";
import { on } from "./live.js";

const KEEP = 5000; // asked again before the desk gives the book back
const MOST = 10;

export class DepthCard {
  constructor(underlying) {
    Object.assign(this, { underlying, symbol: "", listed: "", turn: 0 });
    this.pick = byId("depth-symbol");
    this.pick.addEventListener("change", () => this.show(this.pick.value));
    on("depth", ({ changed }) => changed.forEach((row) => row.symbol === this.symbol && this.paint(row)));
    setInterval(() => !document.hidden && this.symbol && this.load(), KEEP);
    document.addEventListener("visibilitychange", () => !document.hidden && this.symbol && this.load());
  }

  // The contracts of the expiry that the chain shows.
  list(chain) {
    const key = `${chain.expiry} ${chain.rows.map((row) => row.strike).join()}`;
    if (key === this.listed) return;
    this.listed = key;
    const group = (label, cell) => h("optgroup", { label }, ...chain.rows.filter((row) => row[cell]).map((row) => h("option", { value: row[cell].symbol }, `${number(row.strike)} ${cell}`)));
    this.pick.replaceChildren(h("option", { value: "" }, "Pick a contract"), h("option", { value: this.underlying }, `${this.underlying} shares`), group("Calls", "call"), group("Puts", "put"));
    this.pick.value = this.symbol;
    if (this.pick.value !== this.symbol) this.show("");
  }

  show(symbol) {
    this.symbol = symbol;
    this.pick.value = symbol;
    byId("depth-rows").replaceChildren();
    byId("depth-book").hidden = true;
    setText(byId("depth-note"), symbol ? "Asking for it" : "Pick a contract to see what is bid and offered behind the best prices.");
    if (symbol) this.load();
  }

  async load() {
    const { symbol } = this;
    const turn = (this.turn += 1);
    try {
      const row = await get(`/depth/${encodeURIComponent(symbol)}/`);
      if (turn === this.turn && symbol === this.symbol) this.paint(row);
    } catch (error) {
      if (symbol !== this.symbol) return;
      byId("depth-book").hidden = true; // what cannot be read any more is not shown as if it stood
      setText(byId("depth-note"), error.message);
    }
  }

  paint({ bids, asks, note, has_book: hasBook }) {
    const rows = Math.min(MOST, Math.max(bids.length, asks.length));
    const side = (level, order) => {
      const cells = [h("td", { class: "text-secondary" }, level?.maker ?? ""), h("td", { class: "num" }, level ? number(level.size, 0) : ""), h("td", { class: "num" }, level ? number(level.price) : "")];
      return order === "bid" ? cells : cells.reverse();
    };
    byId("depth-rows").replaceChildren(...Array.from({ length: rows }, (_, place) => h("tr", {}, ...side(bids[place], "bid"), ...side(asks[place], "ask"))));
    byId("depth-book").hidden = rows === 0;
    setText(byId("depth-note"), note || (rows ? "" : "Nothing is bid or offered."));
    setText(byId("depth-kind"), hasBook ? "Book" : "Best prices only");
  }
}
