"""Schwab's order JSON over the exchange's orders. Written from the published schema, not from the adapter."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import OrdType, Side, TimeInForce, TriggerPrice
from tests.brokers.servers.book import Execution, Leg, Order, Refusal, Status, Terms

SINGLE = {
    "LIMIT": OrdType.LIMIT,
    "MARKET": OrdType.MARKET,
    "STOP": OrdType.STOP,
    "STOP_LIMIT": OrdType.STOP_LIMIT,
    "TRAILING_STOP": OrdType.TRAILING_STOP,
}
SIGNS = {"NET_DEBIT": 1, "NET_CREDIT": -1, "NET_ZERO": 1}
DURATIONS = {"DAY": TimeInForce.DAY, "GOOD_TILL_CANCEL": TimeInForce.GTC, "FILL_OR_KILL": TimeInForce.FOK}
SIDES = {"BUY": Side.BUY, "BUY_TO_OPEN": Side.BUY, "BUY_TO_CLOSE": Side.BUY, "BUY_TO_COVER": Side.BUY}
SIDES |= {"SELL": Side.SELL, "SELL_TO_OPEN": Side.SELL, "SELL_TO_CLOSE": Side.SELL, "SELL_SHORT": Side.SELL}
OPENS = frozenset({"BUY", "BUY_TO_OPEN", "SELL_TO_OPEN", "SELL_SHORT"})
STATUSES = {
    Status.HELD: "AWAITING_STOP_CONDITION",
    Status.WORKING: "WORKING",
    Status.FILLED: "FILLED",
    Status.CANCELED: "CANCELED",
    Status.EXPIRED: "EXPIRED",
    Status.REJECTED: "REJECTED",
    Status.REPLACED: "REPLACED",
}
KNOWN = frozenset(
    {
        "orderType",
        "session",
        "duration",
        "price",
        "stopPrice",
        "complexOrderStrategyType",
        "orderStrategyType",
        "quantity",
        "orderLegCollection",
        "childOrderStrategies",
        "stopType",
        "stopPriceLinkBasis",
        "stopPriceLinkType",
        "stopPriceOffset",
        "specialInstruction",
    }
)


class InvalidJson(Refusal):
    """The body breaks the schema."""

    def __init__(self, text: str) -> None:
        super().__init__("SCHEMA", text)


def terms_of(body: Mapping[str, Any]) -> Terms:
    """Read an order, every field of it.

    Raises:
        InvalidJson: a field is missing, unknown, or of the wrong kind.
    """
    if unknown := set(body) - KNOWN:
        raise InvalidJson(f"Unknown field {min(unknown)}")
    try:
        return _terms(body)
    except (KeyError, TypeError, ValueError, ArithmeticError) as e:
        raise InvalidJson(f"Cannot read {e!r}") from e


def _terms(body: Mapping[str, Any]) -> Terms:
    kind, rows = body["orderType"], body["orderLegCollection"]
    if body["session"] != "NORMAL" or body["orderStrategyType"] not in ("SINGLE", "TRIGGER", "OCO"):
        raise InvalidJson("session or orderStrategyType")
    quantities = [int(row["quantity"]) for row in rows]
    units = int(body.get("quantity") or min(quantities))
    legs = tuple(_leg(row, units) for row in rows)
    if (len(legs) > 1) is not (kind in SIGNS):
        raise InvalidJson(f"{kind} for {len(legs)} legs")
    sign = SIGNS.get(kind, legs[0].side.sign)
    price, stop = body.get("price"), body.get("stopPrice")
    offset, link = body.get("stopPriceOffset"), body.get("stopPriceLinkType")
    return Terms(
        legs=legs,
        quantity=units,
        ord_type=SINGLE.get(kind, OrdType.LIMIT),
        time_in_force=DURATIONS[body["duration"]],
        limit=None if price is None else sign * Decimal(str(price)),
        stop=None if stop is None else Decimal(str(stop)),
        trail_amount=Decimal(str(offset)) if link == "VALUE" else None,
        trail_percent=Decimal(str(offset)) if link == "PERCENT" else None,
        trigger=TriggerPrice.MID if body.get("stopType") == "MARK" else TriggerPrice.LAST,
    )


def _leg(row: Mapping[str, Any], units: int) -> Leg:
    symbol, kind = row["instrument"]["symbol"], row["instrument"]["assetType"]
    if (kind == "OPTION") is not (len(symbol) == 21):
        raise InvalidJson(f"{symbol!r} is no {kind}")
    if kind == "OPTION" and "_TO_" not in row["instruction"]:
        raise InvalidJson(f"{row['instruction']} for an option")
    return Leg(symbol, SIDES[row["instruction"]], int(row["quantity"]) // units, row["instruction"] in OPENS)


def order_json(order: Order, executions: list[Execution], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as the list shows it."""
    asked = order.cancel_asked and order.is_open
    shown = {
        "session": "NORMAL",
        "duration": body.get("duration", "DAY"),
        "orderType": body.get("orderType", "LIMIT"),
        "complexOrderStrategyType": "NONE" if len(order.terms.legs) == 1 else "CUSTOM",
        "quantity": float(order.terms.quantity),
        "filledQuantity": float(order.cum),
        "remainingQuantity": float(order.leaves),
        "orderLegCollection": [_leg_json(n, leg, order) for n, leg in enumerate(order.terms.legs, start=1)],
        "orderStrategyType": "SINGLE",
        "orderId": order.number,
        "cancelable": order.is_open,
        "editable": False,
        "status": "PENDING_CANCEL" if asked else STATUSES[order.status],
        "enteredTime": stamp(order.placed_at),
        "accountNumber": int(order.account),
        "statusDescription": order.reason,
        "orderActivityCollection": activities(executions),
    }
    if order.terms.limit is not None:
        shown["price"] = float(abs(order.terms.limit))
    if order.closed_at is not None:
        shown["closeTime"] = stamp(order.closed_at)
    return shown


def _leg_json(number: int, leg: Leg, order: Order) -> dict[str, Any]:
    option = len(leg.symbol) == 21
    word = f"{leg.side}_TO_{'OPEN' if leg.is_opening else 'CLOSE'}" if option else str(leg.side)
    return {
        "orderLegType": "OPTION" if option else "EQUITY",
        "legId": number,
        "instrument": {"assetType": "OPTION" if option else "EQUITY", "symbol": leg.symbol, "instrumentId": number},
        "instruction": word,
        "positionEffect": "OPENING" if leg.is_opening else "CLOSING",
        "quantity": float(order.terms.quantity * leg.ratio),
    }


def activities(executions: list[Execution]) -> list[dict[str, Any]]:
    """Return one activity for each trade, a leg for each of its executions."""
    groups: dict[str, list[Execution]] = {}
    for execution in executions:
        if not execution.is_busted:
            groups.setdefault(execution.group, []).append(execution)
    return [
        {
            "activityType": "EXECUTION",
            "activityId": int(group.rpartition(".")[2], 16),
            "executionType": "FILL",
            "quantity": float(legs[0].qty),
            "executionLegs": [
                {
                    "legId": execution.leg + 1,
                    "price": float(execution.px),
                    "quantity": float(execution.qty),
                    "mismarkedQuantity": 0.0,
                    "instrumentId": execution.leg + 1,
                    "time": stamp(legs[0].at if execution.version == 1 else execution.at),
                }
                for execution in legs
            ],
        }
        for group, legs in groups.items()
    ]


def stamp(at: datetime) -> str:
    """Return a time as Schwab writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
