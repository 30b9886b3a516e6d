"""Enough others are there to trade with: open interest, what is displayed, a bid under what is sold.

A figure that is missing is told, not refused: the width of a fresh quote holds the order as well. What the desk has
sized is told too, since the strategy picks its strikes by interest and a person sees the card.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from allcore.kernel.orders import Side
from allcore.kernel.tickets import TicketLeg
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.lines import contract_of
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome

NO_OPTION = passed("The order trades no option.")


def interest(request: GateRequest) -> Finding:
    """Each option that is traded has enough open contracts."""
    known = {leg.symbol: request.around.interest.get(leg.symbol) for leg in _options(request)}
    if not known:
        return NO_OPTION
    if missing := [symbol for symbol, count in known.items() if count is None]:
        return told(f"The open interest of {missing[0]} is not known.")
    symbol, least = min(((s, c) for s, c in known.items() if c is not None), key=lambda pair: pair[1])
    return by_hand(request, measured(f"Open contracts of {symbol}:", Decimal(least), request.limits["open_interest"]))


def share_of_interest(request: GateRequest) -> Finding:
    """The order is a small part of the open contracts of each option."""
    shares: dict[str, Decimal] = {}
    for leg in _options(request):
        count = request.around.interest.get(leg.symbol)
        if not count:
            return told(f"The open interest of {leg.symbol} is not known, or none.")
        shares[leg.symbol] = Decimal(leg.ratio * request.quantity) / count
    return _largest(request, shares, "The order, of the open contracts of", "order_of_interest")


def share_of_display(request: GateRequest) -> Finding:
    """The order is no more than some part of what is displayed on the side that it meets, and a sale has a bid."""
    if request.is_sliced:
        return passed("Each slice of it is asked by itself.")
    shares: dict[str, Decimal] = {}
    for leg in _options(request):
        quote = request.market.quotes.get(leg.symbol)
        size = None if quote is None else quote.bid_size if leg.side is Side.SELL else quote.ask_size
        if quote is not None and leg.side is Side.SELL and not quote.bid:
            return by_hand(request, Finding(Outcome.SOFT_BLOCK, f"Nobody bids for {leg.symbol}, which is sold."))
        if not size:
            return told(f"No size is displayed for {leg.symbol}.")
        shares[leg.symbol] = Decimal(leg.ratio * request.quantity) / size
    return _largest(request, shares, "The order, of what is displayed of", "order_of_display")


def _largest(request: GateRequest, shares: dict[str, Decimal], what: str, code: str) -> Finding:
    if not shares:
        return NO_OPTION
    symbol = max(shares, key=lambda name: shares[name])
    return by_hand(request, measured(f"{what} {symbol}, is", shares[symbol], request.limits[code]))


def _options(request: GateRequest) -> Iterator[TicketLeg]:
    return (leg for leg in request.ticket.legs if contract_of(leg.symbol) is not None)


def by_hand(request: GateRequest, finding: Finding) -> Finding:
    """Return the finding of an order by hand or script; of one that the desk made, a soft block is a warning."""
    if request.is_manual or finding.outcome is not Outcome.SOFT_BLOCK:
        return finding
    return replace(finding, outcome=Outcome.WARN)


def told(message: str) -> Finding:
    """Return a warning without numbers."""
    return Finding(Outcome.WARN, message)
