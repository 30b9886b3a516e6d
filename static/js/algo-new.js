// Start a run with the ticket that the address carries: /algos/new/?ticket=<the body of POST /orders/, as JSON>, and
// &lots=<the lots that it closes first, as JSON> where some are named.

import { may } from "./access.js";
import { algoFields, algoNames, typedParameters } from "./algo-fields.js";
import { sayAdvice } from "./algo-words.js";
import { ask, post } from "./api.js";
import { byId, fill, h, setText } from "./dom.js";
import { number, until, words } from "./format.js";
import { sayContract } from "./legs.js";
import { isLive, onState } from "./live.js";
import { hydrate } from "./times.js";
import { sayError } from "./toast.js";

const names = new Map(algoNames.map(({ algo, name }) => [algo, name]));

function carried(name) {
  try {
    return JSON.parse(new URL(location.href).searchParams.get(name));
  } catch {
    return null;
  }
}

const asked = carried("ticket");
const ticket = Array.isArray(asked?.legs) ? asked : null;
const lots = carried("lots") ?? [];

function showTicket() {
  fill(byId("start-legs"), ticket.legs.map((leg) => h("li", {},
    h("span", { class: `tag ${leg.side === "BUY" ? "good" : "bad"}` }, words(leg.side)), ` ${leg.ratio ?? 1} × ${sayContract(leg.symbol)}, to ${String(leg.position_effect).toLowerCase()}`)));
  const facts = [
    ["Account", ticket.account], ["Underlying", ticket.underlying], ["Quantity", number(ticket.quantity, 0)],
    ["Limit", `${number(ticket.limit_price)} ${String(ticket.price_effect ?? "").toLowerCase()}`], ["Good for", until(ticket.time_in_force ?? "DAY")],
  ];
  if (lots.length) facts.push(["Lots", lots.map(({ lot, qty }) => `${number(qty, 0)} of ${lot}`).join(", ")]);
  fill(byId("start-facts"), facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function paint() {
  const algo = byId("start-algo").value;
  const own = algoFields(algo);
  byId("start-own").hidden = own.length === 0;
  fill(byId("start-parameters"), own);
  const what = algo === "AUTO" ? "the algorithm that the table chooses" : names.get(algo);
  setText(byId("start-sentence"), `Your approval covers every order that ${what} sends within this quantity, this limit and this time; nothing wider.`);
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
      ticket, algo: byId("start-algo").value, parameters: typedParameters(byId("start-algo").value), minutes: Number(byId("start-minutes").value), lots,
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
  byId("start-algo").append(...algoNames.map(({ algo, name }) => h("option", { value: algo }, name)));
  byId("start-algo").addEventListener("change", paint);
  byId("start-form").addEventListener("submit", start);
  byId("start-minutes").addEventListener("change", advise);
  showTicket();
  paint();
  advise();
  onState(() => { byId("start-button").disabled = !isLive() || !may("SEND_ORDER", ticket.account); });
}
