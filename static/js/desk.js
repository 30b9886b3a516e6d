// The desk: the queue, the selected proposal, the blotters, and the keys that drive them.

import { isShown, onAccount } from "./access.js";
import { ordersGrid, positionsGrid } from "./blotter.js";
import { byId } from "./dom.js";
import { onKeys } from "./keys.js";
import { Panel } from "./panel.js";
import { Queue } from "./queue.js";

const panel = new Panel({
  next: (id, replaced) => {
    if (id === null) return queue.next();
    queue.select(id, { byHand: false });
    panel.sayReplaced(replaced);
  },
  successor: (row) => queue.successor(row),
});
const queue = new Queue({ onSelect: (row, how) => panel.show(row, how) });

ordersGrid(byId("orders-grid"), { isShown, onAccount, compact: true });
positionsGrid(byId("positions-grid"), { isShown, onAccount, compact: true });

onKeys({
  a: () => byId("act-approve").click(), r: () => byId("act-reject").click(),
  c: () => byId("act-change").click(), h: () => byId("act-hold").click(),
  j: () => queue.step(1), k: () => queue.step(-1),
});
