// The Brokers page: each connection's health, limits, credentials by name and certification, and what may be done to it.

import { mayAnywhere } from "./access.js";
import { get, post, send } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, icon, serverNow, setText } from "./dom.js";
import { moment, words } from "./format.js";
import { on } from "./live.js";
import { sayError, toast } from "./toast.js";

const STATES = { UP: "good", SYNCING: "warn", DOWN: "bad" };
const OUTCOMES = { PASS: "good", FAIL: "bad", NOT_APPLICABLE: "" };
const HOUR = 3600000;
let loading = false;

async function load() {
  if (loading) return;
  loading = true;
  try {
    fill(byId("connections"), (await get("/connections/?limit=500")).results.map(card));
  } catch (error) {
    setText(byId("connections").querySelector("strong"), error.message);
  } finally {
    loading = false;
  }
}

function card(row) {
  const state = row.is_paused ? h("span", { class: "tag warn" }, "Paused") : h("span", { class: `tag ${STATES[row.state]}` }, words(row.state));
  return h("section", { class: "card-desk", "aria-label": row.name, dataset: { connection: row.name } },
    h("header", {}, h("h2", {}, row.name), state, h("span", { class: "text-secondary" }, `${row.broker_name}, ${words(row.environment).toLowerCase()}`),
      h("span", { class: "end d-flex gap-1 flex-wrap" }, actions(row))),
    h("div", { class: "body broker-facts" },
      fact("State", row.state_reason || words(row.state)),
      fact("Last heartbeat", ago(row.heartbeat_at)), fact("Books agreed", ago(row.reconciled_at)),
      fact("Held by", row.lease_owner || "nobody"),
      fact("Accounts", row.accounts.map((account) => `${account.code} (${account.broker_account})`).join(", ") || "none"),
      fact("Credentials", credentials(row.credentials)), fact("Limits left", budgets(row.budgets)), fact("Certified", certified(row))));
}

const fact = (name, value) => h("div", {}, h("div", { class: "text-secondary small" }, name), h("div", {}, value));
const ago = (iso) => (iso ? moment(iso, { day: true }) : "never");

function credentials({ asked, kept, expires_at: ends }) {
  if (!asked.length && !kept.length) return "none needed";
  const missing = asked.filter((name) => !kept.includes(name));
  const left = ends && Date.parse(ends) - serverNow();
  return [missing.length ? h("span", { class: "tag bad" }, `missing: ${missing.join(", ")}`) : `kept: ${kept.join(", ")}`,
    ends && h("div", { class: left < 24 * HOUR ? "text-warning-emphasis" : "" }, left <= 0 ? "Expired: authorise again" : `Leave ends in ${span(left)}`)];
}

function span(milliseconds) {
  const hours = milliseconds / HOUR;
  return hours >= 48 ? `${Math.floor(hours / 24)} days` : `${Math.floor(hours)} h ${Math.floor((hours % 1) * 60)} min`;
}

function budgets(rows) {
  if (rows === null) return "not known: Redis is away";
  if (!rows.length) return "no limits";
  return rows.map((row) => h("div", { class: "broker-budget" },
    h("span", {}, words(row.bucket)),
    h("meter", { min: 0, max: row.burst, value: row.left, low: row.reserved, "aria-label": `${words(row.bucket)}: ${row.left} of ${row.burst} left` }),
    h("span", { class: "num" }, `${row.left} of ${row.burst}${row.factor < 1 ? `, slowed to ${Math.round(row.factor * 100)} %` : ""}`)));
}

function certified({ certification, last_certification: last }) {
  const report = certification ?? last;
  if (!report) return "never tried";
  const level = certification ? h("span", { class: "tag good" }, report.level) : h("span", { class: "tag bad" }, report.is_passed ? "no longer holds" : "failed");
  return h("details", {}, h("summary", {}, level, " ", moment(report.finished_at, { day: true }), `, by ${report.certified_by}`),
    h("ul", { class: "broker-findings" }, report.findings.map((finding) =>
      h("li", {}, h("span", { class: `tag ${OUTCOMES[finding.outcome]}` }, words(finding.outcome)), ` ${finding.check}`, finding.seen && h("span", { class: "text-secondary" }, ` ${finding.seen}`)))));
}

function actions(row) {
  const made = [];
  const add = (name, symbol, act) => made.push(h("button", { type: "button", class: "btn btn-sm", onclick: act, "aria-label": `${name} ${row.name}` }, icon(symbol), name));
  if (mayAnywhere("PAUSE_CONNECTION")) {
    if (row.is_paused) add("Resume", "check", () => ask(row, "Resume", "Its worker connects, reconciles the books, and then sends."));
    else {
      if (row.state === "DOWN") add("Resume", "check", () => ask(row, "Resume", "It is tried at once, however often it failed before."));
      add("Pause", "player-pause", () => ask(row, "Pause", "Its worker lets go at once. Orders at the broker stay there, and nothing is sent or heard."));
    }
  }
  if (mayAnywhere("ADMINISTER")) {
    if (row.credentials.asked.length) add("Credentials", "lock", () => askCredentials(row));
    if (row.credentials.needs_leave) add("Authorise", "refresh", () => authorise(row));
    if (row.credentials.kept.length) add("Revoke", "x", () => ask(row, "Revoke", "Its credentials are destroyed; the next sign-in needs new ones."));
  }
  return made;
}

function ask(row, verb, about) {
  const dialog = byId("reason-dialog");
  setText(dialog.querySelector("h2"), `${verb} ${row.name}`);
  setText(dialog.querySelector(".about"), about);
  const { reason } = dialog.querySelector("form").elements;
  reason.value = "";
  reason.closest("label").hidden = verb === "Revoke";
  open(dialog, async () => {
    if (verb === "Revoke") await send("DELETE", `/connections/${row.name}/credentials/`);
    else await post(`/connections/${row.name}/${verb.toLowerCase()}/`, { reason: reason.value });
    toast("done", `${verb}d`, row.name);
    await load();
  });
}

function askCredentials(row) {
  const dialog = byId("credentials-dialog");
  setText(dialog.querySelector(".about"), `For ${row.name}. They are encrypted at once and cannot be read back; what is left empty stays as it is.`);
  const inputs = row.credentials.asked.map((name) => h("input", { name, type: "password", class: "form-control", autocomplete: "new-password", placeholder: row.credentials.kept.includes(name) ? "kept" : "missing" }));
  fill(dialog.querySelector("[data-fields]"), inputs.map((input) => h("label", { class: "d-block" }, words(input.name), input)));
  open(dialog, async () => {
    const values = Object.fromEntries(inputs.filter((input) => input.value).map((input) => [input.name, input.value]));
    await send("PUT", `/connections/${row.name}/credentials/`, { values });
    inputs.forEach((input) => { input.value = ""; });
    toast("done", "Sealed", row.name);
    await load();
  });
}

async function authorise(row) {
  try {
    const leave = await post(`/connections/${row.name}/authorisation/`);
    if (!leave.needs_code) {
      location.assign(leave.url);
      return;
    }
    const dialog = byId("leave-dialog");
    setText(dialog.querySelector(".about"), `Sign in at the broker, accept, and bring the code back here. For ${row.name}.`);
    dialog.querySelector("[data-page]").href = leave.url;
    const { code } = dialog.querySelector("form").elements;
    code.value = "";
    open(dialog, async () => {
      await send("PUT", `/connections/${row.name}/authorisation/`, { code: code.value.trim() });
      toast("done", "Authorised", row.name);
      await load();
    });
  } catch (error) {
    sayError("Not authorised", error);
  }
}

function askNew() {
  const dialog = byId("add-dialog");
  const { name, broker, environment, settings } = dialog.querySelector("form").elements;
  open(dialog, async () => {
    let parsed;
    try {
      parsed = JSON.parse(settings.value || "{}");
    } catch {
      throw new Error("The settings are not JSON. Nothing was added.");
    }
    await post("/connections/", { name: name.value, broker: broker.value, environment: environment.value, settings: parsed });
    toast("done", "Added, paused", name.value);
    await load();
  });
}

const adds = byId("add-connection");
adds.hidden = !mayAnywhere("ADMINISTER");
adds.addEventListener("click", askNew);
on("system", (change) => { if (change?.type !== "beat") load(); });
load();
setInterval(load, 5000);
