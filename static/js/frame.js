// The frame of every page: the status strip, the banner that says when the page is not live, the kill switch.

import { accounts, chooseAccount, chosenAccount, isShown, onAccount } from "./access.js";
import { byId, h, icon, serverNow, setText } from "./dom.js";
import { isMissing, money, number, paintGain, percent, signed, signedMoney, time, words, zone } from "./format.js";
import { wireKeys } from "./keys.js";
import { wireKillSwitch } from "./kill.js";
import { connect, on, onState, rowsOf, system } from "./live.js";
import { wireThemeSwitch } from "./theme.js";
import { hydrate } from "./times.js";
import { toast } from "./toast.js";

const GRACE = 3000;
const SMALL = 1000; // dollars, below which cents are shown
const FRESH = 2; // seconds of data age that are still fresh; the risk gate's own limit
const PHASES = { OPEN: "Open", PRE_OPEN: "Pre-open", AFTER_CLOSE: "After close", CLOSED: "Closed" };

const sum = (rows, name) =>
  rows.reduce((total, row) => (isMissing(row[name]) ? total : total + Number(row[name])), 0);

function paintAccounts() {
  const select = byId("account-switch");
  select.append(h("option", { value: "" }, accounts.length ? "All accounts" : "No account"));
  for (const account of accounts) select.append(h("option", { value: account.code }, account.code));
  select.value = chosenAccount();
  select.addEventListener("change", () => chooseAccount(select.value));
}

function paintPnl() {
  const rows = [...rowsOf("pnl").values()].filter((row) => isShown(row.account));
  if (!rows.length) return;
  for (const name of ["day_pnl", "realised", "unrealised"]) {
    const total = sum(rows, name);
    paintGain(byId(`strip-${name}`), total, signedMoney(total, Math.abs(total) < SMALL ? 2 : 0));
  }
  const equity = sum(rows, "equity");
  const deployed = sum(rows, "deployed");
  setText(byId("strip-net_delta"), signed(sum(rows, "net_delta"), 0));
  setText(byId("strip-net_theta"), signedMoney(sum(rows, "net_theta"), 0));
  setText(byId("strip-deployed"), equity ? percent(deployed / equity) : percent(0));
  setText(byId("strip-free"), money(sum(rows, "cash") - deployed, 0));
  byId("strip-deployed-bar").style.width = `${Math.min(100, equity ? (100 * deployed) / equity : 0)}%`;
  paintBreaches(sum(rows, "breaches"));
}

function paintBreaches(count) {
  const box = byId("strip-breaches");
  setText(box, number(count, 0));
  box.classList.toggle("has-breach", count > 0);
}

function paintSystem() {
  const beat = system();
  setText(byId("strip-phase"), PHASES[beat.phase] ?? words(beat.phase));
  byId("strip-phase").dataset.phase = beat.phase ?? "";
  const shown = beat.exchange_time;
  setText(byId("strip-time"), shown ? `${time(shown)} ${zone(new Date(shown))}` : "no exchange time");
  byId("strip-time").title = shown ? `${new Date(shown).toISOString().slice(0, 19)} UTC` : "";
  const age = beat.data_age;
  setText(byId("strip-age"), isMissing(age) ? "no data" : `${number(age, Number(age) < 10 ? 1 : 0)} s`);
  byId("strip-age").classList.toggle("is-stale", isMissing(age) || Number(age) > FRESH);
  const badge = byId("source-badge");
  badge.hidden = !beat.source || beat.source === "LIVE";
  setText(badge, beat.source ?? "");
  document.documentElement.dataset.phase = beat.phase ?? "";
  paintConnections(beat.connections ?? []);
}

function paintConnections(connections) {
  const down = connections.filter((connection) => connection.state !== "UP" || connection.is_paused);
  const box = byId("broker-banner");
  box.hidden = down.length === 0;
  const said = down.map((connection) =>
    `${connection.name}: ${connection.is_paused ? "paused" : words(connection.state).toLowerCase()}`);
  setText(byId("broker-banner-text"),
    `Broker ${said.join(", ")}. Approved orders wait here and are sent when it is back.`);
}

function paintState({ live, since, isSignedOut }) {
  const banner = byId("live-banner");
  if (live) {
    banner.hidden = true;
  } else {
    const from = since ?? new Date(serverNow()).toISOString();
    const what = isSignedOut
      ? ["Signed out", "Prices are old and actions are off. What you typed stays here: sign in in another tab, then come back."]
      : ["Not live", "Prices are old and actions are off; reconnecting by itself."];
    setText(byId("live-banner-text"), `${what[0]} since ${time(from)} ${zone(new Date(from))}. ${what[1]}`);
    byId("live-banner-link").hidden = !isSignedOut;
    if (since) banner.hidden = false;
    else setTimeout(() => { banner.hidden = document.documentElement.dataset.live === "yes"; }, GRACE);
  }
  document.querySelectorAll("[data-needs-live]").forEach((control) => { control.disabled = !live; });
}

function wireMenu() {
  const button = byId("menu-button");
  const nav = byId("desk-nav");
  const show = (open) => {
    nav.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
    button.replaceChildren(icon(open ? "x" : "list-details"));
  };
  button.addEventListener("click", () => show(!nav.classList.contains("is-open")));
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !nav.classList.contains("is-open")) return;
    show(false);
    button.focus();
  });
}

// A button that the server sent anew may be hidden until the page's own script has looked at it.
function keepFocusOverSwaps() {
  let held = "";
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => { held = detail.target.contains(document.activeElement) ? document.activeElement.id : ""; });
  document.body.addEventListener("htmx:afterSettle", () => setTimeout(() => held && document.activeElement === document.body && byId(held)?.focus({ preventScroll: true })));
}

paintAccounts();
wireThemeSwitch(byId("theme-switch"));
wireMenu();
hydrate();
document.body.addEventListener("htmx:afterSettle", (event) => hydrate(event.target));
keepFocusOverSwaps();
wireKeys();
wireKillSwitch();
on("pnl", paintPnl);
on("alerts", ({ whole, changed }) => whole || changed.forEach((alert) => toast("wrong", words(alert.code), alert.message)));
on("system", ({ type }) => type === "beat" && paintSystem());
onAccount(paintPnl);
onState(paintState);
connect();
