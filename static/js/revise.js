// The dialog that changes an open order: at once if the desk holds it, else by asking the broker.

import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, h, setText } from "./dom.js";
import { words } from "./format.js";
import { readContract, sayContract } from "./legs.js";
import { sayError, toast } from "./toast.js";

const dialog = byId("replace-dialog");
const NUMBERS = ["limit_price", "stop_price", "quantity"];
const HELD = "The desk holds it, so the new terms hold at once: every risk check runs again, and you approve them by changing it.";
const SENT = "The new terms hold once the broker has accepted them; until then the old ones may still fill. The quantity is the total, filled part included.";
const COMPARISONS = { ">=": "at or above", ">": "above", "<=": "at or below", "<": "below", "==": "at" };
const SOURCES = { BID: "bid", ASK: "ask", MID: "middle", LAST: "last trade" };

const field = (name) => dialog.querySelector("form").elements[name];

function leaves(node) {
  if (node.what) return [node];
  return (node.all ?? node.any ?? [node.not]).flatMap(leaves);
}

function subject({ what, symbol, source = "MID" }) {
  if (!symbol) return words(what);
  const name = readContract(symbol) ? sayContract(symbol) : symbol;
  return `${name}'s ${what === "PRICE" ? SOURCES[source] : words(what).toLowerCase()}`;
}

// One row a comparison; what is typed is written into the copy of the condition that is sent.
function leafRow(leaf) {
  const said = subject(leaf);
  const is = h("select", { class: "form-select", "aria-label": `${said}: how it compares` }, Object.entries(COMPARISONS).map(([sign, name]) => h("option", { value: sign }, name)));
  const value = h("input", { class: "form-control num", type: leaf.what === "TIME" ? "text" : "number", step: "any", required: true, value: leaf.value, "aria-label": `${said}: the value` });
  const often = h("input", { class: "form-control num", type: "number", min: 1, max: 100, step: 1, value: leaf.confirm ?? 1, "aria-label": `${said}: how often in a row` });
  is.value = leaf.is ?? ">=";
  is.addEventListener("change", () => { leaf.is = is.value; });
  value.addEventListener("input", () => { leaf.value = value.value; });
  often.addEventListener("input", () => { leaf.confirm = Number(often.value); });
  return h("div", { class: "leaf" }, h("span", {}, said), is, value, h("label", {}, often, h("span", { class: "text-secondary" }, "in a row")));
}

function show(name, isShown) {
  dialog.querySelector(`[data-term="${name}"]`).hidden = !isShown;
}

function paint(order, isHeld, condition) {
  setText(dialog.querySelector(".about"), order.description);
  setText(byId("replace-note"), isHeld ? HELD : SENT);
  setText(byId("replace-submit"), isHeld ? "Change it" : "Ask the broker");
  for (const name of NUMBERS) {
    show(name, order[name === "quantity" ? "order_qty" : name] !== null);
    field(name).value = order[name === "quantity" ? "order_qty" : name] ?? "";
  }
  const isTrailing = isHeld && order.ord_type === "TRAILING_STOP";
  show("trail", isTrailing);
  show("trail_unit", isTrailing);
  field("trail_unit").value = order.trail_percent === null ? "trail_amount" : "trail_percent";
  field("trail").value = order.trail_percent ?? order.trail_amount ?? "";
  if (!isHeld && order.hold?.watches_price) show("stop_price", false); // it has done its part
  if (isHeld && order.link) show("quantity", false); // the list says how much
  byId("replace-list").hidden = !(isHeld && order.link);
  byId("replace-best").hidden = !isTrailing || order.hold.mark === null;
  setText(byId("replace-best"), `Its best price so far, ${order.hold?.mark}, is kept: the new distance counts from there.`);
  byId("replace-condition").hidden = !(isHeld && condition);
  byId("replace-leaves").replaceChildren(...(condition ? leaves(condition.when).map(leafRow) : []));
  field("no_condition").checked = false;
}

// Only what was changed is sent: the rest stays as it is, whatever happens meanwhile.
function changes(order, isHeld, condition) {
  const terms = {};
  for (const name of NUMBERS) {
    const was = order[name === "quantity" ? "order_qty" : name];
    const label = dialog.querySelector(`[data-term="${name}"]`);
    if (!label.hidden && field(name).value !== "" && Number(field(name).value) !== Number(was)) terms[name] = name === "quantity" ? Number(field(name).value) : field(name).value;
  }
  const [unit, distance] = [field("trail_unit").value, field("trail").value];
  if (!dialog.querySelector('[data-term="trail"]').hidden && distance !== "" && Number(distance) !== Number(order[unit])) terms[unit] = distance;
  if (isHeld && field("no_condition").checked) terms.condition = null;
  else if (isHeld && condition && JSON.stringify(condition) !== JSON.stringify(order.hold.condition)) terms.condition = condition;
  if (!Object.keys(terms).length) throw new Error("Nothing is different yet.");
  return terms;
}

export async function askRevision(id) {
  let order;
  try {
    order = await get(`/orders/${id}/`);
  } catch (error) {
    sayError("Not to be changed", error);
    return;
  }
  const isHeld = order.status === "HELD";
  const condition = order.hold?.condition ? structuredClone(order.hold.condition) : null;
  paint(order, isHeld, condition);
  open(dialog, async () => {
    await post(`/orders/${id}/replace/`, changes(order, isHeld, condition));
    if (isHeld) toast("done", "Changed", "The desk holds it with the new terms.");
    else toast("note", "Replacement asked for", "The new terms hold once the broker has accepted them.");
  });
}
