// The runs of algorithms, newest first, as the socket tells them.

import { isShown, onAccount } from "./access.js";
import { byId, fill, h } from "./dom.js";
import { moment, number, words } from "./format.js";
import { on, rowsOf } from "./live.js";
import { statusKind } from "./status.js";
import { hydrate } from "./times.js";

const state = (run) => h("span", { class: ["tag", ...statusKind(run.ending || run.status)].join(" ") }, words(run.ending || run.status));

function line(run) {
  const cell = (name, value, kind) => h("td", { class: kind ?? null, "data-name": name }, value);
  return h("tr", {},
    h("td", { class: "wrap" }, h("a", { href: `/algos/${run.id}/` }, run.description)),
    cell("Started", moment(run.created_at)), cell("Account", run.account), cell("Algorithm", run.algo_name), cell("State", state(run)),
    cell("Filled", `${run.cum_qty} / ${run.quantity}`, "r num"), cell("Limit", number(run.limit_price), "r num"),
    cell("Why it waits or ended", run.hold || run.reason || "–", "wrap"));
}

function paint() {
  const shown = [...rowsOf("algos").values()].filter((run) => isShown(run.account));
  shown.sort((a, b) => b.created_at.localeCompare(a.created_at));
  fill(byId("algo-rows"), shown.map(line));
  byId("algos-empty").hidden = shown.length > 0;
}

hydrate();
on("algos", paint);
onAccount(paint);
