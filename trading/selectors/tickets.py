"""The ticket of an order, read back from its rows."""

from collections.abc import Mapping
from typing import Any

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg
from trading.models import Order


def ticket_of(order: Order) -> OrderTicket:
    """Return what the order is, as it stands now; account, legs and their instruments should be loaded."""
    legs = sorted(order.legs.all(), key=lambda leg: leg.index)
    return OrderTicket(
        account=order.account.code,
        underlying=order.underlying,
        legs=tuple(
            TicketLeg(
                symbol=leg.instrument.symbol,
                side=Side(leg.side),
                position_effect=PositionEffect(leg.position_effect),
                ratio=leg.ratio,
                multiplier=leg.instrument.multiplier,
            )
            for leg in legs
        ),
        quantity=order.order_qty,
        ord_type=OrdType(order.ord_type),
        time_in_force=TimeInForce(order.time_in_force),
        price_effect=PriceEffect(order.price_effect),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trail_amount=order.trail_amount,
        trail_percent=order.trail_percent,
        expire_at=order.expire_at if order.time_in_force == TimeInForce.GTD else None,
        trigger=TriggerPrice(order.trigger) if order.trigger else None,
    )


def wire_of(order: Order, terms: Mapping[str, Any]) -> OrderTicket:
    """Return what a NEW request sends: what a held order was released as, or the order as it stands."""
    out = terms.get("ticket")
    return ticket_of(order) if out is None else OrderTicket.from_dict(out)
