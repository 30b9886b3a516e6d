// The terms of a ticket: which fields an order type has, and what the form says as the API reads it.

import { byId } from "./dom.js";

const SINGLE = new Set(["STOP", "STOP_LIMIT", "TRAILING_STOP", "LIMIT_IF_TOUCHED"]);
const LIMITED = new Set(["LIMIT", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);
const STOPPED = new Set(["STOP", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);
const CLOSES_AT = "16:00:00";

const value = (id) => byId(id).value;
const orNull = (id) => (value(id) === "" ? null : value(id));

// Shows the fields of the chosen type, and takes away the types that several legs cannot have.
export function arrange(legs) {
  const type = byId("ticket-type");
  for (const option of type.options) option.disabled = legs > 1 && SINGLE.has(option.value);
  if (type.selectedOptions[0].disabled) type.value = "LIMIT";
  for (const field of document.querySelectorAll("[data-for]")) field.hidden = !field.dataset.for.split(" ").includes(type.value);
  for (const field of document.querySelectorAll("[data-until]")) field.hidden = field.dataset.until !== value("ticket-until");
  byId("ticket-bracket").hidden = legs !== 1;
  byId("ticket-effect").disabled = legs < 2;
  byId("ticket-stop-label").textContent = type.value === "LIMIT_IF_TOUCHED" ? "Touch, a share" : "Stop, a share";
}

export const takesLimit = () => LIMITED.has(value("ticket-type"));

// New York's hour on a date as UTC: the offset is read off the zone itself, for it is not the same all year.
function newYork(day) {
  const guess = new Date(`${day}T${CLOSES_AT}Z`);
  const there = new Date(guess.toLocaleString("en-US", { timeZone: "America/New_York" }));
  const here = new Date(guess.toLocaleString("en-US", { timeZone: "UTC" }));
  return new Date(guess.getTime() + (here - there)).toISOString();
}

export function terms() {
  const type = value("ticket-type");
  const read = {
    account: value("ticket-account"), quantity: Number(value("ticket-quantity")), ord_type: type, time_in_force: value("ticket-until"),
    limit_price: takesLimit() ? orNull("ticket-price") : null, stop_price: STOPPED.has(type) ? orNull("ticket-stop") : null,
    trail_amount: null, trail_percent: null, trigger: SINGLE.has(type) ? orNull("ticket-trigger") : null,
    expire_at: value("ticket-until") === "GTD" && value("ticket-expire") ? newYork(value("ticket-expire")) : null,
  };
  if (type === "TRAILING_STOP") read[value("ticket-trail-unit")] = orNull("ticket-trail");
  return read;
}

const flipped = { BUY: "SELL", SELL: "BUY", DEBIT: "CREDIT", CREDIT: "DEBIT" };
const isSingleOpening = (legs) => legs.length === 1 && legs[0].position_effect === "OPEN";

// What the order waits for at the desk, if anything: the underlying's price, seen twice so that one bad quote is not enough.
function condition(underlying) {
  const way = value("ticket-wait");
  if (way === "" || value("ticket-wait-price") === "") return null;
  return { when: { what: "PRICE", symbol: underlying, source: "MID", is: way, value: value("ticket-wait-price"), confirm: 2 } };
}

// Where the ticket goes and as what: alone, or as the entry of a bracket whose target and stop close it.
export function sending(ticket) {
  const entry = { ...ticket, condition: condition(ticket.underlying) };
  const [target, stop] = [orNull("ticket-target"), orNull("ticket-guard")];
  if (!isSingleOpening(ticket.legs) || target === null || stop === null) return ["/orders/", entry];
  const exit = {
    underlying: ticket.underlying, quantity: ticket.quantity, time_in_force: "GTC", price_effect: flipped[ticket.price_effect],
    legs: ticket.legs.map((leg) => ({ ...leg, side: flipped[leg.side], position_effect: "CLOSE" })),
  };
  return ["/order-lists/", {
    kind: "BRACKET", account: ticket.account,
    orders: [{ ...entry, role: "ENTRY" }, { ...exit, role: "TARGET", ord_type: "LIMIT", limit_price: target }, { ...exit, role: "STOP", ord_type: "STOP", stop_price: stop }],
  }];
}

// An algorithm works a limit order for the day that neither waits for a price nor brings others along.
export function isForAlgorithms(ticket) {
  return ticket.ord_type === "LIMIT" && ticket.time_in_force === "DAY" && sending(ticket)[0] === "/orders/" && condition(ticket.underlying) === null;
}

// What goes along with the order, in words, for the last look before it is sent.
export function alongside(ticket) {
  const [path, body] = sending(ticket);
  const said = [];
  const wait = condition(ticket.underlying)?.when;
  if (wait) said.push(`It waits at the desk until ${ticket.underlying} is at ${wait.value} or ${wait.is === ">=" ? "above" : "below"}.`);
  if (path === "/order-lists/") said.push(`Once filled, a target at ${body.orders[1].limit_price} and a stop at ${body.orders[2].stop_price} close it, whichever comes first; they are checked when it is sent, all or none.`);
  return said.join(" ");
}

// What is missing before it can be judged, in words; empty when nothing is.
export function wanting() {
  const read = terms();
  if (!Number.isInteger(read.quantity) || read.quantity < 1) return "Say how many units: a whole number from 1.";
  if (STOPPED.has(read.ord_type) && read.stop_price === null) return "Say at which price it is set off.";
  if (read.ord_type === "TRAILING_STOP" && read.trail_amount === null && read.trail_percent === null) return "Say how far it trails.";
  if (!byId("ticket-bracket").hidden && (orNull("ticket-target") === null) !== (orNull("ticket-guard") === null)) return "A bracket has both a target and a stop.";
  if (value("ticket-wait") !== "" && value("ticket-wait-price") === "") return "Say at which price it stops waiting.";
  if (read.time_in_force === "GTD" && read.expire_at === null) return "Say until which date it is good.";
  return "";
}
