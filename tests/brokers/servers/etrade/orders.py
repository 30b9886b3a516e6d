"""E*TRADE's order JSON over the exchange's orders. Written from the published schema, not from the adapter."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from math import gcd
from typing import Any

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import OrdType, Side, TimeInForce
from tests.brokers.servers.book import Execution, Leg, Order, Refusal, Status, Terms
from tests.brokers.servers.listing import option_of

SINGLE = {
    "LIMIT": OrdType.LIMIT,
    "MARKET": OrdType.MARKET,
    "STOP": OrdType.STOP,
    "STOP_LIMIT": OrdType.STOP_LIMIT,
}
SIGNS = {"NET_DEBIT": 1, "NET_CREDIT": -1, "NET_EVEN": 1}
TERMS = {
    "GOOD_FOR_DAY": TimeInForce.DAY,
    "GOOD_UNTIL_CANCEL": TimeInForce.GTC,
    "IMMEDIATE_OR_CANCEL": TimeInForce.IOC,
    "FILL_OR_KILL": TimeInForce.FOK,
}
SHARE_SIDES = {"BUY": Side.BUY, "BUY_TO_COVER": Side.BUY, "SELL": Side.SELL, "SELL_SHORT": Side.SELL}
OPTION_SIDES = {"BUY_OPEN": Side.BUY, "BUY_CLOSE": Side.BUY, "SELL_OPEN": Side.SELL, "SELL_CLOSE": Side.SELL}
OPENS = frozenset({"BUY", "SELL_SHORT", "BUY_OPEN", "SELL_OPEN"})
LEGS = {
    "EQ": 1,
    "OPTN": 1,
    "SPREADS": 2,
    "BUY_WRITES": 2,
    "BUTTERFLY": 3,
    "IRON_BUTTERFLY": 4,
    "CONDOR": 4,
    "IRON_CONDOR": 4,
}
STATUSES = {
    Status.HELD: "OPEN",
    Status.WORKING: "OPEN",
    Status.FILLED: "EXECUTED",
    Status.CANCELED: "CANCELLED",
    Status.REPLACED: "CANCELLED",
    Status.EXPIRED: "EXPIRED",
    Status.REJECTED: "REJECTED",
}
KNOWN = frozenset({"allOrNone", "priceType", "orderTerm", "marketSession", "limitPrice", "stopPrice", "Instrument"})


class InvalidBody(Refusal):
    """The body breaks the schema."""

    def __init__(self, text: str) -> None:
        super().__init__("SCHEMA", text)


def terms_of(request: Mapping[str, Any], *, is_strict: bool) -> Terms:
    """Read an order, every field of it. XML of others has more fields, which the broker overlooks.

    Raises:
        InvalidBody: a field is missing, unknown, or of the wrong kind.
    """
    try:
        orders = listed(request["Order"])
        if (unknown := set(orders[0]) - KNOWN) and is_strict:
            raise InvalidBody(f"Unknown field {min(unknown)}")
        if len(orders) != 1 or not 1 <= len(request["clientOrderId"]) <= 20 or not request["clientOrderId"].isalnum():
            raise InvalidBody("Order or clientOrderId")
        return _terms(orders[0], request["orderType"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as e:
        raise InvalidBody(f"Cannot read {e!r}") from e


def _terms(order: Mapping[str, Any], kind: str) -> Terms:
    rows = listed(order["Instrument"])
    price_type = order["priceType"]
    if len(rows) != LEGS[kind] or (len(rows) > 1) is not (price_type in SIGNS):
        raise InvalidBody(f"{kind} {price_type} of {len(rows)} legs")
    if order["marketSession"] != "REGULAR":
        raise InvalidBody("marketSession")
    quantities = [int(row["quantity"]) for row in rows]
    units = gcd(*quantities)
    legs = tuple(_leg(row, int(row["quantity"]) // (units or 1)) for row in rows)
    sign = SIGNS.get(price_type, legs[0].side.sign)
    priced = price_type in ("LIMIT", "STOP_LIMIT", "NET_DEBIT", "NET_CREDIT")
    limit = Decimal(str(order["limitPrice"])) if priced else Decimal(0) if price_type == "NET_EVEN" else None
    return Terms(
        legs=legs,
        quantity=units,
        ord_type=SINGLE[price_type] if price_type not in SIGNS else OrdType.LIMIT,
        time_in_force=TERMS[order["orderTerm"]],
        limit=None if limit is None else sign * limit,
        stop=Decimal(str(order["stopPrice"])) if "STOP" in price_type else None,
    )


def _leg(row: Mapping[str, Any], ratio: int) -> Leg:
    product, action = row["Product"], row["orderAction"]
    if row.get("quantityType", "QUANTITY") != "QUANTITY":
        raise InvalidBody("quantityType")
    if product["securityType"] == "EQ":
        return Leg(product["symbol"], SHARE_SIDES[action], ratio, action in OPENS)
    expiry = date(int(product["expiryYear"]), int(product["expiryMonth"]), int(product["expiryDay"]))
    right = {"CALL": Right.CALL, "PUT": Right.PUT}[product["callPut"]]
    option = OptionContract(product["symbol"], expiry, right, Decimal(str(product["strikePrice"])))
    return Leg(option.symbol, OPTION_SIDES[action], ratio, action in OPENS)


def listed(value: Any) -> list[Any]:
    """Return a list: one element of an XML document stands alone."""
    return value if isinstance(value, list) else [value]


def order_json(order: Order, executions: list[Execution], kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as the list shows it."""
    made = [execution for execution in executions if not execution.is_busted]
    detail = {
        "placedTime": millis(order.placed_at),
        "orderValue": 0.0,
        "status": _status(order),
        "orderTerm": body.get("orderTerm", "GOOD_FOR_DAY"),
        "priceType": body.get("priceType", "LIMIT"),
        "limitPrice": 0.0 if order.terms.limit is None else float(abs(order.terms.limit)),
        "stopPrice": 0.0 if order.terms.stop is None else float(order.terms.stop),
        "marketSession": "REGULAR",
        "allOrNone": False,
        "netPrice": 0.0,
        "netBid": 0.0,
        "netAsk": 0.0,
        "gcd": 0,
        "ratio": "",
        "Instrument": [_instrument(n, leg, order, made) for n, leg in enumerate(order.terms.legs)],
    }
    if made:
        detail["executedTime"] = millis(max(execution.at for execution in made))
    if order.replaced_by is not None:
        detail["replacedByOrderId"] = order.replaced_by
    if order.reason:
        detail["messages"] = {"Message": [{"type": "INFO", "code": 0, "description": order.reason}]}
    return {"orderId": order.number, "details": "", "orderType": kind, "OrderDetail": [detail]}


def _status(order: Order) -> str:
    if order.cancel_asked and order.is_open:
        return "CANCEL_REQUESTED"
    return "INDIVIDUAL_FILLS" if order.is_open and order.cum else STATUSES[order.status]


def _instrument(place: int, leg: Leg, order: Order, made: list[Execution]) -> dict[str, Any]:
    mine = [execution for execution in made if execution.leg == place]
    qty = sum(execution.qty for execution in mine)
    worth = sum((execution.qty * execution.px for execution in mine), Decimal(0))
    is_option = option_of(leg.symbol) is not None
    sides = OPTION_SIDES if is_option else SHARE_SIDES
    action = next(word for word, side in sides.items() if side is leg.side and (word in OPENS) is leg.is_opening)
    shown = {
        "symbolDescription": leg.symbol,
        "orderAction": action,
        "quantityType": "QUANTITY",
        "orderedQuantity": order.terms.quantity * leg.ratio,
        "filledQuantity": float(qty),
        "estimatedCommission": 0.0,
        "estimatedFees": 0.0,
        "Product": product_json(leg.symbol),
    }
    if qty:
        shown["averageExecutionPrice"] = float(round(worth / qty, 4))
    return shown


def product_json(symbol: str) -> dict[str, Any]:
    """Return what is traded as every answer names it."""
    option = option_of(symbol)
    if option is None:
        return {"symbol": symbol, "securityType": "EQ", "productId": {"symbol": symbol, "typeCode": "EQUITY"}}
    return {
        "symbol": option.root,
        "securityType": "OPTN",
        "callPut": "CALL" if option.right is Right.CALL else "PUT",
        "expiryYear": option.expiry.year,
        "expiryMonth": option.expiry.month,
        "expiryDay": option.expiry.day,
        "strikePrice": float(option.strike),
        "productId": {"symbol": osi_key(symbol), "typeCode": "OPTION"},
    }


def osi_key(symbol: str) -> str:
    """Return the option's name, its root filled up with dashes."""
    return symbol.replace(" ", "-")


def millis(at: datetime) -> int:
    """Return a time as E*TRADE writes it."""
    return int(at.timestamp() * 1000)
