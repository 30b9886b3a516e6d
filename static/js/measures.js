// Portfolio risk: a line an account and one for all, and behind each its stress grid, its tails and what it is exposed to.

import { chosenAccount, isShown, onAccount } from "./access.js";
import { get } from "./api.js";
import { byId, fill, h, setText } from "./dom.js";
import { gain, isMissing, moment, money, number, percent, signed, signedMoney } from "./format.js";

const EVERY = 30_000;
const DOUBTS = {
  NONE: "no quote", STALE: "a quote that is no longer vouched for", CROSSED: "a crossed quote", LOCKED: "a locked quote", ONE_SIDED: "one side only",
  EMPTY: "neither bid nor ask", HALTED: "a halt",
};
const ZONES = { GREEN: "good", YELLOW: "warn", RED: "bad" };
let answer = null;
let chosen = null;

const key = (row) => `${row.environment}:${row.account ?? ""}`;
const points = (value) => `${signed(100 * value, 0)} pts`;
const move = (value) => `${signed(100 * value, 0)} %`;
const tail = (row, confidence) => row.var?.tails.find((one) => one.confidence === confidence);
const plural = (count, word) => `${number(count, 0)} ${word}${count === 1 ? "" : "s"}`;

function shownRows() {
  return answer.results.filter((row) => (row.account === null ? chosenAccount() === "" : isShown(row.account)));
}

const cell = (...inside) => h("td", { class: "r" }, inside);
const dollars = (value) => cell(isMissing(value) ? "–" : gain(value, signedMoney(value, 0)));

function lossOf(amount, share) {
  if (isMissing(amount)) return cell("–");
  return cell(h("span", { class: "num" }, money(amount, 0)), isMissing(share) ? null : h("span", { class: "text-secondary d-block" }, percent(share, 2)));
}

const COLUMNS = [
  ["Equity", (row) => cell(money(row.equity, 0))],
  ["Delta", (row) => dollars(row.greeks?.delta)],
  [() => `In ${answer.reference} shares`, (row) => cell(isMissing(row.beta?.shares) ? "–" : signed(row.beta.shares, 0))],
  ["Gamma, 1 %", (row) => dollars(row.greeks?.gamma_a_percent)],
  ["Vega, 1 pt", (row) => dollars(row.greeks?.vega_a_point)],
  ["Theta, 1 day", (row) => dollars(row.greeks?.theta_a_day)],
  ["VaR 95 %", (row) => lossOf(tail(row, 0.95)?.var, tail(row, 0.95)?.of_equity)],
  ["VaR 99 %", (row) => lossOf(tail(row, 0.99)?.var, tail(row, 0.99)?.of_equity)],
  ["Worst stress", (row) => (row.stress ? cell(gain(row.stress.worst.pnl, signedMoney(row.stress.worst.pnl, 0)), isMissing(row.stress.worst.of_equity) ? null
    : h("span", { class: "text-secondary d-block" }, percent(row.stress.worst.of_equity))) : cell("–"))],
  ["Drawdown", (row) => cell(row.drawdown ? percent(row.drawdown.now, 2) : "–")],
];

function title(row) {
  const name = row.account === null ? `All ${row.accounts.length} accounts` : row.title;
  return answer.results.some((other) => other.environment !== row.environment) ? `${name}, ${row.environment.toLowerCase()}` : name;
}

function line(row) {
  const isChosen = key(row) === chosen;
  const pick = h("button", { type: "button", class: "pick", "aria-pressed": String(isChosen), onclick: () => { chosen = key(row); paint(); } }, title(row));
  return h("tr", { class: isChosen ? "is-chosen" : null }, h("th", { scope: "row" }, pick), COLUMNS.map(([, make]) => make(row)));
}

function paint() {
  if (answer === null) return;
  const shown = shownRows();
  if (!shown.some((row) => key(row) === chosen)) chosen = shown.length ? key(shown[0]) : null;
  const focused = document.activeElement?.classList.contains("pick") ? document.activeElement.textContent : null;
  const heads = ["Account", ...COLUMNS.map(([name]) => (typeof name === "function" ? name() : name))];
  const head = h("tr", {}, heads.map((name, n) => h("th", { scope: "col", class: n ? "r" : null }, name)));
  byId("measures-table").replaceChildren(...(shown.length ? [h("table", { class: "table-desk table-wide measures" }, h("thead", {}, head), h("tbody", {}, shown.map(line)))] : []));
  if (focused !== null) [...document.querySelectorAll(".measures .pick")].find((button) => button.textContent === focused)?.focus();
  fill(byId("measures-as-of"), "As of ", moment(answer.as_of), `, ${plural(answer.horizon_days, "day")} to the next session`);
  paintDetail(shown.find((row) => key(row) === chosen));
}

function paintDetail(row) {
  const note = byId("measures-note");
  setText(note, row === undefined ? "No account to show." : said(row));
  note.hidden = note.textContent === "";
  byId("measures-detail").hidden = row === undefined || row.positions === 0;
  if (byId("measures-detail").hidden) return;
  fill(byId("stress-days"), days(row));
  fill(byId("stress-grid"), row.stress ? grid(row.stress) : h("p", { class: "text-secondary mb-0" }, "Not told: something that is held cannot be valued."));
  fill(byId("measures-facts"), assigned(row), tails(row), names(row), second(row), falls(row), quotes(row));
}

function said(row) {
  if (row.positions === 0) return "Nothing is held: there is nothing to lose.";
  const { missing } = row.quotes;
  if (missing.length) return `No price or no volatility for ${missing.join(", ")}: no number is told without it.`;
  return "";
}

function grid(stress) {
  const most = Math.max(...stress.grid.flat().map((value) => Math.abs(Number(value))), 1);
  const shade = (value) => {
    const part = Math.round(100 * Math.sqrt(Math.abs(Number(value)) / most));
    return { background: `color-mix(in srgb, var(--desk-${Number(value) < 0 ? "down" : "up"}-bg) ${part}%, var(--desk-raised))` };
  };
  const rows = stress.grid.map((cells, m) => h("tr", {}, h("th", { scope: "row" }, move(answer.moves[m])), cells.map((value, p) => {
    const isWorst = m === stress.worst.move && p === stress.worst.points;
    return h("td", { class: isWorst ? "is-worst" : null, style: shade(value), title: isWorst ? "The worst of them" : null }, signed(value, 0));
  })));
  const head = h("tr", {}, h("th", { scope: "col" }, "Spot"), answer.points.map((value) => h("th", { scope: "col" }, points(value))));
  return h("table", { class: "stress-grid" }, h("thead", {}, head), h("tbody", {}, rows.reverse()));
}

const block = (name, ...inside) => h("section", {}, h("h3", {}, name), inside);
const facts = (rows) => h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
const hint = (text) => h("p", { class: "form-hint mb-0" }, text);

function tails(row) {
  if (!row.var) return null;
  const told = row.var;
  if (!told.tails.length) {
    const why = told.without_history.length ? `${told.without_history.join(", ")}: fewer than ${answer.needed} daily moves are kept` : `${told.observations} joint daily moves are kept, ${answer.needed} are needed`;
    return block("Value at risk", hint(`Not told. ${why}.`));
  }
  const line = (name, of, why) => h("tr", {}, h("th", { scope: "row", title: why ?? null }, name), told.tails.map((one) => cell(of(one))));
  const head = h("tr", {}, h("td", {}), told.tails.map((one) => h("th", { scope: "col", class: "r" }, percent(one.confidence, 0))));
  const table = h("table", { class: "table-desk" }, h("thead", {}, head), h("tbody", {},
    line("VaR", (one) => money(one.var, 0)), line("Expected shortfall", (one) => money(one.es, 0)), line("Worst days in it", (one) => number(one.worst_days, 0)),
    line("By delta and gamma", (one) => h("span", { class: "text-secondary" }, money(one.by_greeks, 0)), "Quick, and wrong for large moves of short options")));
  const volatility = told.volatility === "INDEX" ? "volatilities move as the index did" : "volatilities are held: no bars of the index";
  const basis = `n = ${told.observations} joint moves of ${told.first} to ${told.last}, each option valued anew; ${volatility}.`;
  return block("Value at risk", table, facts([backtest(told.backtest)]), hint(basis));
}

function backtest(done) {
  if (done === null) return ["Back-test", "too few days"];
  const counted = `${done.exceptions} of ${plural(done.days, "day")} beyond VaR ${percent(done.confidence, 0)}, ${number(done.expected, 1)} expected `;
  const [said, kind] = !done.is_rejected ? ["Holds", ZONES[done.zone]] : done.exceptions < done.expected ? ["Too careful", ""] : ["Rejected", "bad"];
  return ["Back-test", [counted, h("span", { class: `tag ${kind}` }, said)]];
}

function days({ stress }) {
  if (!stress) return null;
  const rows = stress.named.map((day) => [`${day.name} (${move(day.move)}, ${points(day.points)})`, gain(day.pnl, signedMoney(day.pnl, 0))]);
  if (stress.gap) rows.push([`${stress.gap.underlying} alone gaps ${move(stress.gap.move)}`, gain(stress.gap.pnl, signedMoney(stress.gap.pnl, 0))]);
  return block("Named days", facts(rows));
}

function names({ concentration, beta }) {
  const unknown = beta?.unknown.length ? hint(`No beta to ${answer.reference} for ${beta.unknown.join(", ")}: too few moves, or no quote.`) : null;
  if (!concentration) return block("Concentration", hint("Not told: a mark is missing, or nothing is at work."), unknown);
  const rows = concentration.names.map((one) => [one.underlying, `${money(one.at_work, 0)}, ${percent(one.share)}`]);
  const sum = `HHI ${number(concentration.hhi)}: as ${number(concentration.effective_names, 1)} equal names.`;
  return block("Concentration", facts(rows), hint(sum), unknown);
}

function falls({ drawdown }) {
  if (!drawdown) return block("Drawdown", hint("Not told: equity is not known."));
  return block("Drawdown", facts([["Now", percent(drawdown.now, 2)], ["Worst", drawdown.worst > 0 ? [percent(drawdown.worst, 2), ", ", moment(drawdown.worst_at, { day: true })] : "none"]]),
    h("p", { class: "form-hint mb-0" }, `Of ${plural(drawdown.values, "value")}, closes and now, since `, moment(drawdown.since, { day: true }), "; deposits do not count."));
}

function second({ greeks }) {
  if (!greeks) return null;
  const rows = [["Vanna: delta, a volatility point", "vanna_a_point"], ["Charm: delta, a day", "charm_a_day"], ["Vomma: vega, a volatility point", "vomma_a_point"]];
  return block("Second order", facts(rows.map(([name, field]) => [name, gain(greeks[field], signedMoney(greeks[field], 2))])));
}

function assigned({ assignments }) {
  if (!assignments.length) return null;
  const rows = assignments.map((one) => h("li", {}, h("strong", {}, `${one.description}, ${number(one.qty, 0)}: `),
    one.is_expected ? h("span", { class: "tag warn" }, "Expect assignment") : "assignment is not expected",
    ` The dividend of ${money(one.dividend, 2)} goes ex on ${one.ex_date}; exercise costs ${money(one.put + one.interest, 2)} (a put and interest).`));
  return block("Early assignment", h("ul", { class: "mb-0" }, rows));
}

function quotes({ quotes: rests }) {
  const doubted = Object.entries(rests.doubtful);
  const good = `${rests.asked - doubted.length} of ${plural(rests.asked, "quote")} good.`;
  return block("Rests on", h("p", { class: "mb-0" }, good), doubted.length ? h("ul", { class: "mb-0" }, doubted.map(([symbol, why]) => h("li", {}, `${symbol}: ${DOUBTS[why] ?? why}`))) : null);
}

async function read() {
  try {
    answer = await get("/risk/measures/");
    paint();
  } catch (error) {
    byId("measures-note").hidden = false;
    setText(byId("measures-note"), `Not to be had now: ${error.message}`);
  }
}

onAccount(paint);
read();
setInterval(() => { if (!document.hidden) read(); }, EVERY);
