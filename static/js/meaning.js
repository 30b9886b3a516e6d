// What a previewed order means: profile, Greeks, margin, limits. All numbers are the desk's own.

import { byId, fill, h, icon, setText } from "./dom.js";
import { inUnit, isMissing, money, number, percent, signed, signedMoney, words } from "./format.js";

const OUTCOMES = {
  PASS: ["good", "All checks pass"], WARN: ["soft", "Passes, with a warning"],
  SOFT_BLOCK: ["soft", "Blocked, unless a risk officer overrides"], HARD_BLOCK: ["bad", "Blocked"],
};
const WORST = ["HARD_BLOCK", "ERROR", "SOFT_BLOCK", "WARN"];

const facts = (rows) => h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
const orUnlimited = (value) => (value === null ? "Unlimited" : money(value));

function profile(seen) {
  const { profile: found, cost } = seen;
  const most = (value) => (found.is_known === false ? "Not known" : orUnlimited(value));
  const turns = found.is_known === false ? "Not known" : found.break_evens.length ? found.break_evens.map((price) => number(price)).join(" and ") : "None";
  return facts([
    [Number(cost) >= 0 ? "Net debit" : "Net credit", money(Math.abs(Number(cost)))],
    ["Most it can win", most(found.max_profit)],
    ["Most it can lose", h("strong", {}, most(found.max_loss))],
    [found.break_evens.length > 1 ? "Break-evens" : "Break-even", turns],
    ["Chance of a profit", isMissing(seen.chance) ? "–" : percent(seen.chance)],
    ["Fees", money(seen.fees)],
    ["Cash set aside", money(seen.cash_required)],
  ]);
}

function greeks(values) {
  if (values === null) return h("p", { class: "text-secondary" }, "A leg has no volatility now, so its Greeks are not told.");
  return facts([
    ["Delta", signed(values.delta, 1)], ["Gamma", signed(values.gamma, 2)], ["Theta a day", signedMoney(values.theta)],
    ["Vega a point", signedMoney(values.vega)],
  ]);
}

function margin(found) {
  const row = (name, before, after) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "r" }, money(before, 0)), h("td", { class: "r" }, money(after, 0)));
  return h("table", { class: "table-desk" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Margin, estimated"), h("th", { class: "r", scope: "col" }, "Before"), h("th", { class: "r", scope: "col" }, "After"))),
    h("tbody", {}, row("Strategy rules", found.strategy_before, found.strategy_after), row("Portfolio", found.portfolio_before, found.portfolio_after)));
}

function changes(rows) {
  return h("table", { class: "table-desk" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "In the account"), h("th", { class: "r", scope: "col" }, "Before"), h("th", { class: "r", scope: "col" }, "After"))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), h("td", { class: "r" }, inUnit(row.before, row.unit)), h("td", { class: "r" }, inUnit(row.after, row.unit))))));
}

export function paintMeaning(seen) {
  const { structure } = seen;
  const said = structure.action === "OPENING" ? structure.name : words(structure.action);
  setText(byId("meaning-name"), said);
  setText(byId("payoff-name"), said);
  fill(byId("meaning"),
    h("div", { class: "meaning-grid" }, h("div", {}, profile(seen), greeks(seen.greeks)), h("div", {}, changes(seen.changes), margin(seen.margin))),
    h("p", { class: "form-hint mb-0" }, seen.profile.is_modelled
      ? (seen.profile.is_known !== false ? "" : "A leg that lives on has no volatility now, so nothing is told of profit and loss. ") + "Legs end on different days: profit, loss and break-evens are the model's, on the first of them. " : "",
    "Margin is an estimate of what a margin account would be asked for in this name; the broker's figure rules. The chance assumes a lognormal price at the implied volatility."));
}

function check(row) {
  const bad = row.outcome !== "PASS";
  return h("li", {}, h("span", { class: bad ? "failed" : "passed" }, icon(bad ? "alert-triangle" : "check")), h("span", {}, row.message));
}

export function paintChecks(seen) {
  const [kind, said] = OUTCOMES[seen.outcome] ?? ["bad", words(seen.outcome)];
  fill(byId("checks-outcome"), h("span", { class: `tag ${kind}` }, said));
  const failed = seen.checks.filter((row) => row.outcome !== "PASS").sort((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome));
  const passed = seen.checks.filter((row) => row.outcome === "PASS");
  const wasOpen = byId("checks").querySelector("details")?.open;
  fill(byId("checks"),
    failed.length ? h("ul", { class: "rules mb-2" }, failed.map(check)) : null,
    h("details", { open: wasOpen }, h("summary", {}, `${passed.length} checks passed`), h("ul", { class: "rules" }, passed.map(check))));
}

export function verdict(seen) {
  const first = seen.checks.filter((row) => row.outcome !== "PASS").sort((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome))[0];
  return first ? first.message : "Every check passes.";
}

export const isBlocked = (seen) => seen.outcome === "HARD_BLOCK" || seen.outcome === "SOFT_BLOCK";

export function paintNothing() {
  setText(byId("meaning-name"), "");
  setText(byId("payoff-name"), "");
  fill(byId("checks-outcome"));
  fill(byId("meaning"), h("div", { class: "empty" }, h("strong", {}, "No legs yet")));
  fill(byId("checks"), h("div", { class: "empty" }, h("strong", {}, "No legs yet"), h("span", {}, "Every check runs as you build, and again when you send.")));
}
