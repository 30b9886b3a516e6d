// The strategy page: what the week was read from, line by line and name by name; the protocol's numbers, a chapter at a time.

import { byId, h, pageData } from "./dom.js";
import { day, gain, money, number, percent, signed, words } from "./format.js";
import { inOwnUnit } from "./strategy-units.js";

const CAPITALS = { atr: "ATR", corr: "correlation", cvar95: "CVaR 95", dte: "DTE", gen: "GEN", rev: "REV", com: "COM", hitl: "Approval", iv: "IV", leaps: "LEAPS", ml: "Machine learning", mult: "size", pct: "share", pnl: "P&L", usd: "", var95: "VaR 95", var99: "VaR 99", vix: "VIX" };
const said = (name) => name.split("_").map((word) => CAPITALS[word] ?? word).filter(Boolean).join(" ");
const label = (name) => said(name).charAt(0).toUpperCase() + said(name).slice(1);
const RANGES = new Set(["delta", "dte_sessions", "call_dte_days", "deploy", "sweep", "recovery"]);
const isTree = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isEmpty = (value) => value === null || value === undefined;

function shown(value, path) {
  if (Array.isArray(value)) return value.map((one) => shown(one, path)).join(RANGES.has(path.at(-1)) ? " to " : ", ") || "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return inOwnUnit(value, path) ?? (isEmpty(value) ? "–" : /_/.test(value) ? words(value) : value);
}

const dollars = (value) => money(value);
const moved = (value) => gain(value, `${signed(Number(value) * 100, 1)} %`);
// What the week was read from, in the order in which it is read.
const LINES = [
  ["as_of", "From the closes up to", day], ["trend", "Indices", words], ["volatility", "Volatility", words], ["support", "Support of the names", words],
  ["vix", "VIX", (value) => number(value)], ["vix_mean", "VIX, its own mean", (value) => number(value)], ["vix_ratio", "VIX against its mean", percent],
  ["vix_jump", "VIX since the session before", (value) => `${signed(value)} points`], ["seen", "Classes so far this week", (value) => value.map(words).join(", then ")],
];
const INDICES = [["close", "Close", dollars], ["mean", "Mean", dollars], ["change", "Change", moved]];
const NAMES = [["close", "Close", dollars], ["low", "Low before", dollars], ["atr", "Daily range", dollars], ["percentile", "Its rank", (value) => `${number(value, 0)} of 100`]];

const line = (name, value) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "r" }, value));
const lined = (rows) => h("table", { class: "table-desk" }, h("tbody", {}, rows));

function table(name, columns, rows) {
  const head = h("tr", {}, h("th", { scope: "col" }, name), columns.map(([, title]) => h("th", { scope: "col", class: "r" }, title)));
  const body = Object.entries(rows).map(([own, values]) =>
    h("tr", {}, h("th", { scope: "row" }, own), columns.map(([key, , form]) => h("td", { class: "r" }, isEmpty(values[key]) ? "–" : form(values[key])))));
  return h("table", { class: "table-desk mt-3" }, h("thead", {}, head), h("tbody", {}, body));
}

function paintEvidence(box, { indices = {}, supports = {}, names = {}, ...facts }) {
  const known = LINES.filter(([name]) => !isEmpty(facts[name])).map(([name, title, form]) => line(title, form(facts[name])));
  const others = Object.entries(facts).filter(([name, value]) => !isTree(value) && !LINES.some(([own]) => own === name)).map(([name, value]) => line(label(name), shown(value, [name])));
  const both = Object.fromEntries(Object.entries(supports).map(([symbol, read]) => [symbol, { ...read, ...names[symbol] }]));
  box.replaceChildren(lined([...known, ...others]),
    ...(Object.keys(indices).length ? [table("Index", INDICES, indices)] : []), ...(Object.keys(both).length ? [table("Name", NAMES, both)] : []));
}

function leaves(tree, path) {
  return isTree(tree) ? Object.entries(tree).flatMap(([name, value]) => leaves(value, [...path, name])) : [[path, tree]];
}

const numbers = (tree, path) => lined(leaves(tree, path).map(([own, value]) => line(own.slice(path.length).map(label).join(" · "), shown(value, own))));

// Some two hundred numbers: each chapter is opened by whoever looks for one of its own.
function paintChapters(box, data) {
  const chapters = Object.entries(data).filter(([, value]) => isTree(value)).sort(([a], [b]) => label(a).localeCompare(label(b)));
  const alone = Object.fromEntries(Object.entries(data).filter(([, value]) => !isTree(value)));
  box.replaceChildren(
    ...chapters.map(([name, tree]) => h("details", { class: "chapter" }, h("summary", {}, label(name), h("span", { class: "text-secondary" }, ` ${leaves(tree, []).length}`)), numbers(tree, [name]))),
    numbers(alone, []));
}

const evidence = pageData("evidence-data");
const parameters = pageData("parameters-data");
if (evidence !== null) paintEvidence(byId("evidence"), evidence);
if (parameters !== null) paintChapters(byId("parameters"), parameters);
