// The risk page's rules of names, and the strategies that repeated executions have stopped.

import { accounts, may, mayOnDesk, user } from "./access.js";
import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, setText } from "./dom.js";
import { moment, words } from "./format.js";
import { on } from "./live.js";
import { sayError, toast } from "./toast.js";

const KINDS = { CLOSE_ONLY: "closed only", RESTRICTED: "not traded", ALLOWED: "allowed" };
const mayOn = (action, account) => (account ? may(action, account) : mayOnDesk(action));

async function load() {
  try {
    const [rules, holds] = await Promise.all([get("/name-rules/"), get("/strategy-holds/")]);
    fill(byId("strategy-holds"), holds.results.map(holdCard));
    fill(byId("name-rules"), rules.results.length ? rules.results.map(ruleCard) : h("p", { class: "text-secondary mb-0" }, "No rules of names."));
  } catch (error) {
    fill(byId("name-rules"), h("p", { class: "form-error mb-0" }, error.message));
  }
}

const button = (text, label, act, kind = "") => h("button", { type: "button", class: `btn btn-sm ${kind}`, "aria-label": label, onclick: act }, text);

function card(title, tag, said, ...acts) {
  return h("div", { class: "change-card" },
    h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, title), tag),
    h("div", { class: "text-secondary" }, said),
    acts.some(Boolean) && h("div", { class: "dialog-actions mt-2" }, acts));
}

function holdCard(hold) {
  const what = `${words(hold.structure)} in ${hold.underlying}, ${hold.account}`;
  return card(what, h("span", { class: "tag bad" }, "Stopped"), h("span", {}, `${hold.fills} fills in ten minutes, `, moment(hold.engaged_at, { day: true }), ". What closes goes on."),
    may("RELEASE_KILL", hold.account) && button("Release", `Release ${what}`, () => ask(`${what} goes on with the next order.`, `/strategy-holds/${hold.id}/release/`, "It goes on")));
}

function ruleCard(rule) {
  const what = `${rule.underlying}: ${KINDS[rule.kind]}, ${rule.account ?? "everybody"}`;
  const waits = rule.in_force_at === null;
  const tag = h("span", { class: `tag ${waits || rule.lift_asked_by ? "warn" : "good"}` }, waits ? "Waits" : rule.lift_asked_by ? "Lift asked for" : "In force");
  const said = h("span", {}, `${rule.asked_by}: ${rule.reason}`, rule.lift_asked_by && h("span", { class: "d-block" }, `To be lifted, ${rule.lift_asked_by}: ${rule.lift_reason}`));
  return card(what, tag, said, ...acts(rule, what, waits));
}

function acts(rule, what, waits) {
  const path = `/name-rules/${rule.id}/`;
  const decides = mayOn("DECIDE_LIMITS", rule.account);
  if (rule.lift_asked_by) {
    if (rule.lift_asked_by === user) return [h("span", { class: "text-secondary" }, "Another person decides it.")];
    return decides ? [button("Decline", `Decline to lift ${what}`, () => send(`${path}lift/decision/`, { approve: false }, "It stands")),
      button("Confirm", `Confirm to lift ${what}`, () => send(`${path}lift/decision/`, { approve: true }, "Lifted"), "btn-primary")] : [];
  }
  return [
    waits && decides && rule.asked_by !== user && button("Confirm", `Confirm ${what}`, () => send(`${path}confirmation/`, {}, "In force"), "btn-primary"),
    mayOn("EDIT_LIMITS", rule.account) && button("Release", `Ask to lift ${what}`, () => ask(`${what}: a second person lifts it.`, `${path}lift/`, "Asked for")),
  ];
}

async function send(path, body, done) {
  try {
    await post(path, body);
    toast("done", done, "");
  } catch (error) {
    sayError("Not done", error);
  }
  await load();
}

function ask(about, path, done) {
  const dialog = byId("go-on-dialog");
  setText(dialog.querySelector(".about"), about);
  dialog.querySelector("form").elements.reason.value = "";
  open(dialog, async (form) => {
    await post(path, { reason: form.elements.reason.value });
    toast("done", done, about);
    await load();
  });
}

function add() {
  const dialog = byId("name-rule-dialog");
  const { underlying, account, reason } = dialog.querySelector("form").elements;
  const scopes = accounts.filter(({ code }) => may("EDIT_LIMITS", code)).map(({ code }) => h("option", { value: code }, code));
  fill(account, mayOnDesk("EDIT_LIMITS") ? [h("option", { value: "" }, "Everybody"), ...scopes] : scopes);
  underlying.value = reason.value = "";
  open(dialog, async (form) => {
    const { elements } = form;
    const rule = await post("/name-rules/", { underlying: elements.underlying.value, kind: elements.kind.value, account: elements.account.value, reason: elements.reason.value });
    toast(rule.in_force_at ? "done" : "note", rule.in_force_at ? "In force" : "Waits for a second person", `${rule.underlying}: ${KINDS[rule.kind]}`);
    await load();
  });
}

byId("name-rule-add").hidden = !(mayOnDesk("EDIT_LIMITS") || accounts.some(({ code }) => may("EDIT_LIMITS", code)));
byId("name-rule-add").addEventListener("click", add);
on("risk", ({ whole }) => !whole && load());
load();
