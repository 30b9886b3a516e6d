// What an algorithm's numbers are called where people read them.

import { words } from "./format.js";

const SAID = {
  widest: "Widest spread to trade in, dollars", widest_share: "Widest spread, part of the middle", usual_times: "Widest spread, times the usual",
  after_open: "Waits after the open, seconds", before_close: "Stops before the close, seconds", patience: "Stays in a bad market, seconds",
  steps: "Steps from the first price to the last", start_ticks: "Starts better than the middle by, ticks", reach: "How far from the middle to the other side, 0 to 1",
  dwell_least: "Shortest wait at a step, seconds", dwell_most: "Longest wait at a step, seconds",
  chase_ticks: "Follows the market by at most, ticks", chase_premium: "… and at most this part of the premium", chase_spread: "… and of the spread",
  most_replaces: "Changes of price at most", slices: "Parts", rate: "Part of all that trades", rest: "Waits for a fill, seconds",
  display: "Shown at once, units", jitter: "… give or take this part", urgency: "Urgency", sigma: "Volatility, dollars a root second", eta: "Impact, dollars a unit a second",
  accept_risk: "Accept the risk between the legs", most_gap: "Longest gap between the legs, seconds", most_move: "Largest move between the legs, part of the price",
  profile: "Usual volume by the end of each part", order: "Order of the legs",
};

export const sayParameter = (name) => SAID[name] ?? words(name);

// What the table of choices says of a ticket, and why.
export function sayAdvice({ suggests, row, condition, reason }) {
  return `The table says ${suggests ? suggests.toLowerCase() : "one plain limit order"} (row ${row}, ${condition}): ${reason}`;
}
