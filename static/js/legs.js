// The legs of a ticket: what is bought and sold, and the ready-made ways to fill them.

import { get } from "./api.js";

export const MOST_LEGS = 4;

export function readContract(symbol) {
  const match = /^(.{6})(\d{6})([CP])(\d{8})$/.exec(symbol);
  if (!match) return null;
  const [, root, ymd, right, mills] = match;
  return { root: root.trim(), expiry: `20${ymd.slice(0, 2)}-${ymd.slice(2, 4)}-${ymd.slice(4)}`, right, strike: Number(mills) / 1000 };
}

export function sayContract(symbol) {
  const contract = readContract(symbol);
  if (!contract) return `${symbol} shares`;
  const said = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${contract.expiry}T12:00Z`));
  return `${contract.root} ${said} ${contract.strike} ${contract.right === "C" ? "call" : "put"}`;
}

// A click on a price: a new leg, one more of it, or one less of its opposite.
export function picked(legs, symbol, side) {
  const known = legs.find((leg) => leg.symbol === symbol);
  if (!known) return legs.length < MOST_LEGS ? [...legs, { symbol, side, ratio: 1 }] : legs;
  const ratio = known.ratio + (known.side === side ? 1 : -1);
  return ratio === 0 ? legs.filter((leg) => leg !== known) : legs.map((leg) => (leg === known ? { ...leg, ratio } : leg));
}

const flip = (side) => (side === "BUY" ? "SELL" : "BUY");
export const reversed = (legs) => legs.map((leg) => ({ ...leg, side: flip(leg.side) }));

class Strikes {
  constructor(chain) {
    this.rows = chain.rows.filter((row) => row.call && row.put);
    this.spot = Number(chain.spot?.last ?? chain.spot?.bid ?? 0);
  }

  nearest(price, key = (row) => Number(row.strike)) {
    return this.rows.reduce((best, row) => (best === null || Math.abs(key(row) - price) < Math.abs(key(best) - price) ? row : best), null);
  }

  get atMoney() { return this.nearest(this.spot); }

  // By the size of its delta; without Greeks, one step of 3 % away from the money.
  byDelta(right, delta) {
    const known = this.rows.filter((row) => row[right].greeks);
    if (!known.length) return this.nearest(this.spot * (right === "call" ? 1.03 : 0.97));
    return known.reduce((best, row) => (Math.abs(Math.abs(row[right].greeks.delta) - delta) < Math.abs(Math.abs(best[right].greeks.delta) - delta) ? row : best));
  }

  // So many strikes away, or the last there is.
  away(row, steps) {
    const place = this.rows.indexOf(row) + steps;
    return this.rows[Math.min(Math.max(place, 0), this.rows.length - 1)];
  }
}

const buy = (cell) => ({ symbol: cell.symbol, side: "BUY", ratio: 1 });
const sell = (cell) => ({ symbol: cell.symbol, side: "SELL", ratio: 1 });
const WING = 2; // strikes

function vertical(right, delta, steps) {
  return (strikes) => {
    const short = strikes.byDelta(right, delta);
    return [sell(short[right]), buy(strikes.away(short, steps)[right])];
  };
}

const WAYS = {
  bull_put: vertical("put", 0.3, -WING),
  bear_call: vertical("call", 0.3, WING),
  bull_call: (strikes) => [buy(strikes.atMoney.call), sell(strikes.away(strikes.atMoney, WING).call)],
  bear_put: (strikes) => [buy(strikes.atMoney.put), sell(strikes.away(strikes.atMoney, -WING).put)],
  iron_condor: (strikes) => {
    const [low, high] = [strikes.byDelta("put", 0.2), strikes.byDelta("call", 0.2)];
    return [buy(strikes.away(low, -WING).put), sell(low.put), sell(high.call), buy(strikes.away(high, WING).call)];
  },
  iron_butterfly: (strikes) => {
    const body = strikes.atMoney;
    return [buy(strikes.away(body, -WING).put), sell(body.put), sell(body.call), buy(strikes.away(body, WING).call)];
  },
  straddle: (strikes) => [buy(strikes.atMoney.call), buy(strikes.atMoney.put)],
  strangle: (strikes) => [buy(strikes.byDelta("put", 0.3).put), buy(strikes.byDelta("call", 0.3).call)],
  butterfly: (strikes) => {
    const body = strikes.atMoney;
    return [buy(strikes.away(body, -WING).call), { ...sell(body.call), ratio: 2 }, buy(strikes.away(body, WING).call)];
  },
  covered_call: (strikes) => [sell(strikes.byDelta("call", 0.3).call)],
  cash_secured_put: (strikes) => [sell(strikes.byDelta("put", 0.3).put)],
};

// The legs of a template on the chain that is shown; a sentence where they cannot be made.
export async function template(name, chain, sharesHeld) {
  const strikes = new Strikes(chain);
  if (!strikes.rows.length) throw new Error("No strike of this expiry has both a call and a put.");
  if (name === "covered_call" && sharesHeld < 100) throw new Error(`A covered call needs 100 shares of ${chain.underlying} in the account; it holds ${sharesHeld}. Nothing was changed.`);
  if (name === "calendar") return calendar(chain, strikes);
  const legs = WAYS[name](strikes);
  if (new Set(legs.map((leg) => leg.symbol)).size < legs.length) throw new Error("There are too few strikes for this here. Choose the legs by hand.");
  return legs;
}

async function calendar(chain, strikes) {
  const near = strikes.atMoney.call;
  return [sell(near), buy(await sameOf(near.symbol, chain))];
}

// A short option bought back and sold again on the next expiry, in one ticket.
export async function roll(symbol, qty, chain) {
  const next = await sameOf(symbol, chain);
  const [close, open] = qty < 0 ? ["BUY", "SELL"] : ["SELL", "BUY"];
  return [{ symbol, side: close, ratio: 1 }, { symbol: next.symbol, side: open, ratio: 1 }];
}

async function sameOf(symbol, chain) {
  const { expiry, right, strike } = readContract(symbol);
  const next = chain.expiries.find((day) => day > expiry);
  if (!next) throw new Error("No later expiry is listed. Nothing was changed.");
  const later = await get(`/chains/${chain.underlying}/?expiry=${next}`);
  const cells = later.rows.map((row) => ({ strike: Number(row.strike), cell: right === "C" ? row.call : row.put })).filter(({ cell }) => cell);
  if (!cells.length) throw new Error("The next expiry has no such options. Nothing was changed.");
  return cells.reduce((best, one) => (Math.abs(one.strike - strike) < Math.abs(best.strike - strike) ? one : best)).cell;
}
