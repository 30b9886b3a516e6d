"""What the server says about orders, field by field as server versions 176 to 178 lay it out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from allcore.kernel.orders import Side
from tests.brokers.servers.book import Execution, Order, Status
from tests.brokers.servers.listing import Listing
from tests.brokers.servers.tws.placing import LEG, Placing
from tests.brokers.servers.tws.terms import contract_fields, underlying_name
from tests.brokers.servers.tws.wire import frame

UNSET = "1.7976931348623157E308"
COMBO_NUMBER = 28_812_380  # the contract number that all combos share
NEW_YORK = ZoneInfo("America/New_York")
COMPLETED_TEXT = {Status.FILLED: "Filled Size: {}", Status.CANCELED: "Cancelled by Trader", Status.EXPIRED: "Expired"}


@dataclass(slots=True)
class Card:
    """What the gateway remembers of an order beside the exchange's book."""

    client: int
    order_id: int
    perm_id: int
    placing: Placing

    @property
    def parent_id(self) -> str:
        return self.placing["parentId"]


def card_of(order: Order) -> Card:
    """Return the order's card."""
    card = order.extra["card"]
    assert isinstance(card, Card)
    return card


def status_of(order: Order) -> str:
    """Return the status in the gateway's words."""
    if order.is_open and order.cancel_asked:
        return "PendingCancel"
    words = {Status.HELD: "PreSubmitted", Status.WORKING: "Submitted", Status.FILLED: "Filled"}
    return words.get(order.status, "Cancelled")


def time_text(moment: datetime, style: str) -> str:
    """Return a time as the gateway's settings have it: with a zone, in UTC with a dash, or with no zone at all."""
    if style == "utc":
        return f"{moment:%Y%m%d-%H:%M:%S}"
    local = moment.astimezone(NEW_YORK)
    return f"{local:%Y%m%d %H:%M:%S}" + ("" if style == "naive" else " America/New_York")


class Writer:
    """Writes messages for one client, in the server version agreed with it."""

    def __init__(self, listing: Listing, version: int, time_style: str) -> None:
        self._listing = listing
        self._version = version
        self._style = time_style

    def error(self, number: int, code: int, text: str) -> bytes:
        """Return an error or a notice; number -1 is of nothing in particular."""
        return frame(4, 2, number, code, text, "")

    def order_status(self, order: Order, status: str, *, why: str = "") -> bytes:
        """Return an orderStatus."""
        card = card_of(order)
        return frame(
            3,
            card.order_id,
            status,
            order.cum,
            order.leaves,
            0,
            card.perm_id,
            card.parent_id or 0,
            0,
            card.client,
            why,
            0,
        )

    def open_order(
        self, order: Order, status: str, *, commission: Decimal | None = None, margin: Decimal | None = None
    ) -> bytes:
        """Return an openOrder; with a margin, the answer to a what-if."""
        card = card_of(order)
        p = card.placing
        return frame(
            5,
            card.order_id,
            *self._contract(order),
            *self._terms(order),
            card.client,
            card.perm_id,
            *_picked(p, "outsideRth hidden discretionaryAmt goodAfterTime"),
            "",
            *_picked(p, "faGroup faMethod faPercentage"),
            *([p.fields.get("faProfile", "")] if self._version < 177 else []),
            *_picked(p, "modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation"),
            *_picked(p, "exemptCode auctionStrategy startingPrice stockRefPrice delta stockRangeLower"),
            *_picked(p, "stockRangeUpper displaySize blockOrder sweepToFill allOrNone minQty ocaType"),
            *_picked(p, "eTradeOnly firmQuoteOnly nbboPriceCap parentId triggerMethod volatility volatilityType"),
            *["None", "", 0, "", "", "", "?", 0, 0, ""],  # a delta-neutral order of type None
            *_picked(p, "continuousUpdate referencePriceType trailStopPrice trailingPercent"),
            *["", ""],  # basis points
            *self._combo(p),
            *_picked(p, "scaleInitLevelSize scaleSubsLevelSize"),
            "",
            "",  # no hedge
            *_picked(p, "optOutSmartRouting clearingAccount clearingIntent notHeld"),
            0,
            *_algo(p),
            *[p["solicited"], p["whatIf"], status],
            *_margins(commission, margin),
            *["" if commission is None else commission, "", "", "" if commission is None else "USD", ""],
            *_picked(p, "randomizeSize randomizePrice"),
            *_conditions(p),
            *_picked(p, "adjustedOrderType triggerPrice trailStopPrice lmtPriceOffset adjustedStopPrice"),
            *_picked(p, "adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit"),
            *["", "", ""],  # soft dollars
            *_picked(p, "cashQty dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice"),
            *_picked(p, "usePriceMgmtAlgo duration postToAts autoCancelParent"),
            *["", "", "", "", ""],
        )

    def completed_order(self, order: Order) -> bytes:
        """Return a completedOrder: it knows neither orderId nor client."""
        card = card_of(order)
        p = card.placing
        text = COMPLETED_TEXT.get(order.status, "Cancelled by System").format(order.cum)
        return frame(
            101,
            *self._contract(order),
            *self._terms(order),
            card.perm_id,
            *_picked(p, "outsideRth hidden discretionaryAmt goodAfterTime faGroup faMethod faPercentage"),
            *([p.fields.get("faProfile", "")] if self._version < 177 else []),
            *_picked(p, "modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation"),
            *_picked(p, "exemptCode startingPrice stockRefPrice delta stockRangeLower stockRangeUpper displaySize"),
            *_picked(p, "sweepToFill allOrNone minQty ocaType triggerMethod volatility volatilityType"),
            *["None", "", 0, 0, 0, ""],
            *_picked(p, "continuousUpdate referencePriceType trailStopPrice trailingPercent"),
            *self._combo(p),
            *_picked(p, "scaleInitLevelSize scaleSubsLevelSize"),
            "",
            "",
            *_picked(p, "clearingAccount clearingIntent notHeld"),
            0,
            *_algo(p),
            *[p["solicited"], status_of(order)],
            *_picked(p, "randomizeSize randomizePrice"),
            *_conditions(p),
            *_picked(p, "trailStopPrice lmtPriceOffset cashQty dontUseAutoPriceForHedge isOmsContainer"),
            *["", order.cum, "", p["autoCancelParent"], "", 0, 0, 0],
            time_text(order.closed_at or order.placed_at, self._style),
            text,
            *["", "", "", "", ""],
        )

    def executions(self, order: Order, group: list[Execution], number: int = -1) -> list[bytes]:
        """Return the execDetails of one trade: a combo's own first, then one for each leg."""
        said = [self._execution(order, e, number) for e in group]
        return [self._combo_execution(order, group, number), *said] if _is_combo(order) else said

    def commission(self, order: Order, execution: Execution) -> bytes:
        """Return the commissionReport of an execution."""
        return frame(59, 1, exec_name(order, execution), execution.fee, "USD", UNSET, UNSET, "")

    def _execution(self, order: Order, execution: Execution, number: int) -> bytes:
        instrument = self._listing.add(execution.symbol)
        qty = 0 if execution.is_busted else execution.qty
        return frame(
            11,
            number,
            card_of(order).order_id,
            *contract_fields(instrument, "CBOE"),
            exec_name(order, execution),
            *self._about(order, execution, "BOT" if execution.side is Side.BUY else "SLD", qty, execution.px),
        )

    def _combo_execution(self, order: Order, group: list[Execution], number: int) -> bytes:
        first = group[0]
        ratio = order.terms.legs[first.leg].ratio
        net = sum((e.side.sign * e.px * order.terms.legs[e.leg].ratio for e in group), Decimal(0))
        return frame(
            11,
            number,
            card_of(order).order_id,
            *self._contract(order),
            f"{first.key}.01.{first.version:02d}",
            *self._about(order, first, "BOT", first.qty // ratio, net),
        )

    def _about(self, order: Order, execution: Execution, side: str, qty: int, px: Decimal) -> list[object]:
        card = card_of(order)
        at = time_text(execution.at, self._style)
        last = [0] if self._version >= 178 else []
        cum = [order.cum, px, order.ref, "", "", "", 2, *last]
        return [at, order.account, "CBOE", side, qty, px, card.perm_id, card.client, 0, *cum]

    def _contract(self, order: Order) -> list[object]:
        if not _is_combo(order):
            return contract_fields(self._listing.add(order.terms.legs[0].symbol))
        first = self._listing.add(order.terms.legs[0].symbol)
        name = underlying_name(first.underlying)
        return [COMBO_NUMBER, name, "BAG", "", 0, "?", "", "SMART", "USD", name, "COMB"]

    def _terms(self, order: Order) -> list[object]:
        p = card_of(order).placing
        quantity = order.terms.quantity
        return [
            p["action"],
            quantity,
            *_picked(p, "orderType lmtPrice auxPrice tif ocaGroup"),
            order.account,
            *_picked(p, "openClose origin"),
            order.ref,
        ]

    def _combo(self, p: Placing) -> list[object]:
        """Return the combo's description, legs, leg prices and routing."""
        words = ",".join(f"{leg['ratio']}x{leg['conId']}" for leg in p.legs)
        legs = [leg[name] for leg in p.legs for name in LEG.split()]
        routing = [text for pair in p.routing for text in pair]
        return [words, len(p.legs), *legs, len(p.leg_prices), *p.leg_prices, len(p.routing), *routing]


def exec_name(order: Order, execution: Execution) -> str:
    """Return the execution's name on the wire; of a combo, the first number is its own and the legs' follow."""
    leg = execution.leg + (2 if _is_combo(order) else 1)
    return f"{execution.key}.{leg:02d}.{execution.version:02d}"


def _margins(commission: Decimal | None, margin: Decimal | None) -> list[object]:
    """Return before, change and after, each of initial and maintenance margin and equity."""
    if margin is None:
        return ["" if commission is None else UNSET] * 9
    return [0, 0, 100_000, margin, margin, -(commission or 0), margin, margin, 100_000 - (commission or 0)]


def _is_combo(order: Order) -> bool:
    return len(order.terms.legs) > 1


def _picked(p: Placing, names: str) -> list[str]:
    return [p.fields.get(name, "") for name in names.split()]


def _algo(p: Placing) -> list[object]:
    if not p["algoStrategy"]:
        return [""]
    return [p["algoStrategy"], len(p.algo), *(text for pair in p.algo for text in pair)]


def _conditions(p: Placing) -> list[object]:
    if not p.conditions:
        return [0]
    flat = [text for condition in p.conditions for text in condition]
    return [len(p.conditions), *flat, *_picked(p, "conditionsIgnoreRth conditionsCancelOrder")]
