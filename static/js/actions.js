// Corporate actions: entered by one person, confirmed by another.

import { mayAnywhere } from "./access.js";
import { get, post } from "./api.js";
import { byId, fill, h, showDialog } from "./dom.js";
import { money, words } from "./format.js";
import { sayError, toast } from "./toast.js";

const dialog = byId("action-dialog");
const kind = byId("action-kind");

function terms(row) {
  if (row.kind === "SPLIT") return `${row.ratio_new} for ${row.ratio_old}`;
  if (row.kind === "SYMBOL_CHANGE") return `to ${row.to_symbol}`;
  return `${money(row.amount)} a share${row.pay_date ? `, paid ${row.pay_date}` : ""}`;
}

function line(row) {
  const act = (state, said) => h("button", { type: "button", class: "btn btn-sm", "aria-label": `${said}: ${row.symbol} ${words(row.kind)}, ${row.ex_date}`, onclick: () => decide(row, state) }, said);
  const open = mayAnywhere("DECIDE_LIMITS") && row.state !== "WITHDRAWN";
  return h("tr", {}, h("th", { scope: "row" }, `${row.symbol}: ${words(row.kind)}`), h("td", {}, terms(row)), h("td", {}, row.ex_date),
    h("td", {}, words(row.state)), h("td", {}, row.entered_by), h("td", {}, row.decided_by ?? "–"),
    h("td", { class: "r" }, open && [row.state === "ENTERED" && act("CONFIRMED", "Confirm"), " ", act("WITHDRAWN", "Withdraw")]));
}

async function read() {
  byId("action-open").hidden = !mayAnywhere("ADMINISTER");
  try {
    const { results } = await get("/corporate-actions/");
    const head = h("tr", {}, ["Action", "Terms", "Ex-date", "State", "Entered by", "Decided by"].map((name) => h("th", { scope: "col" }, name)),
      h("th", { scope: "col" }, h("span", { class: "visually-hidden-live" }, "Decide")));
    fill(byId("action-table"), (results.length
      ? [h("table", { class: "table-desk" }, h("thead", {}, head), h("tbody", {}, results.map(line)))] : []));
  } catch (error) {
    byId("action-note").textContent = `The actions were not read: ${error.message}`;
  }
}

async function decide(row, state) {
  try {
    await post(`/corporate-actions/${row.id}/decision/`, { state });
    toast("done", words(state), `${row.symbol}: ${words(row.kind)}, ${row.ex_date}`);
  } catch (error) {
    sayError("Not changed", error);
  }
  read();
}

function showTerms() {
  for (const label of dialog.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(kind.value);
}

function entered() {
  const value = (id) => (byId(id).closest("[hidden]") ? null : byId(id).value || null);
  const said = {
    kind: kind.value, symbol: byId("action-symbol").value.trim().toUpperCase(), ex_date: value("action-ex"), record_date: value("action-record"),
    pay_date: value("action-pay"), amount: value("action-amount"), ratio_new: value("action-new"), ratio_old: value("action-old"),
    to_symbol: value("action-to")?.toUpperCase(),
  };
  return Object.fromEntries(Object.entries(said).filter(([, one]) => one !== null && one !== undefined));
}

kind.addEventListener("change", showTerms);
byId("action-open").addEventListener("click", () => { byId("action-error").hidden = true; showTerms(); showDialog(dialog); });
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("/corporate-actions/", entered());
    dialog.close();
    toast("done", "Entered", "It waits for another person to confirm it.");
    read();
  } catch (error) {
    byId("action-error").hidden = false;
    byId("action-error").textContent = error.message;
  }
});
read();
