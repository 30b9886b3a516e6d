// What is to become of long options: sent to a broker that takes it, or kept as a note until a person has told the broker.

import { may, mayAnywhere } from "./access.js";
import { get, post } from "./api.js";
import { byId, fill, h, setText, showDialog } from "./dom.js";
import { moment, number, words } from "./format.js";
import { on, rowsOf } from "./live.js";
import { sayError, toast } from "./toast.js";

const dialog = byId("exercise-dialog");
const ON_ITS_WAY = ["SENT", "WITHDRAWING"];
const LOOK_AGAIN_MS = 2000;
let options = [];
let waits = 0;

async function load() {
  clearTimeout(waits);
  try {
    paint(await get("/exercise-instructions/"));
  } catch (error) {
    setText(byId("exercise-note"), `The instructions were not read: ${error.message}`);
  }
}

function paint({ results, options: held }) {
  options = held.filter((option) => may("SEND_ORDER", option.account));
  byId("exercise-open").hidden = !options.length || !mayAnywhere("SEND_ORDER");
  byId("exercise-table").hidden = results.length === 0;
  fill(byId("exercise-rows"), results.map(row));
  const notes = [...new Set([...held, ...results.filter((one) => one.state === "RECORDED")].map((one) => one.note))];
  setText(byId("exercise-note"), results.length || held.length ? notes.join(" ") : "No long options: there is nothing to exercise.");
  if (results.some((one) => ON_ITS_WAY.includes(one.state) || (one.travels && one.state === "RECORDED"))) waits = setTimeout(load, LOOK_AGAIN_MS);
}

function row(one) {
  const act = (state, said) => h("button", { type: "button", class: "btn btn-sm", "aria-label": `${said}: ${words(one.kind)} ${one.said}, ${one.account}`, onclick: () => end(one, state) }, said);
  const mine = may("SEND_ORDER", one.account);
  const byHand = mine && one.may_be_confirmed;
  const open = mine && ["RECORDED", "ACCEPTED"].includes(one.state);
  const cell = (name, value, kind) => h("td", { class: kind ?? null, "data-name": name }, value);
  return h("tr", {}, h("td", {}, one.said), cell("Account", one.account), cell("Instruction", words(one.kind)), cell("Contracts", number(one.qty, 0), "r"),
    cell("Cut-off", moment(one.cut_off_at, { day: true })), cell("State", state(one)), cell("By", one.given_by),
    h("td", { class: "r" }, byHand && act("CONFIRMED", "Broker has it"), " ", open && act("WITHDRAWN", "Withdraw")));
}

function state(one) {
  if (one.exercised !== null) return `${one.said_state}: ${number(one.exercised, 0)} exercised`;
  return one.answer ? `${one.said_state}: ${one.answer}` : one.said_state;
}

async function end(one, state) {
  try {
    await post(`/exercise-instructions/${one.id}/end/`, { state });
    toast("done", one.state === "ACCEPTED" ? "The broker is asked to withdraw it" : state === "WITHDRAWN" ? "Withdrawn" : "Confirmed", `${words(one.kind)} ${one.qty} ${one.said}`);
  } catch (error) {
    sayError("Not changed", error);
  }
  load();
}

function choose(option) {
  byId("exercise-qty").value = option.qty;
  byId("exercise-how").replaceChildren(`${option.note} Cut-off of the last day: `, moment(option.cut_off_at, { day: true }), ".");
}

byId("exercise-open").addEventListener("click", () => {
  byId("exercise-option").replaceChildren(...options.map((option, index) => h("option", { value: index }, `${option.account}: ${number(option.qty, 0)} ${option.said}`)));
  choose(options[0]);
  byId("exercise-error").hidden = true;
  showDialog(dialog);
});
byId("exercise-option").addEventListener("change", () => choose(options[Number(byId("exercise-option").value)]));
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { account, symbol } = options[Number(byId("exercise-option").value)];
  const body = { account, symbol, kind: byId("exercise-kind").value, qty: Number(byId("exercise-qty").value), reason: byId("exercise-reason").value };
  try {
    const made = await post("/exercise-instructions/", body);
    dialog.close();
    toast("done", "Instruction recorded", made.note);
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
