// What is to become of long options: kept with a cut-off, withdrawn, or confirmed to be with the broker.

import { may, mayAnywhere } from "./access.js";
import { get, post } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { moment, number, words } from "./format.js";
import { on, rowsOf } from "./live.js";
import { sayError, toast } from "./toast.js";

const dialog = byId("exercise-dialog");
let options = [];

async function load() {
  try {
    paint(await get("/exercise-instructions/"));
  } catch (error) {
    setText(byId("exercise-note"), `The instructions were not read: ${error.message}`);
  }
}

function paint({ results, options: held, note }) {
  options = held.filter((option) => may("SEND_ORDER", option.account));
  byId("exercise-open").hidden = !options.length || !mayAnywhere("SEND_ORDER");
  byId("exercise-table").hidden = results.length === 0;
  byId("exercise-rows").replaceChildren(...results.map(row));
  setText(byId("exercise-note"), results.length || held.length ? note : "No long options: there is nothing to exercise.");
}

function row(one) {
  const act = (state, said) => h("button", { type: "button", class: "btn btn-sm", onclick: () => end(one, state) }, said);
  const isHeld = one.state === "HELD" && may("SEND_ORDER", one.account);
  return h("tr", {}, h("td", {}, one.said), h("td", {}, one.account), h("td", {}, words(one.kind)), h("td", { class: "r" }, number(one.qty, 0)),
    h("td", {}, moment(one.cut_off_at, { day: true })), h("td", {}, words(one.state)), h("td", {}, one.given_by),
    h("td", { class: "r" }, isHeld && [act("CONFIRMED", "Broker has it"), " ", act("WITHDRAWN", "Withdraw")]));
}

async function end(one, state) {
  try {
    await post(`/exercise-instructions/${one.id}/end/`, { state });
    toast("done", state === "WITHDRAWN" ? "Withdrawn" : "Confirmed", `${words(one.kind)} ${one.qty} ${one.said}`);
  } catch (error) {
    sayError("Not changed", error);
  }
  load();
}

byId("exercise-open").addEventListener("click", () => {
  byId("exercise-option").replaceChildren(...options.map((option, index) => h("option", { value: index }, `${option.account}: ${number(option.qty, 0)} ${option.said}`)));
  byId("exercise-qty").value = options[0].qty;
  byId("exercise-error").hidden = true;
  dialog.showModal();
});
byId("exercise-option").addEventListener("change", () => { byId("exercise-qty").value = options[Number(byId("exercise-option").value)].qty; });
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { account, symbol } = options[Number(byId("exercise-option").value)];
  const body = { account, symbol, kind: byId("exercise-kind").value, qty: Number(byId("exercise-qty").value), reason: byId("exercise-reason").value };
  try {
    await post("/exercise-instructions/", body);
    dialog.close();
    toast("done", "Instruction kept", "Tell the broker before the cut-off.");
    load();
  } catch (error) {
    byId("exercise-error").hidden = false;
    setText(byId("exercise-error"), error.message);
  }
});

// Read again when a long option comes, goes or changes its size: marks alone change nothing here.
let known = "";
on("positions", () => {
  const held = [...rowsOf("positions").values()].filter((one) => one.kind === "OPTION" && Number(one.qty) > 0).map((one) => `${one.id} ${one.qty}`).join();
  if (held !== known) load();
  known = held;
});
load();
