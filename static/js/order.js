// One order's page: anew from the server whenever the order moves; cancel and replace while it works.

import { may } from "./access.js";
import { post } from "./api.js";
import { byId } from "./dom.js";
import { onHeld, paintSights } from "./held.js";
import { isLive, on, onState } from "./live.js";
import { askRevision } from "./revise.js";
import { hydrate } from "./times.js";
import { sayError, toast } from "./toast.js";

const WORKING = new Set(["HELD", "READY", "PENDING_NEW", "NEW", "PARTIALLY_FILLED"]);
const id = byId("order-detail").dataset.order;

function wire() {
  const detail = byId("order-detail");
  hydrate(detail);
  const { status } = detail.querySelector("[data-status]").dataset;
  const working = WORKING.has(status);
  const cancel = byId("order-cancel");
  const replace = byId("order-replace");
  cancel.hidden = !working || !may("CANCEL_ORDER", cancel.dataset.account);
  replace.hidden = cancel.hidden || replace.dataset.may === "";
  cancel.disabled = replace.disabled = !isLive();
  cancel.onclick = () => cancelOrder(cancel, status === "HELD");
  replace.onclick = () => askRevision(id);
  paintSights(detail);
}

async function cancelOrder(button, isHeld) {
  button.disabled = true;
  try {
    await post(`/orders/${id}/cancel/`);
    if (isHeld) toast("done", "Cancelled at the desk", "No broker knew it.");
    else toast("note", "Cancellation asked for", "The broker decides whether it comes in time.");
  } catch (error) {
    sayError("Not cancelled", error);
  }
  button.disabled = !isLive();
}

on("orders", ({ changed, whole }) => {
  if (!whole && changed.some((row) => row.id === id)) window.htmx.trigger("#order-detail", "refresh");
});
document.body.addEventListener("htmx:afterSettle", wire);
onState(wire);
if (byId("order-detail").querySelector("[data-sights]")) onHeld(() => {});
