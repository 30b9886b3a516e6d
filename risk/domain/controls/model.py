"""The limit beside what the model says the order is worth."""

from decimal import Decimal

from allcore.kernel.money import ZERO, from_float
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.domain.prices import both_sides, natural, passive, signed_limit
from risk.domain.request import GateRequest

FLOOR = Decimal("0.25")  # dollars a share: nearer than this is near, however cheap the option
WIDTHS = 2  # a price within so many widths of the quote is the market's, whatever the model says


def price_from_model(request: GateRequest) -> Finding:
    """On the side that hurts, the limit is near the model's value: within a part of it, 25 cents, or two widths."""
    limit = signed_limit(request.ticket)
    if limit is None or request.ticket.stop_price is not None:
        return passed("The order does not trade at a limit of now.")
    if all(contract_of(leg.symbol) is None for leg in request.ticket.legs):
        return passed("Shares have no model's value; their quote holds the price.")
    value = _value(request)
    width = natural(request.ticket, request.market.quotes) - passive(request.ticket, request.market.quotes)
    excess = limit - value
    near = max(FLOOR, WIDTHS * width)
    share = ZERO if excess <= near else _share(excess, value)
    return measured("The limit is beyond the model's value by", share, request.limits["price_from_model"])


def _share(excess: Decimal, value: Decimal) -> Decimal:
    if value == 0:
        raise MissingNumberError("The model's value is 0; nothing can be measured against it.")
    return excess / abs(value)


def _value(request: GateRequest) -> Decimal:
    """Return what the model says a share of one unit costs: paid above zero."""
    return sum(
        (leg.side.sign * leg.ratio * _price(leg.symbol, request) for leg in request.ticket.legs),
        ZERO,
    )


def _price(symbol: str, request: GateRequest) -> Decimal:
    if contract_of(symbol) is None:
        bid, ask = both_sides(symbol, request.market.quotes)
        return (bid + ask) / 2
    greeks = request.market.greeks.get(symbol)
    if greeks is None:
        raise MissingNumberError(f"The model's value of {symbol} is not known.", symbol=symbol)
    return from_float(greeks.price, 6)
