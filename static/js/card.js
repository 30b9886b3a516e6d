// The sections of a proposal's card, from its content: why, what changes, limits, price, payoff, costs, the past.

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

export function limits({ limits: rows }) {
  if (!rows?.length) return null;
  const touched = rows.filter((row) => row.outcome !== "PASS" || (!isMissing(row.after) && (!isMissing(row.hard) || !isMissing(row.soft))));
  const quiet = rows.length - touched.length;
  touched.sort((a, b) => rank(b) - rank(a) || isFloor(a) - isFloor(b) || used(b) - used(a));
  return section("Limit headroom", touched.map(limit),
    quiet > 0 && h("p", { class: "text-secondary mb-0" }, icon("shield-check"), ` ${quiet} more checks passed.`));
}

const rank = (row) => ["PASS", "WARN", "SOFT_BLOCK", "ERROR", "HARD_BLOCK"].indexOf(row.outcome);
const top = (row) => Number(row.hard ?? row.soft);
const used = (row) => (isMissing(row.after) || isMissing(row.hard ?? row.soft) || top(row) === 0 ? 0 : Math.abs(Number(row.after)) / top(row));

// A limit that passes though its value is beyond it is a floor: what is used of it is the floor's part of the value.
const isFloor = (row) => row.outcome === "PASS" && used(row) > 1;

function limit(row) {
  const share = (value) => {
    const part = Math.abs(Number(value ?? 0)) / (top(row) || 1);
    return `${Math.min(100, 100 * (isFloor(row) ? 1 / (part || 1) : part))}%`;
  };
  const hasBar = !isMissing(row.after) && !isMissing(row.hard ?? row.soft);
  return h("div", { class: `limit ${CLASSES[row.outcome] ?? ""}` },
    h("div", { class: "row-1" }, h("span", {}, row.label ?? words(row.code)),
      hasBar && h("span", { class: "num text-secondary" },
        `${isMissing(row.before) ? "" : `${bound(row.before, row.unit)} → `}${bound(row.after, row.unit)} ${isFloor(row) ? "at least" : "of"} ${bound(row.hard ?? row.soft, row.unit)}`)),
    hasBar && h("div", { class: "limit-bar", "aria-hidden": "true" },
      h("span", { class: "after", style: { width: share(row.after) } }), h("span", { class: "before", style: { width: share(row.before) } }),
      !isMissing(row.soft) && !isMissing(row.hard) && h("i", { style: { left: share(row.soft) } })),
    row.outcome !== "PASS" && h("div", { class: "message" }, icon(CLASSES[row.outcome] === "is-hard" ? "ban" : "alert-triangle"), ` ${row.message}`));
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
