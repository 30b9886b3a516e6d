"""When the test exchange trades: at the far side, as much as is shown. Values in, values out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.orders import OrdType, Side, TriggerPrice
from tests.brokers.servers.book import Leg, Order, Terms


@dataclass(slots=True)
class Shown:
    """What is shown for one instrument; the sizes shrink as orders take them."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: int
    ask_size: int
    last: Decimal | None = None

    def far(self, side: Side) -> tuple[Decimal | None, int]:
        """Return price and size of what an order of that side would take."""
        return (self.ask, self.ask_size) if side is Side.BUY else (self.bid, self.bid_size)

    def take(self, side: Side, qty: int) -> None:
        """Let the size shrink."""
        if side is Side.BUY:
            self.ask_size -= qty
        else:
            self.bid_size -= qty

    @property
    def mid(self) -> Decimal | None:
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2


Board = Mapping[str, Shown]


def units(board: Board, legs: tuple[Leg, ...]) -> int:
    """Return how many whole units the shown sizes allow."""
    counts = []
    for leg in legs:
        price, size = board[leg.symbol].far(leg.side) if leg.symbol in board else (None, 0)
        counts.append(0 if price is None else size // leg.ratio)
    return min(counts)


def net_cost(board: Board, legs: tuple[Leg, ...]) -> Decimal | None:
    """Return what one unit costs per share now, or None without a price for each leg."""
    total = Decimal(0)
    for leg in legs:
        price = board[leg.symbol].far(leg.side)[0] if leg.symbol in board else None
        if price is None:
            return None
        total += leg.side.sign * leg.ratio * price
    return total


def fillable(board: Board, order: Order) -> int:
    """Return how many units trade now."""
    cost = net_cost(board, order.terms.legs)
    if cost is None or (order.terms.limit is not None and cost > order.terms.limit):
        return 0
    return min(order.leaves, units(board, order.terms.legs))


def trigger_price(shown: Shown, terms: Terms) -> Decimal | None:
    """Return the price that the trigger looks at; without a last trade, what the order would trade against."""
    far = shown.far(terms.side)[0]
    looked_at: Mapping[TriggerPrice, Callable[[], Decimal | None]] = {
        TriggerPrice.LAST: lambda: far if shown.last is None else shown.last,
        TriggerPrice.OPPOSITE: lambda: far,
        TriggerPrice.MID: lambda: shown.mid,
        TriggerPrice.UNDERLYING_LAST: lambda: shown.last,
    }
    return looked_at[terms.trigger]()


def stop_of(order: Order) -> Decimal | None:
    """Return where the stop is now: a trailing one follows the best price seen."""
    terms = order.terms
    if terms.ord_type is not OrdType.TRAILING_STOP or order.extreme is None:
        return terms.stop
    percent = terms.trail_percent or Decimal(0)
    distance = terms.trail_amount if terms.trail_amount is not None else order.extreme * percent / 100
    return order.extreme + terms.side.sign * distance


def is_set_off(order: Order, price: Decimal) -> bool:
    """Return whether the price triggers the order."""
    stop = stop_of(order)
    if stop is None:
        return False
    if order.terms.ord_type is OrdType.LIMIT_IF_TOUCHED:
        return price <= stop if order.terms.side is Side.BUY else price >= stop
    return price >= stop if order.terms.side is Side.BUY else price <= stop


def better(order: Order, price: Decimal) -> Decimal:
    """Return the trailing stop's new extreme: the lowest price for a buy, the highest for a sell."""
    if order.extreme is None:
        return price
    return min(order.extreme, price) if order.terms.side is Side.BUY else max(order.extreme, price)
