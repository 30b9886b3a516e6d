// What the broker is asked to do with an order by itself: to watch what it waits for, or to work it by its own algorithm.

import { byId, fill, h } from "./dom.js";
import { fromNewYork } from "./new-york.js";

const PLAIN = "";
let at = { title: "the broker", watches: false, algos: [] }; // of the account that the ticket is for
let shownAs = "";

const chosen = () => at.algos.find((algo) => algo.name === byId("ticket-broker-algo").value);
const inputs = () => [...byId("ticket-broker-parameters").querySelectorAll("[data-parameter]")];

// A broker's times are in UTC, as 20260610-14:30:00; a person gives New York's.
const inUtc = (local) => fromNewYork(local).slice(0, 19).replaceAll("-", "").replace("T", "-");

function field({ name, words, least, most, is_needed: isNeeded, allowed }) {
  const shared = { "data-parameter": name, title: `${name}: ${allowed}`, "aria-label": `${name}${isNeeded ? "" : " (may be left out)"}` };
  if (words.length) return h("select", { ...shared, class: "form-select" }, isNeeded ? null : h("option", { value: PLAIN }, "–"), words.map((word) => h("option", { value: word }, word)));
  if (least !== null) return h("input", { ...shared, class: "form-control num", type: "number", min: least, max: most, step: "any" });
  return h("input", { ...shared, class: "form-control num", type: "datetime-local", "data-moment": true });
}

function paintParameters() {
  fill(byId("ticket-broker-parameters"), ...(chosen()?.parameters ?? []).map((one) => h("label", {}, `${one.name}${one.words.length || one.least !== null ? "" : " (New York)"}`, field(one))));
}

// Shows what the account's broker has; what is the same stays as a person has left it.
export function offer(broker) {
  const key = JSON.stringify(broker);
  if (key === shownAs) return;
  [at, shownAs] = [broker, key];
  byId("ticket-watcher-row").hidden = !at.watches;
  byId("ticket-watcher-broker").textContent = at.title;
  byId("ticket-broker-algo-row").hidden = at.algos.length === 0;
  fill(byId("ticket-broker-algo"), h("option", { value: PLAIN }, "Plainly"), ...at.algos.map(({ name }) => h("option", { value: name }, `${at.title}: ${name}`)));
  forgetBroker();
}

export function forgetBroker() {
  byId("ticket-watcher").value = "DESK";
  byId("ticket-broker-algo").value = PLAIN;
  paintParameters();
}

// As the API reads them; nothing of it is there unless it was asked for.
export function brokerTerms(waits) {
  const asked = {};
  if (waits && at.watches && byId("ticket-watcher").value === "BROKER") asked.held_by = "BROKER";
  const algo = chosen();
  if (!algo) return asked;
  const given = inputs().filter(({ value }) => value !== PLAIN);
  const params = Object.fromEntries(given.map((input) => [input.dataset.parameter, "moment" in input.dataset ? inUtc(input.value) : input.value]));
  return { ...asked, broker_algo: { name: algo.name, params } };
}

// The same in words, for the last look before it is sent.
export function brokerSaid({ held_by: watcher, broker_algo: algo }, until) {
  const said = [];
  if (until) said.push(watcher ? `It waits at ${at.title} until ${until}, and nobody checks it again.` : `It waits at the desk until ${until}.`);
  const params = algo ? Object.entries(algo.params).map(([name, value]) => `${name} ${value}`).join(", ") : "";
  if (algo) said.push(`${at.title} works it by its own ${algo.name} (${params || "as it comes"}).`);
  return said.join(" ");
}

byId("ticket-broker-algo").addEventListener("change", paintParameters);
