// A condition as the builder edits it: groups and comparisons, each of which may be turned round. To JSON and back.

import { words } from "./format.js";
import { readContract, sayContract } from "./legs.js";
import { fromNewYork, toNewYork } from "./new-york.js";

export const DEEPEST = 4; // groups in groups that a person can follow; the desk itself reads deeper ones
export const SOURCES = { MID: "middle", BID: "bid", ASK: "ask", LAST: "last trade" };
export const COMPARISONS = { ">=": "at or above", ">": "above", "<=": "at or below", "<": "below", "==": "exactly at" };
export const OF_TIME = { ">=": "from", "<": "before", "<=": "until", ">": "after" };
const OF_OPTION = ["IV", "DELTA", "GAMMA", "THETA", "VEGA", "DTE"];
export const SUBJECTS = {
  "Market": { PRICE: "Price", VOLUME: "Volume" },
  "Option": { IV: "Volatility", DELTA: "Delta", GAMMA: "Gamma", THETA: "Theta", VEGA: "Vega", DTE: "Days to expiry" },
  "This order": { NET: "Middle of this order" },
  "Account": { DAY_PNL: "P&L of the day", UNREALISED: "Unrealised P&L", NET_DELTA: "Net delta", NET_GAMMA: "Net gamma", NET_THETA: "Net theta", NET_VEGA: "Net vega" },
  "Clock": { TIME: "Time" },
};

export const isOfOption = (what) => OF_OPTION.includes(what);
export const isOfSymbol = (what) => isOfOption(what) || what === "PRICE" || what === "VOLUME";
export const isGroup = (node) => node.of !== undefined;

// A price is seen twice, so that one bad quote is not enough.
export const comparison = (symbol) => ({ what: "PRICE", symbol, source: "MID", is: ">=", value: "", reset: "", confirm: 2, isNot: false });
export const group = (of = [], word = "all", isNot = false) => ({ word, of, isNot });

function fromNode(node) {
  if (node.not) {
    const inner = fromNode(node.not);
    return { ...inner, isNot: !inner.isNot };
  }
  if (node.all || node.any) return group((node.all ?? node.any).map(fromNode), node.all ? "all" : "any");
  const time = node.what === "TIME";
  return {
    what: node.what, symbol: node.symbol ?? "", source: node.source ?? "MID", is: node.is ?? ">=", value: time ? toNewYork(node.value) : node.value,
    reset: node.reset ?? "", confirm: node.confirm ?? 1, isNot: false,
  };
}

// The root is always a group, so that there is a place to add to.
export function fromCondition(condition) {
  const found = condition ? fromNode(condition.when) : group();
  return {
    root: isGroup(found) ? found : group([found]),
    confirm: condition?.confirm ?? 1, from: toNewYork(condition?.arm_after), until: toNewYork(condition?.expire_at),
  };
}

const moment = (local) => (local ? fromNewYork(local) : "");

function plain(leaf) {
  const node = { what: leaf.what, is: leaf.is, value: leaf.what === "TIME" ? moment(leaf.value) : leaf.value };
  if (isOfSymbol(leaf.what)) node.symbol = leaf.symbol;
  if (leaf.what === "PRICE" && leaf.source !== "MID") node.source = leaf.source;
  if (leaf.reset !== "" && leaf.what !== "TIME") node.reset = leaf.reset;
  if (Number(leaf.confirm) !== 1) node.confirm = Number(leaf.confirm);
  return node;
}

// The root's only part stands for itself.
const isBare = (root) => root.of.length === 1 && !root.isNot;

function toNode(node) {
  const inner = isGroup(node) ? { [node.word]: node.of.map(toNode) } : plain(node);
  return node.isNot ? { not: inner } : inner;
}

export function toCondition({ root, confirm, from, until }) {
  if (!root.of.length) return null;
  const condition = { when: toNode(isBare(root) ? root.of[0] : root) };
  if (Number(confirm) !== 1) condition.confirm = Number(confirm);
  if (from) condition.arm_after = moment(from);
  if (until) condition.expire_at = moment(until);
  return condition;
}

// Each part by its place as the desk names it: "0" is the root, "0.1" its second part, and a "not" is a step too.
export function placed({ root }) {
  const found = new Map();
  const walk = (node, path) => {
    const own = node.isNot ? `${path}.0` : path;
    found.set(own, node);
    if (isGroup(node)) node.of.forEach((one, n) => walk(one, `${own}.${n}`));
  };
  walk(isBare(root) ? root.of[0] : root, "0");
  return found;
}

export function subject({ what, symbol, source }) {
  if (!isOfSymbol(what)) return Object.assign({}, ...Object.values(SUBJECTS))[what] ?? words(what);
  const name = symbol === "" ? "the symbol" : readContract(symbol) ? sayContract(symbol) : symbol;
  return `${name}'s ${what === "PRICE" ? SOURCES[source] : words(what).toLowerCase()}`;
}

// What a person types for a symbol: capitals, and an option's OCC name with its padding.
export function symbolOf(typed) {
  const name = typed.trim().toUpperCase();
  const option = /^([A-Z.]{1,6})\s*(\d{6}[CP]\d{8})$/.exec(name);
  return option ? option[1].padEnd(6) + option[2] : name;
}
