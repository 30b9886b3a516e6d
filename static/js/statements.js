// Day-end statements: one a session and account, each opened whole.

import { isShown, onAccount } from "./access.js";
import { get } from "./api.js";
import { byId, fill, h, setText, showDialog } from "./dom.js";
import { gain, isMissing, moment, money, number, signedMoney, words } from "./format.js";
import { sayError } from "./toast.js";

const EVERY = 60_000;
const TERMS = ["delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "trading", "fees", "events", "residual", "total"];
const MONEY = [
  ["Cash", "cash"], ["Of it settled", "settled_cash"], ["Settles next session", "unsettled_cash"], ["Equity", "equity"], ["Day began with", "opened_with"], ["Day P&L", "day_pnl"], ["Realised", "realised"],
  ["Unrealised", "unrealised"], ["Fees", "fees"], ["Dividends", "income"], ["Put in", "capital"],
];
const dialog = byId("statement-dialog");
let listed = [];

const dollars = (value) => (isMissing(value) ? "–" : money(value));
const facts = (rows) => h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

function table(heads, rows) {
  const head = h("tr", {}, heads.map(([name, isNumber]) => h("th", { scope: "col", class: isNumber ? "r" : null }, name)));
  return h("table", { class: "table-desk" }, h("thead", {}, head), h("tbody", {}, rows));
}

function verdict(row) {
  if (row.verdict !== "BREAKS") return row.said_verdict;
  return h("strong", {}, `${row.said_verdict}: ${number(row.differences, 0)}`);
}

function line(row) {
  const open = h("button", { type: "button", class: "btn btn-sm", "aria-label": `Open the statement of ${row.account} for ${row.day}`, onclick: () => show(row) }, "Open");
  return h("tr", {}, h("th", { scope: "row" }, row.day), h("td", {}, row.account), h("td", { class: "r" }, dollars(row.equity)),
    h("td", { class: "r" }, isMissing(row.day_pnl) ? "–" : gain(row.day_pnl, signedMoney(row.day_pnl))), h("td", {}, verdict(row)),
    h("td", {}, h("code", { title: row.digest }, row.digest.slice(0, 12))), h("td", { class: "r" }, open));
}

function paint() {
  const shown = listed.filter((row) => isShown(row.account));
  const heads = [["Day"], ["Account"], ["Equity", true], ["Day P&L", true], ["Broker's book"], ["Digest"], [""]];
  fill(byId("statement-table"), (shown.length ? [table(heads, shown.map(line))] : []));
  byId("statement-note").hidden = shown.length > 0;
  setText(byId("statement-note"), "None yet: the first is made a quarter of an hour after a close.");
}

function held(content) {
  const theirs = new Map((content.broker?.positions ?? []).map((one) => [one.symbol, one]));
  const rows = content.positions.map((one) => h("tr", {}, h("th", { scope: "row" }, one.description), h("td", { class: "r" }, number(one.qty, 0)),
    h("td", { class: "r" }, content.broker === null ? "–" : number(theirs.get(one.symbol)?.qty ?? 0, 0)), h("td", { class: "r" }, dollars(one.avg_px)),
    h("td", { class: "r" }, dollars(one.mark)), h("td", { class: "r" }, dollars(one.market_value)), h("td", { class: "r" }, dollars(one.day_pnl)),
    h("td", {}, one.lots.map((lot) => h("div", {}, h("code", {}, lot.lot), ` ${number(lot.qty, 0)} at ${money(lot.price)}`)))));
  const heads = [["Held"], ["Ours", true], ["Broker's", true], ["Price", true], ["Mark", true], ["Value", true], ["Day P&L", true], ["Lots"]];
  return rows.length ? table(heads, rows) : h("p", { class: "text-secondary" }, "Nothing was held or traded.");
}

function differences(content) {
  if (content.broker === null) return h("p", { role: "note" }, "The broker did not tell its book in time, so nothing vouches for ours.");
  if (!content.differences.length) return h("p", {}, "The broker's book of ", moment(content.broker.taken_at, { day: true }), ` says the same; its cash is ${dollars(content.broker.cash)}.`);
  return h("ul", {}, content.differences.map((one) => h("li", {}, `${words(one.kind)} ${one.subject}: ours ${one.ours}, the broker's ${one.theirs}`)));
}

function late(content) {
  if (!content.caught_up) return [];
  const missing = content.unmarked.length ? ` No mark of that day was kept of ${content.unmarked.join(", ")}, so its equity is not known.` : "";
  return [h("p", { role: "note" }, `Nobody watched as that day ended: made afterwards from the books and the marks that were kept.${missing} Its P&L is not explained.`)];
}

async function show(row) {
  try {
    const whole = await get(`/statements/${row.account}/${row.day}/`);
    const { content } = whole;
    setText(byId("statement-title"), `${row.account} at the close of ${row.day}`);
    byId("statement-body").replaceChildren(
      ...late(content), differences(content), h("div", { class: "scroll-x mb-3", tabindex: "0", role: "region", "aria-label": "Positions at the close" }, held(content)),
      h("div", { class: "grid-2" }, facts(MONEY.map(([name, key]) => [name, dollars(content.money[key])])),
        facts(TERMS.map((name) => [words(name), gain(content.explained[name], signedMoney(content.explained[name]))]))),
      h("p", { class: "form-hint" }, whole.is_whole ? "As it was made. " : h("strong", {}, "Not what was made: its digest differs. "), "SHA-256 ", h("code", { class: "text-break" }, whole.digest)));
    showDialog(dialog);
  } catch (error) {
    sayError("The statement was not read", error);
  }
}

async function read() {
  try {
    listed = (await get("/statements/?limit=20")).results;
    paint();
  } catch (error) {
    byId("statement-note").hidden = false;
    setText(byId("statement-note"), `Not to be had now: ${error.message}`);
  }
}

onAccount(paint);
read();
setInterval(() => { if (!document.hidden) read(); }, EVERY);
