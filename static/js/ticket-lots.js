// Which lots a closing ticket takes: as the account's method says, or as a person names them here.

import { get } from "./api.js";
import { byId, fill, h, setText } from "./dom.js";
import { moment, money, number, words } from "./format.js";
import { sayContract } from "./legs.js";

let shown = ""; // the account and the legs whose lots are on the page
let rows = [];

const closes = ({ side }, lot) => (side === "SELL" ? lot.qty > 0 : lot.qty < 0);

function line({ leg, lot, input }) {
  return h("tr", {}, h("th", { scope: "row" }, h("code", {}, lot.lot), h("small", { class: "text-secondary d-block" }, moment(lot.opened_at, { day: true }))),
    h("td", { class: "r num", title: sayContract(leg.symbol) }, number(Math.abs(lot.qty), 0)), h("td", { class: "r num" }, money(lot.price)), h("td", { class: "r" }, input));
}

function paint(method) {
  byId("ticket-lots").hidden = rows.length === 0;
  setText(byId("ticket-lots-method"), `What is not named here goes by the account's method: ${words(method).toLowerCase()}.`);
  const head = [["Lot"], ["Open", "r"], ["Price", "r"], ["Close", "r"]].map(([name, side]) => h("th", { scope: "col", class: side }, name));
  fill(byId("ticket-lots-table"), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows.map(line)));
}

// Looks the lots up when the account or what is closed has changed; what was named goes with what it was named for.
export async function arrangeLots(account, legs, isToClose) {
  const closing = legs.map((leg, index) => ({ ...leg, index })).filter(isToClose);
  const key = JSON.stringify([account, closing]);
  if (key === shown) return;
  shown = key;
  rows = [];
  byId("ticket-lots").hidden = true;
  if (!closing.length || !account) return;
  try {
    const own = (await get("/lots/")).results.find((row) => row.account === account);
    if (key !== shown || !own) return;
    rows = closing.flatMap((leg) => own.lots.filter((lot) => lot.symbol === leg.symbol && closes(leg, lot)).map((lot) => ({
      leg, lot, input: h("input", { class: "form-control num", type: "number", min: 0, max: Math.abs(lot.qty), step: 1, placeholder: "0", "aria-label": `How much of lot ${lot.lot} of ${sayContract(leg.symbol)}` }),
    })));
    paint(own.method);
  } catch {
    shown = ""; // asked again with the next change
  }
}

export const namedLots = () => rows.filter(({ input }) => Number(input.value) > 0).map(({ leg, lot, input }) => ({ leg: leg.index, lot: lot.lot, qty: Number(input.value) }));

// What is wrong with the lots, in words; empty when nothing is.
export function wrongLots(quantity) {
  for (const { lot, input } of rows) {
    const wanted = Number(input.value);
    if (!Number.isInteger(wanted) || wanted < 0 || wanted > Math.abs(lot.qty)) return `Lot ${lot.lot} has ${number(Math.abs(lot.qty), 0)} to close: give a whole number from 0 to that.`;
  }
  for (const leg of new Set(rows.map((row) => row.leg))) {
    const all = rows.filter((row) => row.leg === leg).reduce((sum, { input }) => sum + Number(input.value), 0);
    if (all > quantity * leg.ratio) return `The lots named for ${sayContract(leg.symbol)} come to ${number(all, 0)}, and the order closes ${number(quantity * leg.ratio, 0)}.`;
  }
  return "";
}
