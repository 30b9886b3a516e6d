"""Orders in E*TRADE's JSON, both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import gcd
from typing import Any
from urllib.parse import parse_qs, urlsplit

from allcore.kernel.orders import OrdType, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.errors import NotTakenError
from brokers.etrade.lists import many, needed, part
from brokers.etrade.products import option_named, product_of, symbol_of
from brokers.etrade.shapes import kind_of
from brokers.etrade.strangers import told
from brokers.etrade.totals import Total
from brokers.etrade.words import (
    AT_ONCE,
    COMBO_TYPES,
    OPTION_ACTIONS,
    PRICED,
    SHARE_ACTIONS,
    SIDES,
    SINGLE_TYPES,
    STANDINGS,
    TERMS,
)
from brokers.rest.views import UNREADABLE, OrderView, Standing, UnreadOrder, ViewLeg

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableListError(ValueError):
    """E*TRADE's order has not the form it should have."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as the list shows it: without executions, which are not listed; what each leg traded in all; when."""

    view: OrderView
    totals: tuple[Total, ...]
    at: datetime


def body_of(ticket: OrderTicket, cl_ord_id: str) -> dict[str, object]:
    """Return the order as it is previewed and placed.

    Raises:
        NotTakenError: E*TRADE has no words for it.
    """
    order: dict[str, object] = {
        "allOrNone": False,
        "priceType": _price_type(ticket),
        "orderTerm": TERMS[ticket.time_in_force],
        "marketSession": "REGULAR",
        "Instrument": [_instrument(leg, ticket.quantity) for leg in ticket.legs],
    }
    if ticket.limit_price is not None and order["priceType"] in PRICED:
        order["limitPrice"] = ticket.limit_price
    if ticket.stop_price is not None:
        order["stopPrice"] = ticket.stop_price
    return {"orderType": kind_of(ticket), "clientOrderId": cl_ord_id, "Order": [order]}


def _price_type(ticket: OrderTicket) -> str:
    if ticket.time_in_force in AT_ONCE and ticket.ord_type is not OrdType.LIMIT:
        raise NotTakenError(f"E*TRADE takes {ticket.time_in_force} for limit orders, was {ticket.ord_type}.")
    if ticket.trigger not in (None, TriggerPrice.LAST):
        raise NotTakenError(f"E*TRADE has no stop by {ticket.trigger}; it is held at the desk instead.")
    if not ticket.is_multi_leg:
        return SINGLE_TYPES[ticket.ord_type]
    if ticket.ord_type is not OrdType.LIMIT:
        raise NotTakenError(f"E*TRADE takes several legs as a limit order, was {ticket.ord_type}.")
    return COMBO_TYPES[ticket.price_effect]


def _instrument(leg: TicketLeg, quantity: int) -> dict[str, object]:
    actions = SHARE_ACTIONS if option_named(leg.symbol) is None else OPTION_ACTIONS
    return {
        "Product": product_of(leg.symbol),
        "orderAction": actions[leg.side, leg.position_effect],
        "quantityType": "QUANTITY",
        "quantity": leg.ratio * quantity,
    }


def orders_of(body: Mapping[str, Any] | None, account: str) -> tuple[list[Seen | UnreadOrder], str]:
    """Read a page of the list, and the marker of the next (empty: there is none).

    Raises:
        UnreadableListError: it has not the form it should have.
    """
    if body is None:
        return [], ""
    try:
        page = body["OrdersResponse"] or {}
        return [seen for row in many(part(page, "Order")) for seen in _details(row, account)], _marker(page)
    except UNREADABLE as e:
        raise UnreadableListError(f"E*TRADE's list of orders cannot be read: {e!r}") from e


def _marker(page: Mapping[str, Any]) -> str:
    """Return where the next page begins; the address of it may be all that is said."""
    marker, address = page.get("marker"), str(page.get("next") or "")
    return str(marker or "") or next(iter(parse_qs(urlsplit(address).query).get("marker", [])), "")


def _details(row: Any, account: str) -> list[Seen | UnreadOrder]:
    """Return the orders that hang together: they share a number, and are told apart by their place."""
    number, found = "", list[Seen | UnreadOrder]()
    try:
        number = str(int(row["orderId"]))
        for place, detail in enumerate(many(needed(row, "OrderDetail"))):
            found.append(_seen(detail, account, number if place == 0 else f"{number}/{place}"))
    except UNREADABLE as e:
        found.append(UnreadOrder(number, account, f"An order of E*TRADE's cannot be read: {e!r}."))
    return found


def _seen(detail: Mapping[str, Any], account: str, name: str) -> Seen:
    rows = many(needed(detail, "Instrument"))
    totals = tuple(_total(one) for one in rows)
    quantities = [_whole(one["quantity"] if (n := one.get("orderedQuantity")) is None else n) for one in rows]
    units, price_type = gcd(*quantities), str(detail["priceType"])
    placed_at = moment(detail["placedTime"])
    status = str(detail["status"])
    view = OrderView(
        broker_order_id=name,
        account=account,
        standing=_standing(status, totals, quantities),
        legs=tuple(
            ViewLeg(symbol_of(one), SIDES[one["orderAction"]], qty // units)
            for one, qty in zip(rows, quantities, strict=True)
        ),
        order_qty=units,
        entered_at=placed_at,
        price=_price(price_type, detail),
        reason="" if status in STANDINGS else status,
        text=" ".join(said_of(detail)),
        raw={"status": status},
    )
    at = moment(detail["executedTime"]) if detail.get("executedTime") else placed_at
    return Seen(told(view, detail), totals, max(at, placed_at))


def _price(price_type: str, detail: Mapping[str, Any]) -> Decimal | None:
    if price_type == "NET_EVEN":
        return Decimal(0)
    if price_type not in PRICED:
        return None
    limit = detail.get("limitPrice")
    return abs(Decimal(str(detail["stopLimitPrice"] if limit is None else limit)))


def _standing(status: str, totals: Sequence[Total], quantities: Sequence[int]) -> Standing:
    """Return how it stands; what is called executed and is not, in full, works on, and the other way round."""
    standing = STANDINGS.get(status, Standing.UNKNOWN)
    is_short = any(total.qty < qty for total, qty in zip(totals, quantities, strict=True))
    if standing is Standing.FILLED and is_short:
        return Standing.WORKING
    return Standing.FILLED if standing in (Standing.WORKING, Standing.CANCELING) and not is_short else standing


def _total(row: Mapping[str, Any]) -> Total:
    qty = _whole(row.get("filledQuantity") or 0)
    if qty == 0:
        return Total(0, Decimal(0))
    px = Decimal(str(row["averageExecutionPrice"]))
    if not px.is_finite() or px < 0:
        raise ValueError(f"an average price of {px}")
    return Total(qty, px)


def _whole(value: object) -> int:
    """Return a quantity.

    Raises:
        ValueError: it is no whole number, or a negative one.
    """
    number = Decimal(str(value))
    if number != number.to_integral_value() or number < 0:
        raise ValueError(f"a quantity of {value!r}")
    return int(number)


def said_of(row: Mapping[str, Any]) -> list[str]:
    """Return what is said of an order in its messages: `{"Message": [...]}`, or the list itself."""
    messages = part(row, "messages")
    rows = part(messages, "Message") if isinstance(messages, Mapping) else messages
    return [str(one["description"]) for one in many(rows) if isinstance(one, Mapping) and one.get("description")]


def moment(millis: object) -> datetime:
    """Read a time of E*TRADE's: milliseconds since 1970.

    Raises:
        ValueError: it is none.
    """
    return EPOCH + timedelta(milliseconds=_whole(millis))
