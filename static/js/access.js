// Who is here: the accounts they see, what they may do on each, and which account the page looks at.

import { pageData } from "./dom.js";

const page = pageData("desk-page") ?? { accounts: [], user: "" };
const listeners = new Set();

export const accounts = page.accounts;
export const user = page.user;
export const accountNamed = (code) => accounts.find((account) => account.code === code);

export function may(action, code) {
  const account = accountNamed(code);
  return account !== undefined && account.actions.includes(action);
}

// What holds for everybody is changed by who may on the desk as a whole, not on some accounts alone.
export const mayOnDesk = (action) => (page.actions ?? []).includes(action);

export const mayAnywhere = (action) => accounts.some((account) => account.actions.includes(action));

let chosen = sessionStorage.getItem("account") ?? "";
if (chosen && !accountNamed(chosen)) chosen = "";

export const chosenAccount = () => chosen;
export const isShown = (code) => chosen === "" || chosen === code;

export function chooseAccount(code) {
  chosen = code;
  sessionStorage.setItem("account", code);
  listeners.forEach((listener) => listener(code));
}

export function onAccount(listener) {
  listeners.add(listener);
}
