"""Tickets as the broker's orders. What it does not take is refused here, before anything is sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import OrdType, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import AUCTIONS, LIMITED, TRIGGERED, OrderTicket
from brokers.errors import NotTakenError
from brokers.ibkr.algos import ALGOS
from brokers.ibkr.library import Library
from brokers.ibkr.times import QUIET, write_utc
from brokers.ports import Bucket, Capabilities, Idempotency, Login, ReplaceKind, Replacement

# The gateway allows 50 in any second: all lines of a connection share the bucket, which hands out 50 in one at most.
MESSAGES = Bucket("messages", rate=46.0, burst=4, reserved=2)
ORDER_TYPES = {
    OrdType.MARKET: "MKT",
    OrdType.LIMIT: "LMT",
    OrdType.STOP: "STP",
    OrdType.STOP_LIMIT: "STP LMT",
    OrdType.TRAILING_STOP: "TRAIL",
    OrdType.LIMIT_IF_TOUCHED: "LIT",
}
AT_THE_CLOSE = {OrdType.MARKET: "MOC", OrdType.LIMIT: "LOC"}
TRIGGER_METHODS = {None: 0, TriggerPrice.LAST: 2, TriggerPrice.OPPOSITE: 4, TriggerPrice.MID: 8}
AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
CAPABILITIES = Capabilities(
    ord_types=frozenset(ORDER_TYPES),
    times_in_force=frozenset(TimeInForce),
    max_legs=4,
    replace=ReplaceKind.IN_PLACE,
    idempotency=Idempotency.ID_REJECT,
    order_stream=True,
    preview=True,
    native_lists=True,
    native_conditions=True,
    algos=ALGOS,
    quotes=True,
    login=Login.GATEWAY,
    executions_for=timedelta(days=1),
    # To the end of the quarter after this one, or ninety days after the last sign-in: it keeps none for less.
    gtc_for=timedelta(days=90),
    triggers=frozenset(method for method in TRIGGER_METHODS if method is not None),
    buckets=(MESSAGES,),
    quiet=QUIET,
    takes_exercise_instructions=True,
    silent_for=timedelta(seconds=60),  # it is asked for the time each quarter of a minute
)


def ensure_taken(ticket: OrderTicket) -> None:
    """Refuse what the broker does not take.

    Raises:
        NotTakenError: with the reason.
    """
    waits = ticket.ord_type in TRIGGERED or ticket.ord_type is OrdType.TRAILING_STOP
    for broken, why in (
        (ticket.ord_type not in ORDER_TYPES, f"{ticket.ord_type} orders are not taken."),
        (ticket.trigger not in TRIGGER_METHODS, f"An order cannot be set off by {ticket.trigger}."),
        (waits and ticket.time_in_force in AT_ONCE, "An order that waits for a price is not immediate."),
        (ticket.is_multi_leg and ticket.time_in_force in AUCTIONS, "Combos are not for the auctions."),
    ):
        if broken:
            raise NotTakenError(f"Interactive Brokers: {why}", ord_type=str(ticket.ord_type))


def limit_of(ticket: OrderTicket) -> Decimal | None:
    """Return the limit price on the wire: a combo is bought, and what it pays in is a negative price."""
    if ticket.limit_price is None:
        return None
    is_credit = ticket.is_multi_leg and ticket.price_effect is PriceEffect.CREDIT
    return -ticket.limit_price if is_credit else ticket.limit_price


def aux_of(ticket: OrderTicket) -> Decimal | None:
    """Return the auxiliary price on the wire: the stop, the touch or the trailing amount."""
    return ticket.trail_amount if ticket.ord_type is OrdType.TRAILING_STOP else ticket.stop_price


def order_of(library: Library, ticket: OrderTicket, account: str, ref: str) -> Any:
    """Return the library's order."""
    is_close = ticket.time_in_force is TimeInForce.CLS
    order = library.order(
        action=str(Side.BUY if ticket.is_multi_leg else ticket.side),
        totalQuantity=ticket.quantity,
        orderType=AT_THE_CLOSE[ticket.ord_type] if is_close else ORDER_TYPES[ticket.ord_type],
        tif="DAY" if is_close else str(ticket.time_in_force),
        account=account,
        orderRef=ref,
        triggerMethod=TRIGGER_METHODS[ticket.trigger],
    )
    if ticket.ord_type in LIMITED:
        order.lmtPrice = limit_of(ticket)
    if (aux := aux_of(ticket)) is not None:
        order.auxPrice = aux
    if ticket.trail_percent is not None:
        order.trailingPercent = ticket.trail_percent
    if ticket.expire_at is not None:
        order.goodTillDate = write_utc(ticket.expire_at)
    return order


def contract_of(library: Library, ticket: OrderTicket, contracts: Mapping[str, Any]) -> Any:
    """Return what is traded: the instrument itself, or a combo of the legs as they stand."""
    if not ticket.is_multi_leg:
        return contracts[ticket.legs[0].symbol]
    legs = [
        library.combo_leg(
            conId=contracts[leg.symbol].conId, ratio=leg.ratio, action=str(leg.side), exchange="SMART", openClose=0
        )
        for leg in ticket.legs
    ]
    name = contracts[ticket.legs[0].symbol].symbol
    return library.contract(secType="BAG", symbol=name, exchange="SMART", currency="USD", comboLegs=legs)


def changed(ticket: OrderTicket, replacement: Replacement) -> OrderTicket:
    """Return the order as the replacement wants it, whole."""
    if replacement.ticket is not None:
        return replace(replacement.ticket, quantity=replacement.quantity)
    return replace(
        ticket,
        quantity=replacement.quantity,
        limit_price=replacement.limit_price,
        stop_price=replacement.stop_price,
    )
