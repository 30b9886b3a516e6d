"""What an order may trade against the quotes of this moment. Values in, values out; nothing here is left to chance.

An order takes what the far side shows, once for each update of a quote, and never on a quote that is stale, crossed,
locked, one-sided, halted or of another day. All legs of a combo trade together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import OrdType, PriceEffect, Side
from allcore.kernel.quotes import Quality, Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg

CONFIRMATIONS = 2  # a stop triggers on the second quote in a row beyond it: one lone quote is not a price
STOP_WIDTH = Decimal("0.25")  # dollars; a wider quote than this and than half its mid triggers no stop
STOP_WIDTH_RATIO = Decimal("0.5")
STOPS = (OrdType.STOP, OrdType.STOP_LIMIT)


@dataclass(frozen=True, slots=True)
class Watch:
    """How far a stop has come. `seen_at` is when the quote that counted last was vouched for."""

    is_triggered: bool = False
    confirmations: int = 0
    seen_at: datetime | None = None


NOT_SEEN = Watch()


@dataclass(frozen=True, slots=True)
class Working:
    """An order at the exchange. It rests once a good quote has been seen that does not reach its limit."""

    ticket: OrderTicket
    leaves: int
    arrived_at: datetime
    watch: Watch = NOT_SEEN
    is_resting: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of a displayed size is gone, and of which update of the quote (its `source_at`)."""

    source_at: datetime
    qty: int


Shelf = tuple[str, Side]  # a symbol, and the side of the order that takes from it


@dataclass(frozen=True, slots=True)
class Market:
    """What can be seen now. `trading_day` is New York's date while the exchange is open, else None."""

    quotes: Mapping[str, Quote]
    taken: Mapping[Shelf, Taken]
    now: datetime
    trading_day: date | None
    stale_after: float  # seconds


@dataclass(frozen=True, slots=True)
class Match:
    """What happens to the order: `units` filled at `prices` (one a leg), and how it stands afterwards.

    `look_again` asks for another look soon, even if no quote changes.
    """

    units: int
    prices: tuple[Decimal, ...]
    watch: Watch
    is_resting: bool
    look_again: bool


def match(order: Working, market: Market) -> Match:
    """Return what the order trades now."""
    if market.trading_day is None or market.now < order.arrived_at:
        return _nothing(order, look_again=False)
    quotes = _tradable(order, market)
    if quotes is None:
        return _nothing(order, look_again=True)
    if order.ticket.ord_type in STOPS and not order.watch.is_triggered:
        watch = _watched(order, quotes[0])
        return _nothing(replace(order, watch=watch), look_again=watch.confirmations > 0)
    if order.ticket.ord_type in STOPS and not _is_after(order.watch.seen_at, quotes[0]):
        return _nothing(
            order, look_again=True
        )  # a triggered stop trades on the next quote, not on the one that triggered it
    return _traded(order, quotes, market)


def far_price(leg: TicketLeg, quote: Quote) -> Decimal | None:
    """Return the price at which the leg's side trades at once."""
    return quote.ask if leg.side is Side.BUY else quote.bid


def far_size(leg: TicketLeg, quote: Quote) -> int:
    """Return how many contracts or shares are shown at that price."""
    return quote.ask_size if leg.side is Side.BUY else quote.bid_size


def net_debit(legs: Sequence[TicketLeg], prices: Sequence[Decimal]) -> Decimal:
    """Return what one unit costs per share of its largest multiplier; below zero it pays."""
    unit = max(leg.multiplier for leg in legs)
    return sum(
        (leg.side.sign * leg.ratio * leg.multiplier * px for leg, px in zip(legs, prices, strict=True)), Decimal(0)
    ) / Decimal(unit)


def is_within_limit(ticket: OrderTicket, debit: Decimal) -> bool:
    """Return whether a unit at this net debit is at the ticket's limit or better."""
    if ticket.limit_price is None:
        return True
    if ticket.price_effect is PriceEffect.DEBIT:
        return debit <= ticket.limit_price
    if ticket.price_effect is PriceEffect.CREDIT:
        return -debit >= ticket.limit_price
    return debit <= 0


def shelf_left(leg: TicketLeg, quote: Quote, taken: Mapping[Shelf, Taken]) -> int:
    """Return how much of the displayed size this update of the quote still has."""
    gone = taken.get((leg.symbol, leg.side))
    used = gone.qty if gone is not None and gone.source_at == quote.source_at else 0
    return max(far_size(leg, quote) - used, 0)


def _tradable(order: Working, market: Market) -> tuple[Quote, ...] | None:
    quotes = tuple(market.quotes.get(leg.symbol) for leg in order.ticket.legs)
    good = tuple(q for q in quotes if q is not None and _is_good(q, order, market))
    return good if len(good) == len(quotes) else None


def _is_good(quote: Quote, order: Working, market: Market) -> bool:
    return (
        quote.quality is Quality.GOOD
        and quote.age(market.now) <= market.stale_after
        and new_york_date(quote.source_at) == market.trading_day
        and (order.expires_at is None or quote.source_at < order.expires_at)
    )


def _watched(order: Working, quote: Quote) -> Watch:
    """Count the quote for or against the trigger: a buy's stop is looked for on the ask, a sell's on the bid."""
    watch, stop, ask, bid = order.watch, order.ticket.stop_price, quote.ask, quote.bid
    if stop is None or ask is None or bid is None or not _is_after(watch.seen_at, quote):
        return watch
    is_beyond = ask >= stop if order.ticket.side is Side.BUY else bid <= stop
    is_narrow = ask - bid <= max(STOP_WIDTH, STOP_WIDTH_RATIO * (ask + bid) / 2)
    count = watch.confirmations + 1 if is_beyond and is_narrow else 0
    return Watch(is_triggered=count >= CONFIRMATIONS, confirmations=count, seen_at=quote.received_at)


def _is_after(seen_at: datetime | None, quote: Quote) -> bool:
    return seen_at is None or quote.received_at > seen_at


def _traded(order: Working, quotes: tuple[Quote, ...], market: Market) -> Match:
    legs = order.ticket.legs
    prices = tuple(px for leg, quote in zip(legs, quotes, strict=True) if (px := far_price(leg, quote)) is not None)
    if not is_within_limit(order.ticket, net_debit(legs, prices)):
        return replace(_nothing(order, look_again=False), is_resting=True)
    shown = min(shelf_left(leg, q, market.taken) // leg.ratio for leg, q in zip(legs, quotes, strict=True))
    units = min(order.leaves, shown)
    return Match(units, _improved(order, prices) if units else (), order.watch, order.is_resting, look_again=False)


def _improved(order: Working, prices: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return the prices paid: a single order that rested was the market, so it trades at its own limit."""
    limit = order.ticket.limit_price
    return (limit,) if order.is_resting and limit is not None and len(prices) == 1 else prices


def _nothing(order: Working, *, look_again: bool) -> Match:
    return Match(0, (), order.watch, order.is_resting, look_again)
