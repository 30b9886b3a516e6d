// The risk page's overrides: what waits for a second person, and what was decided lately.

import { may, mayAnywhere, user } from "./access.js";
import { get, post } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { words } from "./format.js";
import { on } from "./live.js";
import { sayError, toast } from "./toast.js";

const KINDS = { ASKED: "warn", ACCEPTED: "good", USED: "good", DECLINED: "" };
const RECENT = 8;

async function load() {
  try {
    const { results } = await get("/overrides/");
    fill(byId("overrides"), results.length ? results.slice(0, RECENT).map(card) : h("p", { class: "text-secondary mb-0" }, "Nothing was asked for."));
  } catch (error) {
    fill(byId("overrides"), h("p", { class: "form-error mb-0" }, error.message));
  }
}

function card(row) {
  const waits = row.status === "ASKED" && new Date(row.expires_at) > new Date();
  const said = row.status === "ASKED" ? (waits ? "Waits" : "Expired") : words(row.status);
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, `${row.account}: ${row.sentence}`),
      h("span", { class: `tag ${waits || row.status !== "ASKED" ? KINDS[row.status] : ""}` }, said)),
    h("ul", { class: "rules mb-1" }, row.checks.map((check) => h("li", {}, check.message))),
    h("div", { class: "text-secondary" }, `${row.asked_by}: ${row.reason}`, row.decided_by && h("span", { class: "d-block" }, `Decided by ${row.decided_by}`)),
    waits && decision(row));
}

function decision(row) {
  if (row.asked_by === user) return h("p", { class: "text-secondary mb-0" }, "Another person decides it.");
  if (!may("OVERRIDE_SOFT", row.account) && !may("OVERRIDE_PROTOCOL", row.account)) return null;
  const button = (text, accept, kind) => h("button", { type: "button", class: `btn btn-sm ${kind}`, onclick: () => decide(row, accept) }, text);
  return h("div", { class: "dialog-actions mt-2" }, button("Decline", false, ""), button("Accept", true, "btn-primary"));
}

async function decide(row, accept) {
  try {
    await post(`/overrides/${row.id}/decision/`, { accept });
    toast("done", accept ? "Accepted for five minutes" : "Declined", row.sentence);
  } catch (error) {
    sayError("Not decided", error);
  }
  await load();
}

on("risk", ({ whole }) => !whole && load());
if (mayAnywhere("VIEW")) load();
