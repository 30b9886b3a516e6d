"""The same order twice, too many messages or changes, and a strategy that was stopped since it repeated itself."""

from datetime import timedelta
from decimal import Decimal

from allcore.kernel.orders import PositionEffect
from allcore.kernel.tickets import OrderTicket
from risk.domain.controls.finding import Finding, blocked, measured, passed
from risk.domain.request import GateRequest
from risk.domain.structure import structure_of


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
    count = Decimal(1 + request.messages.minute)
    return measured("Messages within a minute:", count, request.limits["messages_minute"])


def a_second(request: GateRequest) -> Finding:
    """Messages of the account within a second, this one included."""
    count = Decimal(1 + request.messages.second)
    return measured("Messages within a second:", count, request.limits["messages_second"])


def open_orders(request: GateRequest) -> Finding:
    """Open orders of the account, this one included."""
    count = Decimal(1 + len(request.pending))
    return measured("Open orders of the account:", count, request.limits["open_orders"])


def open_orders_in_name(request: GateRequest) -> Finding:
    """Open orders in the underlying, this one included."""
    name = request.ticket.underlying
    count = Decimal(1 + sum(p.ticket.underlying == name for p in request.pending))
    return measured(f"Open orders in {name}:", count, request.limits["open_orders_name"])


def replaces(request: GateRequest) -> Finding:
    """Changes that were asked of one order, this one included."""
    if request.exclude_order_id is None:
        return passed("The order changes no other.")
    count = Decimal(1 + request.around.replaces)
    return measured("Changes of this order:", count, request.limits["order_replaces"])


def repeated(request: GateRequest) -> Finding:
    """No kind of trade is opened on a side of a name where it filled too often in too short a time."""
    structure = structure_of(request.ticket)
    sides = {leg.side for leg in request.ticket.legs if leg.position_effect is PositionEffect.OPEN}
    stopped = [side for kind, side in request.around.held if kind is structure and side in sides]
    if not stopped:
        return passed("This kind of trade is not stopped here.")
    words = structure.replace("_", " ").lower()
    return blocked(
        f"{words.capitalize()} in {request.ticket.underlying} is stopped: it filled too often in too short a time. "
        "A risk officer lets it go on."
    )
