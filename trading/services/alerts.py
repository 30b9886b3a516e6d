"""What an order's life makes a person look up for."""

from collections.abc import Iterable
from datetime import datetime

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.orders import OrdStatus
from allcore.live import publish_on_commit
from trading.domain.orders.events import Alert
from trading.models import Order, OrderLink
from trading.services import react

ACTOR = desk_name("settle")
SAYS: dict[str, str] = {
    Alert.SUBMIT_IN_DOUBT: "Nobody knows whether the broker has the order; it is being asked.",
    Alert.RESOLVED_NOT_FOUND: "The broker does not have the order.",
    Alert.RESURRECTED: "The broker accepted an order that was written off: it is working.",
    Alert.CONTRADICTORY_REJECT: "The broker rejected an order that it had filled in part; the fills stand.",
    Alert.LATE_FILL: "An execution came after the order was done. It is booked.",
    Alert.OVERFILL: "More was executed than ordered. All of it is booked.",
    Alert.EXEC_ID_CONFLICT: "An execution came again with other content; it was not applied.",
    Alert.UNKNOWN_EXEC_ID: "A bust or correction names an execution that is not known here.",
    Alert.TRADE_BUST: "An execution was busted. The books are made again without it.",
    Alert.TRADE_CORRECT: "An execution was corrected. The books are made again with it.",
    Alert.UNSOLICITED_CANCEL: "The broker cancelled an order that nobody asked to cancel.",
    Alert.CANCEL_REJECTED_AGAIN: "The broker refuses to cancel the order, again.",
    Alert.RESTATED: "The broker restated the order's terms; the desk has taken them over.",
    react.FILL_AFTER_REJECT: "The broker filled an order that it had rejected. It is booked, and the broker is asked.",
    Alert.EXECUTIONS_MISSING: "The broker has filled more than it has told; executions are being asked for.",
}

TAKEN = "The broker changed the order: it takes from it what a linked order executes. The desk has taken that over."

# Whoever hears one of these stops what they do; the others are for the record and the corner of the eye.
CRITICAL = frozenset(
    {
        Alert.OVERFILL,
        Alert.RESURRECTED,
        Alert.CANCEL_REJECTED_AGAIN,
        Alert.EXEC_ID_CONFLICT,
        Alert.CONTRADICTORY_REJECT,
        react.LEG_IMBALANCE,
        react.FILL_AFTER_REJECT,
        "IN_DOUBT_UNRESOLVED",
        "NOT_REPLACED",
        "NOTHING_TO_CLOSE",
        "NOT_LOOKED_AFTER",
    }
)


def tell(order: Order, alerts: Iterable[Alert], *, now: datetime) -> None:
    """Record and publish each alert of an order."""
    for alert in alerts:
        if alert is Alert.UNSOLICITED_CANCEL and _is_of_kept_list(order):
            continue  # the broker ends one order for another: what is not of the list's doing, the list itself tells
        is_taken = alert is Alert.RESTATED and _is_of_kept_list(order)
        raise_alert(order, alert, TAKEN if is_taken else SAYS[alert], now=now)
        if alert is Alert.LATE_FILL and order.state.get("base") == OrdStatus.REJECTED:
            raise_alert(order, react.FILL_AFTER_REJECT, SAYS[react.FILL_AFTER_REJECT], now=now)


def _is_of_kept_list(order: Order) -> bool:
    linked = OrderLink.objects.filter(order=order, order_list__is_native=True)
    return linked.exclude(role=OrderLink.Role.ENTRY).exists()


def raise_alert(order: Order, code: str, message: str, *, now: datetime) -> None:
    """Record and publish one alert, and do what it asks for; `order.account` should be loaded."""
    severity = "CRITICAL" if code in CRITICAL else "WARNING"
    order_of = {"order_id": str(order.pk), "cl_ord_id": order.cl_ord_id}
    seen = {"code": str(code), "message": message, "severity": severity, **order_of}
    record(
        "order.alert",
        f"order:{order.pk}",
        seen,
        actor=ACTOR,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )
    publish_on_commit("alerts", "order", seen, account=order.account.code)
    react.to(order, str(code), now=now)
