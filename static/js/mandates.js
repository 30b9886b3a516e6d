// The risk page's mandates: what a person signed so that a script may send orders, and taking it back.

import { accounts, may } from "./access.js";
import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, setText } from "./dom.js";
import { moment, money } from "./format.js";
import { toast } from "./toast.js";

const signable = accounts.filter(({ code }) => may("SIGN_MANDATE", code));
const isInForce = (mandate) => mandate.revoked_at === null && new Date(mandate.expires_at) > new Date();

async function load() {
  try {
    const { results } = await get("/mandates/");
    const standing = results.filter(isInForce);
    fill(byId("mandates"), standing.length ? standing.map(card) : h("p", { class: "text-secondary mb-0" }, "No script may send orders by itself."));
  } catch (error) {
    fill(byId("mandates"), h("p", { class: "form-error mb-0" }, error.message));
  }
}

function card(mandate) {
  const what = `${mandate.grantee} on ${mandate.account}`;
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, what), h("span", { class: "num" }, `${money(mandate.max_order_cash, 0)} an order`)),
    h("div", { class: "text-secondary" }, `${mandate.signed_by}: ${mandate.reason}`, h("span", { class: "d-block" }, "Until ", moment(mandate.expires_at, { day: true }))),
    may("SIGN_MANDATE", mandate.account) && h("div", { class: "dialog-actions mt-2" },
      h("button", { type: "button", class: "btn btn-sm", "aria-label": `Revoke the mandate of ${what}`, onclick: () => askBack(mandate, what) }, "Revoke")));
}

function askBack(mandate, what) {
  const dialog = byId("revoke-dialog");
  setText(dialog.querySelector(".about"), `${what}: no more is sent by it, and its orders that wait at the desk are cancelled. What works at the broker works on.`);
  dialog.querySelector("form").elements.reason.value = "";
  open(dialog, async (form) => {
    await post(`/mandates/${mandate.id}/revocation/`, { reason: form.elements.reason.value });
    toast("done", "Revoked", what);
    await load();
  });
}

function add() {
  const dialog = byId("mandate-dialog");
  const { account, grantee, ceiling, reason } = dialog.querySelector("form").elements;
  fill(account, signable.map(({ code }) => h("option", { value: code }, code)));
  grantee.value = ceiling.value = reason.value = "";
  open(dialog, async ({ elements }) => {
    const signed = await post("/mandates/", {
      account: elements.account.value, grantee: elements.grantee.value, max_order_cash: elements.ceiling.value, days: Number(elements.days.value), reason: elements.reason.value,
    });
    toast("done", "Signed", `${signed.grantee} on ${signed.account}, ${money(signed.max_order_cash, 0)} an order`);
    await load();
  });
}

byId("mandate-add").hidden = !signable.length;
byId("mandate-add").addEventListener("click", add);
load();
