// The orders page: what the desk holds, the lists, and the whole blotter.

import { isShown, may, onAccount } from "./access.js";
import { post } from "./api.js";
import { ordersGrid } from "./blotter.js";
import { byId, fill, h, setText } from "./dom.js";
import { heldOrders, onHeld, paintSights } from "./held.js";
import { isLive, onState } from "./live.js";
import { startLists } from "./order-lists.js";
import { askRevision } from "./revise.js";
import { sayError, toast } from "./toast.js";

let painted = "";

function paint() {
  const shown = heldOrders().filter(({ link, account }) => link === null && isShown(account));
  const now = JSON.stringify([shown.map((row) => ({ ...row, sights: null })), isLive()]);
  byId("held-section").hidden = shown.length === 0;
  if (now === painted) return;
  painted = now;
  setText(byId("held-count"), String(shown.length));
  fill(byId("held-rows"), shown.map(item));
  paintSights(byId("held-rows"));
}

function item(row) {
  const act = (name, said, allowed, what) => allowed && h("button", { type: "button", class: "btn btn-sm", dataset: { key: `${name}-${row.id}` }, disabled: !isLive(), "aria-label": `${said} ${row.description}`, onclick: what }, said);
  return h("li", {},
    h("div", {}, h("a", { href: `/orders/${row.id}/`, class: "fw-bold" }, row.description), h("span", { class: "text-secondary ms-2" }, row.account),
      h("div", {}, row.hold.waits_for), h("div", { class: "sights", dataset: { sights: row.id } })),
    h("div", { class: "actions" },
      act("change", "Change", row.hold.state !== "FIRED" && may("SEND_ORDER", row.account), () => askRevision(row.id)),
      act("cancel", "Cancel", may("CANCEL_ORDER", row.account), () => cancel(row))));
}

async function cancel(row) {
  try {
    await post(`/orders/${row.id}/cancel/`);
    toast("done", "Cancelled at the desk", row.description);
  } catch (error) {
    sayError("Not cancelled", error);
  }
}

ordersGrid(byId("orders-grid"), { isShown, onAccount, compact: false });
onHeld(paint);
onAccount(paint);
onState(paint);
startLists();
