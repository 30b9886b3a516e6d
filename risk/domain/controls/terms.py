"""The order's type and time in force: the broker or the desk can do it, and it can be meant now."""

from allcore.kernel.calendar import Phase
from allcore.kernel.orders import TimeInForce
from allcore.kernel.tickets import AUCTIONS
from risk.domain import native
from risk.domain.controls.finding import Finding, blocked, known, passed
from risk.domain.lines import contract_of
from risk.domain.request import GateRequest


def broker_takes(request: GateRequest) -> Finding:
    """Type, time in force and number of legs: taken by the broker, or held at the desk in its stead."""
    ticket = request.ticket
    takes = known(request.market.takes, "What the broker takes")
    if reason := native.refusal(ticket, takes):
        return blocked(reason)
    if native.is_watched(ticket, takes):
        return passed(f"The desk holds the {ticket.ord_type} order until it triggers; {takes.broker} does not.")
    if native.is_timed(ticket, takes):
        return passed(f"The desk keeps the {ticket.time_in_force} order's time; {takes.broker} does not.")
    return passed(f"{takes.broker} takes the order as it is.")


def time_in_force(request: GateRequest) -> Finding:
    """An end lies ahead; the auctions are for shares, and lie ahead too."""
    ticket, market = request.ticket, request.market
    if ticket.expire_at is not None and ticket.expire_at <= market.exchange_now:
        return blocked(
            f"The order would end at {ticket.expire_at:%d %b %Y %H:%M} UTC, and the exchange's clock shows "
            f"{market.exchange_now:%d %b %Y %H:%M}."
        )
    if ticket.time_in_force not in AUCTIONS:
        return passed("The order has time.")
    if any(contract_of(leg.symbol) is not None for leg in ticket.legs):
        return blocked(f"{ticket.time_in_force} orders are for shares; options have no such auction here.")
    if ticket.time_in_force is TimeInForce.OPG and market.phase is Phase.OPEN:
        return blocked("The opening auction is over: the exchange is open.")
    return passed("The auction lies ahead.")
