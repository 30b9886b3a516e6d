// Open lots, and by which method closing trades take them.

import { isShown, may, onAccount } from "./access.js";
import { get, post } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { moment, money, number, words } from "./format.js";
import { sayError, toast } from "./toast.js";

const EVERY = 30_000;
const METHODS = [["fifo", "First in, first out"], ["lifo", "Last in, first out"], ["average", "Average cost"], ["specific", "Lots that the order names"]];
const HEADS = ["Lot", "Open", "Price", "Cost", "Opened"];
const SIDES = [null, "r", "r", "r", null];
let accounts = [];

function method(row) {
  const choice = h("select", { class: "form-select", "aria-label": `Lot method of ${row.account}` },
    METHODS.map(([name, said]) => h("option", { value: name, selected: name === row.method || null }, said)));
  const later = row.later.map((one) => `${words(one.method)} from ${one.effective_from}`).join(", ");
  choice.disabled = !may("SEND_ORDER", row.account);
  choice.addEventListener("change", () => elect(row, choice.value));
  return [h("dt", {}, row.account), h("dd", {}, choice, later && h("span", { class: "text-secondary" }, ` then ${later}`))];
}

async function elect(row, chosen) {
  try {
    const made = await post(`/accounts/${row.account}/lot-method/`, { method: chosen });
    toast("done", "Lot method elected", `${row.account}: ${words(made.method)} from ${made.effective_from}`);
  } catch (error) {
    sayError("Not elected", error);
  }
  read();
}

function paint() {
  const shown = accounts.filter((row) => isShown(row.account));
  fill(byId("lot-methods"), h("dl", { class: "facts has-fields" }, shown.flatMap(method)));
  const rows = shown.flatMap((row) => row.lots.map((lot) => h("tr", {}, h("th", { scope: "row" }, `${lot.description}, ${row.account}`),
    [h("code", {}, lot.lot), number(lot.qty, 0), money(lot.price), money(lot.cost), moment(lot.opened_at, { day: true })].map((value, n) => h("td", { class: SIDES[n], "data-name": HEADS[n] }, value)))));
  const head = h("tr", {}, h("th", { scope: "col" }, "Held"), HEADS.map((name, n) => h("th", { scope: "col", class: SIDES[n] }, name)));
  byId("lot-table").replaceChildren(...(rows.length ? [h("table", { class: "table-desk table-cards" }, h("thead", {}, head), h("tbody", {}, rows))] : []));
  byId("lot-note").hidden = rows.length > 0;
  byId("lot-note").textContent = "No lots are open.";
}

async function read() {
  try {
    accounts = (await get("/lots/")).results;
    paint();
  } catch (error) {
    byId("lot-note").hidden = false;
    byId("lot-note").textContent = `Not to be had now: ${error.message}`;
  }
}

onAccount(paint);
read();
setInterval(() => { if (!document.hidden && document.activeElement?.closest("#lot-methods") === null) read(); }, EVERY);
