// The dialog that changes a proposal: its price, its quantity, and how it goes to the market.

import { algoFields, algoNames, typedParameters } from "./algo-fields.js";
import { sayAdvice } from "./algo-words.js";
import { post } from "./api.js";
import { open } from "./decide.js";
import { byId, fill, h, setText } from "./dom.js";
import { number } from "./format.js";
import { toast } from "./toast.js";

const AS_IT_IS = "";
const PLAIN = "PLAIN";
const AUTO = "AUTO";
const LEGGING = "LEGGING";
const WAYS = [[AUTO, "As the table says"], [PLAIN, "One limit order"], ...algoNames.map(({ algo, name }) => [algo, name])];

const way = () => byId("change-way").value;

function paintWay(execution) {
  const algo = way();
  const own = algoFields(algo, algo === execution?.algo ? execution.parameters : {});
  byId("change-own").hidden = own.length === 0;
  byId("change-own").open = algo === LEGGING; // its risk is accepted there, or it is refused
  byId("change-time").hidden = [AS_IT_IS, PLAIN].includes(algo);
  fill(byId("change-parameters"), own);
  setText(byId("change-way-hint"), said(algo, execution));
}

function said(algo, execution) {
  if (algo === AS_IT_IS) return execution?.sentence ?? "One limit order.";
  if (algo === PLAIN) return "It is sent whole, at the limit price.";
  const advice = execution?.advice;
  if (algo === AUTO) return advice?.row ? sayAdvice(advice) : "The table is asked when you propose it.";
  return "The limit price is never crossed: leave it room to give way.";
}

function askedFor() {
  const algo = way();
  if (algo === AS_IT_IS) return {};
  if (algo === PLAIN) return { execution: { algo } };
  const minutes = Number(byId("change-minutes").value) || null;
  return { execution: { algo, minutes, parameters: typedParameters(algo) } };
}

export function askChange(row) {
  const dialog = byId("change-dialog");
  const { ticket, price, execution } = row.content;
  setText(dialog.querySelector(".about"), row.sentence);
  const { limit_price: limit, quantity } = dialog.querySelector("form").elements;
  limit.value = ticket.limit_price;
  limit.step = price.tick ?? "0.01";
  quantity.value = ticket.quantity;
  setText(byId("change-market"), `When proposed: bid ${number(price.bid)}, ask ${number(price.ask)}, step ${price.tick ?? "0.01"}.`);
  const now = `As it is: ${(execution?.name ?? "One limit order").toLowerCase()}`;
  fill(byId("change-way"), [[AS_IT_IS, now], ...WAYS].map(([value, name]) => h("option", { value }, name)));
  byId("change-minutes").value = execution?.minutes ?? 30;
  byId("change-way").onchange = () => paintWay(execution);
  paintWay(execution);
  open(dialog, async () => {
    await post(`/proposals/${row.id}/change/`, { limit_price: limit.value, quantity: Number(quantity.value), ...askedFor() });
    toast("done", "Changed", "Risk was run again: look at the new numbers before you approve.");
  });
}
