// Numbers and times as the desk shows them. A missing value is a dash; zero is a value.

import { h } from "./dom.js";

const DASH = "–";
const MINUS = "−";
const NEW_YORK = "America/New_York";
const grouped = (places) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
const FORMATS = [0, 1, 2, 3, 4].map(grouped);
const TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: NEW_YORK, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const DAY_TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: NEW_YORK, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const ZONE = new Intl.DateTimeFormat("en-US", { timeZone: NEW_YORK, timeZoneName: "short" });

export const isMissing = (value) =>
  value === null || value === undefined || value === "" || Number.isNaN(Number(value));

export function number(value, places = 2) {
  if (isMissing(value)) return DASH;
  return FORMATS[places].format(Number(value)).replace("-", MINUS);
}

export function signed(value, places = 2) {
  if (isMissing(value)) return DASH;
  return Number(value) > 0 ? `+${number(value, places)}` : number(value, places);
}

export function money(value, places = 2) {
  if (isMissing(value)) return DASH;
  const plain = FORMATS[places].format(Math.abs(Number(value)));
  return Number(value) < 0 ? `${MINUS}$${plain}` : `$${plain}`;
}

export function signedMoney(value, places = 2) {
  if (isMissing(value)) return DASH;
  return Number(value) > 0 ? `+${money(value, places)}` : money(value, places);
}

export function percent(ratio, places = 1) {
  return isMissing(ratio) ? DASH : `${number(Number(ratio) * 100, places)} %`;
}

export function direction(value) {
  if (isMissing(value) || Number(value) === 0) return "flat";
  return Number(value) > 0 ? "up" : "down";
}

const ARROWS = { up: "▲", down: "▼", flat: "" };

// Sign, colour and arrow: never colour alone.
export function gain(value, text) {
  const way = direction(value);
  return h("span", { class: `num gain ${way}` },
    h("span", { class: "arrow", "aria-hidden": "true" }, ARROWS[way]), text);
}

export function paintGain(element, value, text) {
  element.replaceChildren(...gain(value, text).childNodes);
  element.classList.remove("up", "down", "flat");
  element.classList.add("num", "gain", direction(value));
}

const UNITS = {
  USD: (value) => money(value), "$": (value) => money(value), dollars: (value) => money(value),
  RATIO: (value) => percent(value), FRACTION: (value) => percent(value),
  POINTS: (value) => `${number(value, 1)} pts`, CONTRACTS: (value) => number(value, 0),
  COUNT: (value) => number(value, 0), SECONDS: (value) => `${number(value, Number.isInteger(Number(value)) ? 0 : 1)} s`,
  contracts: (value) => number(value, 0), shares: (value) => number(value, 0),
};

export function inUnit(value, unit) {
  if (isMissing(value)) return DASH;
  return (UNITS[unit] ?? ((plain) => number(plain, 2)))(value);
}

export function zone(moment = new Date()) {
  return ZONE.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
}

export function time(iso, { day = false } = {}) {
  if (!iso) return DASH;
  return (day ? DAY_TIME : TIME).format(new Date(iso));
}

// A moment in New York with its zone; UTC on hover.
export function moment(iso, options) {
  if (!iso) return h("span", {}, DASH);
  const utc = new Date(iso).toISOString().replace("T", " ").replace("Z", " UTC");
  return h("time", { class: "num", datetime: iso, title: utc }, `${time(iso, options)} ${zone(new Date(iso))}`);
}

// The same as New York's wall clock reads it, for charts, which know no zones.
export function wallTime(iso) {
  return new Date(iso).toLocaleString("sv-SE", { timeZone: NEW_YORK, dateStyle: "short", timeStyle: "medium" }) + (/\.\d{3}/.exec(iso)?.[0] ?? "");
}

export function seconds(milliseconds) {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
}

const UNTIL = {
  DAY: "Day", GTC: "Until cancelled", GTD: "Until a date", IOC: "At once, or cancel", FOK: "All at once, or cancel", OPG: "At the open", CLS: "At the close",
};
export const until = (code) => UNTIL[code] ?? words(code);

export const words = (code) => {
  const plain = String(code ?? "").replaceAll("_", " ").toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};
