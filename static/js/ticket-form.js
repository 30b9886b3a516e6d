// The terms of a ticket: which fields an order type has, and what the form says as the API reads it.

import { byId } from "./dom.js";
import { number } from "./format.js";
import { fromNewYork } from "./new-york.js";
import { brokerSaid, brokerTerms, forgetBroker } from "./ticket-broker.js";
import { namedLots, wrongLots } from "./ticket-lots.js";

const SINGLE = new Set(["STOP", "STOP_LIMIT", "TRAILING_STOP", "LIMIT_IF_TOUCHED"]);
const LIMITED = new Set(["LIMIT", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);
const STOPPED = new Set(["STOP", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);
const CLOSES_AT = "16:00:00";
const MOST_UNITS = 100000;
const DEAREST = 1000000; // dollars a share
const PRICES = ["ticket-price", "ticket-stop", "ticket-trail", "ticket-target", "ticket-guard", "ticket-oco-stop"];

const value = (id) => byId(id).value;
const orNull = (id) => (value(id) === "" ? null : value(id));

let only = null; // the ticket's leg if it has just one: target and stop belong to it

// Shows the fields of the chosen type, and takes away the types that several legs cannot have.
export function arrange(all, isToClose) {
  const legs = all.length;
  only = legs === 1 ? { side: all[0].side, isToClose: isToClose(all[0]) } : null;
  const type = byId("ticket-type");
  for (const option of type.options) option.disabled = legs > 1 && SINGLE.has(option.value);
  if (type.selectedOptions[0].disabled) type.value = "LIMIT";
  for (const field of document.querySelectorAll("[data-for]")) field.hidden = !field.dataset.for.split(" ").includes(type.value);
  for (const field of document.querySelectorAll("[data-until]")) field.hidden = field.dataset.until !== value("ticket-until");
  byId("ticket-bracket").hidden = only === null ? !opens(all, isToClose) : only.isToClose;
  byId("ticket-oco").hidden = only === null || !only.isToClose || type.value !== "LIMIT";
  byId("ticket-no-exits").hidden = legs < 2 || opens(all, isToClose);
  byId("ticket-effect").disabled = legs < 2;
  byId("ticket-stop-label").textContent = type.value === "LIMIT_IF_TOUCHED" ? "Touch, a share" : "Stop, a share";
}

// A roll closes one thing and opens another: no one price says where that gains.
const opens = (all, isToClose) => all.length > 1 && !all.some(isToClose);

export const takesLimit = () => LIMITED.has(value("ticket-type"));

export function terms() {
  const type = value("ticket-type");
  const read = {
    account: value("ticket-account"), quantity: Number(value("ticket-quantity")), ord_type: type, time_in_force: value("ticket-until"),
    limit_price: takesLimit() ? orNull("ticket-price") : null, stop_price: STOPPED.has(type) ? orNull("ticket-stop") : null,
    trail_amount: null, trail_percent: null, trigger: SINGLE.has(type) ? orNull("ticket-trigger") : null,
    expire_at: value("ticket-until") === "GTD" && value("ticket-expire") ? fromNewYork(`${value("ticket-expire")}T${CLOSES_AT}`) : null,
  };
  if (type === "TRAILING_STOP") read[value("ticket-trail-unit")] = orNull("ticket-trail");
  return read;
}

const flipped = { BUY: "SELL", SELL: "BUY", DEBIT: "CREDIT", CREDIT: "DEBIT" };
const shown = (id) => (byId(id).closest("[hidden]") ? null : orNull(id));
const OCO_STOP = "ticket-oco-stop";

let builder = null; // of what the order waits for at the desk, if for anything

export function waitsFor(conditionBuilder) { builder = conditionBuilder; }

const theirs = () => brokerTerms(builder.value !== null); // what the broker is asked to do by itself

// A stop: of one leg its own type; of several the desk watches what they cost together, and goes to the market then.
function guarding(exit, stop) {
  if (exit.legs.length === 1) return { ord_type: "STOP", stop_price: stop };
  const is = exit.price_effect === "DEBIT" ? ">=" : "<=";
  return { ord_type: "MARKET", condition: { when: { what: "NET", is, value: stop, confirm: 2 } } };
}

// The ticket as the desk reads one: what an instrument says of itself is not sent back.
export const asSent = (ticket) => ({ ...ticket, legs: ticket.legs.map(({ multiplier, ...leg }) => leg) });

// Where the ticket goes and as what: alone, as the entry of a bracket whose target and stop close it, or as the
// target of a pair whose stop closes the same position.
export function sending(previewed) {
  const ticket = asSent(previewed);
  const entry = { ...ticket, condition: builder.value };
  const lots = namedLots();
  const named = lots.length ? { lots } : {};
  const [target, stop, other] = [shown("ticket-target"), shown("ticket-guard"), shown(OCO_STOP)];
  if (other !== null) {
    const guard = { ...ticket, ord_type: "STOP", limit_price: null, stop_price: other };
    return ["/order-lists/", { kind: "OCO", account: ticket.account, orders: [entry, guard].map((one) => ({ ...one, ...named, role: "MEMBER" })) }];
  }
  const alone = { ...entry, ...theirs() };
  if (target === null || stop === null) return ["/orders/", { ...alone, ...named }];
  const exit = {
    underlying: ticket.underlying, quantity: ticket.quantity, time_in_force: "GTC", price_effect: flipped[ticket.price_effect],
    legs: ticket.legs.map((leg) => ({ ...leg, side: flipped[leg.side], position_effect: "CLOSE" })),
  };
  return ["/order-lists/", {
    kind: "BRACKET", account: ticket.account,
    orders: [{ ...entry, role: "ENTRY" }, { ...exit, role: "TARGET", ord_type: "LIMIT", limit_price: target }, { ...exit, role: "STOP", ...guarding(exit, stop) }],
  }];
}

// What an order alone waits for and asks of the broker; one that brings others along is looked at with them.
export function beside() {
  const brings = shown(OCO_STOP) !== null || (shown("ticket-target") !== null && shown("ticket-guard") !== null);
  return brings ? {} : { condition: builder.value, ...theirs() };
}

// An algorithm works a limit order for the day that neither waits for a price nor brings others along.
export function isForAlgorithms(ticket) {
  return ticket.ord_type === "LIMIT" && ticket.time_in_force === "DAY" && sending(ticket)[0] === "/orders/" && builder.value === null && !theirs().broker_algo;
}

// What goes along with the order, in words, for the last look before it is sent.
export function alongside(ticket) {
  const [, body] = sending(ticket);
  const said = [];
  const lots = body.lots ?? body.orders?.[0].lots;
  if (lots) said.push(`It closes ${lots.map(({ lot, qty }) => `${qty} of lot ${lot}`).join(", ")}.`);
  said.push(brokerSaid(body, builder.value === null ? "" : builder.said));
  if (body.kind === "OCO") said.push(`A stop at ${body.orders[1].stop_price} closes the same: what one fills, the other no longer does.`);
  if (body.kind === "BRACKET") said.push(`Once filled, a target at ${body.orders[1].limit_price} and a stop at ${shown("ticket-guard")} close it, whichever comes first${ticket.legs.length > 1 ? "; the stop is on the net price of all legs, and the desk watches it" : ""}.`);
  return said.filter(Boolean).join(" ");
}

const sendsList = () => shown(OCO_STOP) !== null || shown("ticket-target") !== null;

// A target lies where the position gains, a stop where it loses; the other way round one of them would go at once.
function exits({ limit_price: limit }) {
  const isLong = only === null ? value("ticket-effect") === "DEBIT" : (only.side === "BUY") !== only.isToClose;
  const pair = only?.isToClose ? [limit, shown(OCO_STOP)] : [shown("ticket-target"), shown("ticket-guard")];
  if (pair.includes(null)) return "";
  const [target, stop] = pair.map(Number);
  if (isLong ? target > stop : target < stop) return "";
  return `The target lies ${isLong ? "above" : "below"} the stop: ${target} and ${stop} were given.`;
}

// What went with one order does not go with the next unless it is asked for again.
export function forgetExtras() {
  for (const id of ["ticket-target", "ticket-guard", OCO_STOP]) byId(id).value = "";
  builder.show(null);
  forgetBroker();
}

// What is missing before it can be judged, in words; empty when nothing is.
export const wanting = () => fault()[0];

const isPrice = (text) => text === null || (Number(text) >= 0 && Number(text) < DEAREST);

// The same, with the field that it is about, if it is about one.
export function fault() {
  const read = terms();
  if (!Number.isInteger(read.quantity) || read.quantity < 1 || read.quantity > MOST_UNITS) return [`Say how many units: a whole number from 1 to ${number(MOST_UNITS, 0)}.`, "ticket-quantity"];
  for (const id of PRICES) if (!isPrice(shown(id))) return [`That is no price: give dollars a share, from 0 to under ${number(DEAREST, 0)}.`, id];
  if (STOPPED.has(read.ord_type) && read.stop_price === null) return ["Say at which price it is set off.", "ticket-stop"];
  if (read.ord_type === "TRAILING_STOP" && !(read.trail_amount > 0 || read.trail_percent > 0)) return ["Say how far it trails: a number above 0.", "ticket-trail"];
  if (read.time_in_force === "GTD" && read.expire_at === null) return ["Say until which date it is good.", "ticket-expire"];
  return [together(read)];
}

// What is wrong between fields.
function together(read) {
  if ((shown("ticket-target") === null) !== (shown("ticket-guard") === null)) return "A bracket has both a target and a stop.";
  if (sendsList() && Object.keys(theirs()).length) return "A target or a stop beside it is the desk's affair: let the desk watch it and the broker work it plainly, or take them away.";
  return exits(read) || wrongLots(read.quantity);
}
