// The blotters: AG Grid, fed by the socket, rows keyed and updated in place.

import { h } from "./dom.js";
import { direction, money, number, signedMoney, stamp, until, utc, words } from "./format.js";
import { on } from "./live.js";
import { statusKind } from "./status.js";

const ag = window.agGrid;

const isNarrow = window.matchMedia("(max-width: 640px)").matches; // no room for the account: the switch above says it
const PARAMETERS = {
  backgroundColor: "var(--desk-surface)", foregroundColor: "var(--desk-text)", borderColor: "var(--desk-line)",
  headerBackgroundColor: "var(--desk-surface)", headerTextColor: "var(--desk-muted)", accentColor: "var(--desk-accent)",
  chromeBackgroundColor: "var(--desk-surface)", rowHoverColor: "var(--desk-raised)", browserColorScheme: "inherit",
  fontFamily: "inherit", fontSize: 13, headerFontSize: 12, headerFontWeight: 500, rowHeight: 30, headerHeight: 32,
  cellHorizontalPadding: 8, wrapperBorder: false, wrapperBorderRadius: 0, spacing: 5,
};
export const theme = ag.themeQuartz.withParams(PARAMETERS);

const paint = (value) => ({ up: direction(value) === "up", down: direction(value) === "down" });
const ARROWS = { up: "▲ ", down: "▼ ", flat: "" };

const FEW = 14;

export const text = (field, headerName, extra = {}) => ({ field, headerName, ...extra });
export const numeric = (field, headerName, format, extra = {}) => ({
  field, headerName, type: "rightAligned", cellClass: ["num", "ag-right-aligned-cell"], headerClass: "ag-right-aligned-header",
  comparator: (a, b) => Number(a ?? 0) - Number(b ?? 0), valueFormatter: ({ value }) => format(value), ...extra,
});
const gain = (field, headerName, extra = {}) => numeric(field, headerName, (value) => ARROWS[direction(value)] + signedMoney(value), {
  cellClassRules: { up: ({ value }) => paint(value).up, down: ({ value }) => paint(value).down }, ...extra,
});
const WRAPS = isNarrow ? { wrapText: true, autoHeight: true, cellClass: "wraps" } : {}; // two lines say it all, a cut one does not
const at = (field, name) => ({
  field, headerName: `${name} (ET)`, headerTooltip: "New York time, by the desk's own clock; a time's own hint says it in UTC",
  width: isNarrow ? 80 : 106, ...WRAPS, cellClass: isNarrow ? "num wraps" : "num", valueFormatter: ({ value }) => stamp(value), tooltipValueGetter: ({ value }) => value && utc(value),
});

export const statusTag = (status) => h("span", { class: ["tag", ...statusKind(status)].join(" ") }, words(status));

const ORDER_COLUMNS = [
  at("created_at", "Time"),
  text("account", "Account", { width: 78 }),
  text("description", "Order", { flex: 2, minWidth: isNarrow ? 170 : 220, ...WRAPS, tooltipField: "description", cellRenderer: ({ data }) => h("a", { href: `/orders/${data.id}/` }, data.description || data.cl_ord_id) }),
  text("status", "Status", { width: 128, cellRenderer: ({ value }) => statusTag(value), tooltipField: "reason" }),
  numeric("cum_qty", "Filled", (value) => number(value, 0), { width: 70, valueFormatter: ({ data }) => `${data.cum_qty} / ${data.order_qty}` }),
  numeric("limit_price", "Limit", (value) => number(value), { width: 66 }),
  numeric("avg_px", "Average", (value) => number(value), { width: 76 }),
];
const ORDER_MORE = [
  text("side", "Side", { width: 66, valueFormatter: ({ value }) => words(value) }), text("ord_type", "Type", { width: 100, valueFormatter: ({ value }) => words(value) }),
  text("time_in_force", "Good for", { width: 116, valueFormatter: ({ value }) => until(value) }), text("origin", "Origin", { width: 104, valueFormatter: ({ value }) => words(value) }),
  at("sent_at", "Sent"), at("closed_at", "Closed"), text("reason", "Reason", { flex: 1, minWidth: 120 }),
];
const storyOf = ({ account, symbol }) => `/stories/of/?${new URLSearchParams({ account, symbol })}`;
const POSITION_COLUMNS = [
  text("account", "Account", { width: 90 }),
  text("description", "Position", { flex: 1, minWidth: 130, tooltipField: "symbol", cellRenderer: ({ data }) => h("a", { href: storyOf(data) }, data.description) }),
  numeric("qty", "Qty", (value) => number(value, 0), { width: 52 }),
  numeric("mark", "Mark", (value) => number(value), {
    width: 64, cellClassRules: { stale: ({ data }) => data.is_stale }, tooltipValueGetter: ({ data }) => (data.is_stale ? "The last good mark: the quote is old" : null),
  }),
  gain("unrealised", "Unrealised", { width: 98 }),
  gain("day_pnl", "Day", { width: 94 }),
  numeric("delta", "Delta", (value) => number(value, 1), { width: 62 }),
];
const POSITION_MORE = [
  numeric("avg_px", "Average", (value) => number(value), { width: 90 }), numeric("market_value", "Value", (value) => money(value), { width: 120 }),
  gain("realised", "Realised", { width: 120 }), numeric("fees", "Fees", (value) => money(value), { width: 90 }),
  numeric("gamma", "Gamma", (value) => number(value, 2), { width: 86 }), numeric("theta", "Theta", (value) => number(value, 1), { width: 86 }),
  numeric("vega", "Vega", (value) => number(value, 1), { width: 86 }),
];

export function makeGrid(element, columnDefs, options = {}) {
  return ag.createGrid(element, {
    theme, columnDefs, rowData: [], defaultColDef: { sortable: true, resizable: true, suppressHeaderMenuButton: true, suppressMovable: true, wrapHeaderText: isNarrow, autoHeaderHeight: isNarrow },
    tooltipShowDelay: 300, suppressCellFocus: false, animateRows: false, enableCellTextSelection: true, ensureDomOrder: true, ...options,
  });
}

function liveGrid(element, stream, columns, { isShown, onAccount, empty, sort, keep = () => true, fits = false }) {
  const grid = makeGrid(element, columns.filter(({ field }) => !isNarrow || field !== "account"), {
    getRowId: ({ data }) => data.id, overlayNoRowsTemplate: `<span class="text-secondary">${empty}</span>`,
    isExternalFilterPresent: () => true, doesExternalFilterPass: ({ data }) => isShown(data.account) && keep(data),
    onCellKeyDown: follow, initialState: { sort: { sortModel: sort } },
  });
  on(stream, ({ whole, changed }, rows) => {
    if (whole) grid.setGridOption("rowData", [...rows.values()]);
    else upsert(grid, changed);
    if (fits) fit(element, grid, rows.size);
  });
  onAccount(() => grid.onFilterChanged());
  return grid;
}

// Enter opens what the row is about, as a click on its text does.
function follow({ event }) {
  if (event.key !== "Enter" || event.target.closest("a")) return;
  event.target.closest("[role=row]")?.querySelector("a")?.click();
}

// Few rows take the room they need; many scroll within the section's height.
function fit(element, grid, count) {
  const isFew = count > 0 && count <= FEW;
  element.parentElement.classList.toggle("is-fit", isFew);
  grid.setGridOption("domLayout", isFew ? "autoHeight" : "normal");
}

function upsert(grid, changed) {
  const known = (row) => grid.getRowNode(row.id) !== undefined;
  grid.applyTransaction({ update: changed.filter(known), add: changed.filter((row) => !known(row)) });
}

export function ordersGrid(element, { compact, ...rest }) {
  const columns = compact ? ORDER_COLUMNS : [...ORDER_COLUMNS, ...ORDER_MORE];
  return liveGrid(element, "orders", columns, { ...rest, empty: "No orders yet. Approve a proposal and it shows here.", sort: [{ colId: "created_at", sort: "desc" }] });
}

export function positionsGrid(element, { compact, ...rest }) {
  const columns = compact ? POSITION_COLUMNS : [...POSITION_COLUMNS, ...POSITION_MORE];
  const keep = (row) => !compact || Number(row.qty) !== 0;
  return liveGrid(element, "positions", columns, { ...rest, keep, fits: !compact, empty: "No positions. The first fill shows here.", sort: [{ colId: "account", sort: "asc" }] });
}
