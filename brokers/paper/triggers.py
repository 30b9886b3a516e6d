"""What sets a waiting order off: stops, trailing stops, limits if touched. Values in, values out.

A stop waits for the price to move against whoever placed it, a touch for it to move in their favour. The price looked
at is the ticket's `trigger`; without one it is the opposite side, what the order would trade against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import Right
from allcore.kernel.orders import OrdType, Side, TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.contracts import option_named, underlying_of

CONFIRMATIONS = 2  # an option's price triggers on the second quote in a row beyond it: one lone quote is not a price
STOP_WIDTH = Decimal("0.25")  # dollars; a wider quote than this and than half its mid triggers nothing
STOP_WIDTH_RATIO = Decimal("0.5")
WAITING = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.LIMIT_IF_TOUCHED})
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Watch:
    """How far a waiting order has come. `seen_at` is when the quote that counted last was vouched for.

    `mark` is the best price a trailing stop has seen since it came.
    """

    is_triggered: bool = False
    confirmations: int = 0
    seen_at: datetime | None = None
    mark: Decimal | None = None


NOT_SEEN = Watch()


def is_waiting(ticket: OrderTicket, watch: Watch) -> bool:
    """Return whether the order must be set off before it may trade."""
    return ticket.ord_type in WAITING and not watch.is_triggered


def trigger_of(ticket: OrderTicket) -> TriggerPrice:
    """Return the price that the order looks at."""
    return ticket.trigger or TriggerPrice.OPPOSITE


def watched_symbol(ticket: OrderTicket) -> str:
    """Return the symbol whose quote sets the order off."""
    symbol = ticket.legs[0].symbol
    return underlying_of(symbol) if trigger_of(ticket) is TriggerPrice.UNDERLYING_LAST else symbol


def symbols_of(ticket: OrderTicket) -> frozenset[str]:
    """Return every symbol whose quotes matter to the order."""
    legs = frozenset(leg.symbol for leg in ticket.legs)
    return legs | {watched_symbol(ticket)} if ticket.ord_type in WAITING else legs


def rises(ticket: OrderTicket) -> bool:
    """Return whether the watched price sets the order off from below.

    A buy's stop and a sell's touch do. By the underlying's price a put goes the other way: it loses where shares gain.
    """
    upwards = ticket.side is Side.BUY
    if ticket.ord_type is OrdType.LIMIT_IF_TOUCHED:
        upwards = not upwards
    option = option_named(ticket.legs[0].symbol)
    is_turned = trigger_of(ticket) is TriggerPrice.UNDERLYING_LAST and option is not None and option.right is Right.PUT
    return upwards != is_turned


def level_of(ticket: OrderTicket, watch: Watch) -> Decimal | None:
    """Return the price at which the order is set off, or None while a trailing stop has seen none."""
    if ticket.ord_type is not OrdType.TRAILING_STOP:
        return ticket.stop_price
    if watch.mark is None:
        return None
    distance = ticket.trail_amount
    if distance is None:
        distance = watch.mark * (ticket.trail_percent or Decimal(0)) / HUNDRED
    return watch.mark + distance if rises(ticket) else watch.mark - distance


def watched(ticket: OrderTicket, watch: Watch, quotes: Mapping[str, Quote]) -> Watch:
    """Return the watch after these quotes, each of which the caller vouches for.

    A trailing stop's mark moves in favour of whoever placed it, never back. Nothing moves on a quote too wide to be a
    price, nor on one that was counted before.
    """
    quote = quotes[watched_symbol(ticket)]
    price = _price_of(ticket, quote)
    if price is None or not is_after(watch.seen_at, quote):
        return watch
    if not _is_narrow(quote):
        return Watch(confirmations=0, seen_at=quote.received_at, mark=watch.mark)
    mark = _marked(ticket, watch.mark, price)
    level = level_of(ticket, Watch(mark=mark))
    is_beyond = level is not None and (price >= level if rises(ticket) else price <= level)
    count = watch.confirmations + 1 if is_beyond else 0
    return Watch(count >= _needed(ticket), count, quote.received_at, mark)


def is_after(seen_at: datetime | None, quote: Quote) -> bool:
    """Return whether the quote has been vouched for since."""
    return seen_at is None or quote.received_at > seen_at


def _price_of(ticket: OrderTicket, quote: Quote) -> Decimal | None:
    match trigger_of(ticket):
        case TriggerPrice.LAST | TriggerPrice.UNDERLYING_LAST:
            return quote.last
        case TriggerPrice.MID:
            return quote.mid
        case TriggerPrice.OPPOSITE:
            return quote.ask if ticket.side is Side.BUY else quote.bid


def _needed(ticket: OrderTicket) -> int:
    """One print of a share is a price; anything else must be seen twice."""
    is_print = trigger_of(ticket) in (TriggerPrice.LAST, TriggerPrice.UNDERLYING_LAST)
    return 1 if is_print and option_named(watched_symbol(ticket)) is None else CONFIRMATIONS


def _is_narrow(quote: Quote) -> bool:
    width, mid = quote.width, quote.mid
    return width is not None and mid is not None and width <= max(STOP_WIDTH, STOP_WIDTH_RATIO * mid)


def _marked(ticket: OrderTicket, mark: Decimal | None, price: Decimal) -> Decimal | None:
    if ticket.ord_type is not OrdType.TRAILING_STOP:
        return None
    if mark is None:
        return price
    return min(mark, price) if rises(ticket) else max(mark, price)
