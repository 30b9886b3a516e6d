// The sections of a proposal's card, from its content: why, what changes, limits, price, payoff, costs, the past.

import { sayAdvice, sayParameter } from "./algo-words.js";
import { h, icon } from "./dom.js";
import { bound, inUnit, isMissing, moment, money, number, percent, signedMoney, until, words } from "./format.js";
import { sayContract } from "./legs.js";
import { weekType, weekTypeShort } from "./week-types.js";

const section = (title, ...children) => h("section", {}, h("h3", {}, title), ...children);

const WEEKS = { GREEN: "good", CHOP: "warn", RED: "bad" };

export function why({ why: reasons }) {
  if (!reasons) return null;
  const week = reasons.market_week ?? {};
  return section("Why",
    h("p", { class: "mb-2" }, "Market week ", h("span", { class: `tag ${WEEKS[week.klass] ?? ""}` }, words(week.klass ?? "unknown"))),
    h("ul", { class: "rules" }, (reasons.rules ?? []).map((rule) =>
      h("li", {}, h("span", { class: rule.passed ? "passed" : "failed" }, icon(rule.passed ? "check" : "x")),
        h("span", {}, rule.text, h("span", { class: "visually-hidden" }, rule.passed ? " passed" : " not passed"))))));
}

export function expected({ why: reasons }) {
  const likely = Object.entries(reasons?.expected ?? {}).filter(([, chance]) => Number(chance) >= 0.005);
  if (!likely.length) return null;
  likely.sort((a, b) => Number(b[1]) - Number(a[1]));
  return section("How the week may end", h("div", { class: "probabilities" }, likely.map(([type, chance]) =>
    h("div", { class: "probability" }, h("span", { title: type }, weekTypeShort(type)),
      h("span", { class: "meter", "aria-hidden": "true" }, h("span", { style: { width: `${Number(chance) * 100}%` } })),
      h("span", { class: "num text-end" }, percent(chance))))));
}

export function changes({ changes: rows }) {
  if (!rows?.length) return null;
  return section("What changes", h("table", { class: "table-desk" },
    h("thead", {}, h("tr", {}, h("th", {}, "Measure"), h("th", { class: "r" }, "Before"), h("th", { class: "r" }, "After"))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, row.name),
      h("td", { class: "r text-secondary" }, inUnit(row.before, row.unit)),
      h("td", { class: "r" }, icon("arrow-right"), " ", h("strong", {}, inUnit(row.after, row.unit))))))));
}

const CLASSES = { SOFT_BLOCK: "is-soft", WARN: "is-soft", HARD_BLOCK: "is-hard", ERROR: "is-hard" };

const NEAREST = 6; // of those that pass, how many are seen at once

// What does not pass, then what comes nearest to its limit; the others are folded away.
export function limits({ limits: rows }) {
  if (!rows?.length) return null;
  const told = rows.filter((row) => row.outcome !== "PASS");
  const measured = rows.filter((row) => row.outcome === "PASS" && hasBar(row));
  const quiet = rows.length - told.length - measured.length;
  told.sort((a, b) => rank(b) - rank(a));
  measured.sort((a, b) => isFloor(a) - isFloor(b) || used(b) - used(a));
  const rest = measured.slice(NEAREST);
  return section("Limit headroom", told.map(limit), measured.slice(0, NEAREST).map(limit),
    rest.length > 0 && h("details", { class: "mb-2" }, h("summary", {}, `${rest.length} more with room`), rest.map(limit)),
    quiet > 0 && h("p", { class: "text-secondary mb-0" }, icon("shield-check"), ` ${quiet} more checks passed.`));
}

const rank = (row) => ["PASS", "WARN", "SOFT_BLOCK", "ERROR", "HARD_BLOCK"].indexOf(row.outcome);
const top = (row) => Number(row.hard ?? row.soft);
const used = (row) => (isMissing(row.after) || isMissing(row.hard ?? row.soft) || top(row) === 0 ? 0 : Math.abs(Number(row.after)) / top(row));

// Of a limit of nothing, and of a permission that comes in levels, no part can be used up.
const LEVELS = new Set(["option_level"]);
const hasBar = (row) => !isMissing(row.after) && !isMissing(row.hard ?? row.soft) && top(row) !== 0 && !LEVELS.has(row.code);

// A limit that passes though its value is beyond it is a floor: what is used of it is the floor's part of the value.
const isFloor = (row) => row.outcome === "PASS" && used(row) > 1;

function limit(row) {
  const share = (value) => {
    const part = Math.abs(Number(value ?? 0)) / (top(row) || 1);
    return `${Math.min(100, 100 * (isFloor(row) ? 1 / (part || 1) : part))}%`;
  };
  const isMeasured = hasBar(row);
  return h("div", { class: `limit ${CLASSES[row.outcome] ?? ""}` },
    h("div", { class: "row-1" }, h("span", {}, row.label ?? words(row.code)),
      isMeasured && h("span", { class: "num text-secondary" },
        `${isMissing(row.before) ? "" : `${bound(row.before, row.unit)} → `}${bound(row.after, row.unit)} ${isFloor(row) ? "at least" : "of"} ${bound(row.hard ?? row.soft, row.unit)}`)),
    isMeasured && h("div", { class: "limit-bar", "aria-hidden": "true" },
      h("span", { class: "after", style: { width: share(row.after) } }), h("span", { class: "before", style: { width: share(row.before) } }),
      !isMissing(row.soft) && !isMissing(row.hard) && h("i", { style: { left: share(row.soft) } })),
    row.outcome !== "PASS" && h("div", { class: "message" }, icon(CLASSES[row.outcome] === "is-hard" ? "ban" : "alert-triangle"), ` ${row.message}`));
}

const CHOSEN = { table: "by the table", desk: "the desk's default", person: "chosen by a person" };

// How it goes to the market: what an approval starts, and what the table of choices says of it.
export function execution({ execution: way }) {
  if (!way) return null;
  const own = Object.entries({ ...way.parameters, ...way.measured });
  return section("How it goes to the market",
    h("p", { class: "mb-1" }, h("strong", {}, way.name), " ", h("span", { class: "tag" }, CHOSEN[way.by] ?? way.by)),
    h("p", { class: "mb-2" }, way.sentence),
    own.length > 0 && h("details", { class: "mb-2" }, h("summary", {}, "All its numbers"),
      h("dl", { class: "facts is-numbers" }, own.map(([name, value]) => [h("dt", {}, sayParameter(name)), h("dd", { class: "num" }, [].concat(value).join(", "))]))),
    way.advice && h("p", { class: "text-secondary mb-0" }, sayOfTable(way)));
}

function sayOfTable({ algo, by, advice }) {
  if (!advice.row) return `The table of choices was not asked: ${advice.reason}`;
  const isOtherwise = by === "desk" && advice.suggests && advice.algo !== algo;
  return `${sayAdvice(advice)}${isOtherwise ? " By itself the desk walks spreads alone; change the trade to follow the table." : ""}`;
}

export function costs(content) {
  const { payoff = {}, costs: cost = {}, ticket = {}, price = {} } = content;
  const rows = [
    ["Fees", money(cost.fees)], ["Expected slippage", money(cost.slippage)],
    ["Most to gain", isMissing(payoff.max_profit) ? "not bounded" : money(payoff.max_profit, 0)],
    ["Most to lose", isMissing(payoff.max_loss) ? "not bounded" : money(Math.abs(payoff.max_loss), 0)],
    ["Order", `${words(ticket.ord_type)}, ${until(ticket.time_in_force).toLowerCase()}`],
    ["Worst price accepted", number(price.worst)],
  ];
  return section("Costs and outcome", h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

export function similar({ similar: rows }) {
  const body = rows?.length
    ? h("ul", { class: "rules" }, rows.map((row) => h("li", {},
        h("span", { class: "flex-fill" }, row.order_id ? h("a", { href: `/orders/${row.order_id}/` }, row.sentence) : row.sentence, row.week_type ? ` (${weekType(row.week_type)})` : ""),
        h("strong", { class: "num" }, signedMoney(row.realised)))))
    : h("p", { class: "text-secondary mb-0" }, "None yet: this is the first of its kind here.");
  return section("Similar past trades", body);
}

export function alternatives({ alternatives: rows }) {
  if (!rows?.length) return null;
  return section("Instead", h("ul", { class: "rules" }, rows.map((row) =>
    h("li", {}, h("span", {}, h("strong", {}, row.sentence), " ", h("span", { class: "text-secondary" }, row.note))))));
}

export function legs({ ticket }) {
  if (!ticket?.legs || ticket.legs.length < 2) return null;
  return section("Legs", h("ul", { class: "rules" }, ticket.legs.map((leg) =>
    h("li", {}, h("span", { class: `tag ${leg.side === "BUY" ? "good" : "bad"}` }, words(leg.side)), h("span", { title: leg.symbol }, `${leg.ratio} × ${sayContract(leg.symbol)} to ${leg.position_effect.toLowerCase()}`)))));
}

export const shownAt = ({ exchange_at: at, price }) =>
  h("span", {}, "Priced ", moment(at), price?.source && price.source !== "LIVE" ? `, ${price.source.toLowerCase()}` : "");
