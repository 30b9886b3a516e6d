// The runs of algorithms, newest first, as the socket tells them.

import { isShown, onAccount } from "./access.js";
import { byId, fill, h } from "./dom.js";
import { moment, number, words } from "./format.js";
import { on, rowsOf } from "./live.js";
import { statusKind } from "./status.js";
import { hydrate } from "./times.js";

const state = (run) => h("span", { class: ["tag", ...statusKind(run.ending || run.status)].join(" ") }, words(run.ending || run.status));

function line(run) {
  return h("tr", {},
    h("td", {}, moment(run.created_at)), h("td", {}, run.account),
    h("td", { class: "wrap" }, h("a", { href: `/algos/${run.id}/` }, run.description)),
    h("td", {}, run.algo_name), h("td", {}, state(run)),
    h("td", { class: "r num" }, `${run.cum_qty} / ${run.quantity}`), h("td", { class: "r num" }, number(run.limit_price)),
    h("td", { class: "wrap" }, run.hold || run.reason || "–"));
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
