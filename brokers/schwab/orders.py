"""Orders in Schwab's JSON, both ways."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import gcd
from typing import Any

from allcore.kernel.orders import OrdType, PriceEffect, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.errors import NotTakenError
from brokers.rest.views import UNREADABLE, OrderView, Standing, ViewLeg
from brokers.schwab.executions import executions_of, strange_word
from brokers.schwab.values import is_option, moment, whole
from brokers.schwab.words import (
    COMBO_TYPES,
    DURATIONS,
    HELD_FOR,
    OPTION_INSTRUCTIONS,
    SHARE_INSTRUCTIONS,
    SIDES,
    SINGLE_TYPES,
    STANDINGS,
    UNPRICED,
)

TRIGGERS = {TriggerPrice.LAST: "LAST"}  # its MARK is the middle for options alone, so no word of ours


class UnreadableOrderError(ValueError):
    """Schwab's order has not the form it should have."""


def body_of(ticket: OrderTicket) -> dict[str, object]:
    """Return the order as it is posted.

    Raises:
        NotTakenError: Schwab has no words for it.
    """
    body: dict[str, object] = {
        "orderType": _type(ticket),
        "session": "NORMAL",
        "duration": DURATIONS[ticket.time_in_force],
        "complexOrderStrategyType": "CUSTOM" if ticket.is_multi_leg else "NONE",
        "orderStrategyType": "SINGLE",
        "quantity": ticket.quantity,
        "orderLegCollection": [_leg(leg, ticket.quantity) for leg in ticket.legs],
    }
    if ticket.limit_price is not None:
        body["price"] = f"{ticket.limit_price:f}"
    if ticket.stop_price is not None:
        body["stopPrice"] = f"{ticket.stop_price:f}"
    return body | _trigger(ticket) | _trail(ticket)


def _type(ticket: OrderTicket) -> str:
    if ticket.is_multi_leg:
        if ticket.ord_type is not OrdType.LIMIT:
            raise NotTakenError(f"Schwab takes several legs as a limit order, was {ticket.ord_type}.")
        return COMBO_TYPES[ticket.price_effect]
    return SINGLE_TYPES[ticket.ord_type]


def _trigger(ticket: OrderTicket) -> dict[str, object]:
    if ticket.trigger is None:
        return {}
    if ticket.trigger not in TRIGGERS:
        raise NotTakenError(f"Schwab has no stop by {ticket.trigger}; it is held at the desk instead.")
    return {"stopType": TRIGGERS[ticket.trigger]}


def _trail(ticket: OrderTicket) -> dict[str, object]:
    if ticket.ord_type is not OrdType.TRAILING_STOP:
        return {}
    offset = ticket.trail_amount if ticket.trail_amount is not None else ticket.trail_percent
    kind = "VALUE" if ticket.trail_amount is not None else "PERCENT"
    return {"stopPriceLinkBasis": "LAST", "stopPriceLinkType": kind, "stopPriceOffset": offset}


def _leg(leg: TicketLeg, quantity: int) -> dict[str, object]:
    option = is_option(leg.symbol)
    words = OPTION_INSTRUCTIONS if option else SHARE_INSTRUCTIONS
    return {
        "instruction": words[leg.side, leg.position_effect],
        "quantity": leg.ratio * quantity,
        "instrument": {"symbol": leg.symbol, "assetType": "OPTION" if option else "EQUITY"},
    }


def is_of_parts(order: Mapping[str, Any]) -> bool:
    """Return whether an order is for a part of a share, as none of the desk's is: another way in sends those."""
    try:
        quantity = Decimal(str(order["quantity"]))
        return quantity != quantity.to_integral_value()
    except UNREADABLE:
        return False


def number_of(order: Any) -> str:
    """Return the number of an order that cannot be read otherwise; nothing if not even that can be."""
    try:
        return str(int(order["orderId"] if isinstance(order, Mapping) else order))
    except UNREADABLE:
        return ""


def view_of(order: Mapping[str, Any], account: str) -> OrderView:
    """Read an order of Schwab's list.

    Raises:
        UnreadableOrderError: it has not the form it should have.
    """
    try:
        return _view(order, account)
    except UNREADABLE as e:
        raise UnreadableOrderError(f"An order of Schwab's cannot be read: {e!r}") from e


def _view(order: Mapping[str, Any], account: str) -> OrderView:
    legs = [leg for leg in order["orderLegCollection"] if isinstance(leg, Mapping)]
    sizes = [whole(leg["quantity"]) for leg in legs]
    if not sizes:
        raise ValueError("no legs")
    quantity = _units(order, sizes)
    status, strange = str(order["status"]), strange_word(order)
    return OrderView(
        broker_order_id=str(int(order["orderId"])),
        account=account,
        standing=Standing.UNKNOWN if strange else STANDINGS.get(status, Standing.UNKNOWN),
        legs=tuple(_view_leg(leg, size, quantity) for leg, size in zip(legs, sizes, strict=True)),
        order_qty=quantity,
        entered_at=moment(order["enteredTime"]),
        price=_price(order),
        executions=executions_of(order, legs),
        reason=strange or (status if status in HELD_FOR or status not in STANDINGS else _said(order, "statusCode")),
        text=_said(order, "statusDescription"),
        raw={"status": status},
    )


def _units(order: Mapping[str, Any], sizes: Sequence[int]) -> int:
    """Return of how many units the order is: what its legs have in common, and of a single one just what it says."""
    units, said = gcd(*sizes), order.get("quantity")
    if units < 1 or (len(sizes) == 1 and said is not None and whole(said) != units):
        raise ValueError(f"{list(sizes)} in the legs of an order of {said!r}")
    return units


def _said(order: Mapping[str, Any], name: str) -> str:
    return str(order.get(name) or "")


def _price(order: Mapping[str, Any]) -> Decimal | None:
    """Return the limit. What Schwab shows as the price of an order that has none is not one."""
    kind, price = order.get("orderType"), order.get("price")
    if kind in UNPRICED:
        return None
    if kind == COMBO_TYPES[PriceEffect.EVEN]:
        return Decimal(0)
    return None if price is None else abs(Decimal(str(price)))


def _view_leg(leg: Mapping[str, Any], size: int, quantity: int) -> ViewLeg:
    if not size:
        raise ValueError("a leg of none")
    return ViewLeg(str(leg["instrument"]["symbol"]), SIDES[leg["instruction"]], size // quantity)
