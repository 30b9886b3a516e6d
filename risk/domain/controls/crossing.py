"""Nobody trades with themselves: no order meets a resting one of the same household at a price both would take."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from allcore.kernel.money import ZERO
from allcore.kernel.orders import OrdType, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import TRIGGERED, OrderTicket, TicketLeg
from risk.domain.book import Pending
from risk.domain.controls.finding import Finding, blocked, passed
from risk.domain.prices import both_sides, signed_limit
from risk.domain.request import GateRequest

UNTRIGGERED = TRIGGERED | {OrdType.TRAILING_STOP}  # nobody can trade with it yet


def self_trade(request: GateRequest) -> Finding:
    """No leg meets an own resting order's leg on the other side, unless their prices keep them apart.

    An order without a limit takes any price. A combination's leg takes what its limit leaves when the other legs trade
    at their best; two combinations that are each other's mirror are told apart by their net prices alone.
    """
    if request.ticket.ord_type in UNTRIGGERED:
        return passed("The order waits for a trigger; it is asked again when it trades.")
    for order in (*request.pending, *request.book.elsewhere):
        if order.is_held or order.ticket.ord_type in UNTRIGGERED:
            continue
        if symbol := _meeting(request.ticket, order.ticket, request.market.quotes):
            return blocked(_sentence(symbol, order))
    return passed("No own order rests on the other side at a price that would meet.")


def _sentence(symbol: str, order: Pending) -> str:
    ticket = order.ticket
    side = "buys" if any(leg.symbol == symbol and leg.side is Side.BUY for leg in ticket.legs) else "sells"
    at = "at any price" if ticket.limit_price is None else f"at {ticket.limit_price}"
    whole = " as part of a combination" if ticket.is_multi_leg else ""
    return (
        f"It could trade with the household's own order {order.order_id} of {ticket.account}, which {side} {symbol} "
        f"{at}{whole}. Cancel that one first, or price this one away from it."
    )


def _meeting(new: OrderTicket, old: OrderTicket, quotes: Mapping[str, Quote]) -> str:
    """Return the symbol in which the two could trade with each other, or nothing."""
    if _is_mirror(new, old):
        ours, theirs = signed_limit(new), signed_limit(old)
        return new.legs[0].symbol if ours is None or theirs is None or ours + theirs >= 0 else ""
    for leg, other in _opposite(new, old):
        ours, theirs = _reach(new, leg, quotes), _reach(old, other, quotes)
        if ours is None or theirs is None or ours + theirs >= 0:
            return leg.symbol
    return ""


def _opposite(new: OrderTicket, old: OrderTicket) -> Iterator[tuple[TicketLeg, TicketLeg]]:
    resting = {leg.symbol: leg for leg in old.legs}
    for leg in new.legs:
        other = resting.get(leg.symbol)
        if other is not None and other.side is not leg.side:
            yield leg, other


def _is_mirror(new: OrderTicket, old: OrderTicket) -> bool:
    ours = {(leg.symbol, leg.side.sign * leg.ratio) for leg in new.legs}
    return ours == {(leg.symbol, -leg.side.sign * leg.ratio) for leg in old.legs}


def _reach(ticket: OrderTicket, leg: TicketLeg, quotes: Mapping[str, Quote]) -> Decimal | None:
    """Return the most that a share of the leg may cost, below zero what a sale asks; None is any price at all.

    Raises:
        MissingNumberError: another leg of it has no quote to go by.
    """
    limit = signed_limit(ticket)
    if limit is None:
        return None
    others = ZERO
    for one in ticket.legs:
        if one is not leg:
            others += one.side.sign * one.ratio * both_sides(one.symbol, quotes)[one.side is Side.SELL]
    return (limit - others) / leg.ratio
