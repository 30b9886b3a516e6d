// The strategy page: evidence and parameters are trees of numbers; they are shown as paths and values.

import { byId, h, pageData } from "./dom.js";
import { number } from "./format.js";

function leaves(tree, path = []) {
  if (tree === null || typeof tree !== "object") return [[path, tree]];
  if (Array.isArray(tree) && tree.every((value) => typeof value !== "object")) return [[path, tree.join(" to ")]];
  return Object.entries(tree).flatMap(([name, value]) => leaves(value, [...path, name]));
}

const label = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

function shown(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? number(value, 0) : number(value, 4);
  return value === null ? "–" : String(value);
}

function paint(bodyId, dataId) {
  const data = pageData(dataId);
  if (data === null) return;
  const rows = leaves(data).sort(([a], [b]) => a.length - b.length); // the verdicts first, what they rest on after
  byId(bodyId).replaceChildren(...rows.map(([path, value]) =>
    h("tr", {}, h("td", {}, path.map(label).join(" · ")), h("td", { class: "r" }, shown(value)))));
}

paint("evidence", "evidence-data");
paint("parameters", "parameters-data");
