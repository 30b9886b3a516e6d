"""What the desk does by itself about an alert: asks, halts, keeps what may yet fill reserved. It never trades."""

from collections.abc import Callable, Mapping
from datetime import datetime

from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from risk.services import reservations
from trading.domain.orders.events import Alert
from trading.models import Order
from trading.services import breaks, inquiries
from trading.services.advance import may_fill

LEG_IMBALANCE = "LEG_IMBALANCE"
FILL_AFTER_REJECT = "FILL_AFTER_REJECT"

Act = Callable[[Order, str, datetime], None]


def to(order: Order, code: str, *, now: datetime) -> None:
    """Do what the alert asks for, in the caller's transaction."""
    for act in ACTS.get(code, ()):
        act(order, code, now)


def _ask(order: Order, code: str, now: datetime) -> None:
    inquiries.ask(order, code, now=now)


def _reserve(order: Order, code: str, now: datetime) -> None:
    """What can fill again is reserved for again."""
    if OrdStatus(order.status) not in CLOSED_STATUSES and order.leaves_qty:
        reservations.restore(order.pk, may_fill(order))


def _halt(order: Order, code: str, now: datetime) -> None:
    """Nothing more is opened in the name on this account until a person has looked."""
    sides = (f"ordered {order.order_qty}", f"executed {order.cum_qty}")
    breaks.open_for_order(order, code, sides, halts=True, now=now)


def _show(order: Order, code: str, now: datetime) -> None:
    """Put it before a person, and hold nothing up."""
    breaks.open_for_order(order, code, (order.status, "refuses to cancel"), halts=False, now=now)


ACTS: Mapping[str, tuple[Act, ...]] = {
    Alert.EXECUTIONS_MISSING: (_ask,),
    Alert.UNKNOWN_EXEC_ID: (_ask,),
    Alert.EXEC_ID_CONFLICT: (_ask,),
    FILL_AFTER_REJECT: (_ask,),
    Alert.RESURRECTED: (_reserve,),
    Alert.TRADE_BUST: (_reserve,),
    Alert.TRADE_CORRECT: (_reserve,),
    Alert.RESTATED: (_reserve,),
    Alert.OVERFILL: (_halt,),
    LEG_IMBALANCE: (_halt,),
    Alert.CANCEL_REJECTED_AGAIN: (_show,),
}
