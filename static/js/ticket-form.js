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

// What is missing before it can be judged, in words; empty when nothing is.
export function wanting() {
  const read = terms();
  if (!Number.isInteger(read.quantity) || read.quantity < 1) return "Say how many units: a whole number from 1.";
  if (STOPPED.has(read.ord_type) && read.stop_price === null) return "Say at which price it is set off.";
  if (read.ord_type === "TRAILING_STOP" && read.trail_amount === null && read.trail_percent === null) return "Say how far it trails.";
  if (read.time_in_force === "GTD" && read.expire_at === null) return "Say until which date it is good.";
  return "";
}
