"""What leaves the desk when an order that it held is released: the ticket without what the desk did in its stead."""

from dataclasses import replace
from datetime import datetime

from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import AUCTIONS, LIMITED, OrderTicket
from risk.domain.market import BrokerTakes
from risk.domain.native import is_timed


def released(ticket: OrderTicket, takes: BrokerTakes, *, was_watched: bool, closes_at: datetime | None) -> OrderTicket:
    """Return the ticket as the broker is to have it; `closes_at` is the running session's end.

    A stop that the desk has seen triggered (`was_watched`) is a market order, a stop-limit or touch a limit order. A
    good-till-date order that the broker cannot keep is a day's order, or a good-till-cancelled one that the desk takes
    back.
    """
    wire = ticket
    if was_watched:
        plain = OrdType.LIMIT if ticket.ord_type in LIMITED else OrdType.MARKET
        wire = replace(wire, ord_type=plain, stop_price=None, trail_amount=None, trail_percent=None, trigger=None)
    if not is_timed(ticket, takes):
        return wire
    ends_today = ticket.expire_at is None or (closes_at is not None and ticket.expire_at <= closes_at)
    is_days = ticket.time_in_force in AUCTIONS or ends_today
    return replace(wire, time_in_force=TimeInForce.DAY if is_days else TimeInForce.GTC, expire_at=None)
