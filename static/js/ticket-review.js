// The last look at a ticket: judged anew and shown as it will be sent, then sent as it was shown.

import { sayAdvice } from "./algo-words.js";
import { ask, post } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { number, words } from "./format.js";
import { isBlocked, verdict } from "./meaning.js";
import { alongside, asSent, fault, forgetExtras, isForAlgorithms, sending } from "./ticket-form.js";
import { namedLots } from "./ticket-lots.js";
import { by, isLifted, offerOverride } from "./ticket-override.js";
import { sayError, toast } from "./toast.js";

export class LastLook {
  // `ticket` is the page's: look() -> what the desk says to it or null, check(), paint(), wrong(message), sent().
  constructor(ticket) {
    this.ticket = ticket;
    this.seen = null; // what is shown, while it is
    this.members = null; // what the desk says to each order of a list, if the ticket brings others along
    this.turn = 0; // a change of the ticket overtakes a look that is on its way
    byId("ticket-send").addEventListener("click", () => this.send());
    byId("ticket-algo").addEventListener("click", () => location.assign(`/algos/new/?${new URLSearchParams({ ticket: JSON.stringify(asSent(this.seen.ticket)), lots: JSON.stringify(namedLots()) })}`));
  }

  get isOn() { return this.seen !== null; }

  end() {
    this.seen = this.members = null;
    this.turn += 1;
  }

  async begin() {
    const { look, check, paint, wrong } = this.ticket;
    wrong("");
    const mine = (this.turn += 1);
    const [said, field] = fault();
    if (said) return wrong(said, field);
    if (!(await check())) return wrong("What it waits for is not whole yet: see what is said beside its fields.");
    const seen = await look();
    if (seen === null) return undefined;
    const [path, body] = sending(seen.ticket);
    let members = null;
    try {
      if (path === "/order-lists/") members = await ask("/order-lists/preview/", body);
    } catch (error) {
      return wrong(error.message);
    }
    if (mine !== this.turn) return undefined;
    [this.seen, this.members] = [seen, members];
    offerOverride(seen, [path, body], paint);
    this.advise();
    setText(byId("ticket-sentence"), seen.sentence);
    setText(byId("ticket-verdict"), `${verdict(seen)} ${alongside(seen.ticket)} Fees ${number(seen.fees)}; margin is an estimate.${seen.may_send ? "" : " Your role does not send orders on this account."}`);
    this.paintMembers();
    paint();
    return (byId("ticket-send").disabled ? byId("ticket-back") : byId("ticket-send")).focus();
  }

  paint(isLive) {
    const { seen, members } = this;
    const goes = isLive && this.isOn && seen.may_send && (members === null || !isBlocked(members));
    byId("ticket-review").hidden = !this.isOn;
    byId("ticket-send").disabled = !goes || (isBlocked(seen) && !isLifted(seen));
    byId("ticket-algo").disabled = !goes || isBlocked(seen) || !isForAlgorithms(seen.ticket);
  }

  // Every order of a list is judged, not the first alone: all of them are sent, or none.
  paintMembers() {
    const { members } = this;
    byId("ticket-members").hidden = members === null;
    byId("ticket-members").replaceChildren(...(members?.orders ?? []).map(member),
      ...(members === null ? [] : [h("li", { class: "text-secondary" }, members.is_native ? "The broker keeps the list." : `The desk holds the list. ${members.held_because}`)]));
  }

  // What the table of choices says of it, where an algorithm may work it at all.
  async advise() {
    const { ticket } = this.seen;
    setText(byId("ticket-advice"), "");
    if (!isForAlgorithms(ticket)) return;
    try {
      setText(byId("ticket-advice"), sayAdvice(await ask("/algos/advice/", { ticket: asSent(ticket) })));
    } catch (error) {
      setText(byId("ticket-advice"), error.message);
    }
  }

  // Sends the very ticket that was shown.
  async send() {
    const { paint, wrong, sent } = this.ticket;
    const { seen } = this;
    byId("ticket-send").disabled = byId("ticket-algo").disabled = true;
    try {
      const made = await post(...by(sending(seen.ticket)));
      const order = made.orders?.[0].order ?? made;
      const address = made.orders ? `/orders/#list-${made.id}` : `/orders/${order.id}/`;
      toast("done", order.status === "HELD" ? "Waits at the desk" : "Sent to the broker's queue", seen.sentence, { link: { href: address, says: "See it" } });
      forgetExtras();
      sent();
    } catch (error) {
      this.end();
      paint();
      wrong(error.message);
      sayError("Not sent", error);
    }
  }
}

function member(one) {
  const stands = isBlocked(one) ? ["bad", "Refused"] : ["good", "Passes"];
  return h("li", {},
    h("span", { class: `tag ${stands[0]}` }, stands[1]), ` ${words(one.role)}: ${one.sentence}${one.is_collared ? " (a market order, sent as this limit)" : ""}`,
    one.waits_for && h("span", { class: "text-secondary d-block" }, `${one.waits_for.charAt(0).toUpperCase()}${one.waits_for.slice(1)}`), one.reason && h("span", { class: "field-error" }, one.reason));
}
