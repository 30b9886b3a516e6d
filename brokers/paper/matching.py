"""What an order may trade against the quotes of this moment. Values in, values out; nothing here is left to chance.

An order takes what the far side shows, once for each update of a quote, and never on a quote that is stale, crossed,
locked, one-sided, halted or of another day. All legs of a combo trade together or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Quality, Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.paper import auctions
from brokers.paper.triggers import NOT_SEEN, WAITING, Watch, is_after, is_waiting, watched, watched_symbol


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
    if is_waiting(order.ticket, order.watch):
        return _waited(order, market)
    quotes = _tradable(order, market)
    if quotes is None or not _is_news(order, quotes):
        return _nothing(order, look_again=True)
    return _opened(order, quotes) if order.ticket.time_in_force is TimeInForce.OPG else _traded(order, quotes, market)


def at_price(order: Working, price: Decimal) -> Match:
    """Return what an order for an auction trades at its price: all of a single leg, if its limit allows."""
    units = order.leaves if is_within_limit(order.ticket, order.ticket.side.sign * price) else 0
    return Match(units, (price,) if units else (), order.watch, is_resting=True, look_again=False)


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


def _waited(order: Working, market: Market) -> Match:
    symbol = watched_symbol(order.ticket)
    quote = market.quotes.get(symbol)
    if quote is None or not _is_good(quote, order, market):
        return _nothing(order, look_again=True)
    watch = watched(order.ticket, order.watch, market.quotes)
    return _nothing(replace(order, watch=watch), look_again=watch.confirmations > 0)


def _is_news(order: Working, quotes: tuple[Quote, ...]) -> bool:
    """What was set off trades on the next quote, not on the one that set it off."""
    return order.ticket.ord_type not in WAITING or all(is_after(order.watch.seen_at, quote) for quote in quotes)


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


def _traded(order: Working, quotes: tuple[Quote, ...], market: Market) -> Match:
    legs = order.ticket.legs
    prices = tuple(px for leg, quote in zip(legs, quotes, strict=True) if (px := far_price(leg, quote)) is not None)
    if not is_within_limit(order.ticket, net_debit(legs, prices)):
        return replace(_nothing(order, look_again=False), is_resting=True)
    shown = min(shelf_left(leg, q, market.taken) // leg.ratio for leg, q in zip(legs, quotes, strict=True))
    units = min(order.leaves, shown)
    if order.ticket.time_in_force is TimeInForce.FOK and units < order.leaves:
        units = 0  # all of it at once, or none
    return Match(units, _improved(order, prices) if units else (), order.watch, order.is_resting, look_again=False)


def _opened(order: Working, quotes: tuple[Quote, ...]) -> Match:
    """Trade at the opening, by a quote from after it."""
    is_before = order.expires_at is None or quotes[0].source_at < order.expires_at - auctions.PATIENCE
    price = None if is_before else auctions.opening_price(order.ticket.legs[0], quotes[0])
    return _nothing(order, look_again=True) if price is None else at_price(order, price)


def _improved(order: Working, prices: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return the prices paid: a single order that rested was the market, so it trades at its own limit."""
    limit = order.ticket.limit_price
    return (limit,) if order.is_resting and limit is not None and len(prices) == 1 else prices


def _nothing(order: Working, *, look_again: bool) -> Match:
    return Match(0, (), order.watch, order.is_resting, look_again)
