// The chain page: quotes, Greeks and the smile; a click on a price opens the ticket with that leg.

import { ChainTable } from "./chain-table.js";
import { drawSmile } from "./charts.js";
import { DepthCard } from "./depth.js";
import { byId } from "./dom.js";

const { underlying, ticket } = byId("chain").dataset;

function paintSmile(chain) {
  const rows = chain.rows.filter((row) => row.call?.greeks || row.put?.greeks);
  if (!rows.length) return;
  const iv = (cell) => (cell?.greeks && Math.abs(cell.greeks.delta) <= 0.7 ? cell.greeks.iv : null);
  drawSmile(byId("smile"), rows.map((row) => row.strike), rows.map((row) => iv(row.call)), rows.map((row) => iv(row.put)),
    chain.spot?.last ?? chain.spot?.bid ?? 0);
}

const depth = new DepthCard(underlying);
const table = new ChainTable(underlying, {
  onPick: (symbol, side) => location.assign(`${ticket}?${new URLSearchParams({ expiry: table.chain.expiry, legs: `${side}:${symbol}` })}`),
  onChain: (chain) => {
    paintSmile(chain);
    depth.list(chain);
  },
});
