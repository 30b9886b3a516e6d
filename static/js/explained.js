// The day's P&L by what moved it, what was realised and where it belongs, wash sales: read again every quarter minute.

import { isShown, onAccount } from "./access.js";
import { get } from "./api.js";
import { byId, h } from "./dom.js";
import { gain, money, number, signedMoney, words } from "./format.js";
import { weekType } from "./week-types.js";

const EVERY = 15_000;
const TERMS = [
  ["delta", "Delta"], ["gamma", "Gamma"], ["vega", "Vega"], ["theta", "Theta"], ["rho", "Rho"], ["vanna", "Vanna"], ["volga", "Volga"],
  ["trading", "Trading"], ["fees", "Fees"], ["events", "Events"], ["residual", "Residual"], ["total", "Total"],
];
const DIMENSIONS = [["strategy", "Strategy"], ["week_type", "Week type"], ["account", "Account"], ["broker", "Broker"]];
const SAID = { strategy: words, week_type: (code) => (/^[PCW]-/.test(code) ? weekType(code) : words(code)) };
const seen = { explained: [], washes: [] };

const cell = (value) => (value === null ? h("td", { class: "r" }, "–") : h("td", { class: "r" }, gain(value, signedMoney(value))));

function table(heads, rows) {
  const head = h("tr", {}, heads.map((name, n) => h("th", { scope: "col", class: n ? "r" : null }, name)));
  return h("table", { class: "table-desk table-wide" }, h("thead", {}, head), h("tbody", {}, rows));
}

function line(row, name, isWhole) {
  const told = isWhole ? h("strong", {}, name) : name;
  const why = row.is_alarming ? h("span", { class: "text-secondary" }, row.total === null ? " · a price is missing" : " · not explained") : null;
  return h("tr", {}, h("th", { scope: "row" }, told, why), TERMS.map(([term]) => cell(row[term])));
}

function paintExplained() {
  const shown = seen.explained.filter((row) => isShown(row.account));
  byId("explained-empty").hidden = shown.length > 0;
  const rows = shown.flatMap((row) => [line(row, row.account, true), row.positions.map((own) => line(own, own.description, false))].flat());
  byId("explained-table").replaceChildren(...(rows.length ? [table(["", ...TERMS.map(([, name]) => name)], rows)] : []));
}

function paintMade(made) {
  const part = ([key, name]) => made[key].length > 0 && h("section", { class: "mb-3" }, h("h3", {}, name), h("dl", { class: "facts" },
    made[key].map((row) => [h("dt", {}, SAID[key]?.(row.name) ?? row.name), h("dd", {}, gain(row.amount, signedMoney(row.amount)))])));
  byId("made-tables").replaceChildren(h("p", {}, "Together ", gain(made.total, signedMoney(made.total)), made.unmarked ? ` · ${number(made.unmarked, 0)} positions without a mark are not in it` : null), ...DIMENSIONS.map(part).filter(Boolean));
}

function paintWashes() {
  const shown = seen.washes.filter((row) => isShown(row.account));
  byId("wash-empty").hidden = shown.length > 0;
  const rows = shown.map((row) => h("tr", {}, h("th", { scope: "row" }, `${row.underlying}, ${row.account}`),
    h("td", { class: "r" }, row.closed_on), h("td", { class: "r" }, money(row.loss)), h("td", { class: "r" }, `${number(row.washed_shares, 0)} of ${number(row.shares, 0)}`),
    h("td", { class: "r" }, money(row.disallowed))));
  byId("wash-table").replaceChildren(...(rows.length ? [table(["Loss in", "Closed", "Loss", "Shares washed", "Does not count"], rows)] : []));
}

async function read() {
  try {
    const [explained, made, washes] = await Promise.all([get("/pnl/explained/"), get("/pnl/attribution/"), get("/wash-sales/")]);
    Object.assign(seen, { explained: explained.results, washes: washes.results });
    paintExplained();
    paintMade(made);
    paintWashes();
  } catch (error) {
    byId("explained-empty").hidden = false;
    byId("explained-empty").textContent = `Not to be had now: ${error.message}`;
  }
}

onAccount(() => { paintExplained(); paintWashes(); });
read();
setInterval(() => { if (!document.hidden) read(); }, EVERY);
