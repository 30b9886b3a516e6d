// A ticket that is blocked softly: a second person is asked, and the very ticket that was shown goes by their yes.

import { get, post } from "./api.js";
import { open } from "./decide.js";
import { byId, setText } from "./dom.js";
import { sayError, toast } from "./toast.js";

const AGAIN = 2000; // how often the answer is looked for
const SAYS = { ASKED: "A second person is asked; their yes is good for five minutes.", DECLINED: "The override was declined." };
let asked = null; // the override as last seen
let timer = null;

const isGood = () => asked?.status === "ACCEPTED" && new Date(asked.expires_at) > new Date();

// Whether the block that is shown was lifted for this ticket.
export const isLifted = (seen) => seen.outcome === "SOFT_BLOCK" && isGood();

// The body as it is sent: naming the override by which it goes.
export const by = ([path, body]) => [path, isGood() ? { ...body, override: asked.id } : body];

// Every change of the ticket is another ticket: it starts without.
export function offerOverride(seen, [path, body], paint) {
  asked = null;
  clearTimeout(timer);
  const button = byId("ticket-override");
  const { lots, ...ticket } = body;
  button.hidden = seen.outcome !== "SOFT_BLOCK" || !seen.may_send || path !== "/orders/" || Boolean(ticket.condition);
  setText(byId("ticket-override-state"), "");
  button.onclick = () => open(byId("override-dialog"), async (form) => {
    asked = await post("/overrides/", { ...ticket, reason: form.elements.reason.value });
    button.hidden = true;
    toast("note", "Override asked for", "A risk officer, or an approver for the protocol's own rules, decides it on the Risk page.");
    follow(asked.id, paint);
  });
}

function follow(id, paint) {
  setText(byId("ticket-override-state"), isGood() ? `Accepted by ${asked.decided_by}: send it within five minutes.` : SAYS[asked.status] ?? "");
  paint();
  if (asked.status === "ASKED") timer = setTimeout(() => look(id, paint), AGAIN);
}

async function look(id, paint) {
  try {
    const answer = await get(`/overrides/${id}/`);
    if (asked?.id !== id) return;
    asked = answer;
  } catch (error) {
    sayError("The override cannot be followed", error);
  }
  if (asked?.id === id) follow(id, paint);
}
