"""Prices of tickets against quotes. Net prices are signed here alone: paid above zero, received below."""

from collections.abc import Mapping
from decimal import Decimal

from allcore.kernel.money import ZERO
from allcore.kernel.orders import PriceEffect, Side, TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.limits import MissingNumberError

MARKET_SLACK = Decimal("0.50")  # the exchanges' collar of market orders: the greater of 50 cents and 5 %
MARKET_SHARE = Decimal("0.05")


def quote_of(symbol: str, quotes: Mapping[str, Quote]) -> Quote:
    """Return the symbol's quote.

    Raises:
        MissingNumberError: there is none.
    """
    if symbol not in quotes:
        raise MissingNumberError(f"There is no quote for {symbol}.", symbol=symbol)
    return quotes[symbol]


def both_sides(symbol: str, quotes: Mapping[str, Quote]) -> tuple[Decimal, Decimal]:
    """Return bid and ask.

    Raises:
        MissingNumberError: a side is missing.
    """
    quote = quote_of(symbol, quotes)
    if quote.bid is None or quote.ask is None:
        raise MissingNumberError(f"The quote of {symbol} lacks a side.", symbol=symbol)
    return quote.bid, quote.ask


def signed_limit(ticket: OrderTicket) -> Decimal | None:
    """Return the limit as what a share of one unit costs, or None without one."""
    if ticket.limit_price is None:
        return None
    return -ticket.limit_price if ticket.price_effect is PriceEffect.CREDIT else ticket.limit_price


def own_stop(ticket: OrderTicket) -> Decimal | None:
    """Return the stop as a price of what is traded, or None: the underlying's price may set an option off."""
    return None if ticket.trigger is TriggerPrice.UNDERLYING_LAST else ticket.stop_price


def natural(ticket: OrderTicket, quotes: Mapping[str, Quote]) -> Decimal:
    """Return what a share of one unit costs at once: asks paid for what is bought, bids received for what is sold."""
    return _net(ticket, {leg.symbol: both_sides(leg.symbol, quotes)[leg.side is Side.BUY] for leg in ticket.legs})


def passive(ticket: OrderTicket, quotes: Mapping[str, Quote]) -> Decimal:
    """Return what a share of one unit costs at best: bids paid, asks received."""
    return _net(ticket, {leg.symbol: both_sides(leg.symbol, quotes)[leg.side is Side.SELL] for leg in ticket.legs})


def _net(ticket: OrderTicket, prices: Mapping[str, Decimal]) -> Decimal:
    return sum((leg.side.sign * leg.ratio * prices[leg.symbol] for leg in ticket.legs), ZERO)


def worst_cost(ticket: OrderTicket, quotes: Mapping[str, Quote]) -> Decimal:
    """Return the most that a share of one unit may come to cost: the limit, or the natural price and some slack.

    A sale without a limit may fetch nothing; it never costs.

    Raises:
        MissingNumberError: an order without a limit has no quotes to go by.
    """
    limit = signed_limit(ticket)
    if limit is not None:
        return limit
    cost = natural(ticket, quotes)
    stop = own_stop(ticket)
    if stop is not None and ticket.side is Side.BUY:
        cost = max(cost, stop)
    if ticket.side is Side.BUY:
        cost += _trail(ticket, cost)
    cost += max(MARKET_SLACK, MARKET_SHARE * abs(cost))
    return min(cost, ZERO) if ticket.price_effect is PriceEffect.CREDIT else cost


def _trail(ticket: OrderTicket, cost: Decimal) -> Decimal:
    """Return how far above the market a trailing purchase may come to trade."""
    if ticket.trail_percent is not None:
        return abs(cost) * ticket.trail_percent / 100
    return ticket.trail_amount or ZERO


def unit_multiplier(ticket: OrderTicket) -> int:
    """Return how many shares one unit's price is for."""
    return max(leg.multiplier for leg in ticket.legs)
