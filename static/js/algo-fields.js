// The fields of an algorithm's own numbers, as the page's `algo-forms` lists them, and what was typed into them.

import { sayParameter } from "./algo-words.js";
import { byId, h, pageData } from "./dom.js";

const forms = new Map(pageData("algo-forms").map((form) => [form.algo, form]));

export const algoNames = [...forms.values()].map(({ algo, name }) => ({ algo, name }));

const asked = (algo) => (forms.get(algo)?.parameters ?? []).filter((one) => !one.is_guard || one.name === "widest");
const idOf = (name) => `parameter-${name}`;

function field({ name, default: value, bounds, is_whole: whole }, given) {
  const id = idOf(name);
  const now = given[name] ?? value;
  const input = bounds === null
    ? h("input", { id, name, type: "checkbox", class: "form-check-input", checked: now === true || null })
    : h("input", { id, name, type: "number", class: "form-control num", value: now, min: bounds[0], max: bounds[1], step: whole ? 1 : "any" });
  return h("label", { for: id }, sayParameter(name), input);
}

// The fields of an algorithm; `given` are numbers that stand already.
export const algoFields = (algo, given = {}) => asked(algo).map((one) => field(one, given));

// What differs from the defaults.
export function typedParameters(algo) {
  const given = {};
  for (const one of asked(algo)) {
    const input = byId(idOf(one.name));
    const value = one.bounds === null ? input.checked : input.value;
    if (String(value) !== String(one.default)) given[one.name] = value;
  }
  return given;
}
