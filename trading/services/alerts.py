"""What an order's life makes a person look up for."""

from collections.abc import Iterable
from datetime import datetime

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.live import publish_on_commit
from trading.domain.orders.events import Alert
from trading.models import Order

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
    Alert.EXECUTIONS_MISSING: "The broker has filled more than it has told; executions are being asked for.",
}


def tell(order: Order, alerts: Iterable[Alert], *, now: datetime) -> None:
    """Record and publish each alert of an order."""
    for alert in alerts:
        raise_alert(order, alert, SAYS[alert], now=now)


def raise_alert(order: Order, code: str, message: str, *, now: datetime) -> None:
    """Record and publish one alert; `order.account` should be loaded."""
    seen = {"code": str(code), "message": message, "order_id": str(order.pk), "cl_ord_id": order.cl_ord_id}
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
