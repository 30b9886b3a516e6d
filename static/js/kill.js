// The kill switch: two steps, works while the socket is down, and says what was and was not done.

import { accounts, mayAnywhere } from "./access.js";
import { post } from "./api.js";
import { byId, h, setText, showDialog } from "./dom.js";
import { on, system } from "./live.js";
import { sayError, toast } from "./toast.js";

const ARMED_FOR = 8000;
const LEVELS = ["Normal", "Pause", "Block new", "Cancel all"];
const HOLDS = { GLOBAL: "the whole desk", BROKER: "broker", ACCOUNT: "account", UNDERLYING: "underlying" };

export const levelName = (level) => `${level} ${LEVELS[level]}`;

export function wireKillSwitch() {
  const button = byId("kill-button");
  button.hidden = !mayAnywhere("ENGAGE_KILL");
  const dialog = byId("kill-dialog");
  const form = byId("kill-form");
  const arm = byId("kill-arm");
  const fire = byId("kill-fire");
  let disarming = 0;

  const disarm = () => {
    clearTimeout(disarming);
    fire.hidden = true;
    arm.hidden = false;
  };
  for (const account of accounts) byId("kill-target").append(h("option", { value: account.code }, account.code));
  button.addEventListener("click", () => {
    byId("kill-error").hidden = true;
    disarm();
    showDialog(dialog);
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("change", () => {
    byId("kill-target-label").hidden = form.elements.scope.value !== "ACCOUNT";
    disarm();
  });
  arm.addEventListener("click", () => {
    arm.hidden = true;
    fire.hidden = false;
    fire.focus();
    disarming = setTimeout(disarm, ARMED_FOR);
  });
  fire.addEventListener("click", () => pull(form, dialog, fire));
  form.addEventListener("submit", (event) => event.preventDefault()); // Enter in the reason must not pull it
  on("system", ({ type }) => type === "beat" && paintKill(system().kill ?? { levels: [], file_level: 0 }));
}

async function pull(form, dialog, fire) {
  const { level, scope, target, reason } = form.elements;
  fire.disabled = true;
  try {
    await post("/kill-switch/", {
      scope: scope.value, target: scope.value === "GLOBAL" ? "" : target.value,
      level: Number(level.value), reason: reason.value,
    });
    dialog.close();
    toast("done", `Kill switch pulled: ${levelName(Number(level.value))}`, "In force at once; the banner shows it on every page.");
  } catch (error) {
    byId("kill-error").hidden = false;
    setText(byId("kill-error"), error.message);
    sayError("The kill switch was not pulled", error);
  } finally {
    fire.disabled = false;
  }
}

export function paintKill({ levels, file_level: fileLevel }) {
  const held = levels.filter((row) => row.level > 0);
  if (fileLevel > 0) held.push({ scope: "GLOBAL", target: "", level: fileLevel });
  byId("kill-banner").hidden = held.length === 0;
  const said = held.map((row) => `${HOLDS[row.scope] ?? row.scope}${row.target ? ` ${row.target}` : ""}: ${levelName(row.level)}`);
  setText(byId("kill-banner-text"), `Kill switch is pulled. ${said.join("; ")}.`);
}
