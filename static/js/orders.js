// The orders page: the whole blotter.

import { isShown, onAccount } from "./access.js";
import { ordersGrid } from "./blotter.js";
import { byId } from "./dom.js";

ordersGrid(byId("orders-grid"), { isShown, onAccount, compact: false });
