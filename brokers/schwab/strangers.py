"""The terms of an order that was not sent from here, in the desk's words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import PositionEffect, PriceEffect, TimeInForce
from brokers.rest.strangers import Terms, with_terms
from brokers.rest.views import UNREADABLE, OrderView
from brokers.schwab.words import AT_THE_CLOSE, EFFECTS, OPENINGS, POSITION_EFFECTS, TIMES, TYPES


def told(view: OrderView, order: Mapping[str, Any]) -> OrderView:
    """Return the view with its ticket, or as it is if the desk has no words for its terms."""
    try:
        return with_terms(view, _terms(order))
    except UNREADABLE:
        return view


def _terms(order: Mapping[str, Any]) -> Terms:
    kind, link = str(order.get("orderType")), order.get("stopPriceLinkType")
    offset = _number(order.get("stopPriceOffset"))
    lasts = TIMES.get(str(order.get("duration")))
    return Terms(
        ord_type=AT_THE_CLOSE.get(kind, TYPES.get(kind)),
        time_in_force=TimeInForce.CLS if kind in AT_THE_CLOSE else lasts,
        effects=[_effect(leg) for leg in order["orderLegCollection"] if isinstance(leg, Mapping)],
        price_effect=EFFECTS.get(kind, PriceEffect.EVEN),
        stop_price=_number(order.get("stopPrice")),
        trail_amount=offset if link == "VALUE" else None,
        trail_percent=offset if link == "PERCENT" else None,
    )


def _effect(leg: Mapping[str, Any]) -> PositionEffect:
    """Return whether the leg opens or closes: by what is said of it, and then by its instruction."""
    return POSITION_EFFECTS.get(str(leg.get("positionEffect"))) or OPENINGS[leg["instruction"]]


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
