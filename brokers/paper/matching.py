"""What an order may trade against the quotes of this moment. Values in, values out.

An order takes what the far side shows, once for each update of a quote, and never on a quote that is stale, crossed,
locked, one-sided, halted or of another day. All legs of a combo trade together or not at all. What the connection's
model leaves to chance is drawn by seed and name, and each fill says which rule made it.
"""

from dataclasses import replace
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import TimeInForce
from allcore.kernel.quotes import Quality, Quote
from brokers.paper import auctions
from brokers.paper.contracts import Ticks
from brokers.paper.draws import draw
from brokers.paper.improvement import faces_of, improved, net_width, share_of
from brokers.paper.market import Market, Match, Rule, Why, Working, far_price, far_size, is_within_limit, net_debit
from brokers.paper.resting import distance_of, prices_at_limit, rested, takeable
from brokers.paper.triggers import WAITING, is_after, is_waiting, watched, watched_symbol

SWEEP_MOST = 2  # times the size shown, after which an order of three times that has taken one of them
AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)


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


def swept(order: Working, market: Market, ticks: Ticks) -> Match:
    """Return what an order that has just taken all that was shown finds a tick beyond it: its rest, or nothing.

    One that is larger than three times the size shown is filled in parts, and a combo waits for its net price.
    """
    quotes = _tradable(order, market)
    if quotes is None or len(quotes) != 1 or order.leaves < 1:
        return _nothing(order, look_again=False)
    leg, quote = order.ticket.legs[0], quotes[0]
    far = far_price(leg, quote)
    drawn = draw(market.seed, order.name, "swept", order.fill_count)
    if far is None or order.leaves > SWEEP_MOST * far_size(leg, quote) or drawn >= market.model.sweep:
        return _nothing(order, look_again=False)
    beyond = far + leg.side.sign * ticks(leg.symbol, far)
    if beyond <= 0 or not is_within_limit(order.ticket, leg.side.sign * beyond):
        return _nothing(order, look_again=False)
    why = Why(Rule.SWEPT, drawn=drawn, chance=market.model.sweep)
    return replace(_nothing(order, look_again=False), units=order.leaves, prices=(beyond,), why=why)


def at_price(order: Working, price: Decimal) -> Match:
    """Return what an order for an auction trades at its price: all of a single leg, if its limit allows."""
    units = order.leaves if is_within_limit(order.ticket, order.ticket.side.sign * price) else 0
    why = Why(Rule.AUCTION)
    return Match(units, (price,) if units else (), order.watch, is_resting=True, look_again=False, why=why)


def met_on_the_way(order: Working, market: Market, why: Why) -> Match:
    """Return what an order that a cancel is after trades at its limit, if it rests at or inside a good market."""
    quotes = _tradable(order, market) if market.trading_day is not None else None
    if quotes is None or is_waiting(order.ticket, order.watch) or not _is_near(order, quotes):
        return _nothing(order, look_again=False)
    prices = prices_at_limit(order.ticket, quotes)
    units = 0 if prices is None else min(order.leaves, takeable(order, quotes, market))
    return replace(_nothing(order, look_again=False), units=units, prices=prices or (), why=why)


def _is_near(order: Working, quotes: tuple[Quote, ...]) -> bool:
    distance = distance_of(order.ticket, quotes)
    return distance is not None and abs(distance) <= 1


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
        return _at_rest(order, quotes, market)
    units = min(order.leaves, takeable(order, quotes, market))
    if units < (order.leaves if order.ticket.time_in_force is TimeInForce.FOK else 1):
        return _nothing(order, look_again=False)
    limit = order.ticket.limit_price
    if order.is_resting and limit is not None:  # it was the market, so a single order trades at its own limit
        return _took(order, units, (limit,) if len(legs) == 1 else prices, Rule.REACHED)
    return _bettered(order, quotes, market, _took(order, units, prices, Rule.MARKETABLE))


def _at_rest(order: Working, quotes: tuple[Quote, ...], market: Market) -> Match:
    if market.model.is_by_quotes_alone or order.ticket.time_in_force in AT_ONCE:
        return replace(_nothing(order, look_again=False), is_resting=True)
    rest = rested(order, quotes, market)
    return Match(
        rest.units,
        rest.prices,
        order.watch,
        is_resting=True,
        look_again=rest.look_again,
        why=rest.why,
        queue=rest.queue,
        looked=rest.looked,
    )


def _bettered(order: Working, quotes: tuple[Quote, ...], market: Market, found: Match) -> Match:
    """Return the match at prices better than the far side, as the model draws them."""
    model, is_combo = market.model, order.ticket.is_multi_leg
    if not (model.improvement_spread if is_combo else model.improvement_single):
        return found
    faces = faces_of(order.ticket.legs, quotes)
    drawn = draw(market.seed, order.name, "improved", order.fill_count)
    share = share_of(model, is_combo=is_combo, width=net_width(faces), drawn=drawn)
    why = Why(Rule.MARKETABLE, drawn=drawn, improvement=share)
    return replace(found, prices=improved(faces, share), why=why)


def _took(order: Working, units: int, prices: tuple[Decimal, ...], rule: Rule) -> Match:
    return Match(
        units,
        prices,
        order.watch,
        order.is_resting,
        look_again=False,
        why=Why(rule),
        queue=order.queue,
        looked=order.looked,
    )


def _opened(order: Working, quotes: tuple[Quote, ...]) -> Match:
    """Trade at the opening, by a quote from after it."""
    is_before = order.expires_at is None or quotes[0].source_at < order.expires_at - auctions.PATIENCE
    price = None if is_before else auctions.opening_price(order.ticket.legs[0], quotes[0])
    return _nothing(order, look_again=True) if price is None else at_price(order, price)


def _nothing(order: Working, *, look_again: bool) -> Match:
    return Match(0, (), order.watch, order.is_resting, look_again, queue=order.queue, looked=order.looked)
