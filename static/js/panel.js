// The selected proposal: its card, its actions, and what has become of it.

import { may, user } from "./access.js";
import * as card from "./card.js";
import { drawPayoff } from "./charts.js";
import { askChange } from "./change.js";
import { approve, askRejection, hold } from "./decide.js";
import { byId, fill, h, icon, setText } from "./dom.js";
import { isMissing, number, words } from "./format.js";
import { isLive, onState, rowsOf, wantQuotes } from "./live.js";
import { Nbbo } from "./nbbo.js";
import { isOpen, paintCountdown, paintOutcome } from "./queue.js";

const LOOK = 1200; // milliseconds that new numbers stand before they can be approved

export class Panel {
  constructor({ next, successor }) {
    Object.assign(this, { next, successor, row: null, shownHash: null, seenAt: 0, isDeciding: false });
    this.nbbo = new Nbbo();
    this.chart = h("div", { class: "chart", role: "img" });
    const act = (id, run) => byId(id).addEventListener("click", run);
    act("act-approve", () => this.approve());
    act("act-reject", () => askRejection(this.row));
    act("act-change", () => askChange(this.row));
    act("act-hold", () => hold(this.row));
    onState(() => this.paintActions());
    setInterval(() => this.tick(), 500);
  }

  show(row, { byHand }) {
    if (!row) return;
    const before = this.row;
    this.row = row;
    if (row.content_hash !== this.shownHash) {
      this.shownHash = row.content_hash;
      this.seenAt = byHand || before === null ? 0 : Date.now();
      this.paintCard();
    }
    this.paintState();
  }

  // A proposal that its engine replaced gives way to the new one, and says what moved.
  followSuccessor() {
    if (!this.row || !["WITHDRAWN", "SUPERSEDED"].includes(this.row.status)) return;
    const next = this.successor(this.row);
    if (next) this.next(next.id, this.row);
  }

  sayReplaced(old) {
    const [was, is] = [old.content.ticket, this.row.content.ticket];
    const moved = [];
    if (was.limit_price !== is.limit_price) moved.push(`limit ${number(was.limit_price)} → ${number(is.limit_price)}`);
    if (was.quantity !== is.quantity) moved.push(`quantity ${was.quantity} → ${is.quantity}`);
    const ways = [this.wayOf(old), this.wayOf(this.row)];
    if (ways[0] !== ways[1]) moved.push(`${ways[0].toLowerCase()} → ${ways[1].toLowerCase()}`);
    if (was.legs[0].symbol !== is.legs[0].symbol) moved.push("another contract");
    this.replaced = { hash: this.row.content_hash, text: `New numbers: ${moved.join(", ") || "see below"}. Look again before you approve.` };
    this.paintState();
  }

  wayOf({ content }) { return content.execution?.name ?? "One limit order"; }

  paintCard() {
    const { content } = this.row;
    byId("panel-empty").hidden = true;
    byId("panel-filled").hidden = false;
    setText(byId("panel-account"), this.row.account);
    setText(byId("panel-strategy"), words(this.row.strategy));
    setText(byId("panel-sentence"), this.row.sentence);
    fill(byId("panel-priced"), card.shownAt(content));
    this.nbbo.show(content);
    wantQuotes([this.row.underlying]);
    this.chart.setAttribute("aria-label", describe(content.payoff));
    const left = h("div", { class: "stack" }, card.why(content), card.limits(content), card.expected(content));
    const right = h("div", { class: "stack" }, this.nbbo.element, card.execution(content),
      content.payoff && h("section", {}, h("h3", {}, "Payoff"), this.chart),
      card.changes(content), card.costs(content), card.legs(content), card.similar(content), card.alternatives(content));
    fill(byId("panel-body"), left, right);
    byId("panel-body").scrollTop = 0;
    if (content.payoff) drawPayoff(this.chart, content.payoff);
  }

  paintState() {
    if (!this.row) return;
    paintOutcome(byId("panel-outcome"), this.row.outcome);
    paintCountdown(byId("panel-countdown"), this.row.expires_at);
    this.paintNotice();
    this.paintActions();
  }

  paintNotice() {
    const box = byId("panel-notice");
    const notice = this.notice();
    const key = notice ? `${notice.kind}${notice.text}` : "";
    box.hidden = !notice;
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    if (!notice) return;
    box.className = `panel-notice ${notice.kind}`;
    fill(box, icon(notice.icon), h("span", { class: "flex-fill" }, notice.text),
      notice.order && h("a", { href: `/orders/${notice.order}/` }, "See the order"),
      notice.run && h("a", { href: `/algos/${notice.run}/` }, "See the run"),
      notice.kind !== "warn" && h("button", { type: "button", class: "btn btn-sm", onclick: () => this.next(null, null) }, "Next ", h("kbd", {}, "J")));
  }

  notice() {
    const { row } = this;
    if (row.status === "APPROVED") {
      if (row.run_id) return { kind: "good", icon: "check", text: `Approved by ${row.decided_by}. ${this.wayOf(row)} started.`, run: row.run_id };
      const order = rowsOf("orders").get(row.order_id);
      return { kind: "good", icon: "check", text: `Approved by ${row.decided_by}. Order ${order ? words(order.status).toLowerCase() : "staged"}.`, order: row.order_id };
    }
    if (row.status === "REJECTED") return { kind: "bad", icon: "ban", text: `Rejected by ${row.decided_by}: ${words(row.reason_code).toLowerCase()}. ${row.reason_text ?? ""}` };
    if (row.status === "VOIDED") return { kind: "bad", icon: "hand-stop", text: "Voided by the kill switch. Nothing was sent." };
    if (row.status === "HELD") return { kind: "warn", icon: "player-pause", text: `Held by ${row.held_by}.` };
    if (row.status === "PARTIAL") return { kind: "warn", icon: "user", text: `Approved by ${row.approvals.join(", ")}; ${row.approvals_needed - row.approvals.length} more needed.` };
    if (!isOpen(row)) return { kind: "bad", icon: "clock", text: `${row.status === "PENDING" ? "Expired" : words(row.status)}. Nothing was sent.` };
    if (this.replaced?.hash === row.content_hash) return { kind: "warn", icon: "refresh", text: this.replaced.text };
    return null;
  }

  whyNot() {
    const { row } = this;
    if (!row || !isOpen(row)) return "It is not open any more.";
    if (!isLive()) return "The page is not live.";
    return "";
  }

  whyNotApprove() {
    const { row } = this;
    if (!row) return "";
    if (!may("APPROVE_PROPOSAL", row.account)) return `Your role cannot approve on ${row.account}.`;
    if (row.approvals.includes(user)) return "You have approved it.";
    if (row.outcome === "HARD_BLOCK") return "A hard limit blocks it.";
    return "";
  }

  paintActions() {
    const why = this.whyNot();
    const whyNotApprove = this.whyNotApprove();
    const looking = Date.now() - this.seenAt < LOOK;
    const off = (action) => why !== "" || this.isDeciding || !may(action, this.row.account);
    byId("act-reject").disabled = off("REJECT_PROPOSAL");
    byId("act-hold").disabled = off("REJECT_PROPOSAL");
    byId("act-change").disabled = off("CHANGE_PROPOSAL");
    byId("act-approve").disabled = off("APPROVE_PROPOSAL") || looking || whyNotApprove !== "";
    setText(byId("why-not"), this.row ? why || whyNotApprove : "");
    setText(byId("act-hold-text"), this.row?.status === "HELD" ? "Let go" : "Hold");
    if (looking) setTimeout(() => this.paintActions(), LOOK);
  }

  async approve() {
    if (byId("act-approve").disabled) return;
    this.isDeciding = true;
    this.paintActions();
    await approve(this.row);
    this.isDeciding = false;
    this.paintActions();
  }

  tick() {
    if (!this.row) return;
    paintCountdown(byId("panel-countdown"), this.row.expires_at);
    this.paintNotice();
    this.paintActions();
    this.followSuccessor();
  }
}

function describe(payoff) {
  if (!payoff) return "";
  const ends = (payoff.break_evens ?? []).map((price) => number(price)).join(" and ");
  return `Payoff by price of the underlying. Spot ${number(payoff.spot)}. Break-even ${ends || "none"}.`
    + (isMissing(payoff.max_profit) ? "" : ` Most to gain ${number(payoff.max_profit, 0)} dollars.`);
}
