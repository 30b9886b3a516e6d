// Numbers and times as the desk shows them. A missing value is a dash; zero is a value.

import { h, serverNow } from "./dom.js";

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
const DAY_SECONDS = new Intl.DateTimeFormat("en-GB", {
  timeZone: NEW_YORK, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const STYLES = new Map([[false, TIME], [true, DAY_TIME], ["", DAY_TIME], ["seconds", DAY_SECONDS]]); // by `day`, as an option or a data attribute
const ZONE = new Intl.DateTimeFormat("en-US", { timeZone: NEW_YORK, timeZoneName: "short" });

const TODAY = new Intl.DateTimeFormat("en-CA", { timeZone: NEW_YORK });

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

// Whole hours and minutes are said as such: 7,200 s says little.
function span(value) {
  if (value >= 3600 && value % 3600 === 0) return `${number(value / 3600, 0)} h`;
  if (value >= 120 && value % 60 === 0) return `${number(value / 60, 0)} min`;
  return `${number(value, Number.isInteger(value) ? 0 : 1)} s`;
}

const UNITS = {
  USD: (value) => money(value), "$": (value) => money(value), dollars: (value) => money(value),
  RATIO: (value) => percent(value), FRACTION: (value) => percent(value),
  POINTS: (value) => `${number(value, 1)} pts`, CONTRACTS: (value) => number(value, 0),
  COUNT: (value) => number(value, 0), SECONDS: (value) => span(Number(value)),
  contracts: (value) => number(value, 0), shares: (value) => number(value, 0),
};

export function inUnit(value, unit) {
  if (isMissing(value)) return DASH;
  return (UNITS[unit] ?? ((plain) => number(plain, 2)))(value);
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
export const day = (iso) => (iso ? DATE.format(new Date(`${iso}T12:00Z`)) : DASH);

// A bound or what is used of it: whole thousands without cents.
export function bound(value, unit) {
  return unit === "USD" && Number.isInteger(Number(value)) && Math.abs(value) >= 1000 ? money(value, 0) : inUnit(value, unit);
}

export function zone(moment = new Date()) {
  return ZONE.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
}

export function time(iso, { day = false } = {}) {
  if (!iso) return DASH;
  return STYLES.get(day).format(new Date(iso));
}

// For a column whose head names the zone: the time of today, the day and time of another day.
export function stamp(iso) {
  if (!iso) return DASH;
  const isToday = TODAY.format(new Date(iso)) === TODAY.format(serverNow());
  return time(iso, { day: !isToday }).replace(",", "");
}

export const utc = (iso) => `${new Date(iso).toISOString().replace("T", " ").slice(0, 23)} UTC`;

// A moment in New York with its zone; UTC on hover.
export function moment(iso, options) {
  if (!iso) return h("span", {}, DASH);
  return h("time", { class: "num", datetime: iso, title: utc(iso) }, `${time(iso, options)} ${zone(new Date(iso))}`);
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
