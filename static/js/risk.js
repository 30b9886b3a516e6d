// The risk page: limits and their edits, the kill switch's levels and releases, and what is used of the capital.

import { isShown, may, mayAnywhere, mayOnDesk, onAccount, user } from "./access.js";
import { get, patch, post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, icon, setText } from "./dom.js";
import { bound, isMissing, moment, money, percent, words } from "./format.js";
import { levelName } from "./kill.js";
import { on, rowsOf, system } from "./live.js";
import { sayError, toast } from "./toast.js";

const MEANT = { RATIO: "a share of equity, 0.05 is 5 %", FRACTION: "a fraction, 0.05 is 5 %" };
let limits = [];
let changes = [];

async function load() {
  try {
    [limits, changes] = await Promise.all([get("/limits/"), get("/limits/changes/")]).then((pages) => pages.map((page) => page.results ?? page));
    paintLimits();
    paintChanges();
  } catch (error) {
    setText(byId("limits-empty").querySelector("strong"), error.message);
  }
}

const mayOn = (action, account) => (account ? may(action, account) : mayOnDesk(action));
const holdsFor = (limit) => [limit.account, limit.underlying].filter(Boolean).join(", ") || "everybody";

function paintLimits() {
  const wanted = byId("limits-filter").value.trim().toLowerCase();
  const shown = limits.filter((limit) => `${limit.label} ${limit.code} ${holdsFor(limit)}`.toLowerCase().includes(wanted));
  byId("limits-empty").hidden = shown.length > 0;
  setText(byId("limits-empty").querySelector("strong"), limits.length ? "No limit matches" : "No limits are set");
  fill(byId("limits-rows"), shown.map((limit) => {
    const edit = h("button", { type: "button", class: "btn btn-sm", "aria-label": `Edit ${limit.label} for ${holdsFor(limit)}` }, icon("edit"), "Edit");
    edit.addEventListener("click", () => askEdit(limit));
    return h("tr", { dataset: { code: limit.code } }, h("td", {}, limit.label, h("small", { class: "holds text-secondary" }, holdsFor(limit))), h("td", { class: "text-secondary" }, holdsFor(limit)),
      h("td", { class: "r" }, bound(limit.soft, limit.unit)), h("td", { class: "r" }, bound(limit.hard, limit.unit)),
      h("td", { class: "text-nowrap" }, moment(limit.effective_at, { day: true })), h("td", { class: "r" }, mayOn("EDIT_LIMITS", limit.account) && edit));
  }));
}

function askEdit(limit) {
  const dialog = byId("limit-dialog");
  setText(dialog.querySelector(".about"), `${limit.label}, for ${holdsFor(limit)}. Now: soft ${bound(limit.soft, limit.unit)}, hard ${bound(limit.hard, limit.unit)}.`);
  const { soft, hard, reason } = dialog.querySelector("form").elements;
  soft.value = limit.soft ?? "";
  hard.value = limit.hard ?? "";
  reason.value = "";
  const floor = limit.direction === "FLOOR" ? " A floor: lower is looser." : "";
  setText(byId("limit-unit"), `In ${MEANT[limit.unit] ?? words(limit.unit).toLowerCase()}. Empty is no such limit.${floor}`);
  open(dialog, async () => {
    const change = await patch(`/limits/${limit.id}/`, { soft: soft.value || null, hard: hard.value || null, reason: reason.value, version: limit.version });
    if (change.status === "APPLIED") toast("done", "In force", `${limit.label}: the next check uses it.`);
    else toast("note", "Waits for a second person", "It loosens the limit, so somebody else decides it.");
    await load();
  });
}

function paintChanges() {
  const list = byId("limit-changes");
  if (!changes.length) return fill(list, h("p", { class: "text-secondary mb-0" }, "No edits yet."));
  return fill(list, changes.slice(0, 12).map((change) => {
    const { limit } = change;
    const value = (soft, hard) => `${bound(soft, limit.unit)} / ${bound(hard, limit.unit)}`;
    const waits = change.status === "PROPOSED";
    return h("div", { class: "change-card" },
      h("div", { class: "d-flex gap-2 align-items-center" }, h("strong", { class: "flex-fill" }, limit.label),
        h("span", { class: `tag ${waits ? "warn" : change.status === "APPLIED" ? "good" : ""}` }, waits ? "Waits" : words(change.status))),
      h("div", { class: "num" }, `${value(change.old_soft, change.old_hard)} → ${value(change.new_soft, change.new_hard)} for ${holdsFor(limit)}`),
      h("div", { class: "text-secondary" }, `${change.requested_by}: ${change.reason}`),
      waits && decision(change));
  }));
}

function decision(change) {
  if (change.requested_by === user) return h("p", { class: "text-secondary mb-0" }, "Another person decides it.");
  if (!mayOn("DECIDE_LIMITS", change.limit.account)) return null;
  const button = (text, apply, kind) => h("button", { type: "button", class: `btn btn-sm ${kind}`, "aria-label": `${text} the edit of ${change.limit.label} by ${change.requested_by}`, dataset: { key: `${text} ${change.id}` }, onclick: () => decide(change, apply) }, text);
  return h("div", { class: "dialog-actions mt-2" }, button("Reject", false, ""), button("Apply", true, "btn-primary"));
}

async function decide(change, apply) {
  try {
    await post(`/limits/changes/${change.id}/decision/`, { approve: apply });
    toast("done", apply ? "In force" : "Rejected", change.limit.label);
  } catch (error) {
    sayError("Not decided", error);
  }
  await load();
}

const HOLDS = { GLOBAL: "The whole desk", BROKER: "Broker", ACCOUNT: "Account", UNDERLYING: "Underlying" };

function paintKill() {
  const { levels = [], releases = [], file_level: fileLevel = 0 } = system().kill ?? {};
  const key = JSON.stringify([levels, releases, fileLevel]);
  if (byId("kill-levels").dataset.key === key) return;
  byId("kill-levels").dataset.key = key;
  const items = levels.map((row) => h("li", { class: "align-items-center" }, h("span", { class: "tag bad" }, levelName(row.level)),
    h("span", { class: "flex-fill" }, `${HOLDS[row.scope]} ${row.target}`.trim(), h("span", { class: "text-secondary d-block" }, `${row.actor}${row.reason ? `: ${row.reason}` : ""}`)),
    mayAnywhere("RELEASE_KILL") && h("button", { type: "button", class: "btn btn-sm", onclick: () => askRelease(row) }, "Release")));
  if (fileLevel > 0) items.push(h("li", {}, h("span", { class: "tag bad" }, levelName(fileLevel)), "Held by the KILL file on the desk's machine; removing the file lets go."));
  fill(byId("kill-levels"), items.length ? items : h("li", {}, h("span", { class: "passed" }, icon("check")), "Not pulled: trading is normal."));
  fill(byId("kill-releases"), releases.map((release) => h("div", { class: "change-card" },
    h("strong", {}, `Release of ${HOLDS[release.scope].toLowerCase()} ${release.target} to ${levelName(release.to_level)}`),
    h("div", { class: "text-secondary" }, `${release.requested_by}: ${release.reason}`),
    release.requested_by === user ? h("p", { class: "text-secondary mb-0" }, "Another person confirms it.")
      : mayAnywhere("RELEASE_KILL") && h("button", { type: "button", class: "btn btn-sm btn-primary mt-2", onclick: () => confirm(release) }, "Confirm the release"))));
}

function askRelease(row) {
  const dialog = byId("release-dialog");
  setText(dialog.querySelector(".about"), `${HOLDS[row.scope]} ${row.target}: from ${levelName(row.level)} to normal. A second person confirms; voided proposals stay voided.`);
  open(dialog, async (form) => {
    await post("/kill-switch/release/", { scope: row.scope, target: row.target, to_level: 0, reason: form.elements.reason.value });
    toast("note", "Release asked for", "Another person confirms it.");
  });
}

async function confirm(release) {
  try {
    await post(`/kill-switch/release/${release.id}/confirmation/`);
    toast("done", "Released", "Trading is as before.");
  } catch (error) {
    sayError("Not released", error);
  }
}

function paintUtilisation() {
  const rows = [...rowsOf("pnl").values()].filter((row) => isShown(row.account));
  if (!rows.length) return fill(byId("utilisation"), h("p", { class: "text-secondary mb-0" }, "The monitor has not reported yet."));
  return fill(byId("utilisation"), rows.map((row) => h("div", { class: "limit" },
    h("div", { class: "row-1" }, h("span", {}, row.account), h("span", { class: "num text-secondary" }, `${money(row.deployed, 0)} of ${money(row.equity, 0)}, ${percent(row.deployed_ratio)}`)),
    h("div", { class: "limit-bar", "aria-hidden": "true" }, h("span", { class: "after", style: { width: `${isMissing(row.deployed_ratio) ? 0 : Math.min(100, 100 * row.deployed_ratio)}%` } })))));
}

byId("limits-filter").addEventListener("input", paintLimits);
on("risk", ({ whole }) => !whole && load());
on("system", paintKill);
on("pnl", paintUtilisation);
onAccount(paintUtilisation);
load();
