"""The terms of an order that was not sent from here, in the desk's words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import PriceEffect
from brokers.etrade.lists import many, needed
from brokers.etrade.words import AUCTIONS, EFFECTS, OPENINGS, TIMES, TYPES
from brokers.rest.strangers import Terms, with_terms
from brokers.rest.views import UNREADABLE, OrderView


def told(view: OrderView, detail: Mapping[str, Any]) -> OrderView:
    """Return the view with its ticket, or as it is if the desk has no words for its terms."""
    try:
        return with_terms(view, _terms(detail))
    except UNREADABLE:
        return view


def _terms(detail: Mapping[str, Any]) -> Terms:
    kind, stop = str(detail["priceType"]), detail.get("stopPrice")
    ord_type, tif = AUCTIONS.get(kind, (TYPES.get(kind), TIMES.get(str(detail.get("orderTerm")))))
    return Terms(
        ord_type=ord_type,
        time_in_force=tif,
        effects=[OPENINGS[row["orderAction"]] for row in many(needed(detail, "Instrument"))],
        price_effect=EFFECTS.get(kind, PriceEffect.EVEN),
        stop_price=None if not stop else Decimal(str(stop)),
    )
