// The payoff with its three sliders. The desk computes every curve: what is drawn is what is checked.

import { drawWhatIf } from "./charts.js";
import { byId, fill, setText } from "./dom.js";
import { gain, number, signedMoney, time } from "./format.js";

const STEPS = 100;

export class WhatIf {
  // `onChange` when a slider moves.
  constructor(onChange) {
    this.payoff = null;
    for (const id of ["slide-date", "slide-iv", "slide-price"]) byId(id).addEventListener("input", () => { this.isPriceMine ||= id === "slide-price"; this.say(); onChange(); });
  }

  reset() {
    byId("slide-date").value = 0;
    byId("slide-iv").value = 0;
    this.isPriceMine = false;
    this.payoff = null;
    byId("payoff-all").hidden = true;
    byId("payoff-empty").hidden = false;
  }

  moment() {
    const [from, until] = [Date.parse(this.payoff.from), Date.parse(this.payoff.until)];
    return new Date(from + ((until - from) * Number(byId("slide-date").value)) / STEPS);
  }

  price() {
    const [low, high] = [this.payoff.prices[0], this.payoff.prices.at(-1)];
    return low + ((high - low) * Number(byId("slide-price").value)) / STEPS;
  }

  // What the API is asked: nothing of its own until something was drawn.
  scenario() {
    if (this.payoff === null) return {};
    const moved = Number(byId("slide-date").value) > 0;
    return { at: moved ? this.moment().toISOString() : null, shift: Number(byId("slide-iv").value) / 100, spot: this.isPriceMine ? Number(this.price().toFixed(2)) : null };
  }

  show(payoff) {
    this.payoff = payoff;
    byId("payoff-all").hidden = false;
    byId("payoff-empty").hidden = true;
    if (!this.isPriceMine) byId("slide-price").value = (STEPS * (payoff.spot - payoff.prices[0])) / (payoff.prices.at(-1) - payoff.prices[0]);
    drawWhatIf(byId("payoff"), payoff);
    this.say();
    const { point } = payoff;
    fill(byId("payoff-said"), `At ${number(point.price)}: `, gain(point.what_if, signedMoney(point.what_if, 0)), " on that date, ", gain(point.at_expiry, signedMoney(point.at_expiry, 0)), " at expiry.");
  }

  say() {
    if (this.payoff === null) return;
    const points = Number(byId("slide-iv").value);
    setText(byId("slide-date-said"), Number(byId("slide-date").value) ? time(this.moment().toISOString(), { day: true }) : "now");
    setText(byId("slide-iv-said"), points ? `${points > 0 ? "+" : "−"}${Math.abs(points)} points` : "as implied");
    setText(byId("slide-price-said"), this.isPriceMine ? number(this.price()) : `${number(this.payoff.spot)}, the spot`);
  }
}
