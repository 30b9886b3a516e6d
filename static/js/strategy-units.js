// What the protocol's numbers count, by their names: a number is shown with its unit, never alone.

import { day, isMissing, money, number, percent, signed } from "./format.js";

const plain = (value) => number(value, Number.isInteger(Number(value)) ? 0 : 2);
const counted = (one, many = `${one}s`) => (value) => `${plain(value)} ${Number(value) === 1 ? one : many}`;
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const dollars = (value) => money(value, Number.isInteger(Number(value)) && Math.abs(value) >= 1 ? 0 : 2);
const share = (value) => percent(value, Number.isInteger(Math.round(Number(value) * 1e6) / 1e4) ? 0 : 1);
const times = (value) => `${plain(value)} ×`;
const ranges = (value) => `${plain(value)} ATR`;

// The chapter and the name, or the name alone; what is not here is told by its ending, or is a bare number.
const UNITS = new Map(Object.entries({
  "fees.option": (value) => `${dollars(value)} a contract`, "fees.stock_share": (value) => `${money(value, 3)} a share`, "fees.stock_min": dollars,
  "fork.surplus": dollars, "fork.parent_min": dollars, "merge.fork_total": dollars, "risk.order_notional_soft.paper": dollars, "risk.order_notional_soft.live": dollars,
  "fork.cooldown_h": counted("hour"), "reinvest.months": (value) => MONTHS[value - 1], entry_days: (value) => WEEKDAYS[value], call_days: (value) => WEEKDAYS[value],
  "vix.reduced": (value) => `${plain(value)} × its mean`, "vix.idle": (value) => `${plain(value)} × its mean`, "vix.spike_points": counted("point"),
  "atr.period": counted("session"), "atr.history": counted("session"), "atr.monitor": ranges, "atr.consider": ranges, "atr.mandatory": ranges, "atr.favourable": ranges,
  "atr.size": times, atr_size: times, atr_mandatory: ranges, "buffer_zone.atr": ranges, "risk.leverage": times, "risk.ladder_mult": times,
  mult: times, reduced_mult: times, idle_mult: times, "risk.corr": (value) => number(value), delta_shift: (value) => (Number(value) ? signed(value, 0) : "none"),
  "hitl.entry": counted("minute"), "hitl.exit": counted("minute"), "hitl.adjust": counted("minute"), "hitl.recovery": counted("minute"), "hitl.breach": counted("minute"),
  "hitl.emergency": counted("minute"), "hitl.violation": counted("minute"), "hitl.optimise": counted("minute"), "hitl.adapt": counted("minute"), risk_free_rate: share,
}));
const ENDINGS = [[/_usd$/, dollars], [/_minutes$/, counted("minute")], [/_seconds$/, counted("second")], [/_days$/, counted("day")], [/_sessions$/, counted("session")]];
const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d/;

function unit(path) {
  const whole = path.join(".");
  return UNITS.get(whole) ?? UNITS.get(path.at(-1)) ?? ENDINGS.find(([ending]) => ending.test(path.at(-1)))?.[1];
}

// A decimal that none of the names above is a share: the protocol writes those as texts, and only those.
export function inOwnUnit(value, path) {
  if (isMissing(value)) return DATE.test(value) ? day(value) : TIME.test(value) ? `${value.slice(0, 5)} ET` : null;
  const known = unit(path);
  if (known) return known(value);
  return typeof value === "string" ? share(value) : plain(value);
}
