// One order's page: anew from the server whenever the order moves; cancel and replace while it works.

import { may } from "./access.js";
import { post } from "./api.js";
import { open } from "./decide.js";
import { byId } from "./dom.js";
import { isLive, on, onState } from "./live.js";
import { hydrate } from "./times.js";
import { sayError, toast } from "./toast.js";

const WORKING = new Set(["READY", "PENDING_NEW", "NEW", "PARTIALLY_FILLED"]);
const id = byId("order-detail").dataset.order;

function wire() {
  const detail = byId("order-detail");
  hydrate(detail);
  const working = WORKING.has(detail.querySelector("[data-status]").dataset.status);
  const cancel = byId("order-cancel");
  const replace = byId("order-replace");
  cancel.hidden = !working || !may("CANCEL_ORDER", cancel.dataset.account);
  replace.hidden = cancel.hidden || replace.dataset.limit === "";
  cancel.disabled = replace.disabled = !isLive();
  cancel.onclick = () => cancelOrder(cancel);
  replace.onclick = () => replaceOrder(replace);
}

async function cancelOrder(button) {
  button.disabled = true;
  try {
    await post(`/orders/${id}/cancel/`);
    toast("note", "Cancellation asked for", "The broker decides whether it comes in time.");
  } catch (error) {
    sayError("Not cancelled", error);
  }
  button.disabled = !isLive();
}

function replaceOrder(button) {
  const dialog = byId("replace-dialog");
  const fields = dialog.querySelector("form").elements;
  fields.limit_price.value = button.dataset.limit;
  fields.quantity.value = button.dataset.quantity;
  open(dialog, async () => {
    await post(`/orders/${id}/replace/`, { limit_price: fields.limit_price.value, quantity: Number(fields.quantity.value) });
    toast("note", "Replacement asked for", "The new terms hold once the broker has accepted them.");
  });
}

on("orders", ({ changed, whole }) => {
  if (!whole && changed.some((row) => row.id === id)) window.htmx.trigger("#order-detail", "refresh");
});
document.body.addEventListener("htmx:afterSettle", wire);
onState(wire);
