// The dialog that changes an open order: at once if the desk holds it, else by asking the broker.

import { get, post } from "./api.js";
import { ConditionBuilder } from "./condition-builder.js";
import { open } from "./decide.js";
import { byId, setText } from "./dom.js";
import { sayError, toast } from "./toast.js";

const dialog = byId("replace-dialog");
const NUMBERS = ["limit_price", "stop_price", "quantity"];
const HELD = "The desk holds it, so the new terms hold at once: every risk check runs again, and you approve them by changing it.";
const SENT = "The new terms hold once the broker has accepted them; until then the old ones may still fill. The quantity is the total, filled part included.";
const FOLLOWS = "It is for as much as its entry fills: change the entry's quantity.";
const LEADS = "What comes after it follows this quantity.";
const BESIDE = "The quantity is the list's: its other orders follow it.";

// What an order of a list is for is the list's: some of it may be filled by another, or not set free yet.
const given = (order, name) => (name === "quantity" ? order.link?.planned_qty ?? order.order_qty : order[name]);

function listed({ link }) {
  if (!link) return "";
  if (link.role === "ENTRY") return LEADS;
  return link.kind === "OCO" || link.kind === "OUO" ? BESIDE : FOLLOWS;
}

let changing = null; // the order in the dialog
const builder = new ConditionBuilder(byId("replace-tree"), { about: () => changing && {
  account: changing.account, underlying: changing.underlying, price_effect: changing.price_effect,
  legs: changing.legs.map(({ symbol, side, position_effect: effect, ratio }) => ({ symbol, side, position_effect: effect, ratio })),
} });
byId("replace-tree").addEventListener("input", () => { byId("replace-free").hidden = builder.value !== null; });

const field = (name) => dialog.querySelector("form").elements[name];

function show(name, isShown) {
  dialog.querySelector(`[data-term="${name}"]`).hidden = !isShown;
}

function paint(order, isHeld) {
  setText(dialog.querySelector(".about"), order.description);
  setText(byId("replace-note"), isHeld ? HELD : SENT);
  setText(byId("replace-submit"), isHeld ? "Change it" : "Ask the broker");
  for (const name of NUMBERS) {
    show(name, given(order, name) !== null);
    field(name).value = given(order, name) ?? "";
  }
  const isTrailing = isHeld && order.ord_type === "TRAILING_STOP";
  show("trail", isTrailing);
  show("trail_unit", isTrailing);
  field("trail_unit").value = order.trail_percent === null ? "trail_amount" : "trail_percent";
  field("trail").value = order.trail_percent ?? order.trail_amount ?? "";
  if (!isHeld && order.hold?.watches_price) show("stop_price", false); // it has done its part
  const inList = listed(order);
  if (inList === FOLLOWS) show("quantity", false);
  byId("replace-list").hidden = !inList;
  setText(byId("replace-list"), inList);
  byId("replace-best").hidden = !isTrailing || order.hold.mark === null;
  setText(byId("replace-best"), `Its best price so far, ${order.hold?.mark}, is kept: the new distance counts from there.`);
  byId("replace-condition").hidden = !isHeld;
  byId("replace-free").hidden = order.hold?.condition !== null;
}

// Only what was changed is sent: the rest stays as it is, whatever happens meanwhile.
function changes(order, isHeld, before) {
  const terms = {};
  for (const name of NUMBERS) {
    const was = given(order, name);
    const label = dialog.querySelector(`[data-term="${name}"]`);
    if (!label.hidden && field(name).value !== "" && Number(field(name).value) !== Number(was)) terms[name] = name === "quantity" ? Number(field(name).value) : field(name).value;
  }
  const [unit, distance] = [field("trail_unit").value, field("trail").value];
  if (!dialog.querySelector('[data-term="trail"]').hidden && distance !== "" && Number(distance) !== Number(order[unit])) terms[unit] = distance;
  if (isHeld && JSON.stringify(builder.value) !== before) terms.condition = builder.value;
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
  changing = order;
  paint(order, isHeld);
  builder.show(isHeld ? order.hold.condition : null);
  const before = JSON.stringify(builder.value);
  open(dialog, async () => {
    const terms = changes(order, isHeld, before);
    if (terms.condition) await builder.must();
    await post(`/orders/${id}/replace/`, terms);
    if (isHeld) toast("done", "Changed", "The desk holds it with the new terms.");
    else toast("note", "Replacement asked for", "The new terms hold once the broker has accepted them.");
  });
}
