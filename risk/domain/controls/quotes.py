"""The market is seen: fresh, whole and narrow enough quotes of each leg and of the underlying."""

from decimal import Decimal

from allcore.kernel.quotes import Quality, Quote
from risk.domain.controls.finding import Finding, blocked, known, measured, passed
from risk.domain.prices import both_sides, quote_of
from risk.domain.request import GateRequest

MILLISECOND = Decimal("0.001")
WIDTH_FLOOR = Decimal("0.15")  # dollars a share: below it no quote is called wide, however cheap the option


def leg_ages(request: GateRequest) -> Finding:
    """The oldest leg's quote was vouched for within the limit."""
    quotes = [quote_of(leg.symbol, request.market.quotes) for leg in request.ticket.legs]
    oldest = max(quotes, key=lambda quote: quote.age(request.market.now))
    return measured(f"The quote of {oldest.symbol} is aged", _age(oldest, request), request.limits["quote_age"])


def spot_age(request: GateRequest) -> Finding:
    """The underlying's quote was vouched for within the limit."""
    spot = quote_of(request.ticket.underlying, request.market.spots)
    return measured(f"The quote of {spot.symbol} is aged", _age(spot, request), request.limits["spot_age"])


def _age(quote: Quote, request: GateRequest) -> Decimal:
    return Decimal(str(quote.age(request.market.now))).quantize(MILLISECOND)


def quality(request: GateRequest) -> Finding:
    """Each leg's quote, and the underlying's, is two-sided, neither crossed nor locked, and not halted."""
    quotes = [quote_of(leg.symbol, request.market.quotes) for leg in request.ticket.legs]
    for quote in [*quotes, quote_of(request.ticket.underlying, request.market.spots)]:
        if quote.quality is not Quality.GOOD:
            return blocked(f"The quote of {quote.symbol} is {quote.quality.lower()}.")
    return passed("Every quote is two-sided and orderly.")


def width(request: GateRequest) -> Finding:
    """The widest leg's spread is a small part of its price; a spread of up to 15 cents is narrow at any price."""
    widths = {leg.symbol: _width(leg.symbol, request) for leg in request.ticket.legs}
    symbol = max(widths, key=lambda name: widths[name])
    return measured(f"The spread of {symbol}, as part of its price, is", widths[symbol], request.limits["quote_width"])


def _width(symbol: str, request: GateRequest) -> Decimal:
    bid, ask = both_sides(symbol, request.market.quotes)
    if ask - bid <= WIDTH_FLOOR:
        return Decimal(0)
    mid = known((bid + ask) / 2 or None, f"A price of {symbol} above zero")
    return (ask - bid) / mid
