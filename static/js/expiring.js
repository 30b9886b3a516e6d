// Short options near assignment: what makes somebody look, the trade that would close it, and the word that it is kept.

import { may } from "./access.js";
import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, setText } from "./dom.js";
import { words } from "./format.js";
import { on } from "./live.js";
import { toast } from "./toast.js";

async function load() {
  try {
    const { results } = await get("/expiry-tasks/");
    fill(byId("expiry-tasks"), results.length ? results.map(card) : h("p", { class: "text-secondary mb-0" }, "No short option is near assignment."));
  } catch (error) {
    fill(byId("expiry-tasks"), h("p", { class: "form-error mb-0" }, error.message));
  }
}

function card(task) {
  const mayAnswer = may("SEND_ORDER", task.account) || may("APPROVE_PROPOSAL", task.account);
  const proposed = task.proposal && h("span", { class: "d-block" }, `A closing trade is proposed: ${words(task.proposal_status).toLowerCase()}. It is decided on the desk.`);
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, `${task.account}: ${task.description}`), h("span", { class: "tag warn" }, words(task.cause))),
    h("div", { class: "text-secondary" }, task.sentence, proposed),
    mayAnswer && h("div", { class: "dialog-actions mt-2" },
      h("button", { type: "button", class: "btn btn-sm", "aria-label": `Confirm that ${task.description} is kept, ${words(task.cause).toLowerCase()}`, onclick: () => keep(task) }, "Confirm: keep it")));
}

function keep(task) {
  const dialog = byId("keep-dialog");
  setText(dialog.querySelector(".about"), `${task.sentence} It is kept, and what is assigned is taken; a closing trade that nobody has touched is withdrawn.`);
  dialog.querySelector("form").elements.reason.value = "";
  open(dialog, async (form) => {
    await post(`/expiry-tasks/${task.id}/acknowledgement/`, { reason: form.elements.reason.value });
    toast("done", "Acknowledged", task.description);
    await load();
  });
}

on("risk", ({ whole }) => !whole && load());
load();
