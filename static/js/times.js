// Moments, latencies and codes that the server rendered, in the words and zone of the desk.

import { statusKind } from "./status.js";
import { money, number, time, until, utc, words, zone } from "./format.js";
import { sayContract } from "./legs.js";
import { weekType } from "./week-types.js";

export function hydrate(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = element.getAttribute("datetime");
    const moment = new Date(at);
    const day = element.dataset.day ?? false;
    const fraction = element.dataset.precise === undefined ? "" : `.${/\.(\d{3})/.exec(at)?.[1] ?? "000"}`;
    element.textContent = `${time(at, { day })}${fraction} ${element.dataset.precise === undefined ? zone(moment) : ""}`.trim();
    element.title = utc(at);
  }
  for (const element of root.querySelectorAll("[data-lag]")) element.textContent = lag(Number(element.dataset.lag));
  for (const element of root.querySelectorAll("[data-money]")) element.textContent = money(element.dataset.money);
  for (const element of root.querySelectorAll("[data-words]")) element.textContent = words(element.textContent.trim());
  for (const element of root.querySelectorAll("[data-week-type]")) element.textContent = weekType(element.dataset.weekType);
  for (const element of root.querySelectorAll("[data-until-code]")) element.textContent = until(element.dataset.untilCode);
  for (const element of root.querySelectorAll("[data-contract]")) {
    element.textContent = sayContract(element.dataset.contract);
    element.title = element.dataset.contract;
  }
  for (const element of root.querySelectorAll("[data-status]")) {
    element.textContent = words(element.dataset.status);
    element.classList.add(...statusKind(element.dataset.status));
  }
}

// Microseconds as a person reads them: "+312 µs", "+4.2 ms", "+1.8 s", "+2 min".
export function lag(microseconds) {
  if (microseconds < 1000) return `+${number(microseconds, 0)} µs`;
  if (microseconds < 1e6) return `+${number(microseconds / 1e3, 3)} ms`;
  if (microseconds < 120e6) return `+${number(microseconds / 1e6, 2)} s`;
  return `+${number(microseconds / 60e6, 0)} min`;
}
