// Start a run with the ticket that the address carries: /algos/new/?ticket=<the body of POST /orders/, as JSON>.

import { may } from "./access.js";
import { sayAdvice, sayParameter } from "./algo-words.js";
import { ask, post } from "./api.js";
import { byId, fill, h, pageData, setText } from "./dom.js";
import { number, until, words } from "./format.js";
import { sayContract } from "./legs.js";
import { isLive, onState } from "./live.js";
import { hydrate } from "./times.js";
import { sayError } from "./toast.js";

const forms = new Map(pageData("algo-forms").map((form) => [form.algo, form.parameters]));
const names = new Map(pageData("algo-forms").map((form) => [form.algo, form.name]));

function ticketOf(address) {
  try {
    const ticket = JSON.parse(new URL(address).searchParams.get("ticket"));
    return Array.isArray(ticket?.legs) ? ticket : null;
  } catch {
    return null;
  }
}

const ticket = ticketOf(location.href);

function showTicket() {
  fill(byId("start-legs"), ticket.legs.map((leg) => h("li", {},
    h("span", { class: `tag ${leg.side === "BUY" ? "good" : "bad"}` }, words(leg.side)), ` ${leg.ratio ?? 1} × ${sayContract(leg.symbol)}, to ${String(leg.position_effect).toLowerCase()}`)));
  const facts = [
    ["Account", ticket.account], ["Underlying", ticket.underlying], ["Quantity", number(ticket.quantity, 0)],
    ["Limit", `${number(ticket.limit_price)} ${String(ticket.price_effect ?? "").toLowerCase()}`], ["Good for", until(ticket.time_in_force ?? "DAY")],
  ];
  fill(byId("start-facts"), facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function field({ name, default: value, bounds, is_whole: whole }) {
  const id = `parameter-${name}`;
  const input = bounds === null
    ? h("input", { id, name, type: "checkbox", class: "form-check-input" })
    : h("input", { id, name, type: "number", class: "form-control num", value, min: bounds[0], max: bounds[1], step: whole ? 1 : "any" });
  return h("label", { for: id }, sayParameter(name), input);
}

function paint() {
  const algo = byId("start-algo").value;
  const own = (forms.get(algo) ?? []).filter((one) => !one.is_guard || one.name === "widest");
  byId("start-own").hidden = own.length === 0;
  fill(byId("start-parameters"), own.map(field));
  const what = algo === "AUTO" ? "the algorithm that the table chooses" : names.get(algo);
  setText(byId("start-sentence"), `Your approval covers every order that ${what} sends within this quantity, this limit and this time; nothing wider.`);
}

function parameters() {
  const given = {};
  for (const one of forms.get(byId("start-algo").value) ?? []) {
    const input = byId(`parameter-${one.name}`);
    if (!input) continue;
    const value = one.bounds === null ? input.checked : input.value;
    if (String(value) !== String(one.default)) given[one.name] = value;
  }
  return given;
}

// What the table says now of this ticket; it is asked again when the run starts.
async function advise() {
  const minutes = Number(byId("start-minutes").value);
  try {
    setText(byId("start-advice"), sayAdvice(await ask("/algos/advice/", { ticket, minutes: Number.isInteger(minutes) && minutes > 0 ? minutes : null })));
  } catch (error) {
    setText(byId("start-advice"), error.message);
  }
}

async function start(event) {
  event.preventDefault();
  const wrong = byId("start-error");
  wrong.hidden = true;
  byId("start-button").disabled = true;
  try {
    const run = await post("/algos/", {
      ticket, algo: byId("start-algo").value, parameters: parameters(), minutes: Number(byId("start-minutes").value),
    });
    location.assign(`/algos/${run.id}/`);
  } catch (error) {
    wrong.hidden = false;
    setText(wrong, error.message);
    sayError("Not started", error);
    byId("start-button").disabled = !isLive();
  }
}

hydrate();
byId("start-empty").hidden = ticket !== null;
byId("start-form").hidden = ticket === null;
if (ticket !== null) {
  byId("start-algo").append(...[...forms.keys()].map((algo) => h("option", { value: algo }, names.get(algo))));
  byId("start-algo").addEventListener("change", paint);
  byId("start-form").addEventListener("submit", start);
  byId("start-minutes").addEventListener("change", advise);
  showTicket();
  paint();
  advise();
  onState(() => { byId("start-button").disabled = !isLive() || !may("SEND_ORDER", ticket.account); });
}
