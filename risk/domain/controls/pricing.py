"""The ticket's price is on the grid, possible, and near the market."""

from decimal import Decimal

from allcore.kernel.instruments import Right
from allcore.kernel.money import ZERO, is_on_tick
from allcore.kernel.orders import OrdType, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.controls.finding import Finding, blocked, measured, passed, yes_or_no
from risk.domain.exposures import is_option, only_reduces
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.domain.market import COMBO_TICK
from risk.domain.prices import both_sides, natural, own_stop, passive, quote_of, signed_limit
from risk.domain.request import GateRequest

COLLAR_FLOOR = Decimal("0.10")  # dollars a share beyond the quote that are never called far
MID_FLOOR = Decimal("0.50")
WITHOUT_LIMIT = (OrdType.MARKET, OrdType.STOP, OrdType.TRAILING_STOP)


def tick(request: GateRequest) -> Finding:
    """Limit, stop and trailing distance are whole numbers of the instrument's steps; combos trade in cents."""
    ticket = request.ticket
    for price in (ticket.limit_price, own_stop(ticket), ticket.trail_amount):
        if price is None:
            continue
        step = _step(request, price)
        if not is_on_tick(price, step):
            return blocked(f"The price {price} is not a multiple of {step}.")
    return passed("Prices are on the grid.")


def _step(request: GateRequest, price: Decimal) -> Decimal:
    if request.ticket.is_multi_leg:
        return COMBO_TICK
    symbol = request.ticket.legs[0].symbol
    if symbol not in request.market.listings:
        raise MissingNumberError(f"The price step of {symbol} is not known.", symbol=symbol)
    return request.market.listings[symbol].tick_rule.tick_at(price)


def possible(request: GateRequest) -> Finding:
    """The price can be meant: above zero for a single leg, within what the structure can ever be worth.

    A combination may cost just that, as a spread deep in the money does when it is bought back; nothing else may.
    """
    ticket = request.ticket
    price = ticket.limit_price
    if price is None:
        return passed("The order has no limit price.")
    if price == 0 and (not ticket.is_multi_leg or ticket.price_effect is not PriceEffect.EVEN):
        return blocked("The limit price is 0, which gives away what is sold and buys nothing.")
    bound = _value_bound(request)
    may_reach = ticket.is_multi_leg and ticket.price_effect is PriceEffect.DEBIT
    if bound is None or price < bound or (may_reach and price == bound):
        return passed("The price is possible.")
    side = "more than" if may_reach else "not below"
    return blocked(
        f"The price {price} is {side} {bound}, the most that this can ever be worth: the data must be wrong."
    )


def _value_bound(request: GateRequest) -> Decimal | None:
    """Return what a share of one unit can be worth at most, or None where nothing bounds it."""
    ticket = request.ticket
    if ticket.is_multi_leg:
        return _combo_bound(ticket)
    contract = contract_of(ticket.legs[0].symbol)
    if contract is None:
        return None
    if contract.right is Right.PUT:
        return contract.strike
    return both_sides(ticket.underlying, request.market.spots)[1]  # a call is worth less than the share


def _combo_bound(ticket: OrderTicket) -> Decimal | None:
    """Return the most that a debit buys, or that a credit's seller can come to owe, at one expiry."""
    contracts = [contract_of(leg.symbol) for leg in ticket.legs]
    options = [contract for contract in contracts if contract is not None]
    if len(options) != len(contracts) or len({c.expiry for c in options}) != 1:
        return None
    weights = [leg.side.sign * leg.ratio for leg in ticket.legs]
    calls = sum(w for w, c in zip(weights, options, strict=True) if c.right is Right.CALL)
    if calls != 0:
        return None
    values = [
        sum((w * _intrinsic(spot, c.strike, c.right) for w, c in zip(weights, options, strict=True)), ZERO)
        for spot in [ZERO, *(c.strike for c in options)]
    ]
    return max(values) if ticket.price_effect is PriceEffect.DEBIT else -min(values)


def _intrinsic(spot: Decimal, strike: Decimal, right: Right) -> Decimal:
    return max(spot - strike if right is Right.CALL else strike - spot, ZERO)


def collar(request: GateRequest) -> Finding:
    """A limit goes through the quote by a small part of it at most; a stop-limit's goes through its stop."""
    limit = signed_limit(request.ticket)
    if limit is None:
        return passed("The order has no limit price.")
    market = _reference(request)
    excess = limit - market
    # A limit on the passive side waits: it can be far, and hurts nobody.
    share = ZERO if excess <= COLLAR_FLOOR else _share(excess, market)
    return measured("The limit goes through the quote by", share, request.limits["price_collar"])


def _reference(request: GateRequest) -> Decimal:
    ticket = request.ticket
    stop = own_stop(ticket)
    if stop is not None:
        return stop * ticket.side.sign
    return natural(ticket, request.market.quotes)


def _share(excess: Decimal, of: Decimal) -> Decimal:
    if of == 0:
        raise MissingNumberError("The quote's far side is 0; nothing can be measured against it.")
    return excess / abs(of)


def mid_collar(request: GateRequest) -> Finding:
    """On the side that hurts, a limit is within a quarter of the price, or 50 cents, of the quotes' middle."""
    limit = signed_limit(request.ticket)
    if limit is None or request.ticket.stop_price is not None:
        return passed("The order does not trade at the present price.")
    mid = (natural(request.ticket, request.market.quotes) + passive(request.ticket, request.market.quotes)) / 2
    excess = limit - mid
    share = ZERO if excess <= MID_FLOOR else _share(excess, mid)
    return measured("The limit is beyond the middle of the quote by", share, request.limits["price_from_mid"])


def without_limit(request: GateRequest) -> Finding:
    """Options are opened at a limit; what goes without one needs a narrow quote."""
    ticket = request.ticket
    if ticket.ord_type not in WITHOUT_LIMIT:
        return passed("The order has a limit price.")
    if any(is_option(leg.symbol) for leg in ticket.legs) and not only_reduces(request):
        return blocked(
            f"A {ticket.ord_type} order may close options, not open them: there is no price it would refuse."
        )
    now, patient = natural(ticket, request.market.quotes), passive(ticket, request.market.quotes)
    share = ZERO if now - patient <= MID_FLOOR else _share(now - patient, (now + patient) / 2)
    return measured("The spread that an order without a limit would cross is", share, request.limits["market_width"])


def stop_side(request: GateRequest) -> Finding:
    """A stop waits where the market is not: a sale's below the bid, a purchase's above the ask; a touch otherwise."""
    ticket = request.ticket
    stop = own_stop(ticket)
    if stop is None:
        return passed("The order has no stop price of what it trades.")
    quote = quote_of(ticket.legs[0].symbol, request.market.quotes)
    near = quote.ask if ticket.side is Side.BUY else quote.bid
    if near is None:
        raise MissingNumberError(f"The quote of {quote.symbol} lacks the side that a stop is judged by.")
    waits_above = (ticket.side is Side.BUY) is not (ticket.ord_type is OrdType.LIMIT_IF_TOUCHED)
    waits = stop > near if waits_above else stop < near
    return yes_or_no(
        ok=waits,
        good="The stop waits.",
        bad=f"The stop {ticket.stop_price} would trigger at once: the market is at {near}.",
    )
