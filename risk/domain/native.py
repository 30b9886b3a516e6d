"""What a broker takes by itself, what the desk holds in its stead, and what neither can do."""

from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import LIMITED, TRIGGERED, OrderTicket
from risk.domain.market import BrokerTakes

# The desk watches the market for these and then sends what is left of them: a market or a limit order.
WATCHED_TYPES = TRIGGERED | {OrdType.TRAILING_STOP}
# The desk keeps the time for these: it sends a day's or a good-till-cancelled order, and takes it back.
WATCHED_TIMES = frozenset({TimeInForce.GTD, TimeInForce.OPG, TimeInForce.CLS})


def is_watched(ticket: OrderTicket, takes: BrokerTakes) -> bool:
    """Return whether the desk must set the order off: the broker has not the type, or not the price that it names."""
    if ticket.ord_type not in WATCHED_TYPES:
        return False
    is_named = ticket.trigger is not None and ticket.trigger not in takes.triggers
    return ticket.ord_type not in takes.ord_types or is_named


def is_timed(ticket: OrderTicket, takes: BrokerTakes) -> bool:
    """Return whether the desk must keep the order's time."""
    return ticket.time_in_force in WATCHED_TIMES and ticket.time_in_force not in takes.times_in_force


def refusal(ticket: OrderTicket, takes: BrokerTakes) -> str | None:
    """Return why neither the broker nor the desk can do it, or None."""
    if len(ticket.legs) > takes.max_legs:
        return f"{takes.broker} takes {takes.max_legs} legs in one order at most, the ticket has {len(ticket.legs)}."
    left = OrdType.LIMIT if ticket.ord_type in LIMITED else OrdType.MARKET
    wanted = left if is_watched(ticket, takes) else ticket.ord_type
    if wanted not in takes.ord_types:
        return f"{takes.broker} takes no {wanted} order, and the desk cannot hold one in its stead."
    return _untimely(ticket.time_in_force, takes)


def _untimely(time: TimeInForce, takes: BrokerTakes) -> str | None:
    if time in takes.times_in_force:
        return None
    if time not in WATCHED_TIMES:
        return f"{takes.broker} takes no {time} order, and the desk cannot keep that time in its stead."
    if time is TimeInForce.GTD and not {TimeInForce.DAY, TimeInForce.GTC} <= takes.times_in_force:
        return f"{takes.broker} takes no GTD order, and the desk can keep it only over DAY and GTC orders."
    return None
