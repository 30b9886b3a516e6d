"""The same order twice, and too many messages."""

from datetime import timedelta
from decimal import Decimal

from allcore.kernel.tickets import OrderTicket
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.request import GateRequest

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def duplicate(request: GateRequest) -> Finding:
    """Nobody sends the same legs, sides, quantity and price again so soon, unless it replaces that very order."""
    same = [
        recent
        for recent in request.recent
        if recent.order_id is None or recent.order_id != request.exclude_order_id
        if _key(recent.ticket) == _key(request.ticket)
    ]
    if not same:
        return passed("No such order was sent lately.")
    gap = request.market.now - max(recent.at for recent in same)
    seconds = Decimal(gap // timedelta(microseconds=1)).scaleb(-6)
    return measured("The same order went out before this one by", seconds, request.limits["duplicate"])


def _key(ticket: OrderTicket) -> tuple[object, ...]:
    legs = frozenset((leg.symbol, leg.side, leg.ratio) for leg in ticket.legs)
    return (ticket.account, legs, ticket.quantity, ticket.ord_type, ticket.limit_price, ticket.stop_price)


def a_minute(request: GateRequest) -> Finding:
    """Messages of the account within a minute, this one included."""
    count = Decimal(1 + _since(request, MINUTE))
    return measured("Messages within a minute:", count, request.limits["messages_minute"])


def a_second(request: GateRequest) -> Finding:
    """Messages of the account within a second, this one included."""
    count = Decimal(1 + _since(request, SECOND))
    return measured("Messages within a second:", count, request.limits["messages_second"])


def _since(request: GateRequest, span: timedelta) -> int:
    return sum(request.market.now - at < span for at in request.messages)


def open_orders(request: GateRequest) -> Finding:
    """Open orders of the account, this one included."""
    count = Decimal(1 + len(request.pending))
    return measured("Open orders of the account:", count, request.limits["open_orders"])


def open_orders_in_name(request: GateRequest) -> Finding:
    """Open orders in the underlying, this one included."""
    name = request.ticket.underlying
    count = Decimal(1 + sum(p.ticket.underlying == name for p in request.pending))
    return measured(f"Open orders in {name}:", count, request.limits["open_orders_name"])
