"""Orders in Schwab's JSON, both ways."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.instruments import InvalidSymbolError, OptionContract
from allcore.kernel.orders import OrdType, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.errors import NotTakenError
from brokers.rest.views import UNREADABLE, LegExecution, OrderView, Standing, ViewLeg
from brokers.schwab.words import (
    COMBO_TYPES,
    DURATIONS,
    HELD_FOR,
    OPTION_COMMISSION,
    OPTION_INSTRUCTIONS,
    SHARE_INSTRUCTIONS,
    SIDES,
    SINGLE_TYPES,
    STANDINGS,
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


def is_option(symbol: str) -> bool:
    """Return whether the symbol is an option's."""
    try:
        OptionContract.parse(symbol)
    except InvalidSymbolError:
        return False
    return True


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
        return str(int(order["orderId"]))
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
    quantity = int(order["quantity"])
    status = str(order["status"])
    numbers = {int(leg.get("legId", n)): n for n, leg in enumerate(legs, start=1)}
    price = order.get("price")
    return OrderView(
        broker_order_id=str(order["orderId"]),
        account=account,
        standing=STANDINGS.get(status, Standing.UNKNOWN),
        legs=tuple(_view_leg(leg, quantity) for leg in legs),
        order_qty=quantity,
        entered_at=moment(order["enteredTime"]),
        price=None if price is None or order["orderType"] in ("MARKET", "STOP") else Decimal(str(price)),
        executions=tuple(_executions(order, numbers, [is_option(str(leg["instrument"]["symbol"])) for leg in legs])),
        reason=status if status in HELD_FOR or status not in STANDINGS else str(order.get("statusCode", "")),
        text=str(order.get("statusDescription", "")),
        raw={"status": status},
    )


def _view_leg(leg: Mapping[str, Any], quantity: int) -> ViewLeg:
    return ViewLeg(str(leg["instrument"]["symbol"]), SIDES[leg["instruction"]], int(leg["quantity"]) // quantity)


def _executions(order: Mapping[str, Any], numbers: Mapping[int, int], options: Sequence[bool]) -> list[LegExecution]:
    """Return the executions. Schwab gives them no id of their own: activity, leg and place make one."""
    found = []
    for activity in order.get("orderActivityCollection") or ():
        if activity.get("activityType") != "EXECUTION" or activity.get("executionType", "FILL") != "FILL":
            continue
        for place, leg in enumerate(activity["executionLegs"]):
            place_of = numbers[int(leg["legId"])] - 1
            contracts = int(leg["quantity"])
            found.append(
                LegExecution(
                    exec_id=f"{order['orderId']}.{activity['activityId']}.{leg['legId']}.{place}",
                    leg=place_of,
                    qty=contracts,
                    px=Decimal(str(leg["price"])),
                    at=moment(leg["time"]),
                    fee=OPTION_COMMISSION * contracts if options[place_of] else Decimal(0),
                )
            )
    return found


def moment(text: str) -> datetime:
    """Read a time of Schwab's, such as 2026-06-10T14:00:00+0000.

    Raises:
        ValueError: it has no time zone: such a time is not guessed at.
    """
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return read
