// Positions and P&L: a card an account, every position, the equity curve.

import { accounts, isShown, onAccount } from "./access.js";
import { positionsGrid } from "./blotter.js";
import { drawEquity } from "./charts.js";
import { byId, h, pageData } from "./dom.js";
import { gain, money, number, percent, signed, signedMoney } from "./format.js";
import { on, rowsOf } from "./live.js";

function card(row) {
  const facts = [
    ["Realised", gain(row.realised, signedMoney(row.realised))], ["Unrealised", gain(row.unrealised, signedMoney(row.unrealised))],
    ["Fees", money(row.fees)], ["Cash", money(row.cash)],
    ["Deployed", `${money(row.deployed, 0)}, ${percent(row.deployed_ratio)}`], ["Drawdown", percent(row.drawdown)],
    ["Delta", signed(row.net_delta, 1)], ["Gamma", signed(row.net_gamma, 2)], ["Theta a day", signedMoney(row.net_theta)], ["Vega", signed(row.net_vega, 1)],
    ["Breaches", number(row.breaches, 0)],
  ];
  return h("section", { class: "card-desk live-value" },
    h("header", {}, h("h2", {}, row.account), h("strong", { class: "end num" }, money(row.equity))),
    h("div", { class: "body" }, h("p", { class: "mb-2" }, "Day ", gain(row.day_pnl, signedMoney(row.day_pnl))),
      h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))));
}

function paintCards() {
  const shown = [...rowsOf("pnl").values()].filter((row) => isShown(row.account));
  const place = (row) => accounts.findIndex((account) => account.code === row.account);
  shown.sort((a, b) => place(a) - place(b));
  byId("pnl-cards").replaceChildren(...shown.map(card));
}

function paintCurve() {
  const curves = pageData("curves").filter(({ account, points }) => points.length > 1 && isShown(account));
  byId("equity-chart").hidden = curves.length === 0;
  byId("equity-empty").hidden = curves.length > 0;
  if (curves.length) drawEquity(byId("equity-chart"), curves);
}

positionsGrid(byId("positions-grid"), { isShown, onAccount, compact: false });
on("pnl", paintCards);
onAccount(() => { paintCards(); paintCurve(); });
paintCurve();
