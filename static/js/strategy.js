// The strategy page: evidence and parameters are trees of numbers. What stands alone is a line, what each name has is a table.

import { byId, h, pageData } from "./dom.js";
import { number, words } from "./format.js";

const CAPITALS = { atr: "ATR", dte: "DTE", hitl: "Approval", iv: "IV", ml: "Machine learning", pct: "percent", pnl: "P&L", usd: "dollars", vix: "VIX" };
const said = (name) => name.split("_").map((word) => CAPITALS[word] ?? word).join(" ");
const label = (name) => said(name).charAt(0).toUpperCase() + said(name).slice(1);
const isTree = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isTable = (value) => isTree(value) && Object.values(value).length > 0 && Object.values(value).every(isTree);

function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(value.length === 2 ? " to " : ", ");
  if (isTree(value)) return Object.entries(value).map(([name, own]) => `${label(name)} ${shown(own)}`).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? number(value, 0) : number(value, 4);
  if (value === null) return "–";
  return /^[A-Z_]{3,}$/.test(value) ? words(value) : String(value);
}

const line = (name, value) => h("tr", {}, h("td", {}, label(name)), h("td", { class: "r" }, shown(value)));

function table(name, rows) {
  const keys = [...new Set(Object.values(rows).flatMap(Object.keys))];
  const head = h("tr", {}, h("th", { scope: "col" }, label(name)), keys.map((key) => h("th", { scope: "col", class: "r" }, label(key))));
  const body = Object.entries(rows).map(([own, values]) =>
    h("tr", {}, h("th", { scope: "row" }, own), keys.map((key) => h("td", { class: "r" }, shown(values[key] ?? null)))));
  return h("table", { class: "table-desk mt-3" }, h("thead", {}, head), h("tbody", {}, body));
}

function leaves(tree, path = []) {
  return isTree(tree) ? Object.entries(tree).flatMap(([name, value]) => leaves(value, [...path, name])) : [[path.map(label).join(" · "), tree]];
}

const lined = (tree) => h("table", { class: "table-desk" }, h("tbody", {}, leaves(tree).map(([name, value]) => line(name, value))));

// Some two hundred numbers: each chapter is opened by whoever looks for one of its own.
function paintChapters(id, data) {
  const chapters = Object.entries(data).filter(([, value]) => isTree(value));
  const alone = Object.fromEntries(Object.entries(data).filter(([, value]) => !isTree(value)));
  byId(id)?.replaceChildren(
    ...chapters.map(([name, tree]) => h("details", { class: "chapter" }, h("summary", {}, label(name), h("span", { class: "text-secondary" }, ` ${leaves(tree).length}`)), lined(tree))),
    lined(alone));
}

function paintEvidence(id, data) {
  const all = Object.entries(data).flatMap(([name, value]) => (isTree(value) && !isTable(value) ? Object.entries(value).map(([own, leaf]) => [`${name}: ${label(own).toLowerCase()}`, leaf]) : [[name, value]]));
  const tables = all.filter(([, value]) => isTable(value));
  const lines = all.filter(([, value]) => !isTable(value));
  byId(id).replaceChildren(
    h("table", { class: "table-desk" }, h("tbody", {}, lines.map(([name, value]) => line(name, value)))),
    ...tables.map(([name, rows]) => table(name, rows)));
}

const evidence = pageData("evidence-data");
const parameters = pageData("parameters-data");
if (evidence !== null) paintEvidence("evidence", evidence);
if (parameters !== null) paintChapters("parameters", parameters);
